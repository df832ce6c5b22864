/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is wrong now, in words, and the status line of a headless engine. [engine]
 */
#include "engine/run_int.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "engine/model/ledger.h"
#include "engine/serve/serve.h"
#include "proto/buf.h"
#include "log.h"

static bool next_hop_problem(struct eng *e, char *buf, size_t size)
{
	for (int i = 0; i < VX_MAX_NAT; i++) {
		const struct net_nexthop *h;
		char target[ADDR_TEXT];

		if (!e->run->target[i].refs)
			continue;
		h = net_nexthop(e->net, (uint16_t)(VX_NH_FIRST + i));
		if (h->state == NET_NH_RESOLVED)
			continue;
		addr_format(&e->run->target[i].addr, target);
		snprintf(buf, size, "next hop to %s %s: %s", target, net_nh_state_name(h->state),
			 h->why);
		return true;
	}
	return false;
}

static bool worker_problem(const struct snapshot *s, char *buf, size_t size)
{
	for (unsigned i = 0; i < s->n_workers; i++) {
		if (s->worker[i].stalled_ms < 1000)
			continue;
		snprintf(buf, size, "worker %u has made no progress for %" PRIu64 " ms", i,
			 s->worker[i].stalled_ms);
		return true;
	}
	return false;
}

/* The errno that most frames failed with. */
static const char *worst_errno(const struct snap_ledger *l)
{
	const struct snap_errno *worst = &l->errors[0];

	for (int i = 1; i < SNAP_ERRNOS; i++)
		if (l->errors[i].n > worst->n)
			worst = &l->errors[i];
	return worst->err > 0 ? strerror(worst->err) : "other errors";
}

static bool egress_problem(struct eng *e, char *buf, size_t size)
{
	const struct net_link *l = net_link(e->net, NET_EGRESS);

	if (l->ifindex && l->up && l->running)
		return false;
	if (!l->ifindex)
		snprintf(buf, size, "egress %s is gone: nothing can be sent until it is back",
			 l->name);
	else
		snprintf(buf, size, "egress %s %s: nothing can be sent; try: ip link set %s up",
			 l->name, l->up ? "has no carrier" : "is down", l->name);
	return true;
}

static bool loss_problem(struct eng *e, char *buf, size_t size)
{
	const struct snapshot *s = &e->snap;

	if (s->row_pps[VX_L_OVERSIZE]) {
		snprintf(buf, size,
			 "%s MTU %u is too small: packets of up to %" PRIu64
			 " bytes are dropped (%" PRIu64 " pps); set MTU >= %" PRIu64,
			 e->o->egress_dev, net_link(e->net, NET_EGRESS)->mtu, s->oversize_largest,
			 s->row_pps[VX_L_OVERSIZE], s->oversize_largest);
		return true;
	}
	if (s->row_pps[VX_L_RING_FULL]) {
		snprintf(buf, size,
			 "rings overflow: %" PRIu64 " pps lost; give --ring more than %zuK or "
			 "more --workers",
			 s->row_pps[VX_L_RING_FULL], e->run->ring_size * e->run->n_workers / 1024);
		return true;
	}
	if (s->row_pps[VX_L_INTERNAL]) {
		snprintf(buf, size, "%" PRIu64 " pps dropped because a BPF helper or map failed",
			 s->row_pps[VX_L_INTERNAL]);
		return true;
	}
	return false;
}

/* What arrives most is what the first rule is likely to be for; the operator knows where it goes.
 */
static bool no_rule_problem(struct eng *e, char *buf, size_t size)
{
	const struct eng_port_row *port = &e->run->top_port;
	struct buf text = { 0 };
	char key[32];

	if (e->snap.nat_rules || e->o->unmatched != VX_UNMATCHED_DROP)
		return false;
	buf_str(&text, "No NAT rule: nothing is sent.");
	if (port->pps) {
		eng_port_key(port, key, sizeof(key));
		buf_printf(&text, " %s arrives at ", key);
		buf_thousands(&text, port->pps);
		buf_str(&text, " packets/s");
		snprintf(e->snap.fix, sizeof(e->snap.fix), "nat add %s=", key);
	}
	snprintf(buf, size, "%s", text.failed ? "No NAT rule: nothing is sent." : text.data);
	buf_fini(&text);
	return true;
}

void eng_status_problem(struct eng *e, char *buf, size_t size)
{
	const struct snapshot *s = &e->snap;

	buf[0] = e->snap.fix[0] = 0;
	if (!s->ledger.balanced)
		snprintf(buf, size,
			 "LEDGER NOT BALANCED: packets are lost without a row; see: "
			 "vxconsole ctl selfcheck");
	else if (s->ledger.leaked)
		snprintf(buf, size, "LEAK: %" PRIu64 " frames of ours left by %s", s->ledger.leaked,
			 s->ingress);
	else if (s->paused)
		snprintf(buf, size, "INTAKE OFF: %" PRIu64 " pps of ours are dropped",
			 s->row_pps[VX_L_PAUSED]);
	else if (egress_problem(e, buf, size) || next_hop_problem(e, buf, size) ||
		 worker_problem(s, buf, size) || loss_problem(e, buf, size))
		return;
	else if (no_rule_problem(e, buf, size))
		return;
	else if (e->o->performance_threshold && s->uptime_ns > 5000000000ULL &&
		 s->out_pps < e->o->performance_threshold)
		snprintf(buf, size, "%" PRIu64 " pps sent is below the threshold of %" PRIu64,
			 s->out_pps, e->o->performance_threshold);
}

/* The row that loses most now; rows that pass to the kernel are no loss. */
static void worst_row(const struct snapshot *s, char *buf, size_t size)
{
	int worst = -1;

	for (int i = 0; i < VX_L_N; i++) {
		enum vx_ledger_group g = ledger_group((enum vx_ledger_id)i);

		if ((g != VX_G_DROP && i != VX_L_RING_FULL) || !s->row_pps[i])
			continue;
		if (worst < 0 || s->row_pps[i] > s->row_pps[worst])
			worst = i;
	}
	if (worst < 0)
		snprintf(buf, size, "none");
	else
		snprintf(buf, size, "%s %" PRIu64 " pps", ledger_name((enum vx_ledger_id)worst),
			 s->row_pps[worst]);
}

static uint64_t dropped(const struct snapshot *s)
{
	uint64_t sum = s->ledger.row[VX_L_RING_FULL];

	for (int i = 0; i < VX_L_N; i++)
		if (ledger_group((enum vx_ledger_id)i) == VX_G_DROP)
			sum += s->ledger.row[i];
	return sum;
}

static unsigned ring_percent(const struct snapshot *s)
{
	uint64_t most = 0;

	for (unsigned i = 0; i < s->n_workers; i++)
		if (s->ring[i].size && s->ring[i].used * 100 / s->ring[i].size > most)
			most = s->ring[i].used * 100 / s->ring[i].size;
	return (unsigned)most;
}

void eng_status_line(struct eng *e)
{
	const struct snapshot *s = &e->snap;
	time_t sec = (time_t)(s->real_ns / 1000000000);
	char at[16], worst[64];
	struct tm tm;

	gmtime_r(&sec, &tm);
	strftime(at, sizeof(at), "%H:%M:%SZ", &tm);
	worst_row(s, worst, sizeof(worst));
	log_say("%s in %" PRIu64 " pps %.1f Mbit/s | out %" PRIu64
		" pps %.1f Mbit/s | received %" PRIu64 " sent %" PRIu64 " dropped %" PRIu64
		" errors %" PRIu64 " | ring %u%% | most lost: %s%s%s%s%s%s%s\n",
		at, s->in_pps, (double)s->in_bps / 1e6, s->out_pps, (double)s->out_bps / 1e6,
		s->ledger.row[VX_L_RX], s->ledger.sent, dropped(s), s->ledger.tx_failed,
		ring_percent(s), worst, s->status[0] ? " | ! " : "", s->status,
		s->fix[0] ? "; try: vxconsole ctl " : "", s->fix,
		s->ledger.tx_failed ? " | send: " : "",
		s->ledger.tx_failed ? worst_errno(&s->ledger) : "");
}
