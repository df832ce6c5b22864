/* SPDX-License-Identifier: GPL-2.0-only */
/* ARP requests and neighbour solicitations, and their answers. [engine] */
#include "engine/model/ask.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/icmpv6.h>
#include <linux/ipv6.h>
#include <net/if_arp.h>
#include <netinet/if_ether.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

#include "engine/model/sum.h"

#define ND_SOLICIT   135
#define ND_ADVERTISE 136
#define ND_SOURCE    1 /* option: the link-layer address of the sender */

/* Of both, behind the Ethernet header; all members are bytes or aligned within. */
struct nd {
	struct ipv6hdr ip;
	uint8_t type, code;
	__be16 sum;
	__be32 flags;
	uint8_t target[16];
	uint8_t option, option_len; /* in 8 bytes */
	uint8_t mac[6];
} __attribute__((packed));

#define ARP_BYTES (ETH_HLEN + sizeof(struct ether_arp))

static uint32_t build_arp(const struct ask *a, uint8_t *out)
{
	struct ether_arp arp = { .ea_hdr = { .ar_hrd = htons(ARPHRD_ETHER),
					     .ar_pro = htons(ETH_P_IP),
					     .ar_hln = ETH_ALEN,
					     .ar_pln = 4,
					     .ar_op = htons(ARPOP_REQUEST) } };

	memcpy(arp.arp_sha, a->from_mac, ETH_ALEN);
	memcpy(arp.arp_spa, a->from.b, 4);
	memcpy(arp.arp_tha, a->whom_mac, ETH_ALEN);
	memcpy(arp.arp_tpa, a->whom.b, 4);
	memcpy(out + ETH_HLEN, &arp, sizeof(arp));
	return ETH_ZLEN; /* nobody pads a redirected frame */
}

static uint32_t build_nd(const struct ask *a, uint8_t *out)
{
	const uint32_t payload = sizeof(struct nd) - sizeof(struct ipv6hdr);
	struct nd nd = { .ip = { .version = 6,
				 .payload_len = htons((uint16_t)payload),
				 .nexthdr = IPPROTO_ICMPV6,
				 .hop_limit = 255 },
			 .type = ND_SOLICIT,
			 .option = ND_SOURCE,
			 .option_len = 1 };
	uint64_t sum;

	memcpy(&nd.ip.saddr, a->from.b, 16);
	memcpy(&nd.ip.daddr, a->whom.b, 16);
	memcpy(nd.target, a->whom.b, 16);
	memcpy(nd.mac, a->from_mac, ETH_ALEN);
	sum = sum_pseudo(a->from.b, a->whom.b, 16, IPPROTO_ICMPV6, payload);
	nd.sum = (__be16)~sum_fold(sum_add(sum, &nd.type, payload));
	memcpy(out + ETH_HLEN, &nd, sizeof(nd));
	return ETH_HLEN + sizeof(nd);
}

uint32_t ask_build(const struct ask *a, uint8_t out[static ASK_MAX])
{
	uint16_t type = htons(a->whom.family == VX_IP4 ? ETH_P_ARP : ETH_P_IPV6);

	memset(out, 0, ASK_MAX);
	memcpy(out, a->whom_mac, ETH_ALEN);
	memcpy(out + ETH_ALEN, a->from_mac, ETH_ALEN);
	memcpy(out + 2 * ETH_ALEN, &type, sizeof(type));
	return a->whom.family == VX_IP4 ? build_arp(a, out) : build_nd(a, out);
}

static bool arp_answered(const uint8_t *frame, uint32_t len, const struct addr *whom)
{
	struct ether_arp arp;

	if (len < ARP_BYTES)
		return false;
	memcpy(&arp, frame + ETH_HLEN, sizeof(arp));
	return arp.ea_hdr.ar_op == htons(ARPOP_REPLY) && !memcmp(arp.arp_spa, whom->b, 4);
}

static bool nd_answered(const uint8_t *frame, uint32_t len, const struct addr *whom)
{
	const uint8_t *nd = frame + ETH_HLEN;

	if (len < ETH_HLEN + offsetof(struct nd, option))
		return false;
	return nd[offsetof(struct nd, ip) + offsetof(struct ipv6hdr, nexthdr)] == IPPROTO_ICMPV6 &&
	       nd[offsetof(struct nd, type)] == ND_ADVERTISE &&
	       !memcmp(nd + offsetof(struct nd, target), whom->b, 16);
}

bool ask_answered(const uint8_t *frame, uint32_t len, const struct addr *whom)
{
	uint16_t type;

	if (len < ETH_HLEN)
		return false;
	memcpy(&type, frame + 2 * ETH_ALEN, sizeof(type));
	if (type == htons(ETH_P_ARP) && whom->family == VX_IP4)
		return arp_answered(frame, len, whom);
	return type == htons(ETH_P_IPV6) && whom->family == VX_IP6 && nd_answered(frame, len, whom);
}
