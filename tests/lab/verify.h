/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Judges the packets that reach the sink: addresses, MACs, checksums, sequence, latency. Pure: it
 * is handed frames, and keeps counts. One thread.
 */
#ifndef LAB_VERIFY_H
#define LAB_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "datagram.h"
#include "flowtab.h"
#include "lathist.h"

struct verify_cfg {
	uint8_t mac[6];	    /* the sink's own: the only destination that is right */
	uint8_t src_mac[6]; /* the only source that is right; all 0: any */
	bool any;	    /* packets without a stamp are expected too (a capture is replayed) */
	uint8_t dst_len;    /* 0: any destination; 4 or 16: dst and dst_port must match */
	uint8_t dst[16];
	uint16_t dst_port; /* UDP and TCP; 0: any */
	uint32_t run;	   /* stamp_run() of the sink's start */
};

/* What the receive path knows about a frame beside its bytes. */
struct verify_meta {
	uint64_t time_ns;   /* CLOCK_REALTIME */
	bool sum_not_ready; /* checksum offload: the L4 sum is not filled in yet */
	bool tagged;	    /* a VLAN tag was taken off by the receive path */
};

struct verify_counts {
	uint64_t packets, bytes; /* all but the ignored; bytes of whole frames */
	uint64_t ignored;	 /* ARP, ND, MLD */
	uint64_t bad_ip_sum, bad_l4_sum, bad_mac;
	uint64_t unexpected;
	uint64_t fragments, frag_duplicated;
	uint64_t truncated, padded, tagged, sum_not_ready;
};

struct verify {
	struct verify_cfg cfg;
	struct verify_counts n;
	struct lathist latency;
	struct flowtab *flows;
	struct datagram_table *datagrams;
	char first_problem[160]; /* of the first packet that was not right; "" when all were */
};

/* 0 or -ENOMEM. */
int verify_init(struct verify *v, const struct verify_cfg *cfg);
void verify_fini(struct verify *v);

/* true: the frame counted; false: it was noise. */
bool verify_frame(struct verify *v, const uint8_t *frame, uint32_t len,
		  const struct verify_meta *meta);

#endif
