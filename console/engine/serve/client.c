// SPDX-License-Identifier: GPL-2.0-only
/* One connection to the control socket. All of it non-blocking and bounded: a peer that stops
 * reading stalls itself only. */
#include "engine/serve/client.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/wire.h"

#define PATIENCE_NS 10000000000ULL
#define READ_BYTES  16384
#define LARGE_BYTES (1u << 20)

struct client *client_new(int fd, uid_t uid, bool may_write)
{
	struct client *c = calloc(1, sizeof(*c));

	if (!c) {
		close(fd);
		return NULL;
	}
	c->fd = fd;
	c->uid = uid;
	c->may_write = may_write;
	c->passed_fd = -1;
	return c;
}

void client_answered(struct client *c)
{
	if (!c->pending)
		return;
	wire_request_fini(&c->request);
	if (c->request_fd >= 0)
		close(c->request_fd);
	c->pending = false;
	c->ticket = 0;
}

void client_free(struct client *c)
{
	if (!c)
		return;
	client_answered(c);
	if (c->passed_fd >= 0)
		close(c->passed_fd);
	close(c->fd);
	buf_fini(&c->in);
	buf_fini(&c->out);
	free(c);
}

/* Keeps the last descriptor and closes the others. */
static void take_rights(struct client *c, struct msghdr *msg)
{
	for (struct cmsghdr *m = CMSG_FIRSTHDR(msg); m; m = CMSG_NXTHDR(msg, m)) {
		size_t n = (m->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (m->cmsg_level != SOL_SOCKET || m->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < n; i++) {
			if (c->passed_fd >= 0)
				close(c->passed_fd);
			memcpy(&c->passed_fd, CMSG_DATA(m) + i * sizeof(int), sizeof(int));
		}
	}
}

/* What has been executed makes room. */
static void compact(struct client *c)
{
	if (!c->taken)
		return;
	memmove(c->in.data, c->in.data + c->taken, c->in.n - c->taken);
	c->in.n -= c->taken;
	c->in.data[c->in.n] = 0;
	c->taken = 0;
}

int client_read(struct client *c, uint64_t now_ns)
{
	union {
		char bytes[CMSG_SPACE(4 * sizeof(int))];
		struct cmsghdr align;
	} control;
	char data[READ_BYTES];
	struct iovec iov = { .iov_base = data };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	ssize_t n;

	compact(c);
	if (c->in.n >= WIRE_LINE_MAX)
		return 0;
	iov.iov_len = WIRE_LINE_MAX - c->in.n < READ_BYTES ? WIRE_LINE_MAX - c->in.n : READ_BYTES;
	n = recvmsg(c->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	take_rights(c, &msg);
	c->in_ns = now_ns;
	c->eof = !n;
	buf_add(&c->in, data, (size_t)n);
	return c->in.failed ? -ENOMEM : 0;
}

/* A list of megabytes was made and is gone: its memory goes back to the kernel, not to the heap. */
static void forget_answer(struct client *c)
{
	bool large = c->out.size > LARGE_BYTES;

	buf_fini(&c->out);
	c->sent = 0;
	if (large)
		malloc_trim(0);
}

int client_flush(struct client *c, uint64_t now_ns)
{
	while (c->sent < c->out.n) {
		ssize_t n = send(c->fd, c->out.data + c->sent, c->out.n - c->sent,
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -errno;
		c->sent += (size_t)n;
		c->out_ns = now_ns;
	}
	forget_answer(c);
	return 0;
}

bool client_waits(const struct client *c)
{
	return c->out.n > 0;
}

static char *newline(const struct client *c)
{
	if (c->taken == c->in.n)
		return NULL;
	return memchr(c->in.data + c->taken, '\n', c->in.n - c->taken);
}

bool client_has_line(const struct client *c)
{
	return newline(c);
}

char *client_line(struct client *c, size_t *len)
{
	char *line = c->in.data + c->taken, *end = newline(c);

	if (!end)
		return NULL;
	*end = 0;
	*len = (size_t)(end - line);
	c->taken += *len + 1;
	return line;
}

bool client_too_long(const struct client *c)
{
	return c->in.n - c->taken >= WIRE_LINE_MAX && !newline(c);
}

int client_take_fd(struct client *c)
{
	int fd = c->passed_fd;

	c->passed_fd = -1;
	return fd;
}

bool client_stale(const struct client *c, uint64_t now_ns)
{
	if (client_waits(c))
		return now_ns - c->out_ns > PATIENCE_NS;
	return !c->pending && c->in.n > c->taken && now_ns - c->in_ns > PATIENCE_NS;
}
