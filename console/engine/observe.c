/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the diagnosis looks at: the snapshot, the network, the NICs' own counters, the lists; and
 * the worst cause into the snapshot. Counters that only a second makes sense of are read once a
 * second. [engine]
 */
#include "engine/run_int.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/model/diagnose.h"
#include "engine/sys/net_vxlan.h"
#include "engine/sys/nic.h"

struct observe {
	struct diag *diag;
	struct diag_seen seen;
	struct diag_nic_memory nics;
	uint64_t tx, tx_dropped, qdisc_dropped, sent, foreign;
	bool second;   /* there is a reading before */
	bool nic_read; /* ... and the egress NIC was in it */
};

int eng_observe_init(struct eng *e, struct vx_err *err)
{
	struct observe *ob = calloc(1, sizeof(*ob));

	if (!ob)
		return vx_err_set(err, -ENOMEM, "out of memory");
	e->run->observe = ob;
	ob->diag = diag_new();
	return ob->diag ? 0 : vx_err_set(err, -ENOMEM, "out of memory");
}

void eng_observe_fini(struct eng *e)
{
	if (!e->run->observe)
		return;
	diag_free(e->run->observe->diag);
	free(e->run->observe);
}

/* --- NICs --- */

struct nic_reader {
	struct observe *ob;
	const char *dev;
	bool egress;
	uint64_t tx, tx_dropped;
};

static void one_counter(void *ctx, const char *name, uint64_t value)
{
	struct nic_reader *r = ctx;

	if (r->egress && !strcmp(name, "tx_packets"))
		r->tx = value;
	if (r->egress && !strcmp(name, "tx_dropped"))
		r->tx_dropped = value;
	diag_nic_counter(&r->ob->nics, &r->ob->seen, r->dev, r->egress, name, value);
}

static uint64_t grown(uint64_t now, uint64_t *before)
{
	uint64_t by = now > *before ? now - *before : 0;

	*before = now;
	return by;
}

/* Now, as the NIC's counter is read now: the snapshot's is older. */
static uint64_t sent_now(const struct eng *e)
{
	struct inj_stats st;
	uint64_t sum = 0;

	for (unsigned i = 0; i < e->snap.n_workers; i++) {
		inj_worker_stats(e->inj, i, &st);
		sum += st.sent;
	}
	return sum;
}

static void observe_nics(struct eng *e, struct observe *ob)
{
	const struct net_link *in = net_link(e->net, NET_INGRESS);
	const struct net_link *out = net_link(e->net, NET_EGRESS);
	const struct inj_egress_now *now = inj_egress_now(e->inj);
	struct nic_reader r = { ob, in->name, false, 0, 0 };
	struct diag_seen *o = &ob->seen;
	struct nic_qdisc q;
	struct vx_err err;
	bool read;

	o->n_nic = 0;
	if (nic_stats(in->name, one_counter, &r, &err))
		o->n_nic = 0;
	r.dev = out->name;
	r.egress = true;
	o->sent = grown(sent_now(e), &ob->sent);
	o->by_xdp = !strcmp(e->snap.egress_method, "xdp");
	read = !nic_stats(out->name, one_counter, &r, &err);
	/* The first reading is what the NIC has counted since it is there. */
	o->nic_known = read && ob->nic_read && now->kind != INJ_EGRESS_NULL;
	ob->nic_read = read;
	o->nic_tx = grown(r.tx, &ob->tx);
	o->nic_tx_dropped = grown(r.tx_dropped, &ob->tx_dropped);
	if (nic_qdisc(out->ifindex, &q, &err))
		q = (struct nic_qdisc){ .dropped = ob->qdisc_dropped };
	memcpy(o->qdisc, q.kind, sizeof(o->qdisc));
	o->qdisc_own = q.own;
	o->qdisc_dropped = grown(q.dropped, &ob->qdisc_dropped);
	if (o->by_xdp) /* whatever it drops is not ours */
		o->qdisc_dropped = 0;
	if (!o->nic_known)
		o->sent = o->nic_tx = o->nic_tx_dropped = o->qdisc_dropped = 0;
}

/* The program looks for packets to another MAC only while such can come. */
static void observe_promisc(struct eng *e, struct observe *ob)
{
	const struct net_link *in = net_link(e->net, NET_INGRESS);
	uint64_t own = 0, n = e->dp->foreign(e->d);

	memcpy(&own, in->mac, sizeof(in->mac));
	__atomic_store_n((uint64_t *)(void *)e->dp->cfg(e->d)->own_mac, own, __ATOMIC_SEQ_CST);
	__atomic_store_n(&e->dp->cfg(e->d)->promisc, in->promisc, __ATOMIC_SEQ_CST);
	ob->seen.foreign_pps = grown(n, &ob->foreign);
	if (!in->promisc)
		ob->seen.foreign_pps = 0;
	addr_mac_format(in->mac, ob->seen.ingress_mac);
}

/* --- lists --- */

static void take_denied(void *ctx, const struct eng_denied_row *row)
{
	struct diag_seen *o = ctx;

	for (int i = 0; i < DIAG_TOP; i++) {
		char text[ADDR_TEXT];

		if (o->denied[i][0])
			continue;
		if (row->pps)
			snprintf(o->denied[i], sizeof(o->denied[i]), "%s",
				 addr_format(&row->addr, text));
		return;
	}
}

static void take_vni(void *ctx, const struct eng_vni_row *row)
{
	struct diag_seen *o = ctx;

	if (row->ours || row->pps <= o->vni_pps)
		return;
	o->vni = row->vni;
	o->vni_pps = row->pps;
}

static void take_source(void *ctx, const struct eng_source_row *row)
{
	struct diag_seen *o = ctx;
	struct diag_source_seen *s = &o->source[o->n_sources];
	char text[ADDR_TEXT];

	if (o->n_sources == DIAG_SOURCES)
		return;
	memset(s, 0, sizeof(*s));
	memcpy(s->key, row->addr.b, 16);
	memcpy(s->key + 16, &row->vni, sizeof(row->vni));
	s->key[20] = row->addr.family;
	snprintf(s->name, sizeof(s->name), "%s (VNI %" PRIu32 ")", addr_format(&row->addr, text),
		 row->vni);
	s->pps = row->pps;
	o->n_sources++;
}

/* Denied addresses and ports are gathered only while there are any: the tables are large. A rate
 * that faltered for a second keeps what was known. */
static void observe_lists(struct eng *e, struct diag_seen *o)
{
	const uint64_t *pps = e->snap.row_pps;

	if (pps[VX_L_DENIED]) {
		memset(o->denied, 0, sizeof(o->denied));
		eng_denied_rows(e, DIAG_TOP, take_denied, o);
	}
	o->port_pps = e->run->top_port.pps;
	if (o->port_pps)
		eng_port_key(&e->run->top_port, o->port_key, sizeof(o->port_key));
	o->vni_pps = 0;
	if (pps[VX_L_OTHER_VNI_PASS] || pps[VX_L_OTHER_VNI_DROP])
		eng_vni_rows(e, take_vni, o);
	o->n_sources = 0;
	eng_source_rows(e, take_source, o);
}

static void observe_port_user(struct eng *e, struct diag_seen *o)
{
	quiet_retry(&e->quiet, e->o->port);
	o->port_in_use = e->quiet.in_use[0] || e->quiet.in_use[1];
	o->port_holder[0] = 0;
	if (o->port_in_use)
		net_vxlan_holder(e->o->port, o->port_holder);
	/* Another engine's socket is as quiet as ours. */
	if (e->strays.beside && !o->port_holder[0])
		o->port_in_use = false;
}

/* --- what is true at any time --- */

static void bad_hop(struct diag_hop_seen *hop, const char *target, const struct net_nexthop *h)
{
	const char *command = strstr(h->why, ": ip "); /* its own advice */

	if (hop->target[0]) {
		hop->more++;
		return;
	}
	hop->may_come = h->state == NET_NH_RESOLVING;
	snprintf(hop->target, sizeof(hop->target), "%s", target);
	snprintf(hop->why, sizeof(hop->why), "%s", h->why);
	if (command)
		snprintf(hop->fix, sizeof(hop->fix), "%s", command + 2);
}

static void observe_hop(struct eng *e, struct diag_hop_seen *hop)
{
	memset(hop, 0, sizeof(*hop));
	for (int i = 0; i < VX_MAX_NAT; i++) {
		const struct net_nexthop *h = net_nexthop(e->net, (uint16_t)(VX_NH_FIRST + i));
		char target[ADDR_TEXT];

		if (e->run->target[i].refs && h->state != NET_NH_RESOLVED)
			bad_hop(hop, addr_format(&e->run->target[i].addr, target), h);
	}
	/* Those of no target matter only to packets that have none. */
	if (hop->target[0] || e->o->unmatched == VX_UNMATCHED_DROP ||
	    !e->snap.row_pps[VX_L_NO_NEIGHBOUR])
		return;
	for (uint16_t slot = VX_NH_UNNAT4; slot <= VX_NH_UNNAT6; slot++) {
		const struct net_nexthop *h = eng_nexthop(e, slot);

		if (h->state != NET_NH_RESOLVED)
			bad_hop(hop, slot == VX_NH_UNNAT4 ? "unmatched IPv4" : "unmatched IPv6", h);
	}
}

static void observe_workers(struct eng *e, struct diag_seen *o)
{
	const struct snapshot *s = &e->snap;

	o->stuck_worker = -1;
	o->n_workers = s->n_workers;
	o->one_cpu = true;
	for (unsigned i = 0; i < s->n_workers; i++) {
		const struct snap_ring *r = &s->ring[i];

		o->worker_pps[i] = s->worker[i].sent_pps;
		o->one_cpu &= s->worker[i].cpu == s->worker[0].cpu;
		o->worker_idle[i] = (unsigned)(s->worker[i].idle * 100);
		o->ring_used[i] = r->size ? (unsigned)(r->used * 100 / r->size) : 0;
		if (s->worker[i].stalled_ms > o->stuck_ms || o->stuck_worker < 0) {
			o->stuck_worker = (int)i;
			o->stuck_ms = s->worker[i].stalled_ms;
		}
	}
}

static void observe_links(struct eng *e, struct diag_seen *o)
{
	const struct net_link *in = net_link(e->net, NET_INGRESS);
	const struct net_link *out = net_link(e->net, NET_EGRESS);

	memcpy(o->ingress, in->name, sizeof(o->ingress));
	memcpy(o->egress, out->name, sizeof(o->egress));
	o->ingress_up = in->up && in->running;
	o->ingress_mtu = in->mtu;
	o->egress_mtu = out->mtu;
	o->egress_gone = !out->ifindex;
	o->egress_down = out->ifindex && !out->up;
	o->egress_no_carrier = out->ifindex && out->up && !out->running;
}

static void observe_strays(struct eng *e, struct diag_seen *o)
{
	snprintf(o->stray, sizeof(o->stray), "%.*s", (int)sizeof(o->stray) - 1, e->strays.worst);
	snprintf(o->stray_fix, sizeof(o->stray_fix), "%s", e->strays.fix);
	o->stray_blocks = e->strays.blocks > 0;
}

static void observe_now(struct eng *e, struct diag_seen *o)
{
	const struct snapshot *s = &e->snap;

	o->now_ns = s->mono_ns;
	o->real_ns = s->real_ns;
	o->uptime_ns = s->uptime_ns;
	o->port = e->o->port;
	o->paused = s->paused;
	o->unbalanced = !s->ledger.balanced;
	o->leaked = s->ledger.leaked > e->leaked_seen ? s->ledger.leaked - e->leaked_seen : 0;
	o->rx = s->ledger.row[VX_L_RX];
	o->passed = s->ledger.row[VX_L_NOT_VXLAN];
	o->nat_rules = s->nat_rules;
	o->allow_entries = s->allow_entries;
	o->unmatched_drop = e->o->unmatched == VX_UNMATCHED_DROP;
	o->spread = e->o->spread;
	o->other_vni_dropped = e->o->other_vni == VX_OTHER_DROP;
	o->threshold = e->o->performance_threshold;
	snprintf(o->redirect, sizeof(o->redirect), "%.*s", (int)sizeof(o->redirect) - 1,
		 e->run->redirect.why);
	memcpy(o->row_pps, s->row_pps, sizeof(o->row_pps));
	o->out_pps = s->out_pps;
	o->tx_failed_pps = s->tx_failed_pps;
	snprintf(o->tx_error, sizeof(o->tx_error), "%s", eng_worst_error(&s->ledger));
	o->tx_too_large = eng_worst_errno(&s->ledger) == EMSGSIZE;
	o->oversize_largest = s->oversize_largest;
	o->ring_bytes = (uint64_t)e->run->ring_size * s->n_workers;
	o->in_bytes_ps = s->in_bps / 8;
	observe_links(e, o);
	observe_hop(e, &o->hop);
	observe_workers(e, o);
	observe_strays(e, o);
}

/* --- */

void eng_diagnose(struct eng *e)
{
	struct observe *ob = e->run->observe;
	const struct diag_cause *worst;

	observe_now(e, &ob->seen);
	diag_judge(ob->diag, &ob->seen);
	worst = diag_at(ob->diag, 0);
	snprintf(e->snap.status, sizeof(e->snap.status), "%s", worst ? worst->text : "");
	snprintf(e->snap.fix, sizeof(e->snap.fix), "%s",
		 worst && worst->n_fix ? worst->fix[0] : "");
}

void eng_diagnose_second(struct eng *e)
{
	struct observe *ob = e->run->observe;

	observe_now(e, &ob->seen);
	observe_nics(e, ob);
	observe_promisc(e, ob);
	observe_lists(e, &ob->seen);
	observe_port_user(e, &ob->seen);
	if (ob->second) /* else there is no second to tell of */
		diag_second(ob->diag, &ob->seen);
	ob->second = true;
	eng_diagnose(e);
}

void eng_diagnose_ack(struct eng *e)
{
	diag_ack(e->run->observe->diag);
}

const struct diag_cause *eng_cause(const struct eng *e, unsigned i)
{
	return diag_at(e->run->observe->diag, i);
}

void eng_egress_mac(const struct eng *e, char buf[static ADDR_TEXT])
{
	addr_mac_format(net_link(e->net, NET_EGRESS)->mac, buf);
}
