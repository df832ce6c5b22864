// SPDX-License-Identifier: GPL-2.0-only
/* Rates per key between two looks at a table of counters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/model/rates.h"

#define S 1000000000ULL

static void look(struct rates *r, uint64_t at, uint32_t key, uint64_t a, uint64_t b)
{
	rates_begin(r, at);
	rates_put(r, &key, sizeof(key), a, b);
}

static uint64_t rate(struct rates *r, uint32_t key, uint64_t *b)
{
	return rates_get(r, &key, sizeof(key), b);
}

static void a_rate_needs_two_looks(void **state)
{
	struct rates *r = rates_new(4);
	uint64_t b;

	(void)state;
	look(r, 1 * S, 7, 100, 1000);
	assert_int_equal(rate(r, 7, NULL), 0);
	look(r, 3 * S, 7, 300, 5000);
	assert_int_equal(rate(r, 7, &b), 100);
	assert_int_equal(b, 2000);
	rates_free(r);
}

static void a_new_key_counts_from_nothing(void **state)
{
	struct rates *r = rates_new(4);

	(void)state;
	look(r, 1 * S, 7, 100, 0);
	look(r, 2 * S, 8, 50, 0);
	assert_int_equal(rate(r, 8, NULL), 50);
	assert_int_equal(rate(r, 7, NULL), 0); /* gone from the table */
	rates_free(r);
}

/* An LRU entry that was evicted and made again starts below its old count. */
static void a_counter_that_fell_has_no_rate(void **state)
{
	struct rates *r = rates_new(4);

	(void)state;
	look(r, 1 * S, 7, 100, 0);
	look(r, 2 * S, 7, 10, 0);
	assert_int_equal(rate(r, 7, NULL), 0);
	rates_free(r);
}

static void a_full_table_keeps_what_it_has(void **state)
{
	struct rates *r = rates_new(8);

	(void)state;
	for (uint64_t second = 1; second < 3; second++) {
		rates_begin(r, second * S);
		for (uint32_t key = 0; key < 1000; key++)
			rates_put(r, &key, sizeof(key), second * 10, 0);
	}
	assert_int_equal(rate(r, 0, NULL), 10);
	assert_int_equal(rate(r, 999, NULL), 0);
	rates_free(r);
}

/* What was in a table two looks ago is in it no more, wherever its slots were: of keys 0 to 95 the
 * first and the last third are there every second time only. */
static void nothing_is_left_of_older_looks(void **state)
{
	struct rates *r = rates_new(64);
	uint32_t key, from;

	(void)state;
	for (uint64_t second = 1; second < 9; second++) {
		from = second & 1 ? 32 : 0;
		rates_begin(r, second * S);
		for (uint32_t i = 0; i < 128; i++) { /* each twice */
			key = from + i / 2;
			rates_put(r, &key, sizeof(key), 100 * second, 0);
		}
		for (key = 0; key < 96; key++) {
			uint64_t is_new = 100 * second, want = key < 32 || key >= 64 ? is_new : 100;

			if (second == 1 || key < from || key >= from + 64)
				want = 0;
			assert_int_equal(rate(r, key, NULL), want);
		}
	}
	rates_free(r);
}

static void keys_of_all_lengths(void **state)
{
	struct rates *r = rates_new(4);
	char key[RATES_KEY + 1] = { 1 };

	(void)state;
	for (uint64_t second = 1; second < 3; second++) {
		rates_begin(r, second * S);
		rates_put(r, key, RATES_KEY, second, 0);
		rates_put(r, key, 1, second * 2, 0);
		rates_put(r, key, sizeof(key), second, 0); /* too long: not kept */
	}
	assert_int_equal(rates_get(r, key, RATES_KEY, NULL), 1);
	assert_int_equal(rates_get(r, key, 1, NULL), 2);
	assert_int_equal(rates_get(r, key, sizeof(key), NULL), 0);
	rates_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rate_needs_two_looks),
		cmocka_unit_test(a_new_key_counts_from_nothing),
		cmocka_unit_test(a_counter_that_fell_has_no_rate),
		cmocka_unit_test(a_full_table_keeps_what_it_has),
		cmocka_unit_test(nothing_is_left_of_older_looks),
		cmocka_unit_test(keys_of_all_lengths),
	};

	return cmocka_run_group_tests_name("rates", tests, NULL, NULL);
}
