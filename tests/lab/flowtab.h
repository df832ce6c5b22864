/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Per flow: which sequence numbers came. Tells loss, duplicates and reordering apart, for any
 * number of concurrent senders (each send is a run of its own). Allocates when a flow is first seen
 * only.
 */
#ifndef LAB_FLOWTAB_H
#define LAB_FLOWTAB_H

#include <stdint.h>

/* How far back, in packets of a flow, a duplicate is told from a late packet. */
#define FLOWTAB_WINDOW 8192

struct flowtab;

struct flowtab_totals {
	uint64_t flows;
	uint64_t lost; /* holes below the highest sequence seen; not a missing tail */
	uint64_t duplicated;
	uint64_t reordered; /* came after a higher sequence of their flow */
	uint64_t untracked; /* packets of flows beyond the table's size */
};

/* started: stamp_run() of now. A run that began earlier may have been joined midway: its first
 * packet seen is where a flow begins; of a later run each flow begins at 0. NULL: no memory. */
struct flowtab *flowtab_new(uint32_t started);
void flowtab_free(struct flowtab *t);

void flowtab_seen(struct flowtab *t, uint32_t run, uint16_t flow, uint32_t seq);
void flowtab_sum(const struct flowtab *t, struct flowtab_totals *out);

#endif
