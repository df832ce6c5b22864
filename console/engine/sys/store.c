// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files as whole things: opened with care (a FIFO or a device must not hang the engine), read with
 * a limit, and replaced so that whoever looks sees the old file or the new one, after a power cut
 * too. [engine]
 */
#include "engine/sys/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/model/text.h"
#include "engine/sys/store_int.h"

#define STORE_NEW_MODE 0644
#define STORE_CHUNK    65536

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
		return refuse(err, S_ISDIR(st->st_mode) ? -EISDIR : -EINVAL, name,
			      "a regular file");
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

/* What a replacement needs to know of the file that it replaces. */
struct target {
	char path[PATH_MAX]; /* links resolved */
	char *base;	     /* in path, behind the last '/' */
	int dir;	     /* the directory, open */
	bool exists;
	struct stat st;
};

static int target_resolve(struct target *t, const char *path, struct vx_err *err)
{
	struct stat st;

	if (realpath(path, t->path))
		return 0;
	if (errno != ENOENT)
		return failed(err, -errno, path, "open");
	if (!lstat(path, &st))
		return refuse(err, -ENOENT, path, "the target of this symbolic link to exist");
	if (strlen(path) >= sizeof(t->path))
		return failed(err, -ENAMETOOLONG, path, "open");
	memcpy(t->path, path, strlen(path) + 1);
	return 0;
}

static int target_open(struct target *t, const char *path, struct vx_err *err)
{
	char *slash;
	int rc = target_resolve(t, path, err);

	if (rc)
		return rc;
	slash = strrchr(t->path, '/');
	t->base = slash ? slash + 1 : t->path;
	if (!*t->base)
		return refuse(err, -EISDIR, path, "the name of a file");
	if (slash)
		*slash = 0; /* the directory for a moment; "/x" has an empty one */
	t->dir = open(!slash		 ? "."
		      : slash == t->path ? "/"
					 : t->path,
		      O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (slash)
		*slash = '/';
	if (t->dir < 0)
		return failed(err, -errno, path, "open its directory");
	t->exists = !fstatat(t->dir, t->base, &t->st, AT_SYMLINK_NOFOLLOW);
	if (!t->exists && errno != ENOENT)
		rc = failed(err, -errno, path, "stat");
	else if (t->exists && !S_ISREG(t->st.st_mode))
		rc = refuse(err, S_ISDIR(t->st.st_mode) ? -EISDIR : -EINVAL, path,
			    "a regular file");
	if (rc)
		close(t->dir);
	return rc;
}

/* A new file of ours in the directory; a leftover of a process that died under the same number is
 * stepped over. */
static int temp_open(const struct target *t, char *name, size_t size)
{
	unsigned i;
	int fd;

	for (i = 0; i < 1000; i++) {
		snprintf(name, size, ".vxconsole.%ld.%u.tmp", (long)getpid(), i);
		fd = openat(t->dir, name,
			    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
		if (fd >= 0 || errno != EEXIST)
			return fd >= 0 ? fd : -errno;
	}
	return -EEXIST;
}

static int temp_fill(const struct target *t, int fd, const char *path, const void *data, size_t len,
		     struct vx_err *err)
{
	mode_t mode = t->exists ? t->st.st_mode & 07777 : STORE_NEW_MODE;

	if (t->exists && fchown(fd, t->st.st_uid, t->st.st_gid))
		return failed(err, -errno, path, "keep the owner");
	/* after the owner: a change of owner clears bits of the mode */
	if (fchmod(fd, mode))
		return failed(err, -errno, path, "keep the mode");
	return store_write_fd(fd, path, data, len, err);
}

/* The old file stays as NAME~, the very same file: what stood under that name is given up. */
static int keep_old(const struct target *t, const char *path, struct vx_err *err)
{
	char temp[64], backup[NAME_MAX + 1];
	int rc;

	if (!t->exists)
		return 0;
	if ((size_t)snprintf(backup, sizeof(backup), "%s~", t->base) >= sizeof(backup))
		return failed(err, -ENAMETOOLONG, path, "keep the old one as FILE~");
	snprintf(temp, sizeof(temp), ".vxconsole.%ld.old.tmp", (long)getpid());
	unlinkat(t->dir, temp, 0);
	rc = linkat(t->dir, t->base, t->dir, temp, 0) ? -errno : 0;
	if (!rc && renameat(t->dir, temp, t->dir, backup)) {
		rc = -errno;
		unlinkat(t->dir, temp, 0);
	}
	/* When both names were the same file already rename does nothing, and the third stays. */
	unlinkat(t->dir, temp, 0);
	return rc ? failed(err, rc, path, "keep the old one as FILE~") : 0;
}

int store_replace(const char *path, const void *data, size_t len, struct vx_err *err)
{
	struct target t = { .dir = -1 };
	char temp[64];
	int rc, fd;

	rc = target_open(&t, path, err);
	if (rc)
		return rc;
	fd = temp_open(&t, temp, sizeof(temp));
	if (fd < 0) {
		rc = failed(err, fd, path, "create a temporary file beside it");
		goto out_dir;
	}
	rc = temp_fill(&t, fd, path, data, len, err);
	if (close(fd) && !rc)
		rc = failed(err, -errno, path, "close");
	rc = rc ? rc : keep_old(&t, path, err);
	if (!rc && renameat(t.dir, temp, t.dir, t.base))
		rc = failed(err, -errno, path, "rename");
	if (rc)
		unlinkat(t.dir, temp, 0);
	/* without it a power cut may bring the old name back; the new file is whole either way */
	else if (fsync(t.dir))
		rc = failed(err, -errno, path, "fsync its directory");
out_dir:
	close(t.dir);
	return rc;
}
