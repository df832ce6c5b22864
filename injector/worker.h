/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A worker: the thread that claims, sends and completes. Only injector/ includes this.
 */
#ifndef INJECTOR_WORKER_H
#define INJECTOR_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "egress.h"
#include "held.h"
#include "ring.h"
#include "stats.h"

enum worker_phase {
	WORKER_RUN,
	WORKER_DRAIN, /* leave when the rings are empty and nothing is held */
	WORKER_ABORT, /* leave after the batch at hand */
};

/* What the workers share. */
struct worker_env {
	/* const after start */
	unsigned n_workers;
	struct ring *rings;			     /* n_workers of them */
	_Atomic uint32_t *sleepers[INJ_MAX_WORKERS]; /* of struct vx_wake */
	_Atomic uint32_t *woken[INJ_MAX_WORKERS];
	inj_frag_fn frag;
	void *frag_ctx;
	struct held_pool held;

	/* [engine -> inj-N] */
	_Atomic unsigned phase;	   /* enum worker_phase */
	_Atomic unsigned dispatch; /* enum inj_dispatch */
	_Atomic unsigned batch;
	_Atomic bool busy_poll;
	_Atomic bool alone; /* no two workers have the same CPU */
	struct egress_env egress;
};

struct worker {
	/* const after start */
	struct worker_env *env;
	unsigned id;
	int kick_fd; /* eventfd: look at env again */
	int wait[2]; /* epoll: kick_fd and the rings it serves, by enum inj_dispatch */

	/* [engine] */
	pthread_t thread;
	bool running;
	struct egress *open; /* what it uses, or goes over to */
	struct egress *old;  /* what it may still use, to be closed after */

	_Atomic(struct egress *)
		next;	   /* [engine -> inj-N] to change to; the worker sets it to NULL */
	_Atomic bool left; /* [inj-N -> engine] the thread is about to end */

	/* [inj-N] */
	struct egress *egress;
	bool spread;
	uint64_t gap_ns;	    /* between two records, as of late */
	uint64_t since_ns, n_since; /* when that was reckoned, records since */
	unsigned n_silent;	    /* sleeps that ended by the time, in a row */
	bool realtime;
	uint64_t realtime_ns, slept_ns; /* since when; of that, or of its last part */
	uint64_t claim_ns, next_ask_ns;
	struct ring_claim claim;
	struct held_queue held;
	struct held_slot *spare; /* rewritten and sent at once, when the pool is empty */
	unsigned n_out, n_back;
	struct egress_frame out[INJ_MAX_BATCH];
	struct held_slot *back[INJ_MAX_BATCH]; /* slots among out[] */

	struct stats st; /* [inj-N -> engine] */
};

/* id's eventfd and epolls; wake_fds: one a ring. The egress comes by `egress` and `open`. */
int worker_init(struct worker *w, struct worker_env *env, unsigned id, const int *wake_fds,
		struct vx_err *err) __attribute__((warn_unused_result));
void worker_fini(struct worker *w); /* not the egress */
int worker_start(struct worker *w, struct vx_err *err) __attribute__((warn_unused_result));
/* Wakes it up to look at env. */
void worker_kick(struct worker *w);

/* --- worker_held.c, on the worker's thread */
/* A record flagged VX_REC_HELD: sends, keeps or gives up. Its ring memory is free afterwards. */
void worker_hold(struct worker *w, const struct vx_record *rec);
/* Before a fragment with a verdict: those of its datagram that came earlier go first. */
void worker_hold_before(struct worker *w, const struct vx_record *rec);
/* Asks again for all that is held, gives up what is over time. */
void worker_hold_tick(struct worker *w, uint64_t now);
/* Gives up all. */
void worker_hold_end(struct worker *w);

/* --- worker.c, for worker_held.c */
void worker_push_held(struct worker *w, struct held_slot *s); /* takes the slot */
void worker_flush(struct worker *w);

#endif
