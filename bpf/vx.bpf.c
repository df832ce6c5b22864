// SPDX-License-Identifier: GPL-2.0-only
/*
 * The data path. vx_pipeline is attached to the ingress: it unwraps mirrored packets, filters and
 * rewrites them and hands them to the workers; all other packets go on to the kernel untouched.
 * vx_explain is never attached: it makes the same decision about one packet of a test run and
 * leaves no trace of it in any map but vx_explain_out.
 *
 * "Why was a packet dropped?": vx_decide() below is the list of steps in the order of their
 * precedence; each returns 0 for "go on", or the row of the ledger in which the packet ends.
 */
#include <stdbool.h>

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "allow.bpf.h"
#include "frag.bpf.h"
#include "load.bpf.h"
#include "maps.bpf.h"
#include "nat.bpf.h"
#include "observe.bpf.h"
#include "parse.bpf.h"
#include "redirect.bpf.h"
#include "rewrite.bpf.h"
#include "ring.bpf.h"

static __always_inline int step_vni(struct xdp_md *ctx, struct vx_pkt *p, const struct vx_cfg *cfg,
				    bool dry)
{
	struct vx_vni_val *vni = NULL;
	bool any = VX_ONCE(cfg->vni_any);

	if (!any)
		vni = bpf_map_lookup_elem(&vx_vnis, &p->t.vni);
	p->ours = any || vni;
	if (!dry && vni)
		observe_vni(p, vni);
	else if (!dry)
		observe_vni_seen(p);
	if (p->ours && !dry)
		observe_foreign(ctx, p, cfg);
	if (p->ours)
		return 0;
	return VX_ONCE(cfg->other_vni) == VX_OTHER_DROP ? VX_L_OTHER_VNI_DROP : VX_L_OTHER_VNI_PASS;
}

static __always_inline int step_paused(const struct vx_cfg *cfg)
{
	return VX_ONCE(cfg->paused) ? VX_L_PAUSED : 0;
}

static __always_inline int step_allow(void *ctx, struct vx_pkt *p, const struct vx_cfg *cfg,
				      bool dry)
{
	__u32 mode = VX_ONCE(cfg->allow_mode);
	int answer;

	p->allowed = mode == VX_ALLOW_OFF;
	if (p->allowed)
		return 0;
	answer = allow_match(p, cfg);
	if (answer == ALLOW_FAILED)
		return VX_L_INTERNAL;
	if (answer == ALLOW_YES) {
		p->allowed = 1;
		if (!dry)
			observe_allow_hit(p);
		return 0;
	}
	if (!dry) {
		observe_denied(p, cfg);
		observe_flow(ctx, p);
	}
	p->would_deny = mode == VX_ALLOW_COUNT;
	return p->would_deny ? 0 : VX_L_DENIED;
}

static __always_inline int step_truncated(const struct vx_pkt *p, const struct vx_cfg *cfg)
{
	if (!(p->t.flags & VX_T_TRUNCATED))
		return 0;
	return VX_ONCE(cfg->truncated) == VX_TRUNC_FORWARD ? 0 : VX_L_TRUNCATED;
}

/* Later fragments: their verdict is that of the first. When it is not known, the worker asks again.
 */
static __always_inline int step_frag(struct vx_pkt *p)
{
	if (!vx_is_later(p) || !frag_may_have_ports(p))
		return 0;
	frag_recall(p);
	if (!p->verdict)
		p->t.flags |= VX_T_HELD;
	return 0;
}

/* All others: by their ports, or as --unmatched says. First fragments leave their verdict. */
static __always_inline int step_nat(struct vx_pkt *p, const struct vx_cfg *cfg, bool dry)
{
	if (p->t.flags & (VX_T_HELD | VX_T_FRAG_HIT))
		return 0;
	if (p->t.flags & VX_T_HAS_PORTS && nat_find(p)) {
		p->verdict = VX_FRAG_NAT;
	} else if (VX_ONCE(cfg->unmatched) == VX_UNMATCHED_FORWARD) {
		p->verdict = VX_FRAG_PLAIN;
		p->t.to.nexthop = p->t.family == VX_IP4 ? VX_NH_UNNAT4 : VX_NH_UNNAT6;
	} else {
		p->verdict = VX_FRAG_NO_RULE;
	}
	if (!dry && vx_is_frag(p) && frag_may_have_ports(p) && !vx_is_later(p))
		return frag_remember(p);
	return 0;
}

static __always_inline int step_verdict(struct vx_pkt *p, bool dry)
{
	if (p->verdict == VX_FRAG_NAT) {
		p->t.flags |= VX_T_NAT_HIT;
		p->t.nat_idx = p->t.to.idx;
		if (!dry)
			observe_nat_hit(p);
	} else if (!dry && p->t.flags & VX_T_HAS_PORTS) {
		observe_port(p);
	}
	return p->verdict == VX_FRAG_NO_RULE ? VX_L_NO_RULE : 0;
}

/* A held fragment may be larger than the MTU: whether it is sent at all is not known yet. */
static __always_inline int step_size(const struct vx_pkt *p, const struct vx_cfg *cfg, bool dry)
{
	__u32 mtu = VX_ONCE(cfg->egress_mtu), max = VX_MAX_FRAME - ETH_HLEN;

	if (mtu && mtu < max && !(p->t.flags & VX_T_HELD))
		max = mtu;
	if (p->t.ip_len <= max)
		return 0;
	if (!dry)
		observe_oversize(p);
	return VX_L_OVERSIZE;
}

static __always_inline int step_nexthop(struct vx_pkt *p)
{
	__u32 idx = p->t.to.nexthop;
	const __u64 *slot;
	struct vx_nexthop hop;
	__u64 word;

	if (p->t.flags & VX_T_HELD)
		return 0;
	slot = bpf_map_lookup_elem(&vx_nexthops, &idx);
	if (!slot)
		return VX_L_INTERNAL;
	word = VX_ONCE(*slot); /* one load: never half of an old address */
	__builtin_memcpy(&hop, &word, sizeof(hop));
	__builtin_memcpy(p->t.mac, hop.mac, sizeof(hop.mac));
	return hop.ok ? 0 : VX_L_NO_NEIGHBOUR;
}

static __always_inline int step_out(struct xdp_md *ctx, struct vx_pkt *p, const struct vx_cfg *cfg,
				    bool dry)
{
	int row = rewrite_frame(ctx, p, cfg);

	if (row)
		return row;
	VX_FORGET();
	if (redirect_can(ctx, p, cfg)) {
		if (dry || !redirect_cut(ctx, p))
			return VX_L_REDIRECTED;
		return VX_L_INTERNAL;
	}
	p->t.ring = ring_choose(p, cfg);
	return dry ? VX_L_QUEUED : ring_put(ctx, p);
}

#define STEP(name, call)                                                                           \
	do {                                                                                       \
		p->t.step = VX_STEP_##name;                                                        \
		row = call;                                                                        \
		if (row)                                                                           \
			return row;                                                                \
		VX_FORGET();                                                                       \
	} while (0)

/* The row in which the packet ends. The order of the steps is the order of precedence. */
static __always_inline int vx_decide(struct xdp_md *ctx, struct vx_pkt *p, struct vx_cfg *cfg,
				     bool dry)
{
	int row;

	STEP(OUTER, parse_outer(ctx, p, VX_ONCE(cfg->port)));
	if (!dry)
		observe_trace_begin(p, cfg);
	STEP(OUTER, step_vni(ctx, p, cfg, dry));
	STEP(INNER, parse_inner(ctx, p));
	STEP(INNER, step_paused(cfg));
	STEP(ALLOW, step_allow(ctx, p, cfg, dry));
	STEP(L4, step_truncated(p, cfg));
	STEP(L4, parse_l4(ctx, p));
	STEP(FRAG, step_frag(p));
	STEP(NAT, step_nat(p, cfg, dry));
	STEP(NAT, step_verdict(p, dry));
	STEP(L2, step_size(p, cfg, dry));
	STEP(L2, step_nexthop(p));
	STEP(OUT, step_out(ctx, p, cfg, dry));
	return VX_L_INTERNAL;
}

static __always_inline int action_of(__u32 row)
{
	switch (row) {
	case VX_L_NOT_VXLAN:
	case VX_L_OTHER_VNI_PASS:
	case VX_L_OUTER_FRAGMENT:
		return XDP_PASS;
	case VX_L_REDIRECTED:
		return XDP_REDIRECT;
	default:
		return XDP_DROP;
	}
}

static __always_inline struct vx_set *ledger_set(void)
{
	__u32 zero = 0;
	void *set = bpf_map_lookup_elem(&vx_ledger, &zero);

	return set ? bpf_map_lookup_elem(set, &zero) : NULL;
}

/* One row of the ledger, and the notes beside it. */
static __always_inline void ledger_count(struct vx_set *set, const struct vx_pkt *p)
{
	__u32 row = p->t.row;

	if (row >= VX_L_N)
		row = VX_L_INTERNAL;
	set->row[row]++;
	set->row[VX_L_WOULD_DENY] += p->would_deny;
	if (row == VX_L_QUEUED)
		set->row[VX_L_QUEUED_BYTES] += p->t.frame_len;
	else if (row == VX_L_REDIRECTED)
		set->row[VX_L_REDIRECTED_BYTES] += p->t.frame_len;
	else
		return;
	if (p->verdict == VX_FRAG_NAT)
		set->row[VX_L_NATTED]++;
	else if (p->verdict == VX_FRAG_PLAIN)
		set->row[VX_L_UNNATTED]++;
}

SEC("xdp.frags")
int vx_pipeline(struct xdp_md *ctx)
{
	__u32 zero = 0;
	struct vx_cfg *cfg = bpf_map_lookup_elem(&vx_cfg, &zero);
	struct vx_pkt *p = bpf_map_lookup_elem(&vx_pkt, &zero);
	struct vx_set *set = ledger_set();

	if (!cfg || !p || !set) /* cannot be: the verifier wants it said */
		return XDP_DROP;
	vx_pkt_init(p, (__u32)bpf_xdp_get_buff_len(ctx));
	/* Reading the clock costs as much as a look into a map; the tick (1 to 10 ms) is in memory.
	 */
	p->now_ns = bpf_ktime_get_coarse_ns();
	if (ring_sample(p))
		p->entry_ns = bpf_ktime_get_ns();
	p->set = (__u8)set->id;
	set->row[VX_L_RX]++;
	set->row[VX_L_RX_BYTES] += p->len;
#ifdef VX_FAULT_XDP /* a build for a test: loses one packet in 1,000 without a row */
	if (set->row[VX_L_RX] % 1000 == 0)
		return XDP_DROP;
#endif
	p->t.row = (__u32)vx_decide(ctx, p, cfg, false);
	VX_FORGET(); /* and the paths through all steps meet here */
	if (p->t.row == VX_L_MALFORMED || p->t.row == VX_L_TRUNCATED)
		frag_unjudged(p);
	ledger_count(set, p);
	if (p->ours)
		observe_source(p);
	if (p->traced)
		observe_trace_end(ctx, p);
	return action_of(p->t.row);
}

SEC("xdp.frags")
int vx_explain(struct xdp_md *ctx)
{
	__u32 zero = 0;
	struct vx_cfg *cfg = bpf_map_lookup_elem(&vx_cfg, &zero);
	struct vx_pkt *p = bpf_map_lookup_elem(&vx_pkt_dry, &zero);

	if (!cfg || !p)
		return XDP_DROP;
	vx_pkt_init(p, (__u32)bpf_xdp_get_buff_len(ctx));
	p->t.t_ns = p->now_ns = bpf_ktime_get_ns();
	p->t.row = (__u32)vx_decide(ctx, p, cfg, true);
	VX_FORGET();
	bpf_map_update_elem(&vx_explain_out, &zero, &p->t, BPF_ANY);
	if (p->t.row == VX_L_QUEUED || p->t.row == VX_L_REDIRECTED)
		redirect_cut(ctx, p); /* the test buffer then holds what would leave */
	return action_of(p->t.row);
}

/* A frame of user space's own by the way that redirected ones take. Never attached. */
SEC("xdp.frags") /* as the other users of the devmap are: the kernel wants them alike */
int vx_probe(struct xdp_md *ctx)
{
	(void)ctx;
	return (int)bpf_redirect_map(&vx_egress, 0, XDP_DROP);
}

char vx_license[] SEC("license") = "GPL";
