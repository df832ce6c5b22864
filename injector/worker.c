/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The worker's loop: claim a batch, send it out of ring memory, complete it; with nothing left,
 * sleep until the program wakes it. No allocation, no lock, no log on this thread.
 *
 * Not waking per packet: a worker that has been woken is woken no more until it has run; and when
 * records come fast it rests, a pause without telling anybody, so that a batch collects. Not losing
 * the last one: before it sleeps it says so, and looks at the producer position after (see struct
 * vx_wake).
 */
#include "worker.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"

#define PAUSE_MAX_NS 50000    /* far below what a ring holds */
#define FULL_GAP_NS  1562     /* 640,000/s: it is as long as that, for 32 records */
#define REST_GAP_NS  5000     /* 200,000/s: slower than that nobody pauses */
#define WINDOW_NS    200000   /* the gap is the mean of so long at least */
#define WORKER_NICE  (-10)    /* before what else runs on this machine */
#define REALTIME     1	      /* the lowest priority of these: behind threads of interrupts */
#define SHARE_NS     1000000  /* of so long it has to sleep a quarter, ... */
#define REGAIN_NS    10000000 /* ... or is so long as others are */
#define SLEEP_MS     10	      /* the safety net, should a wake-up ever be lost */
#define SILENT_MS    100      /* the same once there has been nothing for 100 times that */
#define PENDING_MS   1	      /* the same while fragments are held or frames with the device */

static int watch(int epfd, int fd)
{
	/* Edge-triggered: a ring stays readable while others work on what they claimed from it. */
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET };

	return epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

static int open_wait(struct worker *w, const int *wake_fds, enum inj_dispatch dispatch)
{
	unsigned i;
	int code;

	w->wait[dispatch] = epoll_create1(EPOLL_CLOEXEC);
	if (w->wait[dispatch] < 0)
		return -errno;
	code = watch(w->wait[dispatch], w->kick_fd);
	for (i = 0; i < w->env->n_workers && !code; i++)
		if (i == w->id || dispatch == INJ_SPREAD)
			code = watch(w->wait[dispatch], wake_fds[i]);
	return code;
}

int worker_init(struct worker *w, struct worker_env *env, unsigned id, const int *wake_fds,
		struct vx_err *err)
{
	int code = 0;

	memset(w, 0, sizeof(*w));
	w->env = env;
	w->id = id;
	w->wait[INJ_FLOW] = w->wait[INJ_SPREAD] = -1;
	w->spare = calloc(1, sizeof(*w->spare));
	w->kick_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->kick_fd < 0)
		code = -errno;
	else if (!w->spare)
		code = -ENOMEM;
	if (!code)
		code = open_wait(w, wake_fds, INJ_FLOW);
	if (!code)
		code = open_wait(w, wake_fds, INJ_SPREAD);
	if (!code)
		return 0;
	worker_fini(w);
	return vx_err_set(err, code, "worker %u: %s", id, strerror(-code));
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void worker_fini(struct worker *w)
{
	close_fd(&w->wait[INJ_FLOW]);
	close_fd(&w->wait[INJ_SPREAD]);
	close_fd(&w->kick_fd);
	free(w->spare);
	w->spare = NULL;
}

void worker_kick(struct worker *w)
{
	uint64_t one = 1;

	/* Each write is a new edge; nobody reads, and it would take 2^64 writes to fill up. */
	if (write(w->kick_fd, &one, sizeof(one)) < 0)
		return;
}

void worker_flush(struct worker *w)
{
	unsigned i;

	if (w->n_out)
		w->egress->ops->send(w->egress, w->out, w->n_out);
	w->n_out = 0;
	for (i = 0; i < w->n_back; i++)
		if (w->back[i] != w->spare)
			held_put(&w->env->held, w->back[i]);
	w->n_back = 0;
}

static void push(struct worker *w, const struct vx_record *rec, uint64_t claim_ns)
{
	if (w->n_out == INJ_MAX_BATCH)
		worker_flush(w);
	w->out[w->n_out++] = (struct egress_frame){ rec, claim_ns };
}

void worker_push_held(struct worker *w, struct held_slot *s)
{
	push(w, &s->rec, s->claim_ns);
	w->back[w->n_back++] = s;
}

static void note_pending(struct worker *w)
{
	unsigned out = w->egress->ops->poll ? w->egress->ops->poll(w->egress) : 0;

	/* R5: what is not pending any more has its row; pairs with A5 in inj_in_flight() */
	atomic_store_explicit(&w->st.pending, w->held.n + out, memory_order_release);
}

static unsigned max_batch(const struct worker *w)
{
	return atomic_load_explicit(&w->env->batch, memory_order_relaxed);
}

static bool claim(struct worker *w)
{
	struct worker_env *env = w->env;
	unsigned i, n = env->n_workers, max = max_batch(w);

	if (ring_claim(&env->rings[w->id], &w->claim, max, true))
		return true;
	if (!w->spread)
		return false;
	for (i = 1; i < n; i++)
		if (ring_claim(&env->rings[(w->id + i) % n], &w->claim, max, false))
			return true;
	return false;
}

static void note_gap(struct worker *w)
{
	uint64_t took = w->claim_ns - w->since_ns;

	w->n_since += w->claim.n;
	if (took < WINDOW_NS)
		return;
	w->gap_ns = took / w->n_since;
	w->since_ns = w->claim_ns;
	w->n_since = 0;
}

/* Not two of one CPU: they could take turns in not sleeping. */
static bool may_be_realtime(const struct worker *w)
{
	return atomic_load_explicit(&w->env->alone, memory_order_relaxed);
}

/*
 * A worker that sleeps between records runs at once when it is woken (SCHED_FIFO): by its nice
 * value alone it waits until the slice of what runs there is over, which may be milliseconds. One
 * that hardly sleeps shares the CPU as all do, or nothing else would run there.
 */
static void set_realtime(struct worker *w, bool on, uint64_t now_ns)
{
	const struct sched_param param = { .sched_priority = on ? REALTIME : 0 };

	(void)sched_setscheduler(0, on ? SCHED_FIFO : SCHED_OTHER, &param); /* refused: as it was */
	w->realtime = on;
	w->realtime_ns = now_ns;
	w->slept_ns = 0;
}

static void note_run(struct worker *w, uint64_t now_ns)
{
	uint64_t took = now_ns - w->realtime_ns;

	if (!w->realtime || took < SHARE_NS)
		return;
	if (w->slept_ns < took / 4 || !may_be_realtime(w))
		set_realtime(w, false, now_ns);
	else
		w->realtime_ns = now_ns;
	w->slept_ns = 0;
}

static void take_batch(struct worker *w)
{
	uint64_t end;
	unsigned i;

	w->claim_ns = clock_ns();
	ring_note_used(w->claim.ring);
	for (i = 0; i < w->claim.n; i++) {
		const struct vx_record *rec = w->claim.rec[i];

		if (rec->flags & VX_REC_HELD) {
			worker_hold(w, rec);
			continue;
		}
		if (w->held.n && (rec->flags & VX_REC_FRAG))
			worker_hold_before(w, rec);
		push(w, rec, w->claim_ns);
	}
	worker_flush(w);
	note_pending(w); /* before the ring forgets them */
	ring_complete(&w->claim);
	end = clock_ns();
	stats_add(&w->st.batches, 1);
	stats_add(&w->st.busy_ns, end - w->claim_ns);
	stats_set(&w->st.last_progress_ns, end);
	worker_hold_tick(w, end);
	note_gap(w);
	note_run(w, end);
}

static bool serves(const struct worker *w, unsigned ring)
{
	return w->spread || ring == w->id;
}

static bool has_work(const struct worker *w)
{
	unsigned i;

	for (i = 0; i < w->env->n_workers; i++)
		if (serves(w, i) && ring_has_work(&w->env->rings[i]))
			return true;
	return false;
}

static void say_sleeping(struct worker *w, bool sleeping)
{
	unsigned i;

	for (i = 0; i < w->env->n_workers; i++) {
		if (!serves(w, i))
			continue;
		if (!sleeping) {
			atomic_fetch_sub_explicit(w->env->sleepers[i], 1, memory_order_seq_cst);
			continue;
		}
		/* seq_cst: both before the look at the producer position that follows, see
		 * ring_has_work() */
		atomic_fetch_add_explicit(w->env->sleepers[i], 1, memory_order_seq_cst);
		atomic_store_explicit(w->env->woken[i], 0, memory_order_seq_cst);
	}
}

static void note_cpu(struct worker *w)
{
	atomic_store_explicit(&w->st.cpu, sched_getcpu(), memory_order_relaxed);
}

/* The time was over and there is a record, but no wake-up even now. */
static void note_late(struct worker *w, int epfd)
{
	struct epoll_event ev;
	unsigned i;

	for (i = 0; i < w->env->n_workers; i++) {
		struct ring *r = &w->env->rings[i];

		if (!serves(w, i) || !ring_is_ready(r) || epoll_wait(epfd, &ev, 1, 0) != 0)
			continue;
		stats_add(&w->st.late_wakeups, 1);
		atomic_fetch_add_explicit(&r->late, 1, memory_order_relaxed);
	}
}

static void sleep_until_woken(struct worker *w, uint64_t now_ns)
{
	int epfd = w->wait[w->spread ? INJ_SPREAD : INJ_FLOW];
	bool waits = stats_get(&w->st.pending) > 0;
	struct epoll_event ev[4];
	int n = 1;

	if (!w->realtime && may_be_realtime(w) && now_ns - w->realtime_ns > REGAIN_NS)
		set_realtime(w, true, now_ns);
	say_sleeping(w, true);
	if (!has_work(w)) {
		n = epoll_wait(epfd, ev, 4,
			       waits		   ? PENDING_MS
			       : w->n_silent < 100 ? SLEEP_MS
						   : SILENT_MS);
		w->slept_ns += clock_ns() - now_ns;
	}
	if (n == 0 && !waits)
		note_late(w, epfd);
	if (!waits)
		w->n_silent = n ? 0 : w->n_silent + 1;
	say_sleeping(w, false);
}

/* Whether records come fast, and too little is left for another batch of its own. */
static bool wants_rest(const struct worker *w)
{
	const struct ring_claim *c = &w->claim;
	uint64_t left;

	if (w->gap_ns > REST_GAP_NS)
		return false;
	if (w->spread)
		return c->n < max_batch(w) && !has_work(w);
	left = ring_producer_pos(c->ring) - c->end;
	return c->n < max_batch(w) || left < (c->end - c->start) / 2;
}

/*
 * Lets a batch collect, for a time that grows with the rate. That saves system calls and sleeps,
 * and keeps away from the records that the program is just writing: each look at them takes their
 * memory from its CPU.
 */
static void rest(struct worker *w)
{
	uint64_t start = clock_ns(), pause = PAUSE_MAX_NS;

	if (w->gap_ns > FULL_GAP_NS)
		pause = PAUSE_MAX_NS * FULL_GAP_NS / w->gap_ns;
	clock_sleep_ns(pause);
	note_cpu(w);
	stats_add(&w->st.idle_ns, clock_ns() - start);
}

static bool busy_polls(const struct worker *w)
{
	return atomic_load_explicit(&w->env->busy_poll, memory_order_relaxed);
}

/* Nothing could be claimed. False: nothing will be, and the thread is to leave. */
static bool idle(struct worker *w, unsigned phase)
{
	uint64_t start = clock_ns();
	unsigned i;

	note_run(w, start);
	for (i = 0; i < w->env->n_workers; i++)
		if (serves(w, i))
			ring_publish(&w->env->rings[i]);
	worker_hold_tick(w, start);
	note_pending(w);
	if (has_work(w)) { /* not committed yet, or to be ours when an earlier claim is completed */
		sched_yield();
		return true;
	}
	stats_set(&w->st.last_progress_ns, start);
	if (phase == WORKER_DRAIN && !stats_get(&w->st.pending))
		return false;
	if (busy_polls(w))
		sched_yield(); /* to another worker, should they share the CPU */
	else
		sleep_until_woken(w, start);
	note_cpu(w);
	stats_add(&w->st.idle_ns, clock_ns() - start);
	return true;
}

static void finish(struct worker *w)
{
	if (w->egress->ops->finish)
		w->egress->ops->finish(w->egress);
}

/* Goes over to another egress when the engine has put one there, with nothing outstanding. */
static void change_egress(struct worker *w)
{
	/* A1: pairs with R1 in hand_over(): the egress is open */
	struct egress *next = atomic_load_explicit(&w->next, memory_order_acquire);

	if (!next)
		return;
	finish(w);
	atomic_store_explicit(&w->st.xdp_err, 0, memory_order_relaxed);
	w->egress = next;
	/* R2: the old one is not used any more; pairs with A2 in close_left() */
	atomic_store_explicit(&w->next, NULL, memory_order_release);
}

static bool turn(struct worker *w)
{
	/* A3: pairs with R3 in set_phase() */
	unsigned phase = atomic_load_explicit(&w->env->phase, memory_order_acquire);

	if (phase == WORKER_ABORT)
		return false;
	change_egress(w);
	w->spread = atomic_load_explicit(&w->env->dispatch, memory_order_relaxed) == INJ_SPREAD;
	if (!claim(w))
		return idle(w, phase);
	take_batch(w);
	if (!busy_polls(w) && wants_rest(w))
		rest(w);
	return true;
}

static void *thread_main(void *arg)
{
	struct worker *w = arg;

	prctl(PR_SET_TIMERSLACK, 1000UL); /* the default is as long as the pause */
	atomic_store_explicit(&w->st.tid, gettid(), memory_order_relaxed);
	/* Of this thread alone. A worker that waits for a busy CPU is what a ring overflows by;
	 * refused: as it was. */
	(void)setpriority(PRIO_PROCESS, 0, WORKER_NICE);
	atomic_store_explicit(&w->st.cpu, sched_getcpu(), memory_order_relaxed);
	stats_set(&w->st.last_progress_ns, clock_ns());
	while (turn(w))
		;
	worker_hold_end(w);
	finish(w);
	note_pending(w);
	/* R4: the last word of this thread; pairs with A4 in join_until() */
	atomic_store_explicit(&w->left, true, memory_order_release);
	return NULL;
}

/* pthread_* returns the errno as it is; ours are negative. */
int worker_start(struct worker *w, struct vx_err *err)
{
	sigset_t all, old;
	char name[16];
	int code;

	atomic_store_explicit(&w->left, false, memory_order_relaxed);
	sigfillset(&all);
	code = -pthread_sigmask(SIG_SETMASK, &all, &old); /* signals are the engine's */
	if (!code) {
		code = -pthread_create(&w->thread, NULL, thread_main, w);
		(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	}
	if (code)
		return vx_err_set(err, code, "worker %u: start: %s", w->id, strerror(-code));
	w->running = true;
	snprintf(name, sizeof(name), "vx-inj-%u", w->id);
	(void)pthread_setname_np(w->thread, name); /* for people only */
	return 0;
}
