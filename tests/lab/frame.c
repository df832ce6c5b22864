/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frame building. Headers are written field by field with put16/put32, so that one look shows the
 * wire; nothing is cast onto packet memory.
 */
#include "frame.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#include "engine/model/put.h"
#include "engine/model/sum.h"

static const uint8_t inner_dmac[6] = { 0x02, 0x56, 0x58, 0x00, 0x00, 0x02 };
static const uint8_t inner_smac[6] = { 0x02, 0x56, 0x58, 0x00, 0x00, 0x01 };

static uint8_t *put_bytes(uint8_t *p, const void *from, size_t n)
{
	memcpy(p, from, n);
	return p + n;
}

static uint8_t *put_eth(uint8_t *p, const uint8_t *dst, const uint8_t *src, uint16_t vid,
			uint16_t type)
{
	p = put_bytes(put_bytes(p, dst, ETH_ALEN), src, ETH_ALEN);
	if (vid)
		p = put16(put16(p, ETH_P_8021Q), vid);
	return put16(p, type);
}

static uint8_t *put_ip4(uint8_t *p, uint32_t total, uint32_t id, uint16_t frag, uint32_t ttl_proto,
			const uint8_t *src, const uint8_t *dst)
{
	uint8_t *ip = p;
	uint16_t sum;

	p = put16(put16(p, 0x4500), total);
	p = put16(put16(p, id), frag);
	p = put16(put16(p, ttl_proto), 0);
	p = put_bytes(put_bytes(p, src, 4), dst, 4);
	sum = (uint16_t)~sum_fold(sum_add(0, ip, 20));
	memcpy(ip + 10, &sum, 2);
	return p;
}

static uint8_t *put_ip6(uint8_t *p, uint32_t payload, uint8_t proto, uint8_t hops,
			const uint8_t *src, const uint8_t *dst)
{
	p = put16(put32(p, 6u << 28), payload);
	*p++ = proto;
	*p++ = hops;
	return put_bytes(put_bytes(p, src, 16), dst, 16);
}

static bool vlan_inner(const struct conf *c)
{
	return c->vlan == CONF_VLAN_INNER || c->vlan == CONF_VLAN_BOTH;
}

static bool vlan_outer(const struct conf *c)
{
	return c->vlan == CONF_VLAN_OUTER || c->vlan == CONF_VLAN_BOTH;
}

static uint8_t ip_proto(const struct conf *c)
{
	if (c->proto == CONF_UDP)
		return IPPROTO_UDP;
	if (c->proto == CONF_TCP)
		return IPPROTO_TCP;
	return c->inner == CONF_IP4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
}

static uint32_t l3_of_inner(const struct conf *c)
{
	return vlan_inner(c) ? 18 : 14;
}

static uint32_t l4_of_inner(const struct conf *c)
{
	return l3_of_inner(c) + (c->inner == CONF_IP4 ? 20 : 40);
}

uint32_t frame_min_size(const struct conf *c)
{
	uint32_t first = (c->proto == CONF_TCP ? 20 : 8) + (uint32_t)sizeof(struct stamp);

	/* Pieces are equal but for the last, which is longer; the first holds the stamp. */
	if (c->frag > 1)
		first = (first + 7) / 8 * 8 * (uint32_t)c->frag;
	return l4_of_inner(c) + first;
}

/* The transport header with a checksum of 0; returns where that checksum stands. */
static uint8_t *put_l4(const struct conf *c, const struct frame_inner *in, uint8_t *p, uint32_t len)
{
	uint32_t seq = ntohl(in->stamp.seq);

	memset(p, 0, 20);
	if (c->proto == CONF_ICMP) {
		put16(p, c->inner == CONF_IP4 ? 0x0800 : 0x8000); /* echo request */
		put16(put16(p + 4, ntohs(in->stamp.flow)), seq);
		return p + 2;
	}
	put16(put16(p, in->sport), in->dport);
	if (c->proto == CONF_UDP) {
		put16(p + 4, len);
		return p + 6;
	}
	put32(put32(p + 4, seq * (len - 20)), 1);
	put32(p + 12, 0x5018ffff); /* 20 bytes; PSH, ACK; window 65535 */
	return p + 16;
}

/* Any bytes will do that are not all alike, so that a cut or shifted payload shows in the sum. */
static void put_filler(uint8_t *p, uint32_t n)
{
	static uint8_t pattern[256 * 8];
	uint32_t i;

	if (!pattern[1])
		for (i = 0; i < sizeof(pattern); i++)
			pattern[i] = (uint8_t)(i * 7 + (i >> 8));
	for (; n > sizeof(pattern); n -= (uint32_t)sizeof(pattern))
		p = put_bytes(p, pattern, sizeof(pattern));
	memcpy(p, pattern, n);
}

static void fill_sum(const struct conf *c, const struct frame_inner *in, uint8_t *field,
		     const uint8_t *l4, uint32_t len)
{
	uint64_t sum = sum_add(0, l4, len);
	uint16_t folded;

	if (c->proto != CONF_ICMP || c->inner == CONF_IP6)
		sum += sum_pseudo(in->src, c->dst.b, c->dst.len, ip_proto(c), len);
	folded = (uint16_t)~sum_fold(sum);
	if (!folded && c->proto == CONF_UDP)
		folded = 0xffff;
	memcpy(field, &folded, 2);
}

void frame_inner(const struct conf *c, const struct frame_inner *in, uint32_t size, uint8_t *out)
{
	uint32_t l3 = l3_of_inner(c), l4 = l4_of_inner(c), len = size - l4;
	uint32_t header = c->proto == CONF_TCP ? 20 : 8;
	uint16_t vid = vlan_inner(c) ? FRAME_INNER_VID : 0;
	const uint8_t *dmac = c->plain ? c->dmac.b : inner_dmac;
	const uint8_t *smac = c->plain ? c->mac : inner_smac;
	uint8_t *field;

	if (c->inner == CONF_IP4) {
		put_eth(out, dmac, smac, vid, ETH_P_IP);
		put_ip4(out + l3, size - l3, in->id & 0xffff, c->frag > 1 ? 0 : 0x4000,
			64u << 8 | ip_proto(c), in->src, c->dst.b);
	} else {
		put_eth(out, dmac, smac, vid, ETH_P_IPV6);
		put_ip6(out + l3, len, ip_proto(c), 64, in->src, c->dst.b);
	}
	field = put_l4(c, in, out + l4, len);
	memcpy(out + l4 + header, &in->stamp, sizeof(in->stamp));
	header += (uint32_t)sizeof(in->stamp);
	put_filler(out + l4 + header, len - header);
	fill_sum(c, in, field, out + l4, len);
}

uint32_t frame_outer_len(const struct conf *c)
{
	if (c->plain)
		return 0;
	return 14 + (vlan_outer(c) ? 4u : 0u) + (c->outer == CONF_IP4 ? 20u : 40u) + 8 + 8;
}

void frame_outer(const struct conf *c, uint16_t sport, uint32_t inner_len, uint8_t *out)
{
	uint16_t vid = vlan_outer(c) ? FRAME_OUTER_VID : 0;
	uint32_t udp = inner_len + 16;
	uint8_t *p;

	if (c->plain)
		return;
	if (c->outer == CONF_IP4) {
		p = put_eth(out, c->dmac.b, c->mac, vid, ETH_P_IP);
		p = put_ip4(p, udp + 20, 0, 0, 255u << 8 | IPPROTO_UDP, c->outer_src.b,
			    c->outer_dst.b);
	} else {
		p = put_eth(out, c->dmac.b, c->mac, vid, ETH_P_IPV6);
		p = put_ip6(p, udp, IPPROTO_UDP, 255, c->outer_src.b, c->outer_dst.b);
	}
	p = put16(put16(put16(put16(p, sport), (uint32_t)c->port), udp), 0);
	put32(put32(p, 0x08u << 24), (uint32_t)c->vni << 8);
}

static uint32_t cut_ip4(uint8_t *ip, uint32_t off, uint32_t n, bool last)
{
	uint16_t sum;

	put16(ip + 2, 20 + n);
	put16(ip + 6, off / 8 | (last ? 0u : 0x2000u));
	put16(ip + 10, 0);
	sum = (uint16_t)~sum_fold(sum_add(0, ip, 20));
	memcpy(ip + 10, &sum, 2);
	return 20;
}

static uint32_t cut_ip6(uint8_t *ip, uint32_t off, uint32_t n, bool last, uint32_t id)
{
	put16(ip + 4, 8 + n);
	ip[40] = ip[6];
	ip[41] = 0;
	ip[6] = IPPROTO_FRAGMENT;
	put32(put16(ip + 42, off | (last ? 0 : 1)), id);
	return 48;
}

uint32_t frame_cut(const uint8_t *frame, uint32_t len, uint32_t l3, uint32_t k, uint32_t n,
		   uint32_t id, uint8_t *out)
{
	bool v4 = frame[l3] >> 4 == 4;
	uint32_t header = v4 ? 20 : 40, data = l3 + header;
	uint32_t piece = (len - data) / n / 8 * 8;
	uint32_t off = k * piece, count = k == n - 1 ? len - data - off : piece;

	if (n <= 1) {
		memcpy(out, frame, len);
		return len;
	}
	memcpy(out, frame, data);
	header = v4 ? cut_ip4(out + l3, off, count, k == n - 1)
		    : cut_ip6(out + l3, off, count, k == n - 1, id);
	memcpy(out + l3 + header, frame + data + off, count);
	return l3 + header + count;
}
