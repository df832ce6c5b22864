/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counters of a network device: netlink's rtnl_link_stats64 and what ethtool offers. [engine]
 */
#ifndef ENGINE_SYS_NIC_H
#define ENGINE_SYS_NIC_H

#include <stdbool.h>
#include <stdint.h>

#include "vx_err.h"

/* Calls fn for each counter: "rx_packets", "tx_packets", "rx_dropped", ... then ethtool's strings
 * as the driver names them (skipped without an error when the driver has none). */
typedef void (*nic_stat_fn)(void *ctx, const char *name, uint64_t value);
int nic_stats(const char *dev, nic_stat_fn fn, void *ctx, struct vx_err *err)
	__attribute__((warn_unused_result));
/* The two that the engine reads every second, cheaply. */
int nic_packets(const char *dev, uint64_t *rx_packets, uint64_t *tx_packets, struct vx_err *err)
	__attribute__((warn_unused_result));

struct nic_qdisc {
	bool own;      /* somebody has set it; the kernel gives its own no handle */
	char kind[16]; /* "" when there is none */
	uint64_t dropped;
};
/* At the root of the device, nic_qdisc.c */
int nic_qdisc(int ifindex, struct nic_qdisc *out, struct vx_err *err)
	__attribute__((warn_unused_result));

#endif
