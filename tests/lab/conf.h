/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the command line asks for: filled by cli.c from its table, read by everything else.
 * Addresses are in network order, numbers in host order.
 */
#ifndef LAB_CONF_H
#define LAB_CONF_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#define CONF_MAX_SRC 64
#define CONF_UNSET   UINT64_MAX

enum conf_command { CONF_SEND = 1, CONF_SINK = 2 };

/* These follow the order of the words in the option table's choices. */
enum conf_proto { CONF_UDP, CONF_TCP, CONF_ICMP };
enum conf_family { CONF_IP4, CONF_IP6 };
enum conf_vlan { CONF_VLAN_OUTER, CONF_VLAN_INNER, CONF_VLAN_BOTH, CONF_VLAN_NONE };
enum conf_via { CONF_VIA_XDP, CONF_VIA_PACKET, CONF_VIA_AUTO };

struct conf_addr {
	uint8_t len; /* 4, 6 bytes of a MAC, 16; 0: not given */
	uint8_t b[16];
};

struct conf_cidr {
	struct conf_addr addr;
	uint8_t prefix;
};

struct conf_cidrs {
	unsigned int n;
	struct conf_cidr c[CONF_MAX_SRC];
};

struct conf_range {
	uint64_t min, max;
};

struct conf_endpoint {
	struct conf_addr addr;
	uint64_t port; /* 0: any */
};

struct conf {
	enum conf_command command;
	char ifname[IFNAMSIZ];
	unsigned int ifindex; /* this and the next two are found out, not asked for */
	uint8_t mac[6];
	uint32_t mtu;

	uint64_t rate, count, ms; /* CONF_UNSET: without that limit */
	bool json, spin;

	struct conf_range size, dport;
	uint64_t flows, vni, port, frag, outer_frag;
	uint64_t hosts; /* CONF_UNSET: a source a flow; else one of so many at random, a packet */
	struct conf_cidrs src;
	struct conf_addr dst, outer_src, outer_dst, dmac;
	uint64_t proto, inner, outer, vlan, via;
	bool reverse, plain, wrap;
	const char *pcap;
	uint64_t set_vni, set_dport;

	struct conf_endpoint expect_dst;
	struct conf_addr expect_smac;
	uint64_t idle_ms;
	bool any;
};

#endif
