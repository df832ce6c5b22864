// SPDX-License-Identifier: GPL-2.0-only
/*
 * The leak guard: a filter on a packet socket (SOCK_RAW) bound to the ingress, which sees every
 * frame that goes out there, counts those that must not, and lets none of them into the socket. It
 * asks the same policy as the pipeline, through the same maps; user space gives it their
 * descriptors before loading.
 */
#include <stdbool.h>
#include <stddef.h>

#include <linux/bpf.h>
#include <linux/if_packet.h>

#include <bpf/bpf_helpers.h>

#include "allow.bpf.h"
#include "nat.bpf.h"
#include "parse.bpf.h"
#include "policy.bpf.h"

/* Types of ICMP that quote: unreachable, source quench, redirect, time exceeded, parameter problem
 * (RFC 792); of ICMPv6 all below 128 (RFC 4443). linux/icmp.h is none for BPF. */
#define ICMP_ERRORS	(1u << 3 | 1u << 4 | 1u << 5 | 1u << 11 | 1u << 12)
#define ICMP6_ERROR_MAX 127

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct vx_leak);
} vx_leak SEC(".maps");

/* the host's own addresses; the value says nothing */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct vx_addr_key);
	__type(value, __u8);
} vx_own SEC(".maps");

/* where NAT rules send to; the value says nothing */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, VX_MAX_NAT);
	__type(key, struct vx_target_key);
	__type(value, __u8);
} vx_targets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct vx_pkt);
} vx_leak_pkt SEC(".maps");

static __always_inline int vx_load(void *ctx, __u32 off, void *to, __u32 n)
{
	return bpf_skb_load_bytes(ctx, off, to, n) ? -1 : 0;
}

/* At the IP header of a mirrored packet as it came in, or of the first of its fragments. */
static __always_inline bool leak_is_ours(struct __sk_buff *skb, struct vx_pkt *p,
					 const struct vx_cfg *cfg)
{
	int row = parse_outer_ip(skb, p);

	if (row == VX_L_OUTER_FRAGMENT && p->type == VX_BE16(ETH_P_IP))
		row = p->h.ip4.frag_off & VX_BE16(VX_IP_OFFSET);
	else if (row == VX_L_OUTER_FRAGMENT)
		row = vx_is_later(p);
	if (row)
		return false;
	VX_FORGET();
	if (parse_vxlan(skb, p, VX_ONCE(cfg->port)))
		return false;
	return VX_ONCE(cfg->vni_any) || bpf_map_lookup_elem(&vx_vnis, &p->t.vni);
}

/* Ours, so it should not go on from here. */
static __always_inline bool leak_mirrored(struct __sk_buff *skb, struct vx_pkt *p,
					  const struct vx_cfg *cfg)
{
	return parse_eth(skb, p) >= 0 && leak_is_ours(skb, p, cfg);
}

/* Moves the cursor to what an ICMP error quotes: from its IP header on. */
static __always_inline int leak_quote(struct __sk_buff *skb, struct vx_pkt *p)
{
	__u8 type;

	if (p->type == VX_BE16(ETH_P_IP)) {
		if (parse_ip4(skb, p) || p->h.ip4.protocol != IPPROTO_ICMP)
			return -1;
		p->off += p->h.ip4.ihl * 4;
		if (parse_read(skb, p, p->off, &type, 1) || type > 12 || !(ICMP_ERRORS >> type & 1))
			return -1;
	} else if (p->type == VX_BE16(ETH_P_IPV6)) {
		if (parse_ip6(skb, p) || p->h.ip6.nexthdr != IPPROTO_ICMPV6)
			return -1;
		p->off += sizeof(p->h.ip6);
		if (parse_read(skb, p, p->off, &type, 1) || type > ICMP6_ERROR_MAX)
			return -1;
	} else {
		return -1;
	}
	p->off += 8;
	return 0;
}

/*
 * An error about a mirrored packet, with the beginning of what it carries: the kernel makes one
 * when fragments of it are missing, a firewall when it rejects it.
 */
static __always_inline bool leak_quoted(struct __sk_buff *skb, struct vx_pkt *p,
					const struct vx_cfg *cfg)
{
	if (parse_eth(skb, p) < 0 || leak_quote(skb, p))
		return false;
	VX_FORGET();
	return leak_is_ours(skb, p, cfg);
}

/* The unspecified address is that of a host that has none yet (DHCP, duplicate address detection).
 */
static __always_inline bool leak_is_own(struct vx_pkt *p)
{
	__u64 src[2];

	__builtin_memcpy(src, p->t.src, 16);
	if (!src[0] && !src[1])
		return true;
	__builtin_memcpy(p->key.addr.addr, p->t.src, 16);
	p->key.addr.family = p->t.family;
	return bpf_map_lookup_elem(&vx_own, &p->key.addr);
}

static __always_inline bool leak_is_target(struct vx_pkt *p)
{
	struct vx_target_key *key = &p->key.target;

	__builtin_memcpy(key->addr, p->t.dst, 16);
	key->port = p->t.dport;
	key->proto = p->t.proto;
	key->family = p->t.family;
	return bpf_map_lookup_elem(&vx_targets, key);
}

static __always_inline bool leak_is_matched(struct vx_pkt *p, const struct vx_cfg *cfg)
{
	if (VX_ONCE(cfg->allow_mode) == VX_ALLOW_ENFORCE && allow_match(p, cfg) != ALLOW_YES)
		return false;
	return nat_find(p);
}

/* The packet out of a mirrored one, rewritten or not. Needs its ports. */
static __always_inline bool leak_unwrapped(struct __sk_buff *skb, struct vx_pkt *p,
					   const struct vx_cfg *cfg)
{
	if (parse_inner(skb, p) || parse_l4(skb, p) || !(p->t.flags & VX_T_HAS_PORTS))
		return false;
	VX_FORGET();
	return !leak_is_own(p) && (leak_is_target(p) || leak_is_matched(p, cfg));
}

SEC("socket")
int vx_leak_guard(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct vx_leak *count = bpf_map_lookup_elem(&vx_leak, &zero);
	struct vx_cfg *cfg = bpf_map_lookup_elem(&vx_cfg, &zero);
	struct vx_pkt *p = bpf_map_lookup_elem(&vx_leak_pkt, &zero);

	if (skb->pkt_type != PACKET_OUTGOING || !count || !cfg || !p)
		return 0;
	count->frames++;
	vx_pkt_init(p, skb->len);
	if (leak_mirrored(skb, p, cfg)) {
		count->leaked++;
		return 0;
	}
	vx_pkt_init(p, skb->len);
	if (leak_quoted(skb, p, cfg)) {
		count->leaked++;
		return 0;
	}
	vx_pkt_init(p, skb->len);
	if (leak_unwrapped(skb, p, cfg))
		count->leaked++;
	return 0;
}

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} vx_tapped SEC(".maps");

/*
 * On a packet socket bound to the egress, while packets are redirected there: counts the frames
 * that go out as all others do. Redirected ones pass it by, so what the device has sent more is
 * theirs. Answers of neighbours are let in: user space has asked them by the same way.
 */
SEC("socket")
int vx_egress_tap(struct __sk_buff *skb)
{
	__u32 zero = 0;
	__u64 *count = bpf_map_lookup_elem(&vx_tapped, &zero);
	__u8 next = 0;

	if (skb->pkt_type == PACKET_OUTGOING) {
		if (count)
			(*count)++;
		return 0;
	}
	if (skb->protocol == VX_BE16(ETH_P_ARP))
		return VX_ANSWER_MAX;
	if (skb->protocol != VX_BE16(ETH_P_IPV6) ||
	    bpf_skb_load_bytes(skb, ETH_HLEN + offsetof(struct ipv6hdr, nexthdr), &next, 1))
		return 0;
	return next == IPPROTO_ICMPV6 ? VX_ANSWER_MAX : 0;
}

char vx_license[] SEC("license") = "GPL";
