/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control socket's wire form: a JSON object a line, requests one way, replies the other. Both
 * sides include it. Requests:
 *
 *   {"cmd":["allow","add","10.0.0.1"],"json":true,"yes":true}   cmd may be one string, a line
 *   {"subscribe":1000}                           the stream, snapshots this many ms apart; 0: each
 * tick; with "read_only":true no command of this connection changes anything from then on
 *   {"complete":"allow del 104."}                what the last word of this line may become
 *   {"bye":true}                                 a subscriber leaves on purpose: nothing is logged
 *
 * A command with "confirm":true comes from somebody who can be asked: whatever reduces what is
 * sent, or touches more than one entry, then asks first.
 *
 * Replies:
 *
 *   {"ok":true,"exit":0,"warnings":[],"data":{...}}       with json; else "text":"..."
 *   {"ask":"..."}                                the same again with "yes":true does it, or
 *   {"ask":"...","line":"undo 5"}                this line with "yes":true
 *   {"error":"..."}
 *   {"complete":[["104.218.88.5","Zoom Fiber, LLC"],...]}       at most 64
 *
 * and between replies, to those who subscribed (a bye has no reply):
 *
 *   {"history":{...}}    proto/history.h: first whole, then what each second adds
 *   {"event":{...}}      proto/stream.h: the last 200, then each as it comes
 *   {"snapshot":{...}}
 *
 * A file that the caller names is opened by the caller: its descriptor goes with the first byte of
 * the request (SCM_RIGHTS), when the answer to the request before has come. For a file that is to
 * be written it is a memory file (memfd_create), and the caller then replaces the file by what that
 * holds: atomically, and with the caller's rights. Replies may be of any size.
 */
#ifndef PROTO_WIRE_H
#define PROTO_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/buf.h"
#include "vx_err.h"

#define WIRE_LINE_MAX  65536 /* bytes of a request, newline included */
#define WIRE_WORDS_MAX 256   /* words of a command */

struct wire_request {
	bool subscribe;
	unsigned interval_ms; /* of subscribe */
	bool read_only;	      /* of subscribe: the connection gives up the right to change things */
	char **argv;	      /* of a command given as an array; NULL when given as line */
	int argc;
	char *line;
	char *complete; /* a line to be completed */
	bool bye;
	bool json, yes, confirm;
};

/* A request of len bytes without its newline. -EINVAL with what was expected; out needs no fini
 * then. */
int wire_request_parse(const char *text, size_t len, struct wire_request *out, struct vx_err *err)
	__attribute__((warn_unused_result));
void wire_request_fini(struct wire_request *r);
/* These append a whole line, newline included. */
void wire_put_command(struct buf *b, int argc, char *const *argv, bool json, bool yes);
/* From a screen: a line as it was typed, with confirm. */
void wire_put_line(struct buf *b, const char *line, bool json, bool yes);
void wire_put_complete(struct buf *b, const char *line);
void wire_put_bye(struct buf *b);
void wire_put_subscribe(struct buf *b, unsigned interval_ms, bool read_only);

struct out;
/* warnings: strings, each with its NUL. Fails (b->failed) when out is not whole. */
void wire_put_ok(struct buf *b, const struct out *o, bool json, int exit,
		 const struct buf *warnings);
void wire_put_error(struct buf *b, const char *message);
/* line NULL: the same command again */
void wire_put_ask(struct buf *b, const char *question, const char *line);
void wire_put_snapshot(struct buf *b, const char *json);
void wire_put_history(struct buf *b, const char *json);

/* The last three come between replies. */
enum wire_kind {
	WIRE_OK,
	WIRE_ERROR,
	WIRE_ASK,
	WIRE_COMPLETE,
	WIRE_SNAPSHOT,
	WIRE_HISTORY,
	WIRE_EVENT
};
struct wire_reply {
	enum wire_kind kind;
	int exit;   /* WIRE_OK: what ctl exits with */
	char *text; /* text or JSON of the result, error, question, or JSON of what the kind names;
		       never NULL */
	char *warnings; /* JSON array, or NULL */
	char *line;	/* WIRE_ASK: what is run with yes; NULL: the same again */
};

/* A reply of len bytes without its newline. -EINVAL when it is none. */
int wire_reply_parse(const char *text, size_t len, struct wire_reply *out, struct vx_err *err)
	__attribute__((warn_unused_result));
void wire_reply_fini(struct wire_reply *r);
typedef void (*wire_text_fn)(void *ctx, const char *text);
void wire_reply_warnings(const struct wire_reply *r, wire_text_fn fn, void *ctx);

#endif
