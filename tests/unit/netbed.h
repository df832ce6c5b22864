/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A bed of two network namespaces for the tests of console/engine/sys/net.h, and what net says in
 * it. As root, or as root of a user namespace of its own where the kernel lets anybody have one;
 * else the tests are skipped.
 *
 *     here                                    there
 *     in0  192.0.2.1/24     -------------     pin0   (never answers)
 *     eg0  198.51.100.1/24  -------------     peg0   198.51.100.2/24, 2001:db8:1::2/64, fe80::2/64
 *          2001:db8:1::1/64, fe80::1/64
 */
#ifndef TESTS_UNIT_NETBED_H
#define TESTS_UNIT_NETBED_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "engine/sys/net.h"

#define PEER_MAC "02:00:00:00:00:02"

struct bed {
	struct net *net;
	unsigned nexthop_events[VX_NH_MAX], link_events[NET_DEVS];
	struct net_link link[NET_DEVS]; /* as told last */
	unsigned n_own;
	struct {
		struct addr addr;
		bool there;
		unsigned times; /* told */
	} own[256];
};

/* Skips the test where there can be no bed. Links and addresses as above; net is not open. */
int bed_setup(void **state);
int bed_teardown(void **state);
struct bed *bed_open(void **state); /* and net_open("in0", "eg0") */
void bed_reopen(struct bed *b);

/* "ip WORDS", here or there; it must work. */
void bed_run(bool there, const char *const argv[]);
#define HERE(...)  bed_run(false, (const char *const[]){ "ip", __VA_ARGS__, NULL })
#define THERE(...) bed_run(true, (const char *const[]){ "ip", __VA_ARGS__, NULL })
void bed_links_up(void);	/* makes them, with addresses */
void bed_fast_neighbours(void); /* the kernel gives up after 150 ms, forgets after 300 */

struct addr bed_addr(const char *text);
void bed_follow(struct bed *b, uint16_t slot, const char *target);
/* Handles events and ticks until the slot is as wanted (mac NULL: any), or fails the test after ms.
 */
void bed_wait_state(struct bed *b, uint16_t slot, enum net_nh_state state, const char *mac,
		    unsigned ms);
void bed_wait(struct bed *b, bool (*done)(struct bed *b), const char *what, unsigned ms);
void bed_pump(struct bed *b, unsigned ms); /* that long */
bool bed_has_own(const struct bed *b, const char *text);

#endif
