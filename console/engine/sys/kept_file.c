// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file of changes that are not saved: begun with the first, gone when nothing is unsaved. What
 * the run before left is set aside before, as the offer; both are this process's alone, since it
 * holds the lock of its ingress. [engine]
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/sys/kept.h"
#include "engine/sys/lock.h"
#include "engine/sys/store.h"

#define BOOT_LEN 8

static const char *dir_path(void)
{
	const char *path = getenv("STATE_DIRECTORY");

	return path && path[0] == '/' && !strchr(path, ':') ? path : KEPT_DIR;
}

static int failed(struct vx_err *err, int code, const char *what)
{
	return vx_err_set(err, code, "%.100s: %s: %s", dir_path(), what, strerror(-code));
}

/* Who could write there could plant changes that root is then asked to make. */
static int open_dir(struct vx_err *err)
{
	int dir = mkdir(dir_path(), 0700) && errno != EEXIST ? -1 : 0, rc;
	struct stat st;

	if (dir < 0)
		return failed(err, -errno, "make it");
	dir = open(dir_path(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return failed(err, -errno, "open it");
	if (fstat(dir, &st))
		rc = failed(err, -errno, "stat");
	else if (st.st_uid != geteuid() || st.st_mode & (S_IWGRP | S_IWOTH))
		rc = vx_err_set(err, -EPERM,
				"%.100s: must be root's, and nobody else's to write; try: chown "
				"root, chmod 700",
				dir_path());
	else if (st.st_mode & 077 && fchmod(dir, 0700))
		rc = failed(err, -errno, "chmod 700");
	else
		return dir;
	close(dir);
	return rc;
}

/* --- names --- */

/* "ns:BOOT:COOKIE:": no interface's name has a colon. A cookie is never given twice in one boot; of
 * another boot is nothing that could come back. */
static void netns_prefix(char buf[static 40])
{
	char boot[BOOT_LEN + 1] = "unknown";
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && read(fd, boot, BOOT_LEN) != BOOT_LEN)
		memcpy(boot, "unknown", BOOT_LEN);
	if (fd >= 0)
		close(fd);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len))
		cookie = lock_netns_inode();
	if (fd >= 0)
		close(fd);
	snprintf(buf, 40, "ns:%s:%" PRIx64 ":", boot, cookie);
}

/* Files of namespaces of an earlier boot. */
static void sweep(int dir, const char *prefix)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!d && fd >= 0)
		close(fd);
	for (unsigned n = 0; d && n < 10000 && (e = readdir(d)); n++)
		if (!strncmp(e->d_name, "ns:", 3) && strncmp(e->d_name, prefix, 3 + BOOT_LEN) != 0)
			unlinkat(dir, e->d_name, 0);
	if (d)
		closedir(d);
}

/* --- the offer --- */

static int open_one(int dir, const char *name, int flags, struct vx_err *err)
{
	int fd = openat(dir, name, flags | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return errno == ENOENT ? -ENOENT : failed(err, -errno, name);
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	    !(st.st_mode & (S_IWGRP | S_IWOTH)) && st.st_nlink == 1)
		return fd;
	close(fd);
	return vx_err_set(err, -EPERM,
			  "%.100s/%s: expected a regular file that nobody but root can write",
			  dir_path(), name);
}

static int read_one(int dir, const char *name, char **text, size_t *len, struct vx_err *err)
{
	int fd = open_one(dir, name, O_RDONLY, err);
	int rc = fd < 0 ? fd : store_read_fd(fd, name, KEPT_BYTES, text, len, err);

	if (fd >= 0)
		close(fd);
	return rc;
}

static int write_all(int fd, const char *data, size_t len, uint64_t at)
{
	while (len) {
		ssize_t n = pwrite(fd, data, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		data += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

/* The one run's behind that of the runs before it, which nobody has answered yet. Only when that is
 * on the disk does the other go. A torn end of the first is made whole by a newline, and read as
 * no change. */
static int join(struct kept_file *f, struct vx_err *err)
{
	char *text = NULL;
	size_t len = 0;
	int fd = open_one(f->dir, f->offer, O_RDWR, err), rc;
	off_t end = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);

	if (fd < 0)
		return fd;
	rc = read_one(f->dir, f->name, &text, &len, err);
	if (!rc && (size_t)end + len > KEPT_BYTES)
		rc = vx_err_set(err, -EFBIG, "the journals of two runs are too large together");
	if (!rc && (rc = write_all(fd, text, len, (uint64_t)end)))
		failed(err, rc, "write");
	if (!rc && fsync(fd))
		rc = failed(err, -errno, "fsync");
	if (rc && ftruncate(fd, end))
		rc = failed(err, -errno, "truncate");
	free(text);
	close(fd);
	if (!rc && unlinkat(f->dir, f->name, 0))
		rc = failed(err, -errno, f->name);
	return rc;
}

/* Cuts half a line off, so that what is written behind it begins a line. */
static int mend(struct kept_file *f, const char *name, struct vx_err *err)
{
	char *text = NULL, *last;
	size_t len = 0;
	int rc = read_one(f->dir, name, &text, &len, err), fd;

	if (rc || !len || text[len - 1] == '\n') {
		free(text);
		return rc;
	}
	last = memrchr(text, '\n', len);
	if (!last && !kept_is_begun(text, len)) {
		free(text);
		return vx_err_set(err, -EINVAL, "%s: expected the first line of a journal", name);
	}
	fd = open_one(f->dir, name, O_RDWR, err);
	rc = fd < 0 ? fd : 0;
	if (!rc && ftruncate(fd, last ? last + 1 - text : 0))
		rc = failed(err, -errno, "truncate");
	if (!rc && last && len >= KEPT_HEAD_LEN &&
	    (rc = write_all(fd, KEPT_HEAD_PARTLY, KEPT_HEAD_LEN, 0)))
		failed(err, rc, "write");
	if (fd >= 0)
		close(fd);
	free(text);
	return rc;
}

static bool is_there(const struct kept_file *f, const char *name)
{
	struct stat st;

	return !fstatat(f->dir, name, &st, AT_SYMLINK_NOFOLLOW);
}

static int set_aside(struct kept_file *f, struct vx_err *err)
{
	int rc = 0;

	if (!is_there(f, f->name))
		return 0;
	if (is_there(f, f->offer)) {
		rc = mend(f, f->offer, err);
		rc = rc ? rc : join(f, err);
	} else if (renameat(f->dir, f->name, f->dir, f->offer)) {
		rc = failed(err, -errno, f->name);
	}
	return rc;
}

static void set_bad(struct kept_file *f, const char *name)
{
	char bad[80];

	snprintf(bad, sizeof(bad), "%s.bad", name);
	renameat(f->dir, name, f->dir, bad);
}

void kept_set_bad(struct kept_file *f)
{
	set_bad(f, f->offer);
}

int kept_open(struct kept_file *f, const char *ingress, bool first_netns, char **text, size_t *len,
	      struct vx_err *err)
{
	char prefix[40];
	int rc;

	*f = (struct kept_file){ .dir = open_dir(err), .fd = -1 };
	*text = NULL;
	*len = 0;
	if (f->dir < 0) {
		rc = f->dir;
		f->dir = -1;
		return rc;
	}
	netns_prefix(prefix);
	sweep(f->dir, prefix);
	snprintf(f->name, sizeof(f->name), "%s%.15s.journal", first_netns ? "" : prefix, ingress);
	snprintf(f->offer, sizeof(f->offer), "%s%.15s.offer", first_netns ? "" : prefix, ingress);
	rc = set_aside(f, err);
	if (!rc) {
		rc = read_one(f->dir, f->offer, text, len, err);
		rc = rc == -ENOENT ? 0 : rc;
	}
	if (rc) {
		set_bad(f, f->offer);
		set_bad(f, f->name);
	}
	return rc;
}

void kept_close(struct kept_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	if (f->dir >= 0)
		close(f->dir);
	f->fd = f->dir = -1;
}

/* --- this run's --- */

static int begin(struct kept_file *f, struct vx_err *err)
{
	int rc;

	f->fd = openat(f->dir, f->name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (f->fd < 0)
		return failed(err, -errno, f->name);
	rc = write_all(f->fd, f->partly ? KEPT_HEAD_PARTLY : KEPT_HEAD_WHOLE, KEPT_HEAD_LEN, 0);
	if (rc || fsync(f->dir)) {
		rc = failed(err, rc ? rc : -errno, f->name);
		close(f->fd);
		f->fd = -1;
		unlinkat(f->dir, f->name, 0);
		return rc;
	}
	f->len = KEPT_HEAD_LEN;
	return 0;
}

/* A line is missing: what is offered after a crash says so, also when there is no room for more. */
static void note_gap(struct kept_file *f)
{
	f->partly = true;
	if (f->fd < 0)
		return;
	if (ftruncate(f->fd, (off_t)f->len) ||
	    write_all(f->fd, KEPT_HEAD_PARTLY, KEPT_HEAD_LEN, 0) || fsync(f->fd))
		return; /* as much as can be done; the caller tells */
}

int kept_append(struct kept_file *f, const char *line, size_t len, struct vx_err *err)
{
	int rc = f->fd < 0 ? begin(f, err) : 0;

	if (!rc && f->len + len > KEPT_BYTES)
		rc = vx_err_set(err, -EFBIG, "%.100s/%s: %u MiB are the most", dir_path(), f->name,
				KEPT_BYTES >> 20);
	if (!rc && f->lines >= KEPT_LINES)
		rc = vx_err_set(err, -EFBIG, "%.100s/%s: %u changes are the most", dir_path(),
				f->name, KEPT_LINES);
	if (!rc) {
		rc = write_all(f->fd, line, len, f->len);
		if (!rc && !f->hold && fsync(f->fd))
			rc = -errno;
		if (rc)
			failed(err, rc, f->name);
	}
	if (rc)
		note_gap(f);
	else
		f->len += len;
	f->lines += !rc;
	return rc;
}

int kept_release(struct kept_file *f)
{
	f->hold = false;
	return f->fd >= 0 && fsync(f->fd) ? -errno : 0;
}

void kept_clear(struct kept_file *f)
{
	f->partly = false;
	f->lines = 0;
	if (f->fd < 0)
		return;
	close(f->fd);
	f->fd = -1;
	unlinkat(f->dir, f->name, 0);
	fsync(f->dir);
}

void kept_drop_offer(struct kept_file *f)
{
	if (f->dir < 0)
		return;
	unlinkat(f->dir, f->offer, 0);
	fsync(f->dir);
}
