/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a headless engine prints: an object a line on stdout with --json, else the status line on
 * stderr; at the end the report, which says what became of every packet. [engine]
 */
#include "engine/run_int.h"

#include <unistd.h>

#include "engine/cmd/figures.h"
#include "engine/model/ledger.h"
#include "engine/sys/quick.h"
#include "log.h"
#include "proto/out.h"

#define REPORT_MS                                                                                  \
	5000 /* how long the report waits for its reader; the status objects do not wait */

/* A line on stdout with json, else text on stderr. */
static void render(const struct out *o, bool json, struct buf *b)
{
	if (json) {
		out_json(o, b);
		buf_char(b, '\n');
	} else {
		out_text(o, b);
	}
}

void eng_status_out(struct eng *e)
{
	struct buf b = { 0 };
	struct out *o;

	if (!e->o->json) {
		eng_status_line(e);
		return;
	}
	o = out_new();
	if (o) {
		figures_stats(o, NULL, &e->snap);
		render(o, true, &b);
		if (b.failed || b.n > QUICK_MAX || !quick_put(STDOUT_FILENO, b.data, b.n))
			vx_warn("stdout does not take the status: an object is left out");
	}
	buf_fini(&b);
	out_free(o);
}

static void totals(struct eng *e, struct out *o)
{
	const struct snapshot *s = &e->snap;
	double seconds = (double)s->uptime_ns / 1e9;
	double success = ledger_success(s->ledger.row, s->ledger.sent);

	out_time(o, "started", e->run->start_real_ns);
	out_number(o, "runtime_s", seconds);
	out_u64(o, "packets_in", s->ledger.row[VX_L_RX]);
	out_bytes(o, "bytes_in", s->ledger.row[VX_L_RX_BYTES]);
	out_u64(o, "packets_out", s->ledger.sent + s->ledger.row[VX_L_REDIRECTED]);
	out_bytes(o, "bytes_out", s->ledger.sent_bytes);
	out_u64(o, "in_pps_average",
		seconds > 0 ? (uint64_t)((double)s->ledger.row[VX_L_RX] / seconds) : 0);
	out_u64(o, "in_pps_peak", s->in_pps_peak);
	out_u64(o, "out_pps_average",
		seconds > 0 ? (uint64_t)((double)s->ledger.sent / seconds) : 0);
	out_u64(o, "out_pps_peak", s->out_pps_peak);
	if (success < 0 && e->o->json)
		out_null(o, "success");
	else if (success < 0)
		out_str(o, "success", "n/a");
	else
		out_ratio(o, "success", success);
}

void eng_report(struct eng *e)
{
	const struct eng_selfcheck *c = &e->run->final_check;
	struct out *o = out_new();
	struct buf b = { 0 };

	if (!o)
		return;
	out_object(o, NULL);
	out_object(o, "report");
	out_str(o, "ended_by", e->quit_why);
	totals(e, o);
	figures_ledger(o, "ledger", &e->snap);
	figures_workers(o, "workers", &e->snap);
	out_object(o, "exact");
	out_bool(o, "exact", c->exact);
	out_u64(o, "rx", c->rx);
	out_u64(o, "rows", c->rows);
	out_str(o, "what", c->what[0] ? c->what : NULL);
	out_end(o);
	out_end(o);
	out_end(o);
	render(o, e->o->json, &b);
	if (b.failed ||
	    !quick_put_within(e->o->json ? STDOUT_FILENO : STDERR_FILENO, b.data, b.n, REPORT_MS))
		vx_error("the report could not be written whole");
	buf_fini(&b);
	out_free(o);
}
