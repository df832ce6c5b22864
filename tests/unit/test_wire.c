// SPDX-License-Identifier: GPL-2.0-only
/* Requests and replies: what is taken, what is refused, and that no bytes at all do harm. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/out.h"
#include "proto/slice.h"
#include "proto/wire.h"

static uint64_t seed = 362436069;

static uint64_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* From a copy of the exact size, so that a sanitizer sees a read past the end. */
static int parse(const char *text, size_t len, struct wire_request *out, struct vx_err *err)
{
	char *copy = malloc(len ? len : 1);
	int r;

	memcpy(copy, text, len);
	r = wire_request_parse(copy, len, out, err);
	free(copy);
	return r;
}

static void a_command_goes_through(void **state)
{
	char *words[] = { (char *)"allow", (char *)"add", (char *)"10.0.0.1", (char *)"note",
			  (char *)"a \"b\" \\ \n\033 ä" };
	struct wire_request r;
	struct vx_err err;
	struct buf b = { 0 };

	(void)state;
	wire_put_command(&b, 5, words, true, false);
	assert_int_equal(b.data[b.n - 1], '\n');
	assert_ptr_equal(memchr(b.data, '\n', b.n), b.data + b.n - 1);
	assert_int_equal(parse(b.data, b.n - 1, &r, &err), 0);
	assert_int_equal(r.argc, 5);
	for (int i = 0; i < 5; i++)
		assert_string_equal(r.argv[i], words[i]);
	assert_null(r.argv[5]);
	assert_true(r.json && !r.yes && !r.subscribe && !r.line);
	wire_request_fini(&r);
	buf_fini(&b);
}

/* A word that goes on behind a NUL must not be taken for its beginning. */
static void a_nul_is_refused(void **state)
{
	static const char *const bad[] = { "{\"cmd\":[\"st\\u0000ats\"]}",
					   "{\"cmd\":\"stats\\u0000\"}",
					   "{\"cmd\":[\"\\\\\\u0000\"]}" };
	static const char good[] = "{\"cmd\":[\"stats\",\"\\\\u0000\",\"\\u0001\"]}";
	struct wire_request r;
	struct vx_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(parse(bad[i], strlen(bad[i]), &r, &err), -EINVAL);
		assert_non_null(strstr(err.msg, "NUL"));
	}
	assert_int_equal(parse(good, sizeof(good) - 1, &r, &err), 0);
	assert_string_equal(r.argv[1], "\\u0000");
	wire_request_fini(&r);
}

static void a_line_and_a_subscription(void **state)
{
	static const char line[] =
		" {\"cmd\":\"allow list zoom\",\"yes\":true,\"later\":1,\"later\":2} \t\r";
	struct wire_request r;
	struct vx_err err;
	struct buf b = { 0 };

	(void)state;
	assert_int_equal(parse(line, sizeof(line) - 1, &r, &err), 0);
	assert_string_equal(r.line, "allow list zoom");
	assert_true(r.yes && !r.json && !r.argv);
	wire_request_fini(&r);
	wire_put_line(&b, "allow del \"a b\"", true, false);
	assert_int_equal(parse(b.data, b.n - 1, &r, &err), 0);
	assert_string_equal(r.line, "allow del \"a b\"");
	assert_true(r.confirm && r.json && !r.yes && !r.complete && !r.bye);
	wire_request_fini(&r);
	buf_fini(&b);
	wire_put_complete(&b, "allow del \"");
	assert_int_equal(parse(b.data, b.n - 1, &r, &err), 0);
	assert_string_equal(r.complete, "allow del \"");
	assert_true(!r.line && !r.subscribe);
	wire_request_fini(&r);
	buf_fini(&b);
	wire_put_bye(&b);
	assert_int_equal(parse(b.data, b.n - 1, &r, &err), 0);
	assert_true(r.bye && !r.line && !r.subscribe);
	wire_request_fini(&r);
	buf_fini(&b);
	wire_put_subscribe(&b, 250, false);
	assert_int_equal(parse(b.data, b.n - 1, &r, &err), 0);
	assert_true(r.subscribe && !r.read_only);
	assert_int_equal(r.interval_ms, 250);
	wire_request_fini(&r);
	buf_fini(&b);
	wire_put_subscribe(&b, 250, true);
	assert_int_equal(parse(b.data, b.n - 1, &r, &err), 0);
	assert_true(r.subscribe && r.read_only);
	wire_request_fini(&r);
	buf_fini(&b);
}

static void refused_requests(void **state)
{
	static const struct {
		const char *text, *error;
	} row[] = {
		{ "", "not a JSON object" },
		{ "stats", "not a JSON object" },
		{ "[\"stats\"]", "not a JSON object" },
		{ "{\"cmd\":", "not a JSON object" },
		{ "{}", "expected \"cmd\" (words or a line) or \"subscribe\"" },
		{ "{\"cmd\":7}", "expected \"cmd\" (words or a line) or \"subscribe\"" },
		{ "{\"cmd\":[]}", "a command has 1 to 256 words, not 0" },
		{ "{\"cmd\":[\"a\",1]}", "word 2 of cmd is not a string" },
		{ "{\"cmd\":[[\"a\"]]}", "word 1 of cmd is not a string" },
		{ "{\"subscribe\":-1}", "subscribe: expected 0 to 3600000 ms" },
		{ "{\"subscribe\":1e300}", "subscribe: expected 0 to 3600000 ms" },
		{ "{\"subscribe\":\"x\"}", "subscribe: expected 0 to 3600000 ms" },
		{ "{\"complete\":7}", "complete: expected a line" },
		/* Half of what stands there would be done, and nobody told. */
		{ "{\"cmd\":[\"stats\"]} xyz",
		  "expected one JSON object a line, and nothing behind it" },
		{ "{\"cmd\":[\"stats\"]}{\"cmd\":[\"quit\"]}",
		  "expected one JSON object a line, and nothing behind it" },
		{ "{\"cmd\":\"stats\"}\f",
		  "expected one JSON object a line, and nothing behind it" },
		{ "{\"cmd\":\"stats\",\"cmd\":\"quit\"}", "cmd is there twice" },
		{ "{\"cmd\":\"stats\",\"c\\u006dd\":\"quit\"}", "cmd is there twice" },
		{ "{\"cmd\":\"stats\",\"yes\":false,\"yes\":true}", "yes is there twice" },
		{ "{\"cmd\":\"stats\",\"json\":\"true\"}", "json: expected true or false" },
		{ "{\"cmd\":\"stats\",\"yes\":1}", "yes: expected true or false" },
		{ "{\"cmd\":\"stats\",\"confirm\":null}", "confirm: expected true or false" },
		{ "{\"bye\":\"no\"}", "bye: expected true or false" },
		{ "{\"subscribe\":5,\"read_only\":\"on\"}", "read_only: expected true or false" },
		{ "{\"cmd\":\"quit\",\"subscribe\":5}",
		  "expected one of \"cmd\", \"subscribe\", \"complete\" and \"bye\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct wire_request r;
		struct vx_err err = { 0 };

		assert_int_equal(parse(row[i].text, strlen(row[i].text), &r, &err), -EINVAL);
		assert_string_equal(err.msg, row[i].error);
	}
}

static void nul_bytes_and_thousands_of_words(void **state)
{
	struct wire_request r;
	struct vx_err err = { 0 };
	struct buf b = { 0 };

	(void)state;
	assert_int_equal(parse("{\"cmd\":\"st\0ats\"}", 16, &r, &err), -EINVAL);
	buf_str(&b, "{\"cmd\":[\"a\"");
	for (int i = 0; i < 5000; i++)
		buf_str(&b, ",\"a\"");
	buf_str(&b, "]}");
	assert_int_equal(parse(b.data, b.n, &r, &err), -EINVAL);
	assert_string_equal(err.msg, "a command has 1 to 256 words, not 5001");
	buf_fini(&b);
}

/* An escaped NUL would cut a word short behind the check of whoever looked at the line. */
static void an_escaped_nul_makes_no_two_words(void **state)
{
	static const char text[] = "{\"cmd\":[\"allow\\u0000x\"]}";
	struct wire_request r;
	struct vx_err err = { 0 };
	int rc = parse(text, sizeof(text) - 1, &r, &err);

	(void)state;
	if (!rc) {
		assert_int_equal(r.argc, 1);
		wire_request_fini(&r);
	}
}

static void nested_without_end(void **state)
{
	static const char opening[] = { '[', '{' };
	struct wire_request r;
	struct vx_err err = { 0 };
	struct buf b = { 0 };

	(void)state;
	for (int i = 0; i < 2; i++) {
		buf_str(&b, "{\"cmd\":");
		buf_pad(&b, opening[i], WIRE_LINE_MAX);
		assert_int_equal(parse(b.data, b.n, &r, &err), -EINVAL);
		b.n = 0;
	}
	buf_fini(&b);
}

static void random_bytes(void **state)
{
	static const char *const piece[] = {
		"{",  "}",     "[",    "]",    "\"cmd\"", ":",	  ",", "\"subscribe\"", "1",
		"\"", "\\u00", "true", "null", "\\",	  "\xff", "-", "1e9",		" "
	};
	struct wire_reply reply;
	struct wire_request r;
	struct vx_err err;

	(void)state;
	for (int i = 0; i < 30000; i++) {
		struct buf b = { 0 };

		for (unsigned k = (unsigned)(rnd() % 20); k; k--)
			buf_str(&b, piece[rnd() % (sizeof(piece) / sizeof(piece[0]))]);
		for (size_t k = 0; i % 3 == 0 && k < b.n; k++)
			b.data[k] = (char)rnd();
		if (b.n && !parse(b.data, b.n, &r, &err))
			wire_request_fini(&r);
		if (b.n && !wire_reply_parse(b.data, b.n, &reply, &err))
			wire_reply_fini(&reply);
		buf_fini(&b);
	}
}

static void collect(void *ctx, const char *text)
{
	buf_str(ctx, text);
	buf_char(ctx, '|');
}

static void replies_go_through(void **state)
{
	struct buf b = { 0 }, warnings = { 0 }, seen = { 0 };
	struct out *o = out_new();
	struct wire_reply r;
	struct vx_err err;

	(void)state;
	out_object(o, NULL);
	out_u64(o, "rx", UINT64_MAX);
	out_end(o);
	buf_add(&warnings, "one", 4);
	buf_add(&warnings, "two \"2\"", 8);
	wire_put_ok(&b, o, true, 1, &warnings);
	assert_int_equal(wire_reply_parse(b.data, b.n - 1, &r, &err), 0);
	assert_int_equal(r.kind, WIRE_OK);
	assert_int_equal(r.exit, 1);
	assert_string_equal(r.text, "{\"rx\":18446744073709551615}");
	wire_reply_warnings(&r, collect, &seen);
	assert_string_equal(seen.data, "one|two \"2\"|");
	wire_reply_fini(&r);
	b.n = 0;
	wire_put_ok(&b, o, false, 0, &(struct buf){ 0 });
	assert_int_equal(wire_reply_parse(b.data, b.n - 1, &r, &err), 0);
	assert_string_equal(r.text, "rx: 18,446,744,073,709,551,615\n");
	wire_reply_fini(&r);
	buf_fini(&b);
	buf_fini(&warnings);
	buf_fini(&seen);
	out_free(o);
}

static void put_ask(struct buf *b, const char *text)
{
	wire_put_ask(b, text, NULL);
}

static void a_question_with_its_line(void **state)
{
	struct buf b = { 0 };
	struct wire_reply r;
	struct vx_err err;

	(void)state;
	wire_put_ask(&b, "sure?", "undo 5");
	assert_int_equal(wire_reply_parse(b.data, b.n - 1, &r, &err), 0);
	assert_int_equal(r.kind, WIRE_ASK);
	assert_string_equal(r.text, "sure?");
	assert_string_equal(r.line, "undo 5");
	wire_reply_fini(&r);
	b.n = 0;
	wire_put_ask(&b, "sure?", NULL);
	assert_int_equal(wire_reply_parse(b.data, b.n - 1, &r, &err), 0);
	assert_null(r.line);
	wire_reply_fini(&r);
	buf_fini(&b);
}

static void other_replies(void **state)
{
	static const struct {
		void (*put)(struct buf *b, const char *text);
		enum wire_kind kind;
		const char *text;
	} row[] = {
		{ wire_put_error, WIRE_ERROR, "allow add: it is \"there\"" },
		{ put_ask, WIRE_ASK, "sure?" },
		{ wire_put_snapshot, WIRE_SNAPSHOT, "{\"seq\":1}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct buf b = { 0 };
		struct wire_reply r;
		struct vx_err err;

		row[i].put(&b, row[i].text);
		assert_int_equal(wire_reply_parse(b.data, b.n - 1, &r, &err), 0);
		assert_int_equal(r.kind, row[i].kind);
		assert_string_equal(r.text, row[i].text);
		wire_reply_fini(&r);
		buf_fini(&b);
	}
}

static void no_reply(void **state)
{
	static const char *const row[] = { "",
					   "{}",
					   "[]",
					   "HTTP/1.1 400",
					   "{\"error\":7}",
					   "{\"text\":\"x\"",
					   "{\"ok\":true,}",
					   "{\"ok\":true,\"exit\":0}" };
	struct wire_reply r;
	struct vx_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		assert_int_equal(wire_reply_parse(row[i], strlen(row[i]), &r, &err), -EINVAL);
}

static struct slice slice_of(const char *s)
{
	return (struct slice){ s, strlen(s) };
}

static void slices_judge_numbers(void **state)
{
	double d;
	uint64_t u;
	int64_t i;
	bool b;

	(void)state;
	assert_int_equal(slice_u64(slice_of("18446744073709551615"), &u), 0);
	assert_true(u == UINT64_MAX);
	assert_int_equal(slice_u64(slice_of("18446744073709551616"), &u), -EINVAL);
	assert_int_equal(slice_u64(slice_of("-1"), &u), -EINVAL);
	assert_int_equal(slice_u64(slice_of("1.5"), &u), -EINVAL);
	assert_int_equal(slice_u64(slice_of("1 "), &u), -EINVAL);
	assert_int_equal(slice_u64(slice_of(""), &u), -EINVAL);
	assert_int_equal(slice_u64(slice_of("nan"), &u), -EINVAL);
	assert_int_equal(slice_i64(slice_of("-9223372036854775808"), &i), 0);
	assert_true(i == INT64_MIN);
	assert_int_equal(slice_double(slice_of("0.25"), &d), 0);
	assert_int_equal(slice_double(slice_of("inf"), &d), -EINVAL);
	assert_int_equal(slice_bool(slice_of("true"), &b), 0);
	assert_int_equal(slice_bool(slice_of("truey"), &b), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_command_goes_through),
		cmocka_unit_test(a_nul_is_refused),
		cmocka_unit_test(a_line_and_a_subscription),
		cmocka_unit_test(refused_requests),
		cmocka_unit_test(nul_bytes_and_thousands_of_words),
		cmocka_unit_test(an_escaped_nul_makes_no_two_words),
		cmocka_unit_test(nested_without_end),
		cmocka_unit_test(random_bytes),
		cmocka_unit_test(replies_go_through),
		cmocka_unit_test(other_replies),
		cmocka_unit_test(a_question_with_its_line),
		cmocka_unit_test(no_reply),
		cmocka_unit_test(slices_judge_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
