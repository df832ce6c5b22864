/* SPDX-License-Identifier: GPL-2.0-only */
/* The latency histogram against a sorted list of the same values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hist.h"
#include "inj.h"

#define N 20000

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Buckets are in order, none is skipped, and a value is within 1/32 of its bucket's neighbours. */
static void buckets_are_in_order(void **state)
{
	uint64_t v;
	unsigned last = 0;

	(void)state;
	for (v = 0; v < 1 << 20; v++) {
		unsigned b = inj_hist_bucket(v);

		assert_in_range(b, last, last + 1);
		last = b;
	}
	assert_int_equal(inj_hist_bucket((1ULL << 36) - 1), INJ_HIST_BUCKETS - 1);
	assert_int_equal(inj_hist_bucket(1ULL << 36), INJ_HIST_BUCKETS - 1);
	assert_int_equal(inj_hist_bucket(UINT64_MAX), INJ_HIST_BUCKETS - 1);
}

static void empty_is_zero(void **state)
{
	struct inj_hist h = { 0 };

	(void)state;
	assert_int_equal(inj_hist_quantile(&h, 0.99), 0);
}

static void one_value_is_every_quantile(void **state)
{
	static struct hist h;
	struct inj_hist sum = { 0 };

	(void)state;
	hist_add(&h, 123456);
	hist_sum(&h, &sum);
	assert_int_equal(sum.count, 1);
	assert_int_equal(inj_hist_quantile(&sum, 0), 123456);
	assert_int_equal(inj_hist_quantile(&sum, 0.5), 123456);
	assert_int_equal(inj_hist_quantile(&sum, 1), 123456);
}

/* Never below the true quantile, never more than 1/32 above. */
static void quantiles_as_in_a_sorted_list(void **state)
{
	static const double qs[] = { 0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 1 };
	static uint64_t v[N];
	static struct hist h[2];
	struct inj_hist sum = { 0 };
	uint64_t x = 88172645463325252ULL;
	unsigned i;

	(void)state;
	for (i = 0; i < N; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		v[i] = (x >> 32) >> (x % 32); /* all magnitudes */
		hist_add(&h[i % 2], v[i]);
	}
	hist_sum(&h[0], &sum);
	hist_sum(&h[1], &sum);
	qsort(v, N, sizeof(*v), by_value);
	assert_int_equal(sum.count, N);
	assert_int_equal(sum.max_ns, v[N - 1]);
	for (i = 0; i < sizeof(qs) / sizeof(*qs); i++) {
		double rank = qs[i] * N;
		uint64_t want = v[(unsigned)rank - ((double)(unsigned)rank == rank)];
		uint64_t got = inj_hist_quantile(&sum, qs[i]);

		assert_true(got >= want);
		assert_true(got <= want + want / 32);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets_are_in_order),
		cmocka_unit_test(empty_is_zero),
		cmocka_unit_test(one_value_is_every_quantile),
		cmocka_unit_test(quantiles_as_in_a_sorted_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
