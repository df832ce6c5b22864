// SPDX-License-Identifier: GPL-2.0-only
/* Where control sockets are, and how one connects to one. */
#include "proto/sockpath.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/time.h>
#include <unistd.h>

#define CONNECT_SECONDS 5 /* a listener that is stopped is not waited for longer */

/*
 * Is inode our network namespace's, and the first one? Who may not look at process 1 (only root
 * may, and not in every sandbox) knows it otherwise: an engine outside the first has made its
 * directory; some sysctls are in the kernel's own first namespace only; and root, who makes the
 * directories, takes all others for not the first.
 */
static bool in_first(ino_t inode, const char *ns_dir)
{
	struct stat st;

	if (!stat("/proc/1/ns/net", &st))
		return st.st_ino == inode;
	if (!stat(ns_dir, &st))
		return false;
	return !stat("/proc/sys/net/core/netdev_max_backlog", &st) || geteuid() != 0;
}

void sockpath_dir(char *buf, size_t size)
{
	struct stat own;

	if (!stat("/proc/self/ns/net", &own)) {
		snprintf(buf, size, SOCKPATH_RUN "/ns-%llu", (unsigned long long)own.st_ino);
		if (!in_first(own.st_ino, buf))
			return;
	}
	snprintf(buf, size, "%s", SOCKPATH_RUN);
}

void sockpath_default(const char *ingress, char buf[static SOCKPATH_MAX])
{
	char dir[SOCKPATH_MAX - 24];

	sockpath_dir(dir, sizeof(dir));
	snprintf(buf, SOCKPATH_MAX, "%s/%.15s.sock", dir, ingress);
}

int sockpath_connect(const char *path, struct vx_err *err)
{
	const struct timeval limit = { .tv_sec = CONNECT_SECONDS };
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	size_t len = strlen(path);
	int fd, r;

	if (!len || len >= sizeof(sun.sun_path))
		return vx_err_set(err, -EINVAL, "%s: a socket's path has 1 to %zu bytes", path,
				  sizeof(sun.sun_path) - 1);
	memcpy(sun.sun_path, path, len);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return vx_err_set(err, -errno, "socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (!connect(fd, (struct sockaddr *)&sun, sizeof(sun)))
		return fd;
	r = -errno;
	close(fd);
	return vx_err_set(err, r, "%s: %s", path, strerror(-r));
}
