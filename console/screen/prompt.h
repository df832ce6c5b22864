/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command line: readline in callback mode, fed key by key, drawn by us. The only place that
 * sees readline. [screen]
 *
 * A paste (the terminal's bracketed paste, ESC[?2004h, must be on) never runs anything: its first
 * line goes in at the cursor, the others are kept, and each comes when the one before was run by
 * Enter. Whatever gives up the line drops them: Ctrl-C, Ctrl-G, Ctrl-D on an empty line.
 */
#ifndef SCREEN_PROMPT_H
#define SCREEN_PROMPT_H

#include <stddef.h>

#include "screen/line.h"
#include "vx_err.h"

struct prompt_events {
	/* A line was finished, without the blanks and ":" that it began with. Return true to empty
	 * the line; false leaves it to be edited (it was wrong). */
	bool (*line)(void *ctx, const char *text);
	/* Completions of the word at the end of text: each with a help text, separated:
	 * "word\thelp\n". Caller frees. May be NULL. */
	char *(*complete)(void *ctx, const char *text);
	/* Esc or Enter on an empty line. Esc on a line with text empties it, as a kill: Ctrl-Y
	 * brings it back. */
	void (*leave)(void *ctx);
};

int prompt_open(const struct prompt_events *ev, void *ctx, const char *history_file,
		struct vx_err *err) __attribute__((warn_unused_result));
void prompt_close(void); /* saves the history */
void prompt_feed(const char *bytes,
		 size_t n); /* raw bytes of the terminal, escape sequences and UTF-8 included */
/*
 * Milliseconds until prompt_expire() is to be called if no byte comes before; -1: not at all. An
 * Esc may be the key, or begin a sequence whose rest is late.
 */
int prompt_timeout(void);
void prompt_expire(void);
void prompt_set(const char *text); /* pre-typed: to be finished or edited */
/* The line as it is to be drawn in cols columns, scrolled so that the cursor is in it; *cursor: its
 * column. Ctrl-R's prompt too. */
void prompt_draw(int cols, struct line *l, int *cursor);
/* The completions to be shown above the line, most rows of them; 0: none. */
int prompt_choices(int rows, int cols, struct line *lines);
bool prompt_empty(void);

#endif
