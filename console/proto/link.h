/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The client's end of the control socket: finds it, sends a line, waits for one, with time limits;
 * or takes what is there without waiting. For ctl and the screen.
 */
#ifndef PROTO_LINK_H
#define PROTO_LINK_H

#include <sys/types.h>

#include "proto/buf.h"
#include "proto/sockpath.h"

struct link {
	int fd;
	int pid; /* of the engine */
	char path[SOCKPATH_MAX];
	bool may_write; /* the engine takes changes from us, as root or the socket's owner */
	bool read_only; /* we have asked the engine to take none all the same */
	struct buf in;	/* what came and was not taken yet */
	size_t taken;	/* of in: the line that the caller has */
	size_t looked;	/* no newline in in before this, but that of the line taken */
};

/*
 * name: a path; the name of an ingress, without a slash; or NULL, "": the only socket of this
 * network namespace that somebody listens on. -ENOENT when there is none, -ENOTUNIQ when there are
 * several (err names them).
 */
int link_open(struct link *l, const char *name, struct vx_err *err)
	__attribute__((warn_unused_result));
void link_close(struct link *l); /* a link of zeros with fd -1 is fine */
/* line with its newline; fd goes with it, -1: none. */
int link_send(struct link *l, const struct buf *line, int fd, struct vx_err *err)
	__attribute__((warn_unused_result));
/* The next line, without newline, valid until the next call. -EPIPE: the engine has ended;
 * -ETIMEDOUT. */
int link_receive(struct link *l, const char **line, size_t *len, struct vx_err *err)
	__attribute__((warn_unused_result));
/* The same without waiting: 1, 0 when no line is whole yet, or -errno. */
int link_take(struct link *l, const char **line, size_t *len, struct vx_err *err)
	__attribute__((warn_unused_result));
/* Sends of [data, data + len) what can be sent without waiting, fd with the first byte: how many
 * bytes, or -errno. */
ssize_t link_push(struct link *l, const char *data, size_t len, int fd, struct vx_err *err)
	__attribute__((warn_unused_result));

#endif
