// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which causes hold, since when, in which order: what is true must be so for as long as its row of
 * `steady` says before it is named, and is dropped a moment after it ended, so that a rate that
 * falters does not make it flicker. Pure. [engine]
 */
#include "engine/model/diagnose_int.h"

#include <stdlib.h>
#include <string.h>

#define AFTER_NS 1500000000ULL

enum severity { BAD, WARN, LOSS, WIRE };

static const struct {
	const char *name;
	enum severity severity;
} table[DIAG_N] = {
#define DIAG_ROW(id, name, severity, means, todo) [DIAG_##id] = { name, severity },
	DIAG_CAUSES(DIAG_ROW)
#undef DIAG_ROW
};

/* ms: true for so long before it is named; kept for so long after it was true last. With the second
 * that a rate takes, both stay below 5 s. */
static const struct {
	unsigned rise, fall;
} steady[DIAG_N] = {
	[DIAG_NEXT_HOP] = { 1000, 0 },	       [DIAG_NO_RULE] = { 0, 2500 },
	[DIAG_ALL_DENIED] = { 0, 2500 },       [DIAG_OTHER_VNI] = { 0, 2500 },
	[DIAG_EGRESS_MTU] = { 0, 2500 },       [DIAG_TRUNCATED] = { 0, 2500 },
	[DIAG_RING_FULL] = { 0, 2500 },	       [DIAG_ONE_FLOW] = { 2000, 2500 },
	[DIAG_TX_NOT_FOLLOWING] = { 0, 1000 }, [DIAG_NIC_DROPS] = { 0, 2500 },
	[DIAG_PROMISC] = { 0, 2500 },	       [DIAG_INTERNAL] = { 0, 2500 },
	[DIAG_THRESHOLD] = { 1500, 0 },
};

/* What a cause brings with it is no cause of its own. */
static const struct {
	enum diag_id cause, consequence;
} follows[] = {
	{ DIAG_EGRESS_DOWN, DIAG_NEXT_HOP },	     { DIAG_EGRESS_DOWN, DIAG_WORKER_STUCK },
	{ DIAG_EGRESS_DOWN, DIAG_RING_FULL },	     { DIAG_EGRESS_DOWN, DIAG_ONE_FLOW },
	{ DIAG_EGRESS_DOWN, DIAG_TX_NOT_FOLLOWING }, { DIAG_WORKER_STUCK, DIAG_RING_FULL },
	{ DIAG_WORKER_STUCK, DIAG_ONE_FLOW },	     { DIAG_ONE_FLOW, DIAG_RING_FULL },
	{ DIAG_TX_NOT_FOLLOWING, DIAG_RING_FULL },   { DIAG_NO_VXLAN, DIAG_NO_PACKETS },
	{ DIAG_NO_PACKETS, DIAG_SOURCE_SILENT },     { DIAG_NO_VXLAN, DIAG_SOURCE_SILENT },
};

const char *diag_name(enum diag_id id)
{
	return table[id].name;
}

struct diag *diag_new(void)
{
	return calloc(1, sizeof(struct diag));
}

void diag_free(struct diag *d)
{
	free(d);
}

/* When something came last: counters that are read at any time are exacter than rates. */
static void watch_arrivals(struct diag *d, const struct diag_seen *o)
{
	uint64_t vxlan = o->rx > o->passed ? o->rx - o->passed : 0;

	if (vxlan == d->vxlan)
		return;
	d->vxlan = vxlan;
	d->vxlan_ns = o->now_ns;
	d->vxlan_real_ns = o->real_ns;
}

static bool is_bad(const struct diag_seen *o, enum severity severity)
{
	uint64_t lost = o->nic_tx_dropped + o->qdisc_dropped + o->tx_failed_pps;

	return severity == BAD || (severity == LOSS && !o->out_pps) ||
	       (severity == WIRE && (!o->out_pps || o->nic_tx < lost || o->nic_tx * 2 < o->sent));
}

static void judge(struct diag *d, const struct diag_seen *o, enum diag_id id)
{
	struct diag_cause now = { .id = id };
	uint64_t rise = steady[id].rise * 1000000ULL, fall = steady[id].fall * 1000000ULL;
	bool is = (diag_fn_in[id] ? diag_fn_in[id] : diag_fn_out[id])(d, o, &now);

	if (is) {
		if (!d->state[id].true_ns) {
			d->state[id].true_ns = o->now_ns;
			d->state[id].real_ns = o->real_ns;
		}
		d->state[id].false_ns = o->now_ns;
		if (!now.since_real_ns)
			now.since_real_ns = d->state[id].real_ns;
		d->held[id] = now;
	} else if (!d->state[id].is || o->now_ns - d->state[id].false_ns >= fall) {
		d->state[id].true_ns = 0;
	}
	d->state[id].is = d->state[id].true_ns && o->now_ns - d->state[id].true_ns >= rise;
	d->held[id].bad = is_bad(o, table[id].severity);
}

/* Also of what is not named yet: a moment later it will be. */
static bool is_consequence(const struct diag *d, enum diag_id id)
{
	for (size_t i = 0; i < sizeof(follows) / sizeof(follows[0]); i++)
		if (follows[i].consequence == id && d->state[follows[i].cause].true_ns)
			return true;
	return false;
}

/* A consequence may outlast its cause for a moment: it is not kept, and named only when it stays.
 */
static bool is_listed(struct diag *d, const struct diag_seen *o, enum diag_id id)
{
	bool follows_now = is_consequence(d, id);

	if (!d->state[id].is)
		return false;
	if (follows_now)
		d->state[id].not_before_ns = o->now_ns + AFTER_NS;
	if (!follows_now && o->now_ns >= d->state[id].not_before_ns)
		return id != DIAG_THRESHOLD || !d->n; /* anything else explains it */
	if (d->state[id].false_ns != o->now_ns)
		d->state[id].true_ns = 0;
	return false;
}

static int worse_first(const void *a, const void *b)
{
	const struct diag_cause *x = *(const struct diag_cause *const *)a;
	const struct diag_cause *y = *(const struct diag_cause *const *)b;

	if (x->bad != y->bad)
		return x->bad ? -1 : 1;
	return (int)x->id - (int)y->id;
}

void diag_judge(struct diag *d, const struct diag_seen *o)
{
	watch_arrivals(d, o);
	d->n = 0;
	for (enum diag_id id = 0; id < DIAG_N; id++)
		judge(d, o, id);
	for (enum diag_id id = 0; id < DIAG_N; id++)
		if (is_listed(d, o, id))
			d->sorted[d->n++] = &d->held[id];
	qsort(d->sorted, d->n, sizeof(d->sorted[0]), worse_first);
}

const struct diag_cause *diag_at(const struct diag *d, unsigned i)
{
	return i < d->n ? d->sorted[i] : NULL;
}
