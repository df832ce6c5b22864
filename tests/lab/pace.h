/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When to send how many: keeps a rate on average, from one packet a second up, without bursts that
 * would overflow a queue somewhere. Pure but for the clock that the caller hands in (ns,
 * monotonic).
 */
#ifndef LAB_PACE_H
#define LAB_PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace {
	uint64_t rate; /* packets/s; 0: no limit */
	uint64_t start_ns;
	uint64_t sent;
	uint64_t not_before_ns; /* debts are paid at twice the rate, not at once */
};

void pace_init(struct pace *p, uint64_t rate, uint64_t now_ns);

/* How many may go now, at most `most`; the caller sends exactly that many. */
uint64_t pace_due(struct pace *p, uint64_t now_ns, uint64_t most);

/* When the next one is due. */
uint64_t pace_next_ns(const struct pace *p);

/* Is one due already, which waits for a debt to be paid? */
bool pace_behind(const struct pace *p, uint64_t now_ns);

#endif
