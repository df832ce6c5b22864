// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command line as a row: a window on a text that may be longer than the row, moved by a good
 * part of its width at a time, so that typing at its edge does not send the whole row again for
 * each character. [screen]
 */
#include "screen/prompt_draw.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* A character to show. Its columns are those that line.c gives it: foreign ones may be drawn
 * otherwise. */
struct glyph {
	int cols;
	char text[MB_LEN_MAX + 1];
};

/* Returns the bytes of the character at s, which is not at its end. */
static size_t take_glyph(const char *s, struct glyph *g)
{
	mbstate_t state = { 0 };
	size_t n = mbrlen(s, strnlen(s, MB_LEN_MAX), &state);

	if (!n || n > MB_LEN_MAX) /* none, or cut */
		n = 1;
	memcpy(g->text, s, n);
	g->text[n] = 0;
	g->cols = line_cols(g->text);
	return n;
}

static int columns(const char *s, size_t n)
{
	int cols = 0;

	for (size_t i = 0; i < n && s[i];) {
		struct glyph g;

		i += take_glyph(s + i, &g);
		cols += g.cols;
	}
	return cols;
}

/* The first column to show. The last column is left for a mark or the cursor. */
static int scrolled(int scroll, int at, int total, int cols)
{
	int jump = cols / 3;

	if (total < cols)
		return 0;
	if (scroll > total - cols + 1) /* text was deleted */
		scroll = total - cols + 1;
	if (at < scroll + 1)
		scroll = at - jump;
	else if (at > scroll + cols - 2)
		scroll = at - cols + 2 + jump;
	if (scroll > total - cols + 1)
		scroll = total - cols + 1;
	return scroll > 0 ? scroll : 0;
}

/* Appends what of s lies in columns from..to-1 of the whole; *col is where s begins, and where it
 * ended. */
static void append(struct line *l, enum line_look look, const char *s, int *col, int from, int to)
{
	char piece[LINE_BYTES + 1];
	size_t n = 0;

	while (*s) {
		struct glyph g;
		const char *text = g.text;
		size_t len;

		s += take_glyph(s, &g);
		*col += g.cols;
		if (*col > to)
			break;
		if (*col <= from && (g.cols || *col < from))
			continue;
		if (*col - g.cols < from) /* half of a wide character */
			text = " ";
		len = strlen(text);
		if (n + len > LINE_BYTES)
			break;
		memcpy(piece + n, text, len);
		n += len;
	}
	piece[n] = 0;
	line_str(l, look, piece);
}

void prompt_draw_line(const char *before, const char *text, size_t point, int cols, int *scroll,
		      struct line *l, int *cursor)
{
	int prompt = columns(before, strlen(before));
	int total = prompt + columns(text, strlen(text));
	int at = prompt + columns(text, point);
	int from, to, col = 0;

	line_init(l, cols);
	*cursor = 0;
	if (cols < 1)
		return;
	from = *scroll = scrolled(*scroll, at, total, cols);
	to = from + cols;
	if (from) {
		line_str(l, LOOK_DIM, "<");
		from++;
	}
	if (total > to)
		to--;
	append(l, LOOK_KEY, before, &col, from, to);
	append(l, LOOK_PLAIN, text, &col, from, to);
	if (total > to)
		line_str(l, LOOK_DIM, ">");
	*cursor = at - *scroll;
	if (*cursor > cols - 1)
		*cursor = cols - 1;
}

/* Columns of a cell: the widest word, and the widest help beside it. */
static void measure(const struct prompt_choice *c, size_t n, int *word, int *help)
{
	*word = *help = 0;
	for (size_t i = 0; i < n; i++) {
		int w = columns(c[i].word, strlen(c[i].word)),
		    h = columns(c[i].help, strlen(c[i].help));

		if (w > *word)
			*word = w;
		if (h > *help)
			*help = h;
	}
}

static void draw_choice(struct line *l, const struct prompt_choice *c, int col, int word, int help)
{
	line_pad_to(l, col);
	line_left(l, LOOK_PLAIN, word, c->word);
	if (!help)
		return;
	line_pad_to(l, col + word + 2);
	line_left(l, LOOK_DIM, help, c->help);
}

int prompt_draw_choices(const struct prompt_choice *c, size_t n, size_t first, int rows, int cols,
			struct line *lines, size_t *shown)
{
	int word, help, cell, across, row = 0;
	bool pages;
	size_t i = 0;

	*shown = 0;
	if (!n || rows < 1 || cols < 8)
		return 0;
	measure(c, n, &word, &help);
	if (word > cols - 2)
		word = cols - 2;
	if (word + 4 + help > cols)
		help = cols - word - 4 > 8 ? cols - word - 4 : 0;
	cell = 2 + word + (help ? 2 + help : 0);
	across = cols / cell > 0 ? cols / cell : 1;
	pages = first + n > (size_t)rows * (size_t)across && rows > 1;
	for (; i < n && row < rows - pages; row++) {
		line_init(&lines[row], cols);
		for (int k = 0; k < across && i < n; k++, i++)
			draw_choice(&lines[row], &c[i], k * cell + 2, word, help);
	}
	*shown = i;
	if (pages) {
		line_init(&lines[row], cols);
		line_fmt(&lines[row++], LOOK_DIM, "  %zu to %zu of %zu: Tab for more", first + 1,
			 first + i, first + n);
	}
	return row;
}
