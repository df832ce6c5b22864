/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the operator's side share: ui.c (focus, keys, questions), ui_view.c (views),
 * ui_draw.c. [screen] */
#ifndef SCREEN_UI_INT_H
#define SCREEN_UI_INT_H

#include "screen/keys.h"
#include "screen/ui.h"
#include "screen/view.h"

#define UI_VIEWS 16 /* at most */
#define UI_NEEDS 4  /* tables of a view, at most */

enum ui_focus {
	FOCUS_LIST,
	FOCUS_PROMPT,
	FOCUS_FILTER,
	FOCUS_ASK,   /* the engine asked: Enter does it */
	FOCUS_LEAVE, /* leave it running, stop it, stay */
};

struct ui {
	struct data *d;
	struct talk *t;
	enum ui_focus focus, before; /* before: a question came */
	enum ui_end end;
	bool stopping, suspend, redraw, pasting, completing, quit_wanted;

	char *asked, question[256]; /* the command line of a question, however long; the question */
	uint64_t asked_ns;
	bool offered; /* the first rule was offered, or there was one */

	unsigned view, back; /* index into views[]; back: before the help */
	struct view_state state[UI_VIEWS];
	struct data_table table[UI_VIEWS][UI_NEEDS];
	bool fetch_now;

	char *output; /* an answer of several lines, shown instead of the view */
	size_t output_top, output_lines;

	char in[512]; /* bytes that are no whole key yet */
	size_t n_in;
	uint64_t bytes_ns; /* when the last ones came */

	struct line *lines;   /* as last drawn: rows of them */
	int rows, cols, body; /* body: rows of the view */
};

/* ui_view.c */
void ui_views_init(struct ui *ui);
void ui_views_fini(struct ui *ui);
void ui_fetch_now(struct ui *ui);
/* The command line of a key: true. Else it may have done what it does by itself. */
bool ui_key_of_view(struct ui *ui, int key, char *line, size_t size);
bool ui_key_global(struct ui *ui, int key, char *line, size_t size);
void ui_output_open(struct ui *ui, const char *text);
void ui_output_close(struct ui *ui);
size_t ui_rows_of_view(const struct ui *ui); /* that the cursor moves over */
/* ui.c: the focus goes to the command line; text NULL: as it is. */
void ui_prompt(struct ui *ui, const char *text);
/* The command that mends what is wrong: true, it is whole and in line; else it waits in the command
 * line to be finished, or there is none. */
bool ui_fix(struct ui *ui, char *line, size_t size);
/* ui_draw.c */
void ui_dump(struct ui *ui);

#endif
