/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Does what is redirected leave? The kernel does not say: a driver that cannot send such frames
 * drops them without a word. What the egress has sent, less what a tap saw leaving, must be what
 * was redirected; a neighbour that is asked by the same way must answer. Pure. [engine]
 */
#ifndef ENGINE_MODEL_REDIRECTED_H
#define ENGINE_MODEL_REDIRECTED_H

#include <stdbool.h>
#include <stdint.h>

#define REDIRECTED_LEAST     100 /* packets: of fewer nothing is said */
#define REDIRECTED_UNKNOWN_S 5	 /* so long it may be unknown */

enum redirected_state {
	REDIRECTED_NOT_YET, /* too few packets */
	REDIRECTED_VERIFIED,
	REDIRECTED_UNKNOWN, /* frames that no tap saw, more than were redirected; or no answer */
	REDIRECTED_FAILED,
};

/*
 * Counters about one instant; they only grow. What moves on its own is read before and after the
 * egress's own figure, so that a reader who is held up in between does not see a loss.
 */
struct redirected_reading {
	uint64_t handed[2]; /* redirected, and asked by the same way */
	uint64_t seen[2];   /* frames that the tap saw, or that are known to have passed it by */
	uint64_t nic;	    /* the egress's tx_packets */
	bool asks;	    /* neighbours are asked: their answer counts */
	bool nobody;	    /* there is none to ask */
	bool answered;	    /* since the last reading */
};

struct redirected {
	bool known; /* base is a reading */
	struct redirected_reading base;
	uint64_t last_handed; /* of the last second */
	enum redirected_state state;
	unsigned unknown_s;
	unsigned silent_s;     /* seconds with packets and without an answer */
	uint64_t handed, left; /* of the last verdict */
};

void redirected_begin(struct redirected *r);
/* Once a second. True: no longer to be trusted; why says so in half a sentence. */
bool redirected_judge(struct redirected *r, const struct redirected_reading *now, char *why,
		      unsigned size);
const char *redirected_text(enum redirected_state state);

#endif
