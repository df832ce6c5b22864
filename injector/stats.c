/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rarer parts of a worker's stats slot. Writers: the worker. Readers: the engine.
 * R1/A1: trace_head says that an entry is filled; R2/A2: trace_tail says that one is free again.
 */
#include "stats.h"

#include <string.h>

void stats_error(struct stats *st, int err, uint64_t n)
{
	unsigned i;

	for (i = 0; i < INJ_ERRNOS - 1; i++) {
		int have = atomic_load_explicit(&st->errors[i].err, memory_order_relaxed);

		if (have && have != err)
			continue;
		atomic_store_explicit(&st->errors[i].err, err, memory_order_relaxed);
		break;
	}
	if (i == INJ_ERRNOS - 1)
		atomic_store_explicit(&st->errors[i].err, -1, memory_order_relaxed);
	stats_add(&st->errors[i].n, n);
}

void stats_trace_push(struct stats *st, const struct inj_trace_result *res)
{
	unsigned head = atomic_load_explicit(&st->trace_head, memory_order_relaxed);

	/* A2: pairs with R2 in stats_trace_pop() */
	if (head - atomic_load_explicit(&st->trace_tail, memory_order_acquire) == STATS_TRACES)
		return;
	st->trace[head % STATS_TRACES] = *res;
	/* R1: pairs with A1 in stats_trace_pop() */
	atomic_store_explicit(&st->trace_head, head + 1, memory_order_release);
}

int stats_trace_pop(struct stats *st, struct inj_trace_result *out)
{
	unsigned tail = atomic_load_explicit(&st->trace_tail, memory_order_relaxed);

	/* A1: pairs with R1 in stats_trace_push() */
	if (tail == atomic_load_explicit(&st->trace_head, memory_order_acquire))
		return 0;
	*out = st->trace[tail % STATS_TRACES];
	/* R2: pairs with A2 in stats_trace_push() */
	atomic_store_explicit(&st->trace_tail, tail + 1, memory_order_release);
	return 1;
}

void stats_read(const struct stats *st, struct inj_stats *out)
{
	unsigned i;

	memset(out, 0, sizeof(*out));
	out->sent = stats_get(&st->sent);
	out->sent_bytes = stats_get(&st->sent_bytes);
	out->frag_unknown = stats_get(&st->frag_unknown);
	out->done[0] = stats_get(&st->done[0]);
	out->done[1] = stats_get(&st->done[1]);
	out->held_natted = stats_get(&st->held_natted);
	out->held_unnatted = stats_get(&st->held_unnatted);
	out->batches = stats_get(&st->batches);
	out->syscalls = stats_get(&st->syscalls);
	out->retries = stats_get(&st->retries);
	out->late_wakeups = stats_get(&st->late_wakeups);
	out->idle_ns = stats_get(&st->idle_ns);
	out->busy_ns = stats_get(&st->busy_ns);
	out->last_progress_ns = stats_get(&st->last_progress_ns);
	out->pending = stats_get(&st->pending);
	for (i = 0; i < INJ_ERRNOS; i++) {
		out->errors[i].n = stats_get(&st->errors[i].n);
		out->errors[i].err = atomic_load_explicit(&st->errors[i].err, memory_order_relaxed);
		out->tx_failed += out->errors[i].n;
	}
	out->cpu = atomic_load_explicit(&st->cpu, memory_order_relaxed);
	out->tid = atomic_load_explicit(&st->tid, memory_order_relaxed);
	out->xdp_err = atomic_load_explicit(&st->xdp_err, memory_order_relaxed);
}
