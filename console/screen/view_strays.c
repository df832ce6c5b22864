// SPDX-License-Identifier: GPL-2.0-only
/*
 * XDP programs that are not ours: what blocks us first, then duplicates. Below the list stands all
 * of what the row under the cursor has no room for, and what would take it away. Pure. [screen]
 */
#include <stdio.h>
#include <string.h>

#include "screen/table.h"

#define DETAIL_ROWS 4
#define EVERY_S	    5 /* each look at all processes costs the engine's machine something */

static const char *const needs[] = { "strays", NULL };

static const struct table_col columns[] = {
	{ "id", "ID", TABLE_ID, 7, 0, 0 },
	{ "name", "NAME", TABLE_TEXT, 19, 1, 0 },
	{ "where", "ATTACHED", TABLE_TEXT, 15, 2, 0 },
	{ "how", "HOW", TABLE_TEXT, 8, 0, 100 },
	{ "held", "HELD BY", TABLE_TEXT, 12, 3, 0 },
	{ "matters", "WHY IT MATTERS", TABLE_TEXT, 14, 3, 0 },
};

static const struct table list = { columns, sizeof(columns) / sizeof(*columns), -1, NULL };

/* The last look is good until the next should have been there. */
static struct data_table dated(const struct data *d, const struct data_table *t)
{
	struct data_table now = *t;

	if (t->mono_ns && d->now_ns - t->mono_ns < 2 * EVERY_S * 1000000000ULL)
		now.mono_ns = d->now_ns;
	return now;
}

static void draw_title(const struct view_state *s, const struct data *d, const struct data_table *t,
		       struct line *l)
{
	line_str(l, LOOK_HEAD, " XDP PROGRAMS IN THE KERNEL");
	if (d->snap.prog_id)
		line_fmt(l, LOOK_PLAIN, "  (ours: id %u on %s)", d->snap.prog_id, d->snap.ingress);
	table_state(l, &list, s, d, t);
}

static void draw_detail(const struct data_table *t, long row, struct panel *p)
{
	static const struct {
		const char *title, *key;
	} part[] = { { "attached", "where" }, { "held by", "held" }, { "why", "matters" } };
	const char *fix = row < 0 ? "" : data_cell(t, (size_t)row, data_col(t, "fix"));
	struct line *l;

	for (size_t i = 0; row >= 0 && i < sizeof(part) / sizeof(*part); i++) {
		l = panel_next(p);
		if (!l)
			return;
		line_str(l, LOOK_PLAIN, " ");
		line_left(l, LOOK_DIM, 9, part[i].title);
		line_str(l, LOOK_PLAIN, data_cell(t, (size_t)row, data_col(t, part[i].key)));
	}
	l = *fix ? panel_next(p) : NULL;
	if (!l)
		return;
	line_str(l, LOOK_PLAIN, " ");
	line_left(l, LOOK_DIM, 9, "away by");
	line_str(l, LOOK_BOLD, fix);
}

static void draw(const struct view_state *s, const struct data *d, const struct data_table *tables,
		 int rows, int cols, struct line *line)
{
	int below = rows > DETAIL_ROWS + 4 ? DETAIL_ROWS : 0;
	struct panel title = panel_at(line, (struct rect){ 0, 0, 1, cols });
	struct panel p = panel_at(line, (struct rect){ 1, 0, rows - below - 1, cols });
	struct panel detail = panel_at(line, (struct rect){ rows - below, 0, below, cols });
	const struct data_table now = dated(d, &tables[0]), *t = &now;
	struct line *l;

	panel_clear(line, rows, cols);
	if (rows < 1)
		return;
	draw_title(s, d, t, panel_next(&title));
	table_draw(&list, s, d, t, &p, (long)s->cursor);
	if (t->mono_ns && !t->rows && !t->error[0] && (l = panel_next(&p)))
		line_str(l, LOOK_DIM, " none but ours");
	draw_detail(t, table_row(&list, s, t, s->cursor), &detail);
}

static size_t count(const struct view_state *s, const struct data *d, const struct data_table *t)
{
	(void)d;
	return table_count(&list, s, t);
}

static bool command(const struct view_state *s, const struct data *d, const struct data_table *t,
		    int key, char *buf, size_t size)
{
	long row = table_row(&list, s, t, s->cursor);

	(void)d;
	if (row < 0 || (key != 'x' && key != 'X'))
		return false;
	snprintf(buf, size, "strays %s %s", key == 'x' ? "detach" : "stop",
		 data_cell(t, (size_t)row, data_col(t, "id")));
	return true;
}

const struct view view_strays = {
	"strays", "Strays", needs, draw, count, command, (int)(sizeof(columns) / sizeof(*columns)),
	EVERY_S
};
