/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The injector's life: new, start, stop, free. Everything here runs on the engine's thread; the
 * workers are in worker.c. Live changes are in inj_live.c, what the engine reads in inj_read.c.
 */
#include "inj_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

#define STOP_NS 1000000000 /* for the threads to leave, once the drain is over */
#define LOOK_NS 200000	   /* between two looks whether they have */

static int check(const struct inj_cfg *cfg, struct vx_err *err)
{
	if (cfg->n_workers < 1 || cfg->n_workers > INJ_MAX_WORKERS)
		return vx_err_set(err, -EINVAL, "injector: %u workers: 1 to %d", cfg->n_workers,
				  INJ_MAX_WORKERS);
	if (cfg->batch < 1 || cfg->batch > INJ_MAX_BATCH)
		return vx_err_set(err, -EINVAL, "injector: batch %u: 1 to %d", cfg->batch,
				  INJ_MAX_BATCH);
	return 0;
}

static void *zalloc_lines(size_t n, size_t size)
{
	void *p = aligned_alloc(128,
				n * size); /* sizes of over-aligned structs are multiples of it */

	return p ? memset(p, 0, n * size) : NULL;
}

static int open_all(struct inj *inj, const struct inj_cfg *cfg, struct vx_err *err)
{
	const int *wake_fds = cfg->wake_fds ? cfg->wake_fds : cfg->ring_fds;
	struct egress *e[INJ_MAX_WORKERS];
	unsigned i;
	int code;

	for (i = 0; i < inj->n; i++) {
		code = ring_open(&inj->rings[i], cfg->ring_fds[i], cfg->ring_sizes[i],
				 cfg->dispatch == INJ_FLOW, err);
		if (code)
			return code;
		inj->n_rings_open++;
		inj->env.sleepers[i] = (_Atomic uint32_t *)(void *)&cfg->wake[i].sleepers;
		inj->env.woken[i] = (_Atomic uint32_t *)(void *)&cfg->wake[i].woken;
	}
	for (i = 0; i < inj->n; i++) {
		code = worker_init(&inj->workers[i], &inj->env, i, wake_fds, err);
		if (code)
			return code;
		inj->n_workers_open++;
	}
	code = inj_open_egress(inj, cfg->egress, cfg->egress_ops, cfg->egress_ifindex,
			       cfg->qdisc_bypass, e, &inj->egress, err);
	if (code)
		return code;
	for (i = 0; i < inj->n; i++)
		inj->workers[i].open = inj->workers[i].egress = e[i];
	return 0;
}

int inj_new(struct inj **out, const struct inj_cfg *cfg, struct vx_err *err)
{
	struct inj *inj;
	int code = check(cfg, err);

	if (code)
		return code;
	inj = zalloc_lines(1, (sizeof(*inj) + 127) & ~127UL);
	if (!inj)
		return vx_err_set(err, -ENOMEM, "injector: no memory");
	inj->n = inj->env.n_workers = cfg->n_workers;
	inj->workers = zalloc_lines(inj->n, sizeof(*inj->workers));
	inj->rings = inj->env.rings = zalloc_lines(inj->n, sizeof(*inj->rings));
	inj->zerocopy = cfg->zerocopy;
	inj->env.frag = cfg->frag;
	inj->env.frag_ctx = cfg->frag_ctx;
	atomic_init(&inj->env.batch, cfg->batch);
	atomic_init(&inj->env.busy_poll, cfg->busy_poll);
	atomic_init(&inj->env.dispatch, cfg->dispatch);
	sched_getaffinity(0, sizeof(inj->allowed), &inj->allowed);
	code = inj_set_cpus(inj, cfg->cpus, cfg->n_cpus, err);
	if (!code && (!inj->workers || !inj->rings || held_init(&inj->env.held)))
		code = vx_err_set(err, -ENOMEM, "injector: no memory");
	if (!code)
		code = open_all(inj, cfg, err);
	if (code) {
		inj_free(inj);
		return code;
	}
	*out = inj;
	return 0;
}

int inj_start(struct inj *inj, struct vx_err *err)
{
	unsigned i;
	int code = 0;

	atomic_store_explicit(&inj->env.phase, WORKER_RUN, memory_order_relaxed);
	atomic_store_explicit(&inj->env.egress.give_up, false, memory_order_relaxed);
	inj->running = true;
	for (i = 0; i < inj->n && !code; i++) {
		code = worker_start(&inj->workers[i], err);
		if (!code && inj->n_cpus && inj_pin(inj, i))
			code = vx_err_set(err, -EINVAL,
					  "worker %u: CPU %d is not there or not allowed", i,
					  inj->cpus[i % inj->n_cpus]);
	}
	if (code)
		(void)!inj_stop(inj, 0, NULL);
	return code;
}

static void set_phase(struct inj *inj, enum worker_phase phase)
{
	unsigned i;

	/* R3: pairs with A3 in turn() */
	atomic_store_explicit(&inj->env.phase, phase, memory_order_release);
	for (i = 0; i < inj->n; i++)
		worker_kick(&inj->workers[i]);
}

/* Joins the threads that leave until the deadline; returns the first that did not, or inj->n. */
static unsigned join_until(struct inj *inj, uint64_t deadline)
{
	unsigned i;

	for (i = 0; i < inj->n; i++) {
		struct worker *w = &inj->workers[i];

		if (!w->running)
			continue;
		/* A4: pairs with R4 in thread_main() */
		while (!atomic_load_explicit(&w->left, memory_order_acquire)) {
			if (clock_ns() >= deadline)
				return i;
			clock_sleep_ns(LOOK_NS);
		}
		pthread_join(w->thread, NULL);
		w->running = false;
	}
	return inj->n;
}

int inj_stop(struct inj *inj, unsigned drain_ms, struct vx_err *err)
{
	uint64_t now = clock_ns(), left = 0;
	unsigned i;

	if (!inj->running)
		return 0;
	set_phase(inj, WORKER_DRAIN);
	i = join_until(inj, now + (uint64_t)drain_ms * 1000000);
	if (i < inj->n) {
		atomic_store_explicit(&inj->env.egress.give_up, true, memory_order_relaxed);
		set_phase(inj, WORKER_ABORT);
		i = join_until(inj, clock_ns() + STOP_NS);
	}
	if (i < inj->n) {
		uint64_t since = stats_get(&inj->workers[i].st.last_progress_ns);

		return vx_err_set(err, -ETIMEDOUT,
				  "worker %u did not stop, no progress for %llu ms", i,
				  (unsigned long long)((clock_ns() - since) / 1000000));
	}
	inj->running = false;
	for (i = 0; i < inj->n; i++) {
		ring_publish(&inj->rings[i]);
		left += ring_in_flight(&inj->rings[i]);
	}
	if (left)
		return vx_err_set(err, -EAGAIN,
				  "injector: %llu records left in the rings after %u ms",
				  (unsigned long long)left, drain_ms);
	return 0;
}

void inj_free(struct inj *inj)
{
	unsigned i;

	if (!inj)
		return;
	if (inj->running && inj_stop(inj, 0, NULL) == -ETIMEDOUT)
		return; /* a thread still uses it all: lost memory is better than its crash */
	for (i = 0; i < inj->n_workers_open; i++) {
		struct worker *w = &inj->workers[i];

		if (w->old)
			w->old->ops->close(w->old);
		if (w->open)
			w->open->ops->close(w->open);
		worker_fini(w);
	}
	for (i = 0; i < inj->n_rings_open; i++)
		ring_close(&inj->rings[i]);
	held_fini(&inj->env.held);
	free(inj->workers);
	free(inj->rings);
	free(inj);
}
