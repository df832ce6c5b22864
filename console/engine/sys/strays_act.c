// SPDX-License-Identifier: GPL-2.0-only
/*
 * Taking programs away: each way in which one is held is undone with what it was found to be as the
 * condition, so that what somebody else has put there meanwhile stays. Processes are asked to end,
 * never forced. In a process of its own, see strays_job.c.
 */
#define _GNU_SOURCE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/sys/strays_int.h"

#define END_MS	3000 /* that a process gets to end */
#define GONE_MS 1000 /* and the kernel to free what nobody holds any more */

struct act {
	struct scan *s;
	struct strays_result *r;
	enum strays_act act;
	const struct stray *p;
};

__attribute__((format(printf, 2, 3))) static void say(struct strays_result *r, const char *fmt, ...)
{
	size_t n = strlen(r->said);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->said + n, sizeof(r->said) - n, fmt, ap);
	va_end(ap);
	n = strlen(r->said);
	snprintf(r->said + n, sizeof(r->said) - n, "\n");
}

static const char *why(int rc)
{
	return rc == -EPERM ? "not permitted (needs CAP_NET_ADMIN there)" : strerror(-rc);
}

static void sleep_ms(int ms)
{
	poll(NULL, 0, ms);
}

/* --- devices and links --- */

/* The program is named with its descriptor: another that has come since is not touched. */
static int detach_netlink(const struct stray *p, const struct stray_attached *at)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts);
	uint32_t mode = at->mode == STRAY_NATIVE    ? XDP_FLAGS_DRV_MODE
			: at->mode == STRAY_GENERIC ? XDP_FLAGS_SKB_MODE
						    : XDP_FLAGS_HW_MODE;
	int fd = bpf_prog_get_fd_by_id(p->id), rc;

	if (fd < 0)
		return fd;
	opts.old_prog_fd = fd;
	rc = bpf_xdp_detach(at->ifindex, mode | XDP_FLAGS_REPLACE, &opts);
	close(fd);
	return rc;
}

/* A link of that id that is this program's. */
static int detach_link(const struct stray *p, uint32_t link_id)
{
	struct bpf_link_info info = { 0 };
	uint32_t len = sizeof(info);
	int fd = bpf_link_get_fd_by_id(link_id), rc;

	if (fd < 0)
		return fd;
	rc = bpf_obj_get_info_by_fd(fd, &info, &len);
	if (!rc)
		rc = info.prog_id == p->id ? bpf_link_detach(fd) : -ENOENT;
	close(fd);
	return rc;
}

static void detach_one(const struct act *a, const struct stray_attached *at)
{
	int rc = scan_enter(a->s, at);
	char how[48] = "by netlink";

	if (at->how == STRAY_BY_LINK)
		snprintf(how, sizeof(how), "link %u", at->link_id);
	if (!rc)
		rc = at->how == STRAY_BY_LINK ? detach_link(a->p, at->link_id)
					      : detach_netlink(a->p, at);
	scan_go_home(a->s);
	if (rc)
		say(a->r, "%s id %u could not be detached from %s (%s, %s): %s", a->p->name,
		    a->p->id, at->dev, stray_mode_name(at->mode), how, why(rc));
	else
		say(a->r, "%s id %u: detached from %s (%s, %s)", a->p->name, a->p->id, at->dev,
		    stray_mode_name(at->mode), how);
}

static void unpin(void *ctx, int dir, const char *name, const char *path, bool link,
		  uint32_t prog_id)
{
	const struct act *a = ctx;

	if (prog_id != a->p->id)
		return;
	if (unlinkat(dir, name, 0))
		say(a->r, "%s could not be removed: %s", path, strerror(errno));
	else
		say(a->r, "%s id %u: the %s %s is removed", a->p->name, a->p->id,
		    link ? "link's pin" : "pin", path);
}

static void detach(struct act *a)
{
	char fix[STRAY_TEXT];

	if (a->p->dispatcher || a->p->members) {
		say(a->r, "%s id %u is libxdp's: its own tool takes it away: %s", a->p->name,
		    a->p->id, stray_fix(a->p, fix));
		return;
	}
	for (unsigned i = 0; i < stray_have(a->p->n_attached, STRAY_ATTACHED); i++)
		detach_one(a, &a->p->attached[i]);
	if (!a->p->n_pins)
		return;
	a->s->deadline_ns = scan_now_ns() + GONE_MS * 1000000ULL;
	scan_pins(a->s, false, unpin, a);
	scan_pins(a->s, true, unpin, a);
}

/* --- processes --- */

/* The process that was found, or -errno: by then another may have its number. */
static int open_holder(const struct act *a, const struct stray_holder *h)
{
	int fd = (int)syscall(SYS_pidfd_open, h->pid, 0);

	if (fd < 0)
		return -errno;
	if (scan_holds(h, a->p->id))
		return fd;
	close(fd);
	return -ESRCH;
}

static bool has_ended(int pidfd)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return poll(&p, 1, END_MS) == 1;
}

static void stop_one(const struct act *a, const struct stray_holder *h)
{
	int fd = open_holder(a, h), rc;

	if (fd < 0)
		return; /* it has ended, or let go */
	rc = syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0) ? -errno : 0;
	if (rc)
		say(a->r, "pid %d %s could not be asked to end: %s", h->pid, h->comm,
		    rc == -EPERM ? "not permitted (needs CAP_KILL)" : strerror(-rc));
	else
		say(a->r, "pid %d %s: asked to end, %s", h->pid, h->comm,
		    has_ended(fd) ? "and it did" : "and has not yet; it is not killed");
	close(fd);
}

static bool is_own(pid_t pid)
{
	return pid <= 1 || pid == getpid() || pid == getppid();
}

static void stop(struct act *a)
{
	for (unsigned i = 0; i < stray_have(a->p->n_holders, STRAY_HOLDERS); i++) {
		const struct stray_holder *h = &a->p->holder[i];

		if (is_own(h->pid) || h->engine)
			continue;
		if (a->act == STRAYS_STOP || stray_may_end(h))
			stop_one(a, h);
		else
			say(a->r,
			    "pid %d %s holds %u other BPF programs too, and is not asked to end; "
			    "`strays stop %u` does",
			    h->pid, h->comm, h->other, a->p->id);
	}
}

/* --- all of it --- */

/* What nobody holds any more is freed a moment later; longer than this, and somebody does. */
static void wait_gone(uint32_t id)
{
	for (int ms = 0; ms < GONE_MS; ms += 20) {
		int fd = bpf_prog_get_fd_by_id(id);

		if (fd < 0)
			return;
		close(fd);
		sleep_ms(20);
	}
}

static bool aimed_at(const struct strays_ask *ask, const struct stray *p)
{
	return ask->act == STRAYS_CLEAN ? stray_is_cleaned(p) : p->id == ask->id;
}

/* Parts of the list that the action changes are read from a copy. */
static void do_all(struct act *a, const struct strays_ask *ask, const struct strays *was)
{
	struct vx_err err;

	for (unsigned i = 0; i < was->n; i++) {
		a->p = &was->prog[i];
		if (!aimed_at(ask, a->p))
			continue;
		if (stray_refused(a->p, ask->act, &err)) {
			say(a->r, "%s", err.msg);
			continue;
		}
		if (ask->act != STRAYS_STOP)
			detach(a);
		if (ask->act != STRAYS_DETACH)
			stop(a);
	}
	for (unsigned i = 0; i < was->n; i++)
		if (aimed_at(ask, &was->prog[i]) &&
		    (ask->act == STRAYS_CLEAN || !was->prog[i].n_holders))
			wait_gone(was->prog[i].id);
}

static void say_left(struct strays_result *r, const struct stray *p, bool done)
{
	char text[STRAY_TEXT], fix[STRAY_TEXT];

	say(r, "%s: %s%s%s", done ? "still in the kernel" : "left", stray_sentence(p, text),
	    *stray_fix(p, fix) ? "; " : "", fix);
}

static bool check_left(struct strays_result *r, const struct strays_ask *ask)
{
	bool done = true;

	if (ask->act == STRAYS_CLEAN) {
		for (unsigned i = 0; i < r->list.n; i++)
			if (stray_is_cleaned(&r->list.prog[i]))
				say_left(r, &r->list.prog[i], false);
		if (strays_unseen(&r->list))
			say(r, "left, not judged: %u; " STRAYS_NOT_ALL " in time: try again",
			    strays_unseen(&r->list));
		return !strays_duplicates(&r->list) && !strays_unseen(&r->list);
	}
	for (unsigned i = 0; i < r->list.n; i++) {
		if (!aimed_at(ask, &r->list.prog[i]))
			continue;
		done = stray_is_done(&r->list.prog[i], ask->act);
		say_left(r, &r->list.prog[i], done);
	}
	return done;
}

void strays_act(struct scan *s, const struct strays_ask *ask, struct strays_result *r)
{
	static struct stray copy[STRAYS_MAX]; /* of a process that ends after this */
	struct strays was = { .n = r->list.n, .prog = copy };
	const struct stray *p = strays_find(&r->list, ask->id);
	struct act a = { .s = s, .r = r, .act = ask->act };
	struct vx_err err;

	if (p)
		r->subject = *p;
	if (ask->act == STRAYS_LIST || (ask->act != STRAYS_CLEAN && !p)) {
		r->done = ask->act == STRAYS_LIST;
		return;
	}
	memcpy(copy, r->list.prog, r->list.n * sizeof(*copy));
	do_all(&a, ask, &was);
	if (strays_scan(s, ask, NULL, NULL, &err)) {
		say(r, "reading again: %s", err.msg);
		return;
	}
	strays_judge(&r->list, &ask->self);
	r->done = check_left(r, ask);
}
