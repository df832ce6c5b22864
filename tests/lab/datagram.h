/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Puts the fragments of a datagram together as far as a checksum needs it: the sum of all data, the
 * length, and a copy of the beginning. Fragments may come in any order. Fixed memory, one thread.
 */
#ifndef LAB_DATAGRAM_H
#define LAB_DATAGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/model/parse.h"

#define DATAGRAM_HEAD	   96 /* bytes kept from offset 0: the transport header and the stamp */
#define DATAGRAM_MAX_FRAGS 128

struct datagram {
	bool used;
	uint8_t version, proto;
	uint32_t id;
	uint8_t src[16], dst[16];
	uint64_t sum;	/* of all data seen, unfolded */
	uint32_t bytes; /* data seen */
	uint32_t total; /* known once the last fragment came, else 0 */
	uint32_t head_len;
	uint8_t head[DATAGRAM_HEAD];
	uint64_t stamp; /* order of use, to evict the oldest */
	uint16_t n;
	uint16_t off[DATAGRAM_MAX_FRAGS]; /* in units of 8 bytes */
};

struct datagram_table;

enum datagram_result {
	DATAGRAM_PART,	   /* more is to come */
	DATAGRAM_COMPLETE, /* *out is whole; it is valid until the next call */
	DATAGRAM_DUPLICATE,
	DATAGRAM_BAD, /* too many pieces, or pieces that overlap */
};

struct datagram_table *datagram_table_new(void);
void datagram_table_free(struct datagram_table *t);

/* p is a fragment (p->frag). */
enum datagram_result datagram_add(struct datagram_table *t, const struct parse_pkt *p,
				  const struct datagram **out);

/* Datagrams of which pieces are missing: now in the table, and evicted from it. */
uint64_t datagram_incomplete(const struct datagram_table *t);

#endif
