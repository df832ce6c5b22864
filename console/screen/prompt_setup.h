/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Readline made ready for the command line. For prompt.c. [screen]
 */
#ifndef SCREEN_PROMPT_SETUP_H
#define SCREEN_PROMPT_SETUP_H

#include <stdio.h>

struct prompt_hooks {
	int (*take_byte)(FILE *unused); /* of the key that it is given, EOF behind it */
	int (*bytes_waiting)(void);
	int (*begin_line)(void);
	int (*tab)(int count, int key);
	FILE *null; /* what it would read and write otherwise */
};

void prompt_setup(const struct prompt_hooks *h);

#endif
