/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the least program with a ring costs, for the bench: one shape of packet, rewritten and
 * copied into a ring buffer, from which our workers send it.
 */
#include "load.bpf.h"
#include "min.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 * 1024 * 1024);
} frames SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, VX_MAX_RINGS);
	__type(key, __u32);
	__type(value, struct vx_wake);
} wake SEC(".maps");

/* A record is whole cache lines, its header's 8 bytes included. A sleeper that comes between the
 * look and the commit waits for the next packet. */
static __always_inline void put(struct xdp_md *ctx, struct vx_wake *w, const __u32 len)
{
	struct vx_record *rec =
		bpf_ringbuf_reserve(&frames, ((8 + sizeof(*rec) + len + 63) & ~63u) - 8, 0);
	void *from;

	if (!rec)
		return;
	__builtin_memset(rec, 0, sizeof(*rec));
	rec->len = len;
	rec->family = VX_IP4;
	rec->natted = 1;
	from = vx_linear(ctx, sizeof(struct outer), len);
	if (from && len < 256) {
		vx_copy(rec + 1, from, len);
	} else if (bpf_xdp_load_bytes(ctx, sizeof(struct outer), rec + 1, len)) {
		bpf_ringbuf_discard(rec, BPF_RB_NO_WAKEUP);
		return;
	}
	if (VX_ONCE(w->sleepers) && !VX_ONCE(w->woken)) {
		*(volatile __u32 *)&w->woken = 1;
		bpf_ringbuf_submit(rec, BPF_RB_FORCE_WAKEUP);
	} else {
		bpf_ringbuf_submit(rec, BPF_RB_NO_WAKEUP);
	}
}

SEC("xdp.frags")
int min_ring(struct xdp_md *ctx)
{
	__u32 zero = 0, len;
	struct vx_wake *w = bpf_map_lookup_elem(&wake, &zero);
	int verdict;

	if (!min_rewrite(ctx, &verdict) || !w)
		return verdict;
	/* the two that the bench has */
	len = (__u32)bpf_xdp_get_buff_len(ctx) - sizeof(struct outer);
	if (len == 142)
		put(ctx, w, 142);
	else if (len == 1400)
		put(ctx, w, 1400);
	return XDP_DROP;
}

char min_ring_license[] SEC("license") = "GPL";
