/* SPDX-License-Identifier: GPL-2.0-only */
/* Frames that no tap has seen: between the two readings of the guard lies the truth. [engine] */
#include "engine/model/unseen.h"

#define UNSEEN_LATE_S                                                                              \
	10 /* a NIC that counts when a frame is gone is not behind for longer than this */

/* Frames that the guard saw and the driver dropped: the NIC will never count them. */
static void unseen_lower(struct unseen *u, int64_t less)
{
	if (less <= 0) {
		u->less_s = 0;
		return;
	}
	if (!u->less_s++ || less < u->less)
		u->less = less;
	if (u->less_s < UNSEEN_LATE_S)
		return;
	u->base -= u->less;
	u->less_s = 0;
}

void unseen_update(struct unseen *u, uint64_t guard0, uint64_t nic, uint64_t guard1)
{
	int64_t most = (int64_t)(nic - guard0), least = (int64_t)(nic - guard1);

	if (!u->known)
		u->base = most;
	u->known = true;
	unseen_lower(u, u->base - most);
	most = most > u->base ? most - u->base : 0;
	least = least > u->base ? least - u->base : 0;
	if (u->n < (uint64_t)least)
		u->n = (uint64_t)least;
	if (u->n > (uint64_t)most)
		u->n = (uint64_t)most;
}
