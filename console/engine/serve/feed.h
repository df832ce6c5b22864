/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What one subscriber has seen of the stream, and what comes next: events, history, snapshots. For
 * serve.c. [engine]
 */
#ifndef ENGINE_SERVE_FEED_H
#define ENGINE_SERVE_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/buf.h"

#define FEED_EVENTS 200 /* old ones, for who begins */

struct eng;
struct feed {
	bool on;
	uint64_t every_ns, next_ns; /* of snapshots */
	uint64_t event;		    /* id of the last one that was sent */
	uint64_t seconds, marks;    /* of the history */
};

/* Begins, or changes the interval: what was sent is not sent again. */
void feed_subscribe(struct feed *f, unsigned interval_ms);
bool feed_wants_snapshot(const struct feed *f, uint64_t now_ns);
/* Appends what is new; with a snapshot (its JSON) the history as well. */
void feed_put(struct feed *f, const struct eng *e, const char *snapshot, uint64_t now_ns,
	      struct buf *out);

#endif
