/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A part of the rows that a view draws: panels beside each other append to the same rows, left to
 * right, each cut to its own columns. [screen]
 */
#ifndef SCREEN_PANEL_H
#define SCREEN_PANEL_H

#include "screen/data.h"
#include "screen/layout.h"
#include "screen/line.h"

struct panel {
	struct line *line; /* all rows of the view */
	struct rect at;
	int used;
};

/* What a view's draw begins with: its rows, empty. */
void panel_clear(struct line *line, int rows, int cols);
struct panel panel_at(struct line *line, struct rect at);
/* The next row, ready at the panel's left edge; NULL when the panel is full. */
struct line *panel_next(struct panel *p);
int panel_left(const struct panel *p);		    /* rows */
int panel_end(const struct panel *p);		    /* the column behind it */
struct panel panel_take(struct panel *p, int rows); /* these rows as a panel of their own */
void panel_bar(struct line *line, struct rect at);  /* the bar to the left of a panel */

/* Older than 2 s and not because the display is frozen. when_ns 0: nothing came yet, which is not
 * stale. */
bool panel_stale(const struct data *d, uint64_t when_ns);
/* " STALE" behind a heading whose table is. */
void panel_mark_stale(struct line *l, const struct data *d, uint64_t when_ns);
/* Greys these rows when the table or the snapshot behind them is stale. */
void panel_grey(struct line *line, int rows, const struct data *d, uint64_t when_ns);

#endif
