/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A BPF ring buffer taken apart by several threads at once, in place. For injector/ and its tests.
 *
 * One producer side (the kernel), any number of claimers: claim a run of records, use them where
 * they lie, complete. Claims may be completed in any order; the consumer position moves over the
 * completed ones in front. Works on any memory that is laid out like the kernel's (tests bring
 * their own).
 */
#ifndef INJECTOR_RING_H
#define INJECTOR_RING_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inj.h"

#define RING_HDR     8		 /* 32 bits length and flags, 32 bits page offset */
#define RING_BUSY    0x80000000U /* reserved, not committed yet */
#define RING_DISCARD 0x40000000U /* committed as "skip me" */

/*
 * Claims start at least this far apart, so one completion mark per so many bytes is enough (memory:
 * a sixteenth of the ring). A record is header, struct vx_record and a frame that has an IP header,
 * or an empty one that wakes.
 */
#define RING_GRAIN 64
_Static_assert(RING_HDR + sizeof(struct vx_record) + 34 >= RING_GRAIN, "two claims in a grain");
_Static_assert(RING_HDR + VX_WAKE_BYTES >= RING_GRAIN, "two claims in a grain");

struct ring {
	/* const after ring_init */
	_Atomic uint64_t *consumer;	  /* page 0 of the map, ours to write */
	const _Atomic uint64_t *producer; /* page 1, read-only */
	const unsigned char *data;	  /* from page 2, mapped twice in a row: no record wraps */
	uint64_t size;			  /* a power of two */
	uint64_t first;			  /* consumer position at ring_init */
	_Atomic uint32_t *
		mark; /* by position / RING_GRAIN: bytes of the completed claim that starts there */
	void *map_consumer, *map_data; /* what ring_close unmaps */

	/* [claimers] where the next claim starts; positions are multiples of 8, bit 0 is RING_OWNED
	 */
	alignas(128) _Atomic uint64_t claim;

	/* [whoever holds the lock] the only writer of *consumer and of zeroes in mark[] */
	alignas(128) _Atomic uint32_t lock;

	/* [claimers, engine; relaxed] */
	alignas(128) _Atomic uint64_t high; /* most bytes seen in use */
	_Atomic uint64_t late;		    /* wake-ups that came only by the timeout */
};

struct ring_claim {
	struct ring *ring;
	uint64_t start, end; /* positions; everything between is the claim's until ring_complete */
	unsigned n;
	const struct vx_record *rec[INJ_MAX_BATCH];
};

/*
 * consumer, producer: position words; data: 2 * size bytes, the second half an alias of the first.
 * owned: only the owner may claim (see ring_claim). 0 or -ENOMEM.
 */
int ring_init(struct ring *r, void *consumer, const void *producer, const void *data, size_t size,
	      bool owned) __attribute__((warn_unused_result));
void ring_fini(struct ring *r);

/* Maps a BPF_MAP_TYPE_RINGBUF (or a file with the same pages) of so many data bytes. */
int ring_open(struct ring *r, int fd, size_t size, bool owned, struct vx_err *err)
	__attribute__((warn_unused_result));
void ring_close(struct ring *r);

/*
 * Claims up to max (<= INJ_MAX_BATCH) records; a record that is not committed yet ends the claim.
 * Returns how many (c->n); when not 0, ring_complete must follow. On an owned ring only the owner
 * gets any, and only when every earlier claim is completed: that is what keeps the order over a
 * change to owned.
 */
unsigned ring_claim(struct ring *r, struct ring_claim *c, unsigned max, bool owner);

/* The claim's records are not read any more. */
void ring_complete(struct ring_claim *c);

/*
 * Gives the completed claims in front back to the producer. ring_complete does it, but leaves it to
 * another thread that is at it, who may have just looked past us: so whoever finds nothing to do
 * calls this.
 */
void ring_publish(struct ring *r);

/* Whether only the owner may claim. Any thread, any time; claims that are out stay valid. */
void ring_set_owned(struct ring *r, bool owned);

/* Something is unclaimed, be it not committed yet. Ordered after an earlier seq_cst operation. */
bool ring_has_work(const struct ring *r);
/* The next unclaimed record is committed. */
bool ring_is_ready(const struct ring *r);

uint64_t ring_consumer_pos(const struct ring *r);
uint64_t ring_producer_pos(const struct ring *r);
/* Records, not discarded, between consumer and producer position. Any thread. */
uint64_t ring_in_flight(const struct ring *r);
/* Bytes in use; remembers the highest. */
uint64_t ring_note_used(struct ring *r);

#endif
