// SPDX-License-Identifier: GPL-2.0-only
/* The stream of one subscriber. [engine] */
#include "engine/serve/feed.h"

#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "log.h"
#include "proto/stream.h"
#include "proto/wire.h"

void feed_subscribe(struct feed *f, unsigned interval_ms)
{
	uint64_t last = log_last();

	if (!f->on) {
		f->event = last > FEED_EVENTS ? last - FEED_EVENTS : 0;
		f->seconds = HISTORY_WHOLE;
	}
	f->on = true;
	f->every_ns = (uint64_t)interval_ms * 1000000;
	f->next_ns = 0;
}

bool feed_wants_snapshot(const struct feed *f, uint64_t now_ns)
{
	return f->on && now_ns >= f->next_ns;
}

static void put_events(struct feed *f, struct buf *out)
{
	struct log_line line[16];
	size_t n;

	while ((n = log_read(f->event, line, 16))) {
		for (size_t i = 0; i < n; i++) {
			struct stream_event e = { .id = line[i].id,
						  .real_ns = line[i].real_ns,
						  .level = (int)line[i].level };

			memcpy(e.text, line[i].text, sizeof(e.text));
			stream_put_event(out, &e);
			f->event = e.id;
		}
	}
}

static void put_history(struct feed *f, const struct snapshot_history *h, struct buf *out)
{
	char *json;

	if (!h || (f->seconds == h->seconds && f->marks == h->marks))
		return;
	json = history_to_json(h, f->seconds, f->marks);
	if (!json)
		return; /* with the next one */
	wire_put_history(out, json);
	free(json);
	f->seconds = h->seconds;
	f->marks = h->marks;
}

void feed_put(struct feed *f, const struct eng *e, const char *snapshot, uint64_t now_ns,
	      struct buf *out)
{
	_Static_assert(sizeof(((struct stream_event *)0)->text) ==
			       sizeof(((struct log_line *)0)->text),
		       "an event is a line of the log");

	put_events(f, out);
	if (!snapshot)
		return;
	put_history(f, e->history, out);
	wire_put_snapshot(out, snapshot);
	/* On a grid, so that a tick that comes a little early next time is not missed. */
	f->next_ns += f->every_ns;
	if (f->next_ns < now_ns)
		f->next_ns = now_ns + f->every_ns;
}
