/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counters of a device by netlink and the ethtool ioctl, never by /sys, which in a network
 * namespace may show another one's devices. Each call opens what it needs: a device may be another
 * one of the same name by now. [engine]
 */
#include "engine/sys/nic.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/sys/nl.h"

#define NIC_ROOM 256 /* a driver may have got more counters between count and reading */

static int nic_stats64_attr(const struct nlattr *attr, void *data)
{
	struct rtnl_link_stats64 *out = data;
	size_t len = mnl_attr_get_payload_len(attr);

	if (mnl_attr_get_type(attr) ==
	    IFLA_STATS64) /* an older kernel has fewer, the rest stays 0 */
		memcpy(out, mnl_attr_get_payload(attr), len < sizeof(*out) ? len : sizeof(*out));
	return MNL_CB_OK;
}

static int nic_stats64_msg(const struct nlmsghdr *msg, void *data)
{
	return mnl_attr_parse(msg, sizeof(struct ifinfomsg), nic_stats64_attr, data);
}

static int nic_stats64(const char *dev, struct rtnl_link_stats64 *out, struct vx_err *err)
{
	_Alignas(struct nlmsghdr) char buf[NL_REQUEST];
	struct nlmsghdr *req;
	struct nl nl;
	int rc;

	*out = (struct rtnl_link_stats64){ 0 };
	if (strnlen(dev, IFNAMSIZ) == IFNAMSIZ)
		return vx_err_set(err, -ENODEV, "nic: %.32s: no such device", dev);
	rc = nl_open(&nl, err);
	if (rc)
		return rc;
	req = nl_request(buf, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(req, IFLA_IFNAME, dev);
	rc = nl_talk(&nl, req, nic_stats64_msg, out);
	nl_close(&nl);
	return rc ? vx_err_set(err, rc, "nic: %s: %s", dev, strerror(-rc)) : 0;
}

int nic_packets(const char *dev, uint64_t *rx_packets, uint64_t *tx_packets, struct vx_err *err)
{
	struct rtnl_link_stats64 s;
	int rc = nic_stats64(dev, &s, err);

	if (rc)
		return rc;
	*rx_packets = s.rx_packets;
	*tx_packets = s.tx_packets;
	return 0;
}

static int nic_ioctl(int fd, const char *dev, void *data)
{
	struct ifreq ifr = { 0 };

	memccpy(ifr.ifr_name, dev, 0, IFNAMSIZ - 1);
	ifr.ifr_data = data;
	return ioctl(fd, SIOCETHTOOL, &ifr);
}

/* How many counters the driver has; 0 when it has none. */
static uint32_t nic_ethtool_count(int fd, const char *dev)
{
	_Alignas(struct ethtool_sset_info) char
		buf[sizeof(struct ethtool_sset_info) + sizeof(uint32_t)] = { 0 };
	struct ethtool_sset_info *info = (void *)buf;

	info->cmd = ETHTOOL_GSSET_INFO;
	info->sset_mask = 1u << ETH_SS_STATS;
	if (nic_ioctl(fd, dev, info) || !info->sset_mask)
		return 0;
	return info->data[0];
}

static void nic_ethtool_tell(const struct ethtool_gstrings *names,
			     const struct ethtool_stats *stats, nic_stat_fn fn, void *ctx)
{
	uint32_t n = names->len < stats->n_stats ? names->len : stats->n_stats;

	for (uint32_t i = 0; i < n; i++) {
		char name[ETH_GSTRING_LEN + 1] = { 0 };

		memcpy(name, names->data + (size_t)i * ETH_GSTRING_LEN, ETH_GSTRING_LEN);
		if (name[0])
			fn(ctx, name, stats->data[i]);
	}
}

static void nic_ethtool(int fd, const char *dev, nic_stat_fn fn, void *ctx)
{
	uint32_t n = nic_ethtool_count(fd, dev), room = n + NIC_ROOM;
	struct ethtool_gstrings *names;
	struct ethtool_stats *stats;

	if (!n || n > UINT16_MAX)
		return;
	names = calloc(1, sizeof(*names) + (size_t)room * ETH_GSTRING_LEN);
	stats = calloc(1, sizeof(*stats) + (size_t)room * sizeof(uint64_t));
	if (names && stats) {
		*names = (struct ethtool_gstrings){ .cmd = ETHTOOL_GSTRINGS,
						    .string_set = ETH_SS_STATS,
						    .len = n };
		*stats = (struct ethtool_stats){ .cmd = ETHTOOL_GSTATS, .n_stats = n };
		if (!nic_ioctl(fd, dev, names) && !nic_ioctl(fd, dev, stats))
			nic_ethtool_tell(names, stats, fn, ctx);
	}
	free(names);
	free(stats);
}

/* clang-format off */
static const struct {
	const char *name;
	size_t offset;
} nic_fields[] = {
#define F(name) { #name, offsetof(struct rtnl_link_stats64, name) }
	F(rx_packets), F(tx_packets), F(rx_bytes), F(tx_bytes), F(rx_errors), F(tx_errors),
	F(rx_dropped), F(tx_dropped), F(multicast), F(collisions), F(rx_length_errors),
	F(rx_over_errors), F(rx_crc_errors), F(rx_frame_errors), F(rx_fifo_errors),
	F(rx_missed_errors), F(tx_aborted_errors), F(tx_carrier_errors), F(tx_fifo_errors),
	F(tx_heartbeat_errors), F(tx_window_errors), F(rx_nohandler),
#undef F
};
/* clang-format on */

int nic_stats(const char *dev, nic_stat_fn fn, void *ctx, struct vx_err *err)
{
	struct rtnl_link_stats64 s;
	uint64_t value;
	int fd, rc = nic_stats64(dev, &s, err);

	if (rc)
		return rc;
	for (size_t i = 0; i < sizeof(nic_fields) / sizeof(*nic_fields); i++) {
		memcpy(&value, (const char *)&s + nic_fields[i].offset, sizeof(value));
		fn(ctx, nic_fields[i].name, value);
	}
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return vx_err_set(err, -errno, "nic: socket: %s", strerror(errno));
	nic_ethtool(fd, dev, fn, ctx);
	close(fd);
	return 0;
}
