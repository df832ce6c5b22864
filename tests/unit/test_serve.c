// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control socket on a fake engine: its file, its clients, and what hostile ones can do. One
 * thread plays both sides: pump() is the engine's loop, everything else the client.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/serve/client.h"
#include "engine/serve/listen.h"
#include "engine/serve/serve.h"
#include "engine/sys/user.h"
#include "fake_eng.h"
#include "log.h"
#include "proto/link.h"
#include "proto/stream.h"
#include "proto/wire.h"

struct bed {
	struct fake f; /* first: see fake_eng.c */
	struct serve *s;
	char dir[64], path[SOCKPATH_MAX];
};

static int setup(void **state)
{
	struct bed *b = calloc(1, sizeof(*b));
	struct vx_err err;

	fake_eng_init(&b->f);
	snprintf(b->dir, sizeof(b->dir), "/tmp/vx_serve_XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	snprintf(b->path, sizeof(b->path), "%s/s", b->dir);
	snprintf(b->f.o.socket, sizeof(b->f.o.socket), "%s", b->path);
	assert_int_equal(serve_open(&b->s, &b->f.e, &err), 0);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;

	serve_close(b->s);
	assert_int_equal(access(b->path, F_OK), -1);
	assert_int_equal(rmdir(b->dir), 0); /* nothing else was left either */
	fake_eng_fini(&b->f);
	free(b);
	return 0;
}

static void pump(struct bed *b)
{
	for (int i = 0; i < 20; i++)
		serve_dispatch(b->s);
}

static int dial(struct bed *b)
{
	int fd = sockpath_connect(b->path, NULL);

	assert_true(fd >= 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	pump(b);
	return fd;
}

static ssize_t put(int fd, const char *text)
{
	return send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static void say(struct bed *b, int fd, const char *text)
{
	assert_int_equal(put(fd, text), strlen(text));
	pump(b);
}

/* What has come, terminated. */
static const char *hear(int fd)
{
	static char text[65536];
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = 0;
	return text;
}

static bool at_end(int fd)
{
	char c;

	return recv(fd, &c, 1, 0) == 0;
}

/* --- the file --- */

static void the_socket_has_its_rights(void **state)
{
	struct bed *b = *state;
	struct stat st;

	assert_int_equal(lstat(b->path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_true((st.st_mode & 0777) == 0600 || (st.st_mode & 0777) == 0660);
	assert_int_equal(st.st_uid, geteuid());
	assert_string_equal(b->f.e.socket_path, b->path);
}

static void rights_do_not_depend_on_the_umask(void **state)
{
	struct bed *b = *state;
	char path[SOCKPATH_MAX];
	struct vx_err err;
	struct listen l;
	struct stat st;
	mode_t was = umask(0777);

	snprintf(path, sizeof(path), "%.80s/other", b->dir);
	assert_int_equal(listen_open(&l, path, geteuid(), &err), 0);
	umask(was);
	assert_int_equal(lstat(path, &st), 0);
	assert_true((st.st_mode & 0777) == 0600 || (st.st_mode & 0777) == 0660);
	listen_close(&l);
	assert_int_equal(access(path, F_OK), -1);
}

static void a_live_socket_is_refused(void **state)
{
	struct bed *b = *state;
	struct serve *second;
	struct vx_err err;

	assert_int_equal(serve_open(&second, &b->f.e, &err), -EADDRINUSE);
	assert_non_null(strstr(err.msg, "another vxconsole listens there"));
	close(dial(b)); /* the first one is as it was */
}

static void a_dead_socket_is_replaced(void **state)
{
	struct bed *b = *state;
	char path[SOCKPATH_MAX];
	struct vx_err err;
	struct listen dead, l;
	int fd;

	snprintf(path, sizeof(path), "%.80s/dead", b->dir);
	assert_int_equal(listen_open(&dead, path, geteuid(), &err), 0);
	close(dead.fd); /* as kill -9 leaves it */
	fd = sockpath_connect(path, &err);
	assert_int_equal(fd, -ECONNREFUSED);
	assert_int_equal(listen_open(&l, path, geteuid(), &err), 0);
	fd = sockpath_connect(path, &err);
	assert_true(fd >= 0);
	close(fd);
	listen_close(&l);
	assert_int_equal(access(path, F_OK), -1);
}

static void other_files_stay(void **state)
{
	struct bed *b = *state;
	char path[SOCKPATH_MAX];
	struct vx_err err;
	struct listen l;
	int fd;

	snprintf(path, sizeof(path), "%.80s/file", b->dir);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	close(fd);
	assert_int_equal(listen_open(&l, path, geteuid(), &err), -EEXIST);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("elsewhere", path), 0);
	assert_int_equal(listen_open(&l, path, geteuid(), &err), -EEXIST);
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof(path), "%.80s/no/such/directory", b->dir);
	assert_int_equal(listen_open(&l, path, geteuid(), &err), -ENOENT);
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = 0;
	assert_int_equal(listen_open(&l, path, geteuid(), &err), -ENAMETOOLONG);
}

/* Somebody else's socket of the same name is not removed. */
static void only_its_own_file_is_removed(void **state)
{
	struct bed *b = *state;
	char path[SOCKPATH_MAX], away[SOCKPATH_MAX];
	struct vx_err err;
	struct listen one, two;

	snprintf(path, sizeof(path), "%.80s/own", b->dir);
	snprintf(away, sizeof(away), "%.80s/away", b->dir);
	assert_int_equal(listen_open(&one, path, geteuid(), &err), 0);
	assert_int_equal(rename(path, away), 0);
	assert_int_equal(listen_open(&two, path, geteuid(), &err), 0);
	listen_close(&one);
	assert_int_equal(access(path, F_OK), 0);
	listen_close(&two);
	assert_int_equal(access(path, F_OK), -1);
	unlink(away);
}

/* --- requests --- */

static void one_line_one_answer(void **state)
{
	struct bed *b = *state;
	int fd = dial(b);

	say(b, fd, "{\"cmd\":[\"selfcheck\"],\"json\":true}\n");
	assert_string_equal(hear(fd), "{\"ok\":true,\"exit\":0,\"warnings\":[],\"data\":"
				      "{\"exact\":true,\"rx\":100,\"rows\":100}}\n");
	say(b, fd, "{\"cmd\":\"vni add 7\"}\n");
	assert_string_equal(
		hear(fd), "{\"ok\":true,\"exit\":0,\"warnings\":[],\"text\":\"added VNI 7\\n\"}\n");
	say(b, fd, "{\"cmd\":\"intake off\"}\n");
	assert_non_null(strstr(hear(fd), "{\"ask\":\"intake off drops"));
	say(b, fd, "{\"cmd\":\"intake off\",\"yes\":true}\n");
	assert_non_null(strstr(hear(fd), "{\"ok\":true"));
	say(b, fd, "nonsense\n");
	assert_string_equal(hear(fd), "{\"error\":\"not a JSON object\"}\n");
	say(b, fd, "{\"cmd\":\"'a\"}\n");
	assert_string_equal(hear(fd), "{\"error\":\"a single quote is not closed\"}\n");
	close(fd);
}

static void pieces_and_many_at_once(void **state)
{
	struct bed *b = *state;
	int fd = dial(b), answers = 0;
	struct buf many = { 0 };
	const char *text;

	say(b, fd, "{\"cmd\":\"sel");
	assert_string_equal(hear(fd), "");
	say(b, fd, "fcheck\"}");
	assert_string_equal(hear(fd), "");
	say(b, fd, "\n");
	assert_non_null(strstr(hear(fd), "exact: yes"));
	for (int i = 0; i < 500; i++)
		buf_str(&many, "{\"cmd\":\"selfcheck\"}\n");
	say(b, fd, many.data);
	for (int i = 0; i < 100; i++) {
		text = hear(fd);
		for (const char *p = text; (p = strchr(p, '\n')); p++)
			answers++;
		pump(b);
	}
	assert_int_equal(answers, 500);
	buf_fini(&many);
	close(fd);
}

/* As `echo ... | nc -NU` does it. */
static void answers_reach_who_says_no_more(void **state)
{
	struct bed *b = *state;
	int fd = dial(b);

	assert_true(put(fd, "{\"cmd\":\"selfcheck\"}\n{\"cmd\":\"vni list\"}\n") > 0);
	shutdown(fd, SHUT_WR);
	pump(b);
	assert_non_null(strstr(hear(fd), "5569041"));
	assert_true(at_end(fd));
	close(fd);
}

static void a_line_is_limited(void **state)
{
	struct bed *b = *state;
	struct buf line = { 0 };
	int fd = dial(b);

	buf_str(&line, "{\"cmd\":\"selfcheck\"");
	buf_pad(&line, ' ', WIRE_LINE_MAX - 2 - line.n);
	buf_str(&line, "}\n");
	say(b, fd, line.data); /* just fits */
	assert_non_null(strstr(hear(fd), "exact: yes"));
	buf_pad(&line, 'x', 10);
	memset(line.data, 'x', WIRE_LINE_MAX);
	line.data[WIRE_LINE_MAX] = 0;
	say(b, fd, line.data);
	assert_string_equal(hear(fd), "{\"error\":\"a request has at most 65536 bytes\"}\n");
	assert_true(at_end(fd));
	buf_fini(&line);
	close(fd);
}

static void clients_are_limited(void **state)
{
	struct bed *b = *state;
	int fd[SERVE_CLIENTS], more;

	for (int i = 0; i < SERVE_CLIENTS; i++)
		fd[i] = dial(b);
	more = dial(b);
	assert_non_null(strstr(hear(more), "16 clients"));
	assert_true(at_end(more));
	close(more);
	close(fd[3]);
	pump(b);
	more = dial(b);
	say(b, more, "{\"cmd\":\"selfcheck\"}\n");
	assert_non_null(strstr(hear(more), "exact: yes"));
	close(more);
	for (int i = 0; i < SERVE_CLIENTS; i++)
		if (i != 3)
			close(fd[i]);
	pump(b);
}

/* A client that floods and never reads holds up itself only; what waits for it is one answer. */
static void who_does_not_read_stalls_himself(void **state)
{
	struct bed *b = *state;
	int deaf = dial(b), fd = dial(b);
	ssize_t n = 1;

	b->f.many = 20000;
	while (n > 0) {
		n = put(deaf, "{\"cmd\":\"allow list\"}\n");
		pump(b);
	}
	assert_int_equal(errno, EAGAIN);
	say(b, fd, "{\"cmd\":\"selfcheck\"}\n");
	assert_non_null(strstr(hear(fd), "exact: yes"));
	close(deaf);
	close(fd);
	pump(b);
}

static void a_large_answer_gets_through(void **state)
{
	struct bed *b = *state;
	struct buf all = { 0 };
	int fd = dial(b);

	b->f.many = 65536;
	say(b, fd, "{\"cmd\":\"allow list\",\"json\":true}\n");
	while (!all.n || all.data[all.n - 1] != '\n') {
		const char *text = hear(fd);

		buf_str(&all, text);
		serve_dispatch(b->s);
		serve_tick(b->s);
	}
	assert_true(all.n > 65536 * 100);
	assert_string_equal(all.data + all.n - 4, "}]}\n");
	buf_fini(&all);
	close(fd);
}

static void random_bytes(void **state)
{
	static const char *const piece[] = { "{\"cmd\":\"", "stats",
					     "\"}\n",	    "\n",
					     "allow add ",  "[",
					     "]",	    "\"",
					     "\\",	    "{\"subscribe\":0}\n",
					     "'",	    "\xff\x01",
					     "help ",	    "{\"cmd\":[\"set\",\"a\",\"b\"]}\n" };
	struct bed *b = *state;
	unsigned seed = 7;

	for (int i = 0; i < 300; i++) {
		int fd = dial(b);

		for (int k = 0; k < 20; k++) {
			seed = seed * 1103515245 + 12345;
			if (put(fd, piece[(seed >> 16) % 14]) < 0)
				break;
			serve_dispatch(b->s);
		}
		serve_tick(b->s);
		close(fd);
		pump(b);
	}
	close(dial(b));
}

/* --- snapshots --- */

/* The next line of the stream whose kind it is; others are skipped. false: there is none. */
static bool next_of(struct bed *b, struct buf *in, int fd, enum wire_kind kind,
		    struct wire_reply *r)
{
	struct vx_err err;
	char *end;

	buf_str(in, hear(fd));
	(void)b;
	while (in->n && (end = memchr(in->data, '\n', in->n))) {
		size_t len = (size_t)(end - in->data);

		assert_int_equal(wire_reply_parse(in->data, len, r, &err), 0);
		memmove(in->data, end + 1, in->n - len - 1);
		in->n -= len + 1;
		in->data[in->n] = 0;
		if (r->kind == kind)
			return true;
		wire_reply_fini(r);
	}
	return false;
}

static void snapshots_stream_between_answers(void **state)
{
	struct bed *b = *state;
	static struct snapshot s;
	struct buf in = { 0 };
	struct wire_reply r;
	struct vx_err err;
	int fd = dial(b);

	say(b, fd, "{\"subscribe\":0}\n");
	assert_string_equal(hear(fd), "");
	for (int i = 0; i < 3; i++) {
		serve_tick(b->s);
		assert_true(next_of(b, &in, fd, WIRE_SNAPSHOT, &r));
		assert_int_equal(snapshot_from_json(r.text, strlen(r.text), &s, &err), 0);
		assert_true(s.ledger.row[VX_L_RX] == UINT64_MAX);
		wire_reply_fini(&r);
	}
	say(b, fd, "{\"cmd\":\"selfcheck\"}\n");
	assert_non_null(strstr(hear(fd), "exact: yes"));
	say(b, fd, "{\"subscribe\":3600000}\n");
	serve_tick(b->s); /* the first comes at once, the next in an hour */
	assert_true(next_of(b, &in, fd, WIRE_SNAPSHOT, &r));
	wire_reply_fini(&r);
	serve_tick(b->s);
	assert_string_equal(hear(fd), "");
	say(b, fd, "{\"bye\":true}\n");
	close(fd);
	pump(b);
	serve_tick(b->s);
	buf_fini(&in);
}

/* Whole for who joins, then by the second, and the same as the engine's. */
static void the_history_comes_along(void **state)
{
	struct snapshot_history *copy = calloc(1, sizeof(*copy)), *h;
	const struct history_cell rates = { .in_pps = 87234, .out_pps = 61870 };
	struct bed *b = *state;
	struct buf in = { 0 };
	struct wire_reply r;
	struct vx_err err;
	int fd = dial(b);

	h = b->f.e.history;
	history_add(h, 1, 500, &rates);
	say(b, fd, "{\"subscribe\":0}\n");
	for (int i = 0; i < 5; i++) {
		serve_tick(b->s);
		assert_true(next_of(b, &in, fd, WIRE_HISTORY, &r));
		assert_int_equal(history_from_json(r.text, strlen(r.text), copy, &err), 0);
		assert_true(i == 0 || strlen(r.text) < 300);
		wire_reply_fini(&r);
		while (next_of(b, &in, fd, WIRE_SNAPSHOT, &r))
			wire_reply_fini(&r);
		assert_int_equal(copy->seconds, h->seconds);
		assert_int_equal(copy->marks, h->marks);
		serve_tick(b->s); /* nothing new: only a snapshot */
		assert_false(next_of(b, &in, fd, WIRE_HISTORY, &r));
		history_add(h, 2, 1, &rates);
		if (i == 2)
			eng_edited(&b->f.e, ENG_LIST, "allow add 10.0.0.1");
	}
	assert_string_equal(history_mark_at(copy, 0)->text, "allow add 10.0.0.1");
	assert_int_equal(history_at(copy, HISTORY_10S, 3).in_pps, 87234);
	say(b, fd, "{\"bye\":true}\n");
	close(fd);
	pump(b);
	buf_fini(&in);
	free(copy);
}

/* Until an event with that text came. */
static bool event_comes(struct bed *b, struct buf *in, int fd, const char *text)
{
	struct stream_event e;
	struct wire_reply r;
	struct vx_err err;
	bool found = false;

	serve_tick(b->s);
	while (!found && next_of(b, in, fd, WIRE_EVENT, &r)) {
		assert_int_equal(stream_event_parse(r.text, strlen(r.text), &e, &err), 0);
		found = strstr(e.text, text);
		wire_reply_fini(&r);
	}
	return found;
}

static void edits_and_departures_are_events(void **state)
{
	struct bed *b = *state;
	int fd = dial(b), other = dial(b), third = dial(b);
	char user[USER_NAME], text[128];
	struct buf in = { 0 };

	user_of_peer(geteuid(), getpid(), user);
	for (int i = 0; i < 250; i++)
		vx_info("line %d", i);
	say(b, fd, "{\"subscribe\":3600000}\n");
	assert_false(event_comes(b, &in, fd, "line 49")); /* the last 200 and its own coming */
	vx_info("line x");
	assert_true(event_comes(b, &in, fd, "line x"));
	say(b, other, "{\"cmd\":\"allow add 10.0.0.1\"}\n");
	snprintf(text, sizeof(text), "%s: allow add 10.0.0.1", user);
	assert_true(event_comes(b, &in, fd, text));
	say(b, other, "{\"subscribe\":1000}\n");
	snprintf(text, sizeof(text), "%s opened a screen", user);
	assert_true(event_comes(b, &in, fd, text));
	say(b, third, "{\"subscribe\":1000}\n");
	close(other);
	pump(b);
	snprintf(text, sizeof(text), "the screen of %s was lost: others are open", user);
	assert_true(event_comes(b, &in, fd, text));
	say(b, third, "{\"bye\":true}\n");
	close(third);
	pump(b);
	snprintf(text, sizeof(text), "%s closed the screen", user);
	assert_true(event_comes(b, &in, fd, text));
	assert_false(event_comes(b, &in, fd, "was lost"));
	close(fd);
	pump(b);
	fd = dial(b);
	say(b, fd, "{\"subscribe\":1000}\n");
	assert_true(event_comes(b, &in, fd, "going on headless"));
	say(b, fd, "{\"bye\":true}\n");
	close(fd);
	pump(b);
	buf_fini(&in);
}

static void lines_are_completed_and_confirmed(void **state)
{
	struct bed *b = *state;
	int fd = dial(b);

	say(b, fd, "{\"complete\":\"allow mo\"}\n");
	assert_string_equal(hear(fd),
			    "{\"complete\":[[\"mode\",\"drop what is not on the list, only count "
			    "it, or do not look\"]]}\n");
	say(b, fd, "{\"cmd\":\"vni del 1\",\"confirm\":true}\n");
	assert_string_equal(hear(fd),
			    "{\"ask\":\"2 packets/s of VNI 1 would no longer be ours\"}\n");
	say(b, fd, "{\"cmd\":\"vni del 1\",\"confirm\":true,\"yes\":true}\n");
	assert_non_null(strstr(hear(fd), "removed VNI 1"));
	close(fd);
}

static void a_slow_screen_gets_fewer(void **state)
{
	struct bed *b = *state;
	int fd = dial(b);
	unsigned before;

	say(b, fd, "{\"subscribe\":0}\n");
	for (int i = 0; i < 2000; i++)
		serve_tick(b->s);
	before = b->f.refreshed;
	for (int i = 0; i < 100; i++)
		serve_tick(b->s);
	assert_int_equal(b->f.refreshed, before); /* nothing is made that nobody takes */
	close(fd);
}

/* --- descriptors and time --- */

static int count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void descriptors_are_passed_and_closed(void **state)
{
	struct bed *b = *state;
	struct link l = { .fd = dial(b) };
	struct buf line = { 0 };
	struct vx_err err;
	int file, before;
	char name[] = "/tmp/vx_test_serve_XXXXXX";

	file = mkstemp(name);
	unlink(name);
	assert_int_equal(write(file, "good", 4), 4);
	before = count_fds();
	buf_str(&line, "{\"cmd\":\"allow load x.json\"}\n");
	for (int i = 0; i < 3; i++) {
		lseek(file, 0, SEEK_SET);
		assert_int_equal(link_send(&l, &line, file, &err), 0);
		pump(b);
		assert_non_null(strstr(hear(l.fd), "\"total_ips is 3, the list has 4\""));
		assert_string_equal(b->f.said, "good");
	}
	/* for a command that wants none, and with half a line: nothing piles up */
	line.n = 0;
	buf_str(&line, "{\"cmd\":\"selfcheck\"}\n");
	assert_int_equal(link_send(&l, &line, file, &err), 0);
	pump(b);
	assert_int_equal(count_fds(), before);
	line.n = 0;
	buf_str(&line, " ");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(link_send(&l, &line, file, &err), 0);
		pump(b);
	}
	assert_int_equal(count_fds(), before + 1); /* the last waits for the rest of its line */
	hear(l.fd);
	lseek(file, 0, SEEK_SET);
	say(b, l.fd, "{\"cmd\":\"allow load y\"}\n");
	assert_non_null(strstr(hear(l.fd), "loaded y"));
	assert_int_equal(count_fds(), before);
	buf_fini(&line);
	link_close(&l);
	close(file);
	pump(b);
}

static void patience_ends_after_10_s(void **state)
{
	int pair[2];
	struct client *c;
	size_t len;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	c = client_new(pair[0], 0, true);
	assert_false(client_stale(c, 99000000000)); /* an idle client may stay */
	assert_int_equal(send(pair[1], "a\nhalf", 6, 0), 6);
	assert_int_equal(client_read(c, 1000), 0);
	assert_string_equal(client_line(c, &len), "a");
	assert_int_equal(len, 1);
	assert_null(client_line(c, &len));
	assert_false(client_stale(c, 10000001000));
	assert_true(client_stale(c, 10000001001));
	assert_int_equal(send(pair[1], "\n", 1, 0), 1);
	assert_int_equal(client_read(c, 20000000000), 0);
	assert_string_equal(client_line(c, &len), "half");
	assert_false(client_stale(c, 99000000000));
	buf_pad(&c->out, 'x', 1 << 20);
	c->out_ns = 100000000000;
	assert_int_equal(client_flush(c, 101000000000), 0); /* some went */
	assert_true(client_waits(c));
	assert_false(client_stale(c, 111000000000));
	assert_true(client_stale(c, 111000000001));
	client_free(c);
	close(pair[1]);
}

/* Another user in the group may look and not touch. Needs root, to become somebody else. */
static void others_may_only_read(void **state)
{
	struct bed *b = *state;
	int fd, status;
	pid_t pid;

	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(b->dir, 0755), 0);
	assert_int_equal(chmod(b->path, 0666), 0);
	pid = fork();
	if (!pid) {
		char text[512];
		ssize_t n;

		if (setuid(65534) || (fd = sockpath_connect(b->path, NULL)) < 0 ||
		    put(fd,
			"{\"cmd\":\"vni add 7\"}\n{\"cmd\":\"selfcheck\"}\n{\"cmd\":\"quit\"}\n") <
			    0)
			_exit(1);
		shutdown(fd, SHUT_WR);
		for (size_t have = 0; (n = recv(fd, text + have, sizeof(text) - 1 - have, 0)) > 0;)
			text[have += (size_t)n] = 0;
		_exit(strstr(text, "{\"error\":\"vni add: refused: only root") &&
				      strstr(text, "exact: yes") &&
				      strstr(text, "{\"error\":\"quit: refused: only root")
			      ? 0
			      : 2);
	}
	while (!waitpid(pid, &status, WNOHANG)) {
		pump(b);
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	assert_int_equal(status, 0);
	assert_false(b->f.e.quit);
}

/* A screen may give up the right to change things: for good, and for itself alone. */
static void a_screen_that_only_reads(void **state)
{
	static const char refused[] = "refused: this screen was opened with --read-only";
	struct bed *b = *state;
	int fd = dial(b), other = dial(b);

	say(b, fd, "{\"subscribe\":3600000,\"read_only\":true}\n");
	say(b, fd, "{\"subscribe\":3600000}\n");
	hear(fd);
	say(b, fd, "{\"cmd\":\"vni add 7\",\"yes\":true}\n");
	assert_non_null(strstr(hear(fd), refused));
	say(b, fd, "{\"cmd\":[\"quit\"],\"yes\":true}\n");
	assert_non_null(strstr(hear(fd), refused));
	assert_false(b->f.e.quit);
	assert_string_equal(b->f.said, "");
	say(b, fd, "{\"cmd\":[\"vni\",\"list\"],\"json\":true}\n");
	assert_non_null(strstr(hear(fd), "\"ok\":true"));
	say(b, other, "{\"cmd\":\"vni add 7\",\"yes\":true}\n");
	assert_non_null(strstr(hear(other), "\"ok\":true"));
	close(fd);
	close(other);
}

/* They fill their places and stay; who may write is heard all the same. Needs root, as above. */
static void readers_leave_room(void **state)
{
	struct bed *b = *state;
	int up[2], fd[SERVE_CLIENTS - SERVE_READERS], first = -1, last = -1;
	pid_t pid;
	char c;

	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(b->dir, 0755), 0);
	assert_int_equal(chmod(b->path, 0666), 0);
	assert_int_equal(pipe2(up, O_CLOEXEC | O_NONBLOCK), 0);
	pid = fork();
	if (!pid) {
		if (setuid(65534))
			_exit(1);
		for (int i = 0; i <= SERVE_READERS; i++) {
			if ((last = sockpath_connect(b->path, NULL)) < 0)
				_exit(1);
			first = first < 0 ? last : first;
		}
		/* an error, and nothing had to be asked for it */
		c = poll(&(struct pollfd){ .fd = last, .events = POLLIN }, 1, 5000) == 1 &&
		    recv(last, &c, 1, 0) == 1 && c == '{';
		if (write(up[1], &c, 1) == 1)
			recv(first, &c, 1, 0); /* until the engine closes it, at the latest */
		_exit(1);
	}
	while (read(up[0], &c, 1) != 1) {
		assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
		pump(b);
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	assert_true(c);
	for (int i = 0; i < SERVE_CLIENTS - SERVE_READERS; i++) {
		fd[i] = dial(b);
		say(b, fd[i], "{\"cmd\":\"selfcheck\"}\n");
		assert_non_null(strstr(hear(fd[i]), "exact: yes"));
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	for (int i = 0; i < SERVE_CLIENTS - SERVE_READERS; i++)
		close(fd[i]);
	pump(b);
	close(up[0]);
	close(up[1]);
}

/* What has no answer yet is asked again, keeps its place, and holds up nobody else. */
static void a_request_that_waits(void **state)
{
	struct bed *b = *state;
	int fd = dial(b), other = dial(b);

	say(b, fd,
	    "{\"cmd\":[\"strays\"],\"json\":true}\n{\"cmd\":[\"vni\",\"list\"],\"json\":true}\n");
	assert_string_equal(hear(fd), "");
	say(b, other, "{\"cmd\":[\"vni\",\"list\"],\"json\":true}\n");
	assert_non_null(strstr(hear(other), "5569041"));
	assert_string_equal(hear(fd), ""); /* what came behind it waits, too */
	serve_resume(b->s);
	pump(b);
	assert_non_null(strstr(hear(fd), "{\"programs\":[],"));
	pump(b);
	say(b, fd, "{\"cmd\":[\"strays\"]}\n");
	b->f.strays_fail = true;
	serve_resume(b->s);
	pump(b);
	assert_non_null(strstr(hear(fd), "{\"error\":\"strays: not in time\"}"));
	close(fd);
	close(other);
	pump(b);
}

/* Who asked may go before the answer comes, or say that nothing more comes. */
static void gone_while_it_waits(void **state)
{
	struct bed *b = *state;
	int fd = dial(b), half = dial(b);

	say(b, fd, "{\"cmd\":[\"strays\"]}\n");
	close(fd);
	pump(b);
	/* More than one turn of lines: the end is read before the last of them is run. */
	for (int i = 0; i < 9; i++)
		put(half, "{\"cmd\":[\"vni\",\"list\"]}\n");
	put(half, "{\"cmd\":[\"strays\"]}\n");
	assert_int_equal(shutdown(half, SHUT_WR), 0);
	pump(b);
	assert_non_null(strstr(hear(half), "5569041"));
	serve_resume(b->s);
	pump(b);
	assert_non_null(strstr(hear(half), "no XDP program"));
	assert_true(at_end(half));
	close(half);
	pump(b);
}

int main(void)
{
#define BED(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		BED(the_socket_has_its_rights),
		BED(rights_do_not_depend_on_the_umask),
		BED(a_live_socket_is_refused),
		BED(a_dead_socket_is_replaced),
		BED(other_files_stay),
		BED(only_its_own_file_is_removed),
		BED(one_line_one_answer),
		BED(pieces_and_many_at_once),
		BED(answers_reach_who_says_no_more),
		BED(a_line_is_limited),
		BED(clients_are_limited),
		BED(who_does_not_read_stalls_himself),
		BED(a_large_answer_gets_through),
		BED(random_bytes),
		BED(snapshots_stream_between_answers),
		BED(the_history_comes_along),
		BED(edits_and_departures_are_events),
		BED(lines_are_completed_and_confirmed),
		BED(a_slow_screen_gets_fewer),
		BED(descriptors_are_passed_and_closed),
		cmocka_unit_test(patience_ends_after_10_s),
		BED(others_may_only_read),
		BED(a_screen_that_only_reads),
		BED(readers_leave_room),
		BED(a_request_that_waits),
		BED(gone_while_it_waits),
	};
	struct vx_err err;

	unsetenv("SUDO_UID"); /* under sudo the socket would be the user's */
	if (log_open(NULL, false, LOG_ERROR, &err) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
