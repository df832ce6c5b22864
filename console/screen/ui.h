/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the operator does and sees: views, keys, questions, the command line. Takes the terminal's
 * bytes, gives rows. Waits for nothing; screen.c is the loop round it. [screen]
 */
#ifndef SCREEN_UI_H
#define SCREEN_UI_H

#include "screen/data.h"
#include "screen/talk.h"

struct ui;

enum ui_end {
	UI_STAYS,
	UI_LEAVES, /* the engine runs on */
};

/* d lives longer. history: the file of the command line's history, or NULL. */
int ui_new(struct ui **out, struct data *d, const char *history, struct vx_err *err)
	__attribute__((warn_unused_result));
void ui_free(struct ui *ui);
void ui_set_talk(struct ui *ui, struct talk *t);

void ui_bytes(struct ui *ui, const char *bytes, size_t n);
int ui_timeout(const struct ui *ui); /* ms until ui_expire is due, when no bytes come; -1: never */
void ui_expire(struct ui *ui);
void ui_answer(void *ui, const char *line, const struct wire_reply *reply); /* a talk_answer_fn */
void ui_say(struct ui *ui, bool error, const char *text); /* the line above the keys */
void ui_news(struct ui *ui);				  /* something came from the engine */
void ui_fetch(struct ui *ui); /* asks for the tables of what is looked at; about once a second */
void ui_draw(struct ui *ui, int rows, int cols);

enum ui_end ui_end(const struct ui *ui);
bool ui_stopping(const struct ui *ui); /* the engine was told to stop from here */
bool ui_takes_suspend(struct ui *ui);  /* Ctrl-Z was pressed; once */
bool ui_takes_redraw(struct ui *ui);   /* Ctrl-L; once */

#endif
