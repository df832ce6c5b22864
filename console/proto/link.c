// SPDX-License-Identifier: GPL-2.0-only
/* The client's end of the control socket. */
#define _GNU_SOURCE /* struct ucred */
#include "proto/link.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#define ANSWER_SECONDS 60
#define CHUNK_BYTES    65536
#define REPLY_MAX      (256u << 20)
#define LARGE_BYTES    (1u << 20)
#define HOW_TO_START   "start it: sudo vxconsole --headless INGRESS EGRESS"

/* --- which socket --- */

struct found {
	unsigned alive, dead, denied;
	char path[SOCKPATH_MAX]; /* of the last one that is alive */
	char names[120];	 /* of those alive */
	char dead_name[32];
};

static void try_socket(struct found *f, const char *dir, const char *name)
{
	size_t len = strlen(name), n = strlen(f->names);
	char path[SOCKPATH_MAX];
	int fd;

	if (len <= 5 || strcmp(name + len - 5, ".sock") != 0 ||
	    (size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) >= sizeof(path))
		return;
	fd = sockpath_connect(path, NULL);
	if (fd == -EACCES || fd == -EPERM) {
		f->denied++;
	} else if (fd < 0 && fd != -EAGAIN) {
		f->dead++;
		snprintf(f->dead_name, sizeof(f->dead_name), "%.31s", name);
		return;
	}
	if (fd >= 0)
		close(fd);
	f->alive++;
	memcpy(f->path, path, sizeof(path));
	snprintf(f->names + n, sizeof(f->names) - n, "%s%.*s", n ? ", " : "", (int)len - 5, name);
}

static int judge(const struct found *f, const char *dir, struct vx_err *err)
{
	if (f->alive > 1)
		return vx_err_set(err, -ENOTUNIQ,
				  "several engines run here: %s; choose one with -s NAME",
				  f->names);
	if (f->alive == 1)
		return 0;
	if (f->dead)
		return vx_err_set(
			err, -ENOENT,
			"no engine runs here (%s/%s is left of one that was killed); " HOW_TO_START,
			dir, f->dead_name);
	return vx_err_set(
		err, -ENOENT,
		"no engine runs in this network namespace (no socket in %s); " HOW_TO_START, dir);
}

static int find_only(char path[static SOCKPATH_MAX], struct vx_err *err)
{
	struct found f = { 0 };
	char dir[SOCKPATH_MAX];
	struct dirent *entry;
	DIR *d;
	int r;

	sockpath_dir(dir, sizeof(dir));
	d = opendir(dir);
	while (d && (entry = readdir(d)))
		try_socket(&f, dir, entry->d_name);
	if (d)
		closedir(d);
	r = judge(&f, dir, err);
	memcpy(path, f.path, sizeof(f.path));
	return r;
}

static int find(const char *name, char path[static SOCKPATH_MAX], struct vx_err *err)
{
	if (!name || !*name)
		return find_only(path, err);
	if (!strchr(name, '/'))
		sockpath_default(name, path);
	else if ((size_t)snprintf(path, SOCKPATH_MAX, "%s", name) >= SOCKPATH_MAX)
		return vx_err_set(err, -ENAMETOOLONG, "%.100s...: longer than %d bytes", name,
				  SOCKPATH_MAX - 1);
	return 0;
}

static int explain(int code, const char *path, struct vx_err *err)
{
	struct stat st;

	/* What connect says of a file is what it says of a socket that nobody listens on. */
	if (!stat(path, &st) && !S_ISSOCK(st.st_mode))
		return vx_err_set(err, -ENOTSOCK, "%s: not a socket: expected an engine's", path);
	switch (code) {
	case -EACCES:
	case -EPERM:
		return vx_err_set(err, code,
				  "%s: permission denied: use sudo, or join the group vxconsole",
				  path);
	case -ENOENT:
		return vx_err_set(err, code, "%s: no engine has this socket; " HOW_TO_START, path);
	case -ECONNREFUSED:
		return vx_err_set(err, code, "%s: its engine was killed; " HOW_TO_START, path);
	case -EAGAIN:
		return vx_err_set(
			err, code,
			"%s: the engine takes no connections: it is ending, stopped or hangs",
			path);
	default:
		return code;
	}
}

int link_open(struct link *l, const char *name, struct vx_err *err)
{
	const struct timeval limit = { .tv_sec = ANSWER_SECONDS };
	struct ucred peer = { 0 };
	socklen_t len = sizeof(peer);
	char path[SOCKPATH_MAX];
	struct stat st;
	int r;

	*l = (struct link){ .fd = -1 };
	r = find(name, path, err);
	if (r < 0)
		return r;
	r = sockpath_connect(path, err);
	if (r < 0)
		return explain(r, path, err);
	l->fd = r;
	memcpy(l->path, path, sizeof(path));
	l->may_write = geteuid() == 0 || (!stat(path, &st) && st.st_uid == geteuid());
	setsockopt(l->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (!getsockopt(l->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		l->pid = peer.pid;
	return 0;
}

void link_close(struct link *l)
{
	if (l->fd >= 0)
		close(l->fd);
	buf_fini(&l->in);
	l->fd = -1;
}

/* --- lines --- */

static ssize_t send_some(int to, const char *data, size_t len, int fd, int flags)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { .bytes = { 0 } };
	struct iovec iov = { .iov_base = (void *)data, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *m;

	if (fd >= 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control.bytes);
		m = CMSG_FIRSTHDR(&msg);
		m->cmsg_level = SOL_SOCKET;
		m->cmsg_type = SCM_RIGHTS;
		m->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(m), &fd, sizeof(int));
	}
	return sendmsg(to, &msg, MSG_NOSIGNAL | flags);
}

static int lost(const struct link *l, int code, struct vx_err *err)
{
	if (code == -EAGAIN)
		return vx_err_set(err, -ETIMEDOUT, "the engine (pid %d) does not answer", l->pid);
	if (code == -EPIPE || code == -ECONNRESET)
		return vx_err_set(err, -EPIPE, "the engine (pid %d) has ended", l->pid);
	return vx_err_set(err, code, "control socket: %s", strerror(-code));
}

int link_send(struct link *l, const struct buf *line, int fd, struct vx_err *err)
{
	size_t sent = 0;

	while (sent < line->n) {
		ssize_t n = send_some(l->fd, line->data + sent, line->n - sent, sent ? -1 : fd, 0);

		if (n < 0 && errno != EINTR)
			return lost(l, -errno, err);
		if (n > 0)
			sent += (size_t)n;
	}
	return 0;
}

ssize_t link_push(struct link *l, const char *data, size_t len, int fd, struct vx_err *err)
{
	ssize_t n = send_some(l->fd, data, len, fd, MSG_DONTWAIT);

	if (n >= 0)
		return n;
	return errno == EAGAIN || errno == EINTR ? 0 : lost(l, -errno, err);
}

/* 1 when something came, 0 when nothing did: with MSG_DONTWAIT there was nothing, else a signal
 * came. */
static int read_more(struct link *l, int flags, struct vx_err *err)
{
	char data[CHUNK_BYTES];
	ssize_t n = recv(l->fd, data, sizeof(data), flags);

	if (n < 0 && (errno == EINTR || (errno == EAGAIN && flags & MSG_DONTWAIT)))
		return 0;
	if (n <= 0)
		return lost(l, n ? -errno : -EPIPE, err);
	buf_add(&l->in, data, (size_t)n);
	if (l->in.failed || l->in.n > REPLY_MAX)
		return vx_err_set(err, -ENOMEM, "the answer is too large");
	return 1;
}

/* The line that was taken last makes room; memory for an answer of megabytes is not kept. */
static void forget_line(struct link *l)
{
	if (l->taken == l->in.n) {
		if (l->in.size > LARGE_BYTES)
			buf_fini(&l->in);
		l->in.n = 0;
	} else if (l->taken) {
		memmove(l->in.data, l->in.data + l->taken, l->in.n - l->taken);
		l->in.n -= l->taken;
	}
	if (l->taken)
		l->looked = 0;
	l->taken = 0;
}

static bool whole_line(struct link *l, const char **line, size_t *len)
{
	char *end = NULL;

	if (l->in.n > l->looked)
		end = memchr(l->in.data + l->looked, '\n', l->in.n - l->looked);
	l->looked = l->in.n;
	if (!end)
		return false;
	*line = l->in.data;
	*len = (size_t)(end - l->in.data);
	l->taken = *len + 1;
	return true;
}

int link_receive(struct link *l, const char **line, size_t *len, struct vx_err *err)
{
	int r;

	forget_line(l);
	while (!whole_line(l, line, len)) {
		r = read_more(l, 0, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int link_take(struct link *l, const char **line, size_t *len, struct vx_err *err)
{
	int r = 1;

	forget_line(l);
	while (r > 0 && !whole_line(l, line, len))
		r = read_more(l, MSG_DONTWAIT, err);
	return r;
}
