// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files as whole things: opened with care (a FIFO or a device must not hang the engine), and read
 * with a limit. [engine]
 */
#include "engine/sys/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/model/text.h"
#include "engine/sys/store_int.h"

#define STORE_CHUNK 65536

/* "name: what: strerror(-code)" */
static int failed(struct vx_err *err, int code, const char *name, const char *what)
{
	char shown[120];

	return vx_err_set(err, code, "%s: %s: %s",
			  text_escape(shown, sizeof(shown), name, strlen(name)), what,
			  strerror(-code));
}

static int refuse(struct vx_err *err, int code, const char *name, const char *expected)
{
	char shown[120];

	return vx_err_set(err, code, "%s: expected %s",
			  text_escape(shown, sizeof(shown), name, strlen(name)), expected);
}

static int regular(int fd, const char *name, struct stat *st, struct vx_err *err)
{
	if (fstat(fd, st))
		return failed(err, -errno, name, "stat");
	if (!S_ISREG(st->st_mode))
		return refuse(err, S_ISDIR(st->st_mode) ? -EISDIR : -ENOTSUP, name,
			      "a regular file"); /* not -EINVAL: the command line is well */
	return 0;
}

int store_open(const char *path, struct vx_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	int rc;

	if (fd < 0)
		return failed(err, -errno, path, "open");
	rc = regular(fd, path, &st, err);
	if (rc) {
		close(fd);
		return rc;
	}
	return fd;
}

static int too_large(const char *name, size_t max, struct vx_err *err)
{
	char what[64];

	snprintf(what, sizeof(what), "a file of at most %zu bytes", max);
	return refuse(err, -EFBIG, name, what);
}

int store_read_fd(int fd, const char *name, size_t max, char **out, size_t *len, struct vx_err *err)
{
	size_t n = 0, cap;
	struct stat st;
	char *buf = NULL;
	ssize_t got;
	int rc = regular(fd, name, &st, err);

	if (rc)
		return rc;
	if (st.st_size > 0 && (uint64_t)st.st_size > max)
		return too_large(name, max, err);
	cap = (size_t)st.st_size + 2; /* one for NUL, one to see that the file has grown */
	for (;;) {
		char *more = realloc(buf, cap);

		if (!more) {
			rc = failed(err, -ENOMEM, name, "read");
			goto fail;
		}
		buf = more;
		got = pread(fd, buf + n, cap - 1 - n, (off_t)n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			rc = failed(err, -errno, name, "read");
			goto fail;
		}
		if (got == 0)
			break;
		n += (size_t)got;
		if (n > max) {
			rc = too_large(name, max, err);
			goto fail;
		}
		if (n + 1 == cap)
			cap += STORE_CHUNK;
	}
	buf[n] = 0;
	*out = buf;
	*len = n;
	return 0;
fail:
	free(buf);
	return rc;
}

int store_write_fd(int fd, const char *name, const void *data, size_t len, struct vx_err *err)
{
	const char *p = data;

	while (len) {
		ssize_t put = write(fd, p, len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return failed(err, -errno, name, "write");
		p += put;
		len -= (size_t)put;
	}
	return fsync(fd) ? failed(err, -errno, name, "fsync") : 0;
}
