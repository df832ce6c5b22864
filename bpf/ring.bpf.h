/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Handing a finished frame to a worker through a BPF ring buffer. Kernel side, vx.bpf.c only.
 */
#ifndef BPF_RING_BPF_H
#define BPF_RING_BPF_H

#include <stdbool.h>

#include "load.bpf.h"
#include "maps.bpf.h"

/* Multiply and fold; the constant is 2^64 / phi. */
static __always_inline __u64 ring_mix(__u64 hash, __u64 word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
	return hash ^ (hash >> 32);
}

/*
 * A flow stays on one ring, so in order: by the 5-tuple before NAT. Every fragment, the first too,
 * goes by what all fragments of its datagram share.
 */
static __always_inline __u32 ring_choose(const struct vx_pkt *p, const struct vx_cfg *cfg)
{
	__u32 n = VX_ONCE(cfg->n_rings);
	__u64 word[4], hash;

	if (n <= 1)
		return 0;
	if (vx_is_frag(p))
		hash = (__u64)p->frag_id << 32 | p->frag_proto;
	else
		hash = (__u64)p->t.sport << 48 | (__u64)p->t.dport << 32 | p->t.proto;
	__builtin_memcpy(word, p->t.src, 32); /* src, dst */
	hash = ring_mix(hash, word[0]);
	hash = ring_mix(hash, word[2]);
	if (p->t.family == VX_IP6) {
		hash = ring_mix(hash, word[1]);
		hash = ring_mix(hash, word[3]);
	}
	return (__u32)((hash >> 32) * n >> 32);
}

/*
 * Whether the packet's record, if there will be one, is to tell of its latency: the first, and then
 * one in VX_SAMPLE, not in step with any pattern in the traffic (multiples of the golden ratio).
 */
static __always_inline bool ring_sample(struct vx_pkt *p)
{
	return p->samples++ * 0x9e3779b9u < (1ull << 32) / VX_SAMPLE;
}

static __always_inline void ring_header(struct vx_record *rec, const struct vx_pkt *p)
{
	rec->t_entry_ns = p->entry_ns;
	rec->t_submit_ns = 0;
	rec->len = p->t.frame_len;
	rec->vni = p->t.vni;
	rec->frag_id = p->frag_id;
	rec->trace_id = p->t.trace_id;
	rec->flags = (p->t.flags & VX_T_HELD ? VX_REC_HELD : 0) | (p->traced ? VX_REC_TRACED : 0) |
		     (vx_is_frag(p) ? VX_REC_FRAG : 0);
	rec->set = p->set;
	rec->family = p->t.family;
	rec->frag_proto = p->frag_proto;
	rec->natted = p->verdict == VX_FRAG_NAT;
	rec->_pad[0] = rec->_pad[1] = rec->_pad[2] = 0;
}

/* Whether somebody is to be woken: true once, and the caller does it. */
static __always_inline bool ring_take_wake(struct vx_wake *wake)
{
	if (!VX_ONCE(wake->sleepers) || VX_ONCE(wake->woken))
		return false;
	*(volatile __u32 *)&wake->woken = 1;
	return true;
}

/*
 * W1: the record is committed, then sleepers is read. Pairs with the worker that adds itself to
 * sleepers, fences and looks at the producer position: one of the two sees the other, or a worker
 * would sleep beside a record that nobody wakes it for. The full barrier is the kernel's: commit
 * ends with an xchg. One of our own before it would make this CPU wait for the record's first line
 * while the others could already be under way (they were last in the worker's cache).
 *
 * To wake without a packet takes a record, too: an empty one, as long as claims are apart at least.
 * No room for it: then the ring is full of what nobody was woken for, and the safety net is.
 */
static __always_inline void ring_wake(void *ring, struct vx_wake *wake)
{
	void *rec;

	if (!ring_take_wake(wake))
		return;
	_Static_assert((8 + VX_WAKE_BYTES) % 64 == 0, "records begin a line");
	rec = bpf_ringbuf_reserve(ring, VX_WAKE_BYTES, 0);
	if (rec)
		bpf_ringbuf_discard(rec, BPF_RB_FORCE_WAKEUP);
	else
		*(volatile __u32 *)&wake->woken = 0;
}

#define RING_SHORT 272 /* the largest class whose frames are copied in two pieces */

/*
 * Copies len bytes of the frame, of a class's lengths. A short frame as its first bytes and its
 * last, both of constant size, which may overlap: a helper's copy of any length takes as long to
 * begin as all of this does.
 */
static __always_inline long ring_copy(struct xdp_md *ctx, __u32 off, void *to, __u32 len,
				      const __u32 class)
{
	const __u32 last = class <= 80 ? 48 : class <= 144 ? 64 : 128, first = class - last;
	__u32 at = len - last;
	void *from, *end;

	if (class > RING_SHORT || off >= VX_HEADERS_MAX)
		return bpf_xdp_load_bytes(ctx, off, to, len);
	from = vx_linear(ctx, off, first);
	__asm__ volatile("" : "+r"(at)); /* the bound below is for the very value that is added */
	if (!from || at > first)	 /* or shorter than last */
		return bpf_xdp_load_bytes(ctx, off, to, len);
	end = vx_linear(ctx, off + at, last);
	if (!end)
		return bpf_xdp_load_bytes(ctx, off, to, len);
	vx_copy(to, from, first);
	vx_copy(to + at, end, last);
	return 0;
}

/*
 * One size class: a record's size must be a constant to the verifier, and so must the bound of the
 * copy.
 */
static __always_inline int ring_put_class(struct xdp_md *ctx, struct vx_pkt *p, void *ring,
					  struct vx_wake *wake, const __u32 class)
{
	struct vx_record *rec = bpf_ringbuf_reserve(ring, sizeof(*rec) + class, 0);
	__u32 n = p->t.frame_len - 1;

	if (!rec) {
		__sync_fetch_and_add(&wake->full, 1);
		return VX_L_RING_FULL;
	}
	ring_header(rec, p);
	/* clang must not replace the bound of n by one of len, which the verifier cannot relate to
	 * n */
	__asm__ volatile("" : "+r"(n));
	if (n >= class || ring_copy(ctx, p->l3 - ETH_HLEN, rec + 1, n + 1, class)) {
		bpf_ringbuf_discard(rec, BPF_RB_NO_WAKEUP);
		return VX_L_INTERNAL;
	}
	if (p->entry_ns) {
		rec->flags |= VX_REC_SAMPLED;
		rec->t_submit_ns = bpf_ktime_get_ns();
	}
	if (ring_take_wake(wake)) {
		bpf_ringbuf_submit(rec, BPF_RB_FORCE_WAKEUP);
		return VX_L_QUEUED;
	}
	bpf_ringbuf_submit(rec, BPF_RB_NO_WAKEUP);
	ring_wake(ring, wake);
	return VX_L_QUEUED;
}

/*
 * Returns the row: queued, ring_full or internal. With its headers a record of any class is whole
 * cache lines, and so begins one: none is shared by two records, that is by this CPU and a
 * worker's.
 */
static __always_inline int ring_put(struct xdp_md *ctx, struct vx_pkt *p)
{
	struct vx_wake *wake = bpf_map_lookup_elem(&vx_wake, &p->t.ring);
	void *ring = bpf_map_lookup_elem(&vx_rings, &p->t.ring);
	__u32 len = p->t.frame_len;

	if (!wake || !ring)
		return VX_L_INTERNAL;
#define RING_CLASS(n)                                                                              \
	do {                                                                                       \
		_Static_assert((8 + sizeof(struct vx_record) + (n)) % 64 == 0, "lines");           \
		if (len <= (n))                                                                    \
			return ring_put_class(ctx, p, ring, wake, (n));                            \
	} while (0)
	RING_CLASS(80);
	RING_CLASS(144);
	RING_CLASS(272);
	RING_CLASS(528);
	RING_CLASS(1040);
	RING_CLASS(1616);
	RING_CLASS(2320);
	RING_CLASS(4624);
	RING_CLASS(VX_MAX_FRAME + 16);
#undef RING_CLASS
	return VX_L_INTERNAL;
}

#endif
