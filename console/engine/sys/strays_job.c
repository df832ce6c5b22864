// SPDX-License-Identifier: GPL-2.0-only
/*
 * The process that looks for programs of others. It is forked without exec, closes whatever it has
 * of its parent at once (the engine's link and lock must die with the engine), and ends with it.
 * Before that it notes which programs these are: they are ours, whatever a look sees of holders.
 * What it found comes over a pipe as it is in memory: once when all but pins of other mount
 * namespaces has been seen, which may hang, and once at the end. The last whole one counts.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/sys/strays_int.h"

#define LIST_MS 4000 /* then what has come is taken, and the rest given up */
#define ACT_MS	12000
#define PIPE_FD 3
#define HOME_FD 4

struct head {
	uint32_t size; /* of all of it */
	uint32_t n, more;
	bool partial;
	int32_t code; /* 0: the rest holds; else an errno, and said the reason */
	bool done;
	struct stray subject;
	char trouble[sizeof(((struct strays *)0)->trouble)];
	char said[STRAYS_SAID];
};

#define MOST_BYTES (2 * (sizeof(struct head) + STRAYS_MAX * sizeof(struct stray)))

void strays_result_fini(struct strays_result *r)
{
	free(r->list.prog);
	memset(r, 0, sizeof(*r));
}

/* --- rights --- */

static bool has_cap(unsigned cap)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (syscall(SYS_capget, &head, data))
		return true; /* what it takes will say so itself */
	return data[cap / 32].effective & (1u << cap % 32);
}

static const char *lacks_what(enum strays_act act)
{
	if (!has_cap(CAP_SYS_ADMIN))
		return "CAP_SYS_ADMIN";
	if ((act == STRAYS_DETACH || act == STRAYS_CLEAN) && !has_cap(CAP_NET_ADMIN))
		return "CAP_NET_ADMIN";
	if ((act == STRAYS_STOP || act == STRAYS_CLEAN) && !has_cap(CAP_KILL))
		return "CAP_KILL";
	return NULL;
}

int strays_may(enum strays_act act, uint32_t id, struct vx_err *err)
{
	static const char *const verb[] = { "", " detach", " stop", " clean" };
	const char *lacks = lacks_what(act);
	char which[16] = "";

	if (!lacks)
		return 0;
	if (id)
		snprintf(which, sizeof(which), " %u", id);
	return vx_err_set(err, -EPERM,
			  "needs %s, which this process has not; try: sudo vxconsole strays%s%s",
			  lacks, verb[act], which);
}

bool scan_lacks_ptrace(void)
{
	return !has_cap(CAP_SYS_PTRACE);
}

/* --- in the child --- */

struct child {
	struct scan s;
	struct head h;
	struct strays_result r;
	const struct strays_ask *ask;
};

static void put(const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(PIPE_FD, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(1);
		p += n;
		len -= (size_t)n;
	}
}

static void tell(struct child *c, const struct strays *list)
{
	struct head *h = &c->h;

	h->n = list->n;
	h->more = list->more;
	h->partial = list->partial;
	h->size = (uint32_t)(sizeof(*h) + list->n * sizeof(*list->prog));
	h->done = c->r.done;
	h->subject = c->r.subject;
	memcpy(h->trouble, list->trouble, sizeof(h->trouble));
	memcpy(h->said, c->r.said, sizeof(h->said));
	put(h, sizeof(*h));
	put(list->prog, list->n * sizeof(*list->prog));
}

/* A first look; who asked for more than a list waits for the end. */
static void tell_early(void *ctx)
{
	static struct stray copy[STRAYS_MAX];
	struct child *c = ctx;
	struct strays list = c->r.list;

	if (c->ask->act != STRAYS_LIST)
		return;
	memcpy(copy, list.prog, list.n * sizeof(*copy));
	list.prog = copy;
	snprintf(list.trouble, sizeof(list.trouble),
		 "%spins in other mount namespaces could not be read in time",
		 list.partial ? STRAYS_NOT_ALL " in time; " : "");
	strays_judge(&list, &c->ask->self);
	tell(c, &list);
}

static void work(const struct strays_ask *ask)
{
	static struct child c; /* large */
	static struct stray prog[STRAYS_MAX];
	struct vx_err err;

	if (ask->unasked && nice(19) < 0)
		errno = 0; /* then at that of others */
	c.ask = ask;
	c.r.list.prog = prog;
	c.s.list = &c.r.list;
	c.s.home = HOME_FD;
	c.h.code = strays_scan(&c.s, ask, tell_early, &c, &err);
	if (c.h.code) {
		snprintf(c.r.said, sizeof(c.r.said), "%s", err.msg);
		tell(&c, &c.r.list);
		return;
	}
	strays_judge(&c.r.list, &ask->self);
	strays_act(&c.s, ask, &c.r);
	tell(&c, &c.r.list);
}

static void leave(int to, pid_t parent)
{
	sigset_t none;
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	prctl(PR_SET_NAME, "vx-strays");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	/* Both out of the way first: either may have the other's number. */
	to = fcntl(to, F_DUPFD, 10);
	home = fcntl(home, F_DUPFD, 10);
	if (to < 0 || home < 0 || dup2(to, PIPE_FD) < 0 || dup2(home, HOME_FD) < 0)
		_exit(1);
	close_range(HOME_FD + 1, ~0U, 0);
	for (int fd = 0; fd < PIPE_FD; fd++)
		close(fd);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_IGN);
}

/* --- in the parent --- */

int strays_job_start(struct strays_job *j, const struct strays_ask *ask, struct vx_err *err)
{
	int ms = ask->act == STRAYS_LIST ? LIST_MS : ACT_MS;
	struct strays_ask mine;
	pid_t parent = getpid();
	int fds[2];

	memset(j, 0, sizeof(*j));
	j->fd = -1;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return vx_err_set(err, -errno, "pipe: %s", strerror(errno));
	j->pid = fork();
	if (!j->pid) {
		mine = *ask;
		strays_own(&mine.self);
		leave(fds[1], parent);
		work(&mine);
		_exit(0);
	}
	close(fds[1]);
	if (j->pid < 0) {
		int rc = vx_err_set(err, -errno, "fork: %s", strerror(errno));

		close(fds[0]);
		j->pid = 0;
		return rc;
	}
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	j->fd = fds[0];
	j->deadline_ns = scan_now_ns() + (uint64_t)ms * 1000000;
	return 0;
}

/* The last whole answer in what came. */
static const struct head *last_answer(const struct strays_job *j)
{
	const struct head *found = NULL;
	size_t at = 0;

	while (j->n - at >= sizeof(struct head)) {
		const struct head *h = (const void *)(j->buf + at);

		if (h->size < sizeof(*h) || h->size > j->n - at ||
		    h->size != sizeof(*h) + h->n * sizeof(struct stray))
			break;
		found = h;
		at += h->size;
	}
	return found;
}

static int take_answer(const struct strays_job *j, struct strays_result *r, struct vx_err *err)
{
	const struct head *h = last_answer(j);

	memset(r, 0, sizeof(*r));
	if (!h)
		return vx_err_set(err, -ETIMEDOUT,
				  "the kernel's programs could not be read in time");
	if (h->code)
		return vx_err_set(err, h->code, "%.200s", h->said);
	r->list.prog = malloc(h->n * sizeof(struct stray) + 1);
	if (!r->list.prog)
		return vx_err_set(err, -ENOMEM, "no memory");
	memcpy(r->list.prog, h + 1, h->n * sizeof(struct stray));
	r->list.n = h->n;
	r->list.more = h->more;
	r->list.partial = h->partial;
	r->done = h->done;
	r->subject = h->subject;
	memcpy(r->list.trouble, h->trouble, sizeof(h->trouble));
	memcpy(r->said, h->said, sizeof(h->said));
	return 1;
}

/* true: nothing more comes. */
static bool take_bytes(struct strays_job *j)
{
	for (;;) {
		ssize_t n;

		if (j->size - j->n < 65536) {
			char *more = j->n < MOST_BYTES ? realloc(j->buf, j->size + 262144) : NULL;

			if (!more)
				return true;
			j->buf = more;
			j->size += 262144;
		}
		n = read(j->fd, j->buf + j->n, j->size - j->n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0 || errno != EAGAIN;
		j->n += (size_t)n;
	}
}

int strays_job_read(struct strays_job *j, struct strays_result *r, struct vx_err *err)
{
	int rc;

	if (!take_bytes(j) && scan_now_ns() < j->deadline_ns)
		return 0;
	rc = take_answer(j, r, err);
	strays_job_end(j);
	return rc;
}

/* One that hangs in the kernel ends when that lets go of it; who asked does not wait for that. */
void strays_job_end(struct strays_job *j)
{
	if (j->pid > 0) {
		kill(j->pid, SIGKILL);
		for (int ms = 0; ms < 20 && waitpid(j->pid, NULL, WNOHANG) == 0; ms++)
			poll(NULL, 0, 1);
	}
	if (j->fd >= 0)
		close(j->fd);
	free(j->buf);
	memset(j, 0, sizeof(*j));
	j->fd = -1;
}

static int run(const struct strays_ask *ask, struct strays_result *r, struct vx_err *err)
{
	struct strays_job j;
	int rc = strays_job_start(&j, ask, err);

	while (!rc) {
		struct pollfd p = { .fd = j.fd, .events = POLLIN };

		poll(&p, 1, 50);
		rc = strays_job_read(&j, r, err);
	}
	return rc < 0 ? rc : 0;
}

/* A list that is not whole is asked for once more: nobody comes back for it later. */
int strays_run(const struct strays_ask *ask, struct strays_result *r, struct vx_err *err)
{
	int rc = run(ask, r, err);

	if (rc || ask->act != STRAYS_LIST || !r->list.partial)
		return rc;
	strays_result_fini(r);
	return run(ask, r, err);
}
