/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command history on disk: a line each, mode 0600, replaced whole. Several screens may share
 * it: each adds its own lines to what is there by then. [screen]
 */
#ifndef SCREEN_PROMPT_STORE_H
#define SCREEN_PROMPT_STORE_H

#include <stddef.h>

#define PROMPT_STORE_LINES 1000

/* The lines, oldest first, ended by NULL, at most PROMPT_STORE_LINES of the newest; those with
 * control bytes are left out. A file that is not there or cannot be read is an empty one. NULL: no
 * memory. Freed by prompt_store_free(). */
char **prompt_store_load(const char *path);
void prompt_store_free(char **lines);
/* Adds a line at the end, unless the last one is the same. 0 or -errno: then the old file stands.
 */
int prompt_store_add(const char *path, const char *line) __attribute__((warn_unused_result));

#endif
