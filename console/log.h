/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Logging of the engine: stderr and/or a file, and the last lines in memory for those who ask.
 * Control bytes are escaped; repeats are folded ("xN"). Level as --debug: 0 none, 1 error (warnings
 * with it), 2 info, 3 debug; memory keeps errors and info whatever the level. stderr lines have the
 * time (UTC) unless it is the journal's. [engine]
 */
#ifndef CONSOLE_LOG_H
#define CONSOLE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vx_err.h"

enum log_level { LOG_ERROR = 1, LOG_INFO = 2, LOG_DEBUG = 3 };

/* path NULL or "": no file (0640, O_APPEND|O_NOFOLLOW). to_stderr: also there. */
int log_open(const char *path, bool to_stderr, unsigned level, struct vx_err *err)
	__attribute__((warn_unused_result));
void log_close(void);
void log_set_level(unsigned level);
unsigned log_level(void);
void log_write(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A line of the interface itself (status, "ready:", report) to stderr: no time, no level, not
 * folded, not kept. */
void log_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
#define vx_error(...) log_write(LOG_ERROR, "error: " __VA_ARGS__)
#define vx_warn(...)  log_write(LOG_ERROR, "warning: " __VA_ARGS__)
#define vx_info(...)  log_write(LOG_INFO, __VA_ARGS__)
#define vx_dbg(...)   log_write(LOG_DEBUG, __VA_ARGS__)

#define LOG_KEEP 512 /* lines in memory */
struct log_line {
	uint64_t id;	 /* 1, 2, ... */
	int64_t real_ns; /* CLOCK_REALTIME */
	enum log_level level;
	char text[256];
};
uint64_t log_last(void); /* id of the newest line; 0: there is none yet */
/* Copies the lines with id > after, oldest first; returns how many. */
size_t log_read(uint64_t after, struct log_line *out, size_t max);
/* s with control bytes and invalid UTF-8 as \xNN, "..." where it does not fit; size >= 8. Returns
 * buf. */
const char *log_escape(const char *s, char *buf, size_t size);

#endif
