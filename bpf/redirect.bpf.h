/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Handing a finished frame to the egress itself: what stands before and behind it is cut off, and
 * the kernel sends the buffer in which it came. Kernel side, vx.bpf.c only.
 */
#ifndef BPF_REDIRECT_BPF_H
#define BPF_REDIRECT_BPF_H

#include <stdbool.h>

#include "load.bpf.h"
#include "maps.bpf.h"

/* Makes of the buffer the frame that leaves, without what stands before and behind it. */
static __always_inline int redirect_cut(struct xdp_md *ctx, const struct vx_pkt *p)
{
	int before = (int)(p->l3 - ETH_HLEN);
	int behind = (int)(p->len - p->end);

	if (behind && bpf_xdp_adjust_tail(ctx, -behind))
		return -1;
	return bpf_xdp_adjust_head(ctx, before) ? -1 : 0;
}

/*
 * Not every packet can go this way: what a worker has to wait for needs a worker; so does a frame
 * in several buffers; and when the egress is gone, so does every packet: the worker has a row for
 * what it cannot send.
 */
static __always_inline bool redirect_can(struct xdp_md *ctx, const struct vx_pkt *p,
					 const struct vx_cfg *cfg)
{
	if (VX_ONCE(cfg->out) != VX_OUT_REDIRECT || p->t.flags & VX_T_HELD)
		return false;
	/* In several buffers: no kernel before 6.3 can, and many drivers never. */
	if (p->len != (__u32)((long)ctx->data_end - (long)ctx->data))
		return false;
	return bpf_redirect_map(&vx_egress, 0, XDP_DROP) == XDP_REDIRECT;
}

#endif
