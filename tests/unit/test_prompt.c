// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command line as a terminal drives it: raw bytes in, whole or cut anywhere; text, cursor and
 * what was run out.
 */
#include <fcntl.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "screen/prompt.h"
#include "screen/prompt_draw.h"
#include "screen/prompt_keys.h"
#include "screen/prompt_store.h"
#include "screen/prompt_words.h"

/* Of what was asked of readline at random, a few strings stay with it. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libreadline";
}

#define LEFT  "\033[D"
#define HOME  "\033[H"
#define UP    "\033[A"
#define BEGIN "\033[200~"
#define END   "\033[201~"

static char dir[64], file[96], ran[20][1024];
static int runs, leaves, asked;
static bool refuse;
static const char *answer, *follow;
static char question[1024];

static bool on_line(void *ctx, const char *text)
{
	(void)ctx;
	if (runs < 20)
		snprintf(ran[runs], sizeof(ran[0]), "%s", text);
	runs++;
	if (follow)
		prompt_set(follow);
	return !refuse;
}

static char *on_complete(void *ctx, const char *text)
{
	(void)ctx;
	asked++;
	snprintf(question, sizeof(question), "%s", text);
	return answer ? strdup(answer) : NULL;
}

static void on_leave(void *ctx)
{
	(void)ctx;
	leaves++;
}

static void open_prompt(void)
{
	const struct prompt_events ev = { on_line, on_complete, on_leave };
	struct vx_err err;

	runs = leaves = asked = 0;
	refuse = false;
	answer = follow = NULL;
	assert_int_equal(prompt_open(&ev, NULL, file, &err), 0);
}

static int set_up(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/vx-prompt.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(file, sizeof(file), "%s/history", dir);
	open_prompt();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	prompt_close();
	unlink(file);
	return rmdir(dir); /* fails when a temporary file was left */
}

static void type(const char *bytes)
{
	prompt_feed(bytes, strlen(bytes));
}

static void type_slowly(const char *bytes)
{
	for (; *bytes; bytes++)
		prompt_feed(bytes, 1);
}

static void looks_wide(int cols, const char *text, int cursor)
{
	struct line l;
	int at;

	prompt_draw(cols, &l, &at);
	assert_string_equal(l.text, text);
	assert_int_equal(at, cursor);
	assert_true(l.cols <= cols);
}

static void looks(const char *text, int cursor)
{
	looks_wide(80, text, cursor);
}

static void typing(void **state)
{
	(void)state;
	assert_true(prompt_empty());
	looks("> ", 2);
	type("allow list");
	assert_false(prompt_empty());
	looks("> allow list", 12);
	type(LEFT LEFT "\177");
	looks("> allow lst", 9);
	type("\033OD\033[1~x\033[4~y");
	looks("> xallow lsty", 13);
	type("\001"
	     "\013"
	     "nat\r");
	assert_int_equal(runs, 1);
	assert_string_equal(ran[0], "nat");
	assert_true(prompt_empty());
	looks("> ", 2);
}

static void a_colon_before_it(void **state)
{
	(void)state;
	type(":set truncated forward\r : stats\r");
	assert_int_equal(runs, 2);
	assert_string_equal(ran[0], "set truncated forward");
	assert_string_equal(ran[1], "stats");
	type(UP UP);
	looks("> set truncated forward", 23);
	type("\003:\r");
	assert_int_equal(runs, 2);
	answer = "allow\tthe list\nack\tseen\n";
	type(":a\t");
	assert_string_equal(question, "a");
	looks("> :a", 4);
	answer = "allow\tthe list\n";
	type("\t");
	looks("> :allow ", 9);
	type("del :\t");
	assert_string_equal(question, "allow del :");
}

static void two_lines_in_one_read(void **state)
{
	(void)state;
	type("one\rtwo\rthr");
	assert_int_equal(runs, 2);
	assert_string_equal(ran[0], "one");
	assert_string_equal(ran[1], "two");
	looks("> thr", 5);
}

static void a_wrong_line_stays(void **state)
{
	(void)state;
	refuse = true;
	type("alow list" HOME "\033[C\033[C\r");
	assert_int_equal(runs, 1);
	looks("> alow list", 4);
	refuse = false;
	type("l\r");
	assert_int_equal(runs, 2);
	assert_string_equal(ran[1], "allow list");
	looks("> ", 2);
	type(UP);
	looks("> allow list", 12);
	type(UP);
	looks("> allow list", 12);
}

static void set_from_inside_and_outside(void **state)
{
	(void)state;
	prompt_set("nat add ");
	looks("> nat add ", 10);
	follow = "stats";
	type("x\r");
	looks("> stats", 7);
	follow = NULL;
	prompt_set("allow del \"a\033[2Jb\"");
	looks("> allow del \"a\\x1b[2Jb\"", 23);
	type("\022");
	prompt_set("q");
	looks("> q", 3);
}

static void wide_characters(void **state)
{
	(void)state;
	type_slowly("a\xe6\x9d\xb1\xe4\xba\xac"
		    "b");
	looks("> a東京b", 8);
	type(LEFT LEFT);
	looks("> a東京b", 5);
	type("\177");
	looks("> a京b", 3);
	type("\xc3"); /* half a character, then another key */
	type(HOME);
	looks("> a京b", 2);
	type("\xff\xfe\x80"
	     "z");
	looks("> za京b", 3);
	type("e\xcc\x81"); /* combining */
	looks("> ze\xcc\x81"
	      "a京b",
	      4);
}

static void long_lines_scroll(void **state)
{
	char text[601], want[64];

	(void)state;
	for (int i = 0; i < 600; i++)
		text[i] = (char)('a' + i % 26);
	text[600] = 0;
	for (int i = 0; i < 600; i++) {
		struct line l;
		int at;

		prompt_feed(text + i, 1);
		prompt_draw(40, &l, &at);
		assert_true(at >= 0 && at < 40);
		assert_int_equal(l.text[at - 1], text[i]); /* the cursor is behind what was typed */
		assert_int_equal(l.text[0], i < 37 ? '>' : '<');
	}
	for (int i = 600; i > 0; i--) {
		struct line l;
		int at;

		type(LEFT);
		prompt_draw(40, &l, &at);
		assert_true(at >= 0 && at < 40);
		assert_int_equal(l.text[at], text[i - 1]);
	}
	snprintf(want, sizeof(want), "> %.37s>", text);
	looks_wide(40, want, 2);
	type("\005\r");
	assert_string_equal(ran[0], text);
	type("abc");
	for (int cols = 1; cols < 12; cols++) {
		struct line l;
		int at;

		prompt_draw(cols, &l, &at);
		assert_true(at >= 0 && at < cols && l.cols <= cols);
	}
}

static void wide_characters_at_the_edges(void **state)
{
	struct line l;
	int at;

	(void)state;
	for (int i = 0; i < 60; i++)
		type("東");
	for (int i = 0; i < 60; i++) {
		for (int cols = 3; cols < 25; cols++) {
			prompt_draw(cols, &l, &at);
			assert_true(l.cols <= cols);
			assert_true(at >= 0 && at < cols);
		}
		type(LEFT);
	}
}

static void escape_alone_and_not(void **state)
{
	(void)state;
	assert_int_equal(prompt_timeout(), -1);
	type("abc\033");
	assert_true(prompt_timeout() > 0);
	type("[D");
	assert_int_equal(prompt_timeout(), -1);
	looks("> abc", 4);
	type("\033");
	prompt_expire();
	looks("> ", 2);
	assert_int_equal(leaves, 0);
	type("\031"); /* a kill: Ctrl-Y */
	looks("> abc", 5);
	type("\033");
	prompt_expire();
	type("\033");
	prompt_expire();
	assert_int_equal(leaves, 1);
	type("one two\033b");
	looks("> one two", 6);
	type("\033\033[H"); /* Esc, and a key at once behind it */
	looks("> ", 2);
	type("x\033[");
	prompt_expire();
	looks("> x", 3);
}

static void unknown_keys_leave_nothing(void **state)
{
	(void)state;
	type("a\033[99~\033[15;2~\033[<0;3;4M\033OP\033[[A\033[?1;2c\033[I\033]b");
	type_slowly("\033[99~\033[1;9Z");
	looks("> ab", 4);
	type("\026\033[A"); /* quoted insert is off */
	type("\005\030\022\030\005\033\n");
	assert_true(runs <= 1);
}

static void leaving(void **state)
{
	(void)state;
	type("\r");
	type("  \r");
	assert_int_equal(leaves, 2);
	type("\033");
	prompt_expire();
	assert_int_equal(leaves, 3);
	assert_int_equal(runs, 0);
}

/* A line that is given up is no wish to leave: the next letters are meant for the next line. */
static void giving_up_stays(void **state)
{
	(void)state;
	type("abc\003");
	assert_true(prompt_empty());
	type("\003");
	type("abc\007");
	assert_true(prompt_empty());
	type("\007\004\004");
	looks("> ", 2);
	assert_int_equal(leaves, 0);
	assert_int_equal(runs, 0);
	type("still here");
	looks("> still here", 12);
	type("\001\004");
	looks("> till here", 2);
}

static void history_walks(void **state)
{
	(void)state;
	type("one\rtwo\rtwo\rthree\r");
	type(UP UP);
	looks("> two", 5);
	type(UP);
	looks("> one", 5);
	type(UP);
	looks("> one", 5);
	type("\033[B\033[B\033[B");
	looks("> ", 2);
	/* An edited line of the past is run, and the past stays as it was. */
	type(UP "!\r" UP UP);
	looks("> three", 7);
}

static void history_lasts(void **state)
{
	struct stat st;
	char big[32];

	(void)state;
	type("one\rtwo\rtwo\r");
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, 8);
	prompt_close();
	open_prompt();
	type(UP);
	looks("> two", 5);
	assert_int_equal(prompt_store_add(file, "of another screen"), 0);
	type("\003mine\r");
	prompt_close();
	open_prompt();
	type(UP UP);
	looks("> of another screen", 19);
	type("\003");
	for (int i = 0; i < 1200; i++) {
		snprintf(big, sizeof(big), "line %d\r", i);
		type(big);
	}
	prompt_close();
	{
		char **lines = prompt_store_load(file);
		int n = 0;

		while (lines[n])
			n++;
		assert_int_equal(n, 1000);
		assert_string_equal(lines[0], "line 200");
		assert_string_equal(lines[999], "line 1199");
		prompt_store_free(lines);
	}
	open_prompt();
}

static void history_of_rubbish(void **state)
{
	FILE *f = fopen(file, "w");

	(void)state;
	fputs("good\n\033]0;title\a\n\n\x01\nno end", f);
	fclose(f);
	prompt_close();
	open_prompt();
	type(UP);
	looks("> no end", 8);
	type(UP);
	looks("> good", 6);
	type(UP);
	looks("> good", 6);
	/* A folder that is not there: commands run all the same. */
	prompt_close();
	unlink(file);
	{
		const struct prompt_events ev = { on_line, on_complete, on_leave };
		struct vx_err err;

		assert_int_equal(prompt_open(&ev, NULL, "/nonexistent/x/history", &err), 0);
	}
	runs = 0;
	type("x\r");
	assert_int_equal(runs, 1);
}

static void searching(void **state)
{
	(void)state;
	type("allow add 10.0.0.1 org Zoom\rnat list\rstats\r");
	type("\022zoo");
	looks("(failed reverse-i-search)`zoo': ", 32);
	type("\007");
	looks("> ", 2);
	type("\022Zoo");
	looks("(reverse-i-search)`Zoo': allow add 10.0.0.1 org Zoom", 48);
	type("\r");
	assert_string_equal(ran[3], "allow add 10.0.0.1 org Zoom");
	type("\022nat\033");
	prompt_expire(); /* Esc takes the line that was found */
	looks("> nat list", 2);
	type("\003\022sta" LEFT); /* a key ends the search and does its work */
	looks("> stats", 2);
	type("\003\022sta\003");
	assert_true(prompt_empty());
	looks("> ", 2);
	assert_int_equal(leaves, 0);
}

static void searching_in_utf8(void **state)
{
	(void)state;
	type("allow add 10.0.0.1 org \"東京ファイバー\"\rallow add 10.0.0.2 org \"Köln "
	     "Straße\"\rstats\r");
	type("\022京");
	looks("(reverse-i-search)`京': allow add 10.0.0.1 org \"東京ファイバー\"", 50);
	type("\007");
	type_slowly("\022Kö");
	looks("(reverse-i-search)`Kö': allow add 10.0.0.2 org \"Köln Straße\"", 48);
	type_slowly("ln Straß");
	looks("(reverse-i-search)`Köln Straß': allow add 10.0.0.2 org \"Köln Straße\"", 56);
	type("\177\177");
	type("\r");
	assert_string_equal(ran[3], "allow add 10.0.0.2 org \"Köln Straße\"");
	type_slowly("\022ファ");
	type("\022\r"); /* again: there is no older one; the found one runs */
	assert_string_equal(ran[4], "allow add 10.0.0.1 org \"東京ファイバー\"");
}

static void a_paste_runs_nothing(void **state)
{
	struct line lines[4];

	(void)state;
	type("x ");
	type(BEGIN "allow add 10.0.0.1\r\nallow add 10.0.0.2\n\n  \nquit\tnow\n" END);
	assert_int_equal(runs, 0);
	looks("> x allow add 10.0.0.1", 22);
	assert_int_equal(prompt_choices(4, 80, lines), 1);
	assert_non_null(strstr(lines[0].text, "2 more pasted lines"));
	type("\r");
	assert_string_equal(ran[0], "x allow add 10.0.0.1");
	looks("> allow add 10.0.0.2", 20);
	refuse = true;
	type("\r");
	looks("> allow add 10.0.0.2", 20);
	refuse = false;
	type("\r");
	looks("> quit now", 10);
	assert_int_equal(prompt_choices(4, 80, lines), 0);
	type("\003");
	assert_int_equal(runs, 3);
	type_slowly(BEGIN "a\nb\nc\n" END);
	looks("> a", 3);
	type("\003\r");
	assert_int_equal(runs, 3);
	looks("> ", 2);
	type("x" BEGIN "\n" END "\033[200~\033[2J\a\001東\033[201~y");
	looks("> x[2J東y", 9);
}

static void a_paste_without_end(void **state)
{
	char *big = malloc(200001);

	(void)state;
	type(BEGIN);
	memset(big, 'a', 200000);
	big[200000] = 0;
	prompt_feed(big, 200000);
	type("\r\r");
	assert_int_equal(runs, 0);
	assert_true(prompt_empty());
	type("\003");
	type("b");
	looks("> b", 3);
	type(BEGIN);
	prompt_feed(big, 200000);
	type(END "\001");
	assert_int_equal(runs, 0);
	free(big);
}

static void completion(void **state)
{
	struct line lines[8];

	(void)state;
	answer = "allow\tthe list\n";
	type("al\t");
	assert_string_equal(question, "al");
	looks("> allow ", 8);
	answer = "add\tpermit\nack\tseen\n";
	type("\t");
	assert_string_equal(question, "allow ");
	looks("> allow a", 9);
	assert_int_equal(prompt_choices(8, 80, lines), 1);
	assert_string_equal(lines[0].text, "  add  permit  ack  seen  ");
	type("\033");
	prompt_expire();
	assert_int_equal(prompt_choices(8, 80, lines), 0);
	looks("> allow a", 9);
	assert_int_equal(leaves, 0);
	type("\t");
	type("d");
	assert_int_equal(prompt_choices(8, 80, lines), 0);
	answer = NULL;
	type("\t");
	looks("> allow ad", 10);
	answer = "";
	type("\t");
	looks("> allow ad", 10);
}

static void completion_quotes(void **state)
{
	(void)state;
	answer = "Zoom Fiber, LLC\t3 entries\nZoom Fibre\t1\n";
	type("org zoo\t");
	looks("> org zoo", 9); /* nothing in common with what was typed: shown only */
	type("\003org Zo\t");
	looks("> org \"Zoom Fib", 15);
	answer = "Zoom Fiber, LLC\t3 entries\n";
	type("\t");
	assert_string_equal(question, "org \"Zoom Fib");
	looks("> org \"Zoom Fiber, LLC\" ", 24);
	type("\003");
	answer = "a \"b\" \\c\n";
	type("x\t\003");
	type("a\\ \t");
	looks("> \"a \\\"b\\\" \\\\c\" ", 16);
	answer = NULL;
	type("\003load /et\t");
	answer = "/etc/\n";
	type("\t");
	looks("> load /etc/", 12);
	/* In the middle of a line. */
	type("\003al x" LEFT LEFT);
	answer = "allow\n";
	type("\t");
	assert_string_equal(question, "al");
	looks("> allow x", 7);
	type("\037"); /* undone as one */
	looks("> al x", 4);
}

static void completion_in_pages(void **state)
{
	struct line lines[5];
	char many[4096];
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 50; i++)
		n += (size_t)snprintf(many + n, sizeof(many) - n, "104.218.88.%d\tZoom\033[2J東\n",
				      i);
	answer = many;
	type("allow del \t");
	looks("> allow del 104.218.88.", 23);
	assert_int_equal(prompt_choices(5, 80, lines), 5);
	assert_non_null(strstr(lines[4].text, "1 to 8 of 50"));
	assert_null(strchr(lines[0].text, '\033'));
	type("\t");
	assert_int_equal(asked, 1);
	assert_int_equal(prompt_choices(5, 80, lines), 5);
	assert_non_null(strstr(lines[4].text, "9 to 16 of 50"));
	assert_int_equal(prompt_choices(1, 20, lines), 1);
	assert_int_equal(prompt_choices(0, 80, lines), 0);
}

static void words(void **state)
{
	static const struct {
		const char *text;
		size_t start;
		const char *value;
	} row[] = {
		{ "", 0, "" },		 { "a", 0, "a" },
		{ "a ", 2, "" },	 { "a b", 2, "b" },
		{ "a \"b c", 2, "b c" }, { "a \"b c\"", 2, "b c" },
		{ "a b\\ c", 2, "b c" }, { "a 'b\\ c", 2, "b\\ c" },
		{ "\"\\\"x", 0, "\"x" }, { "a x\"y z\"w", 2, "xy zw" },
		{ "a \"b\" ", 6, "" },
	};
	char value[64];

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		assert_int_equal(
			prompt_words_last(row[i].text, strlen(row[i].text), value, sizeof(value)),
			row[i].start);
		assert_string_equal(value, row[i].value);
	}
}

static void any_bytes_at_all(void **state)
{
	static const char *const piece[] = {
		"\033",	     "[",    "A",	 "\022",  "\t",	   "a",	   "東",       "\033[200~",
		"\033[201~", "\007", "\030",	 "\033[", "O",	   "1;5",  "\xe6",     "\x9d",
		"\003",	     " ",    "\"",	 "\r",	  "\033b", "\031", "\037",     "\0332",
		"\017",	     "\024", "\033\177", "\016",  "\020",  "\023", "\033\031", "\033."
	};
	uint64_t seed = 88172645463325252ull;
	struct line l, lines[4];
	int at;

	(void)state;
	answer = "allow\tx\nall you\ty\n";
	for (int i = 0; i < 30000; i++) {
		const char *s;
		char any;

		seed ^= seed << 13;
		seed ^= seed >> 7;
		seed ^= seed << 17;
		any = (char)(seed >> 40);
		s = piece[(seed >> 8) % (sizeof(piece) / sizeof(*piece))];
		if (seed % 5)
			type(s);
		else
			prompt_feed(&any, 1);
		if (seed % 7 == 0)
			prompt_expire();
		refuse = seed % 3 == 0;
		if (i % 10)
			continue;
		prompt_draw(60, &l, &at);
		assert_true(at >= 0 && at < 60 && l.cols <= 60);
		assert_true(prompt_choices(4, 60, lines) <= 4);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		T(typing),
		T(a_colon_before_it),
		T(two_lines_in_one_read),
		T(a_wrong_line_stays),
		T(set_from_inside_and_outside),
		T(wide_characters),
		T(long_lines_scroll),
		T(wide_characters_at_the_edges),
		T(escape_alone_and_not),
		T(unknown_keys_leave_nothing),
		T(leaving),
		T(giving_up_stays),
		T(history_walks),
		T(history_lasts),
		T(history_of_rubbish),
		T(searching),
		T(searching_in_utf8),
		T(a_paste_runs_nothing),
		T(a_paste_without_end),
		T(completion),
		T(completion_quotes),
		T(completion_in_pages),
		T(words),
		T(any_bytes_at_all),
	};

	if (setenv("LC_ALL", "C.UTF-8", 1) ||
	    !setlocale(LC_ALL, "")) /* readline asks the environment again */
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
