// SPDX-License-Identifier: GPL-2.0-only
/* The views that are one table: NAT rules, sources, VNIs. Pure. [screen] */
#include <stdio.h>
#include <string.h>

#include "screen/table.h"

#define N(a) (int)(sizeof(a) / sizeof(*(a)))

static const struct table_col nat_columns[] = {
	{ "key", "RULE", TABLE_TEXT, 22, 2, 0 },
	{ "to", "TO", TABLE_TEXT, 20, 2, 0 },
	{ "hits", "HITS", TABLE_NUMBER, 13, 0, 0 },
	{ "next_hop", "NEXT HOP", TABLE_TEXT, 17, 0, 90 },
	{ "state", "STATE", TABLE_TEXT, 11, 1, 0 },
};
static const struct table nat_table = { nat_columns, N(nat_columns), -1, NULL };
static const char *const nat_needs[] = { "nat list", NULL };

static const struct table_col source_columns[] = {
	{ "addr", "SOURCE", TABLE_TEXT, 15, 2, 0 },
	{ "vni", "VNI", TABLE_ID, 8, 0, 0 },
	{ "packets", "PACKETS", TABLE_NUMBER, 13, 1, 0 },
	{ "pps", "PPS", TABLE_NUMBER, 9, 1, 0 },
	{ "bps", "RATE", TABLE_BITS, 9, 1, 0 },
	{ "allowed", "ALLOWED", TABLE_NUMBER, 13, 1, 110 },
	{ "truncated", "TRUNCATED", TABLE_NUMBER, 10, 1, 80 },
	{ "last_seen", "LAST", TABLE_AGO, 6, 0, 0 },
	{ "first_seen", "FIRST SEEN", TABLE_AGO, 10, 0, 100 },
};
static const struct table source_table = { source_columns, N(source_columns), -1, NULL };
static const char *const source_needs[] = { "sources", NULL };

static const struct table_col vni_columns[] = {
	{ "vni", "VNI", TABLE_ID, 9, 0, 0 },
	{ "ours", "OURS", TABLE_YES, 5, 0, 0 },
	{ "packets", "PACKETS", TABLE_NUMBER, 16, 0, 0 },
	{ "pps", "PPS", TABLE_NUMBER, 10, 0, 0 },
};
static const struct table vni_table = { vni_columns, N(vni_columns), -1, NULL };
static const char *const vni_needs[] = { "vni list", NULL };

static void draw_one(const char *title, const struct table *tab, const struct view_state *s,
		     const struct data *d, const struct data_table *t, struct panel *p)
{
	struct line *l = panel_next(p);

	if (!l)
		return;
	line_fmt(l, LOOK_HEAD, " %s", title);
	line_fmt(l, LOOK_PLAIN, "  %zu", t->rows);
	table_state(l, tab, s, d, t);
	table_draw(tab, s, d, t, p, (long)s->cursor);
}

static void nat_draw(const struct view_state *s, const struct data *d, const struct data_table *t,
		     int rows, int cols, struct line *line)
{
	struct panel p = panel_at(line, (struct rect){ 0, 0, rows, cols });
	struct line *l;

	panel_clear(line, rows, cols);
	draw_one("NAT RULES", &nat_table, s, d, t, &p);
	if (t->mono_ns && !t->rows && (l = panel_next(&p)))
		line_str(l, LOOK_WARN, " none: nothing is sent. :nat add udp/31765=ADDRESS:PORT");
}

static void source_draw(const struct view_state *s, const struct data *d,
			const struct data_table *t, int rows, int cols, struct line *line)
{
	struct panel p = panel_at(line, (struct rect){ 0, 0, rows, cols });

	panel_clear(line, rows, cols);
	draw_one("SOURCES, by outer address and VNI", &source_table, s, d, t, &p);
}

static void vni_draw(const struct view_state *s, const struct data *d, const struct data_table *t,
		     int rows, int cols, struct line *line)
{
	struct panel p = panel_at(line, (struct rect){ 0, 0, rows, cols });

	panel_clear(line, rows, cols);
	draw_one("VNIS, ours and those that arrive most", &vni_table, s, d, t, &p);
}

static size_t nat_count(const struct view_state *s, const struct data *d,
			const struct data_table *t)
{
	(void)d;
	return table_count(&nat_table, s, t);
}

static size_t source_count(const struct view_state *s, const struct data *d,
			   const struct data_table *t)
{
	(void)d;
	return table_count(&source_table, s, t);
}

static size_t vni_count(const struct view_state *s, const struct data *d,
			const struct data_table *t)
{
	(void)d;
	return table_count(&vni_table, s, t);
}

static bool nat_command(const struct view_state *s, const struct data *d,
			const struct data_table *t, int key, char *buf, size_t size)
{
	long row = key == 'd' ? table_row(&nat_table, s, t, s->cursor) : -1;

	(void)d;
	if (row >= 0)
		snprintf(buf, size, "nat del %s", data_cell(t, (size_t)row, data_col(t, "key")));
	return row >= 0;
}

static bool vni_command(const struct view_state *s, const struct data *d,
			const struct data_table *t, int key, char *buf, size_t size)
{
	long row = key == 'a' || key == 'd' ? table_row(&vni_table, s, t, s->cursor) : -1;
	bool ours = row >= 0 && !strcmp(data_cell(t, (size_t)row, data_col(t, "ours")), "true");

	(void)d;
	if (row < 0 || ours != (key == 'd'))
		return false;
	snprintf(buf, size, "vni %s %s", ours ? "del" : "add",
		 data_cell(t, (size_t)row, data_col(t, "vni")));
	return true;
}

const struct view view_nat = { "nat",	  "NAT rules", nat_needs,      nat_draw,
			       nat_count, nat_command, N(nat_columns), 0 };
const struct view view_sources = { "sources",	 "Sources", source_needs,      source_draw,
				   source_count, NULL,	    N(source_columns), 0 };
const struct view view_vnis = { "vnis",	   "VNIs",	vni_needs,	vni_draw,
				vni_count, vni_command, N(vni_columns), 0 };
