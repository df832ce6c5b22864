// SPDX-License-Identifier: GPL-2.0-only
/* Flows that are denied, summed up by what an entry would admit of them. Pure. [engine] */
#include "engine/model/admits.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

size_t admits_denied(struct admits_flow *f, size_t n, const struct allow *list, enum vx_match match)
{
	size_t left = 0;

	for (size_t i = 0; i < n; i++)
		if (!(match != VX_MATCH_DST && allow_match(list, &f[i].src)) &&
		    !(match != VX_MATCH_SRC && allow_match(list, &f[i].dst)))
			f[left++] = f[i];
	return left;
}

enum side { NEITHER, FROM, TO };

static enum side side_of(const struct admits_flow *f, const struct cidr *c, enum vx_match match)
{
	if (match != VX_MATCH_DST && addr_cidr_contains(c, &f->src))
		return FROM;
	return match != VX_MATCH_SRC && addr_cidr_contains(c, &f->dst) ? TO : NEITHER;
}

/* --- a list of parts, of which equal ones become one --- */

struct parts {
	struct admits_part *p;
	size_t n;
};

static void push_addr(struct parts *to, const struct addr *a, uint64_t pps)
{
	to->p[to->n++] = (struct admits_part){ .addr = *a, .pps = pps };
}

static int by_key(const void *a, const void *b)
{
	const struct admits_part *x = a, *y = b;
	int c = memcmp(&x->addr, &y->addr, sizeof(x->addr));

	c = c ? c : x->proto - y->proto;
	return c ? c : x->port - y->port;
}

static int by_pps(const void *a, const void *b)
{
	const struct admits_part *x = a, *y = b;

	return x->pps != y->pps ? (x->pps < y->pps ? 1 : -1) : by_key(a, b);
}

/* How many there are; the busiest of them go to most. */
static size_t merge(struct parts *list, struct admits_part *most, size_t *n_most)
{
	size_t left = 0;

	qsort(list->p, list->n, sizeof(*list->p), by_key);
	for (size_t i = 0; i < list->n; i++)
		if (left && !by_key(&list->p[left - 1], &list->p[i]))
			list->p[left - 1].pps += list->p[i].pps;
		else
			list->p[left++] = list->p[i];
	if (most) {
		qsort(list->p, left, sizeof(*list->p), by_pps);
		*n_most = left < ADMITS_MOST ? left : ADMITS_MOST;
		memcpy(most, list->p, *n_most * sizeof(*most));
	}
	return left;
}

struct sums {
	struct parts inside, peers, senders, protocols;
};

static void add_flow(struct sums *s, const struct admits_flow *f, const struct cidr *c,
		     enum vx_match match, enum side side)
{
	bool both = match == VX_MATCH_ANY && addr_cidr_contains(c, &f->dst);
	const struct addr *mine = side == FROM ? &f->src : &f->dst;
	const struct addr *peer = side == FROM ? &f->dst : &f->src;

	push_addr(&s->inside, mine, f->pps);
	if (side == FROM && both)
		push_addr(&s->inside, &f->dst, f->pps);
	if (!addr_cidr_contains(c, peer))
		push_addr(&s->peers, peer, f->pps);
	if (side == TO)
		push_addr(&s->senders, &f->src, f->pps);
	s->protocols.p[s->protocols.n++] =
		(struct admits_part){ .proto = f->proto, .port = f->port, .pps = f->pps };
}

int admits_sum(const struct admits_flow *f, size_t n, const struct cidr *c, enum vx_match match,
	       struct admits *out)
{
	struct admits_part *room = calloc(5 * n + 1, sizeof(*room));
	/* of n each, but inside, which may take both addresses of a flow */
	struct sums s = {
		{ room, 0 }, { room + 2 * n, 0 }, { room + 3 * n, 0 }, { room + 4 * n, 0 }
	};

	memset(out, 0, sizeof(*out));
	if (!room)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		enum side side = side_of(&f[i], c, match);

		if (side == NEITHER)
			continue;
		*(side == FROM ? &out->from_pps : &out->to_pps) += f[i].pps;
		add_flow(&s, &f[i], c, match, side);
	}
	out->pps = out->from_pps + out->to_pps;
	out->inside = merge(&s.inside, NULL, NULL);
	out->senders = merge(&s.senders, NULL, NULL);
	out->others = merge(&s.peers, out->peer, &out->n_peers);
	merge(&s.protocols, out->protocol, &out->n_protocols);
	free(room);
	return 0;
}

uint64_t admits_ruled(const struct admits_flow *f, size_t n, const struct cidr *c,
		      enum vx_match match, const struct nat *rules, uint64_t *unknown)
{
	uint64_t pps = 0;

	*unknown = 0;
	for (size_t i = 0; i < n; i++) {
		if (side_of(&f[i], c, match) == NEITHER)
			continue;
		if (nat_match(rules, f[i].proto, f[i].port, &f[i].dst))
			pps += f[i].pps;
		else if (!f[i].port && (f[i].proto == IPPROTO_UDP || f[i].proto == IPPROTO_TCP))
			*unknown += f[i].pps;
	}
	return pps;
}
