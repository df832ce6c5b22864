/* SPDX-License-Identifier: GPL-2.0-only */
/* A dump of all links, of which those of kind "vxlan" tell their port. [engine] */
#include "engine/sys/net_vxlan.h"

#include <arpa/inet.h>
#include <linux/if_link.h>
#include <string.h>

#include "engine/sys/nl.h"

struct holder {
	uint16_t port;
	char *name;
};

struct link_seen {
	const char *name, *kind;
	const struct nlattr *data;
	uint16_t port;
};

static int port_attr(const struct nlattr *attr, void *ctx)
{
	if (mnl_attr_get_type(attr) == IFLA_VXLAN_PORT &&
	    mnl_attr_get_payload_len(attr) == sizeof(uint16_t))
		((struct link_seen *)ctx)->port = ntohs(mnl_attr_get_u16(attr));
	return MNL_CB_OK;
}

static int info_attr(const struct nlattr *attr, void *ctx)
{
	struct link_seen *l = ctx;

	if (mnl_attr_get_type(attr) == IFLA_INFO_KIND && !mnl_attr_validate(attr, MNL_TYPE_STRING))
		l->kind = mnl_attr_get_str(attr);
	if (mnl_attr_get_type(attr) == IFLA_INFO_DATA)
		l->data = attr;
	return MNL_CB_OK;
}

static int link_attr(const struct nlattr *attr, void *ctx)
{
	struct link_seen *l = ctx;

	if (mnl_attr_get_type(attr) == IFLA_IFNAME && !mnl_attr_validate(attr, MNL_TYPE_NUL_STRING))
		l->name = mnl_attr_get_str(attr);
	if (mnl_attr_get_type(attr) == IFLA_LINKINFO)
		mnl_attr_parse_nested(attr, info_attr, l);
	return MNL_CB_OK;
}

static int one_link(const struct nlmsghdr *msg, void *ctx)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(msg);
	struct link_seen l = { 0 };
	struct holder *h = ctx;

	mnl_attr_parse(msg, sizeof(*ifi), link_attr, &l);
	if (h->name[0] || !(ifi->ifi_flags & IFF_UP) || !l.name || !l.kind || !l.data ||
	    strncmp(l.kind, "vxlan", 6))
		return MNL_CB_OK;
	mnl_attr_parse_nested(l.data, port_attr, &l);
	if (l.port == h->port)
		memccpy(h->name, l.name, 0, IFNAMSIZ - 1);
	return MNL_CB_OK;
}

void net_vxlan_holder(uint16_t port, char name[static IFNAMSIZ])
{
	_Alignas(struct nlmsghdr) char buf[NL_REQUEST];
	struct holder h = { port, name };
	struct nlmsghdr *req;
	struct vx_err err;
	struct nl nl;

	memset(name, 0, IFNAMSIZ);
	if (nl_open(&nl, &err))
		return;
	req = nl_request(buf, RTM_GETLINK, NLM_F_DUMP, sizeof(struct ifinfomsg));
	if (nl_talk(&nl, req, one_link, &h))
		name[0] = 0;
	nl_close(&nl);
}
