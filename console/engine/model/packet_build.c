// SPDX-License-Identifier: GPL-2.0-only
/*
 * The frame of a packet that was typed. Headers are written field by field, so that one look shows
 * the wire. The program looks at neither outer MAC nor outer destination: those are of no host.
 */
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

#include "engine/model/packet.h"
#include "engine/model/put.h"
#include "engine/model/sum.h"

#define ECHO4 0x0800
#define ECHO6 0x8000

static uint8_t *put_eth(uint8_t *p, uint8_t family)
{
	static const uint8_t macs[12] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1 };

	memcpy(p, macs, sizeof(macs));
	return put16(p + sizeof(macs), family == VX_IP4 ? ETH_P_IP : ETH_P_IPV6);
}

static uint8_t *put_ip4(uint8_t *ip, uint32_t total, uint32_t id, uint32_t frag, uint8_t ttl,
			uint8_t proto, const struct addr *src, const struct addr *dst)
{
	uint8_t *p = put16(put16(ip, 0x4500), total);
	uint16_t sum;

	p = put16(put16(p, id), frag);
	p = put16(put16(p, (uint32_t)ttl << 8 | proto), 0);
	memcpy(p, src->b, 4);
	memcpy(p + 4, dst->b, 4);
	sum = (uint16_t)~sum_fold(sum_add(0, ip, 20));
	memcpy(ip + 10, &sum, 2);
	return ip + 20;
}

static uint8_t *put_ip6(uint8_t *p, uint32_t payload, uint8_t next, uint8_t hops,
			const struct addr *src, const struct addr *dst)
{
	p = put16(put32(p, 6u << 28), payload);
	*p++ = next;
	*p++ = hops;
	memcpy(p, src->b, 16);
	memcpy(p + 16, dst->b, 16);
	return p + 32;
}

static uint8_t *put_inner_ip(const struct packet *p, uint8_t *at)
{
	uint32_t off = p->frag_off;

	if (p->src.family == VX_IP4)
		return put_ip4(at, p->len, p->frag_id, off / 8 | (p->more ? 0x2000u : 0), p->ttl,
			       p->proto, &p->src, &p->dst);
	at = put_ip6(at, p->len - 40, p->frag ? IPPROTO_FRAGMENT : p->proto, p->ttl, &p->src,
		     &p->dst);
	if (p->frag)
		at = put32(put16(put16(at, (uint32_t)p->proto << 8), off | p->more), p->frag_id);
	return at;
}

/* The header, but for its checksum; returns where that stands, NULL: it has none. */
static uint8_t *put_l4(const struct packet *p, uint8_t *at, uint32_t len)
{
	switch (p->proto) {
	case IPPROTO_UDP:
		/* Of a first fragment the datagram is longer than what is here. */
		put16(put16(put16(at, p->sport), p->dport), len + (p->more ? 8 : 0));
		return at + 6;
	case IPPROTO_TCP:
		put16(put16(at, p->sport), p->dport);
		put32(at + 12, 0x5010ffff); /* 20 bytes; ACK; window 65535 */
		return at + 16;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		put16(at, p->proto == IPPROTO_ICMP ? ECHO4 : ECHO6);
		return at + 2;
	default:
		return NULL;
	}
}

static void put_sum(const struct packet *p, uint8_t *field, const uint8_t *l4, uint32_t len)
{
	uint64_t sum = sum_add(0, l4, len);
	uint16_t folded;

	if (p->proto != IPPROTO_ICMP)
		sum += sum_pseudo(p->src.b, p->dst.b, p->src.family == VX_IP4 ? 4 : 16, p->proto,
				  len);
	folded = (uint16_t)~sum_fold(sum);
	if (!folded && p->proto == IPPROTO_UDP)
		folded = 0xffff;
	memcpy(field, &folded, 2);
}

static uint32_t put_inner(const struct packet *p, uint8_t *out)
{
	uint8_t *at = put_inner_ip(p, put_eth(out, p->src.family)), *field;
	uint32_t len = p->len - packet_ip_bytes(p);

	memset(at, 0, len);
	field = p->frag_off ? NULL : put_l4(p, at, len);
	if (field)
		put_sum(p, field, at, len);
	return ETH_HLEN + p->len;
}

static uint8_t *put_outer(const struct packet *p, uint8_t *at, uint32_t udp)
{
	struct addr to = p->from;

	to.b[p->from.family == VX_IP4 ? 3 : 15] ^= 3; /* a neighbour of the source */
	at = put_eth(at, p->from.family);
	if (p->from.family == VX_IP4)
		return put_ip4(at, 20 + udp, 0, 0, 255, IPPROTO_UDP, &p->from, &to);
	return put_ip6(at, udp, IPPROTO_UDP, 255, &p->from, &to);
}

uint32_t packet_build(const struct packet *p, uint16_t port, uint8_t out[static PACKET_FRAME_MAX])
{
	uint32_t inner = ETH_HLEN + p->len;
	uint8_t *at = put_outer(p, out, 16 + inner);

	/* No checksum, as the mirror sends it. */
	at = put16(put16(put16(put16(at, 65408), port), 16 + inner), 0);
	at = put32(put32(at, 0x08u << 24), p->vni << 8);
	return (uint32_t)(at - out) + put_inner(p, at);
}
