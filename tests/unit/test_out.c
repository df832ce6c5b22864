// SPDX-License-Identifier: GPL-2.0-only
/* Results: the same description as JSON and as text, and the buffer under both. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/out.h"

static void expect_json(const struct out *o, const char *expected)
{
	struct buf b = { 0 };

	assert_false(out_failed(o));
	out_json(o, &b);
	assert_false(b.failed);
	assert_string_equal(b.data, expected);
	buf_fini(&b);
}

static void expect_text(const struct out *o, const char *expected)
{
	struct buf b = { 0 };

	out_text(o, &b);
	assert_false(b.failed);
	assert_string_equal(b.n ? b.data : "", expected);
	buf_fini(&b);
}

static void scalars(void **state)
{
	struct out *o = out_new();

	(void)state;
	out_object(o, NULL);
	out_u64(o, "most", UINT64_MAX);
	out_u64(o, "beyond_2_53", (1ULL << 53) + 1);
	out_i64(o, "least", INT64_MIN);
	out_id(o, "pid", 123456);
	out_bytes(o, "rss_bytes", 12345678);
	out_ns(o, "p50_ns", 6200);
	out_number(o, "batch", 41.25);
	out_number(o, "nan", (double)NAN);
	out_ratio(o, "idle", 0.7153);
	out_bool(o, "balanced", true);
	out_str(o, "org", "Zoom Fiber, LLC");
	out_str(o, "note", NULL);
	out_time(o, "seen", 1700000000123456789);
	out_time(o, "never", 0);
	out_end(o);
	expect_json(o,
		    "{\"most\":18446744073709551615,\"beyond_2_53\":9007199254740993,"
		    "\"least\":-9223372036854775808,\"pid\":123456,\"rss_bytes\":12345678,"
		    "\"p50_ns\":6200,\"batch\":41.2,\"nan\":null,\"idle\":0.7153,\"balanced\":true,"
		    "\"org\":\"Zoom Fiber, LLC\",\"note\":null,\"seen\":\"2023-11-14T22:13:20Z\","
		    "\"never\":null}");
	expect_text(o, "most:        18,446,744,073,709,551,615\n"
		       "beyond_2_53:      9,007,199,254,740,993\n"
		       "least:       -9,223,372,036,854,775,808\n"
		       "pid:                             123456\n"
		       "rss_bytes:                     11.8 MiB\n"
		       "p50_ns:                          6.2 us\n"
		       "batch:                             41.2\n"
		       "nan:                                  -\n"
		       "idle:                            71.5 %\n"
		       "balanced:    yes\n"
		       "org:         Zoom Fiber, LLC\n"
		       "note:        -\n"
		       "seen:        2023-11-14T22:13:20Z\n"
		       "never:       -\n");
	out_free(o);
}

static void rows_are_a_table(void **state)
{
	struct out *o = out_new();

	(void)state;
	out_array(o, NULL);
	for (unsigned i = 0; i < 2; i++) {
		out_object(o, NULL);
		out_str(o, "addr", i ? "10.0.0.1" : "2001:db8::1");
		out_u64(o, "stalled_ms", i * 12345);
		out_object(o, "errors");
		if (i) {
			out_u64(o, "ENOBUFS", 3);
			out_u64(o, "EAGAIN", 1000);
		}
		out_end(o);
		out_str(o, "org", i ? "Böhm \033[31m" : NULL);
		out_end(o);
	}
	out_end(o);
	out_note(o, "%u rows", 2);
	expect_json(o, "[{\"addr\":\"2001:db8::1\",\"stalled_ms\":0,\"errors\":{},\"org\":null},"
		       "{\"addr\":\"10.0.0.1\",\"stalled_ms\":12345,\"errors\":{\"ENOBUFS\":3,"
		       "\"EAGAIN\":1000},"
		       "\"org\":\"Böhm \\u001b[31m\"}]");
	expect_text(o, "ADDR         STALLED MS  ERRORS                  ORG\n"
		       "2001:db8::1           0  -                       -\n"
		       "10.0.0.1         12,345  ENOBUFS=3 EAGAIN=1,000  Böhm \\x1b[31m\n"
		       "2 rows\n");
	out_free(o);
}

/* A row that has less than others ends all the same, and what it has stands below its own heading.
 */
static void rows_may_leave_keys_out(void **state)
{
	static const struct {
		const char *key, *value;
	} cell[][3] = { { { "name", "a" }, { "help", "first" } },
			{ { "name", "bb" }, { "help", "second" }, { "note", "all" } },
			{ { "name", "c" }, { "note", "no help" } },
			{ { "help", "unnamed" } } };
	struct out *o = out_new();

	(void)state;
	out_array(o, NULL);
	for (unsigned i = 0; i < 4; i++) {
		out_object(o, NULL);
		for (unsigned k = 0; k < 3 && cell[i][k].key; k++)
			out_str(o, cell[i][k].key, cell[i][k].value);
		if (i == 3)
			out_u64(o, "size", 1000);
		out_end(o);
	}
	out_end(o);
	expect_json(o, "[{\"name\":\"a\",\"help\":\"first\"},"
		       "{\"name\":\"bb\",\"help\":\"second\",\"note\":\"all\"},"
		       "{\"name\":\"c\",\"note\":\"no help\"},"
		       "{\"help\":\"unnamed\",\"size\":1000}]");
	expect_text(o, "NAME  HELP     NOTE      SIZE\n"
		       "a     first\n"
		       "bb    second   all\n"
		       "c              no help\n"
		       "      unnamed           1,000\n");
	out_free(o);
}

static void some_is_for_programs_alone(void **state)
{
	struct out *o = out_new();

	(void)state;
	out_array(o, NULL);
	for (unsigned i = 0; i < 2; i++) {
		out_object(o, NULL);
		out_json_str(o, "file", i ? "reads" : NULL);
		out_str(o, "name", i ? "load" : "list");
		out_object(o, "more");
		out_json_str(o, "x", "y");
		out_u64(o, "z", i);
		out_end(o);
		out_json_str(o, "last", "z");
		out_end(o);
	}
	out_end(o);
	expect_json(o, "[{\"file\":null,\"name\":\"list\",\"more\":{\"x\":\"y\",\"z\":0},"
		       "\"last\":\"z\"},{\"file\":\"reads\",\"name\":\"load\","
		       "\"more\":{\"x\":\"y\",\"z\":1},\"last\":\"z\"}]");
	expect_text(o, "NAME  MORE\nlist  z=0\nload  z=1\n");
	out_free(o);
	o = out_new();
	out_object(o, NULL);
	out_str(o, "name", "load");
	out_json_str(o, "file", "reads");
	out_end(o);
	expect_text(o, "name: load\n");
	out_free(o);
}

static void nothing_and_empty(void **state)
{
	struct out *o = out_new();

	(void)state;
	expect_json(o, "{}");
	expect_text(o, "");
	out_array(o, NULL);
	out_end(o);
	expect_json(o, "[]");
	expect_text(o, "none\n");
	out_free(o);
	o = out_new();
	out_object(o, NULL);
	out_end(o);
	expect_json(o, "{}");
	expect_text(o, "");
	out_free(o);
}

static void objects_nest(void **state)
{
	struct out *o = out_new();

	(void)state;
	out_object(o, NULL);
	out_u64(o, "rx", 1000);
	out_object(o, "dropped");
	out_u64(o, "denied", 1);
	out_u64(o, "malformed", 20000);
	out_end(o);
	out_array(o, "workers");
	out_object(o, NULL);
	out_id(o, "cpu", 3);
	out_end(o);
	out_end(o);
	out_end(o);
	expect_json(o, "{\"rx\":1000,\"dropped\":{\"denied\":1,\"malformed\":20000},\"workers\":[{"
		       "\"cpu\":3}]}");
	expect_text(o, "rx:      1,000\ndropped:\n  denied:         1\n  malformed: 20,000\n"
		       "workers:\n  CPU\n    3\n");
	out_free(o);
}

static void objects_of_figures_are_a_grid(void **state)
{
	struct out *o = out_new();

	(void)state;
	out_object(o, NULL);
	for (int i = 0; i < 2; i++) {
		out_object(o, i ? "total" : "xdp");
		out_ns(o, "p50_ns", i ? 1500000 : 12);
		out_u64(o, "count", 1000);
		out_end(o);
	}
	out_end(o);
	expect_text(o, "          P50  COUNT\nxdp     12 ns  1,000\ntotal  1.5 ms  1,000\n");
	out_free(o);
}

static void blocks_are_paragraphs(void **state)
{
	struct out *o = out_new();
	char name[] = "rx_packets";

	(void)state;
	out_blocks(o, NULL);
	for (int i = 0; i < 2; i++) {
		out_object(o, NULL);
		out_str(o, "dev", i ? "ens6" : "ens5");
		out_object(o, "stats");
		out_u64(o, out_dup(o, name), 5);
		out_end(o);
		out_end(o);
	}
	out_end(o);
	name[0] = 'x'; /* the copy stays */
	expect_json(o, "[{\"dev\":\"ens5\",\"stats\":{\"rx_packets\":5}},{\"dev\":\"ens6\","
		       "\"stats\":{\"rx_packets\":5}}]");
	expect_text(
		o,
		"dev:   ens5\nstats:\n  rx_packets: 5\n\ndev:   ens6\nstats:\n  rx_packets: 5\n");
	out_free(o);
}

static void messages(void **state)
{
	struct out *o = out_new();

	(void)state;
	out_message(o, "added %s", "10.0.0.0/24\033");
	expect_json(o, "{\"message\":\"added 10.0.0.0/24\\u001b\"}");
	expect_text(o, "added 10.0.0.0/24\\x1b\n");
	out_free(o);
}

static void strings_of_any_bytes_make_valid_json(void **state)
{
	static const struct {
		const char *in, *json;
	} row[] = {
		{ "", "\"\"" },
		{ "\"\\\n\t\r\b\f\x01\x7f", "\"\\\"\\\\\\n\\t\\r\\b\\f\\u0001\\u007f\"" },
		{ "\xff\xc3", "\"\\ufffd\\ufffd\"" },
		{ "a\xc3\xa4z", "\"a\xc3\xa4z\"" },
		{ "\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xe2\x82\xac\xf0\x9f\x98\x80\"" },
		{ "\xc0\x80", "\"\\ufffd\\ufffd\"" },			    /* overlong */
		{ "\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"" },	    /* surrogate */
		{ "\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"" }, /* beyond U+10FFFF */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct buf b = { 0 };

		buf_json_str(&b, row[i].in);
		assert_string_equal(b.data, row[i].json);
		buf_fini(&b);
	}
	assert_true(buf_utf8_valid("Böhm €"));
	assert_false(buf_utf8_valid("B\xf6hm"));
}

static void many_rows(void **state)
{
	struct out *o = out_new();
	struct buf b = { 0 };

	(void)state;
	out_array(o, NULL);
	for (unsigned i = 0; i < 65536; i++) {
		out_object(o, NULL);
		out_u64(o, "hits", i);
		out_str(o, "org", "Some organisation");
		out_end(o);
	}
	out_end(o);
	out_json(o, &b);
	assert_false(out_failed(o) || b.failed);
	assert_true(b.n > 65536 * 30);
	assert_string_equal(b.data + b.n - 2, "}]");
	buf_fini(&b);
	out_free(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scalars),
		cmocka_unit_test(rows_are_a_table),
		cmocka_unit_test(rows_may_leave_keys_out),
		cmocka_unit_test(some_is_for_programs_alone),
		cmocka_unit_test(nothing_and_empty),
		cmocka_unit_test(objects_nest),
		cmocka_unit_test(objects_of_figures_are_a_grid),
		cmocka_unit_test(blocks_are_paragraphs),
		cmocka_unit_test(messages),
		cmocka_unit_test(strings_of_any_bytes_make_valid_json),
		cmocka_unit_test(many_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
