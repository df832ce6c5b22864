/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * net: what changes after the start is followed: neighbours, gateways, links, addresses, and what
 * the kernel could not tell because too much happened at once.
 */
#include "netbed.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define S  VX_NH_FIRST
#define MS 8000

static struct bed *resolved(void **state)
{
	struct bed *b = bed_open(state);

	bed_follow(b, S, "198.51.100.2");
	bed_follow(b, S + 1, "2001:db8:1::2");
	bed_wait_state(b, S, NET_NH_RESOLVED, PEER_MAC, MS);
	bed_wait_state(b, S + 1, NET_NH_RESOLVED, PEER_MAC, MS);
	return b;
}

static void neighbour_appears(void **state)
{
	struct bed *b = bed_open(state);

	bed_follow(b, S, "198.51.100.3");
	bed_follow(b, S + 1, "2001:db8:1::3");
	assert_int_equal(net_nexthop(b->net, S)->state, NET_NH_RESOLVING);
	bed_wait_state(b, S, NET_NH_FAILED, NULL, MS);
	bed_wait_state(b, S + 1, NET_NH_FAILED, NULL, MS);
	assert_string_equal(net_nexthop(b->net, S)->why, "198.51.100.3 does not answer on eg0");
	bed_pump(b, 1500); /* asked again meanwhile, without a change of state */
	assert_int_equal(b->nexthop_events[S], 2);
	THERE("addr", "add", "198.51.100.3/24", "dev", "peg0");
	THERE("addr", "add", "2001:db8:1::3/64", "dev", "peg0", "nodad");
	bed_wait_state(b, S, NET_NH_RESOLVED, PEER_MAC, MS);
	bed_wait_state(b, S + 1, NET_NH_RESOLVED, PEER_MAC, MS);
}

static void neighbour_goes_silent(void **state)
{
	struct bed *b = resolved(state);

	THERE("addr", "del", "198.51.100.2/24", "dev", "peg0");
	bed_wait_state(b, S, NET_NH_FAILED, NULL, 2 * MS);
	THERE("addr", "add", "198.51.100.2/24", "dev", "peg0");
	bed_wait_state(b, S, NET_NH_RESOLVED, PEER_MAC, MS);
}

/* Nobody announces the new address: the stale entry is probed, and asked afresh when it does not
 * answer. */
static void mac_changes(void **state)
{
	struct bed *b = resolved(state);
	unsigned told = b->nexthop_events[S];

	THERE("link", "set", "peg0", "address", "02:00:00:00:00:99");
	bed_wait_state(b, S, NET_NH_RESOLVED, "02:00:00:00:00:99", 2 * MS);
	bed_wait_state(b, S + 1, NET_NH_RESOLVED, "02:00:00:00:00:99", 2 * MS);
	assert_int_equal(b->nexthop_events[S], told + 1); /* changed, never lost */
}

/* An entry that the operator has set for good is taken as it is, and left so. */
static void permanent_entry(void **state)
{
	struct bed *b = bed_open(state);

	HERE("neigh", "add", "198.51.100.9", "lladdr", "02:00:00:00:00:fe", "dev", "eg0", "nud",
	     "permanent");
	bed_follow(b, S, "198.51.100.9");
	bed_wait_state(b, S, NET_NH_RESOLVED, "02:00:00:00:00:fe", MS);
	bed_pump(b, 1500); /* any other entry would have been probed in vain by now */
	assert_int_equal(b->nexthop_events[S], 1);
}

static void mac_announced(void **state)
{
	struct bed *b = resolved(state);

	HERE("neigh", "replace", "198.51.100.2", "lladdr", "02:00:00:00:00:55", "dev", "eg0", "nud",
	     "permanent");
	bed_wait_state(b, S, NET_NH_RESOLVED, "02:00:00:00:00:55", 1000);
}

/* A flush of the table does not lose a packet: the MAC holds until it has been asked for again in
 * vain. */
static void flush(void **state)
{
	struct bed *b = resolved(state);
	unsigned told = b->nexthop_events[S];

	for (int i = 0; i < 5; i++) {
		HERE("neigh", "flush", "dev", "eg0");
		bed_pump(b, 100);
	}
	assert_int_equal(b->nexthop_events[S], told);
	assert_int_equal(net_nexthop(b->net, S)->state, NET_NH_RESOLVED);
}

static void gateway_changes(void **state)
{
	struct bed *b = bed_open(state);
	char text[ADDR_TEXT];

	HERE("neigh", "add", "198.51.100.9", "lladdr", "02:00:00:00:00:fe", "dev", "eg0");
	HERE("route", "add", "10.9.0.0/16", "via", "198.51.100.2");
	bed_follow(b, S, "10.9.1.2");
	bed_wait_state(b, S, NET_NH_RESOLVED, PEER_MAC, MS);
	HERE("route", "replace", "10.9.0.0/16", "via", "198.51.100.9");
	bed_wait_state(b, S, NET_NH_RESOLVED, "02:00:00:00:00:fe", MS);
	assert_string_equal(addr_format(&net_nexthop(b->net, S)->via, text), "198.51.100.9");
	HERE("route", "add", "10.9.1.0/24", "via", "198.51.100.2"); /* a more specific one */
	bed_wait_state(b, S, NET_NH_RESOLVED, PEER_MAC, MS);
	HERE("route", "del", "10.9.1.0/24");
	bed_wait_state(b, S, NET_NH_RESOLVED, "02:00:00:00:00:fe", MS);
	HERE("route", "del", "10.9.0.0/16");
	bed_wait_state(b, S, NET_NH_NO_ROUTE, NULL, MS);
	HERE("nexthop", "add", "id", "7", "via", "198.51.100.9", "dev", "eg0");
	HERE("route", "add", "10.9.0.0/16", "nhid", "7");
	bed_wait_state(b, S, NET_NH_RESOLVED, "02:00:00:00:00:fe", MS);
	HERE("nexthop", "replace", "id", "7", "via", "198.51.100.2", "dev", "eg0");
	bed_wait_state(b, S, NET_NH_RESOLVED, PEER_MAC, MS);
}

static void egress_down_and_up(void **state)
{
	struct bed *b = resolved(state);

	HERE("link", "set", "eg0", "down");
	bed_wait_state(b, S, NET_NH_EGRESS_DOWN, NULL, MS);
	assert_string_equal(net_nexthop(b->net, S)->why, "eg0 is down: ip link set eg0 up");
	assert_false(b->link[NET_EGRESS].up);
	HERE("link", "set", "eg0", "up");
	HERE("addr", "add", "2001:db8:1::1/64", "dev", "eg0",
	     "nodad"); /* the kernel takes them away */
	bed_wait_state(b, S + 1, NET_NH_FAILED, NULL, MS);
	assert_non_null(strstr(net_nexthop(b->net, S + 1)->why, "has no IPv6 link-local address"));
	HERE("addr", "add", "fe80::1/64", "dev", "eg0", "nodad");
	bed_wait_state(b, S, NET_NH_RESOLVED, PEER_MAC, MS);
	bed_wait_state(b, S + 1, NET_NH_RESOLVED, PEER_MAC, MS);
	assert_true(net_link(b->net, NET_EGRESS)->up && net_link(b->net, NET_EGRESS)->running);

	THERE("link", "set", "peg0", "down");
	bed_wait_state(b, S, NET_NH_EGRESS_DOWN, NULL, MS);
	assert_string_equal(net_nexthop(b->net, S)->why, "eg0 has no carrier");
	THERE("link", "set", "peg0", "up");
	bed_wait_state(b, S, NET_NH_RESOLVED, PEER_MAC, MS);
	assert_int_equal(b->link_events[NET_INGRESS], 0);
}

static bool egress_is_back(struct bed *b)
{
	return net_link(b->net, NET_EGRESS)->ifindex > 0;
}

static bool egress_is_gone(struct bed *b)
{
	return net_link(b->net, NET_EGRESS)->ifindex == 0;
}

static void egress_made_anew(void **state)
{
	struct bed *b = resolved(state);
	int old = net_link(b->net, NET_EGRESS)->ifindex;

	HERE("link", "del", "eg0");
	bed_wait(b, egress_is_gone, "egress gone", MS);
	bed_wait_state(b, S, NET_NH_EGRESS_DOWN, NULL, MS);
	assert_string_equal(net_nexthop(b->net, S)->why, "eg0 is gone");
	assert_int_equal(b->link[NET_EGRESS].ifindex, 0);
	assert_false(bed_has_own(b, "198.51.100.1"));
	HERE("link", "del", "in0");
	bed_links_up();
	bed_wait(b, egress_is_back, "egress back", MS);
	assert_int_not_equal(net_link(b->net, NET_EGRESS)->ifindex, old);
	assert_int_equal(b->link[NET_EGRESS].ifindex, net_link(b->net, NET_EGRESS)->ifindex);
	bed_wait_state(b, S, NET_NH_RESOLVED, PEER_MAC, MS);
	bed_wait_state(b, S + 1, NET_NH_RESOLVED, PEER_MAC, MS);
}

static void link_figures(void **state)
{
	struct bed *b = bed_open(state);
	const struct net_link *in = net_link(b->net, NET_INGRESS),
			      *eg = net_link(b->net, NET_EGRESS);
	int index = in->ifindex;

	assert_string_equal(in->name, "in0");
	assert_true(in->up && in->running && !in->promisc);
	assert_int_equal(eg->mtu, 1500);
	HERE("link", "set", "eg0", "mtu", "1400", "address", "02:00:00:00:00:aa");
	HERE("link", "set", "in0", "promisc", "on");
	bed_pump(b, 200);
	assert_int_equal(eg->mtu, 1400);
	assert_int_equal(eg->mac[5], 0xaa);
	assert_true(in->promisc);
	/* a new name is the same device, also when another one takes the old name */
	HERE("link", "set", "in0", "down");
	HERE("link", "set", "in0", "name", "in9");
	HERE("link", "add", "in0", "type", "veth", "peer", "name", "other0");
	bed_pump(b, 200);
	assert_string_equal(in->name, "in9");
	assert_int_equal(in->ifindex, index);
	HERE("link", "del", "in9");
	bed_pump(b, 200);
	assert_int_equal(in->ifindex, 0);
	assert_string_equal(in->name, "in0");
}

/* A port that leaves a bridge is not gone, though the kernel says DELLINK. */
static void leaves_a_bridge(void **state)
{
	struct bed *b = bed_open(state);

	HERE("link", "add", "br7", "type", "bridge");
	HERE("link", "set", "in0", "master", "br7");
	HERE("link", "set", "in0", "nomaster");
	bed_pump(b, 200);
	assert_true(net_link(b->net, NET_INGRESS)->ifindex > 0);
	HERE("link", "del", "br7");
}

static void own_addresses(void **state)
{
	struct bed *b = bed_open(state);

	assert_true(bed_has_own(b, "192.0.2.1"));
	assert_true(bed_has_own(b, "198.51.100.1"));
	assert_true(bed_has_own(b, "2001:db8:1::1"));
	assert_false(bed_has_own(b, "192.0.2.5"));
	HERE("addr", "add", "192.0.2.5/24", "dev", "in0");
	HERE("addr", "add", "192.0.2.6", "peer", "192.0.2.7", "dev", "in0");
	HERE("addr", "add", "192.0.2.5/32", "dev", "eg0"); /* the same on two */
	HERE("-6", "addr", "add", "2001:db8:2::5/64", "dev", "in0");
	bed_pump(b, 200);
	assert_true(bed_has_own(b, "192.0.2.5"));
	assert_true(bed_has_own(b, "192.0.2.6"));
	assert_false(bed_has_own(b, "192.0.2.7"));
	assert_true(bed_has_own(b, "2001:db8:2::5"));
	HERE("addr", "del", "192.0.2.5/24", "dev", "in0");
	bed_pump(b, 200);
	assert_true(bed_has_own(b, "192.0.2.5"));
	HERE("addr", "del", "192.0.2.5/32", "dev", "eg0");
	HERE("-6", "addr", "del", "2001:db8:2::5/64", "dev", "in0");
	bed_pump(b, 200);
	assert_false(bed_has_own(b, "192.0.2.5"));
	assert_false(bed_has_own(b, "2001:db8:2::5"));
}

static void target_becomes_own(void **state)
{
	struct bed *b = resolved(state);

	HERE("addr", "add", "198.51.100.2/32", "dev", "in0");
	bed_wait_state(b, S, NET_NH_REFUSED, NULL, MS);
	assert_string_equal(net_nexthop(b->net, S)->why, "198.51.100.2 is this host's own address");
	HERE("addr", "del", "198.51.100.2/32", "dev", "in0");
	bed_wait_state(b, S, NET_NH_RESOLVED, PEER_MAC, MS);
}

/* More changes than the socket holds: afterwards everything is as if none had been missed. */
static void events_lost(void **state)
{
	struct bed *b = resolved(state);
	int fd = net_fd(b->net), least = 1;
	char bytes[64];
	char text[32];

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &least, sizeof(least)) &&
				 setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof(least)),
			 0);
	HERE("link", "set", "eg0", "mtu", "1300");
	for (int i = 10; i < 40; i++) {
		snprintf(text, sizeof(text), "192.0.2.%d/24", i);
		HERE("addr", "add", text, "dev", "in0");
	}
	HERE("addr", "del", "192.0.2.10/24", "dev", "in0");
	THERE("addr", "del", "198.51.100.2/24", "dev", "peg0");
	THERE("addr", "add", "198.51.100.2/24", "dev", "peg0");
	HERE("route", "add", "10.9.0.0/16", "via", "198.51.100.2");
	HERE("addr", "del", "198.51.100.1/24", "dev", "eg0"); /* takes the route away */
	HERE("link", "set", "in0", "down");
	assert_int_equal(recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_PEEK),
			 -1); /* ENOBUFS, taken here */
	assert_int_equal(net_dispatch(b->net), 0);
	bed_pump(b, 300);
	HERE("addr", "add", "192.0.2.99/24", "dev", "in0"); /* the next loss is seen by net */
	for (int i = 50; i < 90; i++) {
		snprintf(text, sizeof(text), "192.0.2.%d/24", i);
		HERE("addr", "add", text, "dev", "in0");
	}
	HERE("link", "set", "eg0", "mtu", "1200");
	bed_pump(b, 500);
	assert_int_equal(net_link(b->net, NET_EGRESS)->mtu, 1200);
	assert_false(net_link(b->net, NET_INGRESS)->up);
	assert_false(bed_has_own(b, "192.0.2.10"));
	assert_false(bed_has_own(b, "198.51.100.1"));
	assert_true(bed_has_own(b, "192.0.2.39"));
	assert_true(bed_has_own(b, "192.0.2.89"));
	HERE("addr", "add", "198.51.100.1/24", "dev", "eg0");
	bed_wait_state(b, S, NET_NH_RESOLVED, PEER_MAC, MS);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, bed_setup, bed_teardown)
	const struct CMUnitTest tests[] = {
		T(neighbour_appears),  T(neighbour_goes_silent), T(mac_changes),
		T(mac_announced),      T(permanent_entry),	 T(flush),
		T(gateway_changes),    T(egress_down_and_up),	 T(egress_made_anew),
		T(link_figures),       T(leaves_a_bridge),	 T(own_addresses),
		T(target_becomes_own), T(events_lost),
	};

	return cmocka_run_group_tests_name("net changes", tests, NULL, NULL);
}
