/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command line: readline in callback mode, fed byte by byte, drawn by us. The only place that sees readline. [screen]
 */
#ifndef SCREEN_PROMPT_H
#define SCREEN_PROMPT_H

#include "screen/line.h"
#include "vx_err.h"

struct prompt_events {
	/* A line was finished. Return true to empty the line; false leaves it to be edited (it was wrong). */
	bool (*line)(void *ctx, const char *text);
	/* Completions of the word at the end of text: each with a help text, separated: "word\thelp\n". Caller frees. May be NULL. */
	char *(*complete)(void *ctx, const char *text);
	void (*cancel)(void *ctx); /* Esc on an empty line, Ctrl-C, Ctrl-G */
};

int prompt_open(const struct prompt_events *ev, void *ctx, const char *history_file,
		struct vx_err *err) __attribute__((warn_unused_result));
void prompt_close(void); /* saves the history */
void prompt_feed(const char *bytes, size_t n); /* raw bytes of the terminal, escape sequences and UTF-8 included */
void prompt_set(const char *text);	       /* pre-typed: to be finished or edited */
/* The line as it is to be drawn in cols columns, scrolled so that the cursor is in it; *cursor: its column. Ctrl-R's prompt too. */
void prompt_draw(int cols, struct line *l, int *cursor);
/* The completions to be shown above the line, most rows of them; 0: none. */
int prompt_choices(int rows, int cols, struct line *lines);
bool prompt_empty(void);

#endif
