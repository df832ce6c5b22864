/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rows onto the terminal. With term.c the only place that knows curses, which sends only what
 * changed. How each look looks is decided here: readable on light and dark, and what matters
 * differs also without colours. [screen]
 */
#ifndef SCREEN_PAINT_H
#define SCREEN_PAINT_H

#include "screen/line.h"

/* After the terminal was opened, and again after each change of its colours: 0, 8, 16 or 256 of
 * them. */
void paint_open(int colours);
/* n rows from (y, x) on; the rest of each row is blank. Nothing goes out before term_frame. */
void paint_rows(int y, int x, const struct line *lines, int n);
void paint_cursor(int y, int x);
void paint_cursor_hide(void);

#endif
