// SPDX-License-Identifier: GPL-2.0-only
/*
 * One picture: header, trouble, the view or an answer, what was said, keys, command line, each
 * always in its place. Rows are kept as text, so that they can go to a file as well. [screen]
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "screen/file.h"
#include "screen/layout.h"
#include "screen/paint.h"
#include "screen/prompt.h"
#include "screen/ui_int.h"

#define SAID_ROWS  4 /* a long question or error takes more */
#define SAID_BYTES 512

static bool have_lines(struct ui *ui, int rows, int cols)
{
	if (!ui->lines || rows != ui->rows) {
		free(ui->lines);
		ui->lines = calloc((size_t)rows, sizeof(*ui->lines));
	}
	ui->rows = ui->lines ? rows : 0;
	ui->cols = cols;
	for (int i = 0; i < ui->rows; i++)
		line_init(&ui->lines[i], cols);
	return ui->lines;
}

static void draw_output(const struct ui *ui, int rows, struct line *line)
{
	const char *p = ui->output;
	char text[LINE_BYTES];

	for (size_t i = 0; i < ui->output_top && *p; i++)
		p += strcspn(p, "\n") + 1;
	for (int i = 0; i < rows && *p; i++) {
		size_t n = strcspn(p, "\n");

		snprintf(text, sizeof(text), "%.*s", (int)(n < sizeof(text) ? n : sizeof(text) - 1),
			 p);
		line_left(&line[i], LOOK_PLAIN, line[i].width, text); /* a cut is seen to be one */
		p += n + (p[n] == '\n');
	}
}

static void draw_body(struct ui *ui, int rows, struct line *line)
{
	struct view_state *s = &ui->state[ui->view];
	size_t n = ui_rows_of_view(ui), page = rows > 3 ? (size_t)rows - 2 : 1;

	ui->body = rows;
	if (ui->output) {
		draw_output(ui, rows, line);
		return;
	}
	s->cursor = n && s->cursor >= n ? n - 1 : s->cursor;
	if (s->cursor < s->top)
		s->top = s->cursor;
	if (s->cursor >= s->top + page)
		s->top = s->cursor - page + 1;
	views[ui->view]->draw(s, ui->d, ui->table[ui->view], rows, ui->cols, line);
}

/* What stands above the keys: a question, a filter that is being typed, or the last thing said. */
static enum line_look said_text(const struct ui *ui, char *text, size_t size)
{
	size_t last = ui->output_top + (size_t)ui->body;

	if (ui->focus == FOCUS_ASK)
		snprintf(text, size, "Enter does it, any other key cancels: %s", ui->question);
	else if (ui->focus == FOCUS_LEAVE)
		snprintf(text, size, "%s", ui->question);
	else if (ui->focus == FOCUS_FILTER)
		snprintf(text, size, "/%s_   Enter keeps it, Esc ends it",
			 ui->state[ui->view].filter);
	else if (ui->output)
		snprintf(text, size, "lines %zu-%zu of %zu: j k PgUp PgDn, Esc closes",
			 ui->output_top + 1, last < ui->output_lines ? last : ui->output_lines,
			 ui->output_lines);
	else
		snprintf(text, size, "%s", ui->d->said);
	if (ui->focus == FOCUS_ASK || ui->focus == FOCUS_LEAVE)
		return LOOK_WARN;
	return ui->focus != FOCUS_FILTER && !ui->output && ui->d->said_error ? LOOK_BAD
									     : LOOK_PLAIN;
}

/* Bytes of text that fit into so many columns, cut after a word where there is one. */
static size_t fitting(const char *text, int cols)
{
	char part[LINE_BYTES + 1];
	size_t n = strlen(text), word;

	n = n < LINE_BYTES ? n : LINE_BYTES;
	for (snprintf(part, sizeof(part), "%.*s", (int)n, text); n && line_cols(part) > cols;
	     part[n] = 0)
		n--;
	while (n && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	for (word = n; text[n] && word > n / 2 && text[word] != ' '; word--)
		;
	return text[n] && word > n / 2 ? word : n;
}

/* In up to so many rows, the last of which is the one above the keys. How many it took. */
static int draw_said(const struct ui *ui, int most, int cols, struct line *end)
{
	char text[SAID_BYTES], part[SAID_BYTES];
	enum line_look look = said_text(ui, text, sizeof(text));
	size_t at[SAID_ROWS + 1] = { 0 };
	int n = 0;

	do {
		at[n + 1] = at[n] + fitting(text + at[n], cols - 2);
	} while (++n < most && text[at[n]]);
	for (int i = 0; i < n; i++) {
		struct line *line = end - n + i;

		line_init(line, cols);
		snprintf(part, sizeof(part), "%.*s", (int)(at[i + 1] - at[i]), text + at[i]);
		line_str(line, LOOK_PLAIN, i && *part == ' ' ? "" : " ");
		line_str(line, look, part);
	}
	return n;
}

/* Completions and a long question take their rows off the view's end. */
static void draw_all(struct ui *ui, const struct layout *l, int *cursor)
{
	struct line *at = ui->lines, *body = &at[l->body.y];
	int rows = l->body.rows, cols = l->body.cols, choices, said;

	view_header(ui->d, cols, &at[l->header.y]);
	view_trouble(ui->d, cols, &at[l->trouble.y]);
	choices = ui->focus == FOCUS_PROMPT ? prompt_choices(rows / 2, cols, body) : 0;
	said = draw_said(ui, rows - choices < SAID_ROWS ? 1 : SAID_ROWS, cols, &at[l->said.y + 1]) -
	       1;
	rows -= choices + said;
	memmove(&body[rows], body, (size_t)choices * sizeof(*body));
	for (int i = 0; i < rows; i++)
		line_init(&body[i], cols);
	draw_body(ui, rows, body);
	prompt_draw(cols, &at[l->prompt.y], cursor);
	if (ui->focus == FOCUS_PROMPT) {
		view_footer_prompt(cols, &at[l->footer.y]);
	} else {
		view_footer(views[ui->view], ui->d, cols, &at[l->footer.y]);
		line_all(&at[l->prompt.y], LOOK_DIM);
	}
}

void ui_draw(struct ui *ui, int rows, int cols)
{
	struct layout l;
	int cursor = 0;

	if (!have_lines(ui, rows, cols))
		return;
	layout_screen(rows, cols, &l);
	if (l.too_small)
		view_too_small(rows, cols, &ui->lines[0]);
	else
		draw_all(ui, &l, &cursor);
	paint_rows(0, 0, ui->lines, rows);
	if (ui->focus == FOCUS_PROMPT && !l.too_small)
		paint_cursor(l.prompt.y, cursor);
	else
		paint_cursor_hide();
}

/* --- into a file --- */

static int write_lines(const struct ui *ui, int fd)
{
	FILE *f = fdopen(fd, "w");
	bool bad;

	if (!f) {
		close(fd);
		return -ENOMEM;
	}
	for (int i = 0; i < ui->rows; i++)
		fprintf(f, "%.*s\n", ui->lines[i].bytes, ui->lines[i].text);
	bad = ferror(f) != 0;
	return fclose(f) || bad ? -EIO : 0;
}

void ui_dump(struct ui *ui)
{
	char path[512], said[600];
	struct vx_err err;
	int fd = file_new_dump(path, sizeof(path), &err);

	if (fd < 0) {
		ui_say(ui, true, err.msg);
		return;
	}
	if (write_lines(ui, fd) < 0) {
		unlink(path);
		ui_say(ui, true, "the file could not be written");
		return;
	}
	snprintf(said, sizeof(said), "this screen is in %s", path);
	ui_say(ui, false, said);
}
