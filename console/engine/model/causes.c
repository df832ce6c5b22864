// SPDX-License-Identifier: GPL-2.0-only
/*
 * When each cause is true, what is said of it, and what mends it: a function each. Names of devices
 * are foreign: quoted where a shell will read them, harmless where they are read by people. Pure.
 * [engine]
 */
#include "engine/model/diagnose_int.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SILENT_NS    (3 * DIAG_SECOND)
#define STUCK_MS     1000
#define ASKED_NS     (3 * DIAG_SECOND) /* a neighbour has so long to answer, at the start */
#define FEW	     100	       /* packets that a judgement needs at least */
#define BUSY_PERCENT 80
#define WORKER_PPS   1000 /* what a worker has to do before it is called one-sided */
#define IP_MAX	     9202 /* VX_MAX_FRAME less Ethernet */

static void clean(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || (unsigned char)*s >= 0x7f)
			*s = '?';
}

__attribute__((format(printf, 2, 3))) static void say(struct diag_cause *c, const char *fmt, ...)
{
	size_t n = strlen(c->text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->text + n, sizeof(c->text) - n, fmt, ap);
	va_end(ap);
	clean(c->text);
}

__attribute__((format(printf, 2, 3))) static void fix(struct diag_cause *c, const char *fmt, ...)
{
	va_list ap;

	if (c->n_fix == DIAG_FIXES)
		return;
	va_start(ap, fmt);
	vsnprintf(c->fix[c->n_fix], sizeof(c->fix[0]), fmt, ap);
	va_end(ap);
	clean(c->fix[c->n_fix++]);
}

struct number {
	char text[28];
};

/* 1,234,567 */
static struct number num(uint64_t v)
{
	struct number n;
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, v), at = 0;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			n.text[at++] = ',';
		n.text[at++] = digits[i];
	}
	n.text[at] = 0;
	return n;
}
#define N(v) num(v).text

struct word {
	char text[80];
};

/* One word of a shell's command line. */
static struct word word(const char *s)
{
	struct word w;
	size_t n = 0;

	if (s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:@-")]) {
		w.text[n++] = '\'';
		for (; *s && n < sizeof(w.text) - 6; s++) {
			if (*s == '\'') {
				memcpy(w.text + n, "'\\''", 4);
				n += 4;
			} else {
				w.text[n++] = *s;
			}
		}
		w.text[n++] = '\'';
		w.text[n] = 0;
		return w;
	}
	snprintf(w.text, sizeof(w.text), "%s", s);
	return w;
}
#define W(s) word(s).text

static void at_time(struct diag_cause *c, const char *what, int64_t real_ns)
{
	time_t sec = (time_t)(real_ns / (int64_t)DIAG_SECOND);
	char at[16];
	struct tm tm;

	gmtime_r(&sec, &tm);
	strftime(at, sizeof(at), "%H:%M:%SZ", &tm);
	say(c, "%s %s", what, at);
}

static bool not_balanced(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	(void)d;
	say(c, "LEDGER NOT BALANCED: packets are lost without a row");
	fix(c, "selfcheck");
	return o->unbalanced;
}

static bool leak(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	(void)d;
	say(c, "LEAK: %s frames of ours left by %s", N(o->leaked), o->ingress);
	fix(c, "ack");
	return o->leaked > 0;
}

static bool intake_off(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	(void)d;
	c->pps = o->row_pps[VX_L_PAUSED];
	say(c, "INTAKE OFF: %s packets/s of ours are dropped", N(c->pps));
	fix(c, "intake on");
	return o->paused;
}

static bool egress_down(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	(void)d;
	c->pps = o->row_pps[VX_L_NO_NEIGHBOUR] + o->tx_failed_pps;
	if (o->egress_gone) {
		say(c, "egress %s is gone: nothing can be sent until it is back", o->egress);
		fix(c, "ip link show");
	} else if (o->egress_down) {
		say(c, "egress %s is down: nothing can be sent", o->egress);
		fix(c, "ip link set %s up", W(o->egress));
	} else {
		say(c, "egress %s has no carrier: nothing can be sent", o->egress);
		fix(c, "ethtool %s", W(o->egress));
	}
	return o->egress_gone || o->egress_down || o->egress_no_carrier;
}

static bool stray(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	(void)d;
	say(c, "Another XDP program is in the way: %s", o->stray);
	if (o->stray_fix[0])
		fix(c, "%s", o->stray_fix);
	return o->stray[0];
}

static bool worker_stuck(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	(void)d;
	say(c, "worker %d has made no progress for %" PRIu64 " ms", o->stuck_worker, o->stuck_ms);
	fix(c, "workers");
	return o->stuck_worker >= 0 && o->stuck_ms >= STUCK_MS;
}

static bool next_hop(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	(void)d;
	c->pps = o->row_pps[VX_L_NO_NEIGHBOUR];
	say(c, "next hop to %s: %s", o->hop.target, o->hop.why);
	if (o->hop.fix[0])
		fix(c, "%s", o->hop.fix);
	fix(c, "set next-hop-mac MAC");
	return o->hop.target[0] && (!o->hop.may_come || o->uptime_ns >= ASKED_NS);
}

/* With rules, packets that none matches are nothing unusual, as long as one matches others. */
static bool no_rule(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	bool none = !o->nat_rules && o->unmatched_drop;
	bool all = diag_recent(d, VX_L_NO_RULE) &&
		   diag_recent_allowed(d) ==
			   diag_recent(d, VX_L_NO_RULE) + diag_recent(d, VX_L_TRUNCATED);

	c->pps = o->row_pps[VX_L_NO_RULE];
	say(c, none ? "No NAT rule: nothing is sent." : "No NAT rule matches: nothing is sent.");
	if (o->port_key[0] && o->port_pps) {
		say(c, " %s arrives at %s packets/s", o->port_key, N(o->port_pps));
		fix(c, "nat add %s=ADDRESS:PORT", o->port_key);
	}
	return none || all;
}

static bool all_denied(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	c->pps = o->row_pps[VX_L_DENIED];
	say(c, "Every packet is denied, %s packets/s: ", N(c->pps));
	if (!o->allow_entries)
		say(c, "the allowlist is empty. ");
	for (int i = 0; i < DIAG_TOP && o->denied[i][0]; i++)
		say(c, "%s%s", i ? ", " : "", o->denied[i]);
	say(c, "%s", o->denied[0][0] ? " and others are on no list" : "");
	if (o->denied[0][0])
		fix(c, "allow add %s", o->denied[0]);
	fix(c, "allow mode count");
	return diag_recent(d, VX_L_DENIED) && !diag_recent_allowed(d);
}

/* Where ours arrive, too, others are another's business if he has the port, or they are dropped as
 * the operator wished. */
static bool other_vni(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	uint64_t others = diag_recent(d, VX_L_OTHER_VNI_PASS) + diag_recent(d, VX_L_OTHER_VNI_DROP);

	c->pps = o->row_pps[VX_L_OTHER_VNI_PASS] + o->row_pps[VX_L_OTHER_VNI_DROP];
	say(c, "VXLAN arrives with VNI %" PRIu32 ", which is not configured, at %s packets/s",
	    o->vni, N(o->vni_pps));
	fix(c, "vni add %" PRIu32, o->vni);
	return others && o->vni_pps &&
	       (!diag_recent_ours(d) || !(o->port_in_use || o->other_vni_dropped));
}

static bool is_silent(uint64_t last_ns, const struct diag_seen *o)
{
	return o->now_ns - last_ns >= SILENT_NS && o->uptime_ns >= SILENT_NS;
}

static bool no_vxlan(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	c->since_real_ns = d->rx_real_ns;
	say(c, "%s packets/s arrive, but none is VXLAN to UDP port %u",
	    N(o->row_pps[VX_L_NOT_VXLAN]), o->port);
	fix(c, "tcpdump -ni %s -c 20", W(o->ingress));
	return is_silent(d->vxlan_ns, o) && d->other_s >= 3;
}

static bool no_packets(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	int64_t since = d->vxlan_ns ? d->rx_real_ns : o->real_ns - (int64_t)o->uptime_ns;

	c->since_real_ns = since;
	at_time(c, "no packets since", since);
	if (!o->ingress_up) {
		say(c, ": ingress %s is down", o->ingress);
		fix(c, "ip link set %s up", W(o->ingress));
	} else if (!d->vxlan_ns) {
		say(c, ", the start");
	}
	fix(c, "aws ec2 describe-traffic-mirror-sessions");
	fix(c, "tcpdump -ni %s udp port %u", W(o->ingress), o->port);
	return is_silent(d->vxlan_ns, o) && d->other_s < 3;
}

static bool egress_mtu(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	(void)d;
	c->pps = o->row_pps[VX_L_OVERSIZE];
	if (o->oversize_largest > IP_MAX) {
		say(c,
		    "packets of up to %s bytes are larger than this program takes (%d): %s "
		    "packets/s are dropped",
		    N(o->oversize_largest), IP_MAX, N(c->pps));
	} else {
		say(c,
		    "%s MTU %" PRIu32 " is too small: packets of up to %s bytes are dropped (%s "
		    "packets/s); it needs %" PRIu64,
		    o->egress, o->egress_mtu, N(o->oversize_largest), N(c->pps),
		    o->oversize_largest);
		fix(c, "ip link set %s mtu %" PRIu64, W(o->egress), o->oversize_largest);
	}
	return c->pps;
}

static bool truncated(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	(void)d;
	c->pps = o->row_pps[VX_L_TRUNCATED];
	say(c,
	    "%s packets/s were cut before they came and are dropped: raise the packet length of "
	    "the mirror session and the MTU of %s (%" PRIu32 ")",
	    N(c->pps), o->ingress, o->ingress_mtu);
	fix(c, "set truncated forward");
	if (o->ingress_mtu < 9001)
		fix(c, "ip link set %s mtu 9001", W(o->ingress));
	fix(c, "aws ec2 modify-traffic-mirror-session --traffic-mirror-session-id ID "
	       "--remove-fields packet-length");
	return c->pps;
}

static bool one_flow(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	uint64_t sum = 0;
	unsigned most = 0;

	(void)d;
	for (unsigned i = 0; i < o->n_workers && i < VX_MAX_RINGS; i++) {
		sum += o->worker_pps[i];
		most = o->worker_pps[i] > o->worker_pps[most] ? i : most;
	}
	say(c, "one flow keeps worker %u busy (%s of %s packets/s) while %u others wait", most,
	    N(o->worker_pps[most]), N(sum), o->n_workers - 1);
	fix(c, "set dispatch spread");
	return o->n_workers > 1 && !o->spread && o->worker_pps[most] >= WORKER_PPS &&
	       o->worker_pps[most] * 10 >= sum * 9 &&
	       (o->worker_idle[most] <= 100 - BUSY_PERCENT || o->ring_used[most] >= 50 ||
		o->row_pps[VX_L_RING_FULL]);
}

static bool ring_full(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	(void)d;
	c->pps = o->row_pps[VX_L_RING_FULL];
	say(c,
	    "rings overflow: %s packets/s are lost; give --ring more than %" PRIu64
	    "K or --workers more than %u",
	    N(c->pps), o->ring_bytes / 1024, o->n_workers);
	fix(c, "vxconsole --ring %" PRIu64 "K --workers %u %s %s", o->ring_bytes / 512,
	    o->n_workers < VX_MAX_RINGS ? o->n_workers + 1 : o->n_workers, W(o->ingress),
	    W(o->egress));
	return c->pps;
}

static uint64_t sum_of(const uint64_t v[DIAG_WINDOW + 1])
{
	uint64_t sum = 0;

	for (int i = 0; i <= DIAG_WINDOW; i++)
		sum += v[i];
	return sum;
}

/* Readings of a second are not of one instant: a tenth is forgiven, over three of them. */
static bool tx_not_following(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	uint64_t sent = sum_of(d->sent), nic = sum_of(d->nic_tx), lost = sum_of(d->lost);
	bool behind =
		o->nic_known && d->seconds > DIAG_WINDOW && sent >= FEW && nic < sent - sent / 10;

	c->pps = o->sent > o->nic_tx ? o->sent - o->nic_tx : o->tx_failed_pps;
	if (o->tx_failed_pps)
		say(c, "%s frames/s are not taken by %s: %s", N(o->tx_failed_pps), o->egress,
		    o->tx_error);
	else if (o->qdisc_dropped)
		say(c, "%s frames/s are sent, and the qdisc %s of %s drops %s", N(o->sent),
		    o->qdisc, o->egress, N(o->qdisc_dropped));
	else
		say(c, "%s frames/s are sent, and %s counts %s of them as sent, %s as dropped",
		    N(o->sent), o->egress, N(o->nic_tx), N(o->nic_tx_dropped));
	if (o->qdisc_dropped && o->qdisc[0])
		fix(c, "tc qdisc del dev %s root", W(o->egress));
	fix(c, "tc -s qdisc show dev %s", W(o->egress));
	fix(c, "set qdisc-bypass on");
	return behind || lost;
}

static bool nic_drops(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	(void)d;
	say(c, "the NIC loses packets:");
	for (unsigned i = 0; i < o->n_nic && i < DIAG_NICS; i++) {
		say(c, "%s %s %s %s/s", i ? "," : "", o->nic[i].dev, o->nic[i].name,
		    N(o->nic[i].pps));
		c->pps += o->nic[i].pps;
	}
	if (o->n_nic)
		fix(c, "ethtool -S %s", W(o->nic[0].dev));
	return o->n_nic;
}

/* Silence is told from coming and going: who has come back more than once gets more time. */
static bool fell_silent(const struct diag_source *s)
{
	unsigned wait = s->gaps > 1 ? 3 * s->gap_s : 3;

	return s->used && s->busy && s->silent_s >= wait;
}

static bool source_silent(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	const struct diag_source *last = NULL;
	unsigned n = 0;

	for (int i = 0; i < DIAG_SOURCES; i++) {
		const struct diag_source *s = &d->source[i];

		if (!fell_silent(s))
			continue;
		n++;
		if (!last || s->last_real_ns > last->last_real_ns)
			last = s;
	}
	/* Silence of all is another cause. */
	if (!last || o->row_pps[VX_L_RX] == o->row_pps[VX_L_NOT_VXLAN] || !diag_recent_ours(d))
		return false;
	c->since_real_ns = last->last_real_ns;
	say(c, "source %s", last->name);
	at_time(c, " is silent since", last->last_real_ns);
	if (n > 1)
		say(c, ", and %u more are", n - 1);
	fix(c, "ack");
	fix(c, "aws ec2 describe-traffic-mirror-sessions");
	return true;
}

static bool promisc(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	(void)d;
	c->pps = o->foreign_pps;
	say(c,
	    "%s packets/s are addressed to another MAC than %s of %s: they arrive only while it is "
	    "promiscuous",
	    N(c->pps), o->ingress_mac, o->ingress);
	fix(c, "aws ec2 describe-traffic-mirror-targets");
	return c->pps;
}

static bool port_in_use(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	(void)d;
	say(c, "UDP port %u belongs to %s: what passes to the kernel goes there", o->port,
	    o->port_holder[0] ? o->port_holder : "somebody else");
	if (o->port_holder[0])
		fix(c, "ip link set %s down", W(o->port_holder));
	fix(c, "ss -lunp sport = :%u", o->port);
	return o->port_in_use;
}

static bool internal(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	(void)d;
	c->pps = o->row_pps[VX_L_INTERNAL];
	say(c, "%s packets/s are dropped because a BPF helper or map failed", N(c->pps));
	return c->pps;
}

static bool threshold(const struct diag *d, const struct diag_seen *o, struct diag_cause *c)
{
	(void)d;
	say(c, "%s packets/s are sent, below the threshold of %s", N(o->out_pps), N(o->threshold));
	fix(c, "ledger");
	return o->out_pps < o->threshold && o->uptime_ns >= 5 * DIAG_SECOND;
}

const diag_fn diag_causes[DIAG_N] = {
	[DIAG_NOT_BALANCED] = not_balanced,
	[DIAG_LEAK] = leak,
	[DIAG_INTAKE_OFF] = intake_off,
	[DIAG_EGRESS_DOWN] = egress_down,
	[DIAG_STRAY] = stray,
	[DIAG_WORKER_STUCK] = worker_stuck,
	[DIAG_NEXT_HOP] = next_hop,
	[DIAG_NO_RULE] = no_rule,
	[DIAG_ALL_DENIED] = all_denied,
	[DIAG_OTHER_VNI] = other_vni,
	[DIAG_NO_VXLAN] = no_vxlan,
	[DIAG_NO_PACKETS] = no_packets,
	[DIAG_EGRESS_MTU] = egress_mtu,
	[DIAG_TRUNCATED] = truncated,
	[DIAG_ONE_FLOW] = one_flow,
	[DIAG_RING_FULL] = ring_full,
	[DIAG_TX_NOT_FOLLOWING] = tx_not_following,
	[DIAG_NIC_DROPS] = nic_drops,
	[DIAG_SOURCE_SILENT] = source_silent,
	[DIAG_PROMISC] = promisc,
	[DIAG_PORT_IN_USE] = port_in_use,
	[DIAG_INTERNAL] = internal,
	[DIAG_THRESHOLD] = threshold,
};
