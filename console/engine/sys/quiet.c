/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The quiet sockets. The filter is there before the bind, so that not one datagram is ever queued;
 * what the kernel's UDP finds a socket for, it does not answer with an ICMP port unreachable.
 * [engine]
 */
#include "engine/sys/quiet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int quiet_bind(int fd, int family, uint16_t port)
{
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in a4 = { .sin_family = AF_INET, .sin_port = htons(port) };

	if (family == AF_INET6)
		return bind(fd, (struct sockaddr *)&a6, sizeof(a6));
	return bind(fd, (struct sockaddr *)&a4, sizeof(a4));
}

/* A bound socket that takes nothing, or -errno. */
static int quiet_socket(int family, uint16_t port)
{
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog prog = { .len = 1, .filter = &nothing };
	int one = 1, least = 1; /* the kernel raises it to its minimum */
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP);
	int rc;

	if (fd < 0)
		return -errno;
	rc = setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog));
	if (!rc && family == AF_INET6)
		rc = setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (!rc)
		rc = setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least));
	if (!rc)
		rc = quiet_bind(fd, family, port);
	if (!rc)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

static const int quiet_family[2] = { AF_INET, AF_INET6 };

int quiet_open(struct quiet *q, uint16_t port, struct vx_err *err)
{
	*q = (struct quiet){ .fd = { -1, -1 } };
	for (int i = 0; i < 2; i++) {
		int fd = quiet_socket(quiet_family[i], port);

		if (fd >= 0) {
			q->fd[i] = fd;
		} else if (fd == -EADDRINUSE) {
			q->in_use[i] = true;
		} else if (fd != -EAFNOSUPPORT && fd != -EADDRNOTAVAIL) {
			quiet_close(q);
			return vx_err_set(err, fd, "quiet socket: UDP port %u, IPv%d: %s", port,
					  i ? 6 : 4, strerror(-fd));
		}
	}
	return 0;
}

void quiet_retry(struct quiet *q, uint16_t port)
{
	for (int i = 0; i < 2; i++) {
		if (!q->in_use[i])
			continue;
		q->fd[i] = quiet_socket(quiet_family[i], port);
		q->in_use[i] = q->fd[i] == -EADDRINUSE;
		q->fd[i] = q->fd[i] < 0 ? -1 : q->fd[i];
	}
}

void quiet_close(struct quiet *q)
{
	for (int i = 0; i < 2; i++) {
		if (q->fd[i] >= 0)
			close(q->fd[i]);
		q->fd[i] = -1;
		q->in_use[i] = false;
	}
}
