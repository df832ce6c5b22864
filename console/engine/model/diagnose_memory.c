// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the last seconds were like, and what is usual: so that silence is told from a low rate, and
 * "all are denied" from "most are, and few come". Pure. [engine]
 */
#include <string.h>

#include "engine/model/diagnose_int.h"

#define SILENT_S   3	/* it takes so long to be called silent, at least */
#define ALL_MOST_S 60	/* and all together so long at most */
#define MISSED	   12.0 /* so many packets should have come: chance, e^-12, is not it */
#define FEW_EVER   100	/* who has sent less has never carried traffic to speak of */
#define FORGET_S   3600
#define RUN_LEAST  10
#define RUN_TIMES  5

uint64_t diag_recent(const struct diag *d, enum vx_ledger_id row)
{
	uint64_t sum = 0;

	for (int i = 0; i < DIAG_WINDOW; i++)
		sum += d->row[i][row];
	return sum;
}

/* Let through by the list and matched by a rule, or forwarded without one. */
static uint64_t matched(const uint64_t row[VX_L_N])
{
	return row[VX_L_OVERSIZE] + row[VX_L_NO_NEIGHBOUR] + row[VX_L_RING_FULL] +
	       row[VX_L_QUEUED] + row[VX_L_REDIRECTED];
}

uint64_t diag_let_through(const uint64_t row[VX_L_N])
{
	return matched(row) + row[VX_L_TRUNCATED] + row[VX_L_NO_RULE];
}

static uint64_t ours(const uint64_t row[VX_L_N])
{
	return diag_let_through(row) + row[VX_L_DENIED] + row[VX_L_PAUSED] + row[VX_L_MALFORMED] +
	       row[VX_L_NOT_IP];
}

static uint64_t recent(const struct diag *d, uint64_t (*of)(const uint64_t row[VX_L_N]))
{
	uint64_t sum = 0;

	for (int i = 0; i < DIAG_WINDOW; i++)
		sum += of(d->row[i]);
	return sum;
}

uint64_t diag_recent_allowed(const struct diag *d)
{
	return recent(d, diag_let_through);
}

uint64_t diag_recent_ours(const struct diag *d)
{
	return recent(d, ours);
}

/* --- runs --- */

static double run_long(const struct diag_run *r)
{
	return r->longest * RUN_TIMES > RUN_LEAST ? r->longest * RUN_TIMES : RUN_LEAST;
}

bool diag_run_is_long(const struct diag_run *r)
{
	return (double)r->now >= run_long(r);
}

/* A run that was called long teaches no more than what is just as long; what was learned halves in
 * three minutes, in which a mixture has shown its longest runs again. */
static void run_second(struct diag_run *r, uint64_t these, uint64_t others)
{
	double was = (double)r->now;

	if (!others) {
		r->now += these;
		return;
	}
	r->longest *= 255.0 / 256;
	was = was > run_long(r) ? run_long(r) : was;
	r->longest = was > r->longest ? was : r->longest;
	r->now = 0;
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

/* Seconds without a packet that are nothing unusual at its rate. */
static unsigned usual_silence(const struct diag_source *s, unsigned most)
{
	double wait = s->pps > 0 ? MISSED / s->pps : most;

	if (wait >= most)
		return most;
	return wait > SILENT_S ? (unsigned)wait + 1 : SILENT_S;
}

static void source_second(struct diag_source *s, uint64_t pps, int64_t real_ns)
{
	if (!pps) {
		s->silent_s++;
		s->active_s = 0;
		return;
	}
	if (s->packets && s->silent_s >= SILENT_S) {
		s->gaps++;
		s->gap_s = s->silent_s > s->gap_s ? s->silent_s : s->gap_s;
	}
	if (!s->packets)
		s->pps = (double)pps;
	/* A long silence says nothing of the rate at which it came before. */
	for (unsigned i = 0; i < s->silent_s && s->silent_s <= usual_silence(s, ALL_MOST_S); i++)
		s->pps -= s->pps / 16;
	s->pps += ((double)pps - s->pps) / 16;
	s->packets += pps;
	s->active_s++;
	s->silent_s = 0;
	s->last_real_ns = real_ns;
}

/* Who has come back more than once gets more time. */
bool diag_source_is_silent(const struct diag_source *s)
{
	unsigned habit = s->gaps > 1 ? 3 * s->gap_s : 0;
	unsigned usual = usual_silence(s, FORGET_S);

	return s->used && s->packets >= FEW_EVER && s->silent_s >= (habit > usual ? habit : usual);
}

bool diag_all_is_silent(const struct diag *d, const struct diag_seen *o)
{
	return o->uptime_ns >= SILENT_S * DIAG_SECOND &&
	       o->now_ns - d->vxlan_ns >= SILENT_S * DIAG_SECOND &&
	       (!d->vxlan_ns || d->all.silent_s >= usual_silence(&d->all, ALL_MOST_S));
}

static void sources_second(struct diag *d, const struct diag_seen *o)
{
	for (int i = 0; i < DIAG_SOURCES; i++)
		d->source[i].seen = false;
	for (unsigned i = 0; i < o->n_sources && i < DIAG_SOURCES; i++) {
		struct diag_source *s = source_of(d, &o->source[i]);

		if (!s)
			continue;
		s->seen = true;
		source_second(s, o->source[i].pps, o->real_ns);
	}
	for (int i = 0; i < DIAG_SOURCES; i++) {
		struct diag_source *s = &d->source[i];

		/* Who is not seen was pushed out by others, of the kernel's table or of ours. */
		s->used =
			s->used && s->seen && s->silent_s < (s->packets < FEW_EVER ? 60 : FORGET_S);
	}
}

/* --- */

static void nic_second(struct diag *d, const struct diag_seen *o)
{
	unsigned at = d->seconds % DIAG_WINDOW;
	uint64_t sent = 0, nic = 0;

	d->sent[at] = o->sent;
	d->nic_tx[at] = o->nic_tx;
	d->lost = o->nic_tx_dropped + o->qdisc_dropped + o->tx_failed_pps;
	for (int i = 0; i < DIAG_WINDOW; i++) {
		sent += d->sent[i];
		nic += d->nic_tx[i];
	}
	/* Readings of a second are not of one instant: a tenth of many is forgiven. */
	if (o->nic_known && ((sent >= 100 && nic < sent - sent / 10) || (sent >= 8 && !nic)))
		d->behind_s++;
	else
		d->behind_s = 0;
}

void diag_second(struct diag *d, const struct diag_seen *o)
{
	const uint64_t *row = o->row_pps;
	uint64_t rx = row[VX_L_RX], vxlan = rx > row[VX_L_NOT_VXLAN] ? rx - row[VX_L_NOT_VXLAN] : 0;

	memcpy(d->row[d->seconds % DIAG_WINDOW], row, sizeof(d->row[0]));
	nic_second(d, o);
	run_second(&d->denied, row[VX_L_DENIED], diag_let_through(row));
	run_second(&d->no_rule, row[VX_L_NO_RULE], matched(row));
	d->others = d->others << 1 | (row[VX_L_NOT_VXLAN] && !vxlan);
	source_second(&d->all, vxlan, o->real_ns);
	sources_second(d, o);
	d->seconds++;
}

void diag_ack(struct diag *d)
{
	memset(d->source, 0, sizeof(d->source));
}
