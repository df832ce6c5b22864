/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A log-linear histogram of durations: 32 steps per power of two, so a percentile is right within
 * about 3 %; the maximum is exact. No allocation, one thread.
 */
#ifndef LAB_LATHIST_H
#define LAB_LATHIST_H

#include <stdint.h>

#define LATHIST_SUB_BITS 5
#define LATHIST_BUCKETS	 ((64 - LATHIST_SUB_BITS + 1) << LATHIST_SUB_BITS)

struct lathist {
	uint64_t count;
	uint64_t max_ns;
	uint64_t bucket[LATHIST_BUCKETS];
};

void lathist_add(struct lathist *h, uint64_t ns);

/* The smallest value (ns, upper end of its bucket) that `per_mille` of all values do not exceed. */
uint64_t lathist_percentile(const struct lathist *h, unsigned int per_mille);

#endif
