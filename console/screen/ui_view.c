// SPDX-License-Identifier: GPL-2.0-only
/* Views: which one is looked at, the operator's place in each, their tables, and what keys do to
 * them. [screen] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "screen/graph.h"
#include "screen/ui_int.h"

#define EVERY_NS   1000000000ULL
#define PER_ROW_NS 100000ULL /* a table of 65,536 rows is fetched every 7.5 s */

static const struct view *view_of(const struct ui *ui)
{
	return views[ui->view];
}

static unsigned needs_of(const struct view *v)
{
	unsigned n = 0;

	while (v->needs && v->needs[n] && n < UI_NEEDS)
		n++;
	return n;
}

void ui_views_init(struct ui *ui)
{
	for (unsigned i = 0; i < n_views && i < UI_VIEWS; i++) {
		ui->state[i].sort = -1;
		for (unsigned k = 0; k < needs_of(views[i]); k++)
			snprintf(ui->table[i][k].name, sizeof(ui->table[i][k].name), "%s",
				 views[i]->needs[k]);
	}
}

void ui_views_fini(struct ui *ui)
{
	for (unsigned i = 0; i < UI_VIEWS; i++)
		for (unsigned k = 0; k < UI_NEEDS; k++)
			data_table_clear(&ui->table[i][k]);
}

size_t ui_rows_of_view(const struct ui *ui)
{
	const struct view *v = view_of(ui);

	return v->count ? v->count(&ui->state[ui->view], ui->d, ui->table[ui->view]) : 0;
}

/* --- tables --- */

void ui_fetch_now(struct ui *ui)
{
	ui->fetch_now = true;
}

static bool is_due(const struct ui *ui, const struct data_table *t)
{
	unsigned seconds = view_of(ui)->every_s;
	uint64_t every = seconds ? seconds * EVERY_NS : EVERY_NS;

	return ui->fetch_now || !t->mono_ns ||
	       ui->d->now_ns - t->mono_ns >= every + t->rows * PER_ROW_NS;
}

void ui_fetch(struct ui *ui)
{
	struct data_table *t = ui->table[ui->view];

	if (ui->d->frozen && t[0].mono_ns)
		return;
	for (unsigned i = 0; i < needs_of(view_of(ui)); i++)
		if (is_due(ui, &t[i]))
			talk_table(ui->t, &t[i]);
	ui->fetch_now = false;
}

static void go(struct ui *ui, unsigned view)
{
	if (view >= n_views)
		return;
	ui_output_close(ui);
	if (ui->view != view)
		ui_say(ui, false, ""); /* what was said belongs to what was looked at */
	if (view == n_views - 1 && ui->view != view)
		ui->back = ui->view;
	ui->view = view;
	ui->fetch_now = true;
}

/* --- an answer of several lines --- */

void ui_output_close(struct ui *ui)
{
	free(ui->output);
	ui->output = NULL;
	ui->output_top = ui->output_lines = 0;
}

void ui_output_open(struct ui *ui, const char *text)
{
	ui_output_close(ui);
	ui->output = strdup(text);
	for (const char *p = ui->output; p && *p; p++)
		ui->output_lines += *p == '\n' || !p[1];
}

/* --- moving --- */

static size_t moved(size_t at, long by, size_t rows)
{
	if (!rows)
		return 0;
	if (by < 0 && at < (size_t)-by)
		return 0;
	at += (size_t)by;
	return at < rows ? at : rows - 1;
}

/* true: key was one that moves. */
static bool move_by(const struct ui *ui, enum ui_key key, long *by)
{
	long page = ui->body > 4 ? ui->body - 3 : 1;

	switch (key) {
	case UI_DOWN:
	case UI_DOWN_2:
		*by = 1;
		return true;
	case UI_UP:
	case UI_UP_2:
		*by = -1;
		return true;
	case UI_PAGE_DOWN:
		*by = page;
		return true;
	case UI_PAGE_UP:
		*by = -page;
		return true;
	case UI_FIRST:
		*by = -(1L << 30);
		return true;
	case UI_LAST:
		*by = 1L << 30;
		return true;
	default:
		return false;
	}
}

static void move_cursor(struct ui *ui, long by)
{
	struct view_state *s = &ui->state[ui->view];
	size_t last = ui->output_lines > (size_t)ui->body ? ui->output_lines - (size_t)ui->body : 0;

	if (ui->output)
		ui->output_top = moved(ui->output_top, by, last + 1);
	else
		s->cursor = moved(s->cursor, by, ui_rows_of_view(ui));
}

/* --- keys --- */

bool ui_key_of_view(struct ui *ui, int key, char *line, size_t size)
{
	const struct view *v = view_of(ui);
	struct view_state *s = &ui->state[ui->view];
	size_t rows;

	if (keys_find(key) < UI_MARK || keys_find(key) == UI_FIX || ui->output || !v->command)
		return false;
	rows = ui_rows_of_view(
		ui); /* the list may have become shorter since the cursor was moved */
	s->cursor = rows && s->cursor >= rows ? rows - 1 : s->cursor;
	return v->command(s, ui->d, ui->table[ui->view], key, line, size);
}

static void back(struct ui *ui)
{
	struct view_state *s = &ui->state[ui->view];

	if (ui->output)
		ui_output_close(ui);
	else if (s->filter[0])
		s->filter[0] = 0;
	else if (ui->view == n_views - 1)
		go(ui, ui->back);
	else
		go(ui, 0);
}

static void freeze(struct ui *ui)
{
	if (ui->d->frozen)
		talk_thaw(ui->t);
	else
		ui->d->frozen = true;
	ui->fetch_now = !ui->d->frozen;
}

static void sort(struct ui *ui)
{
	struct view_state *s = &ui->state[ui->view];

	s->sort = s->sort + 1 < view_of(ui)->sorts ? s->sort + 1 : -1;
}

static void zoom(struct ui *ui, int by)
{
	struct view_state *s = &ui->state[ui->view];

	if (s->zoom + by >= 0 && s->zoom + by < GRAPH_ZOOMS)
		s->zoom += by;
}

/* Of the cause under the cursor where causes are listed, else of the worst. */
static bool fix(struct ui *ui, int key, char *line, size_t size)
{
	const struct view *v = view_of(ui);

	if (v->command && !ui->output &&
	    v->command(&ui->state[ui->view], ui->d, ui->table[ui->view], key, line, size))
		return ui_fix_line(ui, line);
	return ui_fix(ui, line, size);
}

bool ui_key_global(struct ui *ui, int key, char *line, size_t size)
{
	enum ui_key k = keys_find(key);
	struct view_state *s = &ui->state[ui->view];
	long by;

	if (k == UI_N_KEYS)
		return false;
	if (keys_table[k].command) {
		snprintf(line, size, "%s", keys_table[k].command);
		return true;
	}
	if (move_by(ui, k, &by)) {
		move_cursor(ui, by);
		return false;
	}
	switch (k) {
	case UI_HELP:
		if (ui->view == n_views - 1)
			back(ui);
		else
			go(ui, n_views - 1);
		break;
	case UI_FILTER:
		ui->focus = FOCUS_FILTER;
		break;
	case UI_SORT:
		sort(ui);
		break;
	case UI_REVERSE:
		s->descending = !s->descending;
		break;
	case UI_OPTION:
		s->option = !s->option;
		break;
	case UI_FREEZE:
		freeze(ui);
		break;
	case UI_PROMPT:
	case UI_PROMPT_2:
		ui_prompt(ui, NULL);
		break;
	case UI_BACK:
		back(ui);
		break;
	case UI_ZOOM_IN:
	case UI_ZOOM_OUT:
		zoom(ui, k == UI_ZOOM_IN ? -1 : 1);
		break;
	case UI_FIX:
		return fix(ui, key, line, size);
	case UI_REFRESH:
		ui->fetch_now = true;
		break;
	case UI_DUMP:
		ui_dump(ui);
		break;
	case UI_QUIT:
		ui->quit_wanted = true;
		break;
	default:
		if (k <= UI_VIEW_0)
			go(ui, (unsigned)(k - UI_VIEW_1));
		break;
	}
	return false;
}
