/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of net share: one struct, and who does what. For net*.c only. [engine]
 *
 *   net.c          the sockets: events in, everything again after a loss, the tick
 *   net_link.c     the two devices
 *   net_own.c      the host's own addresses
 *   net_route.c    target -> neighbour to ask, by the kernel's routing tables
 *   net_neigh.c    neighbour -> MAC: asked once for all slots that share it
 *   net_nexthop.c  the slots: route and neighbour together, told as events
 */
#ifndef ENGINE_SYS_NET_INT_H
#define ENGINE_SYS_NET_INT_H

#include "engine/sys/net.h"
#include "engine/sys/nl.h"

#define NET_NONE    UINT16_MAX /* no hop */
#define NET_BUCKETS 1024
#define NET_HOPS    (VX_NH_MAX + 1) /* a slot that changes hands holds two */

struct net_dev_state {
	struct net_link link;
	char wanted[IFNAMSIZ]; /* who may take the place of a device that has gone */
};

struct net_own {
	struct addr addr;
	int ifindex;
	bool source; /* primary and usable: may stand as the source of a route question */
	bool seen;   /* in the reading that goes on */
};

/* The answer to "where do packets for this target go". */
struct net_route {
	enum net_nh_state state; /* RESOLVED: via holds; else why does */
	struct addr via;	 /* family 0: nobody to ask (override) */
	char why[160];
};

/* A neighbour on the egress. */
struct net_hop {
	struct addr via;
	uint32_t refs;		 /* slots; 0: free */
	uint16_t next;		 /* in its bucket, or in the free list */
	enum net_nh_state state; /* RESOLVING, RESOLVED, FAILED */
	bool stale;		 /* the kernel's entry is not fresh */
	bool again; /* was resolved, is being asked afresh; the old MAC holds until that has failed
		     */
	bool table_full;
	uint8_t mac[6];
	uint8_t fails; /* rounds without an answer, in a row */
	int64_t asked_ms;
};

struct net_slot {
	struct net_nexthop now; /* as told */
	struct net_route route;
	uint8_t default_of; /* VX_IP4, VX_IP6: the default route; 0: now.target */
};

struct net {
	struct nl ask; /* questions */
	struct mnl_socket *events;
	struct net_events ev;
	void *ctx;

	struct net_dev_state dev[NET_DEVS];
	struct net_own *own;
	size_t n_own, own_room;

	bool lost;		/* events were lost: read everything again */
	bool routes_changed;	/* look at every route again */
	int64_t routes_next_ms; /* not before */
	uint16_t routes_at;	/* where the tick goes on looking at a few */
	uint16_t hops_at;	/* where the tick goes on asking */

	bool override;
	uint8_t override_mac[6];

	struct net_slot slot[VX_NH_MAX];
	uint16_t hop_of[VX_NH_MAX]; /* slot -> hop, or NET_NONE; apart, because it is searched */
	struct net_hop hop[NET_HOPS];
	uint16_t bucket[NET_BUCKETS], free_hop;
};

int64_t net_now_ms(void);
bool net_egress_up(const struct net *n);
uint8_t net_af(const struct addr *a); /* AF_INET, AF_INET6 */
size_t net_addr_len(const struct addr *a);
struct addr net_addr(uint8_t family /* VX_IP4.. */, const void *bytes);

/* net_link.c */
int net_link_open(struct net *n, enum net_dev dev, const char *name, struct vx_err *err)
	__attribute__((warn_unused_result));
void net_link_message(struct net *n, const struct nlmsghdr *msg); /* RTM_NEWLINK, RTM_DELLINK */
void net_link_read(struct net *n);

/* net_own.c */
int net_own_read(struct net *n);
void net_own_message(struct net *n, const struct nlmsghdr *msg); /* RTM_NEWADDR, RTM_DELADDR */
bool net_own_has(const struct net *n, const struct addr *a);
/* Has the egress one? IPv6 neighbours are asked from it. */
bool net_own_link_local(const struct net *n);
/* Of the egress; NULL: none. */
const struct addr *net_own_source(const struct net *n, uint8_t family);

/* net_route.c */
void net_route_to(struct net *n, const struct addr *target, struct net_route *out);
void net_route_default(struct net *n, uint8_t family, struct net_route *out);

/* net_neigh.c */
void net_neigh_init(struct net *n);
uint16_t net_neigh_get(struct net *n, const struct addr *via); /* asks, when new */
void net_neigh_put(struct net *n, uint16_t hop);
void net_neigh_message(struct net *n, const struct nlmsghdr *msg); /* RTM_NEWNEIGH, RTM_DELNEIGH */
void net_neigh_forget(struct net *n); /* the egress is gone or down: no MAC holds any more */
void net_neigh_read(struct net *n);   /* asks about all */
void net_neigh_tick(struct net *n);

/* net_nexthop.c */
void net_nexthop_init(struct net *n);
void net_nexthop_check(struct net *n, uint16_t slot); /* route, neighbour, event */
void net_nexthop_check_all(struct net *n);
void net_nexthop_hop_changed(struct net *n, uint16_t hop);

#endif
