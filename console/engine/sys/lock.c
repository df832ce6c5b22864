/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One instance per ingress and network namespace. The file says who holds it; the flock says
 * whether anybody does: a file whose holder is dead is simply locked and written anew. [engine]
 */
#include "engine/sys/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/model/text.h"

#define LOCK_NAME   64	/* "lock.<inode>.<ifindex>" */
#define LOCK_SOCKET 108 /* sizeof(sun_path) */
#define LOCK_MODE                                                                                  \
	0600 /* who can open it can lock it, and after a kill keep an engine from starting */

uint64_t lock_netns_inode(void)
{
	struct stat st;

	return stat("/proc/self/ns/net", &st) ? 0 : (uint64_t)st.st_ino;
}

static void lock_name(char buf[static LOCK_NAME], int ifindex)
{
	snprintf(buf, LOCK_NAME, "lock.%" PRIu64 ".%d", lock_netns_inode(), ifindex);
}

/* LOCK_DIR as a descriptor. Whoever could write there could put a link in place of a lock or a
 * socket. */
static int lock_dir(struct vx_err *err)
{
	struct stat st;
	bool made = !mkdir(LOCK_DIR, 0755);
	int dir = open(LOCK_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int rc;

	if (dir < 0) {
		rc = -errno;
		return vx_err_set(err, rc, "lock: %s: %s", LOCK_DIR,
				  rc == -ELOOP || rc == -ENOTDIR ? "not a directory"
								 : strerror(-rc));
	}
	if ((made && fchmod(dir, 0755)) || fstat(dir, &st)) {
		rc = vx_err_set(err, -errno, "lock: %s: %s", LOCK_DIR, strerror(errno));
	} else if (st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH))) {
		rc = vx_err_set(err, -EPERM, "lock: %s: must be root's, and nobody else's to write",
				LOCK_DIR);
	} else {
		return dir;
	}
	close(dir);
	return rc;
}

/* Is what is open still what the name leads to? The last holder may have removed it meanwhile. */
static bool lock_current(int dir, const char *name, int fd)
{
	struct stat by_fd, by_name;

	return !fstat(fd, &by_fd) && !fstatat(dir, name, &by_name, AT_SYMLINK_NOFOLLOW) &&
	       by_fd.st_dev == by_name.st_dev && by_fd.st_ino == by_name.st_ino;
}

/* fd with the lock held, -EWOULDBLOCK with *held = the holder's open file, or another -errno. */
static int lock_open(int dir, const char *name, int *held)
{
	for (int tries = 0; tries < 100; tries++) {
		int fd = openat(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK,
				LOCK_MODE);
		struct stat st;

		if (fd < 0)
			return -errno;
		if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
			close(fd);
			return -EINVAL;
		}
		if (flock(fd, LOCK_EX | LOCK_NB)) {
			*held = fd;
			return -errno;
		}
		if (lock_current(dir, name, fd))
			return fd;
		close(fd);
	}
	return -EAGAIN;
}

/* The holder's socket as a word of a command line, from the second line of its file; false when
 * there is none, or none that may be shown: a path without control characters that is there whole.
 */
static bool lock_socket(const char *line, struct text_word *word)
{
	size_t n = strcspn(line, "\n");
	char path[LOCK_SOCKET], shown[4 * LOCK_SOCKET];

	if (*line != '/' || n >= sizeof(path) || line[n] != '\n')
		return false;
	memcpy(path, line, n);
	path[n] = 0;
	*word = text_word(path);
	return !strcmp(text_escape(shown, sizeof(shown), path, n), path);
}

static int lock_busy(int fd, const char *ifname, struct vx_err *err)
{
	char text[64 + LOCK_SOCKET] = "", since[32] = "", who[80] = "another vxconsole";
	struct text_word socket;
	int pid = 0, end = 0;
	bool own;

	/* The holder writes right after it has locked; give it that moment. */
	for (int tries = 0; tries < 20 && !end; tries++) {
		ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

		text[n > 0 ? n : 0] = 0;
		if (sscanf(text, "%9d %31[0-9T:Z-]%*1[\n]%n", &pid, since, &end) < 2 || !end)
			nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	if (end)
		snprintf(who, sizeof(who), "vxconsole pid %d since %s", pid, since);
	own = end && lock_socket(text + end, &socket);
	return vx_err_set(err, -EBUSY, "%s is held by %s; watch it with: vxconsole attach %s%s%s",
			  ifname, who, ifname, own ? " --socket " : "", own ? socket.text : "");
}

static int lock_sign(int fd, const char *socket)
{
	char text[64 + LOCK_SOCKET], since[32];
	time_t now = time(NULL);
	ssize_t put;
	struct tm tm;
	int n;

	gmtime_r(&now, &tm);
	strftime(since, sizeof(since), "%Y-%m-%dT%H:%M:%SZ", &tm);
	n = snprintf(text, sizeof(text), "%d %s\n%.*s%s", (int)getpid(), since, LOCK_SOCKET - 1,
		     socket ? socket : "", socket ? "\n" : "");
	if (fchmod(fd, LOCK_MODE) || ftruncate(fd, 0))
		return -errno;
	put = pwrite(fd, text, (size_t)n, 0);
	return put == n ? 0 : put < 0 ? -errno : -ENOSPC;
}

int lock_take(const char *ifname, int ifindex, const char *socket, struct vx_err *err)
{
	char name[LOCK_NAME];
	int dir = lock_dir(err), held = -1, fd, rc;

	if (dir < 0)
		return dir;
	lock_name(name, ifindex);
	fd = lock_open(dir, name, &held);
	if (fd == -EWOULDBLOCK) {
		fd = lock_busy(held, ifname, err);
	} else if (fd < 0) {
		vx_err_set(err, fd, "lock: %s/%s: %s", LOCK_DIR, name,
			   fd == -ELOOP || fd == -EINVAL ? "not a regular file" : strerror(-fd));
	} else {
		rc = lock_sign(fd, socket);
		if (rc) {
			vx_err_set(err, rc, "lock: write %s/%s: %s", LOCK_DIR, name, strerror(-rc));
			close(fd);
			fd = rc;
		}
	}
	if (held >= 0)
		close(held);
	close(dir);
	return fd;
}

/* The path is the open file's own: the device may be gone by now, and its index with it. */
void lock_release(int fd, int ifindex)
{
	char link[64], path[sizeof(LOCK_DIR) + LOCK_NAME], name[LOCK_NAME];
	ssize_t n;

	if (fd < 0)
		return;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0) {
		lock_name(name, ifindex);
		n = snprintf(path, sizeof(path), "%s/%s", LOCK_DIR, name);
	}
	path[n] = 0;
	unlink(path);
	close(fd);
}
