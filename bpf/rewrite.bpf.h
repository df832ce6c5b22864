/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The frame that leaves, made in place: a new Ethernet header directly before the inner IP header,
 * and the destination that a NAT rule gives. Kernel side only. Nothing is written before the
 * verdict is final.
 */
#ifndef BPF_REWRITE_BPF_H
#define BPF_REWRITE_BPF_H

#include <stddef.h>

#include "csum.bpf.h"
#include "load.bpf.h"

/* The MAC address is zero in a held fragment: who releases it knows the next hop. */
static __always_inline int rewrite_eth(struct xdp_md *ctx, struct vx_pkt *p,
				       const struct vx_cfg *cfg)
{
	__u64 src = VX_ONCE(*(const __u64 *)cfg->src_mac);
	__be16 type = p->t.family == VX_IP4 ? VX_BE16(ETH_P_IP) : VX_BE16(ETH_P_IPV6);

	__builtin_memcpy(p->eth, p->t.mac, 6);
	__builtin_memcpy(p->eth + 6, &src, 6);
	__builtin_memcpy(p->eth + 12, &type, 2);
	return vx_store(ctx, p->l3 - ETH_HLEN, p->eth, ETH_HLEN);
}

static __always_inline int rewrite_l4(struct xdp_md *ctx, struct vx_pkt *p, __u32 delta)
{
	int err;

	delta += csum_word(p->t.dport, p->t.to.port);
	if (p->t.proto == IPPROTO_UDP)
		p->l4_sum = csum_apply_udp(p->l4_sum, delta);
	else
		p->l4_sum = csum_apply(p->l4_sum, delta);
	err = vx_store(ctx, p->l4 + 2, &p->t.to.port, 2);
	/* the checksum ends the part of the header that is known to be there, or stands before
	 * TCP's urgent pointer */
	return err ?: vx_store(ctx, p->l4 + p->l4_min - 2, &p->l4_sum, 2);
}

/* The new address and port. A later fragment has no port and no checksum: those are in the first.
 */
static __always_inline int rewrite_nat(struct xdp_md *ctx, struct vx_pkt *p)
{
	__u32 delta;
	int err;

	if (p->t.family == VX_IP4) {
		delta = csum_addr(p->t.dst, p->t.to.addr, 4);
		p->ip_sum = csum_apply(p->ip_sum, delta);
		err = vx_store(ctx, p->l3 + offsetof(struct iphdr, check), &p->ip_sum, 2);
		err = err ?: vx_store(ctx, p->l3 + offsetof(struct iphdr, daddr), p->t.to.addr, 4);
	} else {
		delta = csum_addr(p->t.dst, p->t.to.addr, 16);
		err = vx_store(ctx, p->l3 + offsetof(struct ipv6hdr, daddr), p->t.to.addr, 16);
	}
	if (err || !(p->t.flags & VX_T_HAS_PORTS))
		return err;
	VX_FORGET();
	return rewrite_l4(ctx, p, delta);
}

static __always_inline int rewrite_frame(struct xdp_md *ctx, struct vx_pkt *p,
					 const struct vx_cfg *cfg)
{
	if (rewrite_eth(ctx, p, cfg))
		return VX_L_INTERNAL;
	if (p->verdict == VX_FRAG_NAT && rewrite_nat(ctx, p))
		return VX_L_INTERNAL;
	p->t.frame_len = ETH_HLEN + p->t.ip_len;
	return 0;
}

#endif
