/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Small pieces of the control socket's stream, besides snapshot and history: events (lines of the
 * engine's log) and completions. Both sides of the socket include it. Pure.
 */
#ifndef PROTO_STREAM_H
#define PROTO_STREAM_H

#include "proto/buf.h"
#include "vx_err.h"

struct stream_event {
	uint64_t id;	 /* 1, 2, ... of this engine */
	int64_t real_ns; /* CLOCK_REALTIME; "time" on the wire */
	int level;	 /* 1 error or warning, 2 information, 3 debug */
	char text[256];	 /* harmless already: control bytes are escaped */
};

/* Appends a whole line, newline included: {"event":{"id":1,"time":...,"level":2,"text":"..."}} */
void stream_put_event(struct buf *b, const struct stream_event *e);
/* text: the object, as wire_reply.text of a WIRE_EVENT. */
int stream_event_parse(const char *text, size_t len, struct stream_event *out, struct vx_err *err)
	__attribute__((warn_unused_result));

#define STREAM_CHOICES 64

struct stream_choices {
	unsigned n;
	struct {
		char word[128], help[96];
	} choice[STREAM_CHOICES];
};

/* {"complete":[["104.218.88.5","Zoom Fiber, LLC"],...]} and a newline. Words are plain, without
 * quotes. */
void stream_put_choices(struct buf *b, const struct stream_choices *c);
/* text: the array, as wire_reply.text of a WIRE_COMPLETE. "word\thelp\n" each, as the prompt takes
 * it; caller frees. NULL: not an array of pairs, or no memory. */
char *stream_choices_text(const char *text, size_t len);

#endif
