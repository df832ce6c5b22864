/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A view: data in, rows out. Pure: no curses, no socket, no clock of its own, so that a test can
 * hold it to a text. [screen]
 */
#ifndef SCREEN_VIEW_H
#define SCREEN_VIEW_H

#include "screen/data.h"
#include "screen/line.h"

struct view_state { /* the operator's place in one view; kept while others are looked at */
	size_t cursor, top;
	char filter[64];
	int sort; /* 0 .. view->sorts - 1, -1: as it came */
	bool descending;
	bool option; /* the view's own toggle (never-hit only, denied list) */
	int zoom;    /* overview: 0 = 1 s, 1 = 10 s, 2 = 5 min a dot */
};

struct view {
	const char *name; /* "allow": footer, title */
	const char *title;
	/* Commands whose tables it needs, NULL ends; fetched while it is looked at. */
	const char *const *needs;
	/* Draws rows x cols into line[0..rows-1]. tables: in the order of needs. */
	void (*draw)(const struct view_state *s, const struct data *d,
		     const struct data_table *tables, int rows, int cols, struct line *line);
	/* Rows that the cursor moves over; NULL: none. */
	size_t (*count)(const struct view_state *s, const struct data *d,
			const struct data_table *tables);
	/* The command line of a key for the row under the cursor ("allow del 10.0.0.1"); false: the
	 * key does nothing here. */
	bool (*command)(const struct view_state *s, const struct data *d,
			const struct data_table *tables, int key, char *buf, size_t size);
	int sorts;	  /* columns that `s` goes through; 0: none */
	unsigned every_s; /* its tables are fetched so often; 0: every second */
};

extern const struct view view_overview, view_allow, view_nat, view_workers, view_sources, view_nics,
	view_strays, view_vnis, view_events, view_why, view_help;
/* In the order of their keys 1..9, 0, then ? */
extern const struct view *const views[];
extern const unsigned n_views;

/* Rows common to all views, drawn by screen.c: header (2 rows), trouble line, footer. */
void view_header(const struct data *d, int cols, struct line line[2]);
/* One row, whatever its length: view_why has the whole. A rule when all is well. */
void view_trouble(const struct data *d, int cols, struct line *line);
/* One of the lights; LEAK and LEDGER are live also when the display is frozen. */
const struct snap_light *view_light(const struct data *d, enum snap_light_id id);
void view_footer(const struct view *v, const struct data *d, int cols, struct line *line);
/* In its place while the command line has the focus: there the keys of a view are text. */
void view_footer_prompt(int cols, struct line *line);
/* The only line of a terminal that is too small (layout_screen). */
void view_too_small(int rows, int cols, struct line *line);

#endif
