// SPDX-License-Identifier: GPL-2.0-only
/* Why: what the lights have seen, and all causes of trouble, each with what mends it; without any,
 * what lies beyond this host. Pure. [screen] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/fix.h"
#include "proto/slice.h"
#include "screen/panel.h"
#include "screen/view.h"
#include "screen/when.h"

#define FIXES	   3
#define LINES_WELL 8
#define TEXT	   300

static const char *const needs[] = { "diagnose", NULL };

struct cause {
	char id[24], severity[8], since[32], text[TEXT], fix[FIXES][TEXT];
	unsigned n_fix;
};

static void take(char *to, size_t size, const struct data_table *t, size_t row, const char *key)
{
	snprintf(to, size, "%s", data_cell(t, row, data_col(t, key)));
}

/* Strings of a JSON array into text[0..most-1]; how many. */
static unsigned strings(const char *json, unsigned most, char text[][TEXT])
{
	struct slice in, one;
	unsigned n = 0;

	if (slice_open((struct slice){ json, strlen(json) }, '[', &in) < 0)
		return 0;
	while (n < most && slice_element(&in, &one) > 0) {
		char *s = slice_str(one);

		snprintf(text[n++], TEXT, "%s", s ? s : "");
		free(s);
	}
	return n;
}

/* A cause a row; without any, one row that has no id. */
static size_t n_causes(const struct data_table *t)
{
	return data_col(t, "id") < 0 ? 0 : t->rows;
}

static void take_cause(const struct data_table *t, size_t row, struct cause *c)
{
	take(c->id, sizeof(c->id), t, row, "id");
	take(c->severity, sizeof(c->severity), t, row, "severity");
	take(c->since, sizeof(c->since), t, row, "since");
	take(c->text, sizeof(c->text), t, row, "text");
	c->n_fix = strings(data_cell(t, row, data_col(t, "fix")), FIXES, c->fix);
}

/* Text over as many rows as it takes, indented; the first row may have something before it. */
static void wrapped(struct panel *p, struct line *l, enum line_look look, int indent,
		    const char *text)
{
	while (l && *text) {
		int room = l->width - l->cols;
		size_t n = strlen(text);

		while (n && (int)n > room)
			while (n && text[--n] != ' ')
				;
		n = n ? n : strlen(text); /* one long word: it is cut */
		line_fmt(l, look, "%.*s", (int)n, text);
		text += n;
		text += *text == ' ';
		l = *text ? panel_next(p) : NULL;
		if (l)
			line_fmt(l, LOOK_PLAIN, "%*s", indent, "");
	}
}

static void draw_cause(struct panel *p, const struct cause *c, bool marked)
{
	struct line *l = panel_next(p);
	bool bad = !strcmp(c->severity, "bad");

	if (!l)
		return;
	line_fmt(l,
		 marked ? LOOK_CURSOR
		 : bad	? LOOK_BAD
			: LOOK_WARN,
		 "%s %-4s %-16s", marked ? ">" : " ", c->severity, c->id);
	line_fmt(l, LOOK_DIM, " since %.19sZ", c->since);
	l = panel_next(p);
	if (l)
		line_str(l, LOOK_PLAIN, "     ");
	wrapped(p, l, LOOK_PLAIN, 5, c->text);
	for (unsigned i = 0; i < c->n_fix && (l = panel_next(p)); i++) {
		line_str(l, LOOK_KEY, !i && marked ? " [f] " : "     ");
		line_str(l, fix_is_shell(c->fix[i]) ? LOOK_DIM : LOOK_PLAIN,
			 fix_is_shell(c->fix[i]) ? "shell: " : "");
		line_str(l, LOOK_BOLD, c->fix[i]);
	}
}

/* What the lights have seen, and what a narrow row of them has no room for. */
static void draw_latched(struct panel *p, const struct data *d)
{
	char from[WHEN_TEXT], to[WHEN_TEXT];

	for (int i = 0; i < SNAP_N_LIGHTS; i++) {
		const struct snap_light *now = view_light(d, (enum snap_light_id)i);
		struct line *l = now->latched > now->state ? panel_next(p) : NULL;

		if (!l)
			continue;
		line_fmt(l, now->latched == LIGHT_BAD ? LOOK_BAD : LOOK_WARN, " * %s was %s",
			 snapshot_light_name((enum snap_light_id)i), now->latched_text);
		line_fmt(l, LOOK_PLAIN, " from %s to %s, now: %s",
			 when_clock(now->from_real_ns, from), when_clock(now->to_real_ns, to),
			 now->text);
		line_str(l, LOOK_KEY, "  [c] seen");
	}
}

/* Nothing is wrong here: what lies beyond. */
static void draw_well(struct panel *p, const struct data_table *t)
{
	char text[LINES_WELL][TEXT];
	unsigned n = strings(data_cell(t, 0, data_col(t, "beyond")), LINES_WELL, text);

	for (unsigned i = 0; i < n; i++) {
		struct line *l = panel_next(p);

		if (l)
			line_str(l, LOOK_PLAIN, i > 1 ? "   " : " ");
		wrapped(p, l, LOOK_PLAIN, i > 1 ? 5 : 3, text[i]);
	}
}

static size_t count(const struct view_state *s, const struct data *d,
		    const struct data_table *tables)
{
	(void)s;
	(void)d;
	return n_causes(&tables[0]);
}

static void draw(const struct view_state *s, const struct data *d, const struct data_table *tables,
		 int rows, int cols, struct line *line)
{
	struct panel p = panel_at(line, (struct rect){ 0, 0, rows, cols });
	size_t n = count(s, d, tables), at = n && s->cursor >= n ? n - 1 : s->cursor;
	struct cause c;
	struct line *l;

	panel_clear(line, rows, cols);
	l = panel_next(&p);
	if (!l)
		return;
	line_fmt(l, LOOK_HEAD, " WHY  %zu cause%s", n, n == 1 ? "" : "s");
	if (tables[0].error[0])
		line_fmt(l, LOOK_WARN, "  %s", tables[0].error);
	else if (!tables[0].mono_ns)
		line_str(l, LOOK_DIM, "  reading...");
	panel_mark_stale(l, d, tables[0].mono_ns);
	draw_latched(&p, d);
	if (!n)
		draw_well(&p, &tables[0]);
	/* Scrolled so that the cause under the cursor is the third at most. */
	for (size_t i = at > 2 ? at - 2 : 0; i < n; i++) {
		take_cause(&tables[0], i, &c);
		draw_cause(&p, &c, i == at);
	}
	panel_grey(line, rows, d, tables[0].mono_ns);
}

static bool command(const struct view_state *s, const struct data *d,
		    const struct data_table *tables, int key, char *buf, size_t size)
{
	struct cause c;

	(void)d;
	if (key != 'f' || s->cursor >= n_causes(&tables[0]))
		return false;
	take_cause(&tables[0], s->cursor, &c);
	if (!c.n_fix)
		return false;
	snprintf(buf, size, "%s", c.fix[0]);
	return true;
}

const struct view view_why = { .name = "why",
			       .title = "Why",
			       .needs = needs,
			       .draw = draw,
			       .count = count,
			       .command = command };
