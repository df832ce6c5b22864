/* SPDX-License-Identifier: GPL-2.0-only */
/* Rows onto the terminal. With term.c the only place that knows curses. [screen] */
#ifndef SCREEN_PAINT_H
#define SCREEN_PAINT_H

#include "screen/line.h"

/* n rows from (y, x) on; the rest of each row is blank. Nothing goes out before term_frame. */
void paint_rows(int y, int x, const struct line *lines, int n);
void paint_cursor(int y, int x);
void paint_cursor_hide(void);

#endif
