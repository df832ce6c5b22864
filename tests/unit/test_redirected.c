// SPDX-License-Identifier: GPL-2.0-only
/* Does what is redirected leave? Verdicts by counters, and the questions to neighbours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "engine/model/ask.h"
#include "engine/model/redirected.h"
#include "engine/model/sum.h"

/* One second: so many more were handed over, left by the device, were seen. */
struct second {
	uint64_t handed, nic, seen;
	bool silent;
	enum redirected_state state;
	bool over;
};

static struct redirected_reading now;
static struct redirected judge;
static char why[200];

static void begin(void)
{
	redirected_begin(&judge);
	memset(&now, 0, sizeof(now));
	now.nic = 77777; /* of before */
	now.asks = true;
	now.answered = true;
	assert_false(redirected_judge(&judge, &now, why, sizeof(why)));
}

static bool pass(const struct second *s)
{
	for (int i = 0; i < 2; i++) {
		now.handed[i] += s->handed;
		now.seen[i] += s->seen;
	}
	now.nic += s->nic;
	now.answered = !s->silent;
	return redirected_judge(&judge, &now, why, sizeof(why));
}

static void check(const struct second *s, unsigned n)
{
	begin();
	for (unsigned i = 0; i < n; i++) {
		bool over = pass(&s[i]);

		if (judge.state != s[i].state || over != s[i].over)
			fail_msg("second %u: %s, %s", i, redirected_text(judge.state),
				 over ? why : "goes on");
	}
}

#define CHECK(...)                                                                                 \
	do {                                                                                       \
		const struct second s[] = { __VA_ARGS__ };                                         \
		check(s, sizeof(s) / sizeof(s[0]));                                                \
	} while (0)

static void what_leaves_is_verified(void **state)
{
	(void)state;
	CHECK({ 5000, 5000, 0, false, REDIRECTED_VERIFIED, false },
	      { 5000, 4951, 0, false, REDIRECTED_VERIFIED, false },    /* some on their way */
	      { 5000, 9000, 4000, false, REDIRECTED_VERIFIED, false }, /* others, seen */
	      { 5000, 5149, 0, false, REDIRECTED_VERIFIED, false });   /* a few, unseen */
}

static void what_does_not_is_given_up_at_once(void **state)
{
	(void)state;
	CHECK({ 5000, 0, 0, false, REDIRECTED_FAILED, true });
	assert_string_equal(why, "of 5000 packets 0 left");
	CHECK({ 5000, 4949, 0, false, REDIRECTED_FAILED, true });
	CHECK({ 5000, 6000, 6000, false, REDIRECTED_FAILED, true }); /* all that left was others' */
	assert_string_equal(why, "of 5000 packets 0 left");
}

static void of_a_few_nothing_is_said(void **state)
{
	(void)state;
	CHECK({ 99, 0, 0, false, REDIRECTED_NOT_YET, false });
	CHECK({ 60, 60, 0, false, REDIRECTED_NOT_YET, false },
	      { 60, 60, 0, false, REDIRECTED_VERIFIED, false }, /* together enough */
	      { 0, 0, 0, false, REDIRECTED_VERIFIED, false });
	CHECK({ 60, 0, 0, false, REDIRECTED_NOT_YET, false },
	      { 60, 0, 0, false, REDIRECTED_FAILED, true });
}

static void others_unseen_make_it_unknown(void **state)
{
	const struct second u = { 1000, 3000, 0, false, REDIRECTED_UNKNOWN, false };
	const struct second ok = { 1000, 1000, 0, false, REDIRECTED_VERIFIED, false };
	struct second last = u;

	(void)state;
	last.over = true;
	CHECK(u, u, u, u, last);
	assert_non_null(strstr(why, "others send there unseen"));
	CHECK(u, u, u, u, ok, u, u, u, u, last); /* five in a row */
}

static void a_silent_next_hop_counts_while_packets_go_there(void **state)
{
	const struct second silent = { 1000, 1000, 0, true, REDIRECTED_VERIFIED, false };
	const struct second ok = { 1000, 1000, 0, false, REDIRECTED_VERIFIED, false };
	const struct second idle = { 1, 1, 0, true, REDIRECTED_VERIFIED, false }; /* the question */
	struct second last = silent;

	(void)state;
	last.over = true;
	CHECK(silent, silent, silent, silent, ok, silent, silent, silent, silent, last);
	assert_non_null(strstr(why, "does not answer"));
	CHECK(silent, silent, silent, silent, idle, idle, idle, idle, last);
	now.nobody = true;
	(void)pass(&silent);
	assert_non_null(strstr(why, "no neighbour that could be asked"));
	begin();
	now.asks = false;
	for (int i = 0; i < 10; i++)
		assert_false(pass(&silent));
}

/* The reader was held up for a second between the device's figure and the last of the others. */
static void a_reader_held_up_sees_no_loss(void **state)
{
	(void)state;
	begin();
	now.handed[0] += 5000;
	now.nic += 5000;
	now.handed[1] += 10000;
	assert_false(redirected_judge(&judge, &now, why, sizeof(why)));
	now.handed[0] += 10000; /* 15,000 by now */
	now.handed[1] += 5000;
	now.nic += 10000;
	assert_false(redirected_judge(&judge, &now, why, sizeof(why)));
	assert_int_equal(judge.state, REDIRECTED_VERIFIED);
}

static const struct ask ask4 = { { VX_IP4, { 172, 30, 82, 95 } },
				 { VX_IP4, { 172, 30, 82, 10 } },
				 { 2, 0, 0, 0, 0x82, 0x95 },
				 { 2, 0, 0, 0, 0x82, 0x10 } };

static void arp_question_and_answer(void **state)
{
	uint8_t f[ASK_MAX], other[4] = { 172, 30, 82, 96 };

	(void)state;
	assert_int_equal(ask_build(&ask4, f), 60);
	assert_memory_equal(f,
			    "\x02\0\0\0\x82\x95\x02\0\0\0\x82\x10\x08\x06\0\x01\x08\0\x06\x04\0\x01"
			    "\x02\0\0\0\x82\x10\xac\x1e\x52\x0a\x02\0\0\0\x82\x95\xac\x1e\x52\x5f",
			    42);
	assert_false(ask_answered(f, 60, &ask4.whom)); /* a question is none */
	f[21] = 2;
	memcpy(f + 28, ask4.whom.b, 4);
	assert_true(ask_answered(f, 60, &ask4.whom));
	for (uint32_t len = 0; len < 42; len++)
		assert_false(ask_answered(f, len, &ask4.whom));
	memcpy(f + 28, other, 4);
	assert_false(ask_answered(f, 60, &ask4.whom));
}

static void nd_question_and_answer(void **state)
{
	struct ask a = { { VX_IP6, { 0x20, 1, 0xd, 0xb8, [15] = 0x95 } },
			 { VX_IP6, { 0x20, 1, 0xd, 0xb8, [15] = 0x10 } },
			 { 2, 0, 0, 0, 0x82, 0x95 },
			 { 2, 0, 0, 0, 0x82, 0x10 } };
	uint8_t f[ASK_MAX];

	(void)state;
	assert_int_equal(ask_build(&a, f), 14 + 40 + 32);
	assert_memory_equal(f + 12, "\x86\xdd\x60\0\0\0\0\x20\x3a\xff", 10);
	assert_int_equal(f[54], 135);
	assert_int_equal(sum_fold(sum_add(sum_pseudo(a.from.b, a.whom.b, 16, 58, 32), f + 54, 32)),
			 0xffff);
	assert_memory_equal(f + 62, a.whom.b, 16);
	assert_memory_equal(f + 78, "\x01\x01\x02\0\0\0\x82\x10", 8);
	assert_false(ask_answered(f, 86, &a.whom));
	f[54] = 136;
	assert_true(ask_answered(f, 78, &a.whom));
	for (uint32_t len = 0; len < 78; len++)
		assert_false(ask_answered(f, len, &a.whom));
	assert_false(ask_answered(f, 86, &ask4.whom));
	f[70] ^= 1;
	assert_false(ask_answered(f, 86, &a.whom));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_leaves_is_verified),
		cmocka_unit_test(what_does_not_is_given_up_at_once),
		cmocka_unit_test(of_a_few_nothing_is_said),
		cmocka_unit_test(others_unseen_make_it_unknown),
		cmocka_unit_test(a_silent_next_hop_counts_while_packets_go_there),
		cmocka_unit_test(a_reader_held_up_sees_no_loss),
		cmocka_unit_test(arp_question_and_answer),
		cmocka_unit_test(nd_question_and_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
