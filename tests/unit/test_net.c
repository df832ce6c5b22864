/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * net: which neighbour and MAC a target has, and which targets are refused. What changes later is
 * in test_net_changes.c.
 */
#include "netbed.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define S  VX_NH_FIRST
#define MS 5000

static void assert_via(struct bed *b, uint16_t slot, const char *via)
{
	char text[ADDR_TEXT];

	assert_string_equal(addr_format(&net_nexthop(b->net, slot)->via, text), via);
}

static void on_link_targets(void **state)
{
	struct bed *b = bed_open(state);

	bed_follow(b, S, "198.51.100.2");
	bed_follow(b, S + 1, "2001:db8:1::2");
	bed_follow(b, S + 2, "fe80::2");
	for (uint16_t i = 0; i < 3; i++)
		bed_wait_state(b, S + i, NET_NH_RESOLVED, PEER_MAC, MS);
	assert_via(b, S, "198.51.100.2");
	assert_via(b, S + 1, "2001:db8:1::2");
	assert_true(b->nexthop_events[S] >= 1);
	assert_int_equal(net_nexthop(b->net, S + 3)->state, NET_NH_UNUSED);
}

static void by_gateway(void **state)
{
	struct bed *b = bed_open(state);

	HERE("route", "add", "10.9.0.0/16", "via", "198.51.100.2");
	HERE("route", "add", "10.8.0.0/16", "via", "inet6", "fe80::2", "dev", "eg0");
	HERE("-6", "route", "add", "2001:db8:9::/48", "via", "2001:db8:1::2");
	HERE("-6", "route", "add", "2001:db8:8::/48", "via", "fe80::2", "dev", "eg0");
	bed_follow(b, S, "10.9.1.2");
	bed_follow(b, S + 1, "10.8.1.2");
	bed_follow(b, S + 2, "2001:db8:9::5");
	bed_follow(b, S + 3, "2001:db8:8::5");
	for (uint16_t i = 0; i < 4; i++)
		bed_wait_state(b, S + i, NET_NH_RESOLVED, PEER_MAC, MS);
	assert_via(b, S, "198.51.100.2");
	assert_via(b, S + 1, "fe80::2");
	assert_via(b, S + 2, "2001:db8:1::2");
	assert_via(b, S + 3, "fe80::2");
}

/* The way out of the egress holds, though the host itself would take the ingress. */
static void egress_not_the_best_way(void **state)
{
	struct bed *b = bed_open(state);

	HERE("route", "add", "default", "via", "192.0.2.9", "metric", "10");
	HERE("route", "add", "default", "via", "198.51.100.2", "metric", "20");
	HERE("route", "add", "10.7.0.0/16", "nexthop", "via", "192.0.2.9", "nexthop", "via",
	     "198.51.100.2");
	HERE("-6", "addr", "add", "2001:db8:2::1/64", "dev", "in0", "nodad");
	HERE("-6", "route", "add", "2001:db8:7::/64", "via", "2001:db8:2::9");
	HERE("-6", "route", "add", "2001:db8:7::/48", "via", "2001:db8:1::2");
	bed_follow(b, S, "10.1.2.3");
	bed_follow(b, S + 1, "10.7.0.1");
	bed_follow(b, S + 2, "2001:db8:7::1");
	for (uint16_t i = 0; i < 3; i++)
		bed_wait_state(b, S + i, NET_NH_RESOLVED, PEER_MAC, MS);
	assert_via(b, S + 2, "2001:db8:1::2");
}

/* A second interface often has its own table, by a rule on its address. */
static void table_by_source(void **state)
{
	struct bed *b = bed_open(state);

	HERE("route", "add", "default", "via", "192.0.2.9");
	HERE("rule", "add", "from", "198.51.100.1", "lookup", "1002");
	HERE("route", "add", "default", "via", "198.51.100.2", "dev", "eg0", "table", "1002");
	bed_follow(b, S, "10.1.2.3");
	net_nexthop_follow_default(b->net, VX_NH_UNNAT4, VX_IP4);
	bed_wait_state(b, S, NET_NH_RESOLVED, PEER_MAC, MS);
	bed_wait_state(b, VX_NH_UNNAT4, NET_NH_RESOLVED, PEER_MAC, MS);
	HERE("rule", "del", "from", "198.51.100.1", "lookup", "1002");
	bed_wait_state(b, S, NET_NH_REFUSED, NULL, MS);
	HERE("route", "flush", "table", "1002");
}

static void default_routes(void **state)
{
	struct bed *b = bed_open(state);

	net_nexthop_follow_default(b->net, VX_NH_UNNAT4, VX_IP4);
	net_nexthop_follow_default(b->net, VX_NH_UNNAT6, VX_IP6);
	bed_wait_state(b, VX_NH_UNNAT4, NET_NH_NO_ROUTE, NULL, MS);
	bed_wait_state(b, VX_NH_UNNAT6, NET_NH_NO_ROUTE, NULL, MS);
	assert_non_null(
		strstr(net_nexthop(b->net, VX_NH_UNNAT6)->why, "no IPv6 default route out of eg0"));
	HERE("route", "add", "default", "via", "192.0.2.9");
	HERE("route", "add", "10.0.0.0/8", "via", "198.51.100.2");
	bed_pump(b, 200);
	bed_wait_state(b, VX_NH_UNNAT4, NET_NH_NO_ROUTE, NULL,
		       MS); /* neither is one out of the egress */
	HERE("route", "add", "default", "via", "198.51.100.77", "metric", "200");
	HERE("route", "add", "default", "via", "198.51.100.2", "metric", "100");
	HERE("-6", "route", "add", "default", "via", "fe80::2", "dev", "eg0");
	bed_wait_state(b, VX_NH_UNNAT4, NET_NH_RESOLVED, PEER_MAC, MS);
	bed_wait_state(b, VX_NH_UNNAT6, NET_NH_RESOLVED, PEER_MAC, MS);
	assert_via(b, VX_NH_UNNAT4, "198.51.100.2");
	assert_int_equal(net_nexthop(b->net, VX_NH_UNNAT4)->target.family, 0);
}

static void no_route(void **state)
{
	struct bed *b = bed_open(state);

	bed_follow(b, S, "10.66.0.1");
	bed_follow(b, S + 1, "2001:db8:66::1");
	assert_int_equal(net_nexthop(b->net, S)->state, NET_NH_NO_ROUTE);
	assert_int_equal(net_nexthop(b->net, S + 1)->state, NET_NH_NO_ROUTE);
	assert_string_equal(net_nexthop(b->net, S)->why,
			    "no route to 10.66.0.1 out of eg0: ip route add 10.66.0.1 dev eg0");
	HERE("route", "add", "unreachable", "10.66.0.0/16");
	bed_pump(b, 200);
	assert_int_equal(net_nexthop(b->net, S)->state, NET_NH_NO_ROUTE);
	HERE("route", "add", "10.66.0.1", "via", "198.51.100.2");
	bed_wait_state(b, S, NET_NH_RESOLVED, PEER_MAC, MS);
}

static void refused(void **state)
{
	static const struct {
		const char *target, *why;
	} rows[] = {
		{ "198.51.100.1", "198.51.100.1 is this host's own address" },
		{ "192.0.2.1", "192.0.2.1 is this host's own address" },
		{ "2001:db8:1::1", "2001:db8:1::1 is this host's own address" },
		{ "127.0.0.1", "a loopback address" },
		{ "127.8.8.8", "a loopback address" },
		{ "::1", "a loopback address" },
		{ "0.0.0.0", "not a destination" },
		{ "::", "not a destination" },
		{ "224.0.0.5", "a multicast address" },
		{ "239.1.2.3", "a multicast address" },
		{ "ff02::1", "a multicast address" },
		{ "255.255.255.255", "the broadcast address" },
		{ "198.51.100.255", "the broadcast address of a subnet" },
		{ "192.0.2.255", "the broadcast address of a subnet" },
		{ "192.0.2.7", "192.0.2.7 is reached only by the ingress in0" },
		{ "10.5.5.5", "10.5.5.5 is reached only by the ingress in0" },
		{ "2001:db8:5::5", "2001:db8:5::5 is reached only by the ingress in0" },
	};
	struct bed *b = bed_open(state);

	HERE("route", "add", "10.5.0.0/16", "via", "192.0.2.9");
	HERE("-6", "route", "add", "2001:db8:5::/48", "dev", "in0");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct addr a = bed_addr(rows[i].target);
		struct vx_err err = { 0 };

		assert_int_equal(net_nexthop_follow(b->net, S, &a, &err), -EINVAL);
		if (!strstr(err.msg, rows[i].why))
			fail_msg("%s: \"%s\", wanted \"%s\"", rows[i].target, err.msg, rows[i].why);
		assert_int_equal(net_nexthop(b->net, S)->state, NET_NH_UNUSED);
	}
}

static void refused_leaves_the_slot(void **state)
{
	struct addr multicast = bed_addr("224.0.0.1");
	struct bed *b = bed_open(state);
	struct vx_err err;

	bed_follow(b, S, "198.51.100.2");
	bed_wait_state(b, S, NET_NH_RESOLVED, PEER_MAC, MS);
	assert_int_equal(net_nexthop_follow(b->net, S, &multicast, &err), -EINVAL);
	assert_int_equal(net_nexthop(b->net, S)->state, NET_NH_RESOLVED);
	net_nexthop_forget(b->net, S);
	assert_int_equal(net_nexthop(b->net, S)->state, NET_NH_UNUSED);
}

static void override(void **state)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 0x77 };
	struct bed *b = bed_open(state);

	bed_follow(b, S, "198.51.100.2");
	bed_follow(b, S + 1, "10.66.0.1");
	net_nexthop_follow_default(b->net, VX_NH_UNNAT4, VX_IP4);
	bed_wait_state(b, S, NET_NH_RESOLVED, PEER_MAC, MS);
	net_nexthop_override(b->net, mac);
	for (uint16_t i = S; i < S + 2; i++) {
		bed_wait_state(b, i, NET_NH_RESOLVED, "02:00:00:00:00:77", 0);
		assert_true(net_nexthop(b->net, i)->override);
	}
	bed_wait_state(b, VX_NH_UNNAT4, NET_NH_RESOLVED, "02:00:00:00:00:77", 0);
	bed_follow(b, S + 2, "192.0.2.7"); /* the operator has said where it is */
	HERE("link", "set", "eg0", "down");
	bed_wait_state(b, S, NET_NH_EGRESS_DOWN, NULL, MS);
	HERE("link", "set", "eg0", "up");
	bed_wait_state(b, S, NET_NH_RESOLVED, "02:00:00:00:00:77", MS);
	net_nexthop_override(b->net, NULL);
	bed_wait_state(b, S, NET_NH_RESOLVED, PEER_MAC, MS);
	assert_int_equal(net_nexthop(b->net, S + 1)->state, NET_NH_NO_ROUTE);
	assert_int_equal(net_nexthop(b->net, S + 2)->state, NET_NH_REFUSED);
}

static void bad_devices(void **state)
{
	static const struct net_events none;
	struct vx_err err = { 0 };
	struct net *n;

	if (!*state)
		skip();
	assert_int_equal(net_open(&n, "in0", "nope0", &none, NULL, &err), -ENODEV);
	assert_string_equal(err.msg, "nope0: no such network interface here");
	assert_int_equal(net_open(&n, "a-name-that-is-too-long", "eg0", &none, NULL, &err),
			 -ENODEV);
	assert_int_equal(net_open(&n, "in0", "in0", &none, NULL, &err), -EINVAL);
	assert_null(n);
	if (access("/dev/net/tun", W_OK))
		return;
	HERE("tuntap", "add", "tun7", "mode", "tun");
	assert_int_equal(net_open(&n, "in0", "tun7", &none, NULL, &err), -EINVAL);
	assert_string_equal(err.msg, "tun7: not an Ethernet interface");
	HERE("link", "del", "tun7");
}

static int64_t cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Targets by one gateway share its neighbour; all slots of the table, in bounded time, and idle for
 * free. */
static void many_slots(void **state)
{
	struct bed *b = bed_open(state);
	unsigned events = 0;
	char text[32];
	int64_t us;

	HERE("route", "add", "10.0.0.0/8", "via", "198.51.100.2");
	us = cpu_us();
	for (unsigned i = 0; i < VX_MAX_NAT; i++) {
		snprintf(text, sizeof(text), "10.%u.%u.1", i >> 8, i & 255);
		bed_follow(b, (uint16_t)(S + i), text);
	}
	print_message("# %d slots followed in %d ms of CPU\n", VX_MAX_NAT,
		      (int)((cpu_us() - us) / 1000));
	for (unsigned i = 0; i < VX_MAX_NAT; i++)
		bed_wait_state(b, (uint16_t)(S + i), NET_NH_RESOLVED, PEER_MAC, MS);
	for (unsigned i = 0; i < VX_MAX_NAT; i++)
		events += b->nexthop_events[S + i];
	assert_true(events <= 2 * VX_MAX_NAT);
	us = cpu_us();
	for (int i = 0; i < 10; i++)
		net_tick(b->net);
	print_message("# a tick: %d us of CPU\n", (int)((cpu_us() - us) / 10));
	us = cpu_us();
	HERE("route", "replace", "10.0.0.0/8", "via", "198.51.100.2", "metric", "0", "mtu", "1400");
	bed_pump(b, 1000);
	print_message("# a route change, and a second: %d ms of CPU\n",
		      (int)((cpu_us() - us) / 1000));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, bed_setup, bed_teardown)
	const struct CMUnitTest tests[] = {
		T(on_link_targets),
		T(by_gateway),
		T(egress_not_the_best_way),
		T(table_by_source),
		T(default_routes),
		T(no_route),
		T(refused),
		T(refused_leaves_the_slot),
		T(override),
		T(bad_devices),
		T(many_slots),
	};

	return cmocka_run_group_tests_name("net", tests, NULL, NULL);
}
