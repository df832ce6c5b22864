/* SPDX-License-Identifier: GPL-2.0-only */
/* The body of struct inj. Only inj*.c include this; everything in it belongs to the engine's
 * thread. */
#ifndef INJECTOR_INJ_INT_H
#define INJECTOR_INJ_INT_H

#include <sched.h>

#include "worker.h"

struct inj {
	struct worker_env env;
	unsigned n; /* workers, and rings */
	struct worker *workers;
	struct ring *rings;
	unsigned n_rings_open, n_workers_open; /* what inj_free undoes */
	bool running;

	unsigned n_cpus; /* 0: not pinned */
	int cpus[INJ_MAX_WORKERS];
	bool zerocopy;
	struct inj_egress_now egress;
	cpu_set_t allowed; /* the engine's own, for workers that are not pinned */
};

/* Pins worker i as inj->cpus says. 0 or -errno. */
int inj_pin(struct inj *inj, unsigned i);
/* Opens one egress a worker into e[], or none. inj_egress.c */
int inj_open_egress(struct inj *inj, enum inj_egress_kind kind, const struct egress_ops *other,
		    int ifindex, bool qdisc_bypass, struct egress **e, struct inj_egress_now *now,
		    struct vx_err *err) __attribute__((warn_unused_result));

#endif
