/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a new entry of the allowlist would admit of the packets that are denied now: sums over flows
 * with their rates. Pure. [engine]
 */
#ifndef ENGINE_MODEL_ADMITS_H
#define ENGINE_MODEL_ADMITS_H

#include "engine/model/allow.h"
#include "engine/model/nat.h"

struct admits_flow {
	struct addr src, dst;
	uint8_t proto;
	uint16_t port; /* inner destination, host order; 0: not known, or the protocol has none */
	uint64_t pps;
};

#define ADMITS_MOST 10 /* of the busiest */

struct admits_part {
	struct addr addr; /* of peers */
	uint8_t proto;	  /* of protocols */
	uint16_t port;
	uint64_t pps;
};

struct admits {
	uint64_t pps, from_pps, to_pps; /* from the prefix; else to it: no packet counts twice */
	size_t inside;			/* addresses of the prefix that they come from or go to */
	size_t others;			/* addresses at the other end, outside of the prefix */
	size_t senders;			/* those of to_pps, wherever they are */
	size_t n_peers, n_protocols;
	struct admits_part peer[ADMITS_MOST], protocol[ADMITS_MOST];
};

/* Leaves of f those that this list denies; how many. */
size_t admits_denied(struct admits_flow *f, size_t n, const struct allow *list,
		     enum vx_match match);
/* Which of these flows, all of them denied, the list with c would admit. -ENOMEM. */
int admits_sum(const struct admits_flow *f, size_t n, const struct cidr *c, enum vx_match match,
	       struct admits *out) __attribute__((warn_unused_result));
/* Packets/s of them that a rule takes; *unknown: those whose port is not known. */
uint64_t admits_ruled(const struct admits_flow *f, size_t n, const struct cidr *c,
		      enum vx_match match, const struct nat *rules, uint64_t *unknown);

#endif
