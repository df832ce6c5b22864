// SPDX-License-Identifier: GPL-2.0-only
/* The short lists of the overview, and the engine's seconds in the history. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/run_int.h"

struct bed {
	struct eng e;
	struct eng_run run;
	struct opts o;
	struct snapshot_history history;
	uint32_t pps[200];
};

static int setup(void **state)
{
	struct bed *b = calloc(1, sizeof(*b));
	struct vx_err err;

	b->e.run = &b->run;
	b->e.o = &b->o;
	b->e.history = &b->history;
	b->run.allow_pps = b->pps;
	assert_int_equal(allow_new(&b->e.allow, 100, &err), 0);
	assert_int_equal(nat_new(&b->e.nat, &err), 0);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;

	allow_free(b->e.allow);
	nat_free(b->e.nat);
	free(b);
	return 0;
}

static void put(struct bed *b, const char *text, const char *org, uint32_t pps)
{
	const struct allow_entry *entry;
	struct vx_err err;
	struct cidr c;

	assert_int_equal(addr_cidr_parse(text, &c, &err), 0);
	assert_int_equal(allow_add(b->e.allow, &c, org, NULL, &entry, &err), 0);
	b->pps[entry->idx] = pps;
	if (entry->idx >= b->run.allow_high)
		b->run.allow_high = entry->idx + 1;
}

static void nothing_flows(void **state)
{
	struct bed *b = *state;

	put(b, "10.0.0.1", "Quiet", 0);
	eng_top_second(&b->e);
	assert_int_equal(b->e.snap.n_top_orgs, 0);
	assert_int_equal(b->e.snap.n_top_addrs, 0);
	assert_int_equal(b->e.snap.n_nat, 0);
}

static void organisations_add_up(void **state)
{
	struct bed *b = *state;
	const struct snapshot *s = &b->e.snap;

	put(b, "10.0.0.1", "Zoom", 10);
	put(b, "10.0.0.2", "Cascade", 15);
	put(b, "10.0.0.3", "Zoom", 12);
	put(b, "10.0.0.0/24", NULL, 100);
	eng_top_second(&b->e);
	assert_int_equal(s->n_top_orgs, 2);
	assert_string_equal(s->top_org[0].name, "Zoom");
	assert_int_equal(s->top_org[0].pps, 22);
	assert_string_equal(s->top_org[1].name, "Cascade");
	assert_int_equal(s->n_top_addrs, 4);
	assert_string_equal(s->top_addr[0].name, "10.0.0.0/24");
	assert_string_equal(s->top_addr[3].name, "10.0.0.1");
}

/* In whatever order they come, the eight largest are kept, largest first. */
static void the_largest_are_kept(void **state)
{
	struct bed *b = *state;
	char text[32], org[200];

	for (int i = 0; i < 50; i++) {
		snprintf(text, sizeof(text), "10.0.0.%d", i);
		snprintf(org, sizeof(org), "%d ää%150s", i, "x");
		put(b, text, org, (uint32_t)(i * 37 % 50 + 1));
	}
	eng_top_second(&b->e);
	assert_int_equal(b->e.snap.n_top_orgs, SNAP_TOP);
	assert_int_equal(b->e.snap.n_top_addrs, SNAP_TOP);
	for (unsigned i = 0; i < SNAP_TOP; i++) {
		assert_int_equal(b->e.snap.top_org[i].pps, 50 - i);
		assert_int_equal(b->e.snap.top_addr[i].pps, 50 - i);
		assert_int_equal(strlen(b->e.snap.top_org[i].name), 63);
	}
	eng_top_second(&b->e); /* again: nothing piles up */
	assert_int_equal(b->e.snap.top_org[7].pps, 43);
}

static void names_are_cut_between_characters(void **state)
{
	struct bed *b = *state;

	put(b, "10.0.0.1", "ääääääääääääääääääääääääääääääääääääääää", 1);
	eng_top_second(&b->e);
	assert_int_equal(strlen(b->e.snap.top_org[0].name), 62);
}

static void second(struct bed *b, uint64_t mono_ms, uint64_t pps)
{
	b->e.snap.mono_ns = mono_ms * 1000000;
	b->e.snap.real_ns = (int64_t)mono_ms;
	b->e.snap.in_pps = pps;
	eng_history_second(&b->e);
}

/* Ticks are not quite on the second; a process that was stopped catches up with its mean. */
static void seconds_of_the_engine(void **state)
{
	struct bed *b = *state;
	const struct snapshot_history *h = &b->history;

	second(b, 70300, 0); /* where counting begins: there is no rate yet */
	assert_int_equal(h->seconds, 0);
	second(b, 71290, 1);
	second(b, 72420, 2);
	second(b, 73250, 3);
	assert_int_equal(h->seconds, 3);
	assert_int_equal(history_at(h, HISTORY_1S, 0).in_pps, 3);
	second(b, 133300, 4); /* a minute later */
	assert_int_equal(h->seconds, 63);
	assert_int_equal(history_at(h, HISTORY_1S, 59).in_pps, 4);
	assert_int_equal(history_at(h, HISTORY_1S, 60).in_pps, 3);
	second(b, 134300, (uint64_t)1 << 40);
	assert_true(history_at(h, HISTORY_1S, 0).in_pps == UINT32_MAX);
	assert_int_equal(h->real_ns, 134300);
}

int main(void)
{
#define BED(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		BED(nothing_flows),	    BED(organisations_add_up),
		BED(the_largest_are_kept),  BED(names_are_cut_between_characters),
		BED(seconds_of_the_engine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
