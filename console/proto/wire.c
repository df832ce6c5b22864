// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests and replies of the control socket. Whatever comes in is judged here: requests by cJSON
 * (64 KiB at most), replies by slices, since they may be megabytes. Pure; either side.
 */
#include "proto/wire.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/out.h"
#include "proto/slice.h"

#define INTERVAL_MAX_MS 3600000

/* --- requests --- */

static bool is_true(const cJSON *request, const char *key)
{
	return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(request, key));
}

static int take_words(const cJSON *array, struct wire_request *out, struct vx_err *err)
{
	int n = cJSON_GetArraySize(array);
	const cJSON *word;

	if (n < 1 || n > WIRE_WORDS_MAX)
		return vx_err_set(err, -EINVAL, "a command has 1 to %d words, not %d",
				  WIRE_WORDS_MAX, n);
	out->argv = calloc((size_t)n + 1, sizeof(*out->argv));
	if (!out->argv)
		return vx_err_set(err, -ENOMEM, "no memory");
	cJSON_ArrayForEach(word, array)
	{
		if (!cJSON_IsString(word))
			return vx_err_set(err, -EINVAL, "word %d of cmd is not a string",
					  out->argc + 1);
		out->argv[out->argc] = strdup(word->valuestring);
		if (!out->argv[out->argc])
			return vx_err_set(err, -ENOMEM, "no memory");
		out->argc++;
	}
	return 0;
}

static int take_command(const cJSON *cmd, struct wire_request *out, struct vx_err *err)
{
	if (cJSON_IsArray(cmd))
		return take_words(cmd, out, err);
	if (!cJSON_IsString(cmd))
		return vx_err_set(err, -EINVAL,
				  "expected \"cmd\" (words or a line) or \"subscribe\"");
	out->line = strdup(cmd->valuestring);
	return out->line ? 0 : vx_err_set(err, -ENOMEM, "no memory");
}

/* The line that stands for key, if it does. */
static int take_line(const cJSON *v, const char *key, char **out, struct vx_err *err)
{
	if (!cJSON_IsString(v))
		return vx_err_set(err, -EINVAL, "%s: expected a line", key);
	*out = strdup(v->valuestring);
	return *out ? 0 : vx_err_set(err, -ENOMEM, "no memory");
}

static int take_interval(const cJSON *v, struct wire_request *out, struct vx_err *err)
{
	if (!cJSON_IsNumber(v) || !(v->valuedouble >= 0 && v->valuedouble <= INTERVAL_MAX_MS))
		return vx_err_set(err, -EINVAL, "subscribe: expected 0 to %d ms", INTERVAL_MAX_MS);
	out->subscribe = true;
	out->interval_ms = (unsigned)v->valuedouble;
	return 0;
}

/* Strings end at a NUL here, so one with "\u0000" in it would be taken for its beginning. */
static bool has_nul(const char *text, size_t len)
{
	size_t i;

	if (memchr(text, 0, len))
		return true;
	for (i = 0; i + 1 < len; i++) {
		if (text[i] != '\\')
			continue;
		if (len - i >= 6 && !memcmp(text + i, "\\u0000", 6))
			return true;
		i++;
	}
	return false;
}

int wire_request_parse(const char *text, size_t len, struct wire_request *out, struct vx_err *err)
{
	const cJSON *subscribe, *complete;
	cJSON *request;
	int r;

	memset(out, 0, sizeof(*out));
	if (!len)
		return vx_err_set(err, -EINVAL, "not a JSON object");
	if (has_nul(text, len))
		return vx_err_set(err, -EINVAL, "a NUL character in the request");
	request = cJSON_ParseWithLength(text, len);
	if (!cJSON_IsObject(request)) {
		cJSON_Delete(request);
		return vx_err_set(err, -EINVAL, "not a JSON object");
	}
	subscribe = cJSON_GetObjectItemCaseSensitive(request, "subscribe");
	complete = cJSON_GetObjectItemCaseSensitive(request, "complete");
	out->bye = is_true(request, "bye");
	if (out->bye)
		r = 0;
	else if (subscribe)
		r = take_interval(subscribe, out, err);
	else if (complete)
		r = take_line(complete, "complete", &out->complete, err);
	else
		r = take_command(cJSON_GetObjectItemCaseSensitive(request, "cmd"), out, err);
	out->read_only = is_true(request, "read_only");
	out->json = is_true(request, "json");
	out->yes = is_true(request, "yes");
	out->confirm = is_true(request, "confirm");
	cJSON_Delete(request);
	if (r < 0)
		wire_request_fini(out);
	return r;
}

void wire_request_fini(struct wire_request *r)
{
	for (int i = 0; i < r->argc; i++)
		free(r->argv[i]);
	free(r->argv);
	free(r->line);
	free(r->complete);
	memset(r, 0, sizeof(*r));
}

void wire_put_command(struct buf *b, int argc, char *const *argv, bool json, bool yes)
{
	buf_str(b, "{\"cmd\":[");
	for (int i = 0; i < argc; i++) {
		buf_json_key(b, NULL);
		buf_json_str(b, argv[i]);
	}
	buf_printf(b, "],\"json\":%s,\"yes\":%s}\n", json ? "true" : "false",
		   yes ? "true" : "false");
}

void wire_put_line(struct buf *b, const char *line, bool json, bool yes)
{
	buf_str(b, "{\"cmd\":");
	buf_json_str(b, line);
	buf_printf(b, ",\"json\":%s,\"yes\":%s,\"confirm\":true}\n", json ? "true" : "false",
		   yes ? "true" : "false");
}

void wire_put_complete(struct buf *b, const char *line)
{
	buf_str(b, "{\"complete\":");
	buf_json_str(b, line);
	buf_str(b, "}\n");
}

void wire_put_bye(struct buf *b)
{
	buf_str(b, "{\"bye\":true}\n");
}

void wire_put_subscribe(struct buf *b, unsigned interval_ms, bool read_only)
{
	buf_printf(b, "{\"subscribe\":%u%s}\n", interval_ms,
		   read_only ? ",\"read_only\":true" : "");
}

/* --- replies --- */

void wire_put_ok(struct buf *b, const struct out *o, bool json, int exit,
		 const struct buf *warnings)
{
	struct buf text = { 0 };

	buf_printf(b, "{\"ok\":true,\"exit\":%d,\"warnings\":[", exit);
	for (size_t i = 0; i < warnings->n; i += strlen(warnings->data + i) + 1) {
		buf_json_key(b, NULL);
		buf_json_str(b, warnings->data + i);
	}
	buf_str(b, json ? "],\"data\":" : "],\"text\":");
	if (json) {
		out_json(o, b);
	} else {
		out_text(o, &text);
		buf_json_str(b, text.n ? text.data : "");
	}
	buf_str(b, "}\n");
	b->failed |= text.failed || out_failed(o);
	buf_fini(&text);
}

static void put_one(struct buf *b, const char *key, const char *text)
{
	buf_printf(b, "{\"%s\":", key);
	buf_json_str(b, text);
	buf_str(b, "}\n");
}

void wire_put_error(struct buf *b, const char *message)
{
	put_one(b, "error", message);
}

void wire_put_ask(struct buf *b, const char *question, const char *line)
{
	if (!line) {
		put_one(b, "ask", question);
		return;
	}
	buf_str(b, "{\"ask\":");
	buf_json_str(b, question);
	buf_str(b, ",\"line\":");
	buf_json_str(b, line);
	buf_str(b, "}\n");
}

void wire_put_snapshot(struct buf *b, const char *json)
{
	buf_printf(b, "{\"snapshot\":%s}\n", json);
}

void wire_put_history(struct buf *b, const char *json)
{
	buf_printf(b, "{\"history\":%s}\n", json);
}

static char *copy(struct slice s)
{
	return strndup(s.p, s.n);
}

static void take_member(struct wire_reply *r, struct slice key, struct slice value)
{
	static const struct {
		const char *key;
		enum wire_kind kind;
		bool raw; /* JSON as it is; else a string */
	} bodies[] = {
		{ "text", WIRE_OK, false },	     { "data", WIRE_OK, true },
		{ "error", WIRE_ERROR, false },	     { "ask", WIRE_ASK, false },
		{ "snapshot", WIRE_SNAPSHOT, true }, { "history", WIRE_HISTORY, true },
		{ "event", WIRE_EVENT, true },	     { "complete", WIRE_COMPLETE, true },
	};
	int64_t status;

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		if (r->text || !slice_is(key, bodies[i].key))
			continue;
		r->kind = bodies[i].kind;
		r->text = bodies[i].raw ? copy(value) : slice_str(value);
	}
	if (slice_is(key, "warnings") && !r->warnings)
		r->warnings = copy(value);
	if (slice_is(key, "line") && !r->line)
		r->line = slice_str(value);
	if (slice_is(key, "exit") && !slice_i64(value, &status))
		r->exit = status ? 1 : 0;
}

int wire_reply_parse(const char *text, size_t len, struct wire_reply *out, struct vx_err *err)
{
	struct slice in, key, value;
	int r;

	memset(out, 0, sizeof(*out));
	r = slice_open((struct slice){ text, len }, '{', &in);
	while (!r && (r = slice_member(&in, &key, &value)) > 0) {
		take_member(out, key, value);
		r = 0;
	}
	if (!r && out->text)
		return 0;
	wire_reply_fini(out);
	return vx_err_set(err, -EINVAL, "the answer is not one of vxconsole");
}

void wire_reply_fini(struct wire_reply *r)
{
	free(r->text);
	free(r->warnings);
	free(r->line);
	memset(r, 0, sizeof(*r));
}

void wire_reply_warnings(const struct wire_reply *r, wire_text_fn fn, void *ctx)
{
	struct slice in, value;

	if (!r->warnings ||
	    slice_open((struct slice){ r->warnings, strlen(r->warnings) }, '[', &in) < 0)
		return;
	while (slice_element(&in, &value) > 0) {
		char *text = slice_str(value);

		if (text)
			fn(ctx, text);
		free(text);
	}
}
