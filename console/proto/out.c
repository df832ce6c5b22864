// SPDX-License-Identifier: GPL-2.0-only
/*
 * Builds a result: items in one array, their texts in chunks that never move. One allocation a few
 * thousand rows. Memory that runs out is remembered and reported once. [whoever made it]
 */
#include "proto/out_int.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHUNK_BYTES 65536

struct out_chunk {
	struct out_chunk *next;
	size_t n, size;
	char text[];
};

struct out *out_new(void)
{
	return calloc(1, sizeof(struct out));
}

void out_free(struct out *o)
{
	if (!o)
		return;
	while (o->chunks) {
		struct out_chunk *c = o->chunks;

		o->chunks = c->next;
		free(c);
	}
	buf_fini(&o->notes);
	free(o->item);
	free(o);
}

const char *out_dup(struct out *o, const char *s)
{
	size_t len = strlen(s) + 1;
	struct out_chunk *c = o->chunks;
	char *text;

	if (!c || c->size - c->n < len) {
		size_t size = len > CHUNK_BYTES ? len : CHUNK_BYTES;

		c = malloc(sizeof(*c) + size);
		if (!c) {
			o->failed = true;
			return "";
		}
		*c = (struct out_chunk){ .next = o->chunks, .size = size };
		o->chunks = c;
	}
	text = c->text + c->n;
	memcpy(text, s, len);
	c->n += len;
	return text;
}

static struct out_item *add(struct out *o, enum out_kind kind, const char *key)
{
	static struct out_item nowhere;

	if (o->n == o->size) {
		uint32_t size = o->size ? o->size * 2 : 64;
		struct out_item *item = realloc(o->item, size * sizeof(*item));

		if (!item) {
			o->failed = true;
			return &nowhere;
		}
		o->item = item;
		o->size = size;
	}
	o->item[o->n] = (struct out_item){ .kind = kind, .key = key };
	return &o->item[o->n++];
}

static void open_container(struct out *o, enum out_kind kind, const char *key)
{
	assert(o->depth < OUT_DEPTH);
	o->open[o->depth++] = o->n;
	add(o, kind, key);
}

void out_object(struct out *o, const char *key)
{
	open_container(o, OUT_OBJECT, key);
}

void out_array(struct out *o, const char *key)
{
	open_container(o, OUT_ARRAY, key);
}

void out_blocks(struct out *o, const char *key)
{
	open_container(o, OUT_BLOCKS, key);
}

void out_end(struct out *o)
{
	uint32_t from;

	assert(o->depth);
	from = o->open[--o->depth];
	if (!o->failed)
		o->item[from].u = o->n;
	add(o, OUT_END, NULL);
}

void out_u64(struct out *o, const char *key, uint64_t v)
{
	add(o, OUT_U64, key)->u = v;
}

void out_i64(struct out *o, const char *key, int64_t v)
{
	add(o, OUT_I64, key)->i = v;
}

void out_id(struct out *o, const char *key, uint64_t v)
{
	add(o, OUT_ID, key)->u = v;
}

void out_bytes(struct out *o, const char *key, uint64_t v)
{
	add(o, OUT_BYTES, key)->u = v;
}

void out_ns(struct out *o, const char *key, uint64_t v)
{
	add(o, OUT_NS, key)->u = v;
}

void out_number(struct out *o, const char *key, double v)
{
	add(o, OUT_NUMBER, key)->d = v;
}

void out_ratio(struct out *o, const char *key, double v)
{
	add(o, OUT_RATIO, key)->d = v;
}

void out_bool(struct out *o, const char *key, bool v)
{
	add(o, OUT_BOOL, key)->u = v;
}

void out_null(struct out *o, const char *key)
{
	add(o, OUT_NULL, key);
}

void out_str(struct out *o, const char *key, const char *s)
{
	if (s)
		add(o, OUT_STR, key)->s = out_dup(o, s);
	else
		out_null(o, key);
}

void out_json_str(struct out *o, const char *key, const char *s)
{
	uint32_t at = o->n;

	out_str(o, key, s);
	if (at < o->n)
		o->item[at].json_only = true;
}

void out_time(struct out *o, const char *key, int64_t real_ns)
{
	if (real_ns)
		add(o, OUT_TIME, key)->i = real_ns;
	else
		out_null(o, key);
}

void out_message(struct out *o, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	out_object(o, NULL);
	out_str(o, "message", text);
	out_end(o);
}

void out_note(struct out *o, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_add(&o->notes, text, strlen(text) + 1);
}

const char *out_time_text(int64_t real_ns, char buf[static OUT_TIME_TEXT])
{
	time_t t = (time_t)(real_ns / 1000000000);
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(buf, OUT_TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm))
		buf[0] = 0;
	return buf;
}

void out_notes_only(struct out *o)
{
	o->notes_only = true;
}

bool out_failed(const struct out *o)
{
	return o->failed || o->notes.failed;
}
