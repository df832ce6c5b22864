/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An AF_XDP socket that only sends, on one TX queue, with a UMEM of its own as the pool of frames.
 * For injector/egress_xdp.c and the lab's generator. One thread at a time; nothing is shared.
 *
 * A frame's way: xtx_get() a chunk, fill it, xtx_put() it into the TX ring, xtx_kick() the kernel
 * until it has taken it, find it once among xtx_results() (sent, or an errno), xtx_release().
 */
#ifndef INJECTOR_XTX_H
#define INJECTOR_XTX_H

#include <stdbool.h>
#include <stdint.h>

#include "vx_err.h"

#define XTX_CHUNK  4096u /* the kernel's limit for an aligned chunk is a page */
#define XTX_CHUNKS 1024u /* a NIC may tell of frames late: 10 ms of them at 100,000/s */

struct xtx;

struct xtx_result {
	unsigned char *chunk;
	int err; /* 0: the device has taken it; EBUSY: the device dropped it; what the caller gave
		    up with */
};

/*
 * Binds to TX queue `queue` of the interface. -EOPNOTSUPP when not built in or (zerocopy) not to be
 * had from the driver, -EBUSY when another socket has the queue, -ENOSPC when there is no such
 * queue. A queue whose socket was just closed stays busy for some milliseconds: that is waited for.
 */
int xtx_open(struct xtx **out, const char *ifname, unsigned queue, bool zerocopy,
	     struct vx_err *err) __attribute__((warn_unused_result));
void xtx_close(struct xtx *x); /* what is outstanding has no result any more */
/* TX queues of an interface, by this mount of /sys; 1 when it does not know the interface. */
unsigned xtx_queues(const char *ifname);
/* Whether the device is still there. Any thread: asks the kernel, and sends nothing. */
bool xtx_is_bound(const struct xtx *x);

/* An empty chunk, or NULL: no room in the pool or in the TX ring. */
unsigned char *xtx_get(struct xtx *x);
/* len bytes at offset of a chunk of xtx_get() are to be sent. */
void xtx_put(struct xtx *x, unsigned char *chunk, uint32_t offset, uint32_t len);
/*
 * Tells the kernel, once; 0 or an errno. EBUSY: the device dropped one frame, which has its result.
 * EAGAIN while xtx_unsent() shrinks is progress: a call takes so many frames and no more.
 */
int xtx_kick(struct xtx *x);
unsigned xtx_unsent(const struct xtx *x);      /* put, and not yet taken by the kernel */
unsigned xtx_outstanding(const struct xtx *x); /* put, and without a result */

/* Results so far, completions that have come meanwhile included; xtx_release() frees their chunks.
 */
const struct xtx_result *xtx_results(struct xtx *x, unsigned *n);
void xtx_release(struct xtx *x);

/* The oldest n unsent ones (or all) get the result err and will not be sent. Not in zero-copy mode,
 * where the device may be reading them. */
void xtx_take_back(struct xtx *x, unsigned n, int err);
/* All outstanding ones get the result err, though the device may yet send them; their chunks come
 * back only when it has told so. */
void xtx_give_up(struct xtx *x, int err);

#endif
