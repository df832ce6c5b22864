/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two devices. A device is its ifindex: one that is renamed stays the same (the program and the
 * sockets stay on it, too) and only its name is told anew. When it is gone, the next one that has
 * the name it was asked for by takes its place. [engine]
 */
#include <errno.h>
#include <linux/if_link.h>
#include <net/if_arp.h>
#include <string.h>

#include "engine/sys/net_int.h"

static int net_link_attr(const struct nlattr *attr, void *data)
{
	struct net_link *l = data;
	uint16_t len = mnl_attr_get_payload_len(attr);

	switch (mnl_attr_get_type(attr)) {
	case IFLA_IFNAME:
		memccpy(l->name, mnl_attr_get_str(attr), 0, sizeof(l->name) - 1);
		break;
	case IFLA_MTU:
		l->mtu = mnl_attr_get_u32(attr);
		break;
	case IFLA_PROMISCUITY:
		l->promisc = mnl_attr_get_u32(attr) > 0;
		break;
	case IFLA_ADDRESS:
		if (len == sizeof(l->mac))
			memcpy(l->mac, mnl_attr_get_payload(attr), len);
		break;
	}
	return MNL_CB_OK;
}

static void net_link_parse(const struct nlmsghdr *msg, struct net_link *out)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(msg);

	memset(out, 0, sizeof(*out)); /* padding too: it is compared */
	out->ifindex = ifi->ifi_index;
	out->up = ifi->ifi_flags & IFF_UP;
	out->running = ifi->ifi_flags & IFF_RUNNING;
	mnl_attr_parse(msg, sizeof(*ifi), net_link_attr, out);
}

struct net_link_answer {
	struct net_link link;
	unsigned short type; /* ARPHRD_... */
};

static int net_link_answer(const struct nlmsghdr *msg, void *data)
{
	struct net_link_answer *a = data;
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(msg);

	net_link_parse(msg, &a->link);
	a->type = ifi->ifi_type;
	return MNL_CB_OK;
}

/* By index, or by name when that is 0. */
static int net_link_ask(struct net *n, int ifindex, const char *name, struct net_link_answer *out)
{
	_Alignas(struct nlmsghdr) char buf[NL_REQUEST];
	struct nlmsghdr *req = nl_request(buf, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	struct ifinfomsg *ifi = mnl_nlmsg_get_payload(req);

	memset(out, 0, sizeof(*out));
	ifi->ifi_index = ifindex;
	if (!ifindex)
		mnl_attr_put_strz(req, IFLA_IFNAME, name);
	return nl_talk(&n->ask, req, net_link_answer, out);
}

int net_link_open(struct net *n, enum net_dev dev, const char *name, struct vx_err *err)
{
	struct net_dev_state *d = &n->dev[dev];
	struct net_link_answer a;
	int rc = -ENODEV;

	if (strnlen(name, IFNAMSIZ) < IFNAMSIZ)
		rc = net_link_ask(n, 0, name, &a);
	if (rc)
		return vx_err_set(err, rc, "%s: %s", name,
				  rc == -ENODEV ? "no such network interface here" : strerror(-rc));
	if (a.type != ARPHRD_ETHER && a.type != ARPHRD_LOOPBACK)
		return vx_err_set(err, -EINVAL, "%s: not an Ethernet interface", name);
	if (dev == NET_EGRESS && a.type == ARPHRD_LOOPBACK)
		return vx_err_set(err, -EINVAL,
				  "%s: nothing leaves by the loopback interface: expected another "
				  "EGRESS",
				  name);
	d->link = a.link;
	memcpy(d->wanted, a.link.name, sizeof(d->wanted)); /* not an alternative name */
	return 0;
}

static void net_link_now(struct net *n, enum net_dev dev, const struct net_link *now)
{
	struct net_link *old = &n->dev[dev].link;
	bool was_up = net_egress_up(n);
	bool other = old->ifindex != now->ifindex;

	if (!memcmp(old, now, sizeof(*now)))
		return;
	*old = *now;
	if (dev == NET_EGRESS && (other || was_up != net_egress_up(n)))
		net_neigh_forget(n);
	if (dev == NET_EGRESS || other)
		n->routes_changed = true; /* reasons have the state and the name in them */
	if (n->ev.link)
		n->ev.link(n->ctx, dev, old);
}

static void net_link_gone(struct net *n, enum net_dev dev)
{
	struct net_link now;

	memset(&now, 0, sizeof(now));
	memcpy(now.name, n->dev[dev].wanted, sizeof(now.name));
	net_link_now(n, dev, &now);
}

void net_link_message(struct net *n, const struct nlmsghdr *msg)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(msg);
	struct net_link now;

	if (ifi->ifi_family !=
	    AF_UNSPEC) /* a bridge tells that a port has left it with a DELLINK */
		return;
	net_link_parse(msg, &now);
	for (enum net_dev dev = 0; dev < NET_DEVS; dev++) {
		struct net_dev_state *d = &n->dev[dev];

		if (msg->nlmsg_type == RTM_DELLINK && d->link.ifindex == now.ifindex)
			net_link_gone(n, dev);
		else if (msg->nlmsg_type == RTM_NEWLINK &&
			 (d->link.ifindex == now.ifindex ||
			  (!d->link.ifindex && !strcmp(d->wanted, now.name))))
			net_link_now(n, dev, &now);
	}
}

void net_link_read(struct net *n)
{
	for (enum net_dev dev = 0; dev < NET_DEVS; dev++) {
		struct net_dev_state *d = &n->dev[dev];
		struct net_link_answer a;
		int rc = d->link.ifindex ? net_link_ask(n, d->link.ifindex, NULL, &a) : -ENODEV;

		if (rc == -ENODEV) {
			net_link_gone(n, dev);
			rc = net_link_ask(n, 0, d->wanted, &a);
		}
		if (!rc)
			net_link_now(n, dev, &a.link);
	}
}
