// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which causes hold, since when, in which order: what is true must be so for as long as its row of
 * `steady` says before it is named, and is dropped a moment after it ended, so that a rate that
 * falters does not make it flicker. Pure. [engine]
 */
#include "engine/model/diagnose_int.h"

#include <stdlib.h>
#include <string.h>

enum severity { BAD, WARN, LOSS };

static const struct {
	const char *name;
	enum severity severity;
} table[DIAG_N] = {
#define DIAG_ROW(id, name, severity, means, todo) [DIAG_##id] = { name, severity },
	DIAG_CAUSES(DIAG_ROW)
#undef DIAG_ROW
};

/* ms: true for so long before it is named; kept for so long after it was true last. */
static const struct {
	unsigned rise, fall;
} steady[DIAG_N] = {
	[DIAG_NO_RULE] = { 0, 1500 },	  [DIAG_ALL_DENIED] = { 0, 1500 },
	[DIAG_OTHER_VNI] = { 0, 1500 },	  [DIAG_EGRESS_MTU] = { 0, 1500 },
	[DIAG_TRUNCATED] = { 0, 1500 },	  [DIAG_RING_FULL] = { 0, 1500 },
	[DIAG_ONE_FLOW] = { 2000, 1500 }, [DIAG_TX_NOT_FOLLOWING] = { 0, 500 },
	[DIAG_NIC_DROPS] = { 0, 2500 },	  [DIAG_PROMISC] = { 0, 1500 },
	[DIAG_INTERNAL] = { 0, 1500 },	  [DIAG_THRESHOLD] = { 1500, 0 },
};

/* What a cause brings with it is no cause of its own. */
static const struct {
	enum diag_id cause, consequence;
} follows[] = {
	{ DIAG_EGRESS_DOWN, DIAG_NEXT_HOP },
	{ DIAG_EGRESS_DOWN, DIAG_WORKER_STUCK },
	{ DIAG_EGRESS_DOWN, DIAG_RING_FULL },
	{ DIAG_EGRESS_DOWN, DIAG_ONE_FLOW },
	{ DIAG_EGRESS_DOWN, DIAG_TX_NOT_FOLLOWING },
	{ DIAG_WORKER_STUCK, DIAG_RING_FULL },
	{ DIAG_WORKER_STUCK, DIAG_ONE_FLOW },
	{ DIAG_ONE_FLOW, DIAG_RING_FULL },
	{ DIAG_TX_NOT_FOLLOWING, DIAG_RING_FULL },
	{ DIAG_NO_PACKETS, DIAG_SOURCE_SILENT },
	{ DIAG_NO_VXLAN, DIAG_SOURCE_SILENT },
	{ DIAG_INTAKE_OFF, DIAG_NO_RULE },
	{ DIAG_STRAY, DIAG_NO_PACKETS },
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

void diag_ack(struct diag *d)
{
	memset(d->source, 0, sizeof(d->source));
}

uint64_t diag_recent(const struct diag *d, enum vx_ledger_id row)
{
	uint64_t sum = 0;

	for (int i = 0; i < DIAG_WINDOW; i++)
		sum += d->row[i][row];
	return sum;
}

uint64_t diag_recent_allowed(const struct diag *d)
{
	static const enum vx_ledger_id rows[] = { VX_L_TRUNCATED,    VX_L_NO_RULE,   VX_L_OVERSIZE,
						  VX_L_NO_NEIGHBOUR, VX_L_RING_FULL, VX_L_QUEUED,
						  VX_L_REDIRECTED };
	uint64_t sum = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		sum += diag_recent(d, rows[i]);
	return sum;
}

uint64_t diag_recent_ours(const struct diag *d)
{
	return diag_recent_allowed(d) + diag_recent(d, VX_L_DENIED) + diag_recent(d, VX_L_PAUSED) +
	       diag_recent(d, VX_L_MALFORMED) + diag_recent(d, VX_L_NOT_IP);
}

/* --- sources --- */

static struct diag_source *source_of(struct diag *d, const struct diag_source_seen *seen)
{
	struct diag_source *free_one = NULL;

	for (int i = 0; i < DIAG_SOURCES; i++) {
		struct diag_source *s = &d->source[i];

		if (s->used && !memcmp(s->key, seen->key, sizeof(s->key)))
			return s;
		if (!s->used && !free_one)
			free_one = s;
	}
	if (!free_one || !seen->pps)
		return NULL;
	memset(free_one, 0, sizeof(*free_one));
	free_one->used = true;
	memcpy(free_one->key, seen->key, sizeof(free_one->key));
	memcpy(free_one->name, seen->name, sizeof(free_one->name));
	free_one->name[sizeof(free_one->name) - 1] = 0;
	return free_one;
}

#define BUSY_PPS 50 /* traffic to speak of, */
#define BUSY_S	 3  /* for so long */

static void source_second(struct diag_source *s, uint64_t pps, int64_t real_ns)
{
	s->seen = true;
	if (!pps) {
		s->silent_s++;
		s->active_s = 0;
		return;
	}
	if (s->busy && s->silent_s > 1) {
		s->gaps++;
		s->gap_s = s->silent_s > s->gap_s ? s->silent_s : s->gap_s;
	}
	s->silent_s = 0;
	s->last_real_ns = real_ns;
	s->active_s = pps >= BUSY_PPS ? s->active_s + 1 : 0;
	s->busy |= s->active_s >= BUSY_S;
}

static void sources_second(struct diag *d, const struct diag_seen *o)
{
	for (int i = 0; i < DIAG_SOURCES; i++)
		d->source[i].seen = false;
	for (unsigned i = 0; i < o->n_sources && i < DIAG_SOURCES; i++) {
		struct diag_source *s = source_of(d, &o->source[i]);

		if (s)
			source_second(s, o->source[i].pps, o->real_ns);
	}
	for (int i = 0; i < DIAG_SOURCES; i++) {
		struct diag_source *s = &d->source[i];

		if (!s->used)
			continue;
		if (!s->seen) /* pushed out of the table of sources by others */
			source_second(s, 0, 0);
		s->used = s->busy ? s->silent_s < 3600 : s->silent_s < 60;
	}
}

void diag_second(struct diag *d, const struct diag_seen *o)
{
	uint64_t vxlan = 0;

	memcpy(d->row[d->seconds % DIAG_WINDOW], o->row_pps, sizeof(d->row[0]));
	d->sent[d->seconds % (DIAG_WINDOW + 1)] = o->sent;
	d->nic_tx[d->seconds % (DIAG_WINDOW + 1)] = o->nic_tx;
	d->lost[d->seconds % (DIAG_WINDOW + 1)] =
		o->nic_tx_dropped + o->qdisc_dropped + o->tx_failed_pps;
	d->seconds++;
	vxlan = o->row_pps[VX_L_RX] - o->row_pps[VX_L_NOT_VXLAN];
	d->other_s = o->row_pps[VX_L_NOT_VXLAN] && !vxlan ? d->other_s + 1 : 0;
	sources_second(d, o);
}

/* --- the list --- */

/* When something came last: counters that are read at any time are exacter than rates. */
static void watch_arrivals(struct diag *d, const struct diag_seen *o)
{
	uint64_t vxlan = o->rx > o->passed ? o->rx - o->passed : 0;

	if (o->rx != d->rx) {
		d->rx_ns = o->now_ns;
		d->rx = o->rx;
	}
	if (vxlan != d->vxlan) {
		d->vxlan_ns = o->now_ns;
		d->rx_real_ns = o->real_ns;
		d->vxlan = vxlan;
	}
}

static void judge(struct diag *d, const struct diag_seen *o, enum diag_id id)
{
	struct diag_cause now = { .id = id };
	uint64_t rise = steady[id].rise * 1000000ULL, fall = steady[id].fall * 1000000ULL;
	bool is = diag_causes[id](d, o, &now);

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
	d->held[id].bad = table[id].severity == BAD || (table[id].severity == LOSS && !o->out_pps);
}

static bool is_consequence(const struct diag *d, enum diag_id id)
{
	for (size_t i = 0; i < sizeof(follows) / sizeof(follows[0]); i++)
		if (follows[i].consequence == id && d->state[follows[i].cause].is)
			return true;
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
		if (d->state[id].is && !is_consequence(d, id) &&
		    (id != DIAG_THRESHOLD || !d->n)) /* anything else explains it */
			d->sorted[d->n++] = &d->held[id];
	qsort(d->sorted, d->n, sizeof(d->sorted[0]), worse_first);
}

const struct diag_cause *diag_at(const struct diag *d, unsigned i)
{
	return i < d->n ? d->sorted[i] : NULL;
}
