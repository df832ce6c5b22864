// SPDX-License-Identifier: GPL-2.0-only
/* Workers, rings, latency and process as panels of 35 columns and more. Pure. [screen] */
#include "screen/engine_parts.h"

#include <stdio.h>
#include <string.h>

#include "screen/when.h"

static const char *const stage_name[SNAP_STAGES] = { "xdp", "ring", "send", "total" };

static void worker_row(struct line *l, const char *name, int cpu, const struct snap_worker *w)
{
	enum line_look look = w->stalled_ms >= 1000 ? LOOK_BAD : LOOK_PLAIN;

	line_left(l, look, 6, name);
	if (cpu >= 0)
		line_fmt(l, look, "%4d", cpu);
	else
		line_str(l, look, "   -");
	line_number(l, look, 8, w->sent_pps);
	line_fmt(l, look, "%6.1f", w->batch_avg);
	line_number(l, w->tx_failed ? LOOK_WARN : look, 6, w->tx_failed);
	line_fmt(l, look, "%4.0f%%", w->idle * 100);
	if (w->stalled_ms >= 1000)
		line_fmt(l, look, " !STUCK %llus", (unsigned long long)(w->stalled_ms / 1000));
}

/* All workers from the first on as one: sums, means, the worst. */
static struct snap_worker workers_from(const struct snapshot *s, unsigned first)
{
	struct snap_worker sum = { 0 };
	double n = s->n_workers - first;

	for (unsigned i = first; i < s->n_workers; i++) {
		const struct snap_worker *w = &s->worker[i];

		sum.sent_pps += w->sent_pps;
		sum.tx_failed += w->tx_failed;
		sum.batch_avg += w->batch_avg / n;
		sum.idle += w->idle / n;
		if (w->stalled_ms > sum.stalled_ms)
			sum.stalled_ms = w->stalled_ms;
	}
	return sum;
}

/* How many have a row of their own; one is left for the others where they do not all fit. */
static unsigned single(const struct panel *p, unsigned n)
{
	unsigned rows = (unsigned)(panel_left(p) > 0 ? panel_left(p) : 0);

	return n <= rows ? n : rows ? rows - 1 : 0;
}

static const char *name_from(char buf[static 16], const char *prefix, unsigned first, unsigned n)
{
	snprintf(buf, 16, first + 1 < n ? "%s%u-%u" : "%s%u", prefix, first, n - 1);
	return buf;
}

void parts_workers(struct panel *p, const struct snapshot *s)
{
	struct line *l = panel_next(p);
	unsigned own;
	char name[16];

	if (!l)
		return;
	line_left(l, LOOK_HEAD, 6, "WORKER");
	line_str(l, LOOK_HEAD, " cpu  sent/s batch   err idle");
	own = single(p, s->n_workers);
	for (unsigned i = 0; i < own && (l = panel_next(p)); i++) {
		snprintf(name, sizeof(name), "inj-%u", i);
		worker_row(l, name, s->worker[i].cpu, &s->worker[i]);
	}
	if (own < s->n_workers && (l = panel_next(p))) {
		struct snap_worker sum = workers_from(s, own);

		worker_row(l, name_from(name, "", own, s->n_workers), -1, &sum);
	}
}

static unsigned percent(uint64_t part, uint64_t whole)
{
	return whole ? (unsigned)((double)part * 100.0 / (double)whole + 0.5) : 0;
}

static void ring_row(struct line *l, const char *name, const struct snap_ring *r)
{
	enum line_look look = percent(r->used, r->size) >= 80 ? LOOK_WARN : LOOK_PLAIN;

	line_left(l, look, 6, name);
	line_fmt(l, look, "%5u%%%5u%%", percent(r->used, r->size), percent(r->high, r->size));
	if (r->ms_left == UINT64_MAX)
		line_right(l, LOOK_DIM, 8, "-");
	else
		line_number(l, look, 8, r->ms_left);
	line_number(l, r->full ? LOOK_WARN : look, 9, r->full);
}

/* The fullest counts; drops are added up. */
static struct snap_ring rings_from(const struct snapshot *s, unsigned first)
{
	struct snap_ring sum = { .ms_left = UINT64_MAX };

	for (unsigned i = first; i < s->n_workers; i++) {
		const struct snap_ring *r = &s->ring[i];

		if (!sum.size || percent(r->used, r->size) > percent(sum.used, sum.size)) {
			sum.used = r->used;
			sum.size = r->size;
		}
		if (r->high > sum.high)
			sum.high = r->high;
		if (r->ms_left < sum.ms_left)
			sum.ms_left = r->ms_left;
		sum.full += r->full;
	}
	return sum;
}

void parts_rings(struct panel *p, const struct snapshot *s)
{
	struct line *l = panel_next(p);
	unsigned own;
	char name[16];

	if (!l)
		return;
	line_left(l, LOOK_HEAD, 6, "RING");
	line_str(l, LOOK_HEAD, "  fill  high ms left    drops");
	own = single(p, s->n_workers);
	for (unsigned i = 0; i < own && (l = panel_next(p)); i++)
		ring_row(l, name_from(name, "", i, i + 1), &s->ring[i]);
	if (own < s->n_workers && (l = panel_next(p))) {
		struct snap_ring sum = rings_from(s, own);

		ring_row(l, name_from(name, "", own, s->n_workers), &sum);
	}
}

static void latency_row(struct line *l, const char *name, const struct snap_latency *t)
{
	const uint64_t ns[] = { t->p50_ns, t->p99_ns, t->p999_ns, t->max_ns };
	char text[WHEN_TEXT];

	line_left(l, LOOK_PLAIN, 7, name);
	for (int i = 0; i < 4; i++) {
		if (t->count)
			line_right(l, LOOK_PLAIN, 7, when_short(ns[i], text));
		else
			line_right(l, LOOK_DIM, 7, "-");
	}
}

void parts_latency(struct panel *p, const struct snapshot *s)
{
	bool brief = panel_left(p) < 1 + SNAP_STAGES;
	struct line *l = panel_next(p);

	if (!l)
		return;
	line_left(l, LOOK_HEAD, 7, "LATENCY");
	line_str(l, LOOK_HEAD, "    p50    p99  p99.9    max");
	for (int i = brief ? SNAP_STAGES - 1 : 0; i < SNAP_STAGES && (l = panel_next(p)); i++)
		latency_row(l, stage_name[i], &s->latency[i]);
}

void parts_process(struct panel *p, const struct snapshot *s)
{
	struct line *l = panel_next(p);

	if (!l)
		return;
	line_str(l, LOOK_HEAD, "CPU");
	line_fmt(l, LOOK_PLAIN, "%5.0f%%", s->cpu * 100);
	line_str(l, LOOK_HEAD, " RSS");
	line_rate(l, LOOK_PLAIN, 8, s->rss_bytes, "B");
	line_str(l, LOOK_HEAD, " MAPS");
	line_rate(l, LOOK_PLAIN, 8, s->map_bytes, "B");
	l = panel_next(p);
	if (!l)
		return;
	line_fmt(l, LOOK_PLAIN, "%.3f syscalls/packet, %u threads, pid %d", s->syscalls_per_packet,
		 s->threads, s->pid);
}
