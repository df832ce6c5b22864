// SPDX-License-Identifier: GPL-2.0-only
/* The command history on disk. Written at each command, so that a screen that is killed has lost
 * none. [screen] */
#include "screen/prompt_store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX (4 << 20) /* bytes; a history is never larger */

static bool fit(const char *line)
{
	for (; *line; line++)
		if ((unsigned char)*line < ' ' || *line == 0x7f)
			return false;
	return true;
}

/* Puts line (taken over) at the end, and drops the oldest one when there are too many. */
static void push(char **lines, size_t *n, char *line)
{
	if (*n == PROMPT_STORE_LINES) {
		free(lines[0]);
		memmove(lines, lines + 1, --*n * sizeof(*lines));
	}
	lines[(*n)++] = line;
	lines[*n] = NULL;
}

static FILE *open_old(const char *path)
{
	/* O_NONBLOCK: the file of a user may be anything, a pipe too. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	FILE *f;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size > FILE_MAX ||
	    !(f = fdopen(fd, "r"))) {
		close(fd);
		return NULL;
	}
	return f;
}

char **prompt_store_load(const char *path)
{
	char **lines = calloc(PROMPT_STORE_LINES + 1, sizeof(*lines));
	FILE *f = lines ? open_old(path) : NULL;
	size_t n = 0, size = 0;
	char *text = NULL;

	while (f && getline(&text, &size, f) > 0) {
		text[strcspn(text, "\r\n")] = 0;
		if (!*text || !fit(text))
			continue;
		push(lines, &n, text);
		text = NULL;
		size = 0;
	}
	free(text);
	if (f)
		fclose(f);
	return lines;
}

void prompt_store_free(char **lines)
{
	for (size_t i = 0; lines && lines[i]; i++)
		free(lines[i]);
	free(lines);
}

static int write_lines(int fd, char *const *lines)
{
	FILE *f = fdopen(fd, "w");
	int r = 0;

	if (!f) {
		r = -errno;
		close(fd);
		return r;
	}
	for (; *lines; lines++)
		fprintf(f, "%s\n", *lines);
	if (fflush(f) || ferror(f))
		r = -EIO;
	if (fclose(f) && !r)
		r = -errno;
	return r;
}

/* By a temporary file beside it. No fsync: a history is not worth a screen that waits for a slow
 * disk. */
static int replace(const char *path, char *const *lines)
{
	char temp[PATH_MAX];
	int fd, r;

	if (snprintf(temp, sizeof(temp), "%s.XXXXXX", path) >= (int)sizeof(temp))
		return -ENAMETOOLONG;
	fd = mkostemp(temp, O_CLOEXEC); /* 0600 */
	if (fd < 0)
		return -errno;
	r = write_lines(fd, lines);
	if (!r && rename(temp, path))
		r = -errno;
	if (r)
		unlink(temp);
	return r;
}

int prompt_store_add(const char *path, const char *line)
{
	char **lines = prompt_store_load(path);
	size_t n = 0;
	char *copy;
	int r = 0;

	if (!lines)
		return -ENOMEM;
	while (lines[n])
		n++;
	if (fit(line) && !(n && !strcmp(lines[n - 1], line))) {
		copy = strdup(line);
		if (copy) {
			push(lines, &n, copy);
			r = replace(path, lines);
		} else {
			r = -ENOMEM;
		}
	}
	prompt_store_free(lines);
	return r;
}
