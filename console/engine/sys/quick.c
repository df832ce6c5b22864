/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writing without waiting. A pipe or socket that polls as writable takes QUICK_MAX bytes. A
 * terminal may take fewer, and its open file is shared with the shell, which must not find it
 * non-blocking: so it is opened once more.
 */
#include "engine/sys/quick.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static unsigned long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (unsigned long)t.tv_sec * 1000 + (unsigned long)t.tv_nsec / 1000000;
}

/* -1: no terminal, or it cannot be opened: fd itself will do. */
static int own_terminal(int fd)
{
	char path[32];

	if (!isatty(fd))
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static bool writable(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, ms) == 1 && p.revents == POLLOUT;
}

bool quick_put(int fd, const char *data, size_t len)
{
	int own = own_terminal(fd), to = own >= 0 ? own : fd;
	bool put = writable(to, 0) && write(to, data, len) == (ssize_t)len;

	if (own >= 0)
		close(own);
	return put;
}

bool quick_put_within(int fd, const char *data, size_t len, unsigned ms)
{
	int own = own_terminal(fd), to = own >= 0 ? own : fd;
	unsigned long now = now_ms(), end = now + ms;

	while (len && now <= end && writable(to, (int)(end - now))) {
		ssize_t n = write(to, data, len < QUICK_MAX ? len : QUICK_MAX);

		if (n <= 0)
			break;
		data += n;
		len -= (size_t)n;
		now = now_ms();
	}
	if (own >= 0)
		close(own);
	return !len;
}
