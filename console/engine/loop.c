/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The engine's one thread: epoll over signals, a timer, the network's changes and the control
 * socket. [engine]
 */
#include "engine/run_int.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "log.h"

#define TICKS_A_SECOND (1000 / ENG_TICK_MS)

static void on_signal(struct eng *e)
{
	struct signalfd_siginfo si;
	struct vx_err err;

	while (read(e->run->signal_fd, &si, sizeof(si)) == sizeof(si)) {
		if (si.ssi_signo == SIGHUP) {
			if (eng_reload(e, &err))
				vx_error("reading the files again: %s; what was in force stays",
					 err.msg);
			else
				vx_info("config and allowlist read again");
			continue;
		}
		e->quit = true;
		e->quit_why = si.ssi_signo == SIGINT ? "SIGINT" : "SIGTERM";
	}
}

static void on_timer(struct eng *e)
{
	struct eng_run *r = e->run;
	uint64_t expired;
	bool second;

	if (read(r->timer_fd, &expired, sizeof(expired)) != sizeof(expired))
		return;
	second = r->ticks++ % TICKS_A_SECOND == 0;
	eng_trace_tick(e);
	eng_strays_tick(e);
	if (second) {
		net_tick(e->net);
		eng_second(e);
		eng_watch_second(e);
		eng_strays_second(e);
	}
	eng_exact_tick(e, second);
	serve_tick(r->serve);
	if (eng_now_ns() >= r->status_ns) {
		eng_refresh(e);
		eng_status_out(e);
		r->status_ns = e->snap.mono_ns + (uint64_t)(e->o->interval_s * 1e9) -
			       (uint64_t)ENG_TICK_MS * 500000;
	}
}

/* Whoever waits for them need not wait for the next tick. */
static void strays_come(struct eng *e)
{
	eng_strays_tick(e);
	serve_resume(e->run->serve);
}

static int watch(struct eng *e, int fd, struct vx_err *err)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(e->run->epoll_fd, EPOLL_CTL_ADD, fd, &ev))
		return vx_err_set(err, -errno, "epoll: %s", strerror(errno));
	return 0;
}

static int open_fds(struct eng *e, struct vx_err *err)
{
	const struct itimerspec every = { .it_interval = { 0, ENG_TICK_MS * 1000000 },
					  .it_value = { 0, ENG_TICK_MS * 1000000 } };
	struct eng_run *r = e->run;
	sigset_t set;
	int rc;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	r->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	r->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (r->epoll_fd < 0 || r->signal_fd < 0 || r->timer_fd < 0 ||
	    timerfd_settime(r->timer_fd, 0, &every, NULL))
		return vx_err_set(err, -errno, "event loop: %s", strerror(errno));
	rc = watch(e, r->signal_fd, err);
	rc = rc ? rc : watch(e, r->timer_fd, err);
	rc = rc ? rc : watch(e, net_fd(e->net), err);
	return rc ? rc : watch(e, serve_fd(r->serve), err);
}

int eng_loop(struct eng *e, struct vx_err *err)
{
	struct epoll_event ev[8];
	int rc = open_fds(e, err);

	while (!rc && !e->quit) {
		int n = epoll_wait(e->run->epoll_fd, ev, 8, -1);

		if (n < 0 && errno != EINTR)
			rc = vx_err_set(err, -errno, "epoll: %s", strerror(errno));
		for (int i = 0; i < n; i++) {
			if (ev[i].data.fd == e->run->signal_fd)
				on_signal(e);
			else if (ev[i].data.fd == e->run->timer_fd)
				on_timer(e);
			else if (ev[i].data.fd == net_fd(e->net))
				net_dispatch(e->net);
			else if (eng_strays_is(e, ev[i].data.fd))
				strays_come(e);
			else
				serve_dispatch(e->run->serve);
		}
	}
	return rc;
}
