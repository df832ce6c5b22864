/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All figures of one instant into the snapshot: counters at every tick, rates once a second.
 * [engine]
 */
#include "engine/run_int.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/model/ledger.h"
#include "engine/sys/nic.h"
#include "engine/sys/proc.h"
#include "log.h"

static void add_errors(struct snap_errno *to, const struct snap_errno *from)
{
	for (int i = 0; i < SNAP_ERRNOS && from[i].err; i++) {
		int k = 0;

		while (k < SNAP_ERRNOS - 1 && to[k].err && to[k].err != from[i].err)
			k++;
		to[k].err = to[k].err && to[k].err != from[i].err ? -1 : from[i].err;
		to[k].n += from[i].n;
	}
}

static void read_workers(struct eng *e, struct snap_ledger *l)
{
	struct snapshot *s = &e->snap;

	l->sent = l->sent_bytes = l->tx_failed = l->frag_unknown = 0;
	l->natted = l->unnatted = 0;
	memset(l->errors, 0, sizeof(l->errors));
	for (unsigned i = 0; i < s->n_workers; i++) {
		struct snap_worker *w = &s->worker[i];
		struct inj_stats st;

		inj_worker_stats(e->inj, i, &st);
		w->cpu = st.cpu;
		w->tid = st.tid;
		w->sent = st.sent;
		w->tx_failed = st.tx_failed;
		w->frag_unknown = st.frag_unknown;
		w->syscalls = st.syscalls;
		w->stalled_ms = st.stuck ? (eng_now_ns() - st.last_progress_ns) / 1000000 : 0;
		for (int k = 0; k < SNAP_ERRNOS; k++)
			w->errors[k] = (struct snap_errno){ st.errors[k].err, st.errors[k].n };
		add_errors(l->errors, w->errors);
		l->sent += st.sent;
		l->sent_bytes += st.sent_bytes;
		l->tx_failed += st.tx_failed;
		l->frag_unknown += st.frag_unknown;
		l->natted += st.held_natted;
		l->unnatted += st.held_unnatted;
	}
}

static void read_rings(struct eng *e)
{
	struct snapshot *s = &e->snap;

	for (unsigned i = 0; i < s->n_workers; i++) {
		struct inj_ring_stats r;

		inj_ring_stats(e->inj, i, &r);
		s->ring[i].size = r.size;
		s->ring[i].used = r.used;
		s->ring[i].high = r.high;
		s->ring[i].late_wakeups = r.late_wakeups;
		s->ring[i].full = e->dp->ring_full(e->d, i);
	}
}

static uint64_t done(const struct snap_ledger *l)
{
	return l->sent + l->tx_failed + l->frag_unknown;
}

/* In the order that ledger_balanced() needs: done, rows, in flight, done. */
static void read_ledger(struct eng *e)
{
	struct snap_ledger *l = &e->snap.ledger;
	struct ledger_reading r = { .n_cpus = proc_cpus_possible() };
	struct dp_ledger d;
	struct vx_err err;

	read_workers(e, l);
	r.done0 = done(l);
	if (e->dp->ledger(e->d, &d, &err)) {
		vx_error("%s", err.msg);
		return;
	}
	memcpy(r.row, d.row, sizeof(r.row));
	r.rx_before = d.rx_before;
	r.rx_after = d.rx_after;
	read_rings(e);
	r.in_flight = inj_in_flight(e->inj);
	read_workers(e, l);
	r.done1 = done(l);
	memcpy(l->row, d.row, sizeof(l->row));
	l->natted += d.row[VX_L_NATTED];
	l->unnatted += d.row[VX_L_UNNATTED];
	l->in_flight = r.in_flight;
	l->slack = ledger_slack(&r);
	l->balanced = ledger_balanced(&r) && eng_exact_ok(e);
}

static void read_leak(struct eng *e)
{
	struct dp_leak leak;

	if (!e->dp->leak(e->d, &leak))
		e->snap.ledger.leaked = leak.leaked;
	e->snap.ledger.unseen_tx = e->run->unseen.n;
}

static void read_latency(struct eng *e)
{
	static struct inj_hist h; /* 8 KiB; only the engine's thread comes here */

	for (int i = 0; i < SNAP_STAGES; i++) {
		inj_hist(e->inj, (enum inj_stage)i, &h);
		e->snap.latency[i] = (struct snap_latency){
			.p50_ns = inj_hist_quantile(&h, 0.5),
			.p99_ns = inj_hist_quantile(&h, 0.99),
			.p999_ns = inj_hist_quantile(&h, 0.999),
			.max_ns = h.max_ns,
			.count = h.count,
		};
	}
}

static void read_state(struct eng *e)
{
	const struct net_link *out = net_link(e->net, NET_EGRESS);
	struct snapshot *s = &e->snap;

	s->allow_entries = allow_count(e->allow);
	s->allow_orgs = allow_orgs(e->allow);
	s->nat_rules = nat_count(e->nat);
	s->allow_mode = e->dp->cfg(e->d)->allow_mode;
	s->paused = e->dp->cfg(e->d)->paused != 0;
	s->egress_up = out->ifindex && out->up && out->running;
	s->next_hops = s->next_hops_ok = 0;
	for (int i = 0; i < VX_MAX_NAT; i++) {
		if (!e->run->target[i].refs)
			continue;
		s->next_hops++;
		s->next_hops_ok +=
			net_nexthop(e->net, (uint16_t)(VX_NH_FIRST + i))->state == NET_NH_RESOLVED;
	}
	s->oversize_largest = e->dp->oversize_largest(e->d);
	if (e->o->egress != OPT_EG_REDIRECT) {
		eng_egress_read(e, e->o);
		return;
	}
	snprintf(s->egress_method, sizeof(s->egress_method), "%s",
		 e->run->redirect.on ? "redirect" : "packet");
	eng_redirect_reason(e, s->egress_reason, sizeof(s->egress_reason));
}

void eng_refresh(struct eng *e)
{
	struct snapshot *s = &e->snap;

	s->seq++;
	s->mono_ns = eng_now_ns();
	s->real_ns = eng_real_ns();
	s->uptime_ns = s->mono_ns - e->run->start_ns;
	s->rss_bytes = proc_rss_bytes();
	read_ledger(e);
	read_leak(e);
	read_latency(e);
	read_state(e);
	eng_diagnose(e);
	eng_lights(e);
}

static uint64_t rate(uint64_t now, uint64_t before, double seconds)
{
	return now > before && seconds > 0 ? (uint64_t)((double)(now - before) / seconds + 0.5) : 0;
}

static void worker_rates(struct eng *e, unsigned i, double seconds)
{
	struct snap_worker *w = &e->snap.worker[i];
	struct eng_sample *last = &e->run->last;
	uint64_t records, batches, idle, busy;
	struct inj_stats st;

	inj_worker_stats(e->inj, i, &st);
	records = st.done[0] + st.done[1];
	w->sent_pps = rate(st.sent, last->worker[i].sent, seconds);
	batches = st.batches - last->worker[i].batches;
	w->batch_avg = batches ? (double)(records - last->worker[i].done) / (double)batches : 0;
	idle = st.idle_ns - last->worker[i].idle_ns;
	busy = st.busy_ns - last->worker[i].busy_ns;
	w->idle = idle + busy ? (double)idle / (double)(idle + busy) : 1.0;
	last->worker[i].sent = st.sent;
	last->worker[i].batches = st.batches;
	last->worker[i].done = records;
	last->worker[i].idle_ns = st.idle_ns;
	last->worker[i].busy_ns = st.busy_ns;
}

/* How long until the ring were full at the present rate, if nothing were taken out. */
static void ring_rates(struct eng *e, unsigned i, double seconds)
{
	struct snap_ring *s = &e->snap.ring[i];
	struct inj_ring_stats r;
	uint64_t in, per_s;

	inj_ring_stats(e->inj, i, &r);
	in = r.bytes_consumed + r.used;
	per_s = rate(in, e->run->last.ring_bytes[i], seconds);
	s->ms_left = per_s ? (r.size - r.used) * 1000 / per_s : UINT64_MAX;
	e->run->last.ring_bytes[i] = in;
}

static void nic_second(struct eng *e)
{
	const struct net_link *in = net_link(e->net, NET_INGRESS); /* its name may have changed */
	struct dp_leak before, after;
	uint64_t rx, tx;

	if (!e->dp->leak(e->d, &before) && !nic_packets(in->name, &rx, &tx, NULL) &&
	    !e->dp->leak(e->d, &after))
		unseen_update(&e->run->unseen, before.frames, tx, after.frames);
}

/* What takes a while to read, and what moves slowly. */
static void process_figures(struct eng *e)
{
	struct snapshot *s = &e->snap;

	s->threads = proc_threads();
	if (e->run->maps_ns && s->mono_ns - e->run->maps_ns < 60000000000ULL)
		return;
	e->run->maps_ns = s->mono_ns;
	s->map_bytes = proc_map_bytes();
}

static uint64_t all_syscalls(const struct snapshot *s)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < s->n_workers; i++)
		sum += s->worker[i].syscalls;
	return sum;
}

static void sending_rates(struct snapshot *s, struct eng_sample *last, double seconds)
{
	const struct snap_ledger *l = &s->ledger;
	uint64_t syscalls = all_syscalls(s), sent = l->sent - last->sent;

	s->out_pps = rate(l->sent, last->sent, seconds) + s->row_pps[VX_L_REDIRECTED];
	s->out_bps = (rate(l->sent_bytes, last->sent_bytes, seconds) +
		      s->row_pps[VX_L_REDIRECTED_BYTES]) *
		     8;
	s->tx_failed_pps = rate(l->tx_failed, last->tx_failed, seconds);
	s->syscalls_per_packet = sent ? (double)(syscalls - last->syscalls) / (double)sent : 0;
	last->sent = l->sent;
	last->sent_bytes = l->sent_bytes;
	last->tx_failed = l->tx_failed;
	last->syscalls = syscalls;
}

void eng_second(struct eng *e)
{
	struct eng_sample *last = &e->run->last;
	struct snapshot *s = &e->snap;
	struct snap_ledger *l = &s->ledger;
	double seconds;
	uint64_t cpu;

	nic_second(e);
	eng_redirect_second(e);
	eng_refresh(e);
	cpu = proc_cpu_ns();
	seconds = last->ns ? (double)(s->mono_ns - last->ns) / 1e9 : 0;
	for (int i = 0; i < VX_L_N; i++)
		s->row_pps[i] = rate(l->row[i], last->row[i], seconds);
	s->in_pps = s->row_pps[VX_L_RX];
	s->in_bps = s->row_pps[VX_L_RX_BYTES] * 8;
	sending_rates(s, last, seconds);
	s->cpu = seconds > 0 ? (double)(cpu - last->cpu_ns) / 1e9 / seconds : 0;
	if (s->in_pps > s->in_pps_peak)
		s->in_pps_peak = s->in_pps;
	if (s->out_pps > s->out_pps_peak)
		s->out_pps_peak = s->out_pps;
	for (unsigned i = 0; i < s->n_workers; i++) {
		worker_rates(e, i, seconds);
		ring_rates(e, i, seconds);
	}
	memcpy(last->row, l->row, sizeof(last->row));
	last->cpu_ns = cpu;
	last->ns = s->mono_ns;
	process_figures(e);
	eng_rows_second(e);
	eng_top_second(e);
	eng_diagnose_second(e);
	eng_lights(e);
	eng_history_second(e);
	eng_record_second(e);
}
