/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Latency histogram: 32 linear steps in each octave, so a quantile is right within 1/32. Values up
 * to 31 have a bucket each; from 2^36 ns (68 s) on all share the last.
 */
#include "hist.h"

#define STEP_BITS 5
#define STEPS	  (1U << STEP_BITS)

unsigned inj_hist_bucket(uint64_t ns)
{
	unsigned octave, i;

	if (ns < STEPS)
		return (unsigned)ns;
	octave = 63U - (unsigned)__builtin_clzll(ns);
	i = (octave - STEP_BITS + 1) * STEPS + (unsigned)(ns >> (octave - STEP_BITS)) % STEPS;
	return i < INJ_HIST_BUCKETS ? i : INJ_HIST_BUCKETS - 1;
}

/* The largest value that falls into bucket i. */
static uint64_t bucket_top(unsigned i)
{
	unsigned shift;

	if (i < STEPS)
		return i;
	shift = i / STEPS - 1;
	return ((uint64_t)(STEPS + i % STEPS + 1) << shift) - 1;
}

void hist_add(struct hist *h, uint64_t ns)
{
	_Atomic uint64_t *b = &h->bucket[inj_hist_bucket(ns)];

	atomic_store_explicit(b, atomic_load_explicit(b, memory_order_relaxed) + 1,
			      memory_order_relaxed);
	if (ns > atomic_load_explicit(&h->max_ns, memory_order_relaxed))
		atomic_store_explicit(&h->max_ns, ns, memory_order_relaxed);
}

void hist_sum(const struct hist *h, struct inj_hist *sum)
{
	uint64_t max = atomic_load_explicit(&h->max_ns, memory_order_relaxed);
	unsigned i;

	for (i = 0; i < INJ_HIST_BUCKETS; i++) {
		uint64_t n = atomic_load_explicit(&h->bucket[i], memory_order_relaxed);

		sum->bucket[i] += n;
		sum->count += n; /* from the buckets, so that the quantiles' ranks always exist */
	}
	if (max > sum->max_ns)
		sum->max_ns = max;
}

uint64_t inj_hist_quantile(const struct inj_hist *h, double q)
{
	uint64_t rank, seen = 0;
	unsigned i;

	if (!h->count)
		return 0;
	rank = (uint64_t)(q * (double)h->count);
	if ((double)rank < q * (double)h->count || !rank)
		rank++;
	for (i = 0; i < INJ_HIST_BUCKETS - 1; i++) {
		seen += h->bucket[i];
		if (seen >= rank)
			return bucket_top(i) < h->max_ns ? bucket_top(i) : h->max_ns;
	}
	return h->max_ns;
}
