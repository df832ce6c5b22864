/* SPDX-License-Identifier: GPL-2.0-only */
/* Where everything goes on a screen of any size. Pure: nothing here draws. [screen] */
#ifndef SCREEN_LAYOUT_H
#define SCREEN_LAYOUT_H

#include <stdbool.h>

#define LAYOUT_MIN_ROWS 8
#define LAYOUT_MIN_COLS 40

struct rect {
	int y, x, rows, cols; /* rows 0: not there */
};

/* The whole screen. Every part lies inside it and none on another. */
struct layout {
	bool too_small; /* one line in header says so, the rest is not there */
	struct rect header, trouble, body, said, footer, prompt;
};
void layout_screen(int rows, int cols, struct layout *l);

/* The overview, inside its body. */
enum layout_part {
	PART_GRAPH, /* in above out */
	PART_RULE,  /* with the marks of changes */
	PART_LEDGER,
	PART_MIDDLE, /* workers, rings, latency; with two columns all the rest too */
	PART_RIGHT,  /* from 160 columns on */
	PART_RULE_2,
	PART_EVENTS,
	PARTS
};
void layout_overview(int rows, int cols, struct rect part[static PARTS]);

/* Shares rows out: first what each needs at least, in their order, then up to what each wants. */
struct layout_want {
	int least, want;
};
void layout_share(int rows, const struct layout_want *want, int n, int *got);

/* The first of total rows to show in a window of so many, so that the one of the cursor is in it.
 */
int layout_top(int window, int total, int cursor);

#endif
