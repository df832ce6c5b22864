// SPDX-License-Identifier: GPL-2.0-only
/* Events and completions through JSON and back. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/stream.h"
#include "proto/wire.h"

static void an_event_goes_through(void **state)
{
	const struct stream_event in = { .id = UINT64_MAX,
					 .real_ns = INT64_MIN,
					 .level = 2,
					 .text = "root: allow add 10.0.0.1 org \"Böhm\" \\x1b" };
	struct stream_event out;
	struct wire_reply r;
	struct vx_err err;
	struct buf b = { 0 };

	(void)state;
	stream_put_event(&b, &in);
	assert_int_equal(b.data[b.n - 1], '\n');
	assert_int_equal(wire_reply_parse(b.data, b.n - 1, &r, &err), 0);
	assert_int_equal(r.kind, WIRE_EVENT);
	assert_int_equal(stream_event_parse(r.text, strlen(r.text), &out, &err), 0);
	assert_int_equal(out.id, in.id);
	assert_int_equal(out.real_ns, in.real_ns);
	assert_int_equal(out.level, 2);
	assert_string_equal(out.text, in.text);
	wire_reply_fini(&r);
	buf_fini(&b);
}

static void no_event(void **state)
{
	static const char *const bad[] = { "",
					   "{}",
					   "[]",
					   "{\"id\":-1}",
					   "{\"id\":1,\"level\":\"x\"}",
					   "{\"id\":1,\"level\":99}",
					   "{\"id\":1,\"text\":7}",
					   "{\"id\":1" };
	struct stream_event out;
	struct vx_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(stream_event_parse(bad[i], strlen(bad[i]), &out, &err), -EINVAL);
}

static void choices_become_lines(void **state)
{
	static struct stream_choices c = { .n = 2,
					   .choice = { { "104.218.88.5", "Zoom Fiber, LLC" },
						       { "a\tb", "two\nlines" } } };
	struct wire_reply r;
	struct vx_err err;
	struct buf b = { 0 };
	char *text;

	(void)state;
	stream_put_choices(&b, &c);
	assert_int_equal(wire_reply_parse(b.data, b.n - 1, &r, &err), 0);
	assert_int_equal(r.kind, WIRE_COMPLETE);
	text = stream_choices_text(r.text, strlen(r.text));
	assert_string_equal(text, "104.218.88.5\tZoom Fiber, LLC\na b\ttwo lines\n");
	free(text);
	wire_reply_fini(&r);
	buf_fini(&b);
	text = stream_choices_text("[]", 2);
	assert_string_equal(text, "");
	free(text);
	assert_null(stream_choices_text("[[\"a\"]]", 7));
	assert_null(stream_choices_text("[7]", 3));
	assert_null(stream_choices_text("{}", 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_goes_through),
		cmocka_unit_test(no_event),
		cmocka_unit_test(choices_become_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
