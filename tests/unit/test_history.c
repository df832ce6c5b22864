// SPDX-License-Identifier: GPL-2.0-only
/* Rates over time: rolled up, kept for their span, and the same on both sides of the socket. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/history.h"

static struct snapshot_history *new (void)
{
	struct snapshot_history *h = calloc(1, sizeof(*h));

	assert_non_null(h);
	return h;
}

/* n seconds; the i-th ever has i packets/s in and 2i out. */
static void run(struct snapshot_history *h, unsigned n)
{
	while (n--) {
		struct history_cell c = { .in_pps = (uint32_t)h->seconds,
					  .in_bps = h->seconds * 10000000000,
					  .out_pps = (uint32_t)h->seconds * 2,
					  .out_bps = h->seconds };

		history_add(h, (int64_t)h->seconds * 1000000000, 1, &c);
	}
}

static void fits_in_memory(void **state)
{
	(void)state;
	assert_true(sizeof(struct snapshot_history) < 256 * 1024);
	assert_true(HISTORY_5MIN_CELLS * 300 >= 24 * 3600);
}

static void an_empty_one(void **state)
{
	struct snapshot_history *h = new ();

	(void)state;
	for (int s = 0; s < HISTORY_SCALES; s++) {
		assert_int_equal(history_cells(h, s), 0);
		assert_int_equal(history_at(h, s, 0).in_pps, 0);
		assert_int_equal(history_at(h, s, SIZE_MAX).in_pps, 0);
	}
	assert_null(history_mark_at(h, 0));
	free(h);
}

static void seconds_roll_up(void **state)
{
	struct snapshot_history *h = new ();

	(void)state;
	run(h, 25); /* 0 .. 24 */
	assert_int_equal(history_cells(h, HISTORY_1S), 25);
	assert_int_equal(history_at(h, HISTORY_1S, 0).in_pps, 24);
	assert_int_equal(history_at(h, HISTORY_1S, 24).in_pps, 0);
	assert_int_equal(history_cells(h, HISTORY_10S), 3);
	assert_int_equal(history_at(h, HISTORY_10S, 0).in_pps, 22); /* 20 .. 24, not full */
	assert_int_equal(history_at(h, HISTORY_10S, 1).in_pps, 14); /* 10 .. 19: 14.5 */
	assert_int_equal(history_at(h, HISTORY_10S, 2).out_pps, 9);
	assert_true(history_at(h, HISTORY_10S, 1).in_bps == 145000000000);
	assert_int_equal(history_at(h, HISTORY_10S, 3).in_pps, 0);
	assert_int_equal(history_cells(h, HISTORY_5MIN), 1);
	assert_int_equal(history_at(h, HISTORY_5MIN, 0).in_pps, 12);
	run(h, 275);
	assert_int_equal(history_cells(h, HISTORY_5MIN), 1);
	assert_int_equal(history_at(h, HISTORY_5MIN, 0).out_pps, 299);
	free(h);
}

static void old_seconds_go_but_a_day_stays(void **state)
{
	struct snapshot_history *h = new ();

	(void)state;
	run(h, 3 * 86400 + 7);
	assert_int_equal(history_cells(h, HISTORY_1S), HISTORY_1S_CELLS);
	assert_int_equal(history_cells(h, HISTORY_10S), HISTORY_10S_CELLS);
	assert_int_equal(history_cells(h, HISTORY_5MIN), HISTORY_5MIN_CELLS);
	assert_int_equal(history_at(h, HISTORY_1S, 3599).in_pps, 3 * 86400 + 7 - 3600);
	/* The column that is being filled is one of them, so the oldest full one is shown no more.
	 */
	assert_int_equal(history_at(h, HISTORY_10S, 2159).in_pps, 3 * 86400 - 2159 * 10 + 4);
	assert_int_equal(history_at(h, HISTORY_5MIN, 288).in_pps, 2 * 86400 + 149);
	free(h);
}

static void a_gap_is_filled(void **state)
{
	struct snapshot_history *h = new ();
	struct history_cell c = { .in_pps = 7 };

	(void)state;
	history_add(h, 1, 60, &c);
	assert_int_equal(history_cells(h, HISTORY_1S), 60);
	assert_int_equal(history_at(h, HISTORY_10S, 5).in_pps, 7);
	history_add(h, 1, UINT64_MAX, &c); /* ends, and all of it is that */
	assert_int_equal(history_at(h, HISTORY_5MIN, 575).in_pps, 7);
	free(h);
}

static void marks_stand_at_their_second(void **state)
{
	struct snapshot_history *h = new ();
	const struct history_mark *m;

	(void)state;
	run(h, 15);
	history_add_mark(h, 99, "allow add 10.0.0.1");
	assert_int_equal(history_mark_ago(h, HISTORY_1S, history_mark_at(h, 0)), 0);
	run(h, 6); /* 15 .. 20: it was made while 15 was counted */
	m = history_mark_at(h, 0);
	assert_string_equal(m->text, "allow add 10.0.0.1");
	assert_int_equal(m->real_ns, 99);
	assert_int_equal(history_mark_ago(h, HISTORY_1S, m), 5);
	assert_int_equal(history_at(h, HISTORY_1S, 5).in_pps, 15);
	assert_int_equal(history_mark_ago(h, HISTORY_10S, m), 1);
	assert_int_equal(history_mark_ago(h, HISTORY_5MIN, m), 0);
	for (int i = 0; i < 200; i++)
		history_add_mark(
			h, i,
			"a text that is longer than the room for one:  äääääääääääääääääääääääää");
	assert_int_equal(history_mark_at(h, 0)->real_ns, 199);
	assert_int_equal(history_mark_at(h, 127)->real_ns, 72);
	assert_null(history_mark_at(h, 128));
	assert_int_equal(strlen(history_mark_at(h, 0)->text), 62); /* between characters */
	free(h);
}

static int take(struct snapshot_history *h, char *json)
{
	struct vx_err err;
	int r = history_from_json(json, strlen(json), h, &err);

	assert_null(strchr(json, '\n'));
	free(json);
	return r;
}

static void same(const struct snapshot_history *a, const struct snapshot_history *b)
{
	assert_int_equal(a->seconds, b->seconds);
	assert_int_equal(a->real_ns, b->real_ns);
	for (int s = 0; s < HISTORY_SCALES; s++) {
		assert_int_equal(history_cells(a, s), history_cells(b, s));
		for (size_t i = 0; i < history_cells(a, s); i++) {
			struct history_cell x = history_at(a, s, i), y = history_at(b, s, i);

			assert_memory_equal(&x, &y, sizeof(x));
		}
	}
	assert_int_equal(a->marks, b->marks);
	for (size_t i = 0; history_mark_at(a, i); i++)
		assert_memory_equal(history_mark_at(a, i), history_mark_at(b, i),
				    sizeof(struct history_mark));
}

static void a_copy_follows(void **state)
{
	static const unsigned steps[] = {
		0, 1, 1, 3, 9, 287, 1, 3000, 600, 601, 40000, 2, 300000, 1
	};
	struct snapshot_history *h = new (), *copy = new ();
	char *json;

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		run(h, steps[i]);
		if (i % 3 == 1)
			history_add_mark(h, (int64_t)i, "set match \"src\"");
		if (i == 7)
			for (int k = 0; k < 300; k++)
				history_add_mark(h, k, "many");
		assert_int_equal(take(copy, history_to_json(h, copy->seconds, copy->marks)), 0);
		same(h, copy);
	}
	free(copy);
	copy = new (); /* one that joins late, and looked at another engine before */
	run(copy, 5000);
	history_add_mark(copy, 1, "another");
	assert_int_equal(take(copy, history_to_json(h, HISTORY_WHOLE, 0)), 0);
	same(h, copy);
	run(h, 13);
	json = history_to_json(h, copy->seconds, copy->marks);
	assert_true(strlen(json) < 1000);
	assert_int_equal(take(copy, json), 0);
	same(h, copy);
	free(copy);
	free(h);
}

static void a_wrong_piece_changes_nothing(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{",
		"{\"seconds\":1}",
		"{\"seconds\":-1}",
		"{\"seconds\":1,\"s1\":[1,2,3],\"marks\":0,\"mark\":[]}",
		"{\"seconds\":1,\"s1\":[1,2,3,4,5,6,7,8],\"marks\":0,\"mark\":[]}",
		"{\"seconds\":6,\"add\":[],\"marks\":0,\"mark\":[]}",
		"{\"seconds\":7,\"add\":[1,2,3,4],\"marks\":0,\"mark\":[]}",
		"{\"seconds\":6,\"add\":[4294967296,2,3,4],\"marks\":0,\"mark\":[]}",
		"{\"seconds\":6,\"add\":[1,2,3,4],\"marks\":0,\"mark\":[[1,2,\"x\"]]}",
		"{\"seconds\":6,\"add\":[1,2,3,4],\"marks\":1,\"mark\":[[1,\"x\"]]}",
		"{\"seconds\":6,\"add\":[1,2,3,4],\"marks\":5,\"mark\":7}",
	};
	struct snapshot_history *h = new (), *was = new ();
	struct vx_err err;

	(void)state;
	run(h, 5);
	*was = *h;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(history_from_json(bad[i], strlen(bad[i]), h, &err), -EINVAL);
		assert_memory_equal(h, was, sizeof(*h));
	}
	free(was);
	free(h);
}

static void damaged_anywhere(void **state)
{
	static const char bytes[] = "{}[],:\"\\0-9e.tfn\0\xff ";
	struct snapshot_history *h = new (), *copy = new ();
	unsigned seed = 7;
	struct vx_err err;
	char *json;
	size_t len;

	(void)state;
	run(h, 700);
	history_add_mark(h, 5, "x");
	json = history_to_json(h, HISTORY_WHOLE, 0);
	len = strlen(json);
	for (int i = 0; i < 2000; i++) {
		size_t at;
		char was;

		seed = seed * 1103515245 + 12345;
		at = (seed >> 8) % len;
		was = json[at];
		json[at] = bytes[(seed >> 4) % (sizeof(bytes) - 1)];
		if (history_from_json(json, len, copy, &err) == 0)
			history_at(copy, HISTORY_5MIN, 3);
		json[at] = was;
	}
	free(json);
	free(copy);
	free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fits_in_memory),
		cmocka_unit_test(an_empty_one),
		cmocka_unit_test(seconds_roll_up),
		cmocka_unit_test(old_seconds_go_but_a_day_stays),
		cmocka_unit_test(a_gap_is_filled),
		cmocka_unit_test(marks_stand_at_their_second),
		cmocka_unit_test(a_copy_follows),
		cmocka_unit_test(a_wrong_piece_changes_nothing),
		cmocka_unit_test(damaged_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
