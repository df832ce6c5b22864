/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the screen says to its engine and hears from it, on the control socket, without ever
 * waiting: snapshots and events into struct data, tables, commands. Answers come in the order of
 * the questions. [screen]
 */
#ifndef SCREEN_TALK_H
#define SCREEN_TALK_H

#include "proto/link.h"
#include "proto/wire.h"
#include "screen/data.h"

struct talk;

/* line: as it was sent. The question of a WIRE_ASK is answered by the same command with yes. */
typedef void (*talk_answer_fn)(void *ctx, const char *line, const struct wire_reply *reply);

/* l and d are used as long as the talk lives; snapshots come so many ms apart. */
int talk_new(struct talk **out, struct link *l, struct data *d, unsigned interval_ms,
	     talk_answer_fn answer, void *ctx, struct vx_err *err)
	__attribute__((warn_unused_result));
void talk_free(struct talk *t);
/* Ends d->frozen: all that came meanwhile is shown. */
void talk_thaw(struct talk *t);

/* Takes what came: 1 when something did that is to be drawn, 0, or -EPIPE when the engine has
 * ended. */
int talk_read(struct talk *t, struct vx_err *err);
bool talk_waits(const struct talk *t); /* call talk_read when the socket takes bytes, too */

/* No snapshots while nobody can see them. */
void talk_pause(struct talk *t, bool pause);
void talk_bye(struct talk *t); /* leaves on purpose: the engine need not tell anybody */
/* A connection that was dropped, again; what was asked is not answered any more. */
int talk_again(struct talk *t, struct vx_err *err) __attribute__((warn_unused_result));

/* -EBUSY when too much is unanswered. A file that the command names is opened here, with this
 * process's rights. */
int talk_command(struct talk *t, const char *line, bool yes, struct vx_err *err)
	__attribute__((warn_unused_result));
/* t->name's rows into table, which must live until they come; nothing when they are asked for
 * already. */
void talk_table(struct talk *t, struct data_table *table);
/* What may stand at the end of text: "word\thelp\n" each; caller frees. NULL: nothing came within
 * 300 ms. */
char *talk_complete(struct talk *t, const char *text);

#endif
