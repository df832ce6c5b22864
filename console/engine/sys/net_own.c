/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The host's own addresses, of all devices: one may stand on more than one, and is told once. The
 * egress's are also the source of our route questions. [engine]
 */
#include <errno.h>
#include <linux/if_addr.h>
#include <stdlib.h>
#include <string.h>

#include "engine/sys/net_int.h"

struct net_own_attrs {
	const void *local, *address;
	uint16_t local_len, address_len;
	uint32_t flags;
};

static int net_own_attr(const struct nlattr *attr, void *data)
{
	struct net_own_attrs *a = data;

	switch (mnl_attr_get_type(attr)) {
	case IFA_LOCAL: /* with a peer, IFA_ADDRESS is the peer's */
		a->local = mnl_attr_get_payload(attr);
		a->local_len = mnl_attr_get_payload_len(attr);
		break;
	case IFA_ADDRESS:
		a->address = mnl_attr_get_payload(attr);
		a->address_len = mnl_attr_get_payload_len(attr);
		break;
	case IFA_FLAGS:
		a->flags = mnl_attr_get_u32(attr);
		break;
	}
	return MNL_CB_OK;
}

static bool net_own_parse(const struct nlmsghdr *msg, struct net_own *out)
{
	const uint32_t unfit = IFA_F_TENTATIVE | IFA_F_DEPRECATED | IFA_F_DADFAILED;
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(msg);
	struct net_own_attrs a = { .flags = ifa->ifa_flags };
	bool v6 = ifa->ifa_family == AF_INET6;
	uint16_t need = v6 ? 16 : 4;

	mnl_attr_parse(msg, sizeof(*ifa), net_own_attr, &a);
	if (!a.local) {
		a.local = a.address;
		a.local_len = a.address_len;
	}
	if ((ifa->ifa_family != AF_INET && !v6) || !a.local || a.local_len != need)
		return false;
	*out = (struct net_own){ .addr = net_addr(v6 ? VX_IP6 : VX_IP4, a.local),
				 .ifindex = (int)ifa->ifa_index,
				 .source = !(a.flags & unfit) &&
					   ifa->ifa_scope == RT_SCOPE_UNIVERSE &&
					   (v6 || !(a.flags & IFA_F_SECONDARY)) };
	return true;
}

static struct net_own *net_own_find(const struct net *n, const struct net_own *o)
{
	for (size_t i = 0; i < n->n_own; i++)
		if (n->own[i].ifindex == o->ifindex && addr_equal(&n->own[i].addr, &o->addr))
			return &n->own[i];
	return NULL;
}

bool net_own_has(const struct net *n, const struct addr *a)
{
	for (size_t i = 0; i < n->n_own; i++)
		if (addr_equal(&n->own[i].addr, a))
			return true;
	return false;
}

const struct addr *net_own_source(const struct net *n, uint8_t family)
{
	int egress = n->dev[NET_EGRESS].link.ifindex;

	for (size_t i = 0; i < n->n_own; i++)
		if (n->own[i].ifindex == egress && n->own[i].source &&
		    n->own[i].addr.family == family)
			return &n->own[i].addr;
	return NULL;
}

bool net_own_link_local(const struct net *n)
{
	int egress = n->dev[NET_EGRESS].link.ifindex;

	for (size_t i = 0; i < n->n_own; i++)
		if (n->own[i].ifindex == egress && n->own[i].addr.family == VX_IP6 &&
		    n->own[i].addr.b[0] == 0xfe && (n->own[i].addr.b[1] & 0xc0) == 0x80)
			return true;
	return false;
}

static void net_own_tell(struct net *n, const struct addr *a, bool added)
{
	n->routes_changed = true;
	if (n->ev.own_addr)
		n->ev.own_addr(n->ctx, a, added);
}

static int net_own_add(struct net *n, const struct net_own *o)
{
	struct net_own *old = net_own_find(n, o), *more;
	bool known = net_own_has(n, &o->addr);

	if (old) {
		n->routes_changed |= old->source != o->source;
		*old = *o;
		return 0;
	}
	if (n->n_own == n->own_room) {
		size_t room = n->own_room ? 2 * n->own_room : 32;

		more = realloc(n->own, room * sizeof(*more));
		if (!more)
			return -ENOMEM;
		n->own = more;
		n->own_room = room;
	}
	n->own[n->n_own++] = *o;
	if (!known)
		net_own_tell(n, &o->addr, true);
	return 0;
}

static void net_own_del(struct net *n, struct net_own *o)
{
	struct addr a = o->addr;

	memmove(o, o + 1,
		(size_t)(n->own + --n->n_own - o) *
			sizeof(*o)); /* keeps the order: the first is the source */
	if (!net_own_has(n, &a))
		net_own_tell(n, &a, false);
}

void net_own_message(struct net *n, const struct nlmsghdr *msg)
{
	struct net_own o, *old;

	if (!net_own_parse(msg, &o))
		return;
	if (msg->nlmsg_type == RTM_NEWADDR) {
		if (net_own_add(n, &o))
			n->lost = true; /* read again later, rather than guard with a list that is
					   not whole */
		return;
	}
	old = net_own_find(n, &o);
	if (old)
		net_own_del(n, old);
}

static int net_own_answer(const struct nlmsghdr *msg, void *data)
{
	struct net *n = data;
	struct net_own o;

	if (!net_own_parse(msg, &o))
		return MNL_CB_OK;
	o.seen = true;
	return net_own_add(n, &o) ? MNL_CB_ERROR : MNL_CB_OK;
}

int net_own_read(struct net *n)
{
	_Alignas(struct nlmsghdr) char buf[NL_REQUEST];
	int rc;

	for (size_t i = 0; i < n->n_own; i++)
		n->own[i].seen = false;
	rc = nl_talk(&n->ask, nl_request(buf, RTM_GETADDR, NLM_F_DUMP, sizeof(struct ifaddrmsg)),
		     net_own_answer, n);
	if (rc)
		return rc;
	for (size_t i = n->n_own; i-- > 0;)
		if (!n->own[i].seen)
			net_own_del(n, &n->own[i]);
	return 0;
}
