// SPDX-License-Identifier: GPL-2.0-only
/* Where control sockets are, and how one connects to one. */
#include "proto/sockpath.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/time.h>
#include <unistd.h>

#define CONNECT_SECONDS 5 /* a listener that is stopped is not waited for longer */

/*
 * Only root may look at the namespace of process 1. Who may not takes the directory of his own namespace where there is
 * one: an engine makes it only outside the first.
 */
void sockpath_dir(char *buf, size_t size)
{
	struct stat own, first, dir;

	snprintf(buf, size, "%s", SOCKPATH_RUN);
	if (stat("/proc/self/ns/net", &own) < 0)
		return;
	if (!stat("/proc/1/ns/net", &first)) {
		if (own.st_ino != first.st_ino)
			snprintf(buf, size, "%s/ns-%llu", SOCKPATH_RUN, (unsigned long long)own.st_ino);
		return;
	}
	snprintf(buf, size, "%s/ns-%llu", SOCKPATH_RUN, (unsigned long long)own.st_ino);
	if (stat(buf, &dir) < 0)
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
