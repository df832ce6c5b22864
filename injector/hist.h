/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Log-linear latency histogram with one writer; readers sum several without a lock. For injector/.
 */
#ifndef INJECTOR_HIST_H
#define INJECTOR_HIST_H

#include <stdatomic.h>
#include <stdint.h>

#include "inj.h"

struct hist { /* [inj-N -> engine, relaxed] */
	_Atomic uint64_t max_ns;
	_Atomic uint64_t bucket[INJ_HIST_BUCKETS];
};

void hist_add(struct hist *h, uint64_t ns);
/* Adds what h has seen so far to sum. */
void hist_sum(const struct hist *h, struct inj_hist *sum);

#endif
