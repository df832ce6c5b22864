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

/* What a request may have; others are for engines to come. Each once: of two the reader would have
 * to guess which is meant. */
enum { CMD, SUBSCRIBE, COMPLETE, BYE, JSON, YES, CONFIRM, READ_ONLY, KEYS };
static const char *const key_name[KEYS] = { "cmd",  "subscribe", "complete", "bye",
					    "json", "yes",	 "confirm",  "read_only" };

struct members {
	const cJSON *at[KEYS];
};

static int take_key(struct members *m, const cJSON *item, struct vx_err *err)
{
	for (int i = 0; i < KEYS; i++) {
		if (strcmp(item->string, key_name[i]) != 0)
			continue;
		if (m->at[i])
			return vx_err_set(err, -EINVAL, "%s is there twice", key_name[i]);
		if (i >= BYE && !cJSON_IsBool(item))
			return vx_err_set(err, -EINVAL, "%s: expected true or false", key_name[i]);
		m->at[i] = item;
	}
	return 0;
}

static int take_keys(struct members *m, const cJSON *request, struct vx_err *err)
{
	const cJSON *item;
	int r = 0, asked = 0;

	cJSON_ArrayForEach(item, request)
	{
		r = r ? r : take_key(m, item, err);
	}
	for (int i = CMD; i <= BYE; i++)
		asked += m->at[i] && (i != BYE || cJSON_IsTrue(m->at[i]));
	if (!r && asked > 1)
		r = vx_err_set(err, -EINVAL,
			       "expected one of \"cmd\", \"subscribe\", \"complete\" and \"bye\"");
	return r;
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

/* With nothing but white space behind it: what follows would be dropped, and nobody told. */
static int parse_object(cJSON **out, const char *text, size_t len, struct vx_err *err)
{
	const char *end = NULL;

	*out = cJSON_ParseWithLengthOpts(text, len, &end, false);
	if (!cJSON_IsObject(*out)) {
		cJSON_Delete(*out);
		return vx_err_set(err, -EINVAL, "not a JSON object");
	}
	while (end < text + len && memchr(" \t\r\n", *end, 4))
		end++;
	if (end == text + len)
		return 0;
	cJSON_Delete(*out);
	return vx_err_set(err, -EINVAL, "expected one JSON object a line, and nothing behind it");
}

static int take_request(const struct members *m, struct wire_request *out, struct vx_err *err)
{
	out->bye = cJSON_IsTrue(m->at[BYE]);
	out->json = cJSON_IsTrue(m->at[JSON]);
	out->yes = cJSON_IsTrue(m->at[YES]);
	out->confirm = cJSON_IsTrue(m->at[CONFIRM]);
	out->read_only = cJSON_IsTrue(m->at[READ_ONLY]);
	if (out->bye)
		return 0;
	if (m->at[SUBSCRIBE])
		return take_interval(m->at[SUBSCRIBE], out, err);
	if (m->at[COMPLETE])
		return take_line(m->at[COMPLETE], "complete", &out->complete, err);
	return take_command(m->at[CMD], out, err);
}

int wire_request_parse(const char *text, size_t len, struct wire_request *out, struct vx_err *err)
{
	struct members m = { 0 };
	cJSON *request;
	int r;

	memset(out, 0, sizeof(*out));
	if (!len)
		return vx_err_set(err, -EINVAL, "not a JSON object");
	if (has_nul(text, len))
		return vx_err_set(err, -EINVAL, "a NUL character in the request");
	r = parse_object(&request, text, len, err);
	if (r < 0)
		return r;
	r = take_keys(&m, request, err);
	if (!r)
		r = take_request(&m, out, err);
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
