/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The exact check. Swapping the counter sets waits for running programs, so the retired set holds whole packets only: its rows
 * must add up to its rx. Every record carries the number of its set, so once the rings have been read past the point of the swap
 * what the workers did with that set must equal what it queued. It follows traffic, about once a second. [engine]
 */
#include "engine/run_int.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "engine/model/ledger.h"
#include "log.h"

#define DRAIN_MS 100 /* selfcheck waits so long for the records of the retired set */

bool eng_exact_ok(const struct eng *e)
{
	return e->run->exact.xdp_ok && e->run->exact.queue_ok;
}

static int retire(struct eng *e, struct vx_err *err)
{
	struct eng_exact *x = &e->run->exact;
	struct dp_set set;
	int rc = e->dp->swap_sets(e->d, &set, err);

	if (rc)
		return rc;
	x->rx = set.row[VX_L_RX];
	x->rows = ledger_exits(set.row);
	if (x->xdp_ok && x->rx != x->rows)
		vx_error("ledger: the program counted %" PRIu64 " packets in and %" PRIu64 " out of set %u",
			 x->rx, x->rows, set.id);
	x->xdp_ok = x->rx == x->rows;
	x->queued = set.row[VX_L_QUEUED];
	x->id = set.id;
	x->pending = true;
	for (unsigned i = 0; i < e->run->n_workers; i++) {
		uint64_t taken;

		inj_ring_pos(e->inj, i, &taken, &x->pos[i]);
	}
	return 0;
}

/* Are all records of the retired set done? Then compare. */
static void settle(struct eng *e)
{
	struct eng_exact *x = &e->run->exact;
	uint64_t done = 0;

	if (!x->pending)
		return;
	for (unsigned i = 0; i < e->run->n_workers; i++) {
		uint64_t taken, producer;
		struct inj_stats st;

		inj_ring_pos(e->inj, i, &taken, &producer);
		if (taken < x->pos[i])
			return;
		inj_worker_stats(e->inj, i, &st);
		done += st.done[x->id];
	}
	x->pending = false;
	if (x->queue_ok && done != x->queued)
		vx_error("ledger: %" PRIu64 " packets of set %u were queued and the workers account for %" PRIu64,
			 x->queued, x->id, done);
	x->queue_ok = done == x->queued;
}

void eng_exact_tick(struct eng *e, bool second)
{
	struct eng_exact *x = &e->run->exact;
	uint64_t rx = e->snap.ledger.row[VX_L_RX];
	struct vx_err err;

	settle(e);
	if (!second || x->pending || rx == x->checked_rx)
		return;
	x->checked_rx = rx;
	if (retire(e, &err))
		vx_error("exact check: %s", err.msg);
}

int eng_selfcheck(struct eng *e, struct eng_selfcheck *out, struct vx_err *err)
{
	const struct timespec ms = { .tv_nsec = 1000000 };
	struct eng_exact *x = &e->run->exact;
	int rc = retire(e, err);

	if (rc)
		return rc;
	for (int i = 0; i < DRAIN_MS && x->pending; i++) {
		settle(e);
		if (x->pending)
			nanosleep(&ms, NULL);
	}
	out->exact = x->xdp_ok && x->queue_ok;
	out->rx = x->rx;
	out->rows = x->rows;
	out->what[0] = 0;
	if (!x->xdp_ok)
		snprintf(out->what, sizeof(out->what), "the program: %" PRIu64 " in, %" PRIu64
			 " in rows", x->rx, x->rows);
	else if (!x->queue_ok)
		snprintf(out->what, sizeof(out->what), "the workers: queued packets have no row");
	else if (x->pending)
		snprintf(out->what, sizeof(out->what), "the workers still have packets of this set: "
			 "only the program's part was compared");
	return 0;
}
