// SPDX-License-Identifier: GPL-2.0-only
/* Why: all causes of trouble, each with what mends it; without any, what lies beyond this host.
 * Pure. [screen] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/fix.h"
#include "proto/slice.h"
#include "screen/panel.h"
#include "screen/view.h"
#include "screen/when.h"

#define CAUSES 32
#define FIXES  3

static const char *const needs[] = { "diagnose", NULL };

struct cause {
	char id[24], severity[8], since[32], text[256], fix[FIXES][168];
	unsigned n_fix;
};

static void take(char *to, size_t size, struct slice value)
{
	char *s = slice_str(value);

	snprintf(to, size, "%s", s ? s : "");
	free(s);
}

static void take_fixes(struct cause *c, struct slice list)
{
	struct slice in, one;

	if (slice_open(list, '[', &in) < 0)
		return;
	while (c->n_fix < FIXES && slice_element(&in, &one) > 0)
		take(c->fix[c->n_fix++], sizeof(c->fix[0]), one);
}

static bool take_cause(struct cause *c, struct slice row)
{
	struct slice in, key, value;

	memset(c, 0, sizeof(*c));
	if (slice_open(row, '{', &in) < 0)
		return false;
	while (slice_member(&in, &key, &value) > 0) {
		if (slice_is(key, "id"))
			take(c->id, sizeof(c->id), value);
		else if (slice_is(key, "severity"))
			take(c->severity, sizeof(c->severity), value);
		else if (slice_is(key, "since"))
			take(c->since, sizeof(c->since), value);
		else if (slice_is(key, "text"))
			take(c->text, sizeof(c->text), value);
		else if (slice_is(key, "fix"))
			take_fixes(c, value);
	}
	return c->id[0];
}

/* The causes of the table; how many. at >= 0: only that one, into *c. */
static size_t causes(const struct data_table *t, long at, struct cause *c)
{
	const char *json = data_cell(t, 0, data_col(t, "causes"));
	struct slice in, row;
	struct cause skipped;
	size_t n = 0;

	if (slice_open((struct slice){ json, strlen(json) }, '[', &in) < 0)
		return 0;
	while (n < CAUSES && slice_element(&in, &row) > 0 &&
	       take_cause(at == (long)n ? c : &skipped, row))
		n++;
	return n;
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

static void draw_well(struct panel *p, const struct data *d, const struct data_table *t)
{
	const char *json = data_cell(t, 0, data_col(t, "beyond"));
	struct slice in, one;
	struct line *l;

	(void)d;
	if (slice_open((struct slice){ json, strlen(json) }, '[', &in) < 0)
		return;
	while (slice_element(&in, &one) > 0 && (l = panel_next(p))) {
		char *s = slice_str(one);

		line_str(l, LOOK_PLAIN, " ");
		wrapped(p, l, LOOK_PLAIN, 3, s ? s : "");
		free(s);
	}
}

static size_t count(const struct view_state *s, const struct data *d,
		    const struct data_table *tables)
{
	struct cause c;

	(void)s;
	(void)d;
	return causes(&tables[0], -1, &c);
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
	if (!n)
		draw_well(&p, d, &tables[0]);
	/* Scrolled so that the cause under the cursor is the third at most. */
	for (size_t i = at > 2 ? at - 2 : 0; i < n; i++) {
		causes(&tables[0], (long)i, &c);
		draw_cause(&p, &c, i == at);
	}
	panel_grey(line, rows, d, tables[0].mono_ns);
}

static bool command(const struct view_state *s, const struct data *d,
		    const struct data_table *tables, int key, char *buf, size_t size)
{
	struct cause c;
	size_t n = causes(&tables[0], (long)s->cursor, &c);

	(void)d;
	if (key != 'f' || s->cursor >= n || !c.n_fix)
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
