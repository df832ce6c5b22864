/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writing that nobody can hold up by not reading: a terminal that is stopped, a pipe that is full.
 * For the log and the status lines of the engine. Any thread.
 */
#ifndef ENGINE_SYS_QUICK_H
#define ENGINE_SYS_QUICK_H

#include <stdbool.h>
#include <stddef.h>

#define QUICK_MAX 4096 /* what a pipe takes whole or not at all */

/* At most QUICK_MAX bytes in one write, now. false: not taken, or, by a terminal, not all of it. */
bool quick_put(int fd, const char *data, size_t len);
/* Any number of bytes; waits for the reader, but no longer than ms altogether. */
bool quick_put_within(int fd, const char *data, size_t len, unsigned ms);

#endif
