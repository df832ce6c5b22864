/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What one worker writes and the engine reads: counters, histograms, trace results. One writer
 * each, relaxed; nothing here is ever reset. For injector/.
 */
#ifndef INJECTOR_STATS_H
#define INJECTOR_STATS_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>

#include "hist.h"
#include "inj.h"

#define STATS_TRACES 64 /* results that wait for the engine; at most 10 a second come */

struct stats { /* [inj-N -> engine, relaxed] */
	alignas(128) _Atomic uint64_t sent;
	_Atomic uint64_t sent_bytes, frag_unknown, done[2], held_natted, held_unnatted;
	_Atomic uint64_t batches, syscalls, retries, late_wakeups, idle_ns, busy_ns,
		last_progress_ns;
	_Atomic uint64_t pending; /* taken out of a ring, without a row yet */
	_Atomic uint64_t out[2];  /* of these, with the device, by the counter set of the record */
	struct {
		_Atomic int err;
		_Atomic uint64_t n;
	} errors[INJ_ERRNOS];
	_Atomic int cpu, tid;
	_Atomic int xdp_err;
	struct hist hist[INJ_STAGES];

	/* single producer (the worker), single consumer (the engine) */
	alignas(128) _Atomic unsigned trace_head; /* [inj-N] */
	_Atomic unsigned trace_tail;		  /* [engine] */
	struct inj_trace_result trace[STATS_TRACES];
};

static inline void stats_add(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

/* What was counted before is seen by who reads the lower value with acquire. */
static inline void stats_sub(_Atomic uint64_t *gauge, uint64_t n)
{
	/* R3: pairs with A3 in inj_set_rows() */
	atomic_store_explicit(gauge, atomic_load_explicit(gauge, memory_order_relaxed) - n,
			      memory_order_release);
}

static inline uint64_t stats_get(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

static inline void stats_set(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter, n, memory_order_relaxed);
}

/* Counts n failures with err (> 0). */
void stats_error(struct stats *st, int err, uint64_t n);
/* One result for the engine; dropped when it has not fetched the last STATS_TRACES. */
void stats_trace_push(struct stats *st, const struct inj_trace_result *res);
int stats_trace_pop(struct stats *st, struct inj_trace_result *out);
/* A copy of the counters; out->stuck is left 0. */
void stats_read(const struct stats *st, struct inj_stats *out);

#endif
