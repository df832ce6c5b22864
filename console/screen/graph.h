/* SPDX-License-Identifier: GPL-2.0-only */
/* History as a graph of braille dots, two of them (each a step of time) to a column of the screen,
 * or of ASCII. Pure. [screen] */
#ifndef SCREEN_GRAPH_H
#define SCREEN_GRAPH_H

#include <stddef.h>

#include "screen/panel.h"

#define GRAPH_MAX  (LINE_COLS * 2)
#define GRAPH_NONE UINT64_MAX /* nothing is known of that time */

/* The last n dots, oldest first. */
struct graph_series {
	size_t n;
	uint64_t in[GRAPH_MAX], out[GRAPH_MAX];
	bool mark[GRAPH_MAX]; /* the configuration was changed then */
};

/* Zooms: 1 s, 10 s, 5 min a dot. */
#define GRAPH_ZOOMS 3
extern const unsigned graph_seconds[GRAPH_ZOOMS];

/* Reads at most n (<= GRAPH_MAX) dots of history. */
void graph_read(const struct snapshot_history *h, int zoom, size_t n, struct graph_series *s);
uint64_t graph_top(const uint64_t *v, size_t n); /* the greatest that is known */
/* Draws v into rows of cols characters at the end of what these have, the newest at the right. top:
 * the greatest that fits. */
void graph_draw(struct line *const *rows, int n_rows, int cols, const uint64_t *v, size_t n,
		uint64_t top, enum line_look look);
/* A rule over cols columns with a sign where a change was. */
void graph_rule(struct line *l, int from, int cols, const struct graph_series *s);

#endif
