/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is counted beside the ledger's rows: hits of rules, denied addresses and flows, sources,
 * VNIs, the largest packet that was too large, traces. Kernel side, vx.bpf.c only. An element that
 * cannot be made in an LRU costs a figure on the screen, never the packet.
 */
#ifndef BPF_OBSERVE_BPF_H
#define BPF_OBSERVE_BPF_H

#include <stdbool.h>

#include "load.bpf.h"
#include "maps.bpf.h"
#include "parse.bpf.h"

static __always_inline void observe_hit(const struct vx_pkt *p, struct vx_hits *hits)
{
	if (!hits)
		return;
	hits->packets++;
	hits->last_ns = p->now_ns;
}

static __always_inline void observe_allow_hit(const struct vx_pkt *p)
{
	__u32 at = bpf_get_smp_processor_id() * vx_allow_room + p->t.allow_idx;

	observe_hit(p, bpf_map_lookup_elem(&vx_allow_hits, &at));
}

static __always_inline void observe_nat_hit(const struct vx_pkt *p)
{
	observe_hit(p, bpf_map_lookup_elem(&vx_nat_hits, &p->t.nat_idx));
}

/*
 * Whether there is room for a new denied address. A flood from addresses that do not come again
 * would only throw out those that do, and an element costs several times what the rest of a packet
 * does.
 */
static __always_inline bool observe_may_add(struct vx_pkt *p)
{
	if (p->now_ns - p->added_ns >= VX_DENIED_NS) {
		p->added_ns = p->now_ns;
		p->added = 0;
	}
	return p->added++ < VX_DENIED_NEW;
}

static __always_inline void observe_denied(struct vx_pkt *p, const struct vx_cfg *cfg)
{
	struct vx_hits *hits;

	__builtin_memcpy(p->key.addr.addr,
			 VX_ONCE(cfg->match) == VX_MATCH_DST ? p->t.dst : p->t.src, 16);
	p->key.addr.family = p->t.family;
	hits = bpf_map_lookup_elem(&vx_denied, &p->key.addr);
	if (hits) {
		__sync_fetch_and_add(&hits->packets, 1);
		hits->last_ns = p->now_ns;
		return;
	}
	if (!observe_may_add(p))
		return;
	p->val.hits.packets = 1;
	p->val.hits.last_ns = p->now_ns;
	bpf_map_update_elem(&vx_denied, &p->key.addr, &p->val.hits, BPF_ANY);
}

static __always_inline void observe_flow_key(void *ctx, struct vx_pkt *p)
{
	__builtin_memcpy(p->flow.src, p->t.src, 16);
	__builtin_memcpy(p->flow.dst, p->t.dst, 16);
	p->flow.proto = p->t.proto;
	p->flow.family = p->t.family;
	p->flow.dport = 0;
	if ((p->t.proto != IPPROTO_UDP && p->t.proto != IPPROTO_TCP) || vx_is_later(p))
		return;
	/* Source and destination port stand first in both headers, of which nothing is known yet.
	 */
	parse_read(ctx, p, p->l4 + 2, &p->flow.dport, 2);
}

static __always_inline void observe_flow_add(struct vx_pkt *p, __u32 n)
{
	struct vx_hits *hits = bpf_map_lookup_elem(&vx_deny_flows, &p->flow);

	if (hits) {
		__sync_fetch_and_add(&hits->packets, n);
		hits->last_ns = p->now_ns;
		return;
	}
	p->val.hits.packets = n;
	p->val.hits.last_ns = p->now_ns;
	bpf_map_update_elem(&vx_deny_flows, &p->flow, &p->val.hits, BPF_ANY);
}

/*
 * The first denied packet of a block stands for itself. Of the others one stands for all, and each
 * may be it: the n-th takes the place with chance 1/n, whatever the order and the bursts they come
 * in. It is counted when the next block begins, so the packets of the last one are still missing.
 *
 * A tick may be longer than a block, so the clock is asked: at each tick, and in between the less
 * often the more packets there are, so that a block is hardly the longer for it.
 */
static __always_inline void observe_flow(void *ctx, struct vx_pkt *p)
{
	__u64 now_ns = p->flow_ns;

	if (p->flow_n >= p->flow_ask || p->flow_tick_ns != p->now_ns) {
		p->flow_tick_ns = p->now_ns;
		now_ns = bpf_ktime_get_ns();
		p->flow_ask = p->flow_n + p->flow_n / 8 + 1;
	}
	if (now_ns - p->flow_ns < VX_FLOW_NS) {
		p->flow_n++;
		if (!((__u64)bpf_get_prandom_u32() * p->flow_n >> 32))
			observe_flow_key(ctx, p);
		return;
	}
	if (p->flow_n)
		observe_flow_add(p, p->flow_n);
	p->flow_n = p->flow_ask = 0;
	p->flow_ns = now_ns;
	observe_flow_key(ctx, p);
	observe_flow_add(p, 1);
}

static __always_inline void observe_vni(struct vx_pkt *p, struct vx_vni_val *vni)
{
	vni->packets++;
	vni->last_ns = p->now_ns;
}

/* A VNI that is not configured, or any when all are ours. */
static __always_inline void observe_vni_seen(struct vx_pkt *p)
{
	struct vx_vni_val *vni = bpf_map_lookup_elem(&vx_vni_seen, &p->t.vni);

	if (vni) {
		observe_vni(p, vni);
		return;
	}
	p->val.vni.packets = 1;
	p->val.vni.last_ns = p->now_ns;
	bpf_map_update_elem(&vx_vni_seen, &p->t.vni, &p->val.vni, BPF_ANY);
}

/* Addressed to another interface: it comes only as long as the ingress is promiscuous. */
static __always_inline void observe_foreign(void *ctx, struct vx_pkt *p, const struct vx_cfg *cfg)
{
	__u64 own, *n;
	__u32 zero = 0;

	if (!VX_ONCE(cfg->promisc))
		return;
	own = VX_ONCE(*(const vx_word64 *)cfg->own_mac);
	*(vx_word64 *)p->eth = 0;
	if (vx_load(ctx, 0, p->eth, ETH_ALEN) || *(vx_word64 *)p->eth == own)
		return;
	n = bpf_map_lookup_elem(&vx_foreign, &zero);
	if (n)
		(*n)++;
}

/* A packet that no rule matches: where it wanted to go. */
static __always_inline void observe_port(struct vx_pkt *p)
{
	struct vx_hits *hits;

	p->key.nat = (struct vx_nat_key){ p->t.dport, p->t.proto, p->t.family };
	hits = bpf_map_lookup_elem(&vx_ports, &p->key.nat);
	if (hits) {
		hits->packets++;
		hits->last_ns = p->now_ns;
		return;
	}
	p->val.hits.packets = 1;
	p->val.hits.last_ns = p->now_ns;
	bpf_map_update_elem(&vx_ports, &p->key.nat, &p->val.hits, BPF_ANY);
}

static __always_inline void observe_source_add(struct vx_pkt *p, struct vx_source_val *src)
{
	if (!src->first_ns)
		src->first_ns = p->now_ns;
	src->last_ns = p->now_ns;
	src->packets++;
	src->bytes += p->len;
	src->truncated += !!(p->t.flags & VX_T_TRUNCATED);
	src->allowed += p->allowed;
}

static __always_inline void observe_source(struct vx_pkt *p)
{
	struct vx_source_val *src;

	__builtin_memcpy(p->key.source.addr, p->t.outer_src, 16);
	p->key.source.vni = p->t.vni;
	p->key.source.family = p->t.outer_family;
	src = bpf_map_lookup_elem(&vx_sources, &p->key.source);
	if (src) {
		observe_source_add(p, src);
		return;
	}
	__builtin_memset(&p->val.source, 0, sizeof(p->val.source));
	observe_source_add(p, &p->val.source);
	bpf_map_update_elem(&vx_sources, &p->key.source, &p->val.source, BPF_ANY);
}

static __always_inline void observe_oversize(const struct vx_pkt *p)
{
	__u32 zero = 0;
	__u64 *largest = bpf_map_lookup_elem(&vx_oversize, &zero);

	if (largest && *largest < p->t.ip_len)
		*largest = p->t.ip_len;
}

/* Takes one of the budget when there is any, never below 0; losing the race for it is a trace less.
 */
static __always_inline void observe_trace_begin(struct vx_pkt *p, struct vx_cfg *cfg)
{
	__u32 budget = VX_ONCE(cfg->trace_budget);

	if (!budget ||
	    __sync_val_compare_and_swap(&cfg->trace_budget, budget, budget - 1) != budget)
		return;
	p->traced = 1;
	p->t.t_ns = bpf_ktime_get_ns();
	p->t.trace_id = bpf_get_smp_processor_id() << 24 | (p->traces++ & 0xffffff);
}

/* A denied packet ends before its ports are read; who asks why wants to see them. */
static __always_inline void observe_trace_end(void *ctx, struct vx_pkt *p)
{
	bool has = p->t.proto == IPPROTO_UDP || p->t.proto == IPPROTO_TCP;

	_Static_assert(offsetof(struct vx_trace, dport) == offsetof(struct vx_trace, sport) + 2,
		       "both at once, as they are in the packet");
	if (p->t.row == VX_L_DENIED && has && !vx_is_later(p) &&
	    !parse_read(ctx, p, p->l4, &p->t.sport, 4))
		p->t.flags |= VX_T_HAS_PORTS;
	bpf_ringbuf_output(&vx_traces, &p->t, sizeof(p->t), 0);
}

#endif
