// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which device of which network namespace has which XDP program: each namespace is entered, once,
 * and asked for its links. In a process of its own, see strays_job.c.
 */
#define _GNU_SOURCE /* setns */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/sys/nl.h"
#include "engine/sys/strays_int.h"

struct device {
	struct scan *s;
	struct stray_attached at; /* with the namespace filled in */
};

static void attach(struct device *d, uint32_t id, enum stray_mode mode)
{
	struct stray *p = scan_prog(d->s, id);
	struct stray_attached *a;

	if (!p)
		return;
	if (p->n_attached++ >= STRAY_ATTACHED)
		return;
	a = &p->attached[p->n_attached - 1];
	*a = d->at;
	a->mode = mode;
	a->how = STRAY_BY_NETLINK;
	for (unsigned i = 0; i < d->s->n_links; i++)
		if (d->s->link[i].prog_id == id && d->s->link[i].ifindex == a->ifindex) {
			a->how = STRAY_BY_LINK;
			a->link_id = d->s->link[i].id;
		}
}

static int take_xdp(const struct nlattr *attr, void *ctx)
{
	struct device *d = ctx;
	const unsigned type = mnl_attr_get_type(attr);

	if (type != IFLA_XDP_DRV_PROG_ID && type != IFLA_XDP_SKB_PROG_ID &&
	    type != IFLA_XDP_HW_PROG_ID)
		return MNL_CB_OK;
	if (mnl_attr_validate(attr, MNL_TYPE_U32) < 0)
		return MNL_CB_OK;
	attach(d, mnl_attr_get_u32(attr),
	       type == IFLA_XDP_DRV_PROG_ID   ? STRAY_NATIVE
	       : type == IFLA_XDP_SKB_PROG_ID ? STRAY_GENERIC
					      : STRAY_OFFLOADED);
	return MNL_CB_OK;
}

/* The name stands before the programs in the kernel's answer. */
static int take_attr(const struct nlattr *attr, void *ctx)
{
	struct device *d = ctx;

	if (mnl_attr_get_type(attr) == IFLA_IFNAME)
		snprintf(d->at.dev, sizeof(d->at.dev), "%s", mnl_attr_get_str(attr));
	if (mnl_attr_get_type(attr) == IFLA_XDP)
		mnl_attr_parse_nested(attr, take_xdp, d);
	return MNL_CB_OK;
}

static int take_device(const struct nlmsghdr *msg, void *ctx)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(msg);
	struct device *d = ctx;

	d->at.ifindex = info->ifi_index;
	mnl_attr_parse(msg, sizeof(*info), take_attr, d);
	return MNL_CB_OK;
}

static void take_devices(struct device *d)
{
	_Alignas(struct nlmsghdr) char buf[NL_REQUEST];
	struct vx_err err;
	struct nl nl;

	if (nl_open(&nl, &err)) {
		d->s->blind++;
		return;
	}
	if (nl_talk(&nl, nl_request(buf, RTM_GETLINK, NLM_F_DUMP, sizeof(struct ifinfomsg)),
		    take_device, d))
		d->s->blind++;
	nl_close(&nl);
}

/* One that was seen already may get its name now. */
static void name_it(struct scan *s, uint64_t netns, const char *name)
{
	for (unsigned i = 0; i < s->list->n; i++) {
		struct stray *p = &s->list->prog[i];

		for (unsigned k = 0; k < stray_have(p->n_attached, STRAY_ATTACHED); k++)
			if (p->attached[k].netns == netns)
				snprintf(p->attached[k].netns_name,
					 sizeof(p->attached[k].netns_name), "%s", name);
	}
}

static bool seen(struct scan *s, uint64_t netns)
{
	for (unsigned i = 0; i < s->n_netns; i++)
		if (s->netns_seen[i] == netns)
			return true;
	if (s->n_netns == SCAN_NS)
		return true;
	s->netns_seen[s->n_netns++] = netns;
	return false;
}

void scan_netns_of(struct scan *s, const char *path, const char *name, pid_t pid)
{
	struct device d = { .s = s, .at.netns_pid = pid };
	struct stat st;
	int fd;

	if (stat(path, &st)) {
		s->blind += errno == EACCES || errno == EPERM;
		return;
	}
	if (seen(s, (uint64_t)st.st_ino)) {
		if (*name)
			name_it(s, (uint64_t)st.st_ino, name);
		return;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return;
	d.at.netns = (uint64_t)st.st_ino;
	d.at.here = d.at.netns == s->netns;
	snprintf(d.at.netns_name, sizeof(d.at.netns_name), "%s", name);
	/* A file that is no namespace is in /run/netns while `ip netns add` makes one. */
	if (d.at.here || !setns(fd, CLONE_NEWNET))
		take_devices(&d);
	else
		s->blind += errno == EPERM;
	close(fd);
}

void scan_go_home(const struct scan *s)
{
	if (s->home >= 0 && setns(s->home, CLONE_NEWNET))
		return; /* without the right to come back it could not leave either */
}

int scan_enter(const struct scan *s, const struct stray_attached *a)
{
	char path[64];
	struct stat st;
	int fd, rc;

	scan_go_home(s);
	if (a->here)
		return 0;
	if (a->netns_pid)
		snprintf(path, sizeof(path), "/proc/%d/ns/net", a->netns_pid);
	else
		snprintf(path, sizeof(path), "/run/netns/%s", a->netns_name);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	/* The process may have ended, and another have its number. */
	rc = fstat(fd, &st) ? -errno : (uint64_t)st.st_ino != a->netns ? -ENOENT : 0;
	if (!rc && setns(fd, CLONE_NEWNET))
		rc = -errno;
	close(fd);
	return rc;
}
