/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Egress redirect, which is only as good as the driver behind it: on, watched each second, and off
 * again as soon as it cannot be shown that packets leave. The workers and their egress stay beside
 * it, for what only they can do, and to fall back on. [engine]
 */
#include "engine/run_int.h"

#include <stdio.h>
#include <string.h>

#include "engine/model/ask.h"
#include "engine/sys/ifaddr.h"
#include "engine/sys/nic.h"
#include "log.h"

int eng_redirect_on(struct eng *e, struct vx_err *err)
{
	struct eng_redirect *r = &e->run->redirect;
	int rc = e->dp->egress(e->d, net_link(e->net, NET_EGRESS)->ifindex, err);

	if (rc)
		return rc;
	redirected_begin(&r->judge);
	r->on = true;
	r->why[0] = 0;
	dp_store32(&e->dp->cfg(e->d)->out, VX_OUT_REDIRECT);
	return 0;
}

static void off(struct eng *e)
{
	dp_store32(&e->dp->cfg(e->d)->out, VX_OUT_RING);
	if (e->dp->egress(e->d, 0, NULL))
		vx_dbg("egress redirect: the tap could not be closed");
	e->run->redirect.on = false;
}

void eng_redirect_off(struct eng *e)
{
	off(e);
	e->run->redirect.why[0] = 0;
}

/* The egress came back as another device. Where the packets went meanwhile: to the workers. */
void eng_redirect_link(struct eng *e)
{
	struct eng_redirect *r = &e->run->redirect;
	struct vx_err err;

	if (!r->on || !eng_redirect_on(e, &err))
		return;
	off(e);
	snprintf(r->why, sizeof(r->why), "%s", err.msg);
}

static uint64_t handed(struct eng *e)
{
	struct dp_ledger d;
	struct vx_err err;

	return e->dp->ledger(e->d, &d, &err) ? 0 : d.row[VX_L_REDIRECTED] + e->run->redirect.asked;
}

/* What the workers send past every tap is known all the same. */
static uint64_t seen(struct eng *e)
{
	uint64_t n = e->dp->egress_seen(e->d);

	for (unsigned i = 0; e->o->qdisc_bypass && i < e->run->n_workers; i++) {
		struct inj_stats st;

		inj_worker_stats(e->inj, i, &st);
		n += st.sent;
	}
	return n;
}

/* The next hop of a rule, or of un-NATed packets, that has an address to ask for. */
static const struct net_nexthop *someone(const struct eng *e)
{
	for (uint16_t slot = 0; slot < VX_NH_MAX; slot++) {
		const struct net_nexthop *h = net_nexthop(e->net, slot);

		if (h->state == NET_NH_RESOLVED && h->via.family)
			return h;
	}
	return NULL;
}

static void send_question(struct eng *e)
{
	const struct net_link *l = net_link(e->net, NET_EGRESS);
	const struct net_nexthop *h = someone(e);
	struct eng_redirect *r = &e->run->redirect;
	struct ask a = { 0 };
	uint8_t frame[ASK_MAX];

	r->whom = h ? h->via : (struct addr){ 0 };
	if (!h)
		return;
	a.whom = h->via;
	memcpy(a.whom_mac, h->mac, sizeof(a.whom_mac));
	memcpy(a.from_mac, l->mac, sizeof(a.from_mac));
	ifaddr_first(l->name, a.whom.family, &a.from);
	if (!e->dp->egress_send(e->d, frame, ask_build(&a, frame)))
		r->asked++;
}

static bool take_answers(struct eng *e)
{
	uint8_t buf[VX_ANSWER_MAX];
	bool answered = false;
	uint32_t n;

	while ((n = e->dp->egress_answer(e->d, buf)))
		answered |= ask_answered(buf, n, &e->run->redirect.whom);
	return answered;
}

static int take_reading(struct eng *e, struct redirected_reading *now)
{
	const struct eng_redirect *r = &e->run->redirect;
	uint64_t rx;
	int rc;

	now->handed[0] = handed(e);
	now->seen[0] = seen(e);
	rc = nic_packets(net_link(e->net, NET_EGRESS)->name, &rx, &now->nic, NULL);
	now->seen[1] = seen(e);
	now->handed[1] = handed(e);
	now->answered = take_answers(e);
	/* In generic mode the kernel sends a redirected frame as it does any other. */
	now->asks = e->run->how.native;
	now->nobody = !r->whom.family;
	return rc;
}

void eng_redirect_second(struct eng *e)
{
	struct eng_redirect *r = &e->run->redirect;
	struct redirected_reading now;
	char why[sizeof(r->why)];

	if (!r->on || !net_link(e->net, NET_EGRESS)->ifindex || take_reading(e, &now))
		return;
	if (!redirected_judge(&r->judge, &now, why, sizeof(why))) {
		if (e->run->how.native)
			send_question(e);
		return;
	}
	off(e);
	memcpy(r->why, why, sizeof(r->why));
	vx_error("egress redirect is given up: %s; sending by packet through the rings", why);
}

const char *eng_redirect_reason(const struct eng *e, char *buf, size_t size)
{
	const struct eng_redirect *r = &e->run->redirect;

	if (r->on)
		snprintf(buf, size, "asked for; %s", redirected_text(r->judge.state));
	else
		snprintf(buf, size, "redirect was given up: %s", r->why);
	return buf;
}
