// SPDX-License-Identifier: GPL-2.0-only
/*
 * Starting the engine. As a process of its own it has its own session and nothing of ours open: no
 * terminal, no signal and no death of the screen reaches it. A pipe is left, on which it says what
 * went wrong or that it is ready (a NUL, then its socket), and at the end its report.
 */
#define _GNU_SOURCE /* close_range */
#include "start.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/run_int.h"
#include "log.h"
#include "opt.h"

#define TELL_FD	       3 /* the engine's end of the pipe */
#define REPORT_SECONDS 10

/* Blocked before the first thread starts, so that every thread has them blocked; the loop reads
 * them by signalfd. */
static void block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int new_engine(struct eng **e, struct opts *o)
{
	struct vx_err err = { 0 };

	if (log_open(o->log, true, o->debug, &err) || eng_new(e, o, &dp_real, &err)) {
		vx_error("%s", err.msg);
		if (log_level() <
		    LOG_ERROR) /* whatever --debug says: an exit code of 1 is always explained */
			log_say("error: %s\n", err.msg);
		log_close();
		return -1;
	}
	return 0;
}

static void loop(struct eng *e)
{
	struct vx_err err = { 0 };

	if (eng_loop(e, &err)) {
		vx_error("%s", err.msg);
		e->run->exit_code = 1;
	}
	vx_info("ending: %s", e->quit_why ? e->quit_why : "the event loop failed");
	serve_tick(e->run->serve); /* screens hear why */
}

int start_headless(struct opts *o)
{
	struct eng *e;
	int rc;

	block_signals();
	if (new_engine(&e, o))
		return 1;
	log_say("ready: %s -> %s, %s mode (%s), egress %s (%s), %u worker%s, socket %s\n",
		o->ingress, o->egress_dev, e->snap.mode, e->snap.mode_reason, e->snap.egress_method,
		e->snap.egress_reason, e->snap.n_workers, e->snap.n_workers == 1 ? "" : "s",
		e->socket_path);
	loop(e);
	rc = eng_stop(e);
	eng_report(e);
	eng_free(e);
	log_close();
	return rc;
}

/* --- the engine, as a process of its own --- */

static int to_null(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	bool done = fd >= 0 && dup2(fd, 0) == 0 && dup2(fd, 1) == 1 && dup2(fd, 2) == 2;

	if (fd > 2)
		close(fd);
	return done ? 0 : -1;
}

/* Away from the terminal and from whatever else was open. Until it is ready it ends with the
 * parent. */
static void leave(int pipe_fd, pid_t parent)
{
	block_signals();
	setsid();
	prctl(PR_SET_NAME, "vx-engine");
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent || dup2(pipe_fd, TELL_FD) < 0 || to_null() < 0 ||
	    dup2(TELL_FD, STDERR_FILENO) < 0)
		_exit(1);
	close_range(TELL_FD + 1, ~0U, 0);
}

static void tell_ready(const struct eng *e)
{
	char text[SOCKPATH_MAX + 2];
	int n = snprintf(text, sizeof(text), "%c%s\n", 0, e->socket_path);

	prctl(PR_SET_PDEATHSIG, 0);
	to_null(); /* status lines are for --headless; what matters is in the events and the log
		      file */
	if (write(TELL_FD, text, (size_t)n) < 0)
		vx_info("the console that started this engine is gone: it runs on");
}

/* Is the console that started us still there? */
static bool is_heard(void)
{
	struct pollfd p = { .fd = TELL_FD, .events = POLLOUT };

	return poll(&p, 1, 0) == 1 && p.revents == POLLOUT;
}

static int engine(struct opts *o)
{
	struct eng *e;
	int rc;

	if (new_engine(&e, o))
		return 1;
	tell_ready(e);
	loop(e);
	rc = eng_stop(e);
	if (is_heard()) {
		dup2(TELL_FD, STDOUT_FILENO);
		dup2(TELL_FD, STDERR_FILENO);
	}
	eng_report(e);
	fflush(stdout);
	eng_free(e);
	log_close();
	return rc;
}

/* --- its starter --- */

/* What comes on the pipe goes to stderr, up to a NUL (true) or the end. */
static bool relay(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char c;

	while (poll(&p, 1, timeout_ms) == 1 && read(fd, &c, 1) == 1) {
		if (!c)
			return true;
		fputc(c, stderr);
	}
	return false;
}

static void take_socket(struct start *s)
{
	size_t n = 0;

	while (n < sizeof(s->socket) - 1 && read(s->fd, &s->socket[n], 1) == 1 &&
	       s->socket[n] != '\n')
		n++;
	s->socket[n] = 0;
}

static int exit_code(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 1;
	if (WIFSIGNALED(status))
		fprintf(stderr, "vxconsole: signal %d ended the engine\n", WTERMSIG(status));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int start_engine(struct opts *o, struct start *s)
{
	pid_t parent = getpid();
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0 || (s->pid = fork()) < 0) {
		fprintf(stderr, "vxconsole: the engine cannot be started: %s\n", strerror(errno));
		return 1;
	}
	if (!s->pid) {
		leave(fds[1], parent);
		exit(engine(o));
	}
	close(fds[1]);
	s->fd = fds[0];
	if (relay(s->fd, -1)) {
		take_socket(s);
		return 0;
	}
	close(s->fd);
	exit_code(s->pid);
	return 1;
}

int start_report(struct start *s)
{
	relay(s->fd, REPORT_SECONDS * 1000);
	close(s->fd);
	return exit_code(s->pid);
}
