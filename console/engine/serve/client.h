/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One connection to the control socket: bytes in until a line is whole, bytes out as the peer takes
 * them. Never blocks. At most one answer waits in it, so its memory is bounded. For serve.c.
 * [engine]
 */
#ifndef ENGINE_SERVE_CLIENT_H
#define ENGINE_SERVE_CLIENT_H

#include <sys/types.h>

#include "engine/serve/feed.h"
#include "engine/sys/user.h"
#include "proto/buf.h"
#include "proto/wire.h"

struct client {
	int fd;
	uid_t uid;
	char user[USER_NAME];
	bool may_write;
	bool read_only; /* and does not want to */
	bool pending; /* the request has no answer yet, and is run again; what comes behind it waits
		       */
	struct wire_request request; /* that one */
	int request_fd;		     /* its file; -1: none */
	uint64_t ticket;	     /* of what it waits for */
	int passed_fd; /* came with the bytes (SCM_RIGHTS), for the next request; -1: none */
	struct buf in; /* what is not executed yet */
	size_t taken;  /* bytes of in that are */
	struct buf out;
	size_t sent;	 /* bytes of out that are gone */
	uint64_t in_ns;	 /* when bytes came last */
	uint64_t out_ns; /* when bytes went last, or the answer was made */
	bool eof;	 /* nothing comes any more; what came is answered still */
	bool closing;	 /* ends when out is gone */
	bool bye;	 /* it leaves on purpose */
	struct feed feed;
};

struct client *client_new(int fd, uid_t uid,
			  bool may_write); /* takes fd, also when it returns NULL */
void client_free(struct client *c);
void client_answered(struct client *c); /* its pending request is over */
/* Reads what is there. -errno when the connection is dead. */
int client_read(struct client *c, uint64_t now_ns);
/* Sends what can be sent. -errno when the connection is dead. */
int client_flush(struct client *c, uint64_t now_ns);
bool client_waits(const struct client *c); /* an answer is not gone yet */
bool client_has_line(const struct client *c);
/* The next line, without newline and terminated, valid until client_read. NULL: none is whole. */
char *client_line(struct client *c, size_t *len);
/* No newline within WIRE_LINE_MAX. */
bool client_too_long(const struct client *c);
/* Takes the descriptor that came with the request; the caller closes it. -1: none. */
int client_take_fd(struct client *c);
bool client_stale(const struct client *c,
		  uint64_t now_ns); /* half a line, or an unread answer, for too long */

#endif
