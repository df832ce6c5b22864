// SPDX-License-Identifier: GPL-2.0-only
/* Parts of rows. Pure. [screen] */
#include "screen/panel.h"

#include <stddef.h>

#define STALE_NS 2000000000ULL

void panel_clear(struct line *line, int rows, int cols)
{
	for (int i = 0; i < rows; i++)
		line_init(&line[i], cols);
}

struct panel panel_at(struct line *line, struct rect at)
{
	return (struct panel){ line, at, 0 };
}

struct line *panel_next(struct panel *p)
{
	struct line *l;

	if (p->used >= p->at.rows)
		return NULL;
	l = &p->line[p->at.y + p->used++];
	l->width = (uint16_t)(panel_end(p) < LINE_COLS ? panel_end(p) : LINE_COLS);
	line_pad_to(l, p->at.x);
	return l;
}

int panel_left(const struct panel *p)
{
	return p->at.rows - p->used;
}

int panel_end(const struct panel *p)
{
	return p->at.x + p->at.cols;
}

struct panel panel_take(struct panel *p, int rows)
{
	struct rect at = p->at;

	at.y += p->used;
	at.rows = rows < panel_left(p) ? rows : panel_left(p);
	p->used += at.rows;
	return panel_at(p->line, at);
}

void panel_bar(struct line *line, struct rect at)
{
	for (int i = 0; i < at.rows; i++) {
		struct line *l = &line[at.y + i];

		l->width = (uint16_t)(at.x < LINE_COLS ? at.x : LINE_COLS);
		line_pad_to(l, at.x - 2);
		line_str(l, LOOK_DIM, "│");
	}
}

bool panel_stale(const struct data *d, uint64_t when_ns)
{
	return when_ns && !d->frozen && d->now_ns > when_ns && d->now_ns - when_ns > STALE_NS;
}

void panel_mark_stale(struct line *l, const struct data *d, uint64_t when_ns)
{
	if (panel_stale(d, when_ns))
		line_str(l, LOOK_STALE, "  STALE");
}

void panel_grey(struct line *line, int rows, const struct data *d, uint64_t when_ns)
{
	for (int i = 0; i < rows && panel_stale(d, when_ns); i++)
		line_all(&line[i], LOOK_STALE);
}
