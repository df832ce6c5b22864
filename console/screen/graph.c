// SPDX-License-Identifier: GPL-2.0-only
/* Graphs as text. A value that is not 0 shows at least one dot. Pure. [screen] */
#include "screen/graph.h"

#include <string.h>

#include "proto/history.h"

#define DOTS 4 /* high is a character */

const unsigned graph_seconds[GRAPH_ZOOMS] = { 1, 10, 300 };

uint64_t graph_top(const uint64_t *v, size_t n)
{
	uint64_t top = 0;

	for (size_t i = 0; i < n; i++)
		if (v[i] != GRAPH_NONE && v[i] > top)
			top = v[i];
	return top;
}

/* Dots of value v in a graph of so many dots. */
static int dots(uint64_t v, uint64_t top, int high)
{
	double part;

	if (!v || v == GRAPH_NONE || !top)
		return 0;
	part = (double)(v > top ? top : v) / (double)top;
	return part * high < 1 ? 1 : (int)(part * high + 0.5);
}

static int clamp(int v, int low, int high)
{
	return v < low ? low : v > high ? high : v;
}

/* U+2800 + dots, as UTF-8. left and right: 0..4 dots from below. */
static void braille(struct line *l, enum line_look look, int left, int right)
{
	static const unsigned char l_bits[] = { 0, 0x40, 0x44, 0x46, 0x47 };
	static const unsigned char r_bits[] = { 0, 0x80, 0xa0, 0xb0, 0xb8 };
	unsigned bits = l_bits[left] | r_bits[right];
	char text[4] = { (char)0xe2, (char)(0xa0 | bits >> 6), (char)(0x80 | (bits & 0x3f)), 0 };

	line_str(l, look, bits ? text : " ");
}

static void plain(struct line *l, enum line_look look, int left, int right)
{
	static const char sign[DOTS + 1][2] = { " ", ".", ":", "|", "#" };

	line_str(l, look, sign[left > right ? left : right]);
}

void graph_draw(struct line *const *rows, int n_rows, int cols, const uint64_t *v, size_t n,
		uint64_t top, enum line_look look)
{
	size_t slots = (size_t)cols * 2;

	for (int r = 0; r < n_rows; r++) {
		int below = (n_rows - 1 - r) * DOTS;

		for (size_t i = 0; i + 1 < slots; i += 2) {
			int h[2];

			for (size_t k = 0; k < 2; k++) {
				size_t at = i + k + n;

				h[k] = at < slots ? 0 : dots(v[at - slots], top, n_rows * DOTS);
				h[k] = clamp(h[k] - below, 0, DOTS);
			}
			(line_ascii() ? plain : braille)(rows[r], look, h[0], h[1]);
		}
	}
}

void graph_rule(struct line *l, int from, int cols, const struct graph_series *s)
{
	size_t slots = (size_t)cols * 2;

	for (int x = l->cols; x < l->width; x++) {
		size_t at = (size_t)(x - from) * 2 + s->n;
		bool mark = false;

		for (size_t k = 0; k < 2 && x >= from && x < from + cols; k++)
			mark = mark || (at + k >= slots && s->mark[at + k - slots]);
		line_str(l, mark ? LOOK_BOLD : LOOK_DIM, mark ? "▴" : "─");
	}
}

void graph_read(const struct snapshot_history *h, int zoom, size_t n, struct graph_series *s)
{
	enum history_scale scale =
		zoom > 0 && zoom < GRAPH_ZOOMS ? (enum history_scale)zoom : HISTORY_1S;
	size_t known = h ? history_cells(h, scale) : 0;
	const struct history_mark *m;

	memset(s->mark, 0, sizeof(s->mark));
	s->n = n > GRAPH_MAX ? GRAPH_MAX : n;
	for (size_t ago = 0; ago < s->n; ago++) {
		size_t i = s->n - 1 - ago;
		struct history_cell c = { 0 };

		if (ago < known)
			c = history_at(h, scale, ago);
		s->in[i] = ago < known ? c.in_pps : GRAPH_NONE;
		s->out[i] = ago < known ? c.out_pps : GRAPH_NONE;
	}
	for (size_t i = 0; h && (m = history_mark_at(h, i)); i++) {
		size_t ago = history_mark_ago(h, scale, m);

		if (ago < s->n)
			s->mark[s->n - 1 - ago] = true;
	}
}
