/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Causes of trouble: from what was observed to what is the matter, since when, and the command that
 * mends it. A consequence is not named beside its cause. Pure: knows no clock, no kernel. [engine]
 *
 * A fix is a command line of vxconsole, or of a shell: the first word tells, see proto/fix.h.
 * ADDRESS:PORT, MAC and ID in it are for the operator to fill in.
 */
#ifndef ENGINE_MODEL_DIAGNOSE_H
#define ENGINE_MODEL_DIAGNOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vx_abi.h"

/*
 * X(ID, "name", severity, what it means, what to do), in the order of precedence: of two that are
 * equally bad the first is worse. Severity: BAD, WARN; LOSS: bad when nothing is sent, else
 * warn; WIRE: bad when most of what is sent does not leave, else warn.
 */
/* clang-format off */
#define DIAG_CAUSES(X) \
	X(NOT_BALANCED, "not_balanced", BAD, \
	  "Packets were lost without a row of the ledger: a fault of this program", \
	  "See selfcheck for the term that is off, keep the log, report it, and start again") \
	X(LEAK, "leak", BAD, \
	  "Frames of the mirrored traffic left by the ingress", \
	  "Find what sends them: another program, or a route of this host. ack says that it was seen") \
	X(INTAKE_OFF, "intake_off", BAD, \
	  "An operator has switched the intake off: what is ours is dropped", \
	  "intake on") \
	X(EGRESS_DOWN, "egress_down", BAD, \
	  "The egress is down, has no carrier, or is gone", \
	  "Set it up, plug it in, or bring it back; it is taken again by its name") \
	X(STRAY, "stray", WARN, \
	  "Another XDP program holds the ingress, or a copy of this one or of its forerunner is in the " \
	  "kernel", \
	  "Look at strays, and detach it") \
	X(WORKER_STUCK, "worker_stuck", BAD, \
	  "A worker makes no progress although it has packets to send", \
	  "See workers and the log; a device that takes nothing for this long is broken or overrun") \
	X(NEXT_HOP, "next_hop", LOSS, \
	  "The MAC of the next hop to a NAT target is not known", \
	  "Add the route or the address that is missing, or start the host that does not answer") \
	X(NO_RULE, "no_rule", LOSS, \
	  "Packets are let through, but no NAT rule is for the ports that they go to", \
	  "Add the rule: its port is what arrives, its address where the packets are to go") \
	X(ALL_DENIED, "all_denied", LOSS, \
	  "Every packet is denied: the allowlist is empty, or another one", \
	  "Add the addresses that are denied, load the right list, or let it only count") \
	X(OTHER_VNI, "other_vni", LOSS, \
	  "VXLAN arrives with a VNI that is not configured", \
	  "vni add, when it is that of a mirror session of yours") \
	X(NO_VXLAN, "no_vxlan", BAD, \
	  "Packets arrive, but none of them is VXLAN to the configured port", \
	  "Look at what arrives; the sender may use another port, see --port") \
	X(NO_PACKETS, "no_packets", BAD, \
	  "Nothing arrives at the ingress", \
	  "Check that the ingress is up, the mirror session with its filter and target, and that the " \
	  "security group of the ingress admits UDP to the port") \
	X(EGRESS_MTU, "egress_mtu", LOSS, \
	  "Packets are larger than the MTU of the egress: never fragmented, they are dropped", \
	  "Raise the MTU of the egress to the size that is named") \
	X(TRUNCATED, "truncated", LOSS, \
	  "Packets were cut on their way here, and are dropped as --truncated says", \
	  "Raise the MTU of the ingress and the packet length of the mirror session; set truncated " \
	  "forward sends them as they are") \
	X(ONE_FLOW, "one_flow", WARN, \
	  "One flow is too much for the one worker that it goes to, while others are idle", \
	  "set dispatch spread, if the order of packets does not matter") \
	X(RING_FULL, "ring_full", LOSS, \
	  "Packets come faster than the workers send them: the rings overflow", \
	  "A larger ring for bursts, more workers for a rate that lasts; both need a restart") \
	X(TX_NOT_FOLLOWING, "tx_not_following", WIRE, \
	  "Packets are handed to the egress, and it drops them: its queue, or the NIC", \
	  "Look at the queueing discipline of the egress; set qdisc-bypass on goes round it") \
	X(REDIRECT, "redirect", WARN, \
	  "What was redirected could not be shown to leave, so packets go by the rings again", \
	  "Leave it so, or mend what is named and set egress redirect; in generic mode nobody is asked") \
	X(NIC_DROPS, "nic_drops", WARN, \
	  "A NIC drops packets before or after this program, or the instance exceeds an allowance", \
	  "More receive buffers (ethtool -G), more queues, a larger instance") \
	X(SOURCE_SILENT, "source_silent", WARN, \
	  "A source that carried traffic fell silent while others go on", \
	  "Check its mirror session; ack when that is as it should be") \
	X(PROMISC, "promisc", WARN, \
	  "Packets are addressed to the MAC of another interface: they arrive only while the ingress is " \
	  "promiscuous", \
	  "Correct the target of the mirror session") \
	X(PORT_IN_USE, "port_in_use", WARN, \
	  "Somebody else has the VXLAN port on this host and takes what passes to the kernel", \
	  "Stop it, if it is not meant to have it") \
	X(INTERNAL, "internal", LOSS, \
	  "A helper or a map of the kernel failed", \
	  "See the log; memory may be short") \
	X(THRESHOLD, "threshold", WARN, \
	  "Less is sent than PERFORMANCE_THRESHOLD asks for", \
	  "See the ledger for where the rest is")
/* clang-format on */

enum diag_id {
#define DIAG_ID(id, name, severity, means, todo) DIAG_##id,
	DIAG_CAUSES(DIAG_ID)
#undef DIAG_ID
		DIAG_N
};

#define DIAG_FIXES   3
#define DIAG_SOURCES 256
#define DIAG_NICS    4
#define DIAG_TOP     3

struct diag_source_seen {
	uint8_t key[24]; /* who; compared as a whole */
	char name[96];	 /* "172.30.74.10 (VNI 1)" */
	uint64_t pps;
};

/* What is the matter with one next hop; "" when there is nothing. */
struct diag_hop_seen {
	char target[64], why[160];
	unsigned more; /* others that are not resolved either */
	char fix[96];  /* "": none is known */
	bool may_come; /* just asked for: it has some seconds */
};

/* All that is looked at, as of now. Texts may hold any bytes. */
struct diag_seen {
	/* --- true at any time */
	uint64_t now_ns; /* CLOCK_MONOTONIC */
	int64_t real_ns;
	uint64_t uptime_ns;
	char ingress[16], egress[16];
	uint16_t port; /* VXLAN */
	bool ingress_up, paused, unbalanced;
	bool egress_gone, egress_down, egress_no_carrier;
	uint64_t leaked; /* since it was acknowledged */
	uint64_t rx;	 /* ledger, ever */
	uint64_t passed; /* of them not VXLAN, ever */
	uint32_t nat_rules, allow_entries, ingress_mtu, egress_mtu;
	bool unmatched_drop, spread, other_vni_dropped;
	struct diag_hop_seen hop;
	int stuck_worker; /* -1: none */
	uint64_t stuck_ms;
	bool port_in_use;
	char port_holder[16]; /* a vxlan device; "": not known who */
	char redirect[160];   /* why it was given up; "": it was not */
	char stray[160];      /* "vxlan_pipeline_main id 2240 (...)"; "": none */
	bool stray_blocks;
	char stray_fix[240];

	/* --- of the last second */
	uint64_t row_pps[VX_L_N], out_pps, tx_failed_pps, threshold;
	char tx_error[48]; /* the errno that most failed with, in words */
	bool tx_too_large; /* it is EMSGSIZE: fragments whose size was not judged before */
	uint64_t oversize_largest;
	uint64_t ring_bytes;  /* of all */
	uint64_t in_bytes_ps; /* that arrive */
	unsigned n_workers;
	bool one_cpu; /* all the workers have the same */
	uint64_t worker_pps[VX_MAX_RINGS];
	unsigned worker_idle[VX_MAX_RINGS]; /* percent */
	unsigned ring_used[VX_MAX_RINGS];   /* percent */
	uint64_t sent;			    /* frames handed to the egress, in that second */
	uint64_t nic_tx, nic_tx_dropped;    /* that it counted in that second */
	uint64_t qdisc_dropped;
	bool nic_known;
	char qdisc[16]; /* root's kind; "": not known */
	bool qdisc_own; /* somebody has set it, so it can be taken away */
	bool by_xdp;	/* all frames go past the qdisc, by AF_XDP */
	struct {
		char dev[16], name[33];
		uint64_t pps;
	} nic[DIAG_NICS]; /* counters that should stand still, and do not */
	unsigned n_nic;
	uint64_t foreign_pps; /* of ours, to another MAC, while the ingress is promiscuous */
	char ingress_mac[64];
	char denied[DIAG_TOP][64]; /* most denied first */
	char port_key[32];	   /* busiest without a rule: "udp/31765" */
	uint64_t port_pps;
	uint32_t vni; /* busiest that is not ours */
	uint64_t vni_pps;
	struct diag_source_seen source[DIAG_SOURCES];
	unsigned n_sources;
};

struct diag_cause {
	enum diag_id id;
	bool bad;
	int64_t since_real_ns;
	uint64_t pps; /* packets/s that it costs; 0: none, or not known */
	char text[240];
	char fix[DIAG_FIXES][160];
	unsigned n_fix;
};

/* Counters of NICs that should stand still, as they were. */
#define DIAG_COUNTERS 64
struct diag_nic_memory {
	struct {
		char dev[16], name[33];
		uint64_t value;
	} counter[DIAG_COUNTERS];
	unsigned n;
};
/* A counter as it is a second later: into o->nic when it should have stood still, and has not.
 * diagnose_nic.c */
void diag_nic_counter(struct diag_nic_memory *m, struct diag_seen *o, const char *dev, bool egress,
		      const char *name, uint64_t value);

/* Of the packets of these rows, those that the allowlist let through, whatever became of them. */
uint64_t diag_let_through(const uint64_t row[VX_L_N]);

struct diag;
struct diag *diag_new(void); /* NULL: no memory */
void diag_free(struct diag *d);
/* Once a second, when the figures of a second are made: before diag_judge. */
void diag_second(struct diag *d, const struct diag_seen *o);
/* At any time; the causes are those of o. */
void diag_judge(struct diag *d, const struct diag_seen *o);
/* The operator has seen it: sources that fell silent are forgotten. */
void diag_ack(struct diag *d);

/* i-th cause, the worst first; NULL past the end. */
const struct diag_cause *diag_at(const struct diag *d, unsigned i);
const char *diag_name(enum diag_id id);

#endif
