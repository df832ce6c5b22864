/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Builds frames byte by byte: the inner frame with its stamp and right checksums, the outer headers
 * as AWS Traffic Mirroring makes them, and fragments of either. Pure; the caller owns all buffers.
 */
#ifndef LAB_FRAME_H
#define LAB_FRAME_H

#include <stdint.h>

#include "conf.h"
#include "stamp.h"

#define FRAME_MAX	65600u /* an IP packet of 65,535 bytes with Ethernet header and tag */
#define FRAME_OUTER_MAX (14 + 4 + 40 + 8 + 8)
#define FRAME_OUTER_VID 100
#define FRAME_INNER_VID 200

/* One inner packet's identity. */
struct frame_inner {
	uint8_t src[16];
	uint16_t sport, dport;
	uint32_t id;	    /* of the datagram: IPv4 uses the low half, IPv6 only for fragments */
	struct stamp stamp; /* all fields already in network order */
};

/* The smallest --size that the configuration allows: headers, stamp, room for the fragments. */
uint32_t frame_min_size(const struct conf *c);

/* Writes the inner frame, size bytes, whole. */
void frame_inner(const struct conf *c, const struct frame_inner *in, uint32_t size, uint8_t *out);

/* The length of the outer headers; 0 with --plain. */
uint32_t frame_outer_len(const struct conf *c);

/* Writes the outer headers for an inner frame of inner_len bytes that stands behind them at
 * out + frame_outer_len(). sport: 65408-65535, by flow. */
void frame_outer(const struct conf *c, uint16_t sport, uint32_t inner_len, uint8_t *out);

/* Writes piece k of n of a frame whose IP header (20 bytes, or 40) is at l3, with fragment id for
 * IPv6 (IPv4 keeps its own); returns its length. n = 1 copies. The caller has seen to it that there
 * are 8 bytes for each piece, and room at out. */
uint32_t frame_cut(const uint8_t *frame, uint32_t len, uint32_t l3, uint32_t k, uint32_t n,
		   uint32_t id, uint8_t *out);

#endif
