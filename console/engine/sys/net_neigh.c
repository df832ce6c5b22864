/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Neighbour -> MAC. Our frames do not pass the kernel's neighbour table, so nothing but these
 * questions keeps an entry in use: NTF_USE makes the kernel resolve what is unknown and probe what
 * is stale. Slots that go by the same neighbour share it. [engine]
 */
#include <errno.h>
#include <linux/neighbour.h>
#include <string.h>

#include "engine/sys/net_int.h"

#define NEIGH_USABLE (NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE | NUD_PERMANENT | NUD_NOARP)

/* How often a question is repeated. The kernel probes once a second, three times, then gives up. */
#define NEIGH_ASK_MS	  1000
#define NEIGH_ASK_SLOW_MS 5000 /* what has failed for a while */
#define NEIGH_FAILS_SLOW  5
#define NEIGH_ASK_A_TICK  256 /* questions: with thousands of dead targets no storm */

static uint16_t *net_neigh_bucket(struct net *n, const struct addr *via)
{
	uint32_t h = via->family;

	for (size_t i = 0; i < sizeof(via->b); i++)
		h = (h ^ via->b[i]) * 16777619u; /* FNV-1a */
	return &n->bucket[(h ^ h >> 16) % NET_BUCKETS];
}

static uint16_t net_neigh_find(struct net *n, const struct addr *via)
{
	uint16_t i = *net_neigh_bucket(n, via);

	while (i != NET_NONE && !addr_equal(&n->hop[i].via, via))
		i = n->hop[i].next;
	return i;
}

void net_neigh_init(struct net *n)
{
	memset(n->bucket, 0xff, sizeof(n->bucket)); /* NET_NONE */
	for (uint16_t i = 0; i < NET_HOPS; i++)
		n->hop[i].next = (uint16_t)(i + 1 < NET_HOPS ? i + 1 : NET_NONE);
	n->free_hop = 0;
}

/* --- what the kernel says --- */

struct net_neigh_entry {
	int ifindex;
	struct addr addr; /* family 0: not one of ours */
	uint16_t nud;
	bool has_mac;
	uint8_t mac[6];
};

static int net_neigh_attr(const struct nlattr *attr, void *data)
{
	struct net_neigh_entry *e = data;
	const void *bytes = mnl_attr_get_payload(attr);
	uint16_t len = mnl_attr_get_payload_len(attr);

	if (mnl_attr_get_type(attr) == NDA_DST && (len == 4 || len == 16))
		e->addr = net_addr(len == 4 ? VX_IP4 : VX_IP6, bytes);
	if (mnl_attr_get_type(attr) == NDA_LLADDR && len == sizeof(e->mac)) {
		memcpy(e->mac, bytes, len);
		e->has_mac = true;
	}
	return MNL_CB_OK;
}

static int net_neigh_parse(const struct nlmsghdr *msg, void *data)
{
	struct net_neigh_entry *e = data;
	const struct ndmsg *ndm = mnl_nlmsg_get_payload(msg);

	*e = (struct net_neigh_entry){ .ifindex = ndm->ndm_ifindex, .nud = ndm->ndm_state };
	if ((ndm->ndm_family != AF_INET && ndm->ndm_family != AF_INET6) ||
	    (ndm->ndm_flags & NTF_PROXY))
		return MNL_CB_OK; /* a bridge's forwarding table comes by the same group */
	return mnl_attr_parse(msg, sizeof(*ndm), net_neigh_attr, e);
}

static struct nlmsghdr *net_neigh_request(const struct net *n, const struct addr *via, void *buf,
					  uint16_t type, uint16_t flags)
{
	struct nlmsghdr *req = nl_request(buf, type, flags, sizeof(struct ndmsg));
	struct ndmsg *ndm = mnl_nlmsg_get_payload(req);

	ndm->ndm_family = net_af(via);
	ndm->ndm_ifindex = n->dev[NET_EGRESS].link.ifindex;
	mnl_attr_put(req, NDA_DST, net_addr_len(via), via->b);
	return req;
}

static int net_neigh_use(struct net *n, const struct addr *via)
{
	_Alignas(struct nlmsghdr) char buf[NL_REQUEST];
	struct nlmsghdr *req = net_neigh_request(n, via, buf, RTM_NEWNEIGH, NLM_F_CREATE);
	struct ndmsg *ndm = mnl_nlmsg_get_payload(req);

	ndm->ndm_flags = NTF_USE;
	return nl_talk(&n->ask, req, NULL, NULL);
}

static int net_neigh_look(struct net *n, const struct addr *via, struct net_neigh_entry *e)
{
	_Alignas(struct nlmsghdr) char buf[NL_REQUEST];

	return nl_talk(&n->ask, net_neigh_request(n, via, buf, RTM_GETNEIGH, 0), net_neigh_parse,
		       e);
}

/* --- what becomes of it --- */

static void net_neigh_ask(struct net *n, uint16_t hop);

static void net_neigh_apply(struct net *n, uint16_t hop, const struct net_neigh_entry *e)
{
	struct net_hop *h = &n->hop[hop], old = *h;

	h->stale = e->nud & NUD_STALE;
	if ((e->nud & NEIGH_USABLE) && e->has_mac) {
		h->state = NET_NH_RESOLVED;
		h->again = false;
		h->fails = 0;
		memcpy(h->mac, e->mac, sizeof(h->mac));
	} else if (h->state == NET_NH_RESOLVED && !h->again) {
		/* Flushed, collected, or silent at the old address: the old MAC holds while it is
		 * asked afresh, so that a flush of the table loses no packet. */
		h->again = true;
		net_neigh_ask(n, hop);
		return;
	} else if (e->nud & NUD_FAILED) {
		h->state = NET_NH_FAILED;
		h->again = false;
		h->fails = (uint8_t)(h->fails < NEIGH_FAILS_SLOW ? h->fails + 1 : NEIGH_FAILS_SLOW);
	} /* else being resolved: what was failed stays so until there is an answer */
	if (h->state != old.state || memcmp(h->mac, old.mac, sizeof(h->mac)) ||
	    h->table_full != old.table_full)
		net_nexthop_hop_changed(n, hop);
}

/* Looks first: NTF_USE makes an ordinary entry of one that the operator has set for good
 * (Linux 5.16 on). */
static void net_neigh_ask(struct net *n, uint16_t hop)
{
	const uint16_t fine = NUD_REACHABLE | NUD_PERMANENT | NUD_NOARP;
	struct net_hop *h = &n->hop[hop];
	struct net_neigh_entry e = { 0 };
	int rc;

	if (!net_egress_up(n))
		return;
	h->asked_ms = net_now_ms();
	if (!net_neigh_look(n, &h->via, &e) && (e.nud & fine)) {
		net_neigh_apply(n, hop, &e);
		return;
	}
	rc = net_neigh_use(n, &h->via);
	if (h->table_full != (rc == -ENOBUFS)) {
		h->table_full = !h->table_full;
		net_nexthop_hop_changed(n, hop);
	}
	if (!rc && !net_neigh_look(n, &h->via, &e))
		net_neigh_apply(n, hop, &e);
}

void net_neigh_message(struct net *n, const struct nlmsghdr *msg)
{
	struct net_neigh_entry e;
	uint16_t hop;

	net_neigh_parse(msg, &e);
	if (!e.addr.family || e.ifindex != n->dev[NET_EGRESS].link.ifindex)
		return;
	hop = net_neigh_find(n, &e.addr);
	if (hop == NET_NONE)
		return;
	if (msg->nlmsg_type == RTM_DELNEIGH)
		e.nud = NUD_NONE;
	net_neigh_apply(n, hop, &e);
}

uint16_t net_neigh_get(struct net *n, const struct addr *via)
{
	uint16_t hop = net_neigh_find(n, via), *bucket;

	if (hop != NET_NONE) {
		n->hop[hop].refs++;
		return hop;
	}
	hop = n->free_hop; /* there is always one: see NET_HOPS */
	n->free_hop = n->hop[hop].next;
	bucket = net_neigh_bucket(n, via);
	n->hop[hop] = (struct net_hop){
		.via = *via, .refs = 1, .next = *bucket, .state = NET_NH_RESOLVING
	};
	*bucket = hop;
	net_neigh_ask(n, hop);
	return hop;
}

void net_neigh_put(struct net *n, uint16_t hop)
{
	uint16_t *p;

	if (hop == NET_NONE || --n->hop[hop].refs)
		return;
	for (p = net_neigh_bucket(n, &n->hop[hop].via); *p != hop;)
		p = &n->hop[*p].next;
	*p = n->hop[hop].next;
	n->hop[hop].next = n->free_hop;
	n->free_hop = hop;
}

void net_neigh_forget(struct net *n)
{
	for (uint16_t i = 0; i < NET_HOPS; i++) {
		struct net_hop *h = &n->hop[i];

		h->state = NET_NH_RESOLVING;
		h->stale = h->again = h->table_full = false;
		h->asked_ms = 0;
		h->fails = 0;
		memset(h->mac, 0, sizeof(h->mac));
	}
}

void net_neigh_read(struct net *n)
{
	for (uint16_t i = 0; i < NET_HOPS; i++)
		if (n->hop[i].refs)
			net_neigh_ask(n, i);
}

static bool net_neigh_due(const struct net_hop *h, int64_t now)
{
	bool holds = h->state == NET_NH_RESOLVED && !h->again && !h->stale;

	if (!h->refs || holds)
		return false;
	return now - h->asked_ms >=
	       (h->fails == NEIGH_FAILS_SLOW ? NEIGH_ASK_SLOW_MS : NEIGH_ASK_MS);
}

void net_neigh_tick(struct net *n)
{
	int64_t now = net_now_ms();
	unsigned asked = 0;

	for (unsigned i = 0; i < NET_HOPS && asked < NEIGH_ASK_A_TICK; i++) {
		uint16_t hop = n->hops_at;

		n->hops_at = (uint16_t)((hop + 1) % NET_HOPS);
		if (net_neigh_due(&n->hop[hop], now)) {
			net_neigh_ask(n, hop);
			asked++;
		}
	}
}
