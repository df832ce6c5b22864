// SPDX-License-Identifier: GPL-2.0-only
/* What happened, the newest first: changes with who made them, what the engine says. Pure. [screen]
 */
#include <string.h>
#include <strings.h>

#include "screen/panel.h"
#include "screen/view.h"
#include "screen/when.h"

static size_t known(const struct data *d)
{
	return d->events < DATA_EVENTS ? (size_t)d->events : DATA_EVENTS;
}

static const struct data_event *newest(const struct data *d, size_t i)
{
	return &d->event[(d->events - 1 - i) % DATA_EVENTS];
}

static bool fits(const struct view_state *s, const struct data_event *e)
{
	bool inverse = s->filter[0] == '!';
	const char *part = s->filter + inverse;
	bool found = !*part || strcasestr(e->text, part) != NULL;

	if (s->option && e->level > 1)
		return false;
	return !*part || found != inverse;
}

static size_t count(const struct view_state *s, const struct data *d,
		    const struct data_table *tables)
{
	size_t n = 0;

	(void)tables;
	for (size_t i = 0; i < known(d); i++)
		n += fits(s, newest(d, i));
	return n;
}

static void row(struct line *l, const struct data_event *e, bool cursor)
{
	char clock[WHEN_TEXT];
	bool loud = e->level <= 1;

	line_fmt(l, LOOK_DIM, " %s ", when_clock(e->real_ns, clock));
	line_left(l, loud ? LOOK_WARN : LOOK_DIM, 6, loud ? "! " : e->level >= 3 ? "debug" : "");
	line_str(l, loud ? LOOK_BOLD : LOOK_PLAIN, e->text);
	if (cursor)
		line_all(l, LOOK_CURSOR);
}

static void draw(const struct view_state *s, const struct data *d, const struct data_table *tables,
		 int rows, int cols, struct line *line)
{
	struct panel p = panel_at(line, (struct rect){ 0, 0, rows, cols });
	size_t n = count(s, d, tables), at = 0;
	struct line *l;
	size_t from;

	panel_clear(line, rows, cols);
	l = panel_next(&p);
	if (!l)
		return;
	line_str(l, LOOK_HEAD, " EVENTS");
	line_fmt(l, LOOK_PLAIN, "  %zu, newest first%s", n, s->option ? ", warnings only" : "");
	line_str(l, LOOK_DIM, s->filter[0] ? "  filter: /" : "");
	line_str(l, LOOK_BOLD, s->filter);
	from = (size_t)layout_top(panel_left(&p), (int)n, (int)s->cursor);
	for (size_t i = 0; i < known(d); i++) {
		if (!fits(s, newest(d, i)) || at++ < from)
			continue;
		l = panel_next(&p);
		if (!l)
			return;
		row(l, newest(d, i), at - 1 == s->cursor);
	}
}

const struct view view_events = {
	.name = "events", .title = "Events", .draw = draw, .count = count
};
