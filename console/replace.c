// SPDX-License-Identifier: GPL-2.0-only
/*
 * Replacing a file. The old file itself becomes the backup, by a second name, so that keeping it
 * takes no room on a disk that is nearly full; it is copied where the file system has no second
 * names.
 */
#include "replace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"

#define REPLACE_NEW_MODE 0644
#define REPLACE_CHUNK	 65536

/* "name: what: strerror(-code)" */
static int failed(struct vx_err *err, int code, const char *name, const char *what)
{
	char shown[120];

	return vx_err_set(err, code, "%s: %s: %s", log_escape(name, shown, sizeof(shown)), what,
			  strerror(-code));
}

static int refuse(struct vx_err *err, int code, const char *name, const char *expected)
{
	char shown[120];

	return vx_err_set(err, code, "%s: expected %s", log_escape(name, shown, sizeof(shown)),
			  expected);
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

/* Are these the bytes that the file has? What cannot be read is not known to be the same. */
static bool target_holds(const struct target *t, const char *data, size_t len)
{
	char *piece = malloc(REPLACE_CHUNK);
	size_t at = 0;
	ssize_t got = -1;
	int fd = -1;

	if (piece && t->exists && (size_t)t->st.st_size == len)
		fd = openat(t->dir, t->base,
			    O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	while (fd >= 0 && (got = read(fd, piece, REPLACE_CHUNK)) > 0) {
		if ((size_t)got > len - at || memcmp(piece, data + at, (size_t)got) != 0)
			break;
		at += (size_t)got;
	}
	if (fd >= 0)
		close(fd);
	free(piece);
	return !got && at == len;
}

/* A name in the directory that nobody has; a leftover of a process that died under the same number
 * is stepped over. make: 0 or a descriptor when it made the name, else -errno. */
typedef int (*make_fn)(const struct target *t, const char *name);

static int temp_make(const struct target *t, char *name, size_t size, make_fn make)
{
	int r = -EEXIST;

	for (unsigned i = 0; i < 1000 && r == -EEXIST; i++) {
		snprintf(name, size, ".vxconsole.%ld.%u.tmp", (long)getpid(), i);
		r = make(t, name);
	}
	return r;
}

static int make_file(const struct target *t, const char *name)
{
	int fd = openat(t->dir, name,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);

	return fd < 0 ? -errno : fd;
}

static int make_link(const struct target *t, const char *name)
{
	return linkat(t->dir, t->base, t->dir, name, 0) ? -errno : 0;
}

static int write_all(int fd, const char *path, const char *data, size_t len, struct vx_err *err)
{
	while (len) {
		ssize_t put = write(fd, data, len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return failed(err, -errno, path, "write");
		data += put;
		len -= (size_t)put;
	}
	return 0;
}

/* As the old file has them. */
static int keep_rights(const struct target *t, int fd, const char *path, struct vx_err *err)
{
	mode_t mode = t->exists ? t->st.st_mode & 07777 : REPLACE_NEW_MODE;

	if (t->exists && fchown(fd, t->st.st_uid, t->st.st_gid))
		return failed(err, -errno, path, "keep the owner");
	/* after the owner: a change of owner clears bits of the mode */
	if (fchmod(fd, mode))
		return failed(err, -errno, path, "keep the mode");
	return 0;
}

/* Ends the writing of a temporary; rc is how it went. */
static int temp_close(int fd, const char *path, int rc, struct vx_err *err)
{
	if (!rc && fsync(fd))
		rc = failed(err, -errno, path, "fsync");
	if (close(fd) && !rc)
		rc = failed(err, -errno, path, "close");
	return rc;
}

static int temp_write(const struct target *t, const char *path, const void *data, size_t len,
		      char *name, size_t size, struct vx_err *err)
{
	int fd = temp_make(t, name, size, make_file), rc;

	if (fd < 0)
		return failed(err, fd, path, "create a temporary file beside it");
	rc = keep_rights(t, fd, path, err);
	rc = rc ? rc : write_all(fd, path, data, len, err);
	rc = temp_close(fd, path, rc, err);
	if (rc)
		unlinkat(t->dir, name, 0);
	return rc;
}

/* --- the backup --- */

static int copy(int to, int from, const char *path, struct vx_err *err)
{
	char *piece = malloc(REPLACE_CHUNK);
	ssize_t got = -1;
	int rc = piece ? 0 : failed(err, -ENOMEM, path, "copy it");

	while (!rc && (got = read(from, piece, REPLACE_CHUNK)) > 0)
		rc = write_all(to, path, piece, (size_t)got, err);
	if (!rc && got < 0)
		rc = failed(err, -errno, path, "read it");
	free(piece);
	return rc;
}

static int backup_copy(const struct target *t, const char *path, char *name, size_t size,
		       struct vx_err *err)
{
	int from = openat(t->dir, t->base, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY), to, rc;

	if (from < 0)
		return failed(err, -errno, path, "read it");
	to = temp_make(t, name, size, make_file);
	rc = to < 0 ? failed(err, to, path, "create a temporary file beside it")
		    : keep_rights(t, to, path, err);
	rc = rc ? rc : copy(to, from, path, err);
	if (to >= 0)
		rc = temp_close(to, path, rc, err);
	if (rc && to >= 0)
		unlinkat(t->dir, name, 0);
	close(from);
	return rc;
}

static int backup(const struct target *t, const char *path, struct vx_err *err)
{
	char temp[64], name[NAME_MAX + 1];
	int rc;

	if ((size_t)snprintf(name, sizeof(name), "%s~", t->base) >= sizeof(name))
		return failed(err, -ENAMETOOLONG, path, "name a backup of it");
	rc = temp_make(t, temp, sizeof(temp), make_link);
	if (rc) /* no second names here, or not for us */
		rc = backup_copy(t, path, temp, sizeof(temp), err);
	if (!rc && renameat(t->dir, temp, t->dir, name))
		rc = failed(err, -errno, path, "keep its old content under the name with ~");
	if (rc)
		vx_err_prefix(err, "no backup, so nothing was changed");
	/* When both are names of the same file already, rename does nothing and leaves it. */
	unlinkat(t->dir, temp, 0);
	return rc;
}

int replace_file(const char *path, const void *data, size_t len, struct vx_err *err)
{
	struct target t = { .dir = -1 };
	char temp[64];
	int rc = target_open(&t, path, err);

	if (rc)
		return rc;
	if (target_holds(&t, data, len))
		goto out;
	rc = temp_write(&t, path, data, len, temp, sizeof(temp), err);
	if (rc)
		goto out;
	rc = t.exists ? backup(&t, path, err) : 0;
	if (!rc && renameat(t.dir, temp, t.dir, t.base))
		rc = failed(err, -errno, path, "rename");
	if (rc)
		unlinkat(t.dir, temp, 0);
	/* without it a power cut may bring the old name back; the new file is whole either way */
	else if (fsync(t.dir))
		rc = failed(err, -errno, path, "fsync its directory");
out:
	close(t.dir);
	return rc;
}
