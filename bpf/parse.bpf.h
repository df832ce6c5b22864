/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parsers: outer headers, VXLAN, inner Ethernet, IP and L4. Used by the kernel side and by
 * tests on the host; whoever includes it defines vx_load().
 *
 * Each step returns 0, or the row of the ledger in which the packet ends. Nothing at or beyond
 * p->end is read, whatever lengths the headers claim.
 */
#ifndef BPF_PARSE_BPF_H
#define BPF_PARSE_BPF_H

#include "pkt.bpf.h"

#define VX_TAGS_MAX    2
#define VX_EXT_MAX     8
#define VX_EXT_BYTES   512
#define VX_IP_OFFSET   0x1fff
#define VX_IP_MF       0x2000
#define VX_IP6_OFFSET  0xfff8
#define VX_IP6_MF      0x0001
#define VX_UDP_SUM_END 8 /* bytes of the header through its checksum */
#define VX_TCP_SUM_END 18
#define VX_ETH_TAG2    0x9100 /* of old switches, for the outer of two tags */

/* Copies n bytes (a constant) at offset off of the frame; -1 when they are not all there. */
static __always_inline int vx_load(void *ctx, __u32 off, void *to, __u32 n);

static __always_inline int parse_read(void *ctx, struct vx_pkt *p, __u32 off, void *to, __u32 n)
{
	return off + n > p->end ? -1 : vx_load(ctx, off, to, n);
}

static __always_inline int parse_is_tag(__be16 type)
{
	return type == VX_BE16(ETH_P_8021Q) || type == VX_BE16(ETH_P_8021AD) ||
	       type == VX_BE16(VX_ETH_TAG2);
}

/*
 * Moves the cursor behind the Ethernet header and at most two tags, leaves the EtherType in
 * p->type: that of a third tag when there is one, which no caller takes for IP. Returns the number
 * of tags, -1 when cut.
 */
static __always_inline int parse_eth(void *ctx, struct vx_pkt *p)
{
	int tags;

	if (parse_read(ctx, p, p->off + ETH_HLEN - 2, &p->type, 2))
		return -1;
	p->off += ETH_HLEN;
	for (tags = 0; tags < VX_TAGS_MAX && parse_is_tag(p->type); tags++) {
		if (parse_read(ctx, p, p->off + 2, &p->type, 2))
			return -1;
		p->off += 4;
	}
	return tags;
}

/* Leaves the fixed part in p->h.ip4. -1 when it is cut or not IPv4. */
static __always_inline int parse_ip4(void *ctx, struct vx_pkt *p)
{
	if (parse_read(ctx, p, p->off, &p->h.ip4, sizeof(p->h.ip4)))
		return -1;
	return p->h.ip4.version == 4 && p->h.ip4.ihl >= 5 ? 0 : -1;
}

static __always_inline int parse_ip6(void *ctx, struct vx_pkt *p)
{
	if (parse_read(ctx, p, p->off, &p->h.ip6, sizeof(p->h.ip6)))
		return -1;
	return p->h.ip6.version == 6 ? 0 : -1;
}

static __always_inline int parse_is_ext(__u8 proto)
{
	return proto == IPPROTO_HOPOPTS || proto == IPPROTO_ROUTING || proto == IPPROTO_FRAGMENT ||
	       proto == IPPROTO_DSTOPTS;
}

/* A fragment header that is not atomic makes the packet a fragment; of several the last one does.
 */
static __always_inline void parse_ext_frag(struct vx_pkt *p)
{
	__u16 frag = VX_BE16(p->h.ext.frag);

	p->ext_frag = 1;
	if (!(frag & (VX_IP6_OFFSET | VX_IP6_MF)))
		return;
	p->t.flags |= VX_T_FRAG | VX_T_FIRST;
	if (frag & VX_IP6_OFFSET)
		p->t.flags &= ~(__u32)VX_T_FIRST;
	p->frag_id = p->h.ext.frag_id;
	p->frag_proto = p->h.ext.next;
}

/*
 * Walks from the cursor, which stands behind the fixed IPv6 header, to the first header that is no
 * extension, or that hides what follows (AH, ESP, a routing header with segments left, a later
 * fragment); leaves its number in p->t.proto, and there is no reading ports behind those. -1 when a
 * header is cut, or there are more than 8 of them or 512 bytes.
 */
static __always_inline int parse_ext(void *ctx, struct vx_pkt *p, __u8 next)
{
	__u32 limit = p->off + VX_EXT_BYTES;
	__u32 size, i;

	for (i = 0; parse_is_ext(next); i++) {
		if (i == VX_EXT_MAX || parse_read(ctx, p, p->off, &p->h.ext, sizeof(p->h.ext)))
			return -1;
		size = next == IPPROTO_FRAGMENT ? 8 : 8 * (p->h.ext.len + 1u);
		if (p->off + size > p->end || p->off + size > limit)
			return -1;
		if (next == IPPROTO_ROUTING && VX_EXT_SEGMENTS(&p->h.ext))
			break;
		if (next == IPPROTO_FRAGMENT)
			parse_ext_frag(p);
		p->off += size;
		next = p->h.ext.next;
		if (vx_is_later(p))
			break;
	}
	p->t.proto = next;
	return 0;
}

static __always_inline void parse_end_at(struct vx_pkt *p, __u32 end)
{
	if (end < p->end)
		p->end = end;
}

static __always_inline int parse_outer_ip4(void *ctx, struct vx_pkt *p)
{
	const struct iphdr *ip = &p->h.ip4;

	if (parse_ip4(ctx, p) || ip->protocol != IPPROTO_UDP)
		return VX_L_NOT_VXLAN;
	p->t.outer_family = VX_IP4;
	__builtin_memcpy(p->t.outer_src, &ip->saddr, 4);
	parse_end_at(p, p->off + VX_BE16(ip->tot_len));
	p->off += ip->ihl * 4;
	return ip->frag_off & VX_BE16(VX_IP_MF | VX_IP_OFFSET) ? VX_L_OUTER_FRAGMENT : 0;
}

static __always_inline int parse_outer_ip6(void *ctx, struct vx_pkt *p)
{
	const struct ipv6hdr *ip = &p->h.ip6;

	if (parse_ip6(ctx, p))
		return VX_L_NOT_VXLAN;
	p->t.outer_family = VX_IP6;
	__builtin_memcpy(p->t.outer_src, &ip->saddr, 16);
	p->off += sizeof(*ip);
	parse_end_at(p, p->off + VX_BE16(ip->payload_len));
	if (parse_ext(ctx, p, ip->nexthdr) || p->t.proto != IPPROTO_UDP)
		return VX_L_NOT_VXLAN;
	return p->ext_frag ? VX_L_OUTER_FRAGMENT : 0;
}

/* The IP header at the cursor, of EtherType p->type. The cursor is behind it for a fragment, too.
 */
static __always_inline int parse_outer_ip(void *ctx, struct vx_pkt *p)
{
	if (p->type == VX_BE16(ETH_P_IP))
		return parse_outer_ip4(ctx, p);
	if (p->type == VX_BE16(ETH_P_IPV6))
		return parse_outer_ip6(ctx, p);
	return VX_L_NOT_VXLAN;
}

/* UDP and VXLAN at the cursor; port in host order. Sets p->t.vni. */
static __always_inline int parse_vxlan(void *ctx, struct vx_pkt *p, __u16 port)
{
	if (parse_read(ctx, p, p->off, &p->h.udp, sizeof(p->h.udp)))
		return VX_L_NOT_VXLAN;
	if (p->h.udp.dest != VX_BE16(port) || VX_BE16(p->h.udp.len) < 16)
		return VX_L_NOT_VXLAN;
	parse_end_at(p, p->off + VX_BE16(p->h.udp.len));
	p->off += sizeof(p->h.udp);

	if (parse_read(ctx, p, p->off, &p->h.vxlan, sizeof(p->h.vxlan)))
		return VX_L_NOT_VXLAN;
	if (!(p->h.vxlan.flags & VX_VXLAN_I))
		return VX_L_NOT_VXLAN;
	p->t.vni = VX_BE32(p->h.vxlan.vni) >> 8;
	p->off += sizeof(p->h.vxlan);
	return 0;
}

/* From the start of the frame to the inner Ethernet header; port in host order. Sets p->t.vni. */
static __always_inline int parse_outer(void *ctx, struct vx_pkt *p, __u16 port)
{
	int row;

	if (parse_eth(ctx, p) < 0)
		return VX_L_NOT_VXLAN;
	row = parse_outer_ip(ctx, p);
	if (row)
		return row;
	VX_FORGET();
	return parse_vxlan(ctx, p, port);
}

static __always_inline int parse_inner_ip4(void *ctx, struct vx_pkt *p)
{
	const struct iphdr *ip = &p->h.ip4;
	__u32 head, total;
	__u16 frag;

	if (parse_ip4(ctx, p))
		return VX_L_MALFORMED;
	head = ip->ihl * 4;
	total = VX_BE16(ip->tot_len);
	if (total < head || p->off + head > p->end)
		return VX_L_MALFORMED;
	__builtin_memcpy(p->t.src, &ip->saddr, 4);
	__builtin_memcpy(p->t.dst, &ip->daddr, 4);
	p->t.family = VX_IP4;
	p->t.proto = ip->protocol;
	p->ip_sum = ip->check;
	p->ip_end = p->l3 + total;
	p->l4 = p->l3 + head;

	frag = VX_BE16(ip->frag_off);
	if (frag & (VX_IP_MF | VX_IP_OFFSET)) {
		p->t.flags |= frag & VX_IP_OFFSET ? VX_T_FRAG : VX_T_FRAG | VX_T_FIRST;
		p->frag_id = ip->id;
		p->frag_proto = ip->protocol;
	}
	return 0;
}

static __always_inline int parse_inner_ip6(void *ctx, struct vx_pkt *p)
{
	const struct ipv6hdr *ip = &p->h.ip6;

	if (parse_ip6(ctx, p))
		return VX_L_MALFORMED;
	__builtin_memcpy(p->t.src, &ip->saddr, 16);
	__builtin_memcpy(p->t.dst, &ip->daddr, 16);
	p->t.family = VX_IP6;
	p->off += sizeof(*ip);
	p->ip_end = p->off + VX_BE16(ip->payload_len);
	/* The walk ends where the packet does, by its length or by what is there of it. */
	parse_end_at(p, p->off + VX_BE16(ip->payload_len));
	if (parse_ext(ctx, p, ip->nexthdr))
		return VX_L_MALFORMED;
	p->l4 = p->off;
	return 0;
}

/* Inner Ethernet and IP, from the cursor on. Sets addresses, protocol, offsets; trims padding. */
static __always_inline int parse_inner(void *ctx, struct vx_pkt *p)
{
	int row = VX_L_NOT_IP;
	int tags = parse_eth(ctx, p);

	if (tags < 0)
		return VX_L_MALFORMED;
	p->t.tags = (__u8)tags;
	p->l3 = p->off;
	p->ext_frag = 0;
	VX_FORGET();
	if (p->type == VX_BE16(ETH_P_IP))
		row = parse_inner_ip4(ctx, p);
	else if (p->type == VX_BE16(ETH_P_IPV6))
		row = parse_inner_ip6(ctx, p);
	if (row)
		return row;
	VX_FORGET();
	parse_end_at(p, p->ip_end);
	if (p->ip_end > p->end)
		p->t.flags |= VX_T_TRUNCATED;
	p->t.ip_len = p->end - p->l3;
	return 0;
}

static __always_inline int parse_udp(void *ctx, struct vx_pkt *p)
{
	const struct udphdr *udp = &p->h.udp;
	__u32 len;

	if (parse_read(ctx, p, p->l4, &p->h.udp, VX_UDP_SUM_END))
		return VX_L_MALFORMED;
	len = VX_BE16(udp->len);
	if (len < sizeof(*udp) || (!vx_is_frag(p) && p->l4 + len > p->ip_end))
		return VX_L_MALFORMED;
	p->t.sport = udp->source;
	p->t.dport = udp->dest;
	p->l4_sum = udp->check;
	p->l4_min = VX_UDP_SUM_END;
	return 0;
}

static __always_inline int parse_tcp(void *ctx, struct vx_pkt *p)
{
	const struct tcphdr *tcp = &p->h.tcp;
	__u32 head;

	if (parse_read(ctx, p, p->l4, &p->h.tcp, VX_TCP_SUM_END))
		return VX_L_MALFORMED;
	head = tcp->doff * 4;
	/* A first fragment may end within the options. */
	if (head < sizeof(*tcp) || (!vx_is_frag(p) && p->l4 + head > p->end))
		return VX_L_MALFORMED;
	p->t.sport = tcp->source;
	p->t.dport = tcp->dest;
	p->l4_sum = tcp->check;
	p->l4_min = VX_TCP_SUM_END;
	return 0;
}

/* Ports and checksum of TCP and UDP, where they can be read: never in a later fragment. */
static __always_inline int parse_l4(void *ctx, struct vx_pkt *p)
{
	int row;

	if (vx_is_later(p))
		return 0;
	if (p->t.proto == IPPROTO_UDP)
		row = parse_udp(ctx, p);
	else if (p->t.proto == IPPROTO_TCP)
		row = parse_tcp(ctx, p);
	else
		return 0;
	if (!row)
		p->t.flags |= VX_T_HAS_PORTS;
	return row;
}

#endif
