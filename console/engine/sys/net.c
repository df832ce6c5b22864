/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The sockets of net: changes come by the multicast groups of one, questions go by another. When
 * the kernel says that changes were lost, what is queued is thrown away and everything is read
 * again. [engine]
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "engine/sys/net_int.h"

#define NET_RCVBUF	  (1 << 20)
#define NET_READS	  64 /* messages' buffers taken at once; the rest waits its turn */
#define NET_ROUTES_A_TICK 64 /* looked at without a reason: some changes are not told */

/* --- what the other files use --- */

int64_t net_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool net_egress_up(const struct net *n)
{
	const struct net_link *l = &n->dev[NET_EGRESS].link;

	return l->ifindex && l->up && l->running;
}

uint8_t net_af(const struct addr *a)
{
	return a->family == VX_IP6 ? AF_INET6 : AF_INET;
}

size_t net_addr_len(const struct addr *a)
{
	return a->family == VX_IP6 ? 16 : 4;
}

struct addr net_addr(uint8_t family, const void *bytes)
{
	struct addr a = { .family = family };

	memcpy(a.b, bytes, net_addr_len(&a));
	return a;
}

/* --- routes --- */

/* All of them, when one has changed; but where there are thousands and they change all the time,
 * this may take a tenth of our time only. */
static void net_check_routes(struct net *n)
{
	int64_t start = net_now_ms();

	if (!n->routes_changed || start < n->routes_next_ms)
		return;
	n->routes_changed = false;
	net_nexthop_check_all(n);
	n->routes_next_ms = start + 10 * (net_now_ms() - start);
}

static void net_check_some_routes(struct net *n)
{
	for (int i = 0; i < NET_ROUTES_A_TICK; i++) {
		net_nexthop_check(n, n->routes_at);
		n->routes_at = (uint16_t)((n->routes_at + 1) % VX_NH_MAX);
	}
}

/* --- events --- */

static int net_message(const struct nlmsghdr *msg, void *data)
{
	struct net *n = data;

	switch (msg->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		net_link_message(n, msg);
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		net_own_message(n, msg);
		break;
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		net_neigh_message(n, msg);
		break;
	default: /* routes, rules, next hop objects: which targets they concern, the kernel is asked
		  */
		n->routes_changed = true;
	}
	return MNL_CB_OK;
}

/* One buffer: 1 taken, 0 nothing there, -ENOBUFS events were lost, or another -errno. */
static int net_receive(struct net *n, bool discard)
{
	_Alignas(struct nlmsghdr) char buf[NL_ANSWER];
	ssize_t len = mnl_socket_recvfrom(n->events, buf, sizeof(buf));

	if (len < 0) {
		if (errno == EAGAIN)
			return 0;
		if (errno == EINTR)
			return 1;
		return errno == ENOSPC ? -ENOBUFS : -errno; /* ENOSPC: longer than the buffer */
	}
	if (!discard && mnl_cb_run(buf, (size_t)len, 0, 0, net_message, n) < 0 && errno != EINTR)
		n->lost = true;
	return 1;
}

static int net_read_all(struct net *n)
{
	int rc;

	net_link_read(n);
	rc = net_own_read(n);
	if (rc)
		return rc;
	n->lost = false;
	n->routes_changed = true;
	net_neigh_read(n);
	return 0;
}

/* What is still queued is older than what was lost, so it must not be taken after the reading. */
static void net_recover(struct net *n)
{
	int rc;

	do
		rc = net_receive(n, true);
	while (rc > 0 || rc == -ENOBUFS);
	n->routes_next_ms = 0;
	if (net_read_all(n))
		n->lost = true; /* once more, at the next tick */
}

int net_dispatch(struct net *n)
{
	int rc = 1;

	for (int i = 0; i < NET_READS && rc > 0; i++)
		rc = net_receive(n, false);
	if (rc < 0 && rc != -ENOBUFS)
		return rc;
	if (rc == -ENOBUFS || n->lost)
		net_recover(n);
	net_check_routes(n);
	return 0;
}

void net_tick(struct net *n)
{
	if (n->lost)
		net_recover(n);
	net_check_routes(n);
	net_check_some_routes(n);
	net_neigh_tick(n);
}

/* --- open, close --- */

static int net_open_events(struct net *n, struct vx_err *err)
{
	static const int groups[] = { RTNLGRP_LINK,	   RTNLGRP_NEIGH,      RTNLGRP_IPV4_IFADDR,
				      RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
				      RTNLGRP_IPV4_RULE,   RTNLGRP_IPV6_RULE,  RTNLGRP_NEXTHOP };
	int size = NET_RCVBUF, fd, rc = -1;

	n->events = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (n->events)
		rc = mnl_socket_bind(n->events, 0, MNL_SOCKET_AUTOPID);
	for (size_t i = 0; rc >= 0 && i < sizeof(groups) / sizeof(*groups); i++) {
		int group = groups[i];

		rc = mnl_socket_setsockopt(n->events, NETLINK_ADD_MEMBERSHIP, &group,
					   sizeof(group));
	}
	if (rc < 0)
		return vx_err_set(err, -errno, "netlink: events: %s", strerror(errno));
	fd = mnl_socket_get_fd(n->events);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size,
			   sizeof(size)); /* less is no harm: see net_recover */
	return 0;
}

static int net_open_state(struct net *n, const char *ingress, const char *egress,
			  struct vx_err *err)
{
	int rc = nl_open(&n->ask, err);

	if (!rc)
		rc = net_open_events(
			n, err); /* before the first reading, so that no change is missed */
	if (!rc)
		rc = net_link_open(n, NET_INGRESS, ingress, err);
	if (!rc)
		rc = net_link_open(n, NET_EGRESS, egress, err);
	if (rc)
		return rc;
	if (n->dev[NET_INGRESS].link.ifindex == n->dev[NET_EGRESS].link.ifindex)
		return vx_err_set(err, -EINVAL, "%s: ingress and egress must be two interfaces",
				  ingress);
	rc = net_own_read(n);
	return rc ? vx_err_set(err, rc, "netlink: addresses: %s", strerror(-rc)) : 0;
}

int net_open(struct net **out, const char *ingress, const char *egress, const struct net_events *ev,
	     void *ctx, struct vx_err *err)
{
	struct net *n = calloc(1, sizeof(*n));
	int rc;

	*out = NULL;
	if (!n)
		return vx_err_set(err, -ENOMEM, "net: out of memory");
	n->ev = *ev;
	n->ctx = ctx;
	net_neigh_init(n);
	net_nexthop_init(n);
	rc = net_open_state(n, ingress, egress, err);
	if (rc) {
		net_close(n);
		return rc;
	}
	*out = n;
	return 0;
}

void net_close(struct net *n)
{
	if (!n)
		return;
	if (n->events)
		mnl_socket_close(n->events);
	nl_close(&n->ask);
	free(n->own);
	free(n);
}

int net_fd(const struct net *n)
{
	return mnl_socket_get_fd(n->events);
}

const struct net_link *net_link(const struct net *n, enum net_dev dev)
{
	return &n->dev[dev].link;
}
