/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the engine reads of running workers: counters, ring positions, latency, trace results.
 * Nothing here makes a worker wait.
 */
#include "inj_int.h"

#include <string.h>

#include "clock.h"

#define STUCK_NS 1000000000

void inj_worker_stats(const struct inj *inj, unsigned worker, struct inj_stats *out)
{
	const struct worker *w = &inj->workers[worker];

	stats_read(&w->st, out);
	/* An idle worker says so at least each 100 ms: silence means that it is in the middle of
	 * something. */
	out->stuck = w->running && out->last_progress_ns &&
		     clock_ns() > out->last_progress_ns + STUCK_NS;
}

void inj_ring_stats(const struct inj *inj, unsigned ring, struct inj_ring_stats *out)
{
	struct ring *r = &inj->rings[ring];

	memset(out, 0, sizeof(*out));
	out->size = r->size;
	out->used = ring_note_used(r);
	out->high = stats_get(&r->high);
	out->bytes_consumed = ring_consumer_pos(r) - r->first;
	out->late_wakeups = stats_get(&r->late);
}

/* All rings first, as any worker may hold what was in any ring: a record that has left is then
 * found as pending, or has its row. */
uint64_t inj_in_flight(const struct inj *inj)
{
	uint64_t n = 0;
	unsigned i;

	for (i = 0; i < inj->n; i++)
		n += ring_in_flight(&inj->rings[i]);
	for (i = 0; i < inj->n; i++)
		/* A5: pairs with R5 in note_pending() */
		n += atomic_load_explicit(&inj->workers[i].st.pending, memory_order_acquire);
	return n;
}

void inj_hist(const struct inj *inj, enum inj_stage stage, struct inj_hist *out)
{
	unsigned i;

	memset(out, 0, sizeof(*out));
	for (i = 0; i < inj->n; i++)
		hist_sum(&inj->workers[i].st.hist[stage], out);
}

void inj_ring_pos(const struct inj *inj, unsigned ring, uint64_t *done, uint64_t *producer)
{
	const struct ring *r = &inj->rings[ring];

	*done = held_oldest(&inj->env.held, ring, ring_consumer_pos(r)) - r->first;
	*producer = ring_producer_pos(r) - r->first;
}

uint64_t inj_set_rows(const struct inj *inj, unsigned set, uint64_t *out)
{
	uint64_t done = 0;
	unsigned i;

	*out = 0;
	for (i = 0; i < inj->n; i++)
		/* A3: pairs with R3 in stats_sub(): what is not out any more is in done */
		*out += atomic_load_explicit(&inj->workers[i].st.out[set], memory_order_acquire);
	for (i = 0; i < inj->n; i++)
		done += stats_get(&inj->workers[i].st.done[set]);
	return done;
}

int inj_trace_pop(struct inj *inj, struct inj_trace_result *out)
{
	unsigned i;

	for (i = 0; i < inj->n; i++)
		if (stats_trace_pop(&inj->workers[i].st, out))
			return 1;
	return 0;
}
