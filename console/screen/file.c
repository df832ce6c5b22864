// SPDX-License-Identifier: GPL-2.0-only
/* Files of who looks at the screen. Root was dropped before any of this runs. [screen] */
#define _GNU_SOURCE /* memfd_create */
#include "screen/file.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "replace.h"
#include "screen/prompt_words.h"

#define FILE_CHOICES 200

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

/* The first word of the rest, by the quoting rules of commands. */
static void take_path(struct file *f, const char *rest)
{
	char quote = 0;
	size_t n = 0;

	for (; *rest && (quote || !isspace((unsigned char)*rest)); rest++) {
		if (*rest == quote) {
			quote = 0;
			continue;
		}
		if (!quote && strchr("'\"", *rest)) {
			quote = *rest;
			continue;
		}
		if (*rest == '\\' && quote != '\'' && rest[1] &&
		    (!quote || strchr("\"\\", rest[1])))
			rest++;
		if (n + 1 < sizeof(f->path))
			f->path[n++] = *rest;
	}
	f->path[n] = 0;
}

/* Is the first word of the rest one of those that the command takes for no file ("reads, but not
 * udp tcp")? partly: it may still become one. */
static bool is_word(const char *what, const char *rest, bool partly)
{
	const char *words = strchr(what, ',');
	size_t len = strcspn(rest, " \t");

	words = words ? words + strlen(", but not") : "";
	while (*words) {
		size_t n;

		words += strspn(words, " ");
		n = strcspn(words, " ");
		if (n && (partly ? len <= n : len == n) && !strncmp(words, rest, len))
			return true;
		words += n;
	}
	return false;
}

/* What stands behind a command that takes a file, and whether it fills that; NULL: none does, or
 * it stands there for no file. partly: the line is being typed. */
static const char *argument(const struct data_table *help, const char *line, bool partly,
			    bool *fills)
{
	int name = data_col(help, "command"), file = data_col(help, "file");
	const char *rest = NULL;

	for (size_t i = 0; i < help->rows && !rest; i++) {
		const char *what = data_cell(help, i, file);

		if (*what)
			rest = behind(line, data_cell(help, i, name));
		if (rest && is_word(what, rest, partly))
			return NULL;
		*fills = !strcmp(what, "fills");
	}
	return rest;
}

int file_open(struct file *f, const struct data_table *help, const char *line, struct vx_err *err)
{
	const char *rest;

	*f = (struct file){ .fd = -1 };
	rest = argument(help, line, false, &f->fills);
	if (!rest || !*rest)
		return 0;
	take_path(f, rest);
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

/* --- completion --- */

static bool is_shown(const struct dirent *e, const char *typed)
{
	const char *c = e->d_name;

	if (strncmp(c, typed, strlen(typed)) != 0 || (*c == '.' && *typed != '.') ||
	    !strcmp(c, ".") || !strcmp(c, ".."))
		return false;
	while (*c && (unsigned char)*c >= ' ' && *c != 0x7f)
		c++;
	return !*c; /* nobody can type the others */
}

static bool is_dir(int dir, const char *name)
{
	struct stat st;

	return !fstatat(dir, name, &st, 0) && S_ISDIR(st.st_mode);
}

char *file_complete(const struct data_table *help, const char *text)
{
	char path[512], *base, *found = NULL;
	size_t start = prompt_words_last(text, strlen(text), path, sizeof(path)), size, n = 0;
	bool fills;
	const char *rest = argument(help, text, true, &fills);
	struct dirent *e;
	FILE *out;
	DIR *d;

	if (!rest || rest != text + start || !start || !strchr(" \t", text[start - 1]))
		return NULL;
	base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	out = open_memstream(&found, &size);
	if (!out)
		return NULL;
	rest = strdup(base);
	*base = 0;
	d = opendir(*path ? path : ".");
	while (d && rest && n < FILE_CHOICES && (e = readdir(d))) {
		if (!is_shown(e, rest))
			continue;
		fprintf(out, "%s%s%s\t\n", path, e->d_name, is_dir(dirfd(d), e->d_name) ? "/" : "");
		n++;
	}
	if (d)
		closedir(d);
	free((char *)rest);
	fclose(out);
	return found;
}

/* Why none can be made, and what the operator can do: who is plain root has no home here. */
static int no_dump(int r, const char *home, struct vx_err *err)
{
	const struct passwd *user = getpwuid(getuid());
	char here[64];

	if (!getcwd(here, sizeof(here)))
		snprintf(here, sizeof(here), "the current directory");
	return vx_err_set(
		err, r,
		"the screen runs as %.32s, who cannot write to %.40s%s%s (%s): start it in "
		"/tmp, or, if you are root, by sudo: then it runs as you",
		user ? user->pw_name : "somebody unknown", home ? home : "", home ? " or " : "",
		here, strerror(-r));
}

int file_new_dump(char *path, size_t size, struct vx_err *err)
{
	const char *home = getenv("HOME"), *dirs[] = { home, "." };
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
	return fd >= 0 ? fd : no_dump(-errno, home && *home ? home : NULL, err);
}
