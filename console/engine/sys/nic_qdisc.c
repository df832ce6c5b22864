/* SPDX-License-Identifier: GPL-2.0-only */
/* The queueing discipline at the root of a device. [engine] */
#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>
#include <string.h>

#include "engine/sys/nic.h"
#include "engine/sys/nl.h"

struct answer {
	int ifindex;
	struct nic_qdisc *out;
};

static int queue_attr(const struct nlattr *attr, void *ctx)
{
	struct gnet_stats_queue q = { 0 };
	size_t len = mnl_attr_get_payload_len(attr);

	if (mnl_attr_get_type(attr) != TCA_STATS_QUEUE)
		return MNL_CB_OK;
	memcpy(&q, mnl_attr_get_payload(attr), len < sizeof(q) ? len : sizeof(q));
	((struct nic_qdisc *)ctx)->dropped = q.drops;
	return MNL_CB_OK;
}

static int qdisc_attr(const struct nlattr *attr, void *ctx)
{
	struct nic_qdisc *q = ctx;

	if (mnl_attr_get_type(attr) == TCA_KIND && !mnl_attr_validate(attr, MNL_TYPE_NUL_STRING))
		memccpy(q->kind, mnl_attr_get_str(attr), 0, sizeof(q->kind) - 1);
	if (mnl_attr_get_type(attr) == TCA_STATS2)
		mnl_attr_parse_nested(attr, queue_attr, q);
	return MNL_CB_OK;
}

static int one_qdisc(const struct nlmsghdr *msg, void *ctx)
{
	const struct tcmsg *tcm = mnl_nlmsg_get_payload(msg);
	struct answer *a = ctx;

	if (tcm->tcm_ifindex != a->ifindex || tcm->tcm_parent != TC_H_ROOT)
		return MNL_CB_OK;
	a->out->own = tcm->tcm_handle != 0;
	mnl_attr_parse(msg, sizeof(*tcm), qdisc_attr, a->out);
	return MNL_CB_OK;
}

int nic_qdisc(int ifindex, struct nic_qdisc *out, struct vx_err *err)
{
	_Alignas(struct nlmsghdr) char buf[NL_REQUEST];
	struct answer a = { ifindex, out };
	struct nlmsghdr *req;
	struct nl nl;
	int rc;

	memset(out, 0, sizeof(*out));
	rc = nl_open(&nl, err);
	if (rc)
		return rc;
	req = nl_request(buf, RTM_GETQDISC, NLM_F_DUMP, sizeof(struct tcmsg));
	((struct tcmsg *)mnl_nlmsg_get_payload(req))->tcm_ifindex = ifindex;
	rc = nl_talk(&nl, req, one_qdisc, &a);
	nl_close(&nl);
	return rc ? vx_err_set(err, rc, "qdisc: %s", strerror(-rc)) : 0;
}
