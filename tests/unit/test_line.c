// SPDX-License-Identifier: GPL-2.0-only
/* Rows of text: columns, cuts, looks, and foreign bytes that come out harmless; numbers, times and
 * graphs made of them. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "screen/graph.h"
#include "screen/when.h"

static struct line l;

static const char *str(int width, const char *s)
{
	line_init(&l, width);
	line_str(&l, LOOK_PLAIN, s);
	return l.text;
}

static void foreign_bytes_are_harmless(void **state)
{
	static const struct {
		const char *in, *out;
	} t[] = {
		{ "\033[31mred\033]0;x\a", "\\x1b[31mred\\x1b]0;x\\x07" },
		{ "a\nb\tc\x7f", "a\\x0ab\\x09c\\x7f" },
		{ "\xc2\x9b"
		  "31m",
		  "\\x9b31m" }, /* C1 control sequence introducer */
		{ "\x9b"
		  "31m",
		  "\\x9b31m" }, /* the same as a raw byte */
		{ "\xe2\x80\xae"
		  "txt",
		  "\\u202etxt" }, /* right to left override */
		{ "\xff\xfe", "\\xff\\xfe" },
		{ "\xc0\xaf", "\\xc0\\xaf" },			/* overlong */
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },		/* surrogate */
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" }, /* beyond Unicode */
		{ "caf\xc3", "caf\\xc3" },			/* cut */
		{ "a\xe2\x80\x8b"
		  "b\xef\xbb\xbf",
		  "ab" }, /* invisible ones go */
		{ "B\xc3\xb6hm", "B\xc3\xb6hm" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		assert_string_equal(str(80, t[i].in), t[i].out);
		assert_int_equal(line_cols(t[i].in), l.cols);
	}
}

static void columns_not_bytes(void **state)
{
	(void)state;
	assert_string_equal(str(4, "B\xc3\xb6hm"), "B\xc3\xb6hm");
	assert_string_equal(str(3, "B\xc3\xb6hm"), "B\xc3\xb6…");
	assert_int_equal(l.cols, 3);
	str(10, "\xe6\xa0\xaa\xe5\xbc\x8f"); /* two wide characters */
	assert_int_equal(l.cols, 4);
	assert_string_equal(str(3, "\xe6\xa0\xaa\xe5\xbc\x8f"), "\xe6\xa0\xaa…");
	assert_int_equal(l.cols, 3);
	assert_string_equal(str(2, "\xe6\xa0\xaa\xe5\xbc\x8f"),
			    " …"); /* half a character is a blank */
	assert_int_equal(l.cols, 2);
	assert_string_equal(str(1, "\xe6\xa0\xaa"), "…");
	assert_string_equal(str(0, "abc"), "");
	str(1, "e\xcc\x81"); /* combines: one column */
	assert_int_equal(l.cols, 1);
	assert_int_equal(l.bytes, 3);
}

/* A row that is full, and more comes: also that is seen. Blanks are no loss. */
static void a_full_row_says_so(void **state)
{
	(void)state;
	line_init(&l, 6);
	line_str(&l, LOOK_PLAIN, "abc");
	line_str(&l, LOOK_BAD, "def");
	line_str(&l, LOOK_PLAIN, "  ");
	assert_string_equal(l.text, "abcdef");
	line_str(&l, LOOK_DIM, "g");
	assert_string_equal(l.text, "abcde…");
	line_str(&l, LOOK_DIM, "h");
	assert_string_equal(l.text, "abcde…");
	assert_int_equal(l.cols, 6);
	assert_int_equal(l.run[0].byte, 3);
	assert_int_equal(l.run[0].look, LOOK_BAD);
	line_init(&l, 4);
	line_str(&l, LOOK_PLAIN,
		 "\xe6\xa0\xaa"
		 "e\xcc\x81"
		 "x");
	line_str(&l, LOOK_PLAIN, "y");
	assert_string_equal(l.text, "\xe6\xa0\xaa"
				    "e\xcc\x81"
				    "…");
	line_str(&l, LOOK_PLAIN, "");
	assert_int_equal(l.cols, 4);
}

static void combining_has_an_end(void **state)
{
	char text[2001] = "x";

	(void)state;
	for (int i = 0; i < 900; i++)
		memcpy(text + 1 + 2 * i, "\xcc\x81", 3);
	str(10, text);
	assert_int_equal(l.cols, 1);
	assert_true(l.bytes <= 1 + 3 * 2);
	assert_string_equal(str(10, "\xcc\x81"
				    "a"),
			    "a"); /* nothing to combine with */
}

static void fields(void **state)
{
	(void)state;
	line_init(&l, 40);
	line_left(&l, LOOK_PLAIN, 5, "ab");
	line_left(&l, LOOK_PLAIN, 5, "abcdefgh");
	line_right(&l, LOOK_PLAIN, 4, "xy");
	line_right(&l, LOOK_PLAIN, 0, "never");
	assert_string_equal(l.text, "ab   abcd\xe2\x80\xa6  xy");
	line_init(&l, 4);
	line_left(&l, LOOK_PLAIN, 4, "\xe6\xa0\xaa\xe5\xbc\x8f\xe4\xbc\x9a");
	assert_string_equal(l.text, "\xe6\xa0\xaa \xe2\x80\xa6");
	line_init(&l, 6);
	line_right(&l, LOOK_PLAIN, 20, "cut at the end of the row");
	assert_int_equal(l.cols, 6);
}

static void numbers(void **state)
{
	static const struct {
		int cols;
		uint64_t v;
		const char *out;
	} t[] = { { 5, 0, "    0" },
		  { 5, 999, "  999" },
		  { 6, 87234, "87,234" },
		  { 5, 87234, "87234" },
		  { 5, 1234567, "1.23M" },
		  { 4, 87234, "87.2k" },
		  { 13, 1234567890, "1,234,567,890" },
		  { 26, UINT64_MAX, "18,446,744,073,709,551,615" },
		  { 6, UINT64_MAX, " 18.4E" },
		  { 5, 999999, " 1.00M" } };

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		line_init(&l, 80);
		line_number(&l, LOOK_PLAIN, t[i].cols, t[i].v);
		if (t[i].cols >= 5 && t[i].v != 999999)
			assert_string_equal(l.text, t[i].out);
		assert_true(l.cols <= t[i].cols);
	}
	line_init(&l, 80);
	line_rate(&l, LOOK_PLAIN, 10, 691000000, "b/s");
	line_rate(&l, LOOK_PLAIN, 10, 999, "b/s");
	line_rate(&l, LOOK_PLAIN, 10, 1500, "b/s");
	assert_string_equal(l.text, "  691 Mb/s   999 b/s 1.50 kb/s");
}

/* At the end of a row a number gives up separators, then digits for a letter, then says that it is
 * cut. */
static void numbers_are_never_cut_short(void **state)
{
	static const char *const out[] = { "",	    "…",      "1…",	 "1.…",	     "1.2…",
					   "1.23M", " 1.23M", "1234567", " 1234567", "1,234,567" };

	(void)state;
	for (int cols = 0; cols < 10; cols++) {
		line_init(&l, cols);
		line_number(&l, LOOK_PLAIN, 12, 1234567);
		assert_string_equal(l.text, out[cols]);
	}
}

static void looks(void **state)
{
	struct line whole;

	(void)state;
	line_init(&l, 20);
	line_str(&l, LOOK_PLAIN, "ab");
	line_str(&l, LOOK_BAD, "cd");
	line_str(&l, LOOK_BAD, "ef");
	line_str(&l, LOOK_DIM, "");
	line_str(&l, LOOK_PLAIN, "gh");
	assert_int_equal(l.runs, 2);
	assert_int_equal(l.run[0].byte, 2);
	assert_int_equal(l.run[0].look, LOOK_BAD);
	assert_int_equal(l.run[1].byte, 6);
	line_init(&whole, 20);
	line_str(&whole, LOOK_PLAIN, "> ");
	line_join(&whole, &l);
	assert_string_equal(whole.text, "> abcdefgh");
	assert_int_equal(whole.run[0].byte, 4);
	for (int i = 0; i < 200; i++) /* more looks than there is room for */
		line_str(&whole, i % 2 ? LOOK_BAD : LOOK_DIM, "x");
	assert_int_equal(whole.cols, 20);
	line_all(&whole, LOOK_CURSOR);
	assert_int_equal(whole.runs, 1);
	assert_int_equal(whole.cols, 20);
}

static void very_wide(void **state)
{
	char text[4 * LINE_COLS];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	str(100000, text);
	assert_int_equal(l.cols, LINE_COLS);
	str(-5, text);
	assert_int_equal(l.cols, 0);
}

static void ascii(void **state)
{
	(void)state;
	line_set_ascii(true);
	assert_string_equal(str(40, "a \xe2\x86\x92 b \xe2\x97\x8f B\xc3\xb6hm"), "a > b * B?hm");
	line_init(&l, 5);
	line_rule(&l);
	assert_string_equal(l.text, "-----");
	line_init(&l, 9);
	line_left(&l, LOOK_PLAIN, 4, "abcdef");
	assert_string_equal(l.text, "abc~");
	line_set_ascii(false);
}

static void times(void **state)
{
	char buf[WHEN_TEXT];
	int64_t now = 1795403647LL * 1000000000;

	(void)state;
	assert_string_equal(when_clock(now, buf), "03:14:07Z");
	assert_string_equal(when_span(17ULL * 1000000000, buf), "17s");
	assert_string_equal(when_span(750ULL * 1000000000, buf), "12m30s");
	assert_string_equal(when_span((76ULL * 3600 + 59) * 1000000000, buf), "3d04h");
	assert_string_equal(when_ago("2026-11-23T03:14:07Z", now, buf), "now");
	assert_string_equal(when_ago("2026-11-23T03:13:50Z", now, buf), "17s");
	assert_string_equal(when_ago("2027-01-01T00:00:00Z", now, buf),
			    "now"); /* a clock that was set back */
	assert_string_equal(when_ago("", now, buf), "never");
	assert_string_equal(when_ago("\033[2J", now, buf), "never");
	assert_string_equal(when_short(999, buf), "999 ns");
	assert_string_equal(when_short(6100, buf), "6.1 us");
	assert_string_equal(when_short(999600, buf), "1.0 ms");
	assert_string_equal(when_short(UINT64_MAX, buf), "18446744074 s");
}

static void graphs(void **state)
{
	const uint64_t v[] = { GRAPH_NONE, 0, 1, 500, 1000, 1000 };
	struct line row[2];
	struct line *const rows[] = { &row[0], &row[1] };

	(void)state;
	for (int i = 0; i < 2; i++)
		line_init(&row[i], 10);
	graph_draw(rows, 2, 4, v, 6, 1000, LOOK_IN);
	assert_string_equal(row[0].text, "   \xe2\xa3\xbf");
	assert_string_equal(row[1].text,
			    "  \xe2\xa3\xb8\xe2\xa3\xbf"); /* 1 of 1000 is one dot, half is four */
	assert_int_equal(graph_top(v, 6), 1000);
	line_init(&row[0], 10);
	line_set_ascii(true);
	graph_draw(rows, 1, 4, v, 6, 1000, LOOK_IN);
	line_set_ascii(false);
	assert_string_equal(row[0].text, "  :#");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(foreign_bytes_are_harmless),
		cmocka_unit_test(columns_not_bytes),
		cmocka_unit_test(a_full_row_says_so),
		cmocka_unit_test(combining_has_an_end),
		cmocka_unit_test(fields),
		cmocka_unit_test(numbers),
		cmocka_unit_test(numbers_are_never_cut_short),
		cmocka_unit_test(looks),
		cmocka_unit_test(very_wide),
		cmocka_unit_test(ascii),
		cmocka_unit_test(times),
		cmocka_unit_test(graphs),
	};

	if (!setlocale(LC_ALL, "C.UTF-8"))
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
