/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fragments that wait for the verdict of their first: a pool of slots, all memory up front, shared
 * by the workers, and the rewriting once the verdict is known. For injector/ and its tests.
 */
#ifndef INJECTOR_HELD_H
#define INJECTOR_HELD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "inj.h"

#define HELD_FREE UINT64_MAX

struct held_slot { /* [the worker that holds it] */
	/* Ring and position of the record it came from, held_where(), or HELD_FREE. [inj-N ->
	 * engine] */
	_Atomic uint64_t where;
	uint64_t claim_ns, deadline_ns;
	struct vx_frag_key key;
	struct vx_record rec; /* the frame is right behind it, as in a ring */
	unsigned char frame[VX_MAX_FRAME];
};

struct held_pool {
	struct held_slot *slot; /* const after held_init */
	_Atomic uint64_t used[INJ_HELD_SLOTS / 64];
};

/* The slots of one worker, oldest first. */
struct held_queue {
	unsigned n;
	struct held_slot *slot[INJ_HELD_SLOTS];
};

int held_init(struct held_pool *p) __attribute__((warn_unused_result)); /* 0 or -ENOMEM */
void held_fini(struct held_pool *p);
struct held_slot *held_get(struct held_pool *p); /* NULL: all in use */
void held_put(struct held_pool *p, struct held_slot *s);

/* Copies a record and its frame. */
void held_fill(struct held_slot *s, const struct vx_record *rec);

/* The key under which the first fragment's verdict is remembered; false when the frame is too
 * short. */
bool held_key(const struct vx_record *rec, struct vx_frag_key *key);

/* Whether rec, already rewritten, can be of the datagram key (its destination cannot be compared).
 */
bool held_same_datagram(const struct vx_record *rec, const struct vx_frag_key *key);

/* Applies a verdict to send: addresses, MACs, the IPv4 header's sum by the difference (RFC 1624).
 */
void held_rewrite(struct held_slot *s, const struct inj_frag_answer *ans);

/*
 * The lowest position of a ring that a held fragment came from (or before it), or pos if none. Call
 * with a position read with acquire: then no fragment before it is missed.
 */
uint64_t held_oldest(const struct held_pool *p, unsigned ring, uint64_t pos);

static inline uint64_t held_where(unsigned ring, uint64_t pos)
{
	return pos << 3 | ring; /* pos is a multiple of 8, ring below 64 */
}

#endif
