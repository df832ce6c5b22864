// SPDX-License-Identifier: GPL-2.0-only
/* The snapshot as results. The ledger's keys are those of VX_LEDGER, in its order. Pure. */
#define _GNU_SOURCE /* strerrorname_np */
#include "engine/cmd/figures.h"

#include <string.h>

#include "engine/model/ledger.h"
#include "proto/out.h"

static void put_rows(struct out *o, const struct snap_ledger *l, enum vx_ledger_group group)
{
	for (enum vx_ledger_id id = 0; id < VX_L_N; id++)
		if (ledger_group(id) == group)
			out_u64(o, ledger_name(id), l->row[id]);
}

static void put_group(struct out *o, const char *key, const struct snap_ledger *l,
		      enum vx_ledger_group group)
{
	out_object(o, key);
	put_rows(o, l, group);
	out_end(o);
}

/* {"ENOBUFS":N}: slots without an errno are unused. */
static void put_errors(struct out *o, const char *key,
		       const struct snap_errno errors[static SNAP_ERRNOS])
{
	out_object(o, key);
	for (unsigned i = 0; i < SNAP_ERRNOS; i++) {
		const char *name = errors[i].err > 0 ? strerrorname_np(errors[i].err) : "other";

		if (errors[i].err)
			out_u64(o, name ? name : "unknown", errors[i].n);
	}
	out_end(o);
}

void figures_ledger(struct out *o, const char *key, const struct snapshot *s)
{
	const struct snap_ledger *l = &s->ledger;

	out_object(o, key);
	put_rows(o, l, VX_G_ENTRY);
	put_group(o, "passed", l, VX_G_PASS);
	put_group(o, "dropped", l, VX_G_DROP);
	put_rows(o, l, VX_G_RING);
	put_rows(o, l, VX_G_QUEUE);
	out_u64(o, "sent", l->sent);
	put_errors(o, "tx_failed", l->errors);
	out_u64(o, "frag_unknown", l->frag_unknown);
	out_u64(o, "in_flight", l->in_flight);
	out_u64(o, "natted", l->natted);
	out_u64(o, "unnatted", l->unnatted);
	if (l->row[VX_L_WOULD_DENY]) /* allow-mode count alone has it */
		out_u64(o, "would_deny", l->row[VX_L_WOULD_DENY]);
	out_u64(o, "leaked", l->leaked);
	out_u64(o, "unseen_tx", l->unseen_tx);
	out_bool(o, "balanced", l->balanced);
	out_u64(o, "slack", l->slack);
	out_end(o);
}

void figures_stats(struct out *o, const char *key, const struct snapshot *s)
{
	out_object(o, key);
	out_str(o, "version", s->version);
	out_id(o, "pid", (unsigned)s->pid);
	out_str(o, "ingress", s->ingress);
	out_str(o, "egress", s->egress);
	out_str(o, "mode", s->mode);
	out_str(o, "mode_reason", s->mode_reason);
	out_str(o, "egress_method", s->egress_method);
	out_str(o, "egress_reason", s->egress_reason);
	out_u64(o, "uptime_s", s->uptime_ns / 1000000000);
	out_u64(o, "in_pps", s->in_pps);
	out_u64(o, "in_bps", s->in_bps);
	out_u64(o, "out_pps", s->out_pps);
	out_u64(o, "out_bps", s->out_bps);
	if (s->ledger.row[VX_L_WOULD_DENY])
		out_u64(o, "would_deny_pps", s->row_pps[VX_L_WOULD_DENY]);
	out_ratio(o, "cpu", s->cpu);
	out_bytes(o, "rss_bytes", s->rss_bytes);
	figures_ledger(o, "ledger", s);
	out_end(o);
}

void figures_workers(struct out *o, const char *key, const struct snapshot *s)
{
	out_array(o, key);
	for (unsigned i = 0; i < s->n_workers; i++) {
		const struct snap_worker *w = &s->worker[i];

		out_object(o, NULL);
		out_id(o, "worker", i);
		out_i64(o, "cpu", w->cpu);
		out_id(o, "tid", (unsigned)w->tid);
		out_u64(o, "sent", w->sent);
		out_u64(o, "sent_pps", w->sent_pps);
		put_errors(o, "errors", w->errors);
		out_number(o, "batch_avg", w->batch_avg);
		out_ratio(o, "idle", w->idle);
		out_u64(o, "syscalls", w->syscalls);
		out_u64(o, "stalled_ms", w->stalled_ms);
		out_end(o);
	}
	out_end(o);
}

void figures_rings(struct out *o, const char *key, const struct snapshot *s)
{
	out_array(o, key);
	for (unsigned i = 0; i < s->n_workers; i++) {
		const struct snap_ring *r = &s->ring[i];

		out_object(o, NULL);
		out_id(o, "ring", i);
		out_bytes(o, "size", r->size);
		out_bytes(o, "used", r->used);
		out_bytes(o, "high", r->high);
		if (r->ms_left == UINT64_MAX)
			out_null(o, "ms_left"); /* no traffic */
		else
			out_u64(o, "ms_left", r->ms_left);
		out_u64(o, "full", r->full);
		out_u64(o, "late_wakeups", r->late_wakeups);
		out_end(o);
	}
	out_end(o);
}

void figures_latency(struct out *o, const char *key, const struct snapshot *s)
{
	static const char *const stage[SNAP_STAGES] = { "xdp", "ring", "send", "total" };

	out_object(o, key);
	for (unsigned i = 0; i < SNAP_STAGES; i++) {
		const struct snap_latency *l = &s->latency[i];

		out_object(o, stage[i]);
		out_ns(o, "p50_ns", l->p50_ns);
		out_ns(o, "p99_ns", l->p99_ns);
		out_ns(o, "p999_ns", l->p999_ns);
		out_ns(o, "max_ns", l->max_ns);
		out_u64(o, "count", l->count);
		out_end(o);
	}
	out_end(o);
}
