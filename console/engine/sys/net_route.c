/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Target -> neighbour to ask, by the kernel's own tables and rules. Always with RTM_F_FIB_MATCH:
 * without it the kernel answers a question for one device with an on-link route that it has
 * invented. [engine]
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/sys/net_int.h"

/* One answer, as far as it concerns the device that is asked about. */
struct net_route_found {
	int wanted;   /* ifindex; 0: any */
	bool there;   /* a way by that device */
	uint8_t af;   /* of the route: a gateway's, unless it says otherwise */
	uint8_t type; /* RTN_UNICAST ... */
	int ifindex;  /* of the way taken */
	bool has_gateway;
	struct addr gateway;
};

static void net_route_gateway(struct net_route_found *f, const struct nlattr *attr)
{
	uint16_t len = mnl_attr_get_payload_len(attr);
	const struct rtvia *via = mnl_attr_get_payload(attr);
	const void *bytes = via;
	uint16_t type = mnl_attr_get_type(attr);
	uint8_t af = f->af;

	if (type != RTA_GATEWAY && type != RTA_VIA)
		return;
	if (type == RTA_VIA) { /* a gateway of the other family */
		if (len < sizeof(*via))
			return;
		af = (uint8_t)via->rtvia_family;
		bytes = via->rtvia_addr;
		len = (uint16_t)(len - sizeof(*via));
	}
	if (!(af == AF_INET && len == 4) && !(af == AF_INET6 && len == 16))
		return;
	f->has_gateway = true;
	f->gateway = net_addr(af == AF_INET6 ? VX_IP6 : VX_IP4, bytes);
}

/* The first live way of a multipath route that leaves by the wanted device. */
static void net_route_multipath(struct net_route_found *f, const struct nlattr *attr)
{
	const struct rtnexthop *nh = mnl_attr_get_payload(attr);
	int left = mnl_attr_get_payload_len(attr);

	for (; RTNH_OK(nh, left) && !f->there; nh = RTNH_NEXT(nh)) {
		const struct nlattr *a = (const void *)(nh + 1);
		int attrs = nh->rtnh_len - (int)sizeof(*nh);

		left -= (int)RTNH_ALIGN(nh->rtnh_len);
		if ((nh->rtnh_flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN)) ||
		    (f->wanted && nh->rtnh_ifindex != f->wanted))
			continue;
		f->there = true;
		f->ifindex = nh->rtnh_ifindex;
		for (; mnl_attr_ok(a, attrs); a = mnl_attr_next(a)) {
			net_route_gateway(f, a);
			attrs -= MNL_ALIGN(a->nla_len);
		}
	}
}

static int net_route_attr(const struct nlattr *attr, void *data)
{
	struct net_route_found *f = data;

	switch (mnl_attr_get_type(attr)) {
	case RTA_OIF:
		f->ifindex = (int)mnl_attr_get_u32(attr);
		f->there = !f->wanted || f->ifindex == f->wanted;
		break;
	case RTA_MULTIPATH:
		net_route_multipath(f, attr);
		break;
	default:
		net_route_gateway(f, attr);
	}
	return MNL_CB_OK;
}

static int net_route_answer(const struct nlmsghdr *msg, void *data)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(msg);
	struct net_route_found *f = data;

	f->type = rtm->rtm_type;
	f->af = rtm->rtm_family;
	return mnl_attr_parse(msg, sizeof(*rtm), net_route_attr, f);
}

/* oif 0: as the host itself would send. src NULL: whatever the kernel takes. */
static struct net_route_found net_route_ask(struct net *n, const struct addr *target, int oif,
					    const struct addr *src)
{
	_Alignas(struct nlmsghdr) char buf[NL_REQUEST];
	struct nlmsghdr *req = nl_request(buf, RTM_GETROUTE, 0, sizeof(struct rtmsg));
	struct net_route_found f = { .wanted = oif };
	struct rtmsg *rtm = mnl_nlmsg_get_payload(req);
	size_t len = net_addr_len(target);

	rtm->rtm_family = net_af(target);
	rtm->rtm_dst_len = (uint8_t)(8 * len);
	rtm->rtm_flags = RTM_F_FIB_MATCH;
	mnl_attr_put(req, RTA_DST, len, target->b);
	if (oif)
		mnl_attr_put_u32(req, RTA_OIF, (uint32_t)oif);
	if (src) {
		rtm->rtm_src_len = (uint8_t)(8 * len);
		mnl_attr_put(req, RTA_SRC, len, src->b);
	}
	if (nl_talk(&n->ask, req, net_route_answer, &f))
		f.there = false;
	return f;
}

/* Out of the egress. With its address as the source, so that rules by source hold; IPv6 takes the
 * device for a wish only when there is a source, so an answer by another device is asked again
 * without. */
static struct net_route_found net_route_egress(struct net *n, const struct addr *target)
{
	const struct addr *src = net_own_source(n, target->family);
	int egress = n->dev[NET_EGRESS].link.ifindex;
	struct net_route_found f = { 0 };

	if (src)
		f = net_route_ask(n, target, egress, src);
	if (!f.there)
		f = net_route_ask(n, target, egress, NULL);
	return f;
}

__attribute__((format(printf, 3, 4))) static void net_route_no(struct net_route *out,
							       enum net_nh_state state,
							       const char *fmt, ...)
{
	va_list ap;

	out->state = state;
	va_start(ap, fmt);
	vsnprintf(out->why, sizeof(out->why), fmt, ap);
	va_end(ap);
}

/* What no table needs to be asked for. NULL: fine. */
static const char *net_route_never(const struct addr *a)
{
	static const uint8_t zero[16];
	static const uint8_t loopback6[16] = { [15] = 1 };

	if (a->family == VX_IP4) {
		if (a->b[0] == 127)
			return "a loopback address";
		if (a->b[0] == 0)
			return "not a destination";
		if (a->b[0] >= 224 && a->b[0] < 240)
			return "a multicast address";
		return memcmp(a->b, "\xff\xff\xff\xff", 4) ? NULL : "the broadcast address";
	}
	if (!memcmp(a->b, loopback6, 16))
		return "a loopback address";
	if (!memcmp(a->b, zero, 16))
		return "not a destination";
	return a->b[0] == 0xff ? "a multicast address" : NULL;
}

static const char *net_route_type(uint8_t type)
{
	switch (type) {
	case RTN_LOCAL:
	case RTN_ANYCAST:
		return "this host's own address";
	case RTN_BROADCAST:
		return "the broadcast address of a subnet";
	case RTN_MULTICAST:
		return "a multicast address";
	}
	return NULL;
}

static bool net_route_down(const struct net *n, struct net_route *out)
{
	const struct net_link *l = &n->dev[NET_EGRESS].link;

	if (net_egress_up(n))
		return false;
	if (!l->ifindex)
		net_route_no(out, NET_NH_EGRESS_DOWN, "%s is gone", l->name);
	else if (!l->up)
		net_route_no(out, NET_NH_EGRESS_DOWN, "%s is down: ip link set %s up", l->name,
			     l->name);
	else
		net_route_no(out, NET_NH_EGRESS_DOWN, "%s has no carrier", l->name);
	return true;
}

/* No way out of the egress: is there one by the ingress, which must never be taken? */
static void net_route_none(const struct net *n, const struct addr *target,
			   const struct net_route_found *host, struct net_route *out)
{
	const struct net_link *in = &n->dev[NET_INGRESS].link, *eg = &n->dev[NET_EGRESS].link;
	char text[ADDR_TEXT];

	addr_format(target, text);
	if (host->there && host->ifindex == in->ifindex)
		net_route_no(out, NET_NH_REFUSED,
			     "%s is reached only by the ingress %s: ip route add %s dev %s", text,
			     in->name, text, eg->name);
	else
		net_route_no(out, NET_NH_NO_ROUTE,
			     "no route to %s out of %s: ip route add %s dev %s", text, eg->name,
			     text, eg->name);
}

/* NULL, or why this is no target at all; *host is how this host itself would send there. */
static const char *net_route_refusal(struct net *n, const struct addr *target,
				     struct net_route_found *host)
{
	const char *never = net_route_never(target);

	if (never)
		return never;
	*host = net_route_ask(n, target, 0, NULL);
	if (net_own_has(n, target))
		return net_route_type(RTN_LOCAL);
	return host->there ? net_route_type(host->type) : NULL;
}

void net_route_to(struct net *n, const struct addr *target, struct net_route *out)
{
	struct net_route_found host = { 0 }, f;
	const char *never;
	char text[ADDR_TEXT];

	memset(out, 0, sizeof(*out));
	addr_format(target, text);
	never = net_route_refusal(n, target, &host);
	if (never) {
		net_route_no(out, NET_NH_REFUSED, "%s is %s", text, never);
		return;
	}
	if (net_route_down(n, out))
		return;
	out->state = NET_NH_RESOLVED;
	if (n->override)
		return;
	f = net_route_egress(n, target);
	never = net_route_type(f.type);
	if (!f.there)
		net_route_none(n, target, &host, out);
	else if (never)
		net_route_no(out, NET_NH_REFUSED, "%s is %s", text, never);
	else
		out->via = f.has_gateway ? f.gateway : *target;
}

/* --- default routes --- */

struct net_route_best {
	int egress;
	bool there, main;
	uint32_t metric;
	struct net_route_found found;
};

static int net_route_default_attr(const struct nlattr *attr, void *data)
{
	uint32_t *v = data; /* table, metric */

	if (mnl_attr_get_type(attr) == RTA_TABLE)
		v[0] = mnl_attr_get_u32(attr);
	if (mnl_attr_get_type(attr) == RTA_PRIORITY)
		v[1] = mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

/* The main table's before those of rules (a second interface often has its own table), then the
 * lowest metric. */
static int net_route_default_answer(const struct nlmsghdr *msg, void *data)
{
	struct net_route_best *b = data;
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(msg);
	struct net_route_found f = { .wanted = b->egress };
	uint32_t v[2] = { rtm->rtm_table, 0 };
	bool is_main;

	if (rtm->rtm_dst_len || rtm->rtm_type != RTN_UNICAST ||
	    (rtm->rtm_flags & (RTM_F_CLONED | RTNH_F_DEAD | RTNH_F_LINKDOWN)))
		return MNL_CB_OK;
	mnl_attr_parse(msg, sizeof(*rtm), net_route_default_attr, v);
	net_route_answer(msg, &f);
	is_main = v[0] == RT_TABLE_MAIN;
	if (!f.there || !f.has_gateway)
		return MNL_CB_OK;
	if (b->there && (b->main > is_main || (b->main == is_main && b->metric <= v[1])))
		return MNL_CB_OK;
	*b = (struct net_route_best){ b->egress, true, is_main, v[1], f };
	return MNL_CB_OK;
}

void net_route_default(struct net *n, uint8_t family, struct net_route *out)
{
	_Alignas(struct nlmsghdr) char buf[NL_REQUEST];
	struct nlmsghdr *req = nl_request(buf, RTM_GETROUTE, NLM_F_DUMP, sizeof(struct rtmsg));
	const struct net_link *eg = &n->dev[NET_EGRESS].link;
	struct net_route_best best = { .egress = eg->ifindex };
	struct rtmsg *rtm = mnl_nlmsg_get_payload(req);

	memset(out, 0, sizeof(*out));
	if (net_route_down(n, out))
		return;
	out->state = NET_NH_RESOLVED;
	if (n->override)
		return;
	rtm->rtm_family = family == VX_IP6 ? AF_INET6 : AF_INET;
	mnl_attr_put_u32(req, RTA_OIF, (uint32_t)eg->ifindex);
	if (nl_talk(&n->ask, req, net_route_default_answer, &best) || !best.there)
		net_route_no(
			out, NET_NH_NO_ROUTE,
			"no IPv%u default route out of %s: ip route add default via GATEWAY dev %s",
			family == VX_IP6 ? 6 : 4, eg->name, eg->name);
	else
		out->via = best.found.gateway;
}
