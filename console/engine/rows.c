/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The lists that are looked at: allowlist, denied, NAT, VNIs, sources, each with rates made of a
 * reading a second. [engine]
 */
#include "engine/run_int.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LRU_ROWS 8192 /* of one table, more than its map holds */

int eng_rows_init(struct eng *e, struct vx_err *err)
{
	struct eng_run *r = e->run;
	size_t end = ALLOW_IDX_END(e->o->allow_max), n = end > VX_MAX_NAT ? end : VX_MAX_NAT;

	r->hits = calloc(n, sizeof(*r->hits));
	r->allow_prev = calloc(n, sizeof(*r->allow_prev));
	r->allow_pps = calloc(n, sizeof(*r->allow_pps));
	r->nat_prev = calloc(VX_MAX_NAT, sizeof(*r->nat_prev));
	r->nat_pps = calloc(VX_MAX_NAT, sizeof(*r->nat_pps));
	r->denied = rates_new(LRU_ROWS);
	r->vnis = rates_new(LRU_ROWS);
	r->sources = rates_new(LRU_ROWS);
	r->ports = rates_new(LRU_ROWS);
	if (r->hits && r->allow_prev && r->allow_pps && r->nat_prev && r->nat_pps && r->denied &&
	    r->vnis && r->sources && r->ports)
		return eng_admits_init(e, err);
	return vx_err_set(err, -ENOMEM, "out of memory");
}

void eng_rows_fini(struct eng *e)
{
	struct eng_run *r = e->run;

	free(r->hits);
	free(r->allow_prev);
	free(r->allow_pps);
	free(r->nat_prev);
	free(r->nat_pps);
	rates_free(r->denied);
	rates_free(r->vnis);
	rates_free(r->sources);
	rates_free(r->ports);
	eng_admits_fini(e);
}

void eng_hits_start(struct eng *e, bool nat, uint32_t idx)
{
	struct eng_run *r = e->run;
	uint32_t *high = nat ? &r->nat_high : &r->allow_high;

	if (idx >= *high) {
		*high = idx + 1; /* never used: 0 already */
		return;
	}
	e->dp->hits_clear(e->d, nat, idx);
	(nat ? r->nat_prev : r->allow_prev)[idx] = 0;
	(nat ? r->nat_pps : r->allow_pps)[idx] = 0;
}

static void hit_rates(struct eng *e, bool nat, uint32_t n, uint64_t *prev, uint32_t *pps,
		      uint64_t ns)
{
	const struct vx_hits *now = e->run->hits;

	if (e->dp->hits(e->d, nat, n, e->run->hits))
		return;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t more = now[i].packets > prev[i] ? now[i].packets - prev[i] : 0;

		pps[i] = ns ? (uint32_t)((double)more * 1e9 / (double)ns + 0.5) : 0;
		prev[i] = now[i].packets;
	}
}

static void rate_denied(void *ctx, const struct vx_addr_key *k, const struct vx_hits *v)
{
	rates_put(ctx, k, sizeof(*k), v->packets, 0);
}

/* Packets of a VNI from before it was made ours and from since are counted by two counters. */
struct vni_key {
	uint32_t vni, ours;
};

static void rate_vni(void *ctx, uint32_t vni, bool ours, const struct vx_vni_val *v)
{
	const struct vni_key key = { vni, ours };

	rates_put(ctx, &key, sizeof(key), v->packets, 0);
}

static void rate_source(void *ctx, const struct vx_source_key *k, const struct vx_source_val *v)
{
	rates_put(ctx, k, sizeof(*k), v->packets, v->bytes);
}

static void rate_port(void *ctx, const struct vx_nat_key *k, const struct vx_hits *v)
{
	rates_put(ctx, k, sizeof(*k), v->packets, 0);
}

static void take_port(void *ctx, const struct eng_port_row *row)
{
	*(struct eng_port_row *)ctx = *row;
}

static void busiest_port(struct eng *e)
{
	e->run->top_port = (struct eng_port_row){ 0 };
	eng_port_rows(e, 1, take_port, &e->run->top_port);
}

void eng_rows_second(struct eng *e)
{
	struct eng_run *r = e->run;
	uint64_t now = eng_now_ns(), since = now - r->hits_ns;

	rates_begin(r->denied, now);
	e->dp->denied(e->d, rate_denied, r->denied);
	rates_begin(r->vnis, now);
	e->dp->vnis(e->d, rate_vni, r->vnis);
	rates_begin(r->sources, now);
	e->dp->sources(e->d, rate_source, r->sources);
	rates_begin(r->ports, now);
	e->dp->ports(e->d, rate_port, r->ports);
	busiest_port(e);
	eng_admits_second(e, now);
	/* A list of a million is read less often: about 65,536 entries a second. */
	if (since < (1 + (uint64_t)r->allow_high / 65536) * 900000000ULL)
		return;
	hit_rates(e, false, r->allow_high, r->allow_prev, r->allow_pps, r->hits_ns ? since : 0);
	hit_rates(e, true, r->nat_high, r->nat_prev, r->nat_pps, r->hits_ns ? since : 0);
	r->hits_ns = now;
}

/* A time of CLOCK_MONOTONIC as one of CLOCK_REALTIME; 0 stays 0 (never). */
static int64_t real_of(uint64_t mono_ns)
{
	return mono_ns ? eng_real_ns() - (int64_t)(eng_now_ns() - mono_ns) : 0;
}

static bool contains(const char *text, const char *part)
{
	return text && strcasestr(text, part);
}

struct allow_rows {
	struct eng *e;
	const char *filter;
	eng_allow_fn fn;
	void *ctx;
};

static void allow_row(void *ctx, const struct allow_entry *entry)
{
	struct allow_rows *a = ctx;
	const struct vx_hits *h = &a->e->run->hits[entry->idx];
	struct eng_allow_row row = { .entry = entry,
				     .hits = h->packets,
				     .pps = a->e->run->allow_pps[entry->idx],
				     .last_seen_real_ns = real_of(h->last_ns) };
	char text[ADDR_TEXT];

	if (a->filter && !contains(addr_cidr_format(&entry->cidr, text), a->filter) &&
	    !contains(entry->org, a->filter) && !contains(entry->note, a->filter))
		return;
	a->fn(a->ctx, &row);
}

void eng_allow_rows(struct eng *e, const char *filter, eng_allow_fn fn, void *ctx)
{
	struct allow_rows a = { e, filter, fn, ctx };

	if (!e->dp->hits(e->d, false, e->run->allow_high, e->run->hits))
		allow_foreach(e->allow, allow_row, &a);
}

uint64_t eng_allow_pps(const struct eng *e, const struct allow_entry *entry)
{
	return e->run->allow_pps[entry->idx];
}

void eng_nat_rows(struct eng *e, eng_nat_fn fn, void *ctx)
{
	const struct nat_rule *r;

	if (e->dp->hits(e->d, true, e->run->nat_high, e->run->hits))
		return;
	for (uint32_t i = 0; (r = nat_at(e->nat, i)); i++) {
		struct eng_nat_row row = { .rule = r,
					   .hits = e->run->hits[r->idx].packets,
					   .pps = e->run->nat_pps[r->idx],
					   .nexthop = net_nexthop(e->net, r->nexthop) };

		fn(ctx, &row);
	}
}

/* Rows of an LRU table are gathered, sorted, and then handed on. */
struct gather {
	struct eng *e;
	void *rows;
	size_t n, max;
};

static bool gather_init(struct gather *g, struct eng *e, size_t row_size)
{
	*g = (struct gather){ .e = e, .rows = calloc(LRU_ROWS, row_size), .max = LRU_ROWS };
	return g->rows != NULL;
}

static void gather_denied(void *ctx, const struct vx_addr_key *k, const struct vx_hits *v)
{
	struct gather *g = ctx;
	struct eng_denied_row *row = (struct eng_denied_row *)g->rows + g->n;

	if (g->n == g->max)
		return;
	row->addr.family = (uint8_t)k->family;
	memcpy(row->addr.b, k->addr, 16);
	row->count = v->packets;
	row->pps = rates_get(g->e->run->denied, k, sizeof(*k), NULL);
	g->n++;
}

static int by_u64(uint64_t a, uint64_t b)
{
	return a < b ? 1 : a > b ? -1 : 0;
}

static int by_denied(const void *a, const void *b)
{
	const struct eng_denied_row *x = a, *y = b;

	return x->pps != y->pps ? by_u64(x->pps, y->pps) : by_u64(x->count, y->count);
}

void eng_denied_rows(struct eng *e, unsigned most, eng_denied_fn fn, void *ctx)
{
	struct admits_flow *flows;
	struct gather g;
	size_t n;

	if (!gather_init(&g, e, sizeof(struct eng_denied_row)))
		return;
	e->dp->denied(e->d, gather_denied, &g);
	qsort(g.rows, g.n, sizeof(struct eng_denied_row), by_denied);
	n = eng_admits_flows(e, &flows);
	for (size_t i = 0; i < g.n && i < most; i++) {
		struct eng_denied_row *row = (struct eng_denied_row *)g.rows + i;
		struct cidr c = { row->addr, row->addr.family == VX_IP4 ? 32 : 128 };

		if (admits_sum(flows, n, &c, (enum vx_match)e->o->match, &row->admits) < 0)
			break;
		fn(ctx, row);
	}
	free(flows);
	free(g.rows);
}

static void gather_port(void *ctx, const struct vx_nat_key *k, const struct vx_hits *v)
{
	struct gather *g = ctx;
	struct eng_port_row *row = (struct eng_port_row *)g->rows + g->n;

	if (g->n == g->max)
		return;
	row->proto = k->proto;
	row->family = k->family;
	row->port = ntohs(k->dport);
	row->count = v->packets;
	row->pps = rates_get(g->e->run->ports, k, sizeof(*k), NULL);
	g->n++;
}

static int by_port(const void *a, const void *b)
{
	const struct eng_port_row *x = a, *y = b;

	return x->pps != y->pps ? by_u64(x->pps, y->pps) : by_u64(x->count, y->count);
}

const char *eng_port_key(const struct eng_port_row *row, char *buf, size_t size)
{
	snprintf(buf, size, "%s/%u%s", row->proto == IPPROTO_TCP ? "tcp" : "udp", row->port,
		 row->family == VX_IP6 ? "/6" : "");
	return buf;
}

void eng_port_rows(struct eng *e, unsigned most, eng_port_fn fn, void *ctx)
{
	struct gather g;

	if (!gather_init(&g, e, sizeof(struct eng_port_row)))
		return;
	e->dp->ports(e->d, gather_port, &g);
	qsort(g.rows, g.n, sizeof(struct eng_port_row), by_port);
	for (size_t i = 0; i < g.n && i < most; i++)
		fn(ctx, (struct eng_port_row *)g.rows + i);
	free(g.rows);
}

static void gather_vni(void *ctx, uint32_t vni, bool ours, const struct vx_vni_val *v)
{
	struct gather *g = ctx;
	struct eng_vni_row *row = (struct eng_vni_row *)g->rows + g->n;
	const struct vni_key key = { vni, ours };

	if (g->n == g->max)
		return;
	row->vni = vni;
	row->ours = ours || g->e->o->vnis.any;
	row->packets = v->packets;
	row->pps = rates_get(g->e->run->vnis, &key, sizeof(key), NULL);
	g->n++;
}

static int by_number(const void *a, const void *b)
{
	const struct eng_vni_row *x = a, *y = b;

	return x->vni < y->vni ? -1 : x->vni > y->vni;
}

/* A row for each VNI, with the sum of its counters. How many. */
static size_t merge_vnis(struct eng_vni_row *rows, size_t n)
{
	size_t kept = 0;

	qsort(rows, n, sizeof(*rows), by_number);
	for (size_t i = 0; i < n; i++) {
		struct eng_vni_row *last = &rows[kept ? kept - 1 : 0];

		if (!kept || last->vni != rows[i].vni) {
			rows[kept++] = rows[i];
			continue;
		}
		last->ours |= rows[i].ours;
		last->packets += rows[i].packets;
		last->pps += rows[i].pps;
	}
	return kept;
}

static int by_vni(const void *a, const void *b)
{
	const struct eng_vni_row *x = a, *y = b;

	if (x->ours != y->ours)
		return x->ours ? -1 : 1;
	return x->ours ? (x->vni < y->vni ? -1 : 1) : by_u64(x->packets, y->packets);
}

void eng_vni_rows(struct eng *e, eng_vni_fn fn, void *ctx)
{
	unsigned others = 0;
	struct gather g;

	if (!gather_init(&g, e, sizeof(struct eng_vni_row)))
		return;
	e->dp->vnis(e->d, gather_vni, &g);
	g.n = merge_vnis(g.rows, g.n);
	qsort(g.rows, g.n, sizeof(struct eng_vni_row), by_vni);
	for (size_t i = 0; i < g.n; i++) {
		const struct eng_vni_row *row = (struct eng_vni_row *)g.rows + i;

		if (row->ours || others++ < 16)
			fn(ctx, row);
	}
	free(g.rows);
}

static void gather_source(void *ctx, const struct vx_source_key *k, const struct vx_source_val *v)
{
	struct gather *g = ctx;
	struct eng_source_row *row = (struct eng_source_row *)g->rows + g->n;
	uint64_t bytes_ps;

	if (g->n == g->max)
		return;
	row->addr.family = (uint8_t)k->family;
	memcpy(row->addr.b, k->addr, 16);
	row->vni = k->vni;
	row->packets = v->packets;
	row->pps = rates_get(g->e->run->sources, k, sizeof(*k), &bytes_ps);
	row->bps = bytes_ps * 8;
	row->truncated = v->truncated;
	row->allowed = v->allowed;
	row->first_real_ns = real_of(v->first_ns);
	row->last_real_ns = real_of(v->last_ns);
	g->n++;
}

static int by_source(const void *a, const void *b)
{
	const struct eng_source_row *x = a, *y = b;

	return x->pps != y->pps ? by_u64(x->pps, y->pps) : by_u64(x->packets, y->packets);
}

void eng_source_rows(struct eng *e, eng_source_fn fn, void *ctx)
{
	struct gather g;

	if (!gather_init(&g, e, sizeof(struct eng_source_row)))
		return;
	e->dp->sources(e->d, gather_source, &g);
	qsort(g.rows, g.n, sizeof(struct eng_source_row), by_source);
	for (size_t i = 0; i < g.n; i++)
		fn(ctx, (struct eng_source_row *)g.rows + i);
	free(g.rows);
}
