// SPDX-License-Identifier: GPL-2.0-only
/* Files of who looks at the screen. Root was dropped before any of this runs. [screen] */
#define _GNU_SOURCE /* memfd_create */
#include "screen/file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "replace.h"

/* Do the words of the line begin those of name? Returns what stands behind them, NULL: no. */
static const char *behind(const char *line, const char *name)
{
	while (*name) {
		size_t typed, whole = strcspn(name, " ");

		line += strspn(line, " \t");
		typed = strcspn(line, " \t");
		if (!typed || typed > whole || strncmp(line, name, typed) != 0)
			return NULL;
		line += typed;
		name += whole;
		name += *name == ' ';
	}
	return line + strspn(line, " \t");
}

/* The rest of the line without the blanks and quotes round it. */
static void take_path(struct file *f, const char *rest)
{
	size_t n = strlen(rest);

	while (n && isspace((unsigned char)rest[n - 1]))
		n--;
	if (n > 1 && strchr("'\"", rest[0]) && rest[n - 1] == rest[0]) {
		rest++;
		n -= 2;
	}
	snprintf(f->path, sizeof(f->path), "%.*s", (int)n, rest);
}

int file_open(struct file *f, const struct data_table *help, const char *line, struct vx_err *err)
{
	int name = data_col(help, "command"), args = data_col(help, "args");
	const char *rest = NULL, *what = "";

	*f = (struct file){ .fd = -1 };
	for (size_t i = 0; i < help->rows && !rest; i++) {
		what = data_cell(help, i, args);
		if (!strcmp(what, "FILE") || !strcmp(what, "[FILE]"))
			rest = behind(line, data_cell(help, i, name));
	}
	if (!rest || !*rest)
		return 0;
	take_path(f, rest);
	f->fills = *what == '[';
	f->fd = f->fills ? memfd_create("vxconsole", MFD_CLOEXEC)
			 : open(f->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return f->fd < 0 ? vx_err_set(err, -errno, "%.150s: %s", f->path, strerror(errno)) : 0;
}

void file_close(struct file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

/* What the engine has put into the memory file; caller frees. */
static char *content(int fd, size_t *len)
{
	struct stat st;
	char *data = fstat(fd, &st) < 0 ? NULL : malloc((size_t)st.st_size + 1);
	ssize_t n;

	for (*len = 0; data && *len < (size_t)st.st_size; *len += (size_t)n) {
		n = pread(fd, data + *len, (size_t)st.st_size - *len, (off_t)*len);
		if (n > 0)
			continue;
		free(data);
		data = NULL;
	}
	return data;
}

int file_keep(struct file *f, struct vx_err *err)
{
	size_t len;
	char *data;
	int r;

	if (f->fd < 0 || !f->fills)
		return 0;
	data = content(f->fd, &len);
	r = data ? replace_file(f->path, data, len, err)
		 : vx_err_set(err, -ENOMEM, "%.150s: no memory", f->path);
	free(data);
	return r;
}

int file_new_dump(char *path, size_t size, struct vx_err *err)
{
	const char *dirs[] = { getenv("HOME"), "." };
	char when[32];
	time_t now = time(NULL);
	struct tm tm;
	int fd = -1;

	gmtime_r(&now, &tm);
	strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &tm);
	for (int i = 0; i < 2 && fd < 0; i++) {
		if (!dirs[i] || !*dirs[i])
			continue;
		snprintf(path, size, "%s/vxconsole-%s.txt", dirs[i], when);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	}
	return fd >= 0 ? fd : vx_err_set(err, -errno, "%.150s: %s", path, strerror(errno));
}
