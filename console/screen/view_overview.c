// SPDX-License-Identifier: GPL-2.0-only
/* The overview: is it flowing, and if not, why. Where what goes is layout.c's to say. Pure.
 * [screen] */
#include <stdio.h>
#include <string.h>

#include "screen/engine_parts.h"
#include "screen/funnel.h"
#include "screen/graph.h"
#include "screen/nics.h"
#include "screen/when.h"
#include "screen/view.h"

static const char *const needs[] = { "nic", NULL };

static const char *const dot[GRAPH_ZOOMS] = { "1 s", "10 s", "5 min" };

#define FIGURES_COLS 35 /* "  in    87,234 pps   691 Mb/s  " */
#define TAIL_COLS    15 /* "  peak 91,002" */

static void figures(struct line *l, const char *name, uint64_t pps, uint64_t bps)
{
	line_left(l, LOOK_BOLD, 5, name);
	line_number(l, LOOK_BOLD, 11, pps);
	line_str(l, LOOK_DIM, " pps");
	line_rate(l, LOOK_BOLD, 12, bps, "b/s");
	line_str(l, LOOK_PLAIN, "  ");
}

static void peak(struct line *l, uint64_t v)
{
	line_str(l, LOOK_DIM, "  peak ");
	line_number(l, LOOK_PLAIN, TAIL_COLS - 7, v);
}

/* One direction: its figures, its graph over all rows of the panel, the greatest value that the
 * graph shows. */
static void draw_direction(struct panel *p, const struct snapshot *s, const struct graph_series *g,
			   bool out, int cols)
{
	const uint64_t *v = out ? g->out : g->in;
	struct line *row[16];
	uint64_t top = graph_top(v, g->n);
	int n = 0;

	while (n < 16 && (row[n] = panel_next(p)))
		n++;
	for (int i = 0; i < n; i++) {
		if (!i)
			figures(row[i], out ? "  out" : "  in", out ? s->out_pps : s->in_pps,
				out ? s->out_bps : s->in_bps);
		if (i == 1) {
			line_fmt(row[i], LOOK_DIM, "%26s", "top of the graph ");
			line_number(row[i], LOOK_DIM, 7, top);
		}
		line_pad_to(row[i], FIGURES_COLS - 1);
	}
	graph_draw(row, n, cols, v, g->n, top, out ? LOOK_OUT : LOOK_IN);
	if (n && panel_end(p) - FIGURES_COLS - cols >= TAIL_COLS - 1)
		peak(row[0], out ? s->out_pps_peak : s->in_pps_peak);
}

/* The time that the graph goes back to, under it: "1 s a dot  5m00s  now"; a
 * column is two dots wide. */
static void draw_scale(struct panel *p, int cols, int zoom)
{
	struct line *l = panel_next(p);
	char back[WHEN_TEXT];

	if (!l)
		return;
	line_fmt(l, LOOK_DIM, "  %s a dot  ", dot[zoom]);
	line_str(l, LOOK_KEY, "+ -");
	line_str(l, LOOK_DIM, " zoom");
	line_pad_to(l, FIGURES_COLS - 1);
	for (int quarter = 4; quarter > 0; quarter--) {
		uint64_t s = (uint64_t)cols * 2 * (uint64_t)quarter / 4 * graph_seconds[zoom];

		line_left(l, LOOK_DIM, cols / 4, when_span(s * 1000000000ULL, back));
	}
	line_pad_to(l, FIGURES_COLS - 1 + cols - 3);
	line_str(l, LOOK_DIM, "now");
}

static void draw_graphs(const struct view_state *s, const struct data *d, const struct rect *part,
			struct line *line)
{
	struct panel p = panel_at(line, part[PART_GRAPH]), half,
		     rule = panel_at(line, part[PART_RULE]);
	int zoom = s->zoom < 0 ? 0 : s->zoom >= GRAPH_ZOOMS ? GRAPH_ZOOMS - 1 : s->zoom;
	int cols = p.at.cols - FIGURES_COLS - TAIL_COLS, rows = p.at.rows / 2;
	static struct graph_series g; /* 17 KiB; the screen has one thread */
	struct line *l;
	char span[WHEN_TEXT];

	cols = cols < 0 ? 0 : cols;
	graph_read(d->history, zoom, (size_t)cols * 2, &g);
	half = panel_take(&p, rows);
	draw_direction(&half, &d->snap, &g, false, cols);
	half = panel_take(&p, rows);
	draw_direction(&half, &d->snap, &g, true, cols);
	draw_scale(&p, cols, zoom);
	l = panel_next(&rule);
	if (!l)
		return;
	if (part[PART_GRAPH].rows <= 2 &&
	    cols > 8) { /* no row for the scale: it stands in the rule */
		line_str(l, LOOK_DIM, "─ ");
		line_fmt(l, LOOK_DIM, "graph: %s",
			 when_span((uint64_t)cols * 2 * graph_seconds[zoom] * 1000000000ULL, span));
		line_fmt(l, LOOK_DIM, ", %s a dot ", dot[zoom]);
	}
	graph_rule(l, FIGURES_COLS - 1, cols, &g);
}

static void draw_top(struct panel *p, const char *title, const struct snap_top *top, unsigned n,
		     const char *none)
{
	struct line *l = panel_next(p);

	if (!l)
		return;
	line_left(l, LOOK_HEAD, p->at.cols - 9, title);
	line_right(l, LOOK_HEAD, 9, "pps");
	for (unsigned i = 0; i < n && (l = panel_next(p)); i++) {
		line_left(l, LOOK_PLAIN, p->at.cols - 10, top[i].name);
		line_number(l, LOOK_PLAIN, 10, top[i].pps);
	}
	if (!n && (l = panel_next(p)))
		line_str(l, LOOK_DIM, none);
}

static void nat_row(struct line *l, const struct snap_nat *n, int cols)
{
	bool ok = !strcmp(n->state, "resolved");
	char rule[140];

	snprintf(rule, sizeof(rule), "%s → %s", n->key, n->to);
	line_left(l, LOOK_PLAIN, cols - (cols >= 60 ? 34 : ok ? 12 : 19), rule);
	if (!ok)
		line_fmt(l, LOOK_BAD, " !%.11s ", n->state);
	if (cols >= 60)
		line_number(l, LOOK_PLAIN, cols - 10 - (l->cols - (l->width - cols)), n->hits);
	line_number(l, LOOK_PLAIN, l->width - l->cols, cols >= 60 ? n->pps : n->hits);
}

/* All rules in one row. */
static void nat_brief(struct line *l, const struct snapshot *s, int cols)
{
	uint64_t hits = 0;
	bool ok = true;

	for (unsigned i = 0; i < s->n_nat; i++) {
		hits += s->nat[i].hits;
		ok = ok && !strcmp(s->nat[i].state, "resolved");
	}
	line_str(l, LOOK_HEAD, "NAT ");
	if (!s->nat_rules)
		line_str(l, LOOK_WARN, "no rule: nothing is sent");
	else if (s->nat_rules == 1)
		line_left(l, ok ? LOOK_PLAIN : LOOK_BAD, cols - 17, s->nat[0].to);
	else
		line_fmt(l, ok ? LOOK_PLAIN : LOOK_BAD, "%u rules", s->nat_rules);
	if (s->nat_rules)
		line_number(l, LOOK_PLAIN, l->width - l->cols, hits);
}

static void draw_nat(struct panel *p, const struct snapshot *s)
{
	struct line *l = panel_next(p);
	bool wide = p->at.cols >= 60;

	if (!l)
		return;
	if (p->at.rows == 1) {
		nat_brief(l, s, p->at.cols);
		return;
	}
	line_left(l, LOOK_HEAD, p->at.cols - (wide ? 20 : 12), "NAT RULES");
	line_right(l, LOOK_HEAD, wide ? 10 : 12, "hits");
	if (wide)
		line_right(l, LOOK_HEAD, 10, "pps");
	for (unsigned i = 0; i < s->n_nat && (l = panel_next(p)); i++)
		nat_row(l, &s->nat[i], p->at.cols);
	if (!s->n_nat && (l = panel_next(p)))
		line_str(l, LOOK_WARN, "none: nothing is sent");
}

enum section { S_WORKERS, S_RINGS, S_LATENCY, S_PROCESS, S_ORGS, S_NAT, S_ADDRS, S_NICS, SECTIONS };

static void draw_section(enum section id, struct panel *p, const struct data *d,
			 const struct data_table *nic)
{
	const struct snapshot *s = &d->snap;

	switch (id) {
	case S_WORKERS:
		parts_workers(p, s);
		break;
	case S_RINGS:
		parts_rings(p, s);
		break;
	case S_LATENCY:
		parts_latency(p, s);
		break;
	case S_PROCESS:
		parts_process(p, s);
		break;
	case S_ORGS:
		draw_top(p, "TOP ORGANISATIONS", s->top_org, s->n_top_orgs,
			 "none: no traffic that is allowed");
		break;
	case S_NAT:
		draw_nat(p, s);
		break;
	case S_NICS:
		nics_brief(p, d, nic);
		break;
	default:
		draw_top(p, "TOP ADDRESSES", s->top_addr, s->n_top_addrs, "none");
		break;
	}
}

/* Sections below each other, each with the rows it gets; what is left over stays empty at the end.
 */
static void draw_column(struct panel p, const struct data *d, const struct data_table *nic,
			const enum section *id, int n)
{
	const struct snapshot *s = &d->snap;
	const int w = (int)s->n_workers;
	const struct layout_want want[SECTIONS] = {
		[S_WORKERS] = { 1 + (w < 4 ? w : 4), 1 + w },
		[S_RINGS] = { 2, 1 + w },
		[S_LATENCY] = { 2, 1 + SNAP_STAGES },
		[S_PROCESS] = { 1, 2 },
		[S_ORGS] = { 2, 1 + SNAP_TOP },
		[S_NAT] = { 1, 1 + (s->n_nat ? (int)s->n_nat : 1) },
		[S_ADDRS] = { 2, 1 + SNAP_TOP },
		[S_NICS] = { 2, 8 },
	};
	struct layout_want mine[SECTIONS];
	int got[SECTIONS];

	for (int i = 0; i < n; i++)
		mine[i] = want[id[i]];
	layout_share(panel_left(&p), mine, n, got);
	for (int i = 0; i < n; i++) {
		struct panel part = panel_take(&p, got[i]);

		draw_section(id[i], &part, d, nic);
	}
}

static void draw_columns(const struct data *d, const struct data_table *nic,
			 const struct rect *part, struct line *line)
{
	static const enum section middle[] = { S_WORKERS, S_RINGS, S_LATENCY, S_PROCESS,
					       S_ORGS,	  S_NAT,   S_ADDRS };
	static const enum section right[] = { S_NAT, S_ORGS, S_ADDRS, S_NICS };
	bool two = part[PART_RIGHT].rows > 0;

	panel_bar(line, part[PART_MIDDLE]);
	draw_column(panel_at(line, part[PART_MIDDLE]), d, nic, middle, two ? 4 : 7);
	if (!two)
		return;
	panel_bar(line, part[PART_RIGHT]);
	draw_column(panel_at(line, part[PART_RIGHT]), d, nic, right, 4);
}

/* The newest at the bottom. */
static void draw_events(const struct data *d, struct rect at, struct line *line)
{
	struct panel p = panel_at(line, at);
	uint64_t n = d->events < (uint64_t)at.rows ? d->events : (uint64_t)at.rows;
	char clock[WHEN_TEXT];
	struct line *l;

	n = n > DATA_EVENTS ? DATA_EVENTS : n;
	for (uint64_t i = d->events - n; i < d->events && (l = panel_next(&p)); i++) {
		const struct data_event *e = &d->event[i % DATA_EVENTS];

		line_fmt(l, LOOK_DIM, " %.8s ", when_clock(e->real_ns, clock));
		line_str(l, e->level <= 1 ? LOOK_WARN : LOOK_PLAIN, e->level <= 1 ? "! " : "");
		line_str(l, e->level <= 1 ? LOOK_BOLD : LOOK_PLAIN, e->text);
	}
	if (!n && (l = panel_next(&p)))
		line_str(l, LOOK_DIM, " no events yet");
}

static void draw(const struct view_state *s, const struct data *d, const struct data_table *tables,
		 int rows, int cols, struct line *line)
{
	struct rect part[PARTS];
	struct panel p;
	struct line *l;

	panel_clear(line, rows, cols);
	if (!d->snap.mono_ns) {
		p = panel_at(line, (struct rect){ 0, 0, rows, cols });
		l = panel_next(&p);
		if (l)
			line_str(l, LOOK_DIM, " waiting for the first figures");
		return;
	}
	layout_overview(rows, cols, part);
	draw_graphs(s, d, part, line);
	p = panel_at(line, part[PART_LEDGER]);
	funnel_draw(&p, d, s->option);
	if (part[PART_MIDDLE].rows)
		draw_columns(d, &tables[0], part, line);
	p = panel_at(line, part[PART_RULE_2]);
	l = panel_next(&p);
	if (l)
		line_rule(l);
	draw_events(d, part[PART_EVENTS], line);
	panel_grey(line, rows, d, d->snap.mono_ns);
}

const struct view view_overview = {
	.name = "overview", .title = "Overview", .needs = needs, .draw = draw
};
