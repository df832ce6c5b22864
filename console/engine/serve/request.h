/* SPDX-License-Identifier: GPL-2.0-only */
/* A request that came by the control socket is run as a command, and its answer written. For
 * serve.c. [engine] */
#ifndef ENGINE_SERVE_REQUEST_H
#define ENGINE_SERVE_REQUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "proto/wire.h"

struct eng;
struct request_from {
	uid_t uid;
	const char *user;
	bool may_write, read_only;
	int fd;		 /* the caller's file; -1: none */
	uint64_t ticket; /* of what the request waits for; 0 at first */
};

/* Appends one whole line to reply; when memory runs out, an error that says so. false: nothing
 * yet, run it again later with the same from. */
bool request_run(struct eng *e, struct request_from *from, const struct wire_request *request,
		 struct buf *reply);
/* The same for a line that is to be completed. */
void request_complete(struct eng *e, const struct wire_request *request, struct buf *reply);

#endif
