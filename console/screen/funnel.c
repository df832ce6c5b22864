// SPDX-License-Identifier: GPL-2.0-only
/* The ledger as a funnel. Pure. [screen] */
#include "screen/funnel.h"

#include <stdio.h>
#include <string.h>

#include "screen/when.h"

#define NAME_COLS  16
#define WIDE_COLS  58
#define TOTAL_COLS 13

struct row {
	char name[24];
	uint64_t total, pps, since;
	bool rated; /* pps is known */
	bool loss;  /* never meant: loud while it grows; without a rate, until the next mark */
	int rank;   /* lower stays longer when there is no room; 0: always there */
	bool shown;
};

#define MAX_ROWS (VX_L_N + 8)

struct funnel {
	struct row row[MAX_ROWS];
	int n;
	uint64_t in_pps;
};

/* Rows that an operator looks for also when they are 0. */
static int rank_of(int id)
{
	static const int order[] = { VX_L_RX,	    VX_L_DENIED,    VX_L_RING_FULL,
				     VX_L_NO_RULE,  VX_L_NOT_VXLAN, VX_L_OTHER_VNI_PASS,
				     VX_L_MALFORMED };

	for (int i = 0; i < (int)(sizeof(order) / sizeof(*order)); i++)
		if (order[i] == id)
			return i;
	return 20 + id;
}

static struct row *add(struct funnel *f, const char *name, uint64_t total, uint64_t since, int rank)
{
	struct row *r = &f->row[f->n++];

	memset(r, 0, sizeof(*r));
	snprintf(r->name, sizeof(r->name), "%s", name);
	for (char *c = r->name; *c; c++)
		*c = *c == '_' ? ' ' : *c;
	r->total = total;
	r->since = total > since ? total - since : 0;
	r->rank = rank;
	return r;
}

static const char *const name_of[VX_L_N] = {
#define NAME(id, name, group, help) [VX_L_##id] = name,
	VX_LEDGER(NAME)
#undef NAME
};

static void add_row(struct funnel *f, const struct snapshot *s, int id, enum vx_ledger_group g)
{
	bool inner = g == VX_G_PASS || g == VX_G_DROP || g == VX_G_RING;
	char name[24];
	struct row *r;

	snprintf(name, sizeof(name), "%s%s", inner ? "  " : " ",
		 id == VX_L_RX		     ? "received"
		 : id == VX_L_OTHER_VNI_DROP ? "other vni drop"
					     : name_of[id]);
	r = add(f, name, s->ledger.row[id], s->mark.row[id], rank_of(id));
	r->pps = s->row_pps[id];
	r->rated = true;
	r->loss = id == VX_L_RING_FULL || id == VX_L_INTERNAL || id == VX_L_NO_NEIGHBOUR ||
		  id == VX_L_OVERSIZE;
}

static void collect(struct funnel *f, const struct snapshot *s)
{
	const struct snap_ledger *l = &s->ledger;
	uint64_t redirected = s->row_pps[VX_L_REDIRECTED];
	struct row *r;

	f->n = 0;
	f->in_pps = s->in_pps;
#define ROW(id, name, group, help)                                                                 \
	if (VX_G_##group != VX_G_NOTE)                                                             \
		add_row(f, s, VX_L_##id, VX_G_##group);
	VX_LEDGER(ROW)
#undef ROW
	r = add(f, " sent", l->sent, s->mark.sent, 0);
	r->pps = s->out_pps > redirected ? s->out_pps - redirected : 0;
	r->rated = true;
	add(f, "  tx failed", l->tx_failed, s->mark.tx_failed, 7)->loss = l->tx_failed > 0;
	add(f, "  frag unknown", l->frag_unknown, s->mark.frag_unknown, 40);
	add(f, "  in flight", l->in_flight, 0, 8);
	if (s->row_pps[VX_L_WOULD_DENY] || l->row[VX_L_WOULD_DENY])
		add_row(f, s, VX_L_WOULD_DENY, VX_G_NOTE);
}

/* What counts came before what did not, and the row of rank 0 before all. */
static int order(const struct row *r)
{
	if (!r->rank)
		return -200;
	return r->total ? r->rank - 100 : r->rank;
}

/* Shows the best row that is not shown yet; false when all are. */
static bool show_one(struct funnel *f)
{
	struct row *best = NULL;

	for (int i = 0; i < f->n; i++) {
		struct row *r = &f->row[i];

		if (!r->shown && (!best || order(r) < order(best)))
			best = r;
	}
	if (best)
		best->shown = true;
	return best != NULL;
}

/* What has no room, in one row, so that no packet is out of sight. */
static struct row rest_of(const struct funnel *f)
{
	struct row rest = { .rated = true };
	int n = 0;

	for (int i = 0; i < f->n; i++) {
		const struct row *r = &f->row[i];

		if (r->shown || !r->total)
			continue;
		rest.total += r->total;
		rest.pps += r->pps;
		rest.since += r->since;
		n++;
	}
	snprintf(rest.name, sizeof(rest.name), "  %d other rows", n);
	return rest;
}

static void draw_row(struct panel *p, const struct row *r, uint64_t in_pps, bool since, bool wide)
{
	char share[16];
	struct line *l = panel_next(p);
	bool loud = r->loss && (r->rated ? r->pps : r->since);
	enum line_look look = !loud	 ? r->total ? LOOK_PLAIN : LOOK_DIM
			      : r->rated ? LOOK_BAD
					 : LOOK_WARN;

	if (!l)
		return;
	line_fmt(l, look, "%s", loud ? "!" : " ");
	line_left(l, look, NAME_COLS - 1, r->name + 1);
	line_number(l, look, TOTAL_COLS, since && !wide ? r->since : r->total);
	if (wide)
		line_number(l, look, WIDE_COLS - 42, r->since);
	if (!r->rated)
		return;
	line_number(l, r->pps && !loud ? LOOK_BOLD : look, 8, r->pps);
	snprintf(share, sizeof(share), "%.0f",
		 in_pps ? 100.0 * (double)r->pps / (double)in_pps : 0);
	if (in_pps)
		line_right(l, look, 5, share);
	else
		line_right(l, LOOK_DIM, 5, "-");
}

static void heading(struct panel *p, const struct snapshot *s, bool since, bool wide)
{
	struct line *l = panel_next(p);
	char mark[40] = "since start", clock[WHEN_TEXT];

	if (!l)
		return;
	if (s->mark.real_ns)
		snprintf(mark, sizeof(mark), "since %.8s", when_clock(s->mark.real_ns, clock));
	line_left(l, LOOK_HEAD, since && !wide ? NAME_COLS - 1 : NAME_COLS, " LEDGER");
	line_right(l, LOOK_HEAD, since && !wide ? TOTAL_COLS + 1 : TOTAL_COLS,
		   since && !wide ? mark : "total");
	if (wide)
		line_right(l, LOOK_HEAD, WIDE_COLS - 42, mark);
	line_right(l, LOOK_HEAD, 8, "pps");
	line_right(l, LOOK_HEAD, 5, "%");
}

void funnel_draw(struct panel *p, const struct data *d, bool since)
{
	bool wide = p->at.cols >= WIDE_COLS;
	struct funnel f;
	struct row rest;
	int rows, nonzero = 0;

	collect(&f, &d->snap);
	heading(p, &d->snap, since, wide);
	for (int i = 0; i < f.n; i++)
		nonzero += f.row[i].total || !f.row[i].rank;
	rows = panel_left(p);
	for (int i = nonzero > rows ? 1 : 0; i < rows && show_one(&f); i++)
		;
	rest = rest_of(&f);
	for (int i = 0; i < f.n; i++)
		if (f.row[i].shown)
			draw_row(p, &f.row[i], f.in_pps, since, wide);
	if (rest.total)
		draw_row(p, &rest, f.in_pps, since, wide);
}
