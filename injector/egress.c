/* SPDX-License-Identifier: GPL-2.0-only */
/* What the egresses share: patience, and what is done for a frame that somebody watches (latency,
 * trace result, held fragment's row). */
#include "egress.h"

#include <errno.h>

#include "clock.h"

#define PATIENCE_NS 100000000 /* how long a frame is tried again */

bool egress_try_again(struct egress *e, uint64_t *deadline)
{
	uint64_t now = clock_ns();

	if (!*deadline)
		*deadline = now + PATIENCE_NS;
	if (now >= *deadline || atomic_load_explicit(&e->env->give_up, memory_order_relaxed))
		return false;
	stats_add(&e->st->retries, 1);
	return true;
}

bool egress_is_gone(int err)
{
	return err == ENETDOWN || err == ENXIO || err == ENODEV;
}

static uint64_t since(uint64_t then, uint64_t now)
{
	return now > then ? now - then : 0;
}

static void note_latency(struct stats *st, const struct egress_frame *f)
{
	const struct vx_record *rec = f->rec;
	uint64_t now = clock_ns();

	hist_add(&st->hist[INJ_ST_XDP], since(rec->t_entry_ns, rec->t_submit_ns));
	hist_add(&st->hist[INJ_ST_RING], since(rec->t_submit_ns, f->claim_ns));
	hist_add(&st->hist[INJ_ST_SEND], since(f->claim_ns, now));
	hist_add(&st->hist[INJ_ST_TOTAL], since(rec->t_entry_ns, now));
}

void egress_note(struct egress *e, const struct egress_frame *f, int err)
{
	const struct vx_record *rec = f->rec;

	if (rec->flags & VX_REC_TRACED) {
		struct inj_trace_result res = { rec->trace_id, e->worker, err };

		stats_trace_push(e->st, &res);
	}
	if (err)
		return;
	if (rec->flags & VX_REC_HELD)
		stats_add(rec->natted ? &e->st->held_natted : &e->st->held_unnatted, 1);
	if (rec->flags & VX_REC_SAMPLED)
		note_latency(e->st, f);
}
