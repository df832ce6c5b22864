// SPDX-License-Identifier: GPL-2.0-only
/* Events and completions as JSON, and back. Pure; either side of the socket. */
#include "proto/stream.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/slice.h"

void stream_put_event(struct buf *b, const struct stream_event *e)
{
	buf_printf(b, "{\"event\":{\"id\":%" PRIu64 ",\"time\":%" PRId64 ",\"level\":%d,\"text\":",
		   e->id, e->real_ns, e->level);
	buf_json_str(b, e->text);
	buf_str(b, "}}\n");
}

static int get_text(struct slice v, char *out, size_t size)
{
	char *text = slice_str(v);

	if (!text)
		return -EINVAL;
	snprintf(out, size, "%s", text);
	free(text);
	return 0;
}

static int get_member(struct stream_event *e, struct slice key, struct slice value)
{
	int64_t level;

	if (slice_is(key, "id"))
		return slice_u64(value, &e->id);
	if (slice_is(key, "time"))
		return slice_i64(value, &e->real_ns);
	if (slice_is(key, "text"))
		return get_text(value, e->text, sizeof(e->text));
	if (!slice_is(key, "level"))
		return 0;
	if (slice_i64(value, &level) < 0 || level < 0 || level > 9)
		return -EINVAL;
	e->level = (int)level;
	return 0;
}

int stream_event_parse(const char *text, size_t len, struct stream_event *out, struct vx_err *err)
{
	struct slice in, key, value;
	int r;

	memset(out, 0, sizeof(*out));
	r = slice_open((struct slice){ text, len }, '{', &in);
	while (!r && (r = slice_member(&in, &key, &value)) > 0)
		r = get_member(out, key, value);
	return r < 0 || !out->id ? vx_err_set(err, -EINVAL, "not an event") : 0;
}

void stream_put_choices(struct buf *b, const struct stream_choices *c)
{
	buf_str(b, "{\"complete\":[");
	for (unsigned i = 0; i < c->n; i++) {
		buf_json_key(b, NULL);
		buf_char(b, '[');
		buf_json_str(b, c->choice[i].word);
		buf_char(b, ',');
		buf_json_str(b, c->choice[i].help);
		buf_char(b, ']');
	}
	buf_str(b, "]}\n");
}

/* Tabs and newlines are what ends a word or a line. */
static int put_plain(struct buf *b, struct slice v, char end)
{
	char *text = slice_str(v);

	if (!text)
		return -EINVAL;
	for (char *p = text; *p; p++)
		*p = *p == '\t' || *p == '\n' ? ' ' : *p;
	buf_str(b, text);
	buf_char(b, end);
	free(text);
	return 0;
}

char *stream_choices_text(const char *text, size_t len)
{
	struct slice in, pair, inside, word, help;
	struct buf b = { 0 };
	int r = slice_open((struct slice){ text, len }, '[', &in);

	buf_str(&b, "");
	while (!r && (r = slice_element(&in, &pair)) > 0) {
		if (slice_open(pair, '[', &inside) < 0 || slice_element(&inside, &word) != 1 ||
		    slice_element(&inside, &help) != 1)
			r = -EINVAL;
		else
			r = put_plain(&b, word, '\t') < 0 || put_plain(&b, help, '\n') < 0 ? -EINVAL
											   : 0;
	}
	if (!r)
		return buf_take(&b);
	buf_fini(&b);
	return NULL;
}
