// SPDX-License-Identifier: GPL-2.0-only
/*
 * What both interfaces count themselves, the driver's own counters too, with their rates. The
 * counters of allowances that an instance has (ENA) and of drops and errors are loud while they
 * grow. Rates need the reading before: it is kept here, the one thing that this view remembers.
 * [screen]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/slice.h"
#include "screen/nics.h"
#include "screen/panel.h"
#include "screen/view.h"

#define MAX_COUNTERS 768 /* of both devices; ENA has some 30 a queue */
#define LOUD_NS	     60000000000ULL

static const char *const needs[] = { "nic", NULL };

struct counter {
	char name[48];
	unsigned dev;
	uint64_t value, per_s;
	uint64_t grew_ns; /* when it grew last; 0: not since it is watched */
};

static struct {
	struct counter c[MAX_COUNTERS];
	size_t n;
	uint64_t mono_ns; /* of the table that it was read from */
} seen, before;

/* Drops, errors, allowances: what should stand still. */
static bool matters(const char *name)
{
	static const char *const part[] = {
		"allowance_exceeded", "drop", "err", "missed", "no_buf", "overrun", "fail"
	};

	if (strstr(name, "xdp_drop"))
		return false; /* that is our program at work */
	for (size_t i = 0; i < sizeof(part) / sizeof(*part); i++)
		if (strcasestr(name, part[i]))
			return true;
	return false;
}

static const struct counter *find(const char *name, unsigned dev, size_t hint)
{
	for (size_t k = 0; k < before.n; k++) {
		const struct counter *c = &before.c[(hint + k) % before.n];

		if (c->dev == dev && !strcmp(c->name, name))
			return c;
	}
	return NULL;
}

static void take(const struct slice *key, uint64_t value, unsigned dev, uint64_t now)
{
	struct counter *c = &seen.c[seen.n];
	const struct counter *old;

	if (seen.n == MAX_COUNTERS)
		return;
	*c = (struct counter){ .dev = dev, .value = value };
	snprintf(c->name, sizeof(c->name), "%.*s", (int)(key->n < 47 ? key->n : 47), key->p);
	old = find(c->name, dev, seen.n);
	seen.n++;
	if (!old)
		return;
	c->grew_ns = value > old->value ? now : old->grew_ns;
	if (value > old->value && now > before.mono_ns)
		c->per_s = (uint64_t)((double)(value - old->value) * 1e9 /
					      (double)(now - before.mono_ns) +
				      0.5);
}

/* Reads a table that was not read yet. */
static void read_counters(const struct data_table *t)
{
	int stats = data_col(t, "stats");

	if (t->mono_ns <= seen.mono_ns)
		return; /* two views have a table each: the older one tells nothing new */
	before = seen;
	seen.n = 0;
	seen.mono_ns = t->mono_ns;
	for (unsigned dev = 0; dev < 2; dev++) {
		const char *json = data_cell(t, dev, stats);
		struct slice in, key, value;
		uint64_t v;

		if (slice_open((struct slice){ json, strlen(json) }, '{', &in) < 0)
			continue;
		while (slice_member(&in, &key, &value) > 0)
			if (!slice_u64(value, &v))
				take(&key, v, dev, t->mono_ns);
	}
}

static bool loud(const struct counter *c)
{
	return c->grew_ns && seen.mono_ns - c->grew_ns < LOUD_NS && matters(c->name);
}

/* n: also those that are 0. What grows and should not comes first, so that no scrolling hides it.
 */
static size_t choose(const struct view_state *s, unsigned dev, const struct counter **out)
{
	size_t n = 0;

	for (int want = 1; want >= 0; want--)
		for (size_t i = 0; i < seen.n; i++) {
			const struct counter *c = &seen.c[i];

			if (c->dev != dev || loud(c) != want ||
			    (!c->value && !s->option && !strstr(c->name, "allowance")))
				continue;
			if (s->filter[0] && !strcasestr(c->name, s->filter))
				continue;
			out[n++] = c;
		}
	return n;
}

/* Names differ in the middle (a queue's number) and at their end: both stay. Counters are ASCII. */
static void name_cut(char *buf, size_t size, const char *name, int cols)
{
	int n = (int)strlen(name), tail = cols > 20 ? cols / 2 : cols / 3 + 1;

	if (n <= cols || cols < 8)
		snprintf(buf, size, "%s", name);
	else
		snprintf(buf, size, "%.*s…%s", cols - 1 - tail, name, name + n - tail);
}

/* Columns of a count and of a rate, with the blank before each. */
static void field_widths(int cols, int *count_cols, int *rate_cols)
{
	*count_cols = cols >= 60 ? 18 : cols >= 50 ? 15 : 12;
	*rate_cols = cols >= 60 ? 13 : cols >= 50 ? 11 : 8;
}

static void heading(struct line *l, const char *title, int cols)
{
	int count_cols, rate_cols;

	field_widths(cols, &count_cols, &rate_cols);
	line_left(l, LOOK_HEAD, cols - count_cols - rate_cols, title);
	line_right(l, LOOK_HEAD, count_cols, "count");
	line_right(l, LOOK_HEAD, rate_cols, "/s");
}

static void row(struct line *l, const struct counter *c, int cols)
{
	enum line_look look = loud(c) ? LOOK_BAD : c->value ? LOOK_PLAIN : LOOK_DIM;
	int count_cols, rate_cols;
	char name[sizeof(c->name) + 4];

	field_widths(cols, &count_cols, &rate_cols);
	name_cut(name, sizeof(name), c->name, cols - 1 - count_cols - rate_cols);
	line_str(l, look, loud(c) ? "!" : " ");
	line_left(l, look, cols - 1 - count_cols - rate_cols, name);
	line_str(l, look, " ");
	line_number(l, look, count_cols - 1, c->value);
	line_str(l, look, " ");
	if (c->per_s)
		line_number(l, look, rate_cols - 1, c->per_s);
	else
		line_right(l, LOOK_DIM, rate_cols - 1, "-");
}

static void draw_device(const struct view_state *s, const struct data *d,
			const struct data_table *t, unsigned dev, struct panel p)
{
	const struct counter *c[MAX_COUNTERS];
	size_t n = choose(s, dev, c), from;
	struct line *l = panel_next(&p);
	char title[64];

	if (!l)
		return;
	snprintf(title, sizeof(title), " %s %s", dev ? "OUT" : "IN ",
		 data_cell(t, dev, data_col(t, "dev")));
	heading(l, title, p.at.cols);
	panel_mark_stale(l, d, t->mono_ns);
	from = n > (size_t)panel_left(&p) && s->cursor < n ? s->cursor : 0;
	for (size_t i = from; i < n && (l = panel_next(&p)); i++)
		row(l, c[i], p.at.cols);
}

void nics_brief(struct panel *p, const struct data *d, const struct data_table *t)
{
	static const struct view_state all = { .sort = -1 };
	const struct counter *c[MAX_COUNTERS];
	struct line *l = panel_next(p);
	int shown = 0;

	if (!l)
		return;
	read_counters(t);
	heading(l, "NIC DROPS, ERRORS, ALLOWANCES", p->at.cols);
	panel_mark_stale(l, d, t->mono_ns);
	for (unsigned dev = 0; dev < 2; dev++) {
		size_t n = choose(&all, dev, c);

		for (size_t i = 0; i < n; i++) {
			if (!matters(c[i]->name) || !c[i]->value || !(l = panel_next(p)))
				continue;
			line_fmt(l, LOOK_PLAIN, "%-8.8s", data_cell(t, dev, data_col(t, "dev")));
			row(l, c[i], p->at.cols - 8);
			shown++;
		}
	}
	if (!shown && (l = panel_next(p)))
		line_str(l, LOOK_DIM, t->mono_ns ? "none" : "reading...");
}

static size_t count(const struct view_state *s, const struct data *d,
		    const struct data_table *tables)
{
	const struct counter *c[MAX_COUNTERS];
	size_t a, b;

	(void)d;
	read_counters(&tables[0]);
	a = choose(s, 0, c);
	b = choose(s, 1, c);
	return a > b ? a : b;
}

static void draw(const struct view_state *s, const struct data *d, const struct data_table *tables,
		 int rows, int cols, struct line *line)
{
	struct panel title = panel_at(line, (struct rect){ 0, 0, 1, cols });
	int half = (cols - 3) / 2;
	struct line *l;

	panel_clear(line, rows, cols);
	read_counters(&tables[0]);
	l = panel_next(&title);
	if (!l || rows < 2)
		return;
	line_str(l, LOOK_HEAD, " NICS");
	line_str(l, LOOK_DIM, s->option ? "  all counters  " : "  counters that are not 0  ");
	line_str(l, LOOK_KEY, "[n]");
	if (tables[0].error[0])
		line_fmt(l, LOOK_WARN, "  %s", tables[0].error);
	else if (!tables[0].mono_ns)
		line_str(l, LOOK_DIM, "  reading...");
	if (cols >= 78) {
		struct rect right = { 1, half + 3, rows - 1, cols - half - 3 };

		draw_device(s, d, &tables[0], 0,
			    panel_at(line, (struct rect){ 1, 0, rows - 1, half }));
		panel_bar(line, right);
		draw_device(s, d, &tables[0], 1, panel_at(line, right));
	} else {
		draw_device(s, d, &tables[0], 0,
			    panel_at(line, (struct rect){ 1, 0, rows / 2, cols }));
		draw_device(s, d, &tables[0], 1,
			    panel_at(line,
				     (struct rect){ 1 + rows / 2, 0, rows - 1 - rows / 2, cols }));
	}
	panel_grey(line, rows, d, tables[0].mono_ns);
}

const struct view view_nics = {
	.name = "nics", .title = "NICs", .needs = needs, .draw = draw, .count = count
};
