// SPDX-License-Identifier: GPL-2.0-only
/* Sizes and places. Everything is cut to what there is, down to nothing. Pure. [screen] */
#include "screen/layout.h"

#include <string.h>

#define LEDGER_COLS	 42 /* name 16, total 13, rate 8, share 5 */
#define LEDGER_COLS_WIDE 58 /* and 16 for what came since the mark */
#define MIDDLE_COLS	 44
#define GAP		 3 /* between columns: blank, bar, blank */

static int least(int a, int b)
{
	return a < b ? a : b;
}

static int most(int a, int b)
{
	return a > b ? a : b;
}

void layout_screen(int rows, int cols, struct layout *l)
{
	memset(l, 0, sizeof(*l));
	l->too_small = rows < LAYOUT_MIN_ROWS || cols < LAYOUT_MIN_COLS;
	if (l->too_small) {
		l->header = (struct rect){ 0, 0, least(most(rows, 0), 1), most(cols, 0) };
		return;
	}
	l->header = (struct rect){ 0, 0, 2, cols };
	l->trouble = (struct rect){ 2, 0, 1, cols };
	l->body = (struct rect){ 3, 0, rows - 6, cols };
	l->said = (struct rect){ rows - 3, 0, 1, cols };
	l->footer = (struct rect){ rows - 2, 0, 1, cols };
	l->prompt = (struct rect){ rows - 1, 0, 1, cols };
}

static int graph_rows(int rows, int cols)
{
	if (cols < 120 || rows < 25)
		return least(2, rows);
	return rows >= 40 ? 11 : rows >= 32 ? 7 : 5; /* odd: the last has the scale of time */
}

static int event_rows(int rows)
{
	return rows >= 40 ? 8 : rows >= 30 ? 4 : rows >= 20 ? 2 : rows >= 14 ? 1 : 0;
}

void layout_overview(int rows, int cols, struct rect part[static PARTS])
{
	int graph = graph_rows(rows, cols), events = event_rows(rows), middle, x = 0;
	int ledger = least(cols, cols >= 120 ? LEDGER_COLS_WIDE : LEDGER_COLS);
	int y = least(graph + 1, rows), left = most(rows - y - (events ? events + 1 : 0), 0);

	memset(part, 0, PARTS * sizeof(*part));
	part[PART_GRAPH] = (struct rect){ 0, 0, most(graph, 0), most(cols, 0) };
	if (rows > graph)
		part[PART_RULE] = (struct rect){ graph, 0, 1, most(cols, 0) };
	part[PART_LEDGER] = (struct rect){ y, 0, left, most(ledger, 0) };
	if (events) {
		part[PART_RULE_2] = (struct rect){ y + left, 0, 1, cols };
		part[PART_EVENTS] = (struct rect){ y + left + 1, 0, events, cols };
	}
	x = ledger + GAP;
	if (cols - x < 20)
		return;
	middle = cols >= 160 ? MIDDLE_COLS : cols - x;
	part[PART_MIDDLE] = (struct rect){ y, x, left, middle };
	x += middle + GAP;
	if (cols >= 160)
		part[PART_RIGHT] = (struct rect){ y, x, left, cols - x };
}

void layout_share(int rows, const struct layout_want *want, int n, int *got)
{
	for (int i = 0; i < n; i++) {
		got[i] = want[i].least <= rows ? want[i].least : 0;
		rows -= got[i];
	}
	for (int i = 0; i < n && rows > 0; i++) {
		int more = got[i] ? least(want[i].want - got[i], rows) : 0;

		got[i] += most(more, 0);
		rows -= most(more, 0);
	}
}

int layout_top(int window, int total, int cursor)
{
	if (window <= 0 || total <= window)
		return 0;
	return most(0, least(cursor - window / 2, total - window));
}
