// SPDX-License-Identifier: GPL-2.0-only
/*
 * Looks as attributes, rows as curses text. Colours are chosen for about 4.5:1 against black and
 * against white, since nobody says which of the two the background is; a loud look brings its own
 * background. [screen]
 */
#include "screen/paint.h"

#include <curses.h>

struct style {
	chtype attr;
	short fg, bg; /* -1: the terminal's own */
};

/* Without colours a look must still differ from its neighbours. */
static const struct style plain[LOOKS] = {
	[LOOK_PLAIN] = { A_NORMAL, -1, -1 },
	[LOOK_DIM] = { A_DIM, -1, -1 },
	[LOOK_BOLD] = { A_BOLD, -1, -1 },
	[LOOK_HEAD] = { A_BOLD, -1, -1 },
	[LOOK_GOOD] = { A_NORMAL, -1, -1 },
	[LOOK_WARN] = { A_BOLD | A_UNDERLINE, -1, -1 },
	[LOOK_BAD] = { A_BOLD | A_REVERSE, -1, -1 },
	[LOOK_CURSOR] = { A_REVERSE, -1, -1 },
	[LOOK_KEY] = { A_BOLD, -1, -1 },
	[LOOK_IN] = { A_NORMAL, -1, -1 },
	[LOOK_OUT] = { A_NORMAL, -1, -1 },
	[LOOK_STALE] = { A_DIM, -1, -1 },
};

static const struct style few[LOOKS] = {
	[LOOK_PLAIN] = { A_NORMAL, -1, -1 },
	[LOOK_DIM] = { A_DIM, -1, -1 },
	[LOOK_BOLD] = { A_BOLD, -1, -1 },
	[LOOK_HEAD] = { A_BOLD, -1, -1 },
	[LOOK_GOOD] = { A_NORMAL, COLOR_GREEN, -1 },
	[LOOK_WARN] = { A_NORMAL, COLOR_BLACK, COLOR_YELLOW },
	[LOOK_BAD] = { A_BOLD, COLOR_WHITE, COLOR_RED },
	[LOOK_CURSOR] = { A_REVERSE, -1, -1 },
	[LOOK_KEY] = { A_BOLD, -1, -1 },
	[LOOK_IN] = { A_NORMAL, -1, -1 },
	[LOOK_OUT] = { A_NORMAL, COLOR_GREEN, -1 },
	[LOOK_STALE] = { A_DIM, -1, -1 },
};

static const struct style many[LOOKS] = {
	[LOOK_PLAIN] = { A_NORMAL, -1, -1 }, [LOOK_DIM] = { A_NORMAL, 243, -1 },
	[LOOK_BOLD] = { A_BOLD, -1, -1 },    [LOOK_HEAD] = { A_BOLD, 31, -1 },
	[LOOK_GOOD] = { A_NORMAL, 28, -1 },  [LOOK_WARN] = { A_BOLD, 16, 214 },
	[LOOK_BAD] = { A_BOLD, 231, 160 },   [LOOK_CURSOR] = { A_REVERSE, -1, -1 },
	[LOOK_KEY] = { A_BOLD, 31, -1 },     [LOOK_IN] = { A_NORMAL, 32, -1 },
	[LOOK_OUT] = { A_NORMAL, 28, -1 },   [LOOK_STALE] = { A_NORMAL, 243, -1 },
};

static chtype attr_of[LOOKS];

void paint_open(int colours)
{
	const struct style *s = colours >= 256 ? many : colours >= 8 ? few : plain;
	short own = -1;

	if (colours >= 8 && use_default_colors() == ERR)
		own = COLOR_BLACK;
	for (short i = 0; i < LOOKS; i++) {
		short fg = s[i].fg, bg = s[i].bg;

		attr_of[i] = s[i].attr;
		if (colours < 8 || (fg < 0 && bg < 0))
			continue;
		init_pair((short)(i + 1), fg < 0 ? COLOR_WHITE : fg, bg < 0 ? own : bg);
		attr_of[i] |= COLOR_PAIR((chtype)(i + 1));
	}
}

static void paint_row(const struct line *l)
{
	int from = 0;

	for (int i = -1; i < l->runs; i++) {
		int to = i + 1 < l->runs ? l->run[i + 1].byte : l->bytes;

		attrset((int)attr_of[i < 0 ? LOOK_PLAIN : l->run[i].look]);
		if (to > from)
			addnstr(l->text + from, to - from);
		from = to;
	}
	attrset(A_NORMAL);
}

void paint_rows(int y, int x, const struct line *lines, int n)
{
	int rows, cols;

	getmaxyx(stdscr, rows, cols);
	for (int i = 0; i < n; i++) {
		if (y + i < 0 || y + i >= rows || move(y + i, x) == ERR)
			continue;
		paint_row(&lines[i]);
		if (x + lines[i].cols < cols)
			clrtoeol();
	}
}

void paint_cursor(int y, int x)
{
	curs_set(1);
	move(y, x);
}

void paint_cursor_hide(void)
{
	curs_set(0);
}
