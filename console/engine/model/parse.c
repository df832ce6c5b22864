/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Finds the layers of one Ethernet frame. Every read is bounded by the frame's length, as frames
 * come from the wire and from files of others.
 */
#include "engine/model/parse.h"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#define MAX_TAGS 4
#define MAX_EXT	 8

uint16_t parse_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

uint32_t parse_be32(const uint8_t *p)
{
	return (uint32_t)parse_be16(p) << 16 | parse_be16(p + 2);
}

static bool has(const struct parse_pkt *p, uint32_t off, uint32_t n)
{
	return off <= p->len && p->len - off >= n;
}

static int parse_l2(struct parse_pkt *p)
{
	uint32_t off = 12;

	if (!has(p, 0, ETH_HLEN))
		return -1;
	for (;; off += 4) {
		if (!has(p, off, 2))
			return -1;
		p->ethertype = parse_be16(p->frame + off);
		if (p->ethertype != ETH_P_8021Q && p->ethertype != ETH_P_8021AD &&
		    p->ethertype != ETH_P_QINQ1)
			break;
		if (++p->tags > MAX_TAGS)
			return -1;
	}
	p->l3 = off + 2;
	return 0;
}

/* Sets end and truncated from the length that the IP header states. */
static void set_end(struct parse_pkt *p, uint32_t ip_len)
{
	p->end = p->l3 + ip_len;
	p->truncated = p->end > p->len;
	if (p->truncated)
		p->end = p->len;
}

static int parse_ip4(struct parse_pkt *p)
{
	const uint8_t *ip = p->frame + p->l3;
	uint32_t ihl, total, frag;

	if (!has(p, p->l3, 20) || ip[0] >> 4 != 4)
		return -1;
	ihl = (ip[0] & 15u) * 4;
	total = parse_be16(ip + 2);
	if (ihl < 20 || total < ihl || !has(p, p->l3, ihl))
		return -1;
	frag = parse_be16(ip + 6);
	p->version = 4;
	p->alen = 4;
	p->src = ip + 12;
	p->dst = ip + 16;
	p->proto = ip[9];
	p->id = parse_be16(ip + 4);
	p->frag_off = (frag & 0x1fff) * 8;
	p->more = frag & 0x2000;
	p->frag = p->more || p->frag_off;
	p->l4 = p->l3 + ihl;
	set_end(p, total);
	return 0;
}

/* One extension header at l4; its length, 0 when proto is none, -1 when it is cut. */
static int parse_ext(struct parse_pkt *p)
{
	const uint8_t *h = p->frame + p->l4;
	uint32_t len = 8;

	if (p->proto != IPPROTO_HOPOPTS && p->proto != IPPROTO_ROUTING &&
	    p->proto != IPPROTO_DSTOPTS && p->proto != IPPROTO_FRAGMENT)
		return 0;
	if (!has(p, p->l4, 8))
		return -1;
	if (p->proto == IPPROTO_FRAGMENT) {
		p->frag_off = parse_be16(h + 2) & 0xfff8;
		p->more = h[3] & 1;
		p->frag = p->more || p->frag_off;
		p->id = parse_be32(h + 4);
	} else {
		len = (h[1] + 1u) * 8;
		p->odd_pseudo |=
			p->proto == IPPROTO_DSTOPTS || (p->proto == IPPROTO_ROUTING && h[3] > 0);
	}
	if (p->l4 + len > p->end)
		return -1;
	p->proto = h[0];
	return (int)len;
}

static int parse_ip6(struct parse_pkt *p)
{
	const uint8_t *ip = p->frame + p->l3;
	int i, n = 1;

	if (!has(p, p->l3, 40) || ip[0] >> 4 != 6)
		return -1;
	p->version = 6;
	p->alen = 16;
	p->src = ip + 8;
	p->dst = ip + 24;
	p->proto = ip[6];
	p->l4 = p->l3 + 40;
	set_end(p, 40u + parse_be16(ip + 4));
	for (i = 0; i < MAX_EXT && n > 0 && !p->frag_off; i++) {
		n = parse_ext(p);
		if (n < 0)
			return -1;
		p->l4 += (uint32_t)n;
	}
	return 0;
}

int parse_frame(struct parse_pkt *p, const uint8_t *frame, uint32_t len)
{
	memset(p, 0, sizeof(*p));
	p->frame = frame;
	p->len = len;
	if (parse_l2(p))
		return -1;
	if (p->ethertype == ETH_P_IP)
		return parse_ip4(p);
	if (p->ethertype == ETH_P_IPV6)
		return parse_ip6(p);
	return 0;
}

int parse_sum_offset(const struct parse_pkt *p)
{
	switch (p->proto) {
	case IPPROTO_UDP:
		return 6;
	case IPPROTO_TCP:
		return 16;
	case IPPROTO_ICMP:
		return p->version == 4 ? 2 : -1;
	case IPPROTO_ICMPV6:
		return p->version == 6 ? 2 : -1;
	default:
		return -1;
	}
}
