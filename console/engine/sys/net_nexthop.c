/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The slots: what route and neighbour together say about a target, told whenever it changes.
 * [engine]
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/sys/net_int.h"

const char *net_nh_state_name(enum net_nh_state s)
{
	static const char *const names[] = {
		[NET_NH_UNUSED] = "unused",	  [NET_NH_RESOLVED] = "resolved",
		[NET_NH_RESOLVING] = "resolving", [NET_NH_FAILED] = "failed",
		[NET_NH_NO_ROUTE] = "no_route",	  [NET_NH_EGRESS_DOWN] = "egress_down",
		[NET_NH_REFUSED] = "refused",
	};

	return names[s];
}

void net_nexthop_init(struct net *n)
{
	memset(n->hop_of, 0xff, sizeof(n->hop_of)); /* NET_NONE */
}

static void net_nexthop_by_hop(const struct net *n, const struct net_hop *h,
			       struct net_nexthop *now)
{
	const char *dev = n->dev[NET_EGRESS].link.name;
	char text[ADDR_TEXT];

	addr_format(&h->via, text);
	now->state = h->state;
	now->via = h->via;
	if (h->state == NET_NH_RESOLVED) {
		memcpy(now->mac, h->mac, sizeof(now->mac));
	} else if (h->table_full) {
		now->state = NET_NH_FAILED;
		snprintf(now->why, sizeof(now->why),
			 "the kernel's neighbour table is full: sysctl "
			 "net.ipv%d.neigh.default.gc_thresh3",
			 h->via.family == VX_IP6 ? 6 : 4);
	} else if (h->state == NET_NH_FAILED && h->via.family == VX_IP6 && !net_own_link_local(n)) {
		snprintf(now->why, sizeof(now->why),
			 "%s cannot be asked: %s has no IPv6 link-local address", text, dev);
	} else if (h->state == NET_NH_FAILED) {
		snprintf(now->why, sizeof(now->why), "%s does not answer on %s", text, dev);
	} else {
		snprintf(now->why, sizeof(now->why), "%s is asked for its MAC on %s", text, dev);
	}
}

static void net_nexthop_tell(struct net *n, uint16_t slot)
{
	struct net_slot *s = &n->slot[slot];
	struct net_nexthop now;

	memset(&now, 0, sizeof(now)); /* padding too: it is compared */
	now.target = s->now.target;
	now.state = s->route.state;
	if (s->route.state != NET_NH_RESOLVED) {
		memcpy(now.why, s->route.why, sizeof(now.why));
	} else if (n->override) {
		now.override = true;
		memcpy(now.mac, n->override_mac, sizeof(now.mac));
	} else {
		net_nexthop_by_hop(n, &n->hop[n->hop_of[slot]], &now);
	}
	if (!memcmp(&now, &s->now, sizeof(now)))
		return;
	memcpy(&s->now, &now, sizeof(now));
	if (n->ev.nexthop)
		n->ev.nexthop(n->ctx, slot, &s->now);
}

/* The route as found in s->route, into force. */
static void net_nexthop_take(struct net *n, uint16_t slot)
{
	const struct net_route *r = &n->slot[slot].route;
	uint16_t old = n->hop_of[slot];

	n->hop_of[slot] =
		r->state == NET_NH_RESOLVED && r->via.family ? net_neigh_get(n, &r->via) : NET_NONE;
	net_neigh_put(n, old);
	net_nexthop_tell(n, slot);
}

void net_nexthop_check(struct net *n, uint16_t slot)
{
	struct net_slot *s = &n->slot[slot];

	if (s->default_of)
		net_route_default(n, s->default_of, &s->route);
	else if (s->now.target.family)
		net_route_to(n, &s->now.target, &s->route);
	else
		return;
	net_nexthop_take(n, slot);
}

void net_nexthop_check_all(struct net *n)
{
	for (uint16_t i = 0; i < VX_NH_MAX; i++)
		net_nexthop_check(n, i);
}

void net_nexthop_hop_changed(struct net *n, uint16_t hop)
{
	for (uint16_t i = 0; i < VX_NH_MAX; i++)
		if (n->hop_of[i] == hop)
			net_nexthop_tell(n, i);
}

int net_nexthop_follow(struct net *n, uint16_t slot, const struct addr *target, struct vx_err *err)
{
	struct net_slot *s = &n->slot[slot];
	struct net_route r;

	assert(slot < VX_NH_MAX);
	net_route_to(n, target, &r);
	if (r.state == NET_NH_REFUSED)
		return vx_err_set(err, -EINVAL, "%s", r.why);
	s->default_of = 0;
	s->now.target = *target;
	s->route = r;
	net_nexthop_take(n, slot);
	return 0;
}

void net_nexthop_follow_default(struct net *n, uint16_t slot, uint8_t family)
{
	struct net_slot *s = &n->slot[slot];

	assert(slot < VX_NH_MAX);
	s->default_of = family;
	memset(&s->now.target, 0, sizeof(s->now.target));
	net_nexthop_check(n, slot);
}

void net_nexthop_forget(struct net *n, uint16_t slot)
{
	assert(slot < VX_NH_MAX);
	net_neigh_put(n, n->hop_of[slot]);
	n->hop_of[slot] = NET_NONE;
	memset(&n->slot[slot], 0, sizeof(n->slot[slot]));
}

const struct net_nexthop *net_nexthop(const struct net *n, uint16_t slot)
{
	assert(slot < VX_NH_MAX);
	return &n->slot[slot].now;
}

void net_nexthop_override(struct net *n, const uint8_t *mac)
{
	n->override = mac != NULL;
	if (mac)
		memcpy(n->override_mac, mac, sizeof(n->override_mac));
	net_nexthop_check_all(n);
}
