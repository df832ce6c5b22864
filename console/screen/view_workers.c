// SPDX-License-Identifier: GPL-2.0-only
/* Workers, rings, latency and errors, all figures of each; a list that scrolls where it does not
 * fit. Pure. [screen] */
#define _GNU_SOURCE /* strerrorname_np */
#include <stdio.h>
#include <string.h>

#include "screen/engine_parts.h"
#include "screen/view.h"
#include "screen/when.h"

/* Headings, rows, a blank behind each block; numbered from 0. The process comes last. */
static size_t lines_of(const struct snapshot *s)
{
	return 2 * ((size_t)s->n_workers + 2) + SNAP_STAGES + 1 + 1;
}

static void errors_text(const struct snap_errno *e, char *buf, size_t size)
{
	size_t at = 0;

	buf[0] = 0;
	for (int i = 0; i < SNAP_ERRNOS && at < size; i++) {
		const char *name = e[i].err > 0 ? strerrorname_np(e[i].err) : "other";
		int n;

		if (!e[i].err)
			continue;
		n = snprintf(buf + at, size - at, " %s %llu", name ? name : "unknown",
			     (unsigned long long)e[i].n);
		at += n > 0 ? (size_t)n : 0;
	}
}

static void worker(struct line *l, unsigned i, const struct snap_worker *w)
{
	enum line_look look = w->stalled_ms >= 1000 ? LOOK_BAD : LOOK_PLAIN;
	char errors[160];

	line_fmt(l, look, " inj-%-3u%4d%8d", i, w->cpu, w->tid);
	line_number(l, look, 14, w->sent);
	line_number(l, look, 9, w->sent_pps);
	line_fmt(l, look, "%7.1f%5.0f%%", w->batch_avg, w->idle * 100);
	line_number(l, look, 12, w->syscalls);
	line_number(l, w->tx_failed ? LOOK_WARN : look, 8, w->tx_failed);
	if (w->stalled_ms >= 1000)
		line_fmt(l, look, " !STUCK %llu ms", (unsigned long long)w->stalled_ms);
	errors_text(w->errors, errors, sizeof(errors));
	if (l->width >= 100)
		line_str(l, LOOK_WARN, errors);
}

static void ring(struct line *l, unsigned i, const struct snap_ring *r)
{
	double fill = r->size ? 100.0 * (double)r->used / (double)r->size : 0;
	double high = r->size ? 100.0 * (double)r->high / (double)r->size : 0;
	enum line_look look = fill >= 80 ? LOOK_WARN : LOOK_PLAIN;

	line_fmt(l, look, " %-6u", i);
	line_number(l, look, 13, r->size);
	line_number(l, look, 13, r->used);
	line_fmt(l, look, "%5.0f%%", fill);
	line_fmt(l, look, "%6.0f%%", high);
	if (r->ms_left == UINT64_MAX)
		line_right(l, LOOK_DIM, 9, "-");
	else
		line_number(l, look, 9, r->ms_left);
	line_number(l, r->full ? LOOK_WARN : look, 12, r->full);
	line_number(l, look, 12, r->late_wakeups);
}

static void latency(struct line *l, unsigned i, const struct snap_latency *t)
{
	static const char *const name[SNAP_STAGES] = { "entry to ring", "in the ring", "sending",
						       "total" };
	const uint64_t ns[] = { t->p50_ns, t->p99_ns, t->p999_ns, t->max_ns };
	char text[WHEN_TEXT];

	line_fmt(l, LOOK_PLAIN, " %-16s", name[i]);
	for (int k = 0; k < 4; k++)
		line_right(l, t->count ? LOOK_PLAIN : LOOK_DIM, 9,
			   t->count ? when_short(ns[k], text) : "-");
	line_number(l, LOOK_PLAIN, 14, t->count);
}

static void heading(struct line *l, int block)
{
	static const char *const text[] = {
		" WORKER  cpu     tid          sent   sent/s  batch  idle    syscalls  failed",
		" RING           bytes         used  fill   high  ms left       drops   late wake",
		" LATENCY               p50      p99    p99.9      max       samples",
	};

	line_str(l, LOOK_HEAD, text[block]);
}

/* Below the workers, in the place of a blank. */
static void all_errors(struct line *l, const struct snapshot *s)
{
	char errors[160];

	errors_text(s->ledger.errors, errors, sizeof(errors));
	if (*errors)
		line_fmt(l, LOOK_WARN, " errors:%s", errors);
}

static void process(struct line *l, const struct snapshot *s)
{
	line_fmt(l, LOOK_PLAIN, " pid %d, %u threads  CPU %.0f%%  RSS", s->pid, s->threads,
		 s->cpu * 100);
	line_rate(l, LOOK_PLAIN, 8, s->rss_bytes, "B");
	line_str(l, LOOK_PLAIN, "  maps");
	line_rate(l, LOOK_PLAIN, 8, s->map_bytes, "B");
	line_fmt(l, LOOK_PLAIN, "  %.3f calls/packet", s->syscalls_per_packet);
}

static void draw_line(struct line *l, const struct snapshot *s, size_t i)
{
	const size_t n[] = { s->n_workers, s->n_workers, SNAP_STAGES };

	for (int block = 0; block < 3; block++) {
		if (!i) {
			heading(l, block);
			return;
		}
		i--;
		if (i < n[block]) {
			if (block == 0)
				worker(l, (unsigned)i, &s->worker[i]);
			else if (block == 1)
				ring(l, (unsigned)i, &s->ring[i]);
			else
				latency(l, (unsigned)i, &s->latency[i]);
			return;
		}
		i -= n[block];
		if (block == 2)
			break;
		if (!i) {
			if (block == 0)
				all_errors(l, s);
			return;
		}
		i--;
	}
	process(l, s);
}

/* All at once: workers and latency on the left, rings and the process on the right. */
static void draw_wide(const struct snapshot *s, int rows, int cols, struct line *line)
{
	const size_t n = s->n_workers;
	struct rect right = { 0, cols / 2 + 3, rows, cols - cols / 2 - 3 };
	struct panel p = panel_at(line, (struct rect){ 0, 0, rows, cols / 2 });
	struct line *l;

	for (size_t i = 0; i < lines_of(s); i++)
		if ((i < n + 2 || (i >= 2 * n + 4 && i + 1 < lines_of(s))) && (l = panel_next(&p)))
			draw_line(l, s, i);
	panel_bar(line, right);
	p = panel_at(line, right);
	for (size_t i = n + 2; i < lines_of(s); i++)
		if ((i < 2 * n + 4 || i + 1 == lines_of(s)) && (l = panel_next(&p)))
			draw_line(l, s, i);
}

static void draw(const struct view_state *s, const struct data *d, const struct data_table *tables,
		 int rows, int cols, struct line *line)
{
	size_t n = lines_of(&d->snap);
	int from = layout_top(rows, (int)n, (int)s->cursor);

	(void)tables;
	panel_clear(line, rows, cols);
	if (cols >= 180 && rows >= (int)d->snap.n_workers + SNAP_STAGES + 3) {
		draw_wide(&d->snap, rows, cols, line);
		from = (int)n;
	}
	for (int i = 0; i < rows && (size_t)(from + i) < n; i++) {
		draw_line(&line[i], &d->snap, (size_t)(from + i));
		if ((size_t)(from + i) == s->cursor && n > (size_t)rows)
			line_all(&line[i], LOOK_CURSOR);
	}
	panel_grey(line, rows, d, d->snap.mono_ns);
}

static size_t count(const struct view_state *s, const struct data *d,
		    const struct data_table *tables)
{
	(void)s;
	(void)tables;
	return lines_of(&d->snap);
}

const struct view view_workers = {
	.name = "workers", .title = "Workers and rings", .draw = draw, .count = count
};
