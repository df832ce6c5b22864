// SPDX-License-Identifier: GPL-2.0-only
/*
 * The screen's one loop: terminal, socket, signals, time. The socket is read whatever the terminal
 * does; a picture is painted only when the one before is gone, so a slow terminal sees fewer of
 * them and costs no memory. [screen]
 */
#include "screen/screen.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "opt.h"
#include "proto/history.h"
#include "screen/paint.h"
#include "screen/talk.h"
#include "screen/term.h"
#include "screen/ui.h"

#define MS	 ((uint64_t)1000000)
#define FRAME_NS (100 * MS) /* at most 10 pictures a second, but at once at a key */
#define SECOND	 (1000 * MS)
#define AGAIN_NS (2 * SECOND)

enum source { TTY, SOCKET, SIGNALS };

struct screen {
	struct link *l;
	struct data *d;
	struct talk *talk;
	struct ui *ui;
	int epoll_fd, signal_fd;
	bool dirty, key; /* something is to be painted; at once */
	bool over;
	int end; /* enum screen_end or -errno */
	uint64_t frame_ns, second_ns, again_ns;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void finish(struct screen *s, int end)
{
	s->over = true;
	s->end = end;
}

/* --- the engine --- */

/* Why it ended, as far as it said so: its last event. */
static void explain_end(const struct screen *s, struct vx_err *err)
{
	static const char ending[] = "ending: ";
	const struct data_event *e = &s->d->event[(s->d->events - 1) % DATA_EVENTS];

	if (s->d->events && !strncmp(e->text, ending, sizeof(ending) - 1))
		vx_err_set(err, -EPIPE, "the engine (pid %d) has ended: %.150s", s->l->pid,
			   e->text + sizeof(ending) - 1);
	else if (s->d->events && e->level == 1)
		vx_err_set(err, -EPIPE, "the engine (pid %d) has ended; it said last: %.150s",
			   s->l->pid, e->text);
}

/* A screen that was stopped for long is dropped by its engine, which runs on: it is looked for
 * once. */
static void lost(struct screen *s, struct vx_err *err)
{
	uint64_t now = now_ns();
	struct vx_err again = { 0 };

	talk_thaw(s->talk);
	if (ui_stopping(s->ui)) {
		finish(s, SCREEN_STOPPED);
	} else if (now - s->again_ns > AGAIN_NS && !talk_again(s->talk, &again)) {
		struct epoll_event ev = { .events = EPOLLIN, .data.u32 = SOCKET };

		s->again_ns = now;
		epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, s->l->fd, &ev);
		ui_say(s->ui, true, "the connection to the engine was lost, and made again");
	} else {
		if (err->code == -EPIPE)
			explain_end(s, err);
		if (again.code == -EACCES)
			vx_err_set(err, -EPIPE,
				   "the engine (pid %d) runs on, but has dropped this screen",
				   s->l->pid);
		finish(s, err->code ? err->code : -EPIPE);
	}
}

static void on_socket(struct screen *s, struct vx_err *err)
{
	int r = talk_read(s->talk, err);

	s->dirty |= r != 0;
	if (r < 0)
		lost(s, err);
	else if (r)
		ui_news(s->ui);
}

/* --- the terminal --- */

static void suspend(struct screen *s)
{
	sigset_t stop;

	talk_pause(s->talk, true);
	term_suspend();
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &stop, NULL); /* stops here */
	sigprocmask(SIG_BLOCK, &stop, NULL);
	term_resume();
	talk_pause(s->talk, false);
	s->dirty = s->key = true;
}

static void on_tty(struct screen *s, uint32_t events)
{
	char bytes[4096];
	ssize_t n;

	if (events & EPOLLIN) {
		n = read(term_fd(), bytes, sizeof(bytes));
		if (n > 0) {
			ui_bytes(s->ui, bytes, (size_t)n);
			s->dirty = s->key = true;
		} else if (!n || (errno != EAGAIN && errno != EINTR)) {
			finish(s, SCREEN_GONE);
		}
	} else if (events & (EPOLLHUP | EPOLLERR)) {
		finish(s, SCREEN_GONE);
	}
	if (events & EPOLLOUT && term_flush() < 0)
		finish(s, SCREEN_GONE);
}

static void on_signal(struct screen *s)
{
	struct signalfd_siginfo si;

	while (read(s->signal_fd, &si, sizeof(si)) == sizeof(si)) {
		if (si.ssi_signo == SIGTSTP)
			suspend(s);
		else if (si.ssi_signo == SIGCONT)
			term_resume();
		else if (si.ssi_signo != SIGWINCH)
			finish(s, si.ssi_signo == SIGHUP ? SCREEN_GONE : SCREEN_LEFT);
		s->dirty = s->key = true;
	}
}

/* --- time --- */

static void paint(struct screen *s, uint64_t now)
{
	int rows, cols;

	term_size(&rows, &cols);
	s->d->now_ns = now;
	ui_draw(s->ui, rows, cols);
	term_frame();
	s->frame_ns = now;
	s->dirty = s->key = false;
	if (term_flush() < 0)
		finish(s, SCREEN_GONE);
}

static void on_time(struct screen *s)
{
	uint64_t now = now_ns();

	if (!ui_timeout(s->ui)) {
		ui_expire(s->ui);
		s->dirty = s->key = true;
	}
	if (now >= s->second_ns) {
		s->second_ns = now + SECOND;
		s->dirty = true; /* the clock, and what has become stale */
	}
	s->d->now_ns = now;
	ui_fetch(s->ui);
	if (ui_takes_redraw(s->ui))
		term_redraw();
	if (ui_takes_suspend(s->ui))
		suspend(s);
	if (ui_end(s->ui) == UI_LEAVES)
		finish(s, SCREEN_LEFT);
	if (!s->over && s->dirty && term_idle() && (s->key || now - s->frame_ns >= FRAME_NS))
		paint(s, now);
}

static int wait_ms(const struct screen *s)
{
	uint64_t now = now_ns(), until = s->second_ns;
	int key = ui_timeout(s->ui);

	if (s->dirty && term_idle() && s->frame_ns + FRAME_NS < until)
		until = s->frame_ns + FRAME_NS;
	if (key >= 0 && now + (uint64_t)key * MS < until)
		until = now + (uint64_t)key * MS;
	return until > now ? (int)((until - now) / MS) + 1 : 0;
}

static void watch(const struct screen *s, enum source id, int fd, bool out)
{
	struct epoll_event ev = { .events = EPOLLIN | (out ? (uint32_t)EPOLLOUT : 0),
				  .data.u32 = id };

	epoll_ctl(s->epoll_fd, EPOLL_CTL_MOD, fd, &ev);
}

static void turn(struct screen *s, struct vx_err *err)
{
	struct epoll_event ev[3];
	int n;

	watch(s, TTY, term_fd(), !term_idle());
	watch(s, SOCKET, s->l->fd, talk_waits(s->talk));
	n = epoll_wait(s->epoll_fd, ev, 3, wait_ms(s));
	for (int i = 0; i < n && !s->over; i++) {
		if (ev[i].data.u32 == TTY)
			on_tty(s, ev[i].events);
		else if (ev[i].data.u32 == SOCKET)
			on_socket(s, err);
		else
			on_signal(s);
	}
	if (!s->over)
		on_time(s);
}

/* --- open and close --- */

static int add(const struct screen *s, enum source id, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u32 = id };

	return epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0 ? -errno : 0;
}

static int open_loop(struct screen *s, struct vx_err *err)
{
	static const int signals[] = { SIGWINCH, SIGTERM, SIGINT, SIGHUP, SIGTSTP, SIGCONT };
	sigset_t set;
	int r;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(&set, signals[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	s->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (s->epoll_fd < 0 || s->signal_fd < 0)
		return vx_err_set(err, -errno, "screen: %s", strerror(errno));
	r = add(s, TTY, term_fd());
	r = r ? r : add(s, SOCKET, s->l->fd);
	r = r ? r : add(s, SIGNALS, s->signal_fd);
	return r ? vx_err_set(err, r, "screen: epoll: %s", strerror(-r)) : 0;
}

static int open_data(struct screen *s, struct vx_err *err)
{
	s->d = calloc(1, sizeof(*s->d));
	if (s->d)
		s->d->history = calloc(1, sizeof(*s->d->history));
	if (!s->d || !s->d->history)
		return vx_err_set(err, -ENOMEM, "screen: no memory");
	s->d->may_write = s->l->may_write;
	return 0;
}

static const char *history_file(char path[static 512])
{
	const char *home = getenv("HOME");

	if (!home || !*home)
		return NULL;
	snprintf(path, 512, "%s/.vxconsole_history", home);
	return path;
}

static int open_all(struct screen *s, const struct opts *o, struct vx_err *err)
{
	unsigned interval_ms = (unsigned)(o->refresh_rate_s * 1000);
	char path[512];
	int r = open_data(s, err);

	r = r ? r : open_loop(s, err);
	r = r ? r : ui_new(&s->ui, s->d, history_file(path), err);
	r = r ? r : talk_new(&s->talk, s->l, s->d, interval_ms, ui_answer, s->ui, err);
	r = r ? r : term_open(o->colors, err);
	if (r)
		return r;
	ui_set_talk(s->ui, s->talk);
	paint_open(term_colours());
	ui_say(s->ui, false, term_note());
	s->dirty = s->key = true;
	return 0;
}

static void close_all(struct screen *s)
{
	if (s->talk && s->end == SCREEN_LEFT)
		talk_bye(s->talk);
	if (!term_close())
		s->end = SCREEN_GONE;
	ui_free(s->ui);
	talk_free(s->talk);
	if (s->d)
		free(s->d->history);
	free(s->d);
	if (s->epoll_fd >= 0)
		close(s->epoll_fd);
	if (s->signal_fd >= 0)
		close(s->signal_fd);
}

int screen_run(struct link *l, const struct opts *o, struct vx_err *err)
{
	struct screen s = { .l = l, .epoll_fd = -1, .signal_fd = -1 };
	int r = open_all(&s, o, err);

	if (r)
		finish(&s, r);
	while (!s.over)
		turn(&s, err);
	close_all(&s);
	return s.end;
}
