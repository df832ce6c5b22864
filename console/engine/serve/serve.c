// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control socket: an epoll of its own over the listener, the clients and an eventfd that stands
 * for lines that were read but had to wait for their turn. While an answer waits to be read, its
 * client is not read. [engine]
 */
#define _GNU_SOURCE /* accept4, struct ucred */
#include "engine/serve/serve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/engine.h"
#include "engine/serve/client.h"
#include "engine/serve/listen.h"
#include "engine/serve/request.h"
#include "log.h"
#include "proto/wire.h"

#define LINES_A_TURN 8
#define EV_LISTEN    SERVE_CLIENTS
#define EV_KICK	     (SERVE_CLIENTS + 1)

struct serve {
	struct eng *e;
	int epoll_fd, kick_fd;
	struct listen listen;
	uid_t owner;
	bool closing;
	bool own_dir; /* the directory of the socket was made for it */
	struct client *client[SERVE_CLIENTS];
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static bool has_screen(const struct serve *s)
{
	for (unsigned i = 0; i < SERVE_CLIENTS; i++)
		if (s->client[i] && s->client[i]->feed.on)
			return true;
	return false;
}

static void drop(struct serve *s, unsigned slot)
{
	struct client *c = s->client[slot];

	s->client[slot] = NULL;
	if (c && c->feed.on && !c->bye && !s->closing)
		vx_warn("the screen of %s was lost: %s", c->user,
			has_screen(s) ? "others are open" : "going on headless");
	client_free(c);
}

static int watch(struct serve *s, int op, int fd, uint32_t events, uint32_t id)
{
	struct epoll_event ev = { .events = events, .data.u32 = id };

	return epoll_ctl(s->epoll_fd, op, fd, &ev) < 0 ? -errno : 0;
}

static void kick(struct serve *s)
{
	const uint64_t one = 1;

	if (write(s->kick_fd, &one, sizeof(one)) < 0)
		vx_dbg("control socket: eventfd: %s", strerror(errno));
}

/* --- connections --- */

static void refuse(int fd, const char *why)
{
	struct buf b = { 0 };

	wire_put_error(&b, why);
	if (!b.failed && send(fd, b.data, b.n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		vx_dbg("control socket: %s", strerror(errno));
	buf_fini(&b);
	close(fd);
}

static unsigned readers(const struct serve *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < SERVE_CLIENTS; i++)
		n += s->client[i] && !s->client[i]->may_write;
	return n;
}

static void take_connection(struct serve *s, int fd)
{
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t len = sizeof(peer);
	unsigned slot = 0;
	bool may_write;

	while (slot < SERVE_CLIENTS && s->client[slot])
		slot++;
	if (slot == SERVE_CLIENTS || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0) {
		refuse(fd, "the control socket has its 16 clients already; end one of them");
		return;
	}
	may_write = peer.uid == 0 || peer.uid == s->owner;
	if (!may_write && readers(s) >= SERVE_READERS) {
		refuse(fd, "the control socket has its 12 readers already; end one of them");
		return;
	}
	s->client[slot] = client_new(fd, peer.uid, may_write);
	if (s->client[slot])
		user_of_peer(peer.uid, peer.pid, s->client[slot]->user);
	if (s->client[slot] && watch(s, EPOLL_CTL_ADD, fd, EPOLLIN, slot) < 0)
		drop(s, slot);
}

static void take_connections(struct serve *s)
{
	for (unsigned i = 0; i < SERVE_CLIENTS; i++) {
		int fd = accept4(s->listen.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0)
			return;
		take_connection(s, fd);
	}
}

/* --- requests --- */

static void subscribe(struct client *c)
{
	if (!c->feed.on)
		vx_info("%s opened a screen", c->user);
	c->read_only |= c->request.read_only; /* for good */
	feed_subscribe(&c->feed, c->request.interval_ms);
}

static void leave(struct client *c)
{
	if (c->feed.on && !c->bye)
		vx_info("%s closed the screen", c->user);
	c->bye = true;
}

/* The request of c, for the first time or again. */
static void run_pending(struct serve *s, struct client *c)
{
	struct request_from from = { .uid = c->uid,
				     .user = c->user,
				     .may_write = c->may_write,
				     .read_only = c->read_only,
				     .fd = c->request_fd,
				     .ticket = c->ticket };

	if (request_run(s->e, &from, &c->request, &c->out))
		client_answered(c);
	else
		c->ticket = from.ticket;
}

static void answer(struct serve *s, struct client *c, const char *line, size_t len)
{
	struct vx_err err = { 0 };

	c->request_fd = client_take_fd(c);
	c->pending = wire_request_parse(line, len, &c->request, &err) == 0;
	if (!c->pending) {
		wire_put_error(&c->out, err.msg);
		if (c->request_fd >= 0)
			close(c->request_fd);
		return;
	}
	if (!c->request.bye && !c->request.subscribe && !c->request.complete) {
		run_pending(s, c);
		return;
	}
	if (c->request.bye)
		leave(c);
	else if (c->request.subscribe)
		subscribe(c);
	else
		request_complete(s->e, &c->request, &c->out);
	client_answered(c);
}

/* May its next line be run? */
static bool is_free(const struct client *c)
{
	return !client_waits(c) && !c->pending && !c->closing;
}

/* A few lines, so that one client cannot keep the others and the engine's other work waiting. */
static int run_lines(struct serve *s, struct client *c)
{
	uint64_t now = now_ns();
	char *line;
	size_t len;
	int r = 0;

	for (int i = 0; i < LINES_A_TURN && !r && is_free(c); i++) {
		line = client_line(c, &len);
		if (!line)
			break;
		answer(s, c, line, len);
		c->out_ns = now;
		r = client_flush(c, now);
	}
	if (!r && client_too_long(c) && is_free(c)) {
		wire_put_error(&c->out, "a request has at most 65536 bytes");
		c->closing = true;
		r = client_flush(c, now);
	}
	return r;
}

/* After whatever happened to a client: its lines, then what it waits for next. */
static void advance(struct serve *s, unsigned slot)
{
	struct client *c = s->client[slot];
	bool more;

	if (run_lines(s, c) < 0 || c->out.failed) {
		drop(s, slot);
		return;
	}
	more = client_has_line(c) && !c->closing;
	if (!client_waits(c) && !c->pending && (c->closing || (c->eof && !more))) {
		drop(s, slot);
		return;
	}
	if (client_waits(c)) {
		watch(s, EPOLL_CTL_MOD, c->fd, EPOLLOUT, slot);
		return;
	}
	/* A peer that goes away is heard of in any case. */
	watch(s, EPOLL_CTL_MOD, c->fd, c->eof || c->pending ? 0 : EPOLLIN, slot);
	if (more && !c->pending)
		kick(s);
}

static void on_client(struct serve *s, unsigned slot, uint32_t events)
{
	struct client *c = s->client[slot];
	int r = 0;

	if (!c)
		return;
	if (events & EPOLLOUT)
		r = client_flush(c, now_ns());
	else if (events & EPOLLIN)
		r = client_read(c, now_ns());
	if (r < 0 || !(events & (EPOLLIN | EPOLLOUT)))
		drop(s, slot);
	else
		advance(s, slot);
}

static void on_kick(struct serve *s)
{
	uint64_t n;

	if (read(s->kick_fd, &n, sizeof(n)) < 0)
		return;
	for (unsigned i = 0; i < SERVE_CLIENTS; i++)
		if (s->client[i] && client_has_line(s->client[i]) && is_free(s->client[i]))
			advance(s, i);
}

void serve_resume(struct serve *s)
{
	uint64_t now = now_ns();

	for (unsigned i = 0; i < SERVE_CLIENTS; i++) {
		struct client *c = s->client[i];

		if (!c || !c->pending || client_waits(c))
			continue;
		run_pending(s, c);
		c->out_ns = now;
		if (client_flush(c, now) < 0)
			drop(s, i);
		else
			advance(s, i);
	}
}

void serve_dispatch(struct serve *s)
{
	struct epoll_event ev[SERVE_CLIENTS + 2];
	int n = epoll_wait(s->epoll_fd, ev, SERVE_CLIENTS + 2, 0);

	for (int i = 0; i < n; i++) {
		if (ev[i].data.u32 == EV_LISTEN)
			take_connections(s);
		else if (ev[i].data.u32 == EV_KICK)
			on_kick(s);
		else
			on_client(s, ev[i].data.u32, ev[i].events);
	}
}

/* --- time --- */

/* One that has not read the last yet skips this one. */
static bool takes(const struct client *c)
{
	return c && c->feed.on && !client_waits(c) && !c->closing;
}

static void stream_to(struct serve *s, unsigned slot, const char *snapshot, uint64_t now)
{
	struct client *c = s->client[slot];

	feed_put(&c->feed, s->e, snapshot, now, &c->out);
	c->out_ns = now;
	if (client_flush(c, now) < 0)
		drop(s, slot);
	else
		advance(s, slot);
}

/* One reading for all whose time it is; events to the others too. */
static void stream(struct serve *s, uint64_t now)
{
	char *json = NULL;

	for (unsigned i = 0; i < SERVE_CLIENTS; i++) {
		struct client *c = s->client[i];
		bool due = takes(c) && feed_wants_snapshot(&c->feed, now);

		if (due && !json) {
			eng_refresh(s->e);
			json = snapshot_to_json(&s->e->snap);
		}
		if (takes(c))
			stream_to(s, i, due ? json : NULL, now);
	}
	free(json);
}

void serve_tick(struct serve *s)
{
	uint64_t now = now_ns();

	for (unsigned i = 0; i < SERVE_CLIENTS; i++) {
		if (!s->client[i] || !client_stale(s->client[i], now))
			continue;
		vx_dbg("control socket: a client of uid %u is dropped: it %s for 10 s",
		       s->client[i]->uid,
		       client_waits(s->client[i]) ? "read nothing" : "sent half a line");
		drop(s, i);
	}
	serve_resume(s);
	stream(s, now);
}

/* --- open and close --- */

static uid_t owner_of_socket(void)
{
	const char *text = getenv("SUDO_UID");
	unsigned long uid;
	char *end;

	if (geteuid() != 0 || !text || *text < '0' || *text > '9')
		return geteuid();
	errno = 0;
	uid = strtoul(text, &end, 10);
	return *end || errno || uid >= (uid_t)-1 ? geteuid() : (uid_t)uid;
}

static int make_dir(const char *dir, struct vx_err *err)
{
	if (!mkdir(dir, 0755) || errno == EEXIST)
		return 0;
	return vx_err_set(err, -errno, "control socket: %s: %s", dir, strerror(errno));
}

/* The place of this ingress; its directory is made where it is missing. */
static int default_path(struct serve *s, char path[static SOCKPATH_MAX], struct vx_err *err)
{
	char dir[SOCKPATH_MAX];
	mode_t mask = umask(022);
	int r;

	sockpath_dir(dir, sizeof(dir));
	s->own_dir = strcmp(dir, SOCKPATH_RUN) != 0;
	r = make_dir(SOCKPATH_RUN, err);
	if (!r && s->own_dir)
		r = make_dir(dir, err);
	umask(mask);
	sockpath_default(s->e->o->ingress, path);
	return r;
}

static int open_all(struct serve *s, struct vx_err *err)
{
	char path[SOCKPATH_MAX];
	int r = 0;

	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	s->kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (s->epoll_fd < 0 || s->kick_fd < 0)
		return vx_err_set(err, -errno, "control socket: %s", strerror(errno));
	if (s->e->o->socket[0])
		snprintf(path, sizeof(path), "%s", s->e->o->socket);
	else
		r = default_path(s, path, err);
	if (r)
		return r;
	r = listen_open(&s->listen, path, s->owner, err);
	if (r < 0) {
		vx_err_prefix(err, "control socket");
		return r;
	}
	snprintf(s->e->socket_path, sizeof(s->e->socket_path), "%s", path);
	r = watch(s, EPOLL_CTL_ADD, s->listen.fd, EPOLLIN, EV_LISTEN);
	if (!r)
		r = watch(s, EPOLL_CTL_ADD, s->kick_fd, EPOLLIN, EV_KICK);
	return r ? vx_err_set(err, r, "control socket: epoll: %s", strerror(-r)) : 0;
}

int serve_open(struct serve **out, struct eng *e, struct vx_err *err)
{
	struct serve *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return vx_err_set(err, -ENOMEM, "control socket: no memory");
	s->e = e;
	s->owner = owner_of_socket();
	s->listen.fd = s->epoll_fd = s->kick_fd = -1;
	r = open_all(s, err);
	if (r < 0) {
		serve_close(s);
		return r;
	}
	*out = s;
	return 0;
}

int serve_fd(const struct serve *s)
{
	return s->epoll_fd;
}

void serve_close(struct serve *s)
{
	char dir[SOCKPATH_MAX];

	if (!s)
		return;
	listen_close(&s->listen);
	sockpath_dir(dir, sizeof(dir));
	if (s->own_dir)
		rmdir(dir); /* stays when another engine's socket is in it */
	s->closing = true;
	for (unsigned i = 0; i < SERVE_CLIENTS; i++)
		drop(s, i);
	if (s->kick_fd >= 0)
		close(s->kick_fd);
	if (s->epoll_fd >= 0)
		close(s->epoll_fd);
	free(s);
}
