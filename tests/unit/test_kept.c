// SPDX-License-Identifier: GPL-2.0-only
/* Unsaved changes on disk: what is read back, what drops out, what is refused; and a disk that
 * fails. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/sys/kept.h"

#define HEAD "{\"vxconsole-journal\":1,\"whole\":true }\n"
/* A line of change id that sets batch to value. */
#define LINE(id, how, items)                                                                       \
	"{\"id\":" #id ",\"how\":\"" how                                                           \
	"\",\"time\":1700000000000000000,\"user\":\"ubuntu\",\"command\":\"c" #id                  \
	"\",\"items\":[" items "]}\n"
#define SET	"{\"set\":\"batch\",\"value\":\"7\"}"
#define DEL	"{\"del\":\"10.0.0.1\"}"
#define OFF	"{\"intake\":false}"
#define SAVED_L "{\"saved\":\"list\"}\n"
#define SAVED_S "{\"saved\":\"settings\"}\n"

static struct kept *parse(const char *text)
{
	struct vx_err err = { 0 };
	struct kept *k;

	if (kept_parse(text, strlen(text), &k, &err))
		fail_msg("%s: %s", text, err.msg);
	return k;
}

/* "c1.2 c3.1": commands, and how many items each has */
static const char *left(const struct kept *k)
{
	static char text[200];
	size_t n = 0;

	text[0] = 0;
	for (uint32_t i = 0; i < k->n; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s.%u", i ? " " : "",
				      k->change[i].command, k->change[i].n);
	return text;
}

static void what_is_left(void **state)
{
	static const struct {
		const char *text, *left;
	} row[] = {
		{ HEAD, "" },
		{ HEAD LINE(1, "done", SET) LINE(2, "done", DEL), "c1.1 c2.1" },
		{ HEAD LINE(1, "done", SET) LINE(2, "done", DEL) LINE(2, "undone", DEL), "c1.1" },
		{ HEAD LINE(1, "done", SET) LINE(1, "undone", SET) LINE(1, "redone", SET), "c1.1" },
		{ HEAD LINE(1, "done", SET) LINE(2, "done", DEL) SAVED_L, "c1.1" },
		{ HEAD LINE(1, "done", SET) LINE(2, "done", DEL "," SET) SAVED_S, "c2.1" },
		{ HEAD LINE(1, "done", OFF) SAVED_S SAVED_L, "c1.1" },
		/* undone beyond what was saved, and made again */
		{ HEAD LINE(1, "done", SET) SAVED_S LINE(1, "undone", SET), "c1.1" },
		{ HEAD LINE(1, "done", SET) SAVED_S LINE(1, "undone", SET) LINE(1, "redone", SET),
		  "" },
		/* half of it saved: undoing goes beyond that half, and takes the other back */
		{ HEAD LINE(1, "done", SET "," DEL) SAVED_L LINE(1, "undone", DEL "," SET),
		  "c1.1" },
		/* of two runs: the same number is another change */
		{ HEAD LINE(1, "done", SET) HEAD LINE(1, "undone", SET), "c1.1 c1.1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct kept *k = parse(row[i].text);

		if (strcmp(left(k), row[i].left) != 0)
			fail_msg("%s: '%s', expected '%s'", row[i].text, left(k), row[i].left);
		assert_false(k->partly);
		kept_free(k);
	}
}

static void what_is_refused(void **state)
{
	static const char *const row[] = {
		"\n",
		"{}\n",
		"garbage\n",
		"garbage", /* nor is it one that was torn */
		"{\"vxconsole-journal\":1,\"hole\"",
		LINE(1, "done", SET),
		"{\"vxconsole-journal\":2,\"whole\":true}\n",
		HEAD "[]\n",
		HEAD "{\"id\":1}\n",
		HEAD LINE(-1, "done", SET),
		HEAD LINE(99999999999999999999, "done", SET),
		HEAD LINE(1, "did", SET),
		HEAD LINE(1, "done", "{}"),
		HEAD LINE(1, "done", "7"),
		HEAD LINE(1, "done", "{\"del\":\"10.0.0.1/8\"}"),
		HEAD LINE(1, "done", "{\"put\":[]}"),
		HEAD LINE(1, "done", "{\"put\":\"10.0.0.1\",\"org\":7}"),
		HEAD LINE(1, "done", "{\"set\":\"batch\"}"),
		HEAD LINE(1, "done", "{\"rules\":[7]}"),
		HEAD LINE(1, "done", "{\"list\":{}}"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct vx_err err = { 0 };
		struct kept *k;

		if (kept_parse(row[i], strlen(row[i]), &k, &err) != -EINVAL)
			fail_msg("taken: %s", row[i]);
		assert_non_null(strstr(err.msg, "line "));
	}
}

/* At every byte: never a crash, never a change that was not whole. */
static void torn(void **state)
{
	static const char all[] = HEAD LINE(1, "done", SET) LINE(2, "done", DEL);
	size_t first = strlen(HEAD), second = strlen(HEAD LINE(1, "done", SET));

	(void)state;
	for (size_t n = 0; n < sizeof(all); n++) {
		struct vx_err err;
		struct kept *k;
		char *text = malloc(n + 1); /* for the sanitizer */

		memcpy(text, all, n);
		assert_int_equal(kept_parse(text, n, &k, &err), 0);
		assert_int_equal(k->n, n == sizeof(all) - 1 ? 2 : n >= second ? 1 : 0);
		assert_int_equal(k->partly, n && n != first && n != second && n != sizeof(all) - 1);
		kept_free(k);
		free(text);
	}
}

static void written_and_read(void **state)
{
	char org[] = "Quo\"te \\ \n\033 LLC",
	     *rules[] = { (char *)"udp/1=10.0.0.1:1", (char *)"tcp/2=10.0.0.1:2" };
	struct kept_change c = { .id = 3,
				 .how = KEPT_REDONE,
				 .real_ns = 17,
				 .user = (char *)"ubuntu",
				 .command = (char *)"a \"b\"" };
	struct kept_item put = { .kind = KEPT_PUT, .a = org },
			 set = { .kind = KEPT_RULES, .rule = rules, .n_rules = 2 };
	struct vx_err err;
	struct kept *k;
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	assert_int_equal(addr_cidr_parse("2001:db8::/32", &put.cidr, &err), 0);
	fputs(HEAD, f);
	kept_line_open(f, &c);
	kept_line_item(f, &put, false);
	kept_line_item(f, &set, true);
	kept_line_close(f);
	fclose(f);
	k = parse(text);
	assert_int_equal(k->n, 1);
	assert_int_equal(k->change[0].id, 3);
	assert_int_equal(k->change[0].how, KEPT_REDONE);
	assert_int_equal(k->change[0].real_ns, 17);
	assert_string_equal(k->change[0].command, "a \"b\"");
	assert_int_equal(k->change[0].n, 2);
	assert_string_equal(k->change[0].item[0].a, org);
	assert_null(k->change[0].item[0].b);
	assert_int_equal(addr_cidr_cmp(&k->change[0].item[0].cidr, &put.cidr), 0);
	assert_string_equal(k->change[0].item[1].rule[1], "tcp/2=10.0.0.1:2");
	kept_free(k);
	free(text);
}

/* --- the file --- */

static char dir[] = "/tmp/test_kept.XXXXXX";

static int setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/test_kept.XXXXXX");
	return mkdtemp(dir) && !setenv("STATE_DIRECTORY", dir, 1) ? 0 : -1;
}

static int teardown(void **state)
{
	static const char *const name[] = { "x0.journal", "x0.offer", "x0.offer.bad",
					    "x0.journal.bad" };
	char path[80];

	(void)state;
	for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, name[i]);
		unlink(path);
	}
	return rmdir(dir);
}

static struct kept_file f;

/* What another run has left; "": nothing. The caller frees it. */
static char *start(void)
{
	struct vx_err err = { 0 };
	char *text;
	size_t len;

	if (kept_open(&f, "x0", true, &text, &len, &err))
		fail_msg("%s", err.msg);
	return text ? text : strdup("");
}

static void add(const char *line)
{
	struct vx_err err = { 0 };

	if (kept_append(&f, line, strlen(line), &err))
		fail_msg("%s", err.msg);
}

static void left_is(const char *expected)
{
	char *text = start();

	assert_string_equal(text, expected);
	free(text);
}

static void runs(void **state)
{
	(void)state;
	left_is("");
	add("a\n");
	add("b\n");
	kept_close(&f);
	left_is(HEAD "a\nb\n");
	kept_close(&f); /* nothing was changed, nothing answered */
	left_is(HEAD "a\nb\n");
	add("c\n");
	kept_close(&f);
	left_is(HEAD "a\nb\n" HEAD "c\n");
	add("d\n");
	kept_clear(&f);
	kept_drop_offer(&f);
	kept_close(&f);
	left_is("");
	kept_close(&f);
}

/* No room: the line is not there, nor half of it, and the head says so; later ones are. */
static void no_room(void **state)
{
	struct rlimit was, small = { 0 };
	struct vx_err err = { 0 };

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	left_is("");
	add("a\n");
	getrlimit(RLIMIT_FSIZE, &was);
	small.rlim_cur = strlen(HEAD) + 5;
	small.rlim_max = was.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(kept_append(&f, "too long\n", 9, &err), -EFBIG);
	setrlimit(RLIMIT_FSIZE, &was);
	assert_true(f.partly);
	add("b\n");
	kept_close(&f);
	left_is("{\"vxconsole-journal\":1,\"whole\":false}\na\nb\n");
	kept_close(&f);
}

static void too_many(void **state)
{
	struct vx_err err = { 0 };

	(void)state;
	left_is("");
	add("a\n");
	f.lines = KEPT_LINES;
	assert_int_equal(kept_append(&f, "b\n", 2, &err), -EFBIG);
	kept_clear(&f);
	add("c\n");
	kept_close(&f);
	left_is(HEAD "c\n");
	kept_close(&f);
}

static void who_else_could_write(void **state)
{
	struct vx_err err = { 0 };
	char path[80], *text;
	size_t len;

	(void)state;
	left_is("");
	add("a\n");
	kept_close(&f);
	snprintf(path, sizeof(path), "%s/x0.journal", dir);
	assert_int_equal(chmod(path, 0620), 0);
	assert_int_equal(kept_open(&f, "x0", true, &text, &len, &err), -EPERM);
	assert_null(text);
	add("b\n"); /* begun anew */
	kept_close(&f);
	assert_int_equal(chmod(dir, 0720), 0);
	assert_int_equal(kept_open(&f, "x0", true, &text, &len, &err), -EPERM);
	assert_int_equal(f.dir, -1);
	assert_int_equal(chmod(dir, 0755), 0);
	left_is(HEAD "b\n");
	kept_close(&f);
	{
		struct stat st;

		assert_int_equal(stat(dir, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0700);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_left),
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(torn),
		cmocka_unit_test(written_and_read),
		cmocka_unit_test_setup_teardown(runs, setup, teardown),
		cmocka_unit_test_setup_teardown(no_room, setup, teardown),
		cmocka_unit_test_setup_teardown(too_many, setup, teardown),
		cmocka_unit_test_setup_teardown(who_else_could_write, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
