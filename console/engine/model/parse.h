/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Finds the layers of one Ethernet frame: tags, IPv4 or IPv6 with extension headers, fragment,
 * transport. For what `explain` shows of a frame, and for vxgen. Pure; anybody in user space may
 * include it. Offsets are bytes from the start of the frame; numbers are in host byte order.
 */
#ifndef ENGINE_MODEL_PARSE_H
#define ENGINE_MODEL_PARSE_H

#include <stdbool.h>
#include <stdint.h>

struct parse_pkt {
	const uint8_t *frame;
	uint32_t len;
	uint16_t ethertype; /* after the tags */
	uint8_t tags;	    /* 802.1Q and 802.1ad tags looked through */
	uint8_t version;    /* 4, 6, or 0: not IP, and nothing below is set */
	uint8_t alen;	    /* 4 or 16 */
	uint8_t proto;	    /* after the extension headers */
	bool frag;	    /* a fragment; frag_off (bytes), more and id say which */
	bool more;
	bool truncated;	 /* the IP length promises more bytes than there are */
	bool odd_pseudo; /* an extension header changes the pseudo-header: the sum says nothing */
	uint32_t frag_off;
	uint32_t id;
	uint32_t l3;  /* IP header */
	uint32_t l4;  /* what follows IP; of a later fragment, its data */
	uint32_t end; /* end of the IP packet within the frame */
	const uint8_t *src, *dst;
};

/* 0, or -1: the frame ends within a header or contradicts itself. Not IP is 0 with version 0. */
int parse_frame(struct parse_pkt *p, const uint8_t *frame, uint32_t len);

/* The offset of the transport checksum from l4 (UDP 6, TCP 16, ICMP and ICMPv6 2), or -1. */
int parse_sum_offset(const struct parse_pkt *p);

uint16_t parse_be16(const uint8_t *p);
uint32_t parse_be32(const uint8_t *p);

#endif
