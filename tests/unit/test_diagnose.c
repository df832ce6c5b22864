// SPDX-License-Identifier: GPL-2.0-only
/* Causes from planted observations: each of them true and not, their order, what suppresses what,
 * since when, and texts that were meant to do harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/model/diagnose.h"
#include "proto/fix.h"

#define SECOND 1000000000ULL

static struct diag *diag;
static struct diag_seen o; /* large: not on the stack */

/* A pipeline in which all is well: 1,000 packets/s in and out, of one source. */
static int setup(void **state)
{
	(void)state;
	memset(&o, 0, sizeof(o));
	o.now_ns = 1000 * SECOND;
	o.real_ns = 1795403647000000000LL; /* 03:14:07 */
	o.uptime_ns = 100 * SECOND;
	strcpy(o.ingress, "ens5");
	strcpy(o.egress, "ens6");
	o.port = 4789;
	o.ingress_up = o.unmatched_drop = o.nic_known = true;
	o.nat_rules = o.allow_entries = 1;
	o.ingress_mtu = o.egress_mtu = 9001;
	o.stuck_worker = -1;
	o.n_workers = 2;
	o.worker_pps[0] = o.worker_pps[1] = 500;
	o.worker_idle[0] = o.worker_idle[1] = 90;
	o.row_pps[VX_L_RX] = o.row_pps[VX_L_QUEUED] = o.out_pps = o.sent = o.nic_tx = 1000;
	o.n_sources = 1;
	o.source[0].key[0] = 1;
	strcpy(o.source[0].name, "172.30.74.10 (VNI 1)");
	o.source[0].pps = 1000;
	strcpy(o.ingress_mac, "02:00:00:00:74:44");
	diag = diag_new();
	assert_non_null(diag);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	diag_free(diag);
	return 0;
}

/* So many seconds of what o says now. */
static void pass(unsigned seconds)
{
	while (seconds--) {
		o.now_ns += SECOND;
		o.real_ns += (int64_t)SECOND;
		o.uptime_ns += SECOND;
		o.rx += o.row_pps[VX_L_RX];
		o.passed += o.row_pps[VX_L_NOT_VXLAN];
		diag_second(diag, &o);
		diag_judge(diag, &o);
	}
}

/* All packets of o end in this row. */
static void all_in(enum vx_ledger_id row)
{
	o.row_pps[VX_L_QUEUED] = o.out_pps = o.sent = o.nic_tx = 0;
	o.row_pps[row] = 1000;
}

static void is(const char *ids)
{
	char all[256] = "";

	for (unsigned i = 0; diag_at(diag, i); i++)
		snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s", i ? " " : "",
			 diag_name(diag_at(diag, i)->id));
	assert_string_equal(all, ids);
}

/* Within 5 s it is there, alone, with this fix first; bad or not. */
static void named(const char *id, const char *fix, bool bad)
{
	const struct diag_cause *c;

	pass(5);
	is(id);
	c = diag_at(diag, 0);
	assert_int_equal(c->bad, bad);
	assert_string_equal(c->n_fix ? c->fix[0] : "", fix);
	assert_true(c->text[0]);
}

static void cured(void **state)
{
	struct diag *d = diag;

	diag = NULL; /* the one there is goes on */
	setup(state);
	diag_free(diag);
	diag = d;
	o.now_ns += 100 * SECOND;
	o.rx = 1000000;
	pass(5);
	is("");
}

static void all_is_well(void **state)
{
	(void)state;
	pass(60);
	is("");
	o.row_pps[VX_L_NO_RULE] = 300; /* a rule matches others */
	o.row_pps[VX_L_DENIED] = 300;
	o.row_pps[VX_L_NOT_VXLAN] = 30;
	pass(5);
	is("");
}

static void no_packets(void **state)
{
	pass(5);
	memset(o.row_pps, 0, sizeof(o.row_pps));
	o.out_pps = o.sent = o.nic_tx = o.source[0].pps = 0;
	named("no_packets", "aws ec2 describe-traffic-mirror-sessions", true);
	assert_string_equal(diag_at(diag, 0)->text, "no packets since 03:14:12Z");
	assert_int_equal(diag_at(diag, 0)->since_real_ns, o.real_ns - 5 * (int64_t)SECOND);
	o.row_pps[VX_L_RX] = o.row_pps[VX_L_NOT_VXLAN] = 1; /* an ARP now and then */
	pass(1);
	is("no_packets");
	o.row_pps[VX_L_RX] = o.row_pps[VX_L_NOT_VXLAN] = 0;
	o.ingress_up = false;
	named("no_packets", "ip link set ens5 up", true);
	cured(state);
}

static void no_vxlan(void **state)
{
	all_in(VX_L_NOT_VXLAN);
	o.source[0].pps = 0;
	named("no_vxlan", "tcpdump -ni ens5 -c 20", true);
	cured(state);
}

static void other_vni(void **state)
{
	pass(5); /* the source has carried traffic: its silence follows from the VNI */
	all_in(VX_L_OTHER_VNI_PASS);
	o.vni = 5569041;
	o.vni_pps = 1000;
	o.source[0].pps = 0;
	named("other_vni", "vni add 5569041", true);
	cured(state);
	o.row_pps[VX_L_OTHER_VNI_PASS] = o.vni_pps = 7; /* beside ours */
	o.vni = 9;
	named("other_vni", "vni add 9", false);
	o.other_vni_dropped = true; /* as the operator wished */
	pass(5);
	is("");
}

static void all_denied(void **state)
{
	all_in(VX_L_DENIED);
	strcpy(o.denied[0], "172.30.83.192");
	strcpy(o.denied[1], "10.0.0.1");
	named("all_denied", "allow add 172.30.83.192", true);
	assert_non_null(strstr(diag_at(diag, 0)->text, "172.30.83.192, 10.0.0.1"));
	assert_string_equal(diag_at(diag, 0)->fix[1], "allow mode count");
	cured(state);
}

static void no_rule(void **state)
{
	all_in(VX_L_NO_RULE);
	strcpy(o.port_key, "udp/31765");
	o.port_pps = 1210;
	named("no_rule", "nat add udp/31765=ADDRESS:PORT", true);
	assert_string_equal(diag_at(diag, 0)->text,
			    "No NAT rule matches: nothing is sent. udp/31765 arrives at 1,210 "
			    "packets/s");
	o.nat_rules = 0;
	pass(1);
	assert_string_equal(diag_at(diag, 0)->text,
			    "No NAT rule: nothing is sent. udp/31765 arrives at 1,210 packets/s");
	cured(state);
}

static void links(void **state)
{
	all_in(VX_L_NO_NEIGHBOUR);
	o.egress_down = true;
	strcpy(o.hop.target, "172.30.82.95"); /* what follows from it is not named */
	strcpy(o.hop.why, "ens6 is down");
	o.tx_failed_pps = 1000;
	o.stuck_worker = 1;
	o.stuck_ms = 3000;
	named("egress_down", "ip link set ens6 up", true);
	cured(state);
	strcpy(o.hop.target, "172.30.82.95");
	strcpy(o.hop.why, "no route to it");
	strcpy(o.hop.fix, "ip route add 172.30.82.95 dev ens6");
	named("next_hop", "ip route add 172.30.82.95 dev ens6", false);
	all_in(VX_L_NO_NEIGHBOUR);
	named("next_hop", "ip route add 172.30.82.95 dev ens6", true);
	cured(state);
	o.uptime_ns = 0; /* just started: it may answer yet */
	o.hop.may_come = true;
	strcpy(o.hop.target, "172.30.82.95");
	pass(2);
	is("");
	named("next_hop", "set next-hop-mac MAC", false);
}

static void losses(void **state)
{
	o.row_pps[VX_L_OVERSIZE] = 312;
	o.oversize_largest = 1486;
	o.egress_mtu = 1400;
	named("egress_mtu", "ip link set ens6 mtu 1486", false);
	cured(state);
	o.row_pps[VX_L_TRUNCATED] = 5;
	named("truncated", "set truncated forward", false);
	cured(state);
	o.row_pps[VX_L_RING_FULL] = 5;
	o.ring_bytes = 1 << 20;
	named("ring_full", "vxconsole --ring 3072K --workers 3 ens5 ens6", false);
	cured(state);
	o.row_pps[VX_L_INTERNAL] = 5;
	named("internal", "", false);
	cured(state);
	o.foreign_pps = 5;
	named("promisc", "aws ec2 describe-traffic-mirror-targets", false);
	cured(state);
}

static void states_of_ours(void **state)
{
	o.unbalanced = true;
	named("not_balanced", "selfcheck", true);
	cured(state);
	o.leaked = 3;
	named("leak", "ack", true);
	cured(state);
	all_in(VX_L_PAUSED);
	o.paused = true;
	named("intake_off", "intake on", true);
	cured(state);
	snprintf(o.redirect, sizeof(o.redirect), "of 500 packets 0 left");
	named("redirect", "set egress auto", false);
	cured(state);
	o.threshold = 5000;
	named("threshold", "ledger", false);
	o.leaked = 1; /* explains more */
	pass(5);
	is("leak");
	cured(state);
	o.port_in_use = true;
	strcpy(o.port_holder, "vxlan0");
	named("port_in_use", "ip link set vxlan0 down", false);
	cured(state);
	strcpy(o.stray, "vxlan_pipeline_main id 2240 on ens5");
	strcpy(o.stray_fix, "strays clean");
	named("stray", "strays clean", false);
	cured(state);
}

static void workers(void **state)
{
	o.stuck_worker = 1;
	o.stuck_ms = 999;
	pass(5);
	is("");
	o.stuck_ms = 1000;
	o.row_pps[VX_L_RING_FULL] = 5; /* follows from it */
	named("worker_stuck", "workers", true);
	assert_non_null(strstr(diag_at(diag, 0)->text, "worker 1"));
	cured(state);
	o.worker_pps[0] = 40000;
	o.worker_pps[1] = 3;
	pass(5);
	is(""); /* it is idle enough */
	o.worker_idle[0] = 5;
	o.row_pps[VX_L_RING_FULL] = 5;
	named("one_flow", "set dispatch spread", false);
	o.row_pps[VX_L_RING_FULL] = 0;
	o.one_cpu = true; /* nothing would be gained */
	pass(5);
	is("");
	o.one_cpu = false;
	o.spread = true;
	pass(5);
	is("");
}

static void tx(void **state)
{
	o.sent = o.out_pps = 1000;
	o.nic_tx = 960; /* readings are not of one instant */
	pass(10);
	is("");
	o.nic_tx = 0;
	named("tx_not_following", "tc -s qdisc show dev ens6", true);
	cured(state);
	strcpy(o.qdisc, "tbf");
	o.qdisc_dropped = 10;
	named("tx_not_following", "tc -s qdisc show dev ens6", false);
	o.qdisc_own = true; /* else the kernel does not let it go */
	named("tx_not_following", "tc qdisc del dev ens6 root", false);
	o.qdisc_dropped = 0;
	o.tx_failed_pps = 3;
	strcpy(o.tx_error, "No buffer space available");
	named("tx_not_following", "tc -s qdisc show dev ens6", false);
	o.tx_too_large = true;
	o.ingress_mtu = 9001;
	o.egress_mtu = 1500;
	named("tx_not_following", "ip link set ens6 mtu 9001", false);
	o.egress_mtu = 9001; /* it is not that */
	named("tx_not_following", "tc -s qdisc show dev ens6", false);
	o.tx_too_large = false;
	cured(state);
	o.sent = o.out_pps = 5; /* few, and none of them leaves */
	o.nic_tx = 5;
	pass(10);
	is("");
	o.nic_tx = 0;
	named("tx_not_following", "tc -s qdisc show dev ens6", true);
	cured(state);
	o.nic_known = false; /* nothing is known, nothing is said */
	o.nic_tx = 0;
	pass(5);
	is("");
}

/* What ENA and others count; a veth has none of it. */
static void nic(void **state)
{
	strcpy(o.nic[0].dev, "ens5");
	strcpy(o.nic[0].name, "bw_in_allowance_exceeded");
	o.nic[0].pps = 412;
	o.n_nic = 1;
	named("nic_drops", "ethtool -S ens5", false);
	assert_string_equal(diag_at(diag, 0)->text,
			    "the NIC loses packets: ens5 bw_in_allowance_exceeded 412/s");
	cured(state);
}

/* ethtool -S of ENA, as its driver names them, a second apart: most may move. */
static void counters_of_ena(void **state)
{
	static const struct {
		const char *name;
		uint64_t before, after;
	} t[] = {
		{ "tx_timeout", 0, 0 },
		{ "interface_up", 1, 1 },
		{ "bw_in_allowance_exceeded", 9000, 9412 },
		{ "bw_out_allowance_exceeded", 7, 7 },
		{ "pps_allowance_exceeded", 0, 3 },
		{ "conntrack_allowance_exceeded", 0, 0 },
		{ "linklocal_allowance_exceeded", 5, 5 },
		{ "conntrack_allowance_available", 136811, 136812 },
		{ "queue_0_rx_cnt", 1000000, 1087234 },
		{ "queue_0_rx_xdp_drop", 1000000, 1087234 },
		{ "rx_dropped", 1000000, 1087234 },
		{ "rx_missed_errors", 0, 17 },
	};
	struct diag_nic_memory m = { .n = 0 };

	for (int second = 0; second < 2; second++)
		for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
			uint64_t v = second ? t[i].after : t[i].before;

			diag_nic_counter(&m, &o, "ens5", false, t[i].name, v);
			diag_nic_counter(&m, &o, "ens6", true, t[i].name, v);
		}
	assert_int_equal(o.n_nic, 4); /* there is no more room; ens6's rx_missed is not ours */
	named("nic_drops", "ethtool -S ens5", false);
	assert_string_equal(diag_at(diag, 0)->text,
			    "the NIC loses packets: ens5 bw_in_allowance_exceeded 412/s, ens6 "
			    "bw_in_allowance_exceeded 412/s, ens5 pps_allowance_exceeded 3/s, ens6 "
			    "pps_allowance_exceeded 3/s");
	o.n_nic = 0;
	diag_nic_counter(&m, &o, "ens6", true, "rx_missed_errors", 99);
	diag_nic_counter(&m, &o, "ens5", false, "conntrack_allowance_available", 136899);
	assert_int_equal(o.n_nic, 0);
	diag_nic_counter(&m, &o, "ens5", false, "bw_in_allowance_exceeded", 1); /* reset */
	assert_int_equal(o.n_nic, 0);
	diag_nic_counter(&m, &o, "ens5", false, "rx_missed_errors", 18);
	assert_int_equal(o.n_nic, 1);
	cured(state);
}

/* All that comes in a second, by the row it ends in. */
static void comes(uint64_t queued, uint64_t denied)
{
	o.row_pps[VX_L_QUEUED] = o.out_pps = o.sent = o.nic_tx = queued;
	o.row_pps[VX_L_DENIED] = denied;
	o.row_pps[VX_L_RX] = o.source[0].pps = queued + denied;
}

/* At low rates chance makes gaps and runs; they are no cause. What lasts is, within 5 s at 5/s. */
static void low_rates(void **state)
{
	unsigned random = 1;

	for (int i = 0; i < 7200; i++) { /* two hours of about 5/s, most denied */
		random = random * 1103515245 + 12345;
		comes((random >> 16) % 10 == 0, 2 + (random >> 20) % 6);
		pass(1);
		if (i > 600) /* until it has shown what is usual */
			is("");
	}
	comes(1, 4);
	pass(5);
	comes(0, 0);
	named("no_packets", "aws ec2 describe-traffic-mirror-sessions", true);
	cured(state);
	for (int i = 0; i < 1000; i++) { /* a packet every 4 s */
		comes(i % 4 == 0, 0);
		pass(1);
		if (i > 300)
			is("");
	}
	for (int i = 0; i < 7200; i++) { /* now and then one */
		random = random * 1103515245 + 12345;
		comes((random >> 16) % 3 == 0, 0);
		pass(1);
		if (i > 300)
			is("");
	}
	comes(0, 0);
	pass(60); /* it may be silent for so long, not for longer */
	is("no_packets");
	comes(0, 5);
	pass(120); /* it has shown long runs */
	is("all_denied");
}

/* An outage that lasted for hours does not make the next one usual. */
static void denied_for_long(void **state)
{
	comes(0, 1000);
	pass(7200);
	is("all_denied");
	comes(1000, 0);
	pass(4);
	is("");
	comes(0, 1000);
	named("all_denied", "allow mode count", true);
	cured(state);
}

/* What a cause has brought with it is not named in the moment in which the cause is gone. */
static void consequences(void **state)
{
	o.qdisc_dropped = 5000;
	o.row_pps[VX_L_RING_FULL] = 10;
	named("tx_not_following", "tc -s qdisc show dev ens6", true);
	o.qdisc_dropped = 0;
	o.row_pps[VX_L_RING_FULL] = 0;
	for (int i = 0; i < 5; i++) {
		pass(1);
		is("");
	}
	o.egress_down = true;
	strcpy(o.hop.target, "172.30.82.95");
	pass(3);
	is("egress_down");
	o.egress_down = false;
	pass(1);
	is("");
	pass(1); /* it stays, so it is one of its own */
	is("next_hop");
	o.hop.target[0] = 0;
	pass(1);
	is("");
	all_in(VX_L_NOT_VXLAN); /* it is not said besides that no packets come */
	o.source[0].pps = 0;
	pass(5);
	is("no_vxlan");
	o.row_pps[VX_L_RX] = o.row_pps[VX_L_NOT_VXLAN] = 0;
	pass(5);
	is("no_packets");
	cured(state);
}

static void second_source(uint64_t pps)
{
	o.n_sources = 2;
	o.source[1].key[0] = 2;
	strcpy(o.source[1].name, "172.30.74.11 (VNI 1)");
	o.source[1].pps = pps;
}

static void sources(void **state)
{
	second_source(1000);
	pass(5);
	second_source(0);
	named("source_silent", "ack", false);
	assert_string_equal(diag_at(diag, 0)->text,
			    "source 172.30.74.11 (VNI 1) is silent since 03:14:12Z");
	diag_ack(diag);
	pass(5);
	is("");
	for (int i = 0; i < 20; i++) { /* comes and goes */
		second_source(5);
		pass(5);
		second_source(0);
		pass(7);
		is("");
	}
	second_source(1000);
	pass(5);
	memset(o.row_pps, 0, sizeof(o.row_pps)); /* all are silent: said once */
	second_source(0);
	o.source[0].pps = o.out_pps = o.sent = o.nic_tx = 0;
	for (int i = 0; i < 10; i++) {
		pass(1);
		is(i < 2 ? "" : "no_packets");
	}
	(void)state;
}

static void order_and_since(void **state)
{
	int64_t since;

	(void)state;
	o.row_pps[VX_L_OTHER_VNI_PASS] = o.vni_pps = 7;
	pass(3);
	since = diag_at(diag, 0)->since_real_ns;
	assert_int_equal(since, o.real_ns - 2 * (int64_t)SECOND);
	o.egress_down = true;
	o.out_pps = 0;
	pass(5);
	is("egress_down other_vni");
	assert_int_equal(diag_at(diag, 1)->since_real_ns, since);
	o.leaked = 1;
	pass(1);
	is("leak egress_down other_vni");
	o.row_pps[VX_L_OTHER_VNI_PASS] = o.vni_pps = 0; /* a rate that falters is no end */
	pass(1);
	o.row_pps[VX_L_OTHER_VNI_PASS] = o.vni_pps = 7;
	pass(1);
	is("leak egress_down other_vni");
	assert_int_equal(diag_at(diag, 2)->since_real_ns, since);
	o.leaked = 0;
	o.egress_down = false;
	o.out_pps = 1000; /* what is sent goes nowhere: worse than what precedes it in the table */
	o.nic_tx = 0;
	pass(5);
	is("tx_not_following other_vni");
}

static void hostile(void **state)
{
	const struct diag_cause *c;

	(void)state;
	o.egress_down = true;
	strcpy(o.egress, "a;rm -rf'\033[2J");
	pass(1);
	c = diag_at(diag, 0);
	assert_string_equal(c->fix[0], "ip link set 'a;rm -rf'\\''?[2J' up");
	assert_null(strchr(c->text, '\033'));
	memset(o.hop.why, 0xff, sizeof(o.hop.why) - 1);
	memset(o.hop.target, 'x', sizeof(o.hop.target) - 1);
	memset(o.stray, '\n', sizeof(o.stray) - 1);
	o.egress_down = false;
	pass(1);
	for (unsigned i = 0; (c = diag_at(diag, i)); i++)
		for (const char *p = c->text; *p; p++)
			assert_true(*p >= 0x20 && *p < 0x7f);
}

static void whose_is_a_fix(void **state)
{
	(void)state;
	assert_true(fix_is_shell("ip link set ens6 up"));
	assert_false(fix_is_shell("ipx"));
	assert_false(fix_is_shell("set dispatch spread"));
	assert_int_equal(fix_whole("vni add 1"), 9);
	assert_int_equal(fix_whole("nat add udp/1=ADDRESS:PORT"), 14);
	assert_int_equal(fix_whole("set next-hop-mac MAC"), 17);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(all_is_well),
		T(no_packets),
		T(no_vxlan),
		T(other_vni),
		T(all_denied),
		T(no_rule),
		T(links),
		T(losses),
		T(states_of_ours),
		T(workers),
		T(tx),
		T(nic),
		T(counters_of_ena),
		T(low_rates),
		T(denied_for_long),
		T(consequences),
		T(sources),
		T(order_and_since),
		T(hostile),
		T(whose_is_a_fix),
	};

	return cmocka_run_group_tests_name("diagnose", tests, NULL, NULL);
}
