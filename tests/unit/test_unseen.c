// SPDX-License-Identifier: GPL-2.0-only
/* Frames that no tap has seen: counters that are read one after the other, and NICs that count
 * late, are no alarm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/model/unseen.h"

static void what_passes_the_taps_by_is_told(void **state)
{
	struct unseen u = { 0 };

	(void)state;
	unseen_update(&u, 0, 5000, 0); /* sent before the guard was there */
	assert_int_equal(u.n, 0);
	unseen_update(&u, 100, 5100, 100);
	assert_int_equal(u.n, 0);
	unseen_update(&u, 100, 5150, 100);
	assert_int_equal(u.n, 50);
	unseen_update(&u, 200, 5260, 220); /* 20 frames between the readings: still 40 to 60 */
	assert_int_equal(u.n, 50);
	unseen_update(&u, 300, 5357, 300);
	assert_int_equal(u.n, 57);
}

/* The host sends at a high rate: the guard has seen more at the one reading, less at the other. */
static void readings_apart_are_no_alarm(void **state)
{
	struct unseen u = { 0 };
	uint64_t n = 0;

	(void)state;
	unseen_update(&u, 0, 5000, 0);
	for (int i = 0; i < 60; i++) {
		n += 150000;
		unseen_update(&u, n, 5000 + n + 10, n + 48);
		assert_int_equal(u.n, 0);
	}
	unseen_update(&u, n, 5000 + n, n);
	assert_int_equal(u.n, 0);
}

/* Counted when the frame has left: behind for a while, then not. */
static void a_nic_that_counts_late_is_no_alarm(void **state)
{
	struct unseen u = { 0 };
	uint64_t n = 0;

	(void)state;
	unseen_update(&u, 0, 5000, 0);
	for (int i = 0; i < 60; i++) {
		n += 1000;
		unseen_update(&u, n, 5000 + n - (i % 8 ? 64 : 0), n);
		assert_int_equal(u.n, 0);
	}
	unseen_update(&u, n, 5000 + n, n);
	assert_int_equal(u.n, 0);
}

/* Frames that the driver dropped behind the taps do not hide others for long. */
static void a_drop_behind_the_taps_is_forgotten(void **state)
{
	struct unseen u = { 0 };

	(void)state;
	unseen_update(&u, 0, 10, 0);
	for (int i = 0; i < 10; i++)
		unseen_update(&u, 1000, 10 + 970, 1000);
	assert_int_equal(u.n, 0);
	unseen_update(&u, 1000, 10 + 970 + 5, 1000);
	assert_int_equal(u.n, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_passes_the_taps_by_is_told),
		cmocka_unit_test(readings_apart_are_no_alarm),
		cmocka_unit_test(a_nic_that_counts_late_is_no_alarm),
		cmocka_unit_test(a_drop_behind_the_taps_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
