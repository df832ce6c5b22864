// SPDX-License-Identifier: GPL-2.0-only
/* When a file that was read counts as changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/model/watch.h"

static const struct watch_file none, first = { 1, 10, 100, 5, 5 };

static void a_change_is_told_once_when_it_is_still(void **state)
{
	struct watch_file now = first;
	struct watch w = { 0 };

	(void)state;
	watch_know(&w, &first);
	assert_int_equal(watch_look(&w, &first), WATCH_SAME);
	for (int i = 1; i < 5; i++) { /* it grows */
		now.size += 10;
		now.mtime_ns++;
		assert_int_equal(watch_look(&w, &now), WATCH_SAME);
	}
	assert_int_equal(watch_look(&w, &now), WATCH_CHANGED);
	assert_int_equal(watch_look(&w, &now), WATCH_SAME);
}

static void every_part_of_it_tells(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++) {
		struct watch_file now = first;
		struct watch w = { 0 };

		watch_know(&w, &first);
		now.dev += i == 0;
		now.ino += i == 1;
		now.size += i == 2;
		now.mtime_ns += i == 3;
		now.ctime_ns += i == 4;
		assert_int_equal(watch_look(&w, &now), WATCH_SAME);
		assert_int_equal(watch_look(&w, &now), WATCH_CHANGED);
	}
}

/* An editor that removes before it writes anew is no end of the file. */
static void gone_and_back(void **state)
{
	struct watch_file anew = first;
	struct watch w = { 0 };

	(void)state;
	watch_know(&w, &first);
	assert_int_equal(watch_look(&w, &none), WATCH_SAME);
	assert_int_equal(watch_look(&w, &first), WATCH_SAME);
	assert_int_equal(watch_look(&w, &first), WATCH_SAME);
	assert_int_equal(watch_look(&w, &none), WATCH_SAME);
	assert_int_equal(watch_look(&w, &none), WATCH_GONE);
	assert_int_equal(watch_look(&w, &none), WATCH_SAME);
	anew.ino++;
	assert_int_equal(watch_look(&w, &anew), WATCH_SAME);
	assert_int_equal(watch_look(&w, &anew), WATCH_CHANGED);
}

static void what_we_wrote_is_no_change(void **state)
{
	struct watch_file ours = first;
	struct watch w = { 0 };

	(void)state;
	watch_know(&w, &first);
	ours.ino++;
	watch_know(&w, &ours);
	assert_int_equal(watch_look(&w, &ours), WATCH_SAME);
	assert_int_equal(watch_look(&w, &ours), WATCH_SAME);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_is_told_once_when_it_is_still),
		cmocka_unit_test(every_part_of_it_tells),
		cmocka_unit_test(gone_and_back),
		cmocka_unit_test(what_we_wrote_is_no_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
