/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * log: levels, sinks, escaping, repeats, and a stderr that nobody reads.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "log.h"

struct fix {
	char dir[32], path[64];
	int err_fd;	    /* the real stderr */
	int out;	    /* where stderr goes now, to be read */
	uint64_t first;	    /* lines in memory before the test */
	char text[1 << 16]; /* what has been read */
};

static uint64_t last_id(void)
{
	struct log_line l[LOG_KEEP];
	size_t n = log_read(0, l, LOG_KEEP);

	return n ? l[n - 1].id : 0;
}

static int setup(void **state)
{
	struct fix *f = calloc(1, sizeof(*f));
	int ends[2];

	if (!f || pipe2(ends, O_CLOEXEC))
		return -1;
	snprintf(f->dir, sizeof(f->dir), "/tmp/vxlog.XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	snprintf(f->path, sizeof(f->path), "%s/log", f->dir);
	f->err_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
	f->out = ends[0];
	fcntl(f->out, F_SETFL, O_NONBLOCK);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	f->first = last_id();
	*state = f;
	/* What other tests said is in a file now. */
	if (log_open("/dev/null", false, LOG_ERROR, NULL))
		return -1;
	log_close();
	return log_open(NULL, true, LOG_ERROR, NULL);
}

static int teardown(void **state)
{
	struct fix *f = *state;

	log_close();
	log_set_level(LOG_ERROR);
	dup2(f->err_fd, STDERR_FILENO);
	close(f->err_fd);
	if (f->out >= 0)
		close(f->out);
	unlink(f->path);
	rmdir(f->dir);
	free(f);
	return 0;
}

static const char *on_stderr(struct fix *f)
{
	ssize_t n = read(f->out, f->text, sizeof(f->text) - 1);

	f->text[n > 0 ? n : 0] = 0;
	return f->text;
}

static const char *in_file(struct fix *f)
{
	int fd = open(f->path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, f->text, sizeof(f->text) - 1);

	f->text[n > 0 ? n : 0] = 0;
	if (fd >= 0)
		close(fd);
	return f->text;
}

static unsigned count(const char *text, const char *what)
{
	unsigned n = 0;

	while ((text = strstr(text, what))) {
		text += strlen(what);
		n++;
	}
	return n;
}

static void open_log(const char *path, unsigned level)
{
	struct vx_err err = { 0 };

	if (log_open(path, true, level, &err))
		fail_msg("%s", err.msg);
}

static void levels(void **state)
{
	static const unsigned want[] = { 0, 2, 3, 4 }; /* lines on stderr */
	struct fix *f = *state;

	for (unsigned level = 0; level <= 3; level++) {
		const char *text;

		open_log(NULL, level);
		assert_int_equal(log_level(), level);
		vx_error("e%u", level);
		vx_warn("w%u", level);
		vx_info("i%u", level);
		vx_dbg("d%u", level);
		text = on_stderr(f);
		assert_int_equal(count(text, "\n"), want[level]);
		if (level)
			assert_non_null(strstr(text, "error: e"));
	}
	log_set_level(0);
	vx_error("not told");
	assert_string_equal(on_stderr(f), "");
}

/* Memory keeps errors and info whatever the level; debug only when it is asked for. */
static void memory(void **state)
{
	struct log_line l[LOG_KEEP];
	struct fix *f = *state;

	open_log(NULL, 0);
	vx_error("one");
	vx_info("two");
	vx_dbg("not kept");
	log_set_level(3);
	vx_dbg("three");
	assert_int_equal(log_read(f->first, l, LOG_KEEP), 3);
	assert_string_equal(l[0].text, "error: one");
	assert_int_equal(l[0].level, LOG_ERROR);
	assert_string_equal(l[2].text, "three");
	assert_int_equal(l[2].id, l[0].id + 2);
	assert_true(l[0].real_ns > 1600000000ll * 1000000000);
	assert_int_equal(log_read(l[1].id, l, LOG_KEEP), 1);
	assert_int_equal(log_read(f->first, l, 2), 2);
	assert_string_equal(l[0].text,
			    "error: one"); /* the oldest first, when there is little room */
	log_set_level(0);
	for (int i = 0; i < 3 * LOG_KEEP; i++)
		vx_info("line %d", i);
	assert_int_equal(log_read(0, l, LOG_KEEP), LOG_KEEP);
	assert_string_equal(l[LOG_KEEP - 1].text, "line 1535");
	assert_string_equal(l[0].text, "line 1024");
	assert_int_equal(log_read(l[LOG_KEEP - 1].id, l, LOG_KEEP), 0);
	assert_int_equal(log_read(UINT64_MAX, l, LOG_KEEP), 0);
}

static void file(void **state)
{
	int y, mo, d, h, mi, s, ms, end = 0;
	struct fix *f = *state;
	struct stat st;

	open_log(f->path, 2);
	vx_info("hello %d\n", 5);
	vx_dbg("not there");
	assert_int_equal(sscanf(in_file(f), "%4d-%2d-%2dT%2d:%2d:%2d.%3dZ hello 5\n%n", &y, &mo, &d,
				&h, &mi, &s, &ms, &end),
			 7);
	assert_int_equal(end, strlen(f->text));
	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 0777 & ~0640u, 0);
	assert_int_equal(sscanf(on_stderr(f), "%2d:%2d:%2dZ hello 5\n", &h, &mi, &s), 3);
	log_close();
	open_log(f->path, 2); /* appends */
	vx_info("again");
	assert_int_equal(count(in_file(f), "\n"), 2);
}

/* The config names the file, and what is wrong with the config is said before it is open. */
static void earlier(void **state)
{
	struct fix *f = *state;

	vx_warn("line 3: unknown key");
	vx_info("not at this level");
	open_log(f->path, LOG_ERROR);
	vx_error("later");
	in_file(f);
	assert_int_equal(count(f->text, "\n"), 2);
	assert_non_null(strstr(f->text, "Z warning: line 3: unknown key\n"));
	assert_non_null(strstr(f->text, "Z error: later\n"));
	open_log(f->path, LOG_ERROR);
	assert_int_equal(count(in_file(f), "\n"), 2); /* and once */
}

static void bad_file(void **state)
{
	struct fix *f = *state;
	struct vx_err err;

	open_log(NULL, 1);
	assert_int_equal(log_open("/nonexistent/x", true, 2, &err), -ENOENT);
	assert_int_equal(symlink("/tmp/vxlog-victim", f->path), 0);
	assert_int_equal(log_open(f->path, true, 2, &err), -ELOOP);
	assert_non_null(strstr(err.msg, "is a symbolic link"));
	unlink(f->path);
	assert_int_equal(mkfifo(f->path, 0600), 0);
	assert_true(log_open(f->path, true, 2, &err) < 0);
	assert_true(log_open(f->dir, true, 2, &err) < 0);
	assert_int_equal(log_level(), 1); /* nothing has changed */
	vx_error("still there");
	assert_non_null(strstr(on_stderr(f), "still there"));
}

static void full_disk(void **state)
{
	struct fix *f = *state;
	struct vx_err err;

	if (log_open("/dev/full", true, 2, &err))
		skip();
	vx_info("one");
	vx_info("two");
	on_stderr(f);
	assert_int_equal(count(f->text, "the log file cannot be written"), 1);
	assert_non_null(strstr(f->text, "two"));
}

static void escaping(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "plain", "plain" },
		{ "a\x1b[2Jb", "a\\x1b[2Jb" },
		{ "tab\tnl\nx", "tab\\x09nl\\x0ax" },
		{ "del\x7f", "del\\x7f" },
		{ "Z\xc3\xbcrich \xe2\x82\xac", "Z\xc3\xbcrich \xe2\x82\xac" },
		{ "c1 \xc2\x9b", "c1 \\xc2\\x9b" },
		{ "bad \xff\xc3", "bad \\xff\\xc3" },
	};
	char buf[64];
	struct fix *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(log_escape(rows[i].in, buf, sizeof(buf)), rows[i].out);
	assert_true(strlen(log_escape("0123456789abcdef", buf, 8)) < 8);
	open_log(f->path, 2);
	vx_info("note %s", "\x1b]0;x\x07\r\n");
	assert_non_null(strstr(in_file(f), "note \\x1b]0;x\\x07\\x0d\n"));
	assert_null(strchr(on_stderr(f), 0x1b));
}

static void long_line(void **state)
{
	static char text[5000];
	struct fix *f = *state;
	struct log_line l;

	memset(text, '\x01', sizeof(text) - 1); /* grows when escaped */
	open_log(f->path, 2);
	vx_info("%s", text);
	assert_int_equal(count(in_file(f), "\n"), 1);
	assert_int_equal(log_read(f->first, &l, 1), 1);
	assert_true(strlen(l.text) < sizeof(l.text));
	memset(text, 'y', sizeof(text) - 1);
	log_say("%s", text);
	assert_int_equal(count(on_stderr(f), "\n"), 2);
}

static void repeats(void **state)
{
	struct log_line l[LOG_KEEP];
	struct fix *f = *state;

	open_log(f->path, 2);
	for (int i = 0; i < 5; i++)
		vx_warn("the same");
	assert_int_equal(count(in_file(f), "the same"), 1);
	vx_warn("another");
	in_file(f);
	assert_non_null(strstr(f->text, "the same (x4)\n"));
	assert_int_equal(count(f->text, "\n"), 3);
	vx_warn("another");
	log_close(); /* nothing is left untold */
	assert_non_null(strstr(in_file(f), "another (x1)"));
	assert_int_equal(log_read(f->first, l, LOG_KEEP), 4);
	assert_string_equal(l[1].text, "warning: the same (x4)");
}

/* A line of the interface has no time and no level. */
static void say(void **state)
{
	struct fix *f = *state;

	open_log(f->path, 0);
	log_say("ready: %s -> %s", "ens5", "ens6");
	log_say("ready: %s -> %s", "ens5", "ens6");
	assert_string_equal(on_stderr(f), "ready: ens5 -> ens6\nready: ens5 -> ens6\n");
	assert_string_equal(in_file(f), "");
}

static void journal(void **state)
{
	struct fix *f = *state;
	char env[64];
	struct stat st;

	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(env, sizeof(env), "%lu:%lu", (unsigned long)st.st_dev, (unsigned long)st.st_ino);
	setenv("JOURNAL_STREAM", env, 1);
	open_log(NULL, 2);
	vx_info("to the journal");
	assert_string_equal(on_stderr(f), "to the journal\n");
	setenv("JOURNAL_STREAM", "1:2", 1); /* inherited, but stderr goes elsewhere */
	open_log(NULL, 2);
	vx_info("with a time");
	assert_non_null(strstr(on_stderr(f), "Z with a time\n"));
	unsetenv("JOURNAL_STREAM");
}

/* Nobody reads: the engine goes on, and says later what is missing. */
static void stuck_stderr(void **state)
{
	struct fix *f = *state;
	unsigned got;

	open_log(NULL, 2);
	alarm(10); /* a write that blocks would end the test */
	for (int i = 0; i < 5000; i++)
		vx_info("line %d with some text to fill the pipe sooner", i);
	got = count(on_stderr(f), "\n");
	assert_true(got < 5000);
	while (*on_stderr(f))
		got += count(f->text, "\n");
	vx_info("back");
	on_stderr(f);
	alarm(0);
	assert_non_null(strstr(f->text, " lines are missing here)\n"));
	assert_int_equal(strtoul(f->text + 1, NULL, 10), 5000 - got);
	assert_non_null(strstr(f->text, "back\n"));
}

static void broken_stderr(void **state)
{
	struct fix *f = *state;

	open_log(NULL, 2);
	close(f->out);
	f->out = -1;
	vx_info("nobody will read this"); /* no SIGPIPE */
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(levels),    T(memory),       T(file),		 T(earlier), T(bad_file),
		T(full_disk), T(escaping),     T(long_line),	 T(repeats), T(say),
		T(journal),   T(stuck_stderr), T(broken_stderr),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
