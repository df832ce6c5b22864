/* SPDX-License-Identifier: GPL-2.0-only */
/* The engine as a process: this one (--headless), or one of its own that outlives the screen. For
 * main.c. */
#ifndef CONSOLE_START_H
#define CONSOLE_START_H

#include <sys/types.h>

#include "proto/sockpath.h"

struct opts;

/* Runs the engine until it ends. Returns its exit code. */
int start_headless(struct opts *o);

struct start {
	pid_t pid;
	int fd; /* what the engine has to say: warnings and errors at the start, the report at the
		   end */
	char socket[SOCKPATH_MAX];
};

/*
 * Starts the engine in a session of its own, and returns when it is ready: 0. What it says until
 * then goes to stderr, the reason of a failure too: then 1, and nothing is left. The engine does
 * not outlive this process before it is ready.
 */
int start_engine(struct opts *o, struct start *s);
/* The report of an engine that has ended, to stderr; waits a few seconds for it. Returns its exit
 * code. */
int start_report(struct start *s);

#endif
