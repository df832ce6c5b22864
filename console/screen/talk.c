// SPDX-License-Identifier: GPL-2.0-only
/*
 * The screen's side of the control socket. Requests wait in a queue and go out one at a time, each
 * when the one before was answered: a file's descriptor must not come earlier, and what is under
 * way is bounded. [screen]
 */
#include "screen/talk.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "proto/history.h"
#include "proto/stream.h"
#include "screen/file.h"

#define ASKS	    32
#define LINES_TURN  64 /* answers taken before the terminal gets its turn */
#define COMPLETE_MS 300
#define NEVER_MS    3600000

enum ask_kind { ASK_SUBSCRIBE, ASK_TABLE, ASK_COMMAND, ASK_COMPLETE };

struct ask {
	enum ask_kind kind;
	struct buf bytes;
	struct data_table *table;
	char *line;
	struct file file; /* that the command names */
};

struct talk {
	struct link *l;
	struct data *d;
	unsigned interval_ms;
	talk_answer_fn answer;
	void *ctx;
	struct ask queue[ASKS]; /* ring: the first was sent, or is being sent */
	unsigned first, n;
	size_t sent;			 /* bytes of the first */
	struct data_table help;		 /* the commands there are: which of them names a file */
	char *completions;		 /* the last answer */
	struct snapshot_history history; /* as it goes on, frozen or not */
	uint64_t events;		 /* that came */
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* --- the queue --- */

static void ask_fini(struct ask *a)
{
	buf_fini(&a->bytes);
	free(a->line);
	file_close(&a->file);
	*a = (struct ask){ .file.fd = -1 };
}

static void pop(struct talk *t)
{
	ask_fini(&t->queue[t->first]);
	t->first = (t->first + 1) % ASKS;
	t->n--;
	t->sent = 0;
}

/* NULL: no room. */
static struct ask *push(struct talk *t, enum ask_kind kind)
{
	struct ask *a = &t->queue[(t->first + t->n) % ASKS];

	if (t->n == ASKS)
		return NULL;
	t->n++;
	*a = (struct ask){ .kind = kind, .file.fd = -1 };
	return a;
}

bool talk_waits(const struct talk *t)
{
	return t->n && t->sent < t->queue[t->first].bytes.n;
}

/* -EPIPE */
static int flush(struct talk *t, struct vx_err *err)
{
	while (talk_waits(t)) {
		struct ask *a = &t->queue[t->first];
		ssize_t n = link_push(t->l, a->bytes.data + t->sent, a->bytes.n - t->sent,
				      t->sent ? -1 : a->file.fd, err);

		if (n <= 0)
			return (int)n;
		t->sent += (size_t)n;
		if (t->sent == a->bytes.n && a->kind == ASK_SUBSCRIBE)
			pop(t); /* has no answer */
	}
	return 0;
}

static void subscribe(struct talk *t, unsigned interval_ms)
{
	struct ask *a = push(t, ASK_SUBSCRIBE);

	if (a)
		wire_put_subscribe(&a->bytes, interval_ms, t->l->read_only);
}

/* --- answers --- */

static void take_snapshot(struct talk *t, const struct wire_reply *reply)
{
	static struct snapshot s; /* large */
	struct vx_err err;

	if (snapshot_from_json(reply->text, strlen(reply->text), &s, &err) < 0) {
		snprintf(t->d->said, sizeof(t->d->said),
			 "%.200s: is the engine of another version?", err.msg);
		t->d->said_error = true;
		return;
	}
	t->d->live = s;
	if (!t->d->frozen || !t->d->snap.seq)
		t->d->snap = s;
	t->d->connected = true;
}

static void take_history(struct talk *t, const struct wire_reply *reply)
{
	struct vx_err err;

	if (history_from_json(reply->text, strlen(reply->text), &t->history, &err) < 0)
		memset(&t->history, 0, sizeof(t->history)); /* the graph begins anew */
	if (!t->d->frozen)
		*t->d->history = t->history;
}

/* While the display is frozen they go behind those that it shows. */
static void take_event(struct talk *t, const struct wire_reply *reply)
{
	struct data_event *e = &t->d->event[t->events % DATA_EVENTS];
	struct stream_event in;
	struct vx_err err;

	if (stream_event_parse(reply->text, strlen(reply->text), &in, &err) < 0)
		return;
	if (t->events && in.id <= t->d->event[(t->events - 1) % DATA_EVENTS].id)
		return; /* told again after a connection was lost */
	e->id = in.id;
	e->real_ns = in.real_ns;
	e->level = in.level;
	snprintf(e->text, sizeof(e->text), "%s", in.text);
	t->events++;
	if (!t->d->frozen)
		t->d->events = t->events;
}

void talk_thaw(struct talk *t)
{
	t->d->frozen = false;
	t->d->snap = t->d->live;
	*t->d->history = t->history;
	t->d->events = t->events;
}

/* What comes by itself, between answers. */
static bool take_stream(struct talk *t, const struct wire_reply *reply)
{
	if (reply->kind == WIRE_SNAPSHOT)
		take_snapshot(t, reply);
	else if (reply->kind == WIRE_HISTORY)
		take_history(t, reply);
	else if (reply->kind == WIRE_EVENT)
		take_event(t, reply);
	else
		return false;
	return true;
}

static void take_table(struct data_table *table, const struct wire_reply *reply)
{
	struct vx_err err;

	table->mono_ns = now_ns();
	if (reply->kind == WIRE_OK) {
		if (data_table_fill(table, reply->text, &err) < 0)
			table->mono_ns = 0;
		return;
	}
	data_table_clear(table);
	snprintf(table->error, sizeof(table->error), "%.150s", reply->text);
}

static void take_command(struct talk *t, struct ask *a, struct wire_reply *reply)
{
	struct vx_err err = { 0 };

	if (reply->kind == WIRE_OK && file_keep(&a->file, &err) < 0) {
		free(reply->text);
		reply->kind = WIRE_ERROR;
		reply->text = strdup(err.msg);
	}
	if (reply->text)
		t->answer(t->ctx, a->line, reply);
}

static void take_answer(struct talk *t, struct wire_reply *reply)
{
	struct ask *a = &t->queue[t->first];

	if (!t->n || talk_waits(t))
		return;
	if (a->kind == ASK_TABLE) {
		take_table(a->table, reply);
	} else if (a->kind == ASK_COMMAND) {
		take_command(t, a, reply);
	} else if (a->kind == ASK_COMPLETE) {
		free(t->completions);
		t->completions = reply->kind == WIRE_COMPLETE
					 ? stream_choices_text(reply->text, strlen(reply->text))
					 : NULL;
	}
	pop(t);
}

int talk_read(struct talk *t, struct vx_err *err)
{
	struct wire_reply reply;
	const char *line;
	size_t len;
	int i, r = 0;

	for (i = 0; i < LINES_TURN && (r = link_take(t->l, &line, &len, err)) > 0; i++) {
		r = wire_reply_parse(line, len, &reply, err);
		if (r < 0)
			return r;
		if (!take_stream(t, &reply))
			take_answer(t, &reply);
		wire_reply_fini(&reply);
	}
	if (r >= 0)
		r = flush(t, err);
	return r < 0 ? r : i > 0;
}

/* --- questions --- */

static struct ask *put_line(struct talk *t, enum ask_kind kind, const char *line, bool json,
			    bool yes)
{
	struct ask *a = push(t, kind);

	if (a) {
		wire_put_line(&a->bytes, line, json, yes);
		a->line = strdup(line);
	}
	return a;
}

int talk_command(struct talk *t, const char *line, bool yes, struct vx_err *err)
{
	struct file file = { .fd = -1 };
	struct ask *a;
	int r = file_open(&file, &t->help, line, err);

	if (r < 0)
		return r;
	a = put_line(t, ASK_COMMAND, line, false, yes);
	if (!a || !a->line || a->bytes.failed || a->bytes.n > WIRE_LINE_MAX) {
		if (a)
			ask_fini(&t->queue[(t->first + --t->n) % ASKS]);
		file_close(&file);
		return vx_err_set(err, -EBUSY, "%s",
				  a ? "the line is too long" : "the engine has not answered yet");
	}
	a->file = file;
	return flush(t, err);
}

static bool asked(const struct talk *t, const struct data_table *table)
{
	for (unsigned i = 0; i < t->n; i++)
		if (t->queue[(t->first + i) % ASKS].table == table)
			return true;
	return false;
}

void talk_table(struct talk *t, struct data_table *table)
{
	struct vx_err err;
	struct ask *a;

	if (asked(t, table))
		return;
	a = put_line(t, ASK_TABLE, table->name, true, false);
	if (a)
		a->table = table;
	/* an error comes again at the next read */
	if (flush(t, &err) < 0)
		return;
}

char *talk_complete(struct talk *t, const char *text)
{
	uint64_t until = now_ns() + COMPLETE_MS * 1000000ULL, now;
	char *found = file_complete(&t->help, text); /* files are here, not where the engine is */
	struct ask *a = found ? NULL : push(t, ASK_COMPLETE);
	struct vx_err err;

	if (!a)
		return found;
	wire_put_complete(&a->bytes, text);
	free(t->completions);
	t->completions = NULL;
	if (flush(t, &err) < 0)
		return NULL;
	while (t->n && (now = now_ns()) < until) {
		struct pollfd p = { .fd = t->l->fd,
				    .events = (short)(POLLIN | (talk_waits(t) ? POLLOUT : 0)) };

		if (poll(&p, 1, (int)((until - now) / 1000000) + 1) < 0 || talk_read(t, &err) < 0)
			break;
	}
	found = t->completions;
	t->completions = NULL;
	return found;
}

void talk_pause(struct talk *t, bool pause)
{
	struct vx_err err;

	subscribe(t, pause ? NEVER_MS : t->interval_ms);
	if (flush(t, &err) < 0)
		return; /* comes again at the next read */
}

/* Goes out before whatever waits; not into the middle of a request. */
void talk_bye(struct talk *t)
{
	struct buf bye = { 0 };
	struct vx_err err;

	wire_put_bye(&bye);
	if (!bye.failed && (!talk_waits(t) || !t->sent) &&
	    link_push(t->l, bye.data, bye.n, -1, &err) < 0)
		t->sent = 0; /* it has ended: nothing to say to it */
	buf_fini(&bye);
}

/* --- open and close --- */

static void start(struct talk *t)
{
	subscribe(t, t->interval_ms);
	talk_table(t, &t->help);
}

int talk_again(struct talk *t, struct vx_err *err)
{
	char path[SOCKPATH_MAX];
	struct link fresh;
	int r;

	memcpy(path, t->l->path, sizeof(path));
	r = link_open(&fresh, path, err);
	if (r < 0)
		return r;
	fresh.read_only = t->l->read_only;
	link_close(t->l);
	*t->l = fresh;
	while (t->n)
		pop(t);
	memset(&t->history, 0, sizeof(t->history));
	start(t);
	return 0;
}

int talk_new(struct talk **out, struct link *l, struct data *d, unsigned interval_ms,
	     talk_answer_fn answer, void *ctx, struct vx_err *err)
{
	struct talk *t = calloc(1, sizeof(*t));

	if (!t)
		return vx_err_set(err, -ENOMEM, "screen: no memory");
	*t = (struct talk){
		.l = l, .d = d, .interval_ms = interval_ms, .answer = answer, .ctx = ctx
	};
	snprintf(t->help.name, sizeof(t->help.name), "help");
	if (gethostname(d->host, sizeof(d->host) - 1))
		d->host[0] = 0;
	start(t);
	*out = t;
	return 0;
}

void talk_free(struct talk *t)
{
	if (!t)
		return;
	while (t->n)
		pop(t);
	data_table_clear(&t->help);
	free(t->completions);
	free(t);
}
