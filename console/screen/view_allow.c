// SPDX-License-Identifier: GPL-2.0-only
/*
 * The allowlist, and below or beside it the addresses that are denied most. The cursor goes through
 * both: on a denied address `a` permits that one, elsewhere the first of them, which is marked.
 * Pure. [screen]
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/buf.h"
#include "screen/table.h"

#define DENIED_ROWS                                                                                \
	6	  /* below the list, the line in words among them; with its heading one more       \
		   */
#define WIDE  130 /* the denied ones are beside the list */
#define WIDER 170 /* and have room for a long address */

enum {
	PACKETS = 12,
	PPS = 9,
	TO = 8,
	SENDERS = 7,
	FIGURES = PACKETS + PPS + TO + SENDERS,
	KEY = 4
};

static const char *const needs[] = { "allow list", "allow top", NULL };

static const struct table_col columns[] = {
	{ "cidr", "ADDRESS", TABLE_TEXT, 20, 2, 0 },
	{ "org", "ORGANISATION", TABLE_TEXT, 14, 3, 0 },
	{ "hits", "HITS", TABLE_NUMBER, 12, 0, 0 },
	{ "pps", "PPS", TABLE_NUMBER, 8, 0, 0 },
	{ "last_seen", "LAST SEEN", TABLE_AGO, 10, 0, 0 },
	{ "note", "NOTE", TABLE_TEXT, 8, 2, 90 },
};

/* n: those that were never hit. */
static bool keep(const struct view_state *s, const struct data_table *t, size_t row)
{
	return !s->option || !data_u64(t, row, data_col(t, "hits"));
}

#define BY_PPS 3

static const struct table list = { columns, sizeof(columns) / sizeof(*columns), BY_PPS, keep };

static size_t never_hit(const struct data_table *t)
{
	int hits = data_col(t, "hits");
	size_t n = 0;

	for (size_t i = 0; i < t->rows; i++)
		n += !data_u64(t, i, hits);
	return n;
}

/* Which denied address `a` would permit; -1: there is none. */
static long denied_at(const struct view_state *s, const struct data_table *tables)
{
	size_t n = table_count(&list, s, &tables[0]), at = s->cursor > n ? s->cursor - n : 0;

	return at < tables[1].rows ? (long)at : -1;
}

static void draw_title(const struct view_state *s, const struct data *d, const struct data_table *t,
		       struct line *l)
{
	static const char *const mode[] = { "off", "count", "enforce" };

	line_str(l, LOOK_HEAD, " ALLOWLIST");
	line_fmt(l, LOOK_PLAIN, "  %u entries  %u organisations  mode ", d->snap.allow_entries,
		 d->snap.allow_orgs);
	line_str(l, d->snap.allow_mode == VX_ALLOW_ENFORCE ? LOOK_BOLD : LOOK_WARN,
		 mode[d->snap.allow_mode % 3]);
	if (s->option)
		line_str(l, LOOK_WARN, "  never hit only");
	table_state(l, &list, s, d, t);
}

static uint64_t denied_u64(const struct data_table *t, size_t row, const char *key)
{
	return data_u64(t, row, data_col(t, key));
}

/* What the key would let through, in words. Packets from an address are counted; those to it, and
 * all of them where only destinations are matched, are estimated from samples. */
static void put_effect(const struct data_table *t, size_t row, struct buf *b)
{
	uint64_t pps = denied_u64(t, row, "pps"), to = denied_u64(t, row, "to_pps");
	uint64_t senders = denied_u64(t, row, "senders");
	bool from = denied_u64(t, row, "admits_pps") > to || !to;

	if (!pps && !to) {
		buf_str(b, " a permits it: nothing from or to it is denied now");
		return;
	}
	buf_str(b, " a permits ");
	if (from) {
		buf_thousands(b, pps);
		buf_str(b, " packets/s from it, ");
	}
	buf_thousands(b, to);
	buf_str(b, from ? " to it" : " packets/s to it");
	if (senders)
		buf_printf(b, " from %" PRIu64 " other%s", senders, senders > 1 ? "s" : "");
}

static void draw_effect(const struct data_table *t, size_t row, struct line *l)
{
	struct buf text = { 0 };

	put_effect(t, row, &text);
	if (!text.failed)
		line_str(l, LOOK_DIM, text.data);
	buf_fini(&text);
}

static void draw_denied_row(const struct data_table *t, size_t i, enum line_look look, int address,
			    struct line *l)
{
	line_str(l, look, " ");
	line_left(l, look, address, data_cell(t, i, data_col(t, "addr")));
	line_number(l, look, PACKETS, denied_u64(t, i, "count"));
	line_number(l, look, PPS, denied_u64(t, i, "pps"));
	line_number(l, look, TO, denied_u64(t, i, "to_pps"));
	line_number(l, look, SENDERS, denied_u64(t, i, "senders"));
}

static void draw_denied(const struct view_state *s, const struct data *d,
			const struct data_table *tables, struct panel *p)
{
	const struct data_table *t = &tables[1];
	int address = p->at.cols - FIGURES - KEY - 1 < 39 ? p->at.cols - FIGURES - KEY - 1 : 39;
	bool in_panel = s->cursor >= table_count(&list, s, &tables[0]);
	struct line *l = panel_next(p);
	long at = denied_at(s, tables);
	int from;

	if (!l)
		return;
	line_left(l, LOOK_HEAD, address + 1, " DENIED, NOT ON THE LIST");
	line_right(l, LOOK_HEAD, PACKETS, "PACKETS");
	line_right(l, LOOK_HEAD, PPS, "PPS");
	line_right(l, LOOK_HEAD, TO, "TO IT");
	line_right(l, LOOK_HEAD, SENDERS, "OTHERS");
	panel_mark_stale(l, d, t->mono_ns);
	from = layout_top(panel_left(p) - (at >= 0), (int)t->rows, (int)at);
	for (size_t i = (size_t)from; i < t->rows && panel_left(p) > 1 && (l = panel_next(p));
	     i++) {
		bool marked = (long)i == at;

		draw_denied_row(t, i, marked && in_panel ? LOOK_CURSOR : LOOK_PLAIN, address, l);
		if (marked)
			line_str(l, LOOK_KEY, " [a]");
	}
	if (!t->rows && (l = panel_next(p)))
		line_str(l, LOOK_DIM,
			 t->error[0]  ? t->error
			 : t->mono_ns ? " nothing"
				      : " reading...");
	if (at >= 0 && (l = panel_next(p)))
		draw_effect(t, (size_t)at, l);
}

static void draw_never(const struct view_state *s, const struct data_table *t, struct line *l)
{
	line_fmt(l, LOOK_PLAIN, " never hit: %zu  ", never_hit(t));
	line_str(l, LOOK_KEY, "[n]");
	line_str(l, LOOK_PLAIN, s->option ? " show all" : " show them");
}

static void draw(const struct view_state *s, const struct data *d, const struct data_table *tables,
		 int rows, int cols, struct line *line)
{
	int wide = cols >= WIDER  ? 80
		   : cols >= WIDE ? 66
				  : 0,
	    below = wide || rows < 12 ? 0 : DENIED_ROWS + 1;
	struct panel title = panel_at(line, (struct rect){ 0, 0, 1, cols });
	struct panel p = panel_at(
		line, (struct rect){ 1, 0, rows - below - 2, wide ? cols - wide - 3 : cols });
	struct panel never = panel_at(line, (struct rect){ rows - below - 1, 0, 1, cols });
	size_t n = table_count(&list, s, &tables[0]);

	panel_clear(line, rows, cols);
	if (rows < 1)
		return;
	draw_title(s, d, &tables[0], panel_next(&title));
	table_draw(&list, s, d, &tables[0], &p, s->cursor < n ? (long)s->cursor : -1);
	if (rows > 2)
		draw_never(s, &tables[0], panel_next(&never));
	p = panel_at(line, wide ? (struct rect){ 1, cols - wide, rows - 2, wide }
				: (struct rect){ rows - below, 0, below, cols });
	if (wide)
		panel_bar(line, p.at);
	draw_denied(s, d, tables, &p);
}

static size_t count(const struct view_state *s, const struct data *d,
		    const struct data_table *tables)
{
	(void)d;
	return table_count(&list, s, &tables[0]) + tables[1].rows;
}

static bool command(const struct view_state *s, const struct data *d,
		    const struct data_table *tables, int key, char *buf, size_t size)
{
	long row = key == 'a'	? denied_at(s, tables)
		   : key == 'd' ? table_row(&list, s, &tables[0], s->cursor)
				: -1;

	(void)d;
	if (row < 0)
		return false;
	if (key == 'a')
		snprintf(buf, size, "allow add %s",
			 data_cell(&tables[1], (size_t)row, data_col(&tables[1], "addr")));
	else
		snprintf(buf, size, "allow del %s",
			 data_cell(&tables[0], (size_t)row, data_col(&tables[0], "cidr")));
	return true;
}

const struct view view_allow = { "allow",
				 "Allowlist",
				 needs,
				 draw,
				 count,
				 command,
				 (int)(sizeof(columns) / sizeof(*columns)),
				 0 };
