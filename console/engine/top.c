/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The short lists of the overview: busiest organisations and addresses of the allowlist, the first
 * NAT rules. Made once a second from the rates that rows.c has just read. [engine]
 */
#include "engine/run_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct busy {
	const char *org; /* the list's own string: one of each name */
	uint64_t pps;
};

static int by_org(const void *a, const void *b)
{
	const struct busy *x = a, *y = b;

	return (x->org > y->org) - (x->org < y->org);
}

/* Keeps the SNAP_TOP largest, the first among equals. The place of a new one, or NULL. */
static struct snap_top *insert(struct snap_top *top, unsigned *n, uint64_t pps)
{
	unsigned at = *n;

	while (at && top[at - 1].pps < pps)
		at--;
	if (at == SNAP_TOP)
		return NULL;
	if (*n < SNAP_TOP)
		(*n)++;
	memmove(&top[at + 1], &top[at], (*n - at - 1) * sizeof(*top));
	memset(&top[at], 0, sizeof(*top));
	top[at].pps = pps;
	return &top[at];
}

/* Cut between characters. */
static void put_name(struct snap_top *t, const char *name)
{
	size_t n = strnlen(name, sizeof(t->name) - 1);

	while (name[n] && n && ((unsigned char)name[n] & 0xc0) == 0x80)
		n--;
	memcpy(t->name, name, n);
}

static void top_orgs(struct snapshot *s, struct busy *busy, size_t n)
{
	qsort(busy, n, sizeof(*busy), by_org);
	for (size_t i = 0; i < n;) {
		const char *org = busy[i].org;
		struct snap_top *t;
		uint64_t sum = 0;

		for (; i < n && busy[i].org == org; i++)
			sum += busy[i].pps;
		t = insert(s->top_org, &s->n_top_orgs, sum);
		if (t)
			put_name(t, org);
	}
}

static void top_allowed(struct eng *e)
{
	struct busy *busy = calloc(allow_count(e->allow) + 1, sizeof(*busy));
	struct snapshot *s = &e->snap;
	char text[ADDR_TEXT];
	size_t n = 0;

	s->n_top_orgs = s->n_top_addrs = 0;
	for (uint32_t i = 0; busy && i < e->run->allow_high; i++) {
		uint64_t pps = e->run->allow_pps[i];
		const struct allow_entry *entry = pps ? allow_by_idx(e->allow, i) : NULL;
		struct snap_top *t = entry ? insert(s->top_addr, &s->n_top_addrs, pps) : NULL;

		if (t)
			put_name(t, addr_cidr_format(&entry->cidr, text));
		if (entry && entry->org)
			busy[n++] = (struct busy){ entry->org, pps };
	}
	if (busy)
		top_orgs(s, busy, n);
	free(busy);
}

static void first_rules(struct eng *e)
{
	struct snapshot *s = &e->snap;
	const struct nat_rule *r;
	char text[NAT_TEXT];

	s->n_nat = 0;
	while (s->n_nat < SNAP_NAT && (r = nat_at(e->nat, s->n_nat))) {
		struct snap_nat *to = &s->nat[s->n_nat++];

		memset(to, 0, sizeof(*to));
		snprintf(to->key, sizeof(to->key), "%s", nat_key_text(e->nat, &r->key, text));
		snprintf(to->to, sizeof(to->to), "%s", addr_format_port(&r->to, r->to_port, text));
		snprintf(to->state, sizeof(to->state), "%s",
			 net_nh_state_name(net_nexthop(e->net, r->nexthop)->state));
		to->hits = e->run->nat_prev[r->idx];
		to->pps = e->run->nat_pps[r->idx];
	}
}

void eng_top_second(struct eng *e)
{
	top_allowed(e);
	first_rules(e);
}
