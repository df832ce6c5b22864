/* SPDX-License-Identifier: GPL-2.0-only */
/* The screen on one engine, until the operator leaves or the engine ends. For main.c. */
#ifndef SCREEN_SCREEN_H
#define SCREEN_SCREEN_H

#include "proto/link.h"
#include "vx_err.h"

struct opts;

enum screen_end {
	SCREEN_LEFT,	/* the engine runs on */
	SCREEN_STOPPED, /* the engine was told to stop from here, and has */
	SCREEN_GONE, /* so is the terminal: the engine runs on, and nobody reads what is printed */
};

/*
 * Call term_find first. Blocks the signals that it reads, and leaves them blocked. Returns an enum
 * screen_end; -EPIPE when the engine has ended, with its last word in err; another -errno when the
 * screen cannot be opened.
 */
int screen_run(struct link *l, const struct opts *o, struct vx_err *err)
	__attribute__((warn_unused_result));

#endif
