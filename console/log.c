/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The engine's log. A line is formatted and escaped once and goes to memory, the file and stderr.
 * The engine must not stop because nobody reads its stderr: what that would not take at once is
 * dropped there, and counted. [engine]
 */
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/model/text.h"
#include "engine/sys/quick.h"

#define LOG_TEXT      1024	    /* a line in the file, escaped */
#define LOG_REPEAT_NS 10000000000ll /* a text that keeps coming is told again after this long */

static struct {
	int file; /* -1: none */
	bool to_stderr;
	bool journal; /* stderr is the journal's, which puts the time itself */
	bool file_failed;
	unsigned level;
	uint64_t stderr_lost; /* lines that stderr did not take */

	/* the text that is repeated */
	char last[LOG_TEXT];
	enum log_level last_level;
	uint64_t again; /* how often since it was told */
	int64_t told_ns;

	uint64_t next_id; /* ids of the lines in memory are [next_id - LOG_KEEP, next_id) */
	struct log_line keep[LOG_KEEP];
	uint64_t unfiled_id; /* the first for which no file was open */
} g = { .file = -1, .to_stderr = true, .level = LOG_ERROR, .next_id = 1, .unfiled_id = 1 };

static int64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

const char *log_escape(const char *s, char *buf, size_t size)
{
	return text_escape(buf, size, s, strlen(s));
}

/* --- sinks --- */

static void log_to_memory(enum log_level level, const char *text)
{
	struct log_line *l = &g.keep[g.next_id % LOG_KEEP];

	l->id = g.next_id++;
	l->real_ns = now_ns(CLOCK_REALTIME);
	l->level = level;
	log_escape(text, l->text,
		   sizeof(l->text)); /* again: cuts between characters; escapes nothing twice */
}

/* One write: lines stay whole. A terminal that is stopped, or a full or broken pipe, is not waited
 * for. */
static void log_put_stderr(const char *line, size_t len)
{
	char lost[80];
	int n;

	if (g.stderr_lost) {
		n = snprintf(lost, sizeof(lost), "(%" PRIu64 " lines are missing here)\n",
			     g.stderr_lost);
		if (!quick_put(STDERR_FILENO, lost, (size_t)n)) {
			g.stderr_lost++;
			return;
		}
		g.stderr_lost = 0;
	}
	if (!quick_put(STDERR_FILENO, line, len))
		g.stderr_lost++;
}

static void log_to_stderr(const char *text)
{
	char line[LOG_TEXT + 16];
	time_t now = time(NULL);
	struct tm tm;
	int n = 0;

	gmtime_r(&now, &tm);
	if (!g.journal)
		n = (int)strftime(line, sizeof(line), "%H:%M:%SZ ", &tm);
	n += snprintf(line + n, sizeof(line) - (size_t)n, "%s\n", text);
	log_put_stderr(line, (size_t)n);
}

static void log_to_file(const char *text)
{
	char line[LOG_TEXT + 32], day[24];
	struct timespec t;
	struct tm tm;
	int n;

	clock_gettime(CLOCK_REALTIME, &t);
	gmtime_r(&t.tv_sec, &tm);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	n = snprintf(line, sizeof(line), "%s.%03dZ %s\n", day, (int)(t.tv_nsec / 1000000), text);
	if (write(g.file, line, (size_t)n) == n) {
		g.file_failed = false;
	} else if (!g.file_failed) {
		g.file_failed = true;
		log_to_memory(LOG_ERROR, "error: the log file cannot be written");
		if (g.to_stderr)
			log_to_stderr("error: the log file cannot be written");
	}
}

static void log_emit(enum log_level level, const char *text)
{
	if (level <= LOG_INFO || level <= g.level)
		log_to_memory(level, text);
	if (level > g.level)
		return;
	if (g.to_stderr)
		log_to_stderr(text);
	if (g.file >= 0)
		log_to_file(text);
}

/* --- repeats --- */

static void log_tell_repeats(void)
{
	char text[LOG_TEXT], times[32];
	int n;

	if (!g.again)
		return;
	n = snprintf(times, sizeof(times), " (x%" PRIu64 ")", g.again);
	log_escape(g.last, text, sizeof(text) - (size_t)n);
	memcpy(text + strlen(text), times, (size_t)n + 1);
	g.again = 0;
	log_emit(g.last_level, text);
}

/* true: the same as before, only counted. */
static bool log_fold(enum log_level level, const char *text)
{
	int64_t now = now_ns(CLOCK_MONOTONIC);

	if (level == g.last_level && !strcmp(text, g.last)) {
		g.again++;
		if (now - g.told_ns >= LOG_REPEAT_NS) {
			log_tell_repeats();
			g.told_ns = now;
		}
		return true;
	}
	log_tell_repeats();
	g.last_level = level;
	memcpy(g.last, text, strlen(text) + 1);
	g.told_ns = now;
	return false;
}

/* --- the interface --- */

/* Formats and escapes; a final newline is the caller's habit, not text. */
__attribute__((format(printf, 2, 0))) static void log_format(char out[static LOG_TEXT],
							     const char *fmt, va_list ap)
{
	char raw[LOG_TEXT];
	size_t len;

	vsnprintf(raw, sizeof(raw), fmt, ap);
	len = strlen(raw);
	if (len && raw[len - 1] == '\n')
		raw[len - 1] = 0;
	log_escape(raw, out, LOG_TEXT);
}

void log_write(enum log_level level, const char *fmt, ...)
{
	char text[LOG_TEXT];
	va_list ap;

	if (level > g.level && level > LOG_INFO)
		return;
	va_start(ap, fmt);
	log_format(text, fmt, ap);
	va_end(ap);
	if (!log_fold(level, text))
		log_emit(level, text);
}

void log_say(const char *fmt, ...)
{
	char text[LOG_TEXT + 1];
	va_list ap;

	va_start(ap, fmt);
	log_format(text, fmt, ap);
	va_end(ap);
	memcpy(text + strlen(text), "\n", 2);
	log_put_stderr(text, strlen(text));
}

/* systemd names the journal's socket in the environment; stderr may have been sent elsewhere since.
 */
static bool log_is_journal(void)
{
	const char *env = getenv("JOURNAL_STREAM");
	uint64_t dev, ino;
	struct stat st;

	return env && sscanf(env, "%" SCNu64 ":%" SCNu64, &dev, &ino) == 2 &&
	       !fstat(STDERR_FILENO, &st) && st.st_dev == dev && st.st_ino == ino;
}

static int log_open_file(const char *path, struct vx_err *err)
{
	const int flags =
		O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int fd = open(path, flags, 0640);
	struct stat st;

	if (fd < 0)
		return vx_err_set(err, -errno, "log: %s: %s", path,
				  errno == ELOOP ? "is a symbolic link" : strerror(errno));
	if (!fstat(fd, &st) && (S_ISREG(st.st_mode) || S_ISCHR(st.st_mode)))
		return fd;
	close(fd);
	return vx_err_set(err, -EINVAL, "log: %s: not a regular file", path);
}

/* What was said before there was a file: of the options, and of the config that names the file. */
static void log_file_earlier(void)
{
	uint64_t oldest = g.next_id > LOG_KEEP ? g.next_id - LOG_KEEP : 1, id;

	for (id = g.unfiled_id > oldest ? g.unfiled_id : oldest; id < g.next_id; id++)
		if (g.keep[id % LOG_KEEP].level <= g.level)
			log_to_file(g.keep[id % LOG_KEEP].text);
}

int log_open(const char *path, bool to_stderr, unsigned level, struct vx_err *err)
{
	int fd = -1;

	if (path && *path) {
		fd = log_open_file(path, err);
		if (fd < 0)
			return fd;
	}
	log_close();
	g.file = fd;
	g.to_stderr = to_stderr;
	g.journal = log_is_journal();
	g.level = level;
	if (fd >= 0)
		log_file_earlier();
	return 0;
}

void log_close(void)
{
	log_tell_repeats();
	g.last[0] = 0;
	if (g.file >= 0) {
		close(g.file);
		g.unfiled_id = g.next_id;
	}
	g.file = -1;
	g.file_failed = false;
}

void log_set_level(unsigned level)
{
	g.level = level;
}

unsigned log_level(void)
{
	return g.level;
}

uint64_t log_last(void)
{
	return g.next_id - 1;
}

size_t log_read(uint64_t after, struct log_line *out, size_t max)
{
	uint64_t oldest = g.next_id > LOG_KEEP ? g.next_id - LOG_KEEP : 1;
	size_t n = 0;

	if (after >= g.next_id)
		return 0;
	for (uint64_t id = after >= oldest ? after + 1 : oldest; id < g.next_id && n < max; id++)
		out[n++] = g.keep[id % LOG_KEEP];
	return n;
}
