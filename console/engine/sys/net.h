/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine's network as the engine must know it, by rtnetlink (libmnl): the two links, the
 * host's own addresses, and the next hop (MAC) to every NAT target out of the egress. Follows
 * changes. [engine]
 */
#ifndef ENGINE_SYS_NET_H
#define ENGINE_SYS_NET_H

#include <net/if.h>

#include "engine/model/addr.h"

enum net_dev { NET_INGRESS, NET_EGRESS, NET_DEVS };

struct net_link {
	char name[IFNAMSIZ];
	int ifindex;  /* 0: gone. A device that comes back by the same name has a new one */
	bool up;      /* IFF_UP */
	bool running; /* carrier */
	bool promisc;
	uint32_t mtu; /* IP bytes */
	uint8_t mac[6];
};

enum net_nh_state {
	NET_NH_UNUSED,
	NET_NH_RESOLVED,
	NET_NH_RESOLVING,   /* asked, no answer yet */
	NET_NH_FAILED,	    /* the neighbour does not answer */
	NET_NH_NO_ROUTE,    /* no route out of the egress */
	NET_NH_EGRESS_DOWN, /* down, no carrier or gone */
	NET_NH_REFUSED,	    /* local, multicast, broadcast, or reached only by the ingress */
};

struct net_nexthop {
	enum net_nh_state state;
	bool override;	    /* MAC given by --next-hop-mac */
	struct addr target; /* family 0: a default next hop without a target */
	struct addr via;    /* the neighbour that is asked: gateway, or the target when on link */
	uint8_t mac[6];
	char why[160]; /* a sentence when not resolved: "no route to 172.30.82.95 out of ens6: ip
			  route add ..." */
};

/* A device is its ifindex: one that is renamed stays the same and only link.name changes. When it
 * is gone, the next device that has its first name takes its place. */
struct net_events {
	void (*link)(void *ctx, enum net_dev dev, const struct net_link *now);
	/* state, MAC or reason of the slot changed */
	void (*nexthop)(void *ctx, uint16_t slot, const struct net_nexthop *now);
	void (*own_addr)(void *ctx, const struct addr *a,
			 bool added); /* also once for each at net_open */
};

struct net;

/* Opens the sockets, reads links and addresses. -ENODEV names the interface that is missing. */
int net_open(struct net **out, const char *ingress, const char *egress, const struct net_events *ev,
	     void *ctx, struct vx_err *err) __attribute__((warn_unused_result));
void net_close(struct net *n);
int net_fd(const struct net *n); /* readable: call net_dispatch */
int net_dispatch(struct net *n); /* takes what has arrived (ENOBUFS: reads everything again); calls
				    the events */
/* Call about once a second: provokes resolution of what is unresolved or stale, re-checks routes.
 */
void net_tick(struct net *n);
const struct net_link *net_link(const struct net *n, enum net_dev dev);

/* Follow the next hop to target in this slot (VX_NH_FIRST..). 0 also when it is not resolved yet;
 * -EINVAL when the target is refused by name: local, multicast, broadcast, unspecified, loopback,
 * reached only by the ingress. */
int net_nexthop_follow(struct net *n, uint16_t slot, const struct addr *target, struct vx_err *err)
	__attribute__((warn_unused_result));
/* The default route of a family out of the egress; slot VX_NH_UNNAT4 or VX_NH_UNNAT6. */
void net_nexthop_follow_default(struct net *n, uint16_t slot, uint8_t family);
void net_nexthop_forget(struct net *n, uint16_t slot);
const struct net_nexthop *net_nexthop(const struct net *n,
				      uint16_t slot); /* never NULL; state UNUSED if not followed */
/* NULL: no override any more. Takes effect on every slot at once, through the events. With it
 * neither route nor neighbour is asked for: a target that only the ingress reaches is followed
 * then, as the operator has said where it is. */
void net_nexthop_override(struct net *n, const uint8_t *mac);
const char *net_nh_state_name(enum net_nh_state s); /* "resolved" "resolving" "failed" "no_route"
						       "egress_down" "refused" */

#endif
