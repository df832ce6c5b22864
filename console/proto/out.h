/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The result of a command: described once, rendered as JSON for programs or as text for people. A
 * result is an object or an array of rows (objects, which may leave keys out). Keys are literals,
 * or come from out_dup.
 */
#ifndef PROTO_OUT_H
#define PROTO_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/buf.h"

struct out;
struct out *out_new(void); /* NULL: no memory */
void out_free(struct out *o);

/* Containers; key is NULL at the top and for the elements of an array. */
void out_object(struct out *o, const char *key);
void out_array(struct out *o, const char *key);	 /* text: a table, a row a line */
void out_blocks(struct out *o, const char *key); /* the same in JSON; text: a paragraph a row */
void out_end(struct out *o);

void out_u64(struct out *o, const char *key, uint64_t v);
void out_i64(struct out *o, const char *key, int64_t v);
void out_id(struct out *o, const char *key,
	    uint64_t v); /* a number that names: no thousands separators */
void out_bytes(struct out *o, const char *key, uint64_t v);
void out_ns(struct out *o, const char *key, uint64_t v);   /* key ends in _ns */
void out_number(struct out *o, const char *key, double v); /* one decimal */
void out_ratio(struct out *o, const char *key, double v);  /* 1.0 = 100 % in text */
void out_bool(struct out *o, const char *key, bool v);
void out_str(struct out *o, const char *key, const char *s);	  /* copied; NULL is null */
void out_json_str(struct out *o, const char *key, const char *s); /* for programs: not in text */
void out_null(struct out *o, const char *key);
void out_time(struct out *o, const char *key, int64_t real_ns); /* ISO 8601 UTC; 0 is null */
/* A sentence; in JSON {"message":"..."}. */
void out_message(struct out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A line below the rest, in text only. */
void out_note(struct out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Text: the notes alone; the rest is for JSON. */
void out_notes_only(struct out *o);
const char *out_dup(struct out *o, const char *s); /* lives as long as o; "" when memory runs out */

/* A time as JSON and text have it, ISO 8601 UTC; returns buf. */
#define OUT_TIME_TEXT 32
const char *out_time_text(int64_t real_ns, char buf[static OUT_TIME_TEXT]);

/* Append to b: one line of JSON without newline ("{}" when nothing was said), or text that ends in
 * a newline. */
void out_json(const struct out *o, struct buf *b);
void out_text(const struct out *o, struct buf *b);
/* Not all could be kept: no memory. */
bool out_failed(const struct out *o);

#endif
