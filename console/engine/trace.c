/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * `set debug 3`: for at most 10 packets a second one line each: what the program found at each
 * step, and what became of the record. Traces and send results come through two queues and are
 * joined here by number. [engine]
 */
#include "engine/run_int.h"

#include <stdio.h>
#include <string.h>

#include "engine/model/ledger.h"
#include "engine/model/trace.h"
#include "log.h"

static const char *allow_text(const struct eng *e, const struct vx_trace *t,
			      char buf[static ADDR_TEXT])
{
	const struct allow_entry *entry;

	if (t->step < VX_STEP_ALLOW)
		return "-";
	if (!(t->flags & VX_T_ALLOW_HIT))
		return e->dp->cfg(e->d)->allow_mode == VX_ALLOW_OFF ? "off" : "no entry";
	entry = allow_by_idx(e->allow, t->allow_idx);
	return entry ? addr_cidr_format(&entry->cidr, buf) : "?";
}

static void trace_line(struct eng *e, const struct vx_trace *t, const char *fate)
{
	char src[ADDR_TEXT], dst[ADDR_TEXT], to[ADDR_TEXT], allow[ADDR_TEXT];
	char mac[ADDR_TEXT] = "-", proto[TRACE_PROTO];

	if (t->step >= VX_STEP_L2)
		addr_mac_format(t->mac, mac);
	vx_dbg("trace %u: vni %u %s %s > %s len %u%s%s%s | allow %s | nat %s | via %s | row %s%s%s",
	       t->trace_id, t->vni, t->family ? trace_proto(t->proto, proto) : "-",
	       trace_src(t, src), trace_dst(t, dst), t->ip_len, t->flags & VX_T_FRAG ? " frag" : "",
	       t->flags & VX_T_HELD ? " held" : "", t->flags & VX_T_TRUNCATED ? " truncated" : "",
	       allow_text(e, t, allow), trace_to(t, to), mac,
	       ledger_name((enum vx_ledger_id)t->row), fate[0] ? " | " : "", fate);
}

/* That of this number, which waits for its result; NULL: none does. */
static struct eng_pending_trace *pending(struct eng *e, uint32_t id)
{
	for (int i = 0; i < ENG_TRACES; i++)
		if (e->run->trace[i].until_ns && e->run->trace[i].t.trace_id == id)
			return &e->run->trace[i];
	return NULL;
}

/* One that is free, or else the one that has waited for the longest time. */
static struct eng_pending_trace *make_pending(struct eng *e)
{
	struct eng_pending_trace *oldest = &e->run->trace[0];

	for (int i = 1; i < ENG_TRACES; i++)
		if (e->run->trace[i].until_ns < oldest->until_ns)
			oldest = &e->run->trace[i];
	if (oldest->until_ns)
		trace_line(e, &oldest->t, "no result yet");
	return oldest;
}

static void on_trace(void *ctx, const struct vx_trace *t)
{
	struct eng_pending_trace *p;
	struct eng *e = ctx;

	if (t->row != VX_L_QUEUED) {
		trace_line(e, t, "");
		return;
	}
	p = make_pending(e);
	p->t = *t;
	p->until_ns = eng_now_ns() + 1000000000ULL;
}

static void join(struct eng *e, const struct inj_trace_result *r)
{
	struct eng_pending_trace *p = pending(e, r->trace_id);
	char fate[96];

	if (!p)
		return;
	snprintf(fate, sizeof(fate), "ring %u worker %u: %s", p->t.ring, r->worker,
		 !r->err			    ? "sent"
		 : r->err == INJ_TRACE_FRAG_UNKNOWN ? "frag_unknown"
						    : strerror(r->err));
	trace_line(e, &p->t, fate);
	p->until_ns = 0;
}

/* Results are taken out first: then the traces that they belong to are there. */
static void take(struct eng *e)
{
	struct inj_trace_result r[ENG_TRACES];
	int n = 0;

	while (n < ENG_TRACES && inj_trace_pop(e->inj, &r[n]))
		n++;
	e->dp->traces(e->d, on_trace, e);
	for (int i = 0; i < n; i++)
		join(e, &r[i]);
}

void eng_trace_tick(struct eng *e)
{
	uint32_t *budget = &e->dp->cfg(e->d)->trace_budget;
	uint64_t now = eng_now_ns();
	bool on = e->o->debug >= 3;

	if (!on && !*budget && !e->run->trace_second)
		return;
	if (on && now - e->run->trace_second >= 1000000000ULL) {
		dp_store32(budget, ENG_TRACE_PPS);
		e->run->trace_second = now;
	}
	if (!on) {
		dp_store32(budget, 0);
		e->run->trace_second = 0;
	}
	take(e);
	for (int i = 0; i < ENG_TRACES; i++) {
		struct eng_pending_trace *p = &e->run->trace[i];

		if (p->until_ns && now > p->until_ns) {
			trace_line(e, &p->t, "no result");
			p->until_ns = 0;
		}
	}
}
