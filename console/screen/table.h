/* SPDX-License-Identifier: GPL-2.0-only */
/* A command's table as rows on the screen: columns, order, filter, cursor. One description serves
 * drawing and sorting. [screen] */
#ifndef SCREEN_TABLE_H
#define SCREEN_TABLE_H

#include "screen/panel.h"
#include "screen/view.h"

enum table_kind {
	TABLE_TEXT,
	TABLE_NUMBER, /* 1,234,567 */
	TABLE_ID,     /* a number that names */
	TABLE_BITS,   /* bits/s */
	TABLE_AGO,    /* ISO time as "17s" */
	TABLE_YES,    /* true: "yes", false: "" */
};

struct table_col {
	const char *key, *title;
	enum table_kind kind;
	int width; /* the title is at most that */
	int flex;  /* share of what columns are left over */
	int from;  /* shown on rows of at least so many columns */
};

struct table {
	const struct table_col *col;
	int cols;
	int usual; /* what is sorted by when nobody chose, the greatest first; -1: as the rows came
		    */
	/* Rows to leave out besides those that the filter does; NULL: none. */
	bool (*keep)(const struct view_state *s, const struct data_table *t, size_t row);
};

size_t table_count(const struct table *tab, const struct view_state *s, const struct data_table *t);
/* The row of t that is the at-th shown; -1 when there is none. */
long table_row(const struct table *tab, const struct view_state *s, const struct data_table *t,
	       size_t at);

/* Headings and as many rows as the panel has, round the cursor. cursor < 0: none is marked. */
void table_draw(const struct table *tab, const struct view_state *s, const struct data *d,
		const struct data_table *t, struct panel *p, long cursor);
/* "  filter: /zoom  sort: HITS v" and why there are no rows. */
void table_state(struct line *l, const struct table *tab, const struct view_state *s,
		 const struct data *d, const struct data_table *t);

#endif
