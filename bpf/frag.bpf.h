/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inner fragments: the verdict on a first one is remembered, later ones take it. Kernel side,
 * vx.bpf.c only. What is remembered is the rule's verdict; the size and the next hop are each
 * fragment's own.
 */
#ifndef BPF_FRAG_BPF_H
#define BPF_FRAG_BPF_H

#include "maps.bpf.h"
#include "parse.bpf.h"

/* A datagram that may have ports, by what all its fragments say of it. In IPv6 an extension header
 * may stand before them. */
static __always_inline int frag_may_have_ports(const struct vx_pkt *p)
{
	if (p->frag_proto == IPPROTO_TCP || p->frag_proto == IPPROTO_UDP)
		return 1;
	return p->t.family == VX_IP6 && parse_is_ext(p->frag_proto);
}

static __always_inline void frag_key(struct vx_pkt *p)
{
	struct vx_frag_key *key = &p->fkey;

	__builtin_memcpy(key->src, p->t.src, 16);
	__builtin_memcpy(key->dst, p->t.dst, 16);
	key->vni = p->t.vni;
	key->id = p->frag_id;
	key->proto = p->frag_proto;
	key->family = p->t.family;
	key->_pad = 0;
}

/* A later fragment: what was its first judged? p->verdict stays 0 when that is not known. */
static __always_inline void frag_recall(struct vx_pkt *p)
{
	const struct vx_frag_val *val;

	frag_key(p);
	val = bpf_map_lookup_elem(&vx_frags, &p->fkey);
	/* Signed: another CPU may have stored a time that is after this packet's. */
	if (!val || (__s64)(p->now_ns - val->ns) > (__s64)VX_FRAG_NS)
		return;
	p->t.to = val->to;
	p->t.flags |= VX_T_FRAG_HIT;
	p->verdict = (__u8)val->verdict;
}

/* A first fragment: remembers p->verdict and p->t.to. */
static __always_inline int frag_remember(struct vx_pkt *p)
{
	frag_key(p);
	p->fval.ns = p->now_ns;
	p->fval.to = p->t.to;
	p->fval.verdict = p->verdict;
	return bpf_map_update_elem(&vx_frags, &p->fkey, &p->fval, BPF_ANY) ? VX_L_INTERNAL : 0;
}

/* A packet without a verdict: if it is a first fragment, that of an older datagram is none for its
 * rest. */
static __always_inline void frag_unjudged(struct vx_pkt *p)
{
	if (!vx_is_frag(p) || vx_is_later(p) || !frag_may_have_ports(p))
		return;
	frag_key(p);
	bpf_map_delete_elem(&vx_frags, &p->fkey);
}

#endif
