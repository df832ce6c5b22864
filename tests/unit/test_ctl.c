// SPDX-License-Identifier: GPL-2.0-only
/*
 * `vxconsole ctl` against the control socket of a fake engine that runs in a thread: what it prints
 * where, with which exit code, and what it does to files.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl.h"
#include "engine/serve/serve.h"
#include "fake_eng.h"
#include "proto/buf.h"

struct bed {
	struct fake f; /* first: see fake_eng.c */
	struct serve *s;
	pthread_t thread;
	atomic_bool stop;
	char dir[64];
	struct opts o; /* of ctl */
	char out[1 << 16], err[4096];
};

/* The engine's loop, until it is told to quit or the test ends. */
static void *loop(void *arg)
{
	struct bed *b = arg;
	struct pollfd p = { .fd = serve_fd(b->s), .events = POLLIN };

	while (!atomic_load(&b->stop) && !b->f.e.quit) {
		poll(&p, 1, 5);
		serve_dispatch(b->s);
		serve_tick(b->s);
	}
	serve_close(b->s);
	return NULL;
}

static int setup(void **state)
{
	struct bed *b = calloc(1, sizeof(*b));
	struct vx_err err;

	fake_eng_init(&b->f);
	snprintf(b->dir, sizeof(b->dir), "/tmp/vx_ctl_XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	snprintf(b->o.socket, sizeof(b->o.socket), "%s/s", b->dir);
	memcpy(b->f.o.socket, b->o.socket, sizeof(b->o.socket));
	assert_int_equal(serve_open(&b->s, &b->f.e, &err), 0);
	assert_int_equal(pthread_create(&b->thread, NULL, loop, b), 0);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;

	atomic_store(&b->stop, true);
	pthread_join(b->thread, NULL);
	assert_int_equal(rmdir(b->dir), 0);
	fake_eng_fini(&b->f);
	free(b);
	return 0;
}

/* Descriptor fd goes to a file from now on; returns what it was. */
static int divert(int fd, int to)
{
	int was = dup(fd);

	assert_true(was >= 0 && dup2(to, fd) == fd);
	return was;
}

static void restore(int fd, int was)
{
	dup2(was, fd);
	close(was);
}

static int temporary(const char *content)
{
	char name[] = "/tmp/vx_ctl_io_XXXXXX";
	int fd = mkstemp(name);

	assert_true(fd >= 0);
	unlink(name);
	assert_int_equal(write(fd, content, strlen(content)), strlen(content));
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static void collect(int fd, char *text, size_t size)
{
	ssize_t n = pread(fd, text, size - 1, 0);

	text[n > 0 ? n : 0] = 0;
	close(fd);
}

/* Runs ctl; its output is in b->out and b->err. words ends with NULL. */
static int ctl_with(struct bed *b, const char *input, char **words)
{
	int in = temporary(input), out = temporary(""), err = temporary(""), was[3], r;

	b->o.words = words;
	for (b->o.n_words = 0; words[b->o.n_words];)
		b->o.n_words++;
	was[0] = divert(0, in);
	fflush(stdout);
	was[1] = divert(1, out);
	was[2] = divert(2, err);
	clearerr(stdin);
	r = ctl_main(&b->o);
	fflush(stdout);
	fflush(stderr);
	for (int i = 0; i < 3; i++)
		restore(i, was[i]);
	close(in);
	collect(out, b->out, sizeof(b->out));
	collect(err, b->err, sizeof(b->err));
	return r;
}

static void expect(struct bed *b, const char *input, const char *line, int code, const char *out,
		   const char *err)
{
	char *words[] = { (char *)line, NULL };
	int r = ctl_with(b, input, words);

	assert_string_equal(b->err, err);
	assert_string_equal(b->out, out);
	assert_int_equal(r, code);
}

static void results_and_errors(void **state)
{
	struct bed *b = *state;
	char *words[] = { (char *)"allow", (char *)"add",     (char *)"10.0.0.1",
			  (char *)"note",  (char *)"a b # c", NULL };

	assert_int_equal(ctl_with(b, "", words), 0);
	assert_string_equal(b->out, "added 10.0.0.1\n");
	expect(b, "", "allow list", 0,
	       "CIDR      ORG  NOTE          HITS  PPS  LAST SEEN\n10.0.0.1  -    a b # c  "
	       "1,234,567   10  -\n"
	       "entries: 1, organisations: 0, mode: off\n",
	       "");
	expect(b, "", "set batch wrong", 1, "",
	       "vxconsole: set: batch: 'wrong': expected something else\n");
	expect(b, "", "nosuch", 1, "", "vxconsole: unknown command: nosuch; `help` lists all\n");
	expect(b, "", "allow add \033", 1, "",
	       "vxconsole: allow add: '\\x1b': expected an IPv4 or IPv6 address\n");
	b->f.inexact = true;
	expect(b, "", "selfcheck", 1, "exact: no\nrx:    100\nrows:   99\n",
	       "warning: the ledger does not close\n");
	b->o.json = true;
	expect(b, "", "selfcheck", 1, "{\"exact\":false,\"rx\":100,\"rows\":99}\n",
	       "warning: the ledger does not close\n");
	expect(b, "", "set batch wrong", 1, "",
	       "{\"error\":\"set: batch: 'wrong': expected something else\"}\n");
}

static void commands_from_stdin(void **state)
{
	struct bed *b = *state;

	expect(b, "# a comment\n\nvni add 7\n  set batch 32 # here\n", "-", 0,
	       "added VNI 7\nbatch is 32\n", "");
	expect(b, "vni add 7\nvni add 1\nvni add 8\n", "-", 1, "added VNI 7\n",
	       "vxconsole: line 2: vni add: 1: is ours already\n");
	expect(b, "\nvni add 'x\n", "-", 1, "",
	       "vxconsole: line 2: a single quote is not closed\n");
	expect(b, "", "-", 0, "", "");
	b->o.json = true;
	expect(b, "vni add 7\nselfcheck\nintake off\n", "-", 1,
	       "{\"message\":\"added VNI 7\"}\n{\"exact\":true,\"rx\":100,\"rows\":100}\n",
	       "{\"error\":\"line 3: refused without `ctl -y`: intake off drops every packet that "
	       "is ours: "
	       "61870 packets/s that are sent now would be lost\"}\n");
}

static void a_thousand_edits(void **state)
{
	struct buf lines = { 0 };
	struct bed *b = *state;
	struct timespec t0, t1;
	char *words[] = { (char *)"-", NULL };

	for (int i = 0; i < 1000; i++)
		buf_printf(&lines, "allow add 10.1.%d.%d\n", i / 256, i % 256);
	clock_gettime(CLOCK_MONOTONIC, &t0);
	assert_int_equal(ctl_with(b, lines.data, words), 0);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	assert_int_equal(allow_count(b->f.e.allow), 1000);
	assert_true(t1.tv_sec - t0.tv_sec < 5);
	buf_fini(&lines);
}

static void questions(void **state)
{
	struct bed *b = *state;

	expect(b, "y\n", "intake off", 1, "",
	       "vxconsole: refused without `ctl -y`: intake off drops every packet that is ours: "
	       "61870 packets/s that are sent now would be lost\n");
	assert_false(b->f.e.snap.paused);
	b->o.yes = true;
	expect(b, "", "intake off", 0,
	       "intake is off: every packet that is ours is dropped (row paused)\n", "");
	assert_true(b->f.e.snap.paused);
	b->f.e.snap.paused = b->o.yes = false;
	expect(b, "vni add 7\nintake off -y\nintake off --yes\n", "-", 1,
	       "added VNI 7\nintake is off: every packet that is ours is dropped (row paused)\n",
	       "vxconsole: line 3: intake off: intake is off already\n");
	expect(b, "", "vni add 9 -y", 0, "added VNI 9\n", "");
}

static void path_in(const struct bed *b, const char *name, char path[static 128])
{
	snprintf(path, 128, "%s/%s", b->dir, name);
}

static void files_are_the_callers(void **state)
{
	char path[128], line[256], want[256], content[64];
	struct bed *b = *state;
	struct stat st;
	int fd;

	path_in(b, "list", path);
	snprintf(line, sizeof(line), "allow load %s", path);
	snprintf(want, sizeof(want), "vxconsole: allow load: %s: No such file or directory\n",
		 path);
	expect(b, "", line, 1, "", want);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0640);
	assert_int_equal(write(fd, "good", 4), 4);
	close(fd);
	snprintf(want, sizeof(want), "loaded %s: 0 entries\n", path);
	expect(b, "", line, 0, want, "warning: total_ips is 3, the list has 4\n");
	/* replaced: another file, its mode kept */
	assert_int_equal(stat(path, &st), 0);
	snprintf(line, sizeof(line), "allow save %s", path);
	expect(b, "", line, 0, "saved the list: 0 entries\n", "");
	snprintf(want, sizeof(want), "allow save %s", path);
	assert_string_equal(b->f.said, want);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	collect(fd, content, sizeof(content));
	assert_string_equal(content, "content\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	unlink(path);
	path_in(b, "list~", path); /* what it was */
	fd = open(path, O_RDONLY | O_CLOEXEC);
	collect(fd, content, sizeof(content));
	assert_string_equal(content, "good");
	unlink(path);
	snprintf(line, sizeof(line), "save %s/no/such", b->dir);
	expect(b, "", "save", 0, "saved the settings\n", "");
	assert_string_equal(b->f.said, "save own");
	b->o.words = (char *[]){ line, NULL };
	assert_int_equal(ctl_with(b, "", b->o.words), 1);
	assert_ptr_equal(strstr(b->err, "vxconsole: save: "), b->err);
}

static void no_engine(void **state)
{
	struct bed *b = *state;
	char want[256];

	snprintf(b->o.socket, sizeof(b->o.socket), "%s/none", b->dir);
	snprintf(want, sizeof(want),
		 "vxconsole: %s: no engine has this socket; start it: sudo vxconsole --headless "
		 "INGRESS EGRESS\n",
		 b->o.socket);
	expect(b, "", "stats", 1, "", want);
	expect(b, "", "help quit", 0,
	       "COMMAND  HELP                       ARGS\nquit     drain and stop the engine  -\n",
	       "");
}

/* Answered, and then waited for: what runs after it finds no engine. */
static void quit_waits_for_the_end(void **state)
{
	struct bed *b = *state;

	expect(b, "", "quit", 0, "stopping: nothing new is taken, what is queued is sent\n", "");
	assert_int_equal(access(b->o.socket, F_OK), -1);
}

int main(void)
{
#define BED(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		BED(results_and_errors),     BED(commands_from_stdin),
		BED(a_thousand_edits),	     BED(questions),
		BED(files_are_the_callers),  BED(no_engine),
		BED(quit_waits_for_the_end),
	};

	setvbuf(stdin, NULL, _IONBF, 0); /* the file under it changes */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
