/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changes while the workers run. Each is one word that they look at between two batches, so no
 * record is lost by it. Runs on the engine's thread.
 */
#include "inj_int.h"

#include <errno.h>
#include <string.h>

#include "clock.h"

#define CHANGE_NS 1000000000 /* for every worker to go over to the new egress */
#define LOOK_NS	  100000

void inj_set_batch(struct inj *inj, unsigned batch)
{
	if (batch < 1)
		batch = 1;
	if (batch > INJ_MAX_BATCH)
		batch = INJ_MAX_BATCH;
	atomic_store_explicit(&inj->env.batch, batch, memory_order_relaxed);
}

static void kick_all(struct inj *inj)
{
	unsigned i;

	for (i = 0; i < inj->n; i++)
		worker_kick(&inj->workers[i]);
}

void inj_set_busy_poll(struct inj *inj, bool on)
{
	atomic_store_explicit(&inj->env.busy_poll, on, memory_order_relaxed);
	kick_all(inj);
}

void inj_set_dispatch(struct inj *inj, enum inj_dispatch dispatch)
{
	unsigned i;

	/* The rings first: from here on their owner waits for others' claims, and others get no new
	 * one. */
	for (i = 0; i < inj->n; i++)
		ring_set_owned(&inj->rings[i], dispatch == INJ_FLOW);
	atomic_store_explicit(&inj->env.dispatch, dispatch, memory_order_relaxed);
	kick_all(inj);
}

void inj_set_link(struct inj *inj, bool up, uint32_t mtu)
{
	atomic_store_explicit(&inj->env.egress.mtu, mtu, memory_order_relaxed);
	atomic_store_explicit(&inj->env.egress.link_down, !up, memory_order_relaxed);
}

int inj_pin(struct inj *inj, unsigned i)
{
	cpu_set_t set = inj->allowed;

	if (inj->n_cpus) {
		CPU_ZERO(&set);
		CPU_SET((size_t)inj->cpus[i % inj->n_cpus], &set);
	}
	return -pthread_setaffinity_np(inj->workers[i].thread, sizeof(set), &set);
}

static void keep_cpus(struct inj *inj, const int *cpus, unsigned n)
{
	inj->n_cpus = n;
	atomic_store_explicit(&inj->env.alone, n >= inj->n || inj->n == 1, memory_order_relaxed);
	if (n)
		memmove(inj->cpus, cpus, n * sizeof(*cpus));
}

int inj_set_cpus(struct inj *inj, const int *cpus, unsigned n, struct vx_err *err)
{
	unsigned old_n = inj->n_cpus, i;
	int old[INJ_MAX_WORKERS], code;

	if (n > INJ_MAX_WORKERS)
		n = INJ_MAX_WORKERS; /* worker i takes cpus[i % n]: no more are ever looked at */
	for (i = 0; i < n; i++)
		if (cpus[i] < 0 || cpus[i] >= CPU_SETSIZE)
			return vx_err_set(err, -EINVAL, "cpus: %d: no such CPU", cpus[i]);
	memcpy(old, inj->cpus, sizeof(old));
	keep_cpus(inj, cpus, n);
	for (i = 0; i < inj->n && inj->running; i++) {
		code = inj_pin(inj, i);
		if (!code)
			continue;
		vx_err_set(err, code, "cpus: worker %u: CPU %d is not there or not allowed", i,
			   n ? cpus[i % n] : -1);
		keep_cpus(inj, old, old_n);
		for (i = 0; i < inj->n; i++)
			(void)inj_pin(inj, i); /* as it was a moment ago */
		return code;
	}
	return 0;
}

/* Closes what the worker has left; false when it has not gone over yet. */
static bool close_left(struct worker *w)
{
	/* A2: pairs with R2 in change_egress() */
	if (atomic_load_explicit(&w->next, memory_order_acquire))
		return false;
	if (w->old)
		w->old->ops->close(w->old);
	w->old = NULL;
	return true;
}

static void hand_over(struct worker *w, struct egress *e)
{
	w->old = w->open;
	w->open = e;
	if (!w->running) {
		w->egress = e;
		return;
	}
	/* R1: pairs with A1 in change_egress() */
	atomic_store_explicit(&w->next, e, memory_order_release);
	worker_kick(w);
}

int inj_set_egress(struct inj *inj, enum inj_egress_kind kind, int ifindex, bool qdisc_bypass,
		   struct vx_err *err)
{
	uint64_t deadline = clock_ns() + CHANGE_NS;
	struct egress *e[INJ_MAX_WORKERS];
	struct inj_egress_now now;
	unsigned i;
	int code;

	for (i = 0; i < inj->n; i++)
		if (!close_left(&inj->workers[i]))
			return vx_err_set(err, -EBUSY,
					  "egress: worker %u has not finished the last change", i);
	code = inj_open_egress(inj, kind, NULL, ifindex, qdisc_bypass, e, &now, err);
	if (code)
		return code;
	inj->egress = now;
	for (i = 0; i < inj->n; i++)
		hand_over(&inj->workers[i], e[i]);
	/* One that is stuck goes over when it comes back; its old one is closed next time, or at
	 * the end. */
	for (i = 0; i < inj->n; i++)
		while (!close_left(&inj->workers[i]) && clock_ns() < deadline)
			clock_sleep_ns(LOOK_NS);
	return 0;
}
