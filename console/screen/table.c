// SPDX-License-Identifier: GPL-2.0-only
/* Tables: what is shown, in which order, in which columns. Pure. [screen] */
#include "screen/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "screen/when.h"

/* A filter that begins with "!" shows what does not have the rest. */
static bool fits(const struct table *tab, const struct view_state *s, const struct data_table *t,
		 size_t row)
{
	bool inverse = s->filter[0] == '!', found = false;
	const char *part = s->filter + inverse;

	if (tab->keep && !tab->keep(s, t, row))
		return false;
	for (int i = 0; i < tab->cols && *part && !found; i++)
		found = strcasestr(data_cell(t, row, data_col(t, tab->col[i].key)), part) != NULL;
	return !*part || found != inverse;
}

/* What a row is sorted by, read once. A column has numbers or texts, never both. */
struct sort_key {
	uint64_t number;
	const char *text;
	size_t row;
};

/* Rows that are equal stay as they came, whichever way. */
static int by_key(const void *a, const void *b, void *down)
{
	const struct sort_key *x = a, *y = b;
	int r = x->number < y->number ? -1 : x->number > y->number;

	if (!r)
		r = strcasecmp(x->text, y->text);
	if (r)
		return *(const bool *)down ? -r : r;
	return x->row < y->row ? -1 : x->row > y->row;
}

static bool is_number(enum table_kind kind)
{
	return kind == TABLE_NUMBER || kind == TABLE_ID || kind == TABLE_BITS;
}

/* The column that the rows are sorted by, -1: none; and which way. */
static int sorted_by(const struct table *tab, const struct view_state *s, bool *down)
{
	bool chosen = s->sort >= 0 && s->sort < tab->cols;

	*down = chosen ? s->descending : !s->descending;
	return chosen ? s->sort : tab->usual;
}

/* Rows that are shown, in their order; caller frees. *n of them. NULL: none, or no memory. */
static size_t *order(const struct table *tab, const struct view_state *s,
		     const struct data_table *t, size_t *n)
{
	bool down, number;
	int sort = sorted_by(tab, s, &down), col = sort < 0 ? -1 : data_col(t, tab->col[sort].key);
	struct sort_key *keys = t->rows ? calloc(t->rows, sizeof(*keys)) : NULL;
	size_t *rows = t->rows ? calloc(t->rows, sizeof(*rows)) : NULL;

	number = sort >= 0 && is_number(tab->col[sort].kind);
	*n = 0;
	for (size_t i = 0; keys && rows && i < t->rows; i++) {
		if (!fits(tab, s, t, i))
			continue;
		keys[*n].row = i;
		keys[*n].text = number ? "" : data_cell(t, i, col);
		keys[(*n)++].number = number ? data_u64(t, i, col) : 0;
	}
	if (sort >= 0 && *n)
		qsort_r(keys, *n, sizeof(*keys), by_key, &down);
	for (size_t i = 0; i < *n; i++)
		rows[i] = keys[i].row;
	free(keys);
	return rows;
}

size_t table_count(const struct table *tab, const struct view_state *s, const struct data_table *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->rows; i++)
		n += fits(tab, s, t, i);
	return n;
}

long table_row(const struct table *tab, const struct view_state *s, const struct data_table *t,
	       size_t at)
{
	size_t n, *rows = order(tab, s, t, &n);
	long row = rows && at < n ? (long)rows[at] : -1;

	free(rows);
	return row;
}

/* Widths for these columns; 0: the column is not shown. */
static void widths(const struct table *tab, int cols, int *width)
{
	int left = cols - 1, flex = 0;

	for (int i = 0; i < tab->cols; i++) {
		width[i] = cols >= tab->col[i].from ? tab->col[i].width : 0;
		left -= width[i] ? width[i] + 1 : 0;
		flex += width[i] ? tab->col[i].flex : 0;
	}
	for (int i = tab->cols - 1; i > 0 && left < 0; i--) { /* whole columns, not half a number */
		left += width[i] ? width[i] + 1 : 0;
		flex -= width[i] ? tab->col[i].flex : 0;
		width[i] = 0;
	}
	for (int i = 0; i < tab->cols && left > 0 && flex; i++) {
		int more = width[i] ? left * tab->col[i].flex / flex : 0;

		flex -= width[i] ? tab->col[i].flex : 0;
		left -= more;
		width[i] += more;
	}
}

static void heading(const struct table *tab, const struct view_state *s, const int *width,
		    struct line *l)
{
	bool down;
	int sort = sorted_by(tab, s, &down);

	for (int i = 0; i < tab->cols; i++) {
		char title[32];
		bool right = is_number(tab->col[i].kind);

		if (!width[i])
			continue;
		snprintf(title, sizeof(title), "%s%s", tab->col[i].title,
			 sort != i ? ""
			 : down	   ? "▾"
				   : "▴");
		line_str(l, LOOK_HEAD, " ");
		(right ? line_right : line_left)(l, LOOK_HEAD, width[i], title);
	}
}

static void cell(const struct table_col *c, const char *text, uint64_t v, int width, int64_t now,
		 struct line *l)
{
	enum line_look look = v ? LOOK_PLAIN : LOOK_DIM;
	char ago[WHEN_TEXT];

	line_str(l, LOOK_PLAIN, " ");
	if (is_number(c->kind) && !*text)
		line_right(l, LOOK_DIM, width, "-");
	else if (c->kind == TABLE_NUMBER)
		line_number(l, look, width, v);
	else if (c->kind == TABLE_BITS)
		line_rate(l, look, width, v, "b/s");
	else if (c->kind == TABLE_ID)
		line_right(l, LOOK_PLAIN, width, text);
	else if (c->kind == TABLE_AGO)
		line_left(l, LOOK_PLAIN, width, when_ago(text, now, ago));
	else if (c->kind == TABLE_YES)
		line_left(l, LOOK_PLAIN, width, !strcmp(text, "true") ? "yes" : "-");
	else
		line_left(l, LOOK_PLAIN, width, text);
}

void table_draw(const struct table *tab, const struct view_state *s, const struct data *d,
		const struct data_table *t, struct panel *p, long cursor)
{
	struct line *l = panel_next(p);
	int width[DATA_CELLS], from;
	size_t n, *rows;

	if (!l)
		return;
	widths(tab, p->at.cols, width);
	heading(tab, s, width, l);
	panel_mark_stale(l, d, t->mono_ns);
	rows = order(tab, s, t, &n);
	from = layout_top(panel_left(p), (int)n, cursor < 0 ? 0 : (int)cursor);
	for (size_t i = (size_t)from; i < n && (l = panel_next(p)); i++) {
		int start = l->cols;

		for (int k = 0; k < tab->cols; k++) {
			int col = data_col(t, tab->col[k].key);

			if (width[k])
				cell(&tab->col[k], data_cell(t, rows[i], col),
				     data_u64(t, rows[i], col), width[k], d->snap.real_ns, l);
		}
		if ((long)i == cursor)
			line_all(l, LOOK_CURSOR);
		else if (panel_stale(d, t->mono_ns) && !start)
			line_all(l, LOOK_STALE);
	}
	free(rows);
}

void table_state(struct line *l, const struct table *tab, const struct view_state *s,
		 const struct data *d, const struct data_table *t)
{
	bool down;
	int sort = sorted_by(tab, s, &down);

	if (s->filter[0]) {
		line_str(l, LOOK_DIM, "  filter: /");
		line_str(l, LOOK_BOLD, s->filter);
	}
	if (sort >= 0)
		line_fmt(l, LOOK_DIM, "  sort: %s %s", tab->col[sort].title, down ? "▾" : "▴");
	if (t->error[0])
		line_fmt(l, LOOK_WARN, "  %s", t->error);
	else if (!t->mono_ns)
		line_str(l, LOOK_DIM, "  reading...");
	panel_mark_stale(l, d, t->mono_ns);
}
