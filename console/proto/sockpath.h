/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where control sockets are: /run/vxconsole/INGRESS.sock, outside the first network namespace
 * /run/vxconsole/ns-<inode>/INGRESS.sock. Both sides of the socket include it.
 */
#ifndef PROTO_SOCKPATH_H
#define PROTO_SOCKPATH_H

#include <stddef.h>

#include "vx_err.h"

#define SOCKPATH_RUN "/run/vxconsole"
#define SOCKPATH_MAX 108 /* sizeof(sun_path) */

/* The directory of this network namespace. */
void sockpath_dir(char *buf, size_t size);
/* The socket of an ingress interface. */
void sockpath_default(const char *ingress, char buf[static SOCKPATH_MAX]);
/* A connected stream socket (close-on-exec) or -errno: -ECONNREFUSED when nobody listens, -EAGAIN
 * when the listener does not take connections. Sending on it has the same time limit, 5 s. */
int sockpath_connect(const char *path, struct vx_err *err) __attribute__((warn_unused_result));

#endif
