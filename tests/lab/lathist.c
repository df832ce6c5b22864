/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A log-linear histogram. A value below 2^5 has a bucket of its own; above, the bucket is the
 * exponent and the five bits that follow the leading one.
 */
#include "lathist.h"

#define SUB (1u << LATHIST_SUB_BITS)

static unsigned int index_of(uint64_t ns)
{
	unsigned int shift;

	if (ns < SUB)
		return (unsigned int)ns;
	shift = 63u - (unsigned int)__builtin_clzll(ns) - LATHIST_SUB_BITS;
	return ((shift + 1) << LATHIST_SUB_BITS) + (unsigned int)((ns >> shift) & (SUB - 1));
}

/* The largest value that falls into bucket i. */
static uint64_t upper_end(unsigned int i)
{
	unsigned int shift;

	if (i < SUB)
		return i;
	shift = (i >> LATHIST_SUB_BITS) - 1;
	return ((uint64_t)(SUB + (i & (SUB - 1))) << shift) + ((1ULL << shift) - 1);
}

void lathist_add(struct lathist *h, uint64_t ns)
{
	h->bucket[index_of(ns)]++;
	h->count++;
	if (ns > h->max_ns)
		h->max_ns = ns;
}

uint64_t lathist_percentile(const struct lathist *h, unsigned int per_mille)
{
	uint64_t want = (h->count * per_mille + 999) / 1000, seen = 0;
	unsigned int i;

	for (i = 0; i < LATHIST_BUCKETS && h->count; i++) {
		seen += h->bucket[i];
		if (seen >= want)
			return upper_end(i) < h->max_ns ? upper_end(i) : h->max_ns;
	}
	return h->max_ns;
}
