/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control socket: takes connections, runs their commands, streams snapshots. One descriptor to
 * wait on; nothing that a client does can stall the caller. [engine]
 */
#ifndef ENGINE_SERVE_SERVE_H
#define ENGINE_SERVE_SERVE_H

#include "vx_err.h"

#define SERVE_CLIENTS 16
#define SERVE_READERS 12 /* of them: who may only read cannot keep the operator out */

struct eng;
struct serve;

/* At e->o->socket, or the place of this ingress and network namespace; sets e->socket_path. Call it
 * last: who sees the socket may take it that the engine is ready. */
int serve_open(struct serve **out, struct eng *e, struct vx_err *err)
	__attribute__((warn_unused_result));
void serve_close(struct serve *s);   /* removes the socket first; NULL is fine */
int serve_fd(const struct serve *s); /* readable: call serve_dispatch */
void serve_dispatch(struct serve *s);
void serve_resume(struct serve *s); /* what requests wait for may have come */
void serve_tick(struct serve *s);   /* about 10 times a second: time limits, snapshots */

#endif
