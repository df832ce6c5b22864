/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the command line and its completions look. Pure. [screen]
 */
#ifndef SCREEN_PROMPT_DRAW_H
#define SCREEN_PROMPT_DRAW_H

#include <stddef.h>

#include "screen/line.h"
#include "screen/prompt_words.h"

/*
 * before and text beside each other in cols columns. *scroll, kept by the caller, is the first
 * column shown; it moves when the cursor (byte point of text) would be outside. *cursor: its
 * column.
 */
void prompt_draw_line(const char *before, const char *text, size_t point, int cols, int *scroll,
		      struct line *l, int *cursor);
/* Choices in columns, first being the number of those before them; *shown: how many there was room
 * for. Returns rows. */
int prompt_draw_choices(const struct prompt_choice *c, size_t n, size_t first, int rows, int cols,
			struct line *lines, size_t *shown);

#endif
