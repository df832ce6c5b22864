/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control socket as a file: made with its rights in one step, gone when the engine ends. For
 * serve.c and tests. [engine]
 */
#ifndef ENGINE_SERVE_LISTEN_H
#define ENGINE_SERVE_LISTEN_H

#include <sys/types.h>

#include "proto/sockpath.h"

struct listen {
	int fd; /* non-blocking, close-on-exec; -1: not open */
	char path[SOCKPATH_MAX];
	dev_t dev; /* of the file, to remove no other's */
	ino_t ino;
};

/*
 * 0660 with group vxconsole where there is one, else 0600; owned by owner. The file appears when
 * connections are taken. A socket that nobody listens on is replaced; -EADDRINUSE when somebody
 * does, -EEXIST when it is no socket.
 */
int listen_open(struct listen *l, const char *path, uid_t owner, struct vx_err *err)
	__attribute__((warn_unused_result));
void listen_close(struct listen *l);

#endif
