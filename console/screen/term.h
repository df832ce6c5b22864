/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The terminal: opened so that writing to it never blocks, set up, and given back as it was on
 * every way out. Curses draws into memory; a frame goes to the terminal as fast as that takes it,
 * and until it is gone there is no next one. There is one terminal. [screen]
 */
#ifndef SCREEN_TERM_H
#define SCREEN_TERM_H

#include <stdbool.h>
#include <stddef.h>

#include "vx_err.h"

/*
 * Is there a terminal to draw on? Call it before anything is started, and before root is dropped:
 * it opens the terminal anew. -ENOTTY with what to use instead: no terminal, TERM unset, dumb, or
 * without a cursor that can be placed.
 */
int term_find(struct vx_err *err) __attribute__((warn_unused_result));
/* What it is drawn as, in words, when TERM is not known here; "" else. */
const char *term_note(void);

/* Takes the terminal over. colours false: none, whatever it has; so with NO_COLOR. Signals that
 * stop or end this process must be blocked; those that kill it restore the terminal first. */
int term_open(bool colours, struct vx_err *err) __attribute__((warn_unused_result));
/* Gives it back. Waits half a second at most when it is not read: false, and whatever is written to
 * it now would wait. */
bool term_close(void);
int term_fd(void);
int term_colours(void);		      /* 0, 8, 16, 256 */
void term_size(int *rows, int *cols); /* asks the terminal, and tells curses; 0x0 is 80x24 */

void term_frame(void);	/* what was painted since the last one goes out; only when term_idle() */
void term_redraw(void); /* the next frame draws everything */
int term_flush(void);	/* sends what can be sent. -errno when the terminal is gone */
bool term_idle(void);	/* nothing waits to be sent */

bool term_suspend(void); /* Ctrl-Z: gives it back, as term_close does, */
void term_resume(void);	 /* and takes it again */

#endif
