/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Next hops and links into the datapath: a slot per NAT target address, the two un-NATed next hops,
 * the egress's MAC, MTU and ifindex. Called by the network watcher. [engine]
 */
#include "engine/run_int.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "log.h"

int eng_target_get(struct eng *e, const struct addr *a, uint16_t *slot, struct vx_err *err)
{
	struct eng_target *t = e->run->target;
	int free_at = -1, rc;

	/*
	 * Free slots are taken in turn: a fragment's remembered verdict names its slot for 30 s,
	 * and must not find another target's next hop there.
	 */
	for (int k = 0; k < VX_MAX_NAT; k++) {
		int i = (int)((e->run->target_next + (unsigned)k) % VX_MAX_NAT);

		if (t[i].refs && addr_equal(&t[i].addr, a)) {
			t[i].refs++;
			*slot = (uint16_t)(VX_NH_FIRST + i);
			return 0;
		}
		if (!t[i].refs && free_at < 0)
			free_at = i;
	}
	if (free_at < 0)
		return vx_err_set(err, -ENOSPC, "more than %d NAT targets", VX_MAX_NAT);
	*slot = (uint16_t)(VX_NH_FIRST + free_at);
	t[free_at].addr = *a;
	t[free_at].refs = 1;
	rc = net_nexthop_follow(e->net, *slot, a, err);
	if (rc)
		t[free_at].refs = 0;
	else
		e->run->target_next = (unsigned)free_at + 1;
	return rc;
}

void eng_target_put(struct eng *e, uint16_t slot)
{
	struct eng_target *t = &e->run->target[slot - VX_NH_FIRST];

	if (--t->refs)
		return;
	net_nexthop_forget(e->net, slot);
	e->dp->nexthop(e->d, slot, NULL, false);
}

static const struct net_nexthop *first_target(const struct eng *e, uint8_t family)
{
	const struct nat_rule *r;

	for (uint32_t i = 0; (r = nat_at(e->nat, i)); i++)
		if (r->key.family == family)
			return net_nexthop(e->net, r->nexthop);
	return NULL;
}

/* Un-NATed packets: the default route out of the egress, else the next hop of the first NAT target
 * of that family. */
const struct net_nexthop *eng_nexthop(const struct eng *e, uint16_t slot)
{
	const struct net_nexthop *h = net_nexthop(e->net, slot), *t = NULL;

	if (slot < VX_NH_FIRST && (h->state == NET_NH_NO_ROUTE || h->state == NET_NH_REFUSED))
		t = first_target(e, slot == VX_NH_UNNAT4 ? VX_IP4 : VX_IP6);
	return t ? t : h;
}

static void push_unnatted(struct eng *e, uint16_t slot)
{
	const struct net_nexthop *h = eng_nexthop(e, slot);

	e->dp->nexthop(e->d, slot, h->mac, h->state == NET_NH_RESOLVED);
}

void eng_nexthops_push(struct eng *e)
{
	for (int i = 0; i < VX_MAX_NAT; i++) {
		const struct net_nexthop *h;

		if (!e->run->target[i].refs)
			continue;
		h = net_nexthop(e->net, (uint16_t)(VX_NH_FIRST + i));
		e->dp->nexthop(e->d, (uint16_t)(VX_NH_FIRST + i), h->mac,
			       h->state == NET_NH_RESOLVED);
	}
	push_unnatted(e, VX_NH_UNNAT4);
	push_unnatted(e, VX_NH_UNNAT6);
}

static void on_nexthop(void *ctx, uint16_t slot, const struct net_nexthop *now)
{
	struct eng *e = ctx;
	char target[ADDR_TEXT] = "un-NATed packets", mac[ADDR_TEXT];

	if (!e->d)
		return; /* before the datapath is open; pushed when it is */
	if (slot >= VX_NH_FIRST)
		e->dp->nexthop(e->d, slot, now->mac, now->state == NET_NH_RESOLVED);
	push_unnatted(e, VX_NH_UNNAT4);
	push_unnatted(e, VX_NH_UNNAT6);
	if (slot < VX_NH_FIRST)
		return;
	if (now->target.family)
		addr_format(&now->target, target);
	if (now->state == NET_NH_RESOLVED)
		vx_info("next hop to %s: %s", target, addr_mac_format(now->mac, mac));
	else
		vx_info("next hop to %s: %s", target,
			*now->why ? now->why : net_nh_state_name(now->state));
}

/* Workers whose AF_XDP socket has ceased to be of use, and why the first of them. */
static unsigned dead_sockets(const struct eng *e, char *why, size_t size)
{
	struct inj_stats st;
	unsigned n = 0;

	for (unsigned i = 0; i < e->run->n_workers; i++) {
		inj_worker_stats(e->inj, i, &st);
		if (!st.xdp_err || n++)
			continue;
		snprintf(why, size, "worker %u: %s", i,
			 st.xdp_err == ETIMEDOUT ? "its TX queue takes nothing any more"
						 : strerror(st.xdp_err));
	}
	return n;
}

void eng_egress_read(struct eng *e, const struct opts *o)
{
	static const char *const method[] = {
		[INJ_EGRESS_PACKET] = "packet", [INJ_EGRESS_NULL] = "null", [INJ_EGRESS_XDP] = "xdp"
	};
	const struct inj_egress_now *now = inj_egress_now(e->inj);
	struct snapshot *s = &e->snap;
	char why[sizeof(now->why)] = "", some[64] = "", because[sizeof(why) + 2] = "";
	unsigned dead, by_packet;

	if (o->egress == OPT_EG_REDIRECT)
		return; /* they are beside it: redirect.c says what it does */
	/* Said until the worker goes over to what is asked for now. */
	dead = now->kind == INJ_EGRESS_XDP ? dead_sockets(e, why, sizeof(why)) : 0;
	by_packet = now->n_packet + dead;
	if (!dead)
		memcpy(why, now->why, sizeof(why));
	if (by_packet)
		snprintf(some, sizeof(some), ", %u of %u workers by packet", by_packet,
			 e->run->n_workers);
	if (why[0])
		snprintf(because, sizeof(because), ": %s", why);
	snprintf(s->egress_method, sizeof(s->egress_method), "%s",
		 !by_packet			 ? method[now->kind]
		 : by_packet < e->run->n_workers ? "xdp+packet"
						 : "packet");
	snprintf(s->egress_reason, sizeof(s->egress_reason), "%s%s%s",
		 o->egress != OPT_EG_AUTO      ? "asked for"
		 : now->kind == INJ_EGRESS_XDP ? "AF_XDP binds"
					       : "no xdp",
		 some, because);
	if (dead > e->run->dead_sockets)
		vx_warn("egress %s: packets are sent by %s (%s)", o->egress_dev, s->egress_method,
			s->egress_reason);
	e->run->dead_sockets = dead;
}

void eng_egress_say(struct eng *e, const struct opts *o)
{
	const struct snapshot *s = &e->snap;

	if (o->egress == OPT_EG_REDIRECT)
		return;
	eng_egress_read(e, o);
	vx_info("egress %s: packets are sent by %s (%s)", o->egress_dev, s->egress_method,
		s->egress_reason);
	if (o->zerocopy && inj_egress_now(e->inj)->kind != INJ_EGRESS_XDP)
		vx_warn("--zerocopy has no effect: it is for xdp, and packets are sent by %s",
			s->egress_method);
}

static int open_again(struct eng *e, int ifindex, struct vx_err *err)
{
	int rc = inj_set_egress(e->inj, eng_egress_kind(e->o->egress), ifindex, e->o->qdisc_bypass,
				err);

	if (!rc)
		eng_egress_say(e, e->o);
	return rc;
}

static void on_egress(struct eng *e, const struct net_link *l)
{
	struct vx_cfg *c = e->dp->cfg(e->d);
	struct vx_err err;

	vx_info("%s: %s%s, MTU %u", l->name,
		!l->ifindex ? "gone"
		: l->up	    ? "up"
			    : "down",
		l->ifindex && l->up && !l->running ? ", no carrier" : "", l->mtu);
	if (e->inj)
		inj_set_link(e->inj, l->ifindex && l->up && l->running, l->mtu);
	if (!l->ifindex) {
		/* Sockets do not follow a device that has left, also when it comes back with its
		 * old index. */
		dp_store32(&c->egress_ifindex, 0);
		return;
	}
	dp_store_mac(c, l->mac);
	dp_store32(&c->egress_mtu, l->mtu);
	if (c->egress_ifindex == (uint32_t)l->ifindex)
		return;
	if (e->inj && open_again(e, l->ifindex, &err)) {
		vx_error("egress %s came back but cannot be opened: %s", l->name, err.msg);
		return; /* tried again when the link tells of itself the next time */
	}
	dp_store32(&c->egress_ifindex, (uint32_t)l->ifindex);
	eng_redirect_link(e);
}

static void on_link(void *ctx, enum net_dev dev, const struct net_link *now)
{
	struct eng *e = ctx;

	if (dev == NET_INGRESS && !now->ifindex && !e->quit) {
		vx_error("ingress %s is gone: nothing can arrive any more; ending", e->o->ingress);
		e->quit = true;
		e->quit_why = "the ingress is gone";
		e->run->exit_code = 1;
	}
	if (dev == NET_EGRESS && e->d)
		on_egress(e, now);
}

static void on_own_addr(void *ctx, const struct addr *a, bool added)
{
	struct eng *e = ctx;

	if (e->d && e->dp->own_addr(e->d, a, added) && added)
		vx_warn("leak guard: own address is not known: its map is full");
}

const struct net_events eng_net_events = {
	.link = on_link,
	.nexthop = on_nexthop,
	.own_addr = on_own_addr,
};
