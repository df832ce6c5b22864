/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames that left by the ingress without a tap having seen them: what the NIC has sent more than
 * the leak guard has seen since the first reading. The counters move on their own and a NIC may
 * count late, so only what cannot be explained by that is told. Pure. [engine]
 */
#ifndef ENGINE_MODEL_UNSEEN_H
#define ENGINE_MODEL_UNSEEN_H

#include <stdbool.h>
#include <stdint.h>

struct unseen {
	bool known;	 /* a first reading was taken */
	int64_t base;	 /* the NIC's frames less the guard's, with none unseen */
	int64_t less;	 /* the least that the NIC was behind the guard in the last seconds */
	unsigned less_s; /* how many seconds in a row it was */
	uint64_t n;	 /* frames unseen */
};

/* One reading a second: the guard's frames, the NIC's, the guard's again, in this order. */
void unseen_update(struct unseen *u, uint64_t guard0, uint64_t nic, uint64_t guard1);

#endif
