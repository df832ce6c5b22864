/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A packet as somebody types it for `explain`, and the mirrored frame that it would come in:
 * Ethernet, IP, UDP, VXLAN (RFC 7348), and inside it the packet with right checksums. Pure.
 */
#ifndef ENGINE_MODEL_PACKET_H
#define ENGINE_MODEL_PACKET_H

#include "engine/model/addr.h"

/* What the kernel takes for a test run is some 70,000 bytes; no IP packet is longer than this. */
#define PACKET_FRAME_MAX 65535

struct packet {
	uint8_t proto; /* IPPROTO_ICMPV6 for icmp between IPv6 addresses */
	uint8_t ttl;
	bool frag; /* a fragment: the three below */
	bool more;
	uint32_t frag_id;
	uint32_t frag_off; /* bytes */
	struct addr src, dst, from;
	uint16_t sport, dport; /* host order */
	uint32_t vni;
	bool has_vni;
	uint32_t len; /* of the inner IP packet, bytes */
};

/* "udp 10.1.2.3:5000 > 172.30.74.144:31765 vni 7": words after `explain`. "to" for ">" does as
 * well, so that nothing has to be quoted in a shell. -EINVAL with what was expected. */
int packet_parse(int argc, char *const *argv, struct packet *out, struct vx_err *err)
	__attribute__((warn_unused_result));
/* Whether a first word begins a packet; any other is the name of a file. */
bool packet_is_word(const char *word);
/* The i-th of these words, NULL past the last; and of those that may follow the addresses. */
const char *packet_word(unsigned i);
const char *packet_option(unsigned i);
/* Writes the frame, as it arrives on UDP port; returns its length. */
uint32_t packet_build(const struct packet *p, uint16_t port, uint8_t out[static PACKET_FRAME_MAX]);

/* For packet*.c only: bytes of the IP headers, a fragment header too. */
uint32_t packet_ip_bytes(const struct packet *p);

#endif
