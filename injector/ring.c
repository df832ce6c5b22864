/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Claim and complete on a BPF ring buffer. Three words carry it: the producer position (the
 * kernel's), the claim position (ours, 64 bits, so that a compare-and-swap cannot mistake a later
 * lap for this one) and the consumer position (read by the kernel, written under a try-lock).
 * Nobody ever waits here.
 *
 * Acquire/release partners:
 *
 * - A1 producer position: the kernel's store-release in reserve.
 * - A2 record header: the kernel's xchg in commit.
 * - R1 completion mark: A3, the publisher's look at it.
 * - R2 consumer position: the kernel's load-acquire in reserve, and A4, our readers.
 * - R3 lock given back: A5 lock taken; the next publisher sees cleared marks.
 */
#include "ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define RING_OWNED 1ULL /* in the claim word */

_Static_assert(sizeof(unsigned long) == sizeof(uint64_t), "the kernel's positions are 64 bits");

static const _Atomic uint32_t *header(const struct ring *r, uint64_t pos)
{
	return (const _Atomic uint32_t *)(const void *)(r->data + (pos & (r->size - 1)));
}

static _Atomic uint32_t *mark_at(const struct ring *r, uint64_t pos)
{
	return &r->mark[(pos & (r->size - 1)) / RING_GRAIN];
}

/* Bytes that a record takes in the ring, its header included. */
static uint64_t span(uint32_t hdr)
{
	return (((uint64_t)hdr & ~(RING_BUSY | RING_DISCARD)) + RING_HDR + 7) & ~7ULL;
}

int ring_init(struct ring *r, void *consumer, const void *producer, const void *data, size_t size,
	      bool owned)
{
	memset(r, 0, sizeof(*r));
	r->mark = calloc(size / RING_GRAIN, sizeof(*r->mark));
	if (!r->mark)
		return -ENOMEM;
	r->consumer = consumer;
	r->producer = producer;
	r->data = data;
	r->size = size;
	r->first = atomic_load_explicit(r->consumer, memory_order_relaxed);
	atomic_store_explicit(&r->claim, r->first | (owned ? RING_OWNED : 0), memory_order_relaxed);
	return 0;
}

void ring_fini(struct ring *r)
{
	free(r->mark);
	r->mark = NULL;
}

/*
 * Producer page and data in one stretch, then the data once more. The kernel's own second copy
 * would do, but mapped like this a plain file serves as well.
 */
static int map_data(struct ring *r, int fd, size_t size, size_t page)
{
	unsigned char *p =
		mmap(NULL, page + 2 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return -errno;
	if (mmap(p, page + size, PROT_READ, MAP_SHARED | MAP_FIXED, fd, (off_t)page) ==
		    MAP_FAILED ||
	    mmap(p + page + size, size, PROT_READ, MAP_SHARED | MAP_FIXED, fd, (off_t)(2 * page)) ==
		    MAP_FAILED) {
		int code = -errno;

		munmap(p, page + 2 * size);
		return code;
	}
	r->map_data = p;
	return 0;
}

int ring_open(struct ring *r, int fd, size_t size, bool owned, struct vx_err *err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *consumer, *data;
	int code;

	memset(r, 0, sizeof(*r));
	if (size < page || (size & (size - 1)))
		return vx_err_set(err, -EINVAL, "ring: %zu bytes is no power of two of pages",
				  size);
	consumer = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (consumer == MAP_FAILED)
		return vx_err_set(err, -errno, "ring: map consumer page: %s", strerror(errno));
	code = map_data(r, fd, size, page);
	if (code) {
		munmap(consumer, page);
		return vx_err_set(err, code, "ring: map %zu bytes: %s", size, strerror(-code));
	}
	data = r->map_data;
	code = ring_init(r, consumer, data, (unsigned char *)data + page, size, owned);
	r->map_consumer = consumer;
	r->map_data = data;
	if (code) {
		r->size = size;
		ring_close(r);
		return vx_err_set(err, code, "ring: %s", strerror(-code));
	}
	return 0;
}

void ring_close(struct ring *r)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (r->map_consumer)
		munmap(r->map_consumer, page);
	if (r->map_data)
		munmap(r->map_data, page + 2 * r->size);
	r->map_consumer = r->map_data = NULL;
	ring_fini(r);
}

uint64_t ring_consumer_pos(const struct ring *r)
{
	/* A4: pairs with R2: what was done before the position moved is visible */
	return atomic_load_explicit(r->consumer, memory_order_acquire);
}

uint64_t ring_producer_pos(const struct ring *r)
{
	/* A1: pairs with the kernel's store-release after it wrote the record's header as BUSY */
	return atomic_load_explicit(r->producer, memory_order_acquire);
}

uint64_t ring_note_used(struct ring *r)
{
	uint64_t consumer = ring_consumer_pos(r); /* first: so used is never negative */
	uint64_t used = ring_producer_pos(r) - consumer;
	uint64_t high = atomic_load_explicit(&r->high, memory_order_relaxed);

	if (used > r->size) /* the two reads are of different moments */
		used = r->size;
	while (used > high &&
	       !atomic_compare_exchange_weak_explicit(&r->high, &high, used, memory_order_relaxed,
						      memory_order_relaxed))
		;
	return used;
}

/*
 * Fills the claim from start on. When others claim too, this may walk over memory that the kernel
 * is already using again; then the lengths are garbage, the loop still ends, and the swap of the
 * claim position fails.
 */
static void walk(const struct ring *r, struct ring_claim *c, uint64_t producer, unsigned max)
{
	c->end = c->start;
	c->n = 0;
	while (c->end < producer && c->n < max) {
		/* A2: pairs with the xchg in the kernel's commit: the record's bytes are there */
		uint32_t hdr = atomic_load_explicit(header(r, c->end), memory_order_acquire);

		if ((hdr & RING_BUSY) || span(hdr) > producer - c->end)
			break;
		if (!(hdr & RING_DISCARD))
			c->rec[c->n++] =
				(const void *)(r->data + (c->end & (r->size - 1)) + RING_HDR);
		c->end += span(hdr);
#ifdef VX_FAULT_RING
		static _Atomic unsigned fault;

		if (c->n && atomic_fetch_add(&fault, 1) % 1000 == 999)
			c->n--;
#endif
	}
}

unsigned ring_claim(struct ring *r, struct ring_claim *c, unsigned max, bool owner)
{
	uint64_t word = atomic_load_explicit(&r->claim, memory_order_relaxed);

	c->ring = r;
	for (;;) {
		if (word & RING_OWNED) {
			if (!owner)
				return 0;
			if (ring_consumer_pos(r) != (word & ~RING_OWNED)) {
				ring_publish(r);
				if (ring_consumer_pos(r) != (word & ~RING_OWNED))
					return 0; /* somebody else's claim, from before it was owned
						   */
			}
		}
		c->start = word & ~RING_OWNED;
		walk(r, c, ring_producer_pos(r), max);
		if (c->end == c->start)
			return 0;
		if (!atomic_compare_exchange_strong_explicit(
			    &r->claim, &word, c->end | (word & RING_OWNED), memory_order_relaxed,
			    memory_order_relaxed))
			continue;
		if (c->n)
			return c->n;
		ring_complete(c); /* nothing but discarded ones */
		word = atomic_load_explicit(&r->claim, memory_order_relaxed);
	}
}

void ring_complete(struct ring_claim *c)
{
	/* R1: our reads of the records end here; pairs with A3 in ring_publish() */
	atomic_store_explicit(mark_at(c->ring, c->start), (uint32_t)(c->end - c->start),
			      memory_order_release);
	ring_publish(c->ring);
}

void ring_publish(struct ring *r)
{
	uint64_t pos, old;
	uint32_t len;

	/* Nothing in front is complete: nobody's line is taken for that. A4, and A3 as below. */
	if (!atomic_load_explicit(mark_at(r, ring_consumer_pos(r)), memory_order_acquire))
		return;
	/* A5: pairs with R3: the marks and the position as the last holder left them */
	if (atomic_load_explicit(&r->lock, memory_order_relaxed) ||
	    atomic_exchange_explicit(&r->lock, 1, memory_order_acquire))
		return;
	old = pos = atomic_load_explicit(r->consumer, memory_order_relaxed);
	/* A3: pairs with R1 in ring_complete() */
	while ((len = atomic_load_explicit(mark_at(r, pos), memory_order_acquire)) != 0) {
		atomic_store_explicit(mark_at(r, pos), 0, memory_order_relaxed);
		pos += len;
	}
	if (pos !=
	    old) /* R2: the kernel may use the space again; pairs with its load-acquire and A4 */
		atomic_store_explicit(r->consumer, pos, memory_order_release);
	/* R3: pairs with A5 */
	atomic_store_explicit(&r->lock, 0, memory_order_release);
}

void ring_set_owned(struct ring *r, bool owned)
{
	/* A claimer that is between its look and its swap fails the swap and sees the bit. */
	if (owned)
		atomic_fetch_or_explicit(&r->claim, RING_OWNED, memory_order_relaxed);
	else
		atomic_fetch_and_explicit(&r->claim, ~RING_OWNED, memory_order_relaxed);
}

bool ring_has_work(const struct ring *r)
{
	uint64_t claim = atomic_load_explicit(&r->claim, memory_order_relaxed) & ~RING_OWNED;

	/* seq_cst: a worker that has just said it sleeps must not see an older position than XDP,
	 * which reads that word after the full barrier of its commit */
	return atomic_load_explicit(r->producer, memory_order_seq_cst) > claim;
}

bool ring_is_ready(const struct ring *r)
{
	uint64_t claim = atomic_load_explicit(&r->claim, memory_order_relaxed) & ~RING_OWNED;

	return ring_producer_pos(r) > claim &&
	       !(atomic_load_explicit(header(r, claim), memory_order_relaxed) & RING_BUSY);
}

uint64_t ring_in_flight(const struct ring *r)
{
	uint64_t producer = ring_producer_pos(r), pos = ring_consumer_pos(r), n = 0;

	while (pos < producer) {
		/* A2: also orders the look at the consumer position behind it */
		uint32_t hdr = atomic_load_explicit(header(r, pos), memory_order_acquire);
		uint64_t consumer = ring_consumer_pos(r);

		if (consumer > pos) { /* given back meanwhile: the header may be anything */
			pos = consumer;
			n = 0;
			continue;
		}
		n += !(hdr & RING_DISCARD);
		pos += span(hdr);
	}
	return n;
}
