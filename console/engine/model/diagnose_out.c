// SPDX-License-Identifier: GPL-2.0-only
/*
 * Causes on the way out: rules, next hops, the egress, workers and rings, and what an operator or a
 * fault of this program has done. When each is true, what is said of it, and what mends it: a
 * function each. Pure. [engine]
 */
#include <inttypes.h>
#include <string.h>

#include "engine/model/diagnose_int.h"

#define N(v)	     DIAG_NUM(v)
#define W(s)	     DIAG_WORD(s)
#define STUCK_MS     1000
#define ASKED_NS     (3 * DIAG_SECOND) /* a neighbour has so long to answer, at the start */
#define BEHIND_S     2
#define BUSY_PERCENT 80
#define WORKER_PPS   1000 /* what a worker has to do before it is called one-sided */
#define IP_MAX	     9202 /* VX_MAX_FRAME less Ethernet */

static bool not_balanced(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	(void)d;
	diag_say(c, "LEDGER NOT BALANCED: packets are lost without a row");
	diag_fix(c, "selfcheck");
	return o->unbalanced;
}

static bool leak(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	(void)d;
	diag_say(c, "LEAK: %s frames of ours left by %s", N(o->leaked), o->ingress);
	diag_fix(c, "ack");
	diag_fix(c, "tcpdump -ni %s -Q out -c 20", W(o->ingress));
	return o->leaked > 0;
}

static bool intake_off(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	(void)d;
	c->pps = o->row_pps[VX_L_PAUSED];
	diag_say(c, "INTAKE OFF: %s packets/s of ours are dropped", N(c->pps));
	diag_fix(c, "intake on");
	return o->paused;
}

static bool egress_down(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	(void)d;
	c->pps = o->row_pps[VX_L_NO_NEIGHBOUR] + o->tx_failed_pps;
	if (o->egress_gone) {
		diag_say(c, "egress %s is gone: nothing can be sent until it is back", o->egress);
		diag_fix(c, "ip link show");
	} else if (o->egress_down) {
		diag_say(c, "egress %s is down: nothing can be sent", o->egress);
		diag_fix(c, "ip link set %s up", W(o->egress));
	} else {
		diag_say(c, "egress %s has no carrier: nothing can be sent", o->egress);
		diag_fix(c, "ethtool %s", W(o->egress));
	}
	return o->egress_gone || o->egress_down || o->egress_no_carrier;
}

static bool next_hop(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	(void)d;
	c->pps = o->row_pps[VX_L_NO_NEIGHBOUR];
	diag_say(c, "next hop to %s: %s", o->hop.target, o->hop.why);
	if (o->hop.more)
		diag_say(c, "; and to %u more", o->hop.more);
	if (o->hop.fix[0])
		diag_fix(c, "%s", o->hop.fix);
	diag_fix(c, "set next-hop-mac MAC");
	diag_fix(c, "ip neigh show dev %s", W(o->egress));
	return o->hop.target[0] && (!o->hop.may_come || o->uptime_ns >= ASKED_NS);
}

/* With rules, packets that none matches are nothing unusual, as long as one matches others. */
static bool no_rule(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	bool none = !o->nat_rules && o->unmatched_drop;

	c->pps = o->row_pps[VX_L_NO_RULE];
	diag_say(c,
		 none ? "No NAT rule: nothing is sent." : "No NAT rule matches: nothing is sent.");
	if (o->port_key[0] && o->port_pps) {
		diag_say(c, " %s arrives at %s packets/s", o->port_key, N(o->port_pps));
		diag_fix(c, "nat add %s=ADDRESS:PORT", o->port_key);
	}
	return none || (diag_run_is_long(&d->no_rule) && diag_recent(d, VX_L_NO_RULE));
}

static bool egress_mtu(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	(void)d;
	c->pps = o->row_pps[VX_L_OVERSIZE];
	if (o->oversize_largest > IP_MAX) {
		diag_say(c,
			 "packets of up to %s bytes are larger than this program takes (%d): %s "
			 "packets/s are dropped",
			 N(o->oversize_largest), IP_MAX, N(c->pps));
	} else {
		diag_say(c,
			 "%s MTU %" PRIu32 " is too small: packets of up to %s bytes are dropped "
			 "(%s packets/s); it needs %" PRIu64,
			 o->egress, o->egress_mtu, N(o->oversize_largest), N(c->pps),
			 o->oversize_largest);
		diag_fix(c, "ip link set %s mtu %" PRIu64, W(o->egress), o->oversize_largest);
	}
	return c->pps;
}

static bool worker_stuck(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	(void)d;
	diag_say(c, "worker %d has made no progress for %s ms", o->stuck_worker, N(o->stuck_ms));
	if (o->n_workers > 1)
		diag_say(c, "; the other %u go on", o->n_workers - 1);
	diag_fix(c, "workers");
	return o->stuck_worker >= 0 && o->stuck_ms >= STUCK_MS;
}

static unsigned busiest(const struct diag_seen *o, uint64_t *sum)
{
	unsigned most = 0;

	*sum = 0;
	for (unsigned i = 0; i < o->n_workers && i < VX_MAX_RINGS; i++) {
		*sum += o->worker_pps[i];
		most = o->worker_pps[i] > o->worker_pps[most] ? i : most;
	}
	return most;
}

static bool one_flow(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	uint64_t sum;
	unsigned most = busiest(o, &sum);

	(void)d;
	diag_say(c, "one flow keeps worker %u busy (%s of %s packets/s) while %u others wait", most,
		 N(o->worker_pps[most]), N(sum), o->n_workers - 1);
	diag_fix(c, "set dispatch spread");
	return o->n_workers > 1 && !o->one_cpu && !o->spread && o->worker_pps[most] >= WORKER_PPS &&
	       o->worker_pps[most] * 10 >= sum * 9 &&
	       (o->worker_idle[most] <= 100 - BUSY_PERCENT || o->ring_used[most] >= 50 ||
		o->row_pps[VX_L_RING_FULL]);
}

/* A power of two a ring, twice what there is, and 100 ms of what arrives now. */
static uint64_t ring_needed(const struct diag_seen *o, unsigned workers)
{
	uint64_t want = o->in_bytes_ps / 10, size = 4096;

	want = want > 2 * o->ring_bytes ? want : 2 * o->ring_bytes;
	while (size * workers < want && size < (1ULL << 40))
		size *= 2;
	return size * workers;
}

static bool ring_full(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	unsigned workers = o->n_workers < VX_MAX_RINGS ? o->n_workers + 1 : o->n_workers;
	uint64_t need = ring_needed(o, workers) / 1024;

	(void)d;
	c->pps = o->row_pps[VX_L_RING_FULL];
	diag_say(c,
		 "rings overflow: %s packets/s are lost; start again with --ring %" PRIu64
		 "K (now %" PRIu64 "K) and --workers %u (now %u)",
		 N(c->pps), need, o->ring_bytes / 1024, workers, o->n_workers);
	diag_fix(c, "vxconsole --ring %" PRIu64 "K --workers %u %s %s", need, workers,
		 W(o->ingress), W(o->egress));
	return c->pps;
}

static bool tx_not_following(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	c->pps = o->sent > o->nic_tx ? o->sent - o->nic_tx : o->tx_failed_pps;
	if (o->tx_failed_pps)
		diag_say(c, "%s frames/s are not taken by %s: %s", N(o->tx_failed_pps), o->egress,
			 o->tx_error);
	else if (o->qdisc_dropped)
		diag_say(c, "%s frames/s are sent, and the qdisc %s of %s drops %s", N(o->sent),
			 o->qdisc, o->egress, N(o->qdisc_dropped));
	else
		diag_say(c, "%s frames/s are sent, and %s counts %s of them as sent, %s as dropped",
			 N(o->sent), o->egress, N(o->nic_tx), N(o->nic_tx_dropped));
	if (o->qdisc_dropped && o->qdisc_own)
		diag_fix(c, "tc qdisc del dev %s root", W(o->egress));
	if (o->tx_failed_pps && o->tx_too_large && o->ingress_mtu > o->egress_mtu) {
		diag_fix(c, "ip link set %s mtu %" PRIu32, W(o->egress), o->ingress_mtu);
	} else if (o->by_xdp) {
		diag_fix(c, "set egress packet");
	} else {
		diag_fix(c, "tc -s qdisc show dev %s", W(o->egress));
		diag_fix(c, "set qdisc-bypass on");
	}
	return d->behind_s >= BEHIND_S || d->lost;
}

static bool redirect(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	(void)d;
	diag_say(c, "egress redirect was given up: %s; packets go by the rings again", o->redirect);
	diag_fix(c, "set egress auto");
	diag_fix(c, "set egress redirect"); /* by hand: it loses what does not leave */
	return o->redirect[0];
}

static bool internal(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	(void)d;
	c->pps = o->row_pps[VX_L_INTERNAL];
	diag_say(c, "%s packets/s are dropped because a BPF helper or map failed", N(c->pps));
	return c->pps;
}

static bool threshold(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	(void)d;
	diag_say(c, "%s packets/s are sent, below the threshold of %s", N(o->out_pps),
		 N(o->threshold));
	diag_fix(c, "ledger");
	return o->out_pps < o->threshold && o->uptime_ns >= 5 * DIAG_SECOND;
}

const diag_fn diag_fn_out[DIAG_N] = {
	[DIAG_NOT_BALANCED] = not_balanced,
	[DIAG_LEAK] = leak,
	[DIAG_INTAKE_OFF] = intake_off,
	[DIAG_EGRESS_DOWN] = egress_down,
	[DIAG_NEXT_HOP] = next_hop,
	[DIAG_NO_RULE] = no_rule,
	[DIAG_EGRESS_MTU] = egress_mtu,
	[DIAG_WORKER_STUCK] = worker_stuck,
	[DIAG_ONE_FLOW] = one_flow,
	[DIAG_RING_FULL] = ring_full,
	[DIAG_REDIRECT] = redirect,
	[DIAG_INTERNAL] = internal,
	[DIAG_TX_NOT_FOLLOWING] = tx_not_following,
	[DIAG_THRESHOLD] = threshold,
};
