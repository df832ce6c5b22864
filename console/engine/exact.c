/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The exact check. Swapping the counter sets waits for running programs, so the retired set holds
 * whole packets only: its rows must add up to its rx. Every record carries the number of its set,
 * so once the rings have been read past the point of the swap what the workers did with that set
 * must equal what it queued. It follows traffic, about once a second. [engine]
 */
#include "engine/run_int.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "engine/model/ledger.h"
#include "log.h"

#define DRAIN_MS 100 /* selfcheck waits so long for the records of the retired set */

bool eng_exact_ok(const struct eng *e)
{
	const struct eng_exact *x = &e->run->exact;

	return !x->xdp_bad[0] && !x->xdp_bad[1] && !x->queue_bad[0] && !x->queue_bad[1];
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
	if (!x->xdp_bad[set.id] && x->rx != x->rows)
		vx_error("ledger: the program counted %" PRIu64 " packets in and %" PRIu64
			 " out of set %u",
			 x->rx, x->rows, set.id);
	x->xdp_bad[set.id] = x->rx != x->rows;
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
	uint64_t done, out;

	if (!x->pending)
		return;
	for (unsigned i = 0; i < e->run->n_workers; i++) {
		uint64_t taken, producer;

		inj_ring_pos(e->inj, i, &taken, &producer);
		if (taken < x->pos[i])
			return;
	}
	/* Only now: in `spread` any worker may have finished the records of any ring. */
	done = inj_set_rows(e->inj, x->id, &out);
	if (out)
		return;
	x->pending = false;
	if (!x->queue_bad[x->id] && done != x->queued)
		vx_error("ledger: %" PRIu64
			 " packets of set %u were queued and the workers account for %" PRIu64,
			 x->queued, x->id, done);
	x->queue_bad[x->id] = done != x->queued;
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

/* Retires the set in force and waits for its records. */
static int check_set(struct eng *e, struct vx_err *err)
{
	const struct timespec ms = { .tv_nsec = 1000000 };
	struct eng_exact *x = &e->run->exact;
	int rc = retire(e, err);

	for (int i = 0; i < DRAIN_MS && !rc && x->pending; i++) {
		settle(e);
		if (x->pending)
			nanosleep(&ms, NULL);
	}
	return rc;
}

int eng_selfcheck(struct eng *e, struct eng_selfcheck *out, struct vx_err *err)
{
	struct eng_exact *x = &e->run->exact;
	bool pending = false;

	memset(out, 0, sizeof(*out));
	for (int set = 0; set < 2; set++) { /* one after the other, both */
		int rc = check_set(e, err);

		if (rc)
			return rc;
		out->rx += x->rx;
		out->rows += x->rows;
		pending |= x->pending;
	}
	out->exact = eng_exact_ok(e);
	if (x->xdp_bad[0] || x->xdp_bad[1])
		snprintf(out->what, sizeof(out->what),
			 "the program: %" PRIu64 " in, %" PRIu64 " in rows", out->rx, out->rows);
	else if (x->queue_bad[0] || x->queue_bad[1])
		snprintf(out->what, sizeof(out->what), "the workers: queued packets have no row");
	else if (pending)
		snprintf(out->what, sizeof(out->what),
			 "the workers still have packets of these sets: "
			 "only the program's part was compared");
	return 0;
}
