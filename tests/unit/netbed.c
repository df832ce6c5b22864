/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The bed: for each test this process moves into a new namespace, and an open file holds the other
 * one; nothing is left when the process ends. Commands run by fork and exec, in the other namespace
 * after setns.
 */
#define _GNU_SOURCE
#include "netbed.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SLOT_TICK_MS 100

static int there_fd = -1; /* the other namespace */

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		if (write(fd, text, strlen(text)) < 0)
			fprintf(stderr, "%s: cannot be written\n", path);
		close(fd);
	}
}

static bool enter_here(void)
{
	char map[64];
	uid_t uid = getuid();
	gid_t gid = getgid();

	if (!uid)
		return !unshare(
			CLONE_NEWNET); /* of a user namespace, too, from the second test on */
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return false;
	write_file("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", (unsigned)uid);
	write_file("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "0 %u 1", (unsigned)gid);
	write_file("/proc/self/gid_map", map);
	return getuid() == 0;
}

/* A child that does nothing but hold the other namespace, and only as long as we live. */
static bool make_there(void)
{
	char path[64], byte;
	int ready[2];
	pid_t pid;

	if (pipe(ready))
		return false;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWNET) || write(ready[1], "", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	close(ready[1]);
	if (pid > 0 && read(ready[0], &byte, 1) == 1) {
		snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
		there_fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	close(ready[0]);
	if (pid > 0) { /* the open file holds it from here on */
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	return there_fd >= 0;
}

static int run(bool there, const char *const argv[])
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		if (there && setns(there_fd, CLONE_NEWNET))
			_exit(126);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

void bed_run(bool there, const char *const argv[])
{
	int rc = run(there, argv);

	if (!rc)
		return;
	print_message("exit code %d:", rc);
	for (int i = 0; argv[i]; i++)
		print_message(" %s", argv[i]);
	print_message("\n");
	fail();
}

void bed_links_up(void)
{
	char fd_path[64];

	snprintf(fd_path, sizeof(fd_path), "/proc/%d/fd/%d", (int)getpid(), there_fd);
	HERE("link", "add", "in0", "type", "veth", "peer", "name", "pin0", "netns", fd_path);
	HERE("link", "add", "eg0", "type", "veth", "peer", "name", "peg0", "netns", fd_path);
	THERE("link", "set", "peg0", "address", PEER_MAC, "up");
	THERE("link", "set", "pin0", "arp", "off", "up");
	HERE("link", "set", "eg0", "addrgenmode", "none"); /* no time for duplicate detection */
	HERE("link", "set", "in0", "up");
	HERE("link", "set", "eg0", "up");
	HERE("addr", "add", "192.0.2.1/24", "dev", "in0");
	HERE("addr", "add", "198.51.100.1/24", "dev", "eg0");
	HERE("addr", "add", "2001:db8:1::1/64", "dev", "eg0", "nodad");
	HERE("addr", "add", "fe80::1/64", "dev", "eg0", "nodad");
	THERE("addr", "add", "198.51.100.2/24", "dev", "peg0");
	THERE("addr", "add", "2001:db8:1::2/64", "dev", "peg0", "nodad");
	THERE("addr", "add", "fe80::2/64", "dev", "peg0", "nodad");
	bed_fast_neighbours();
}

void bed_fast_neighbours(void)
{
	static const char *const table[] = { "arp_cache", "ndisc_cache" };

	for (int i = 0; i < 2; i++)
		HERE("ntable", "change", "name", table[i], "dev", "eg0", "retrans", "50",
		     "base_reachable", "200", "delay_probe", "100", "locktime", "0");
}

int bed_setup(void **state)
{
	if (!enter_here() || !make_there())
		return 0;
	bed_links_up();
	*state = calloc(1, sizeof(struct bed));
	return *state ? 0 : -1;
}

int bed_teardown(void **state)
{
	struct bed *b = *state;

	if (!b)
		return 0;
	net_close(b->net);
	free(b);
	close(there_fd);
	return 0;
}

/* --- what net says --- */

static void on_link(void *ctx, enum net_dev dev, const struct net_link *now)
{
	struct bed *b = ctx;

	b->link[dev] = *now;
	b->link_events[dev]++;
}

static void on_nexthop(void *ctx, uint16_t slot, const struct net_nexthop *now)
{
	struct bed *b = ctx;

	b->nexthop_events[slot]++;
	if (now->state == NET_NH_RESOLVED)
		assert_string_equal(now->why, "");
	else
		assert_string_not_equal(now->why, "");
}

static void on_own(void *ctx, const struct addr *a, bool added)
{
	struct bed *b = ctx;
	unsigned i = 0;

	while (i < b->n_own && !addr_equal(&b->own[i].addr, a))
		i++;
	assert_true(i < sizeof(b->own) / sizeof(*b->own));
	if (i == b->n_own)
		b->own[b->n_own++].addr = *a;
	assert_int_equal(b->own[i].there, !added); /* never twice the same */
	b->own[i].there = added;
	b->own[i].times++;
}

static const struct net_events events = { on_link, on_nexthop, on_own };

void bed_reopen(struct bed *b)
{
	struct vx_err err = { 0 };

	net_close(b->net);
	memset(b, 0, sizeof(*b));
	if (net_open(&b->net, "in0", "eg0", &events, b, &err))
		fail_msg("%s", err.msg);
}

struct bed *bed_open(void **state)
{
	if (!*state)
		skip();
	bed_reopen(*state);
	return *state;
}

struct addr bed_addr(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a, NULL), 0);
	return a;
}

bool bed_has_own(const struct bed *b, const char *text)
{
	struct addr a = bed_addr(text);

	for (unsigned i = 0; i < b->n_own; i++)
		if (addr_equal(&b->own[i].addr, &a))
			return b->own[i].there;
	return false;
}

void bed_follow(struct bed *b, uint16_t slot, const char *target)
{
	struct addr a = bed_addr(target);
	struct vx_err err = { 0 };

	if (net_nexthop_follow(b->net, slot, &a, &err))
		fail_msg("%s: %s", target, err.msg);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* One round of the engine's loop, shorter than its second so that the tests are. */
static void pump_once(struct bed *b)
{
	struct pollfd p = { .fd = net_fd(b->net), .events = POLLIN };
	int64_t end = now_ms() + SLOT_TICK_MS;

	while (now_ms() < end && poll(&p, 1, 10) >= 0)
		if (p.revents)
			assert_int_equal(net_dispatch(b->net), 0);
	net_tick(b->net);
}

void bed_pump(struct bed *b, unsigned ms)
{
	int64_t end = now_ms() + ms;

	while (now_ms() < end)
		pump_once(b);
}

static bool as_wanted(const struct net_nexthop *h, enum net_nh_state state, const char *mac)
{
	char text[ADDR_TEXT];

	return h->state == state && (!mac || !strcmp(addr_mac_format(h->mac, text), mac));
}

void bed_wait_state(struct bed *b, uint16_t slot, enum net_nh_state state, const char *mac,
		    unsigned ms)
{
	const struct net_nexthop *h = net_nexthop(b->net, slot);
	int64_t end = now_ms() + ms;
	char text[ADDR_TEXT];

	while (!as_wanted(h, state, mac)) {
		if (now_ms() >= end)
			fail_msg("slot %u: is %s (%s) %s, wanted %s %s", slot,
				 net_nh_state_name(h->state), h->why, addr_mac_format(h->mac, text),
				 net_nh_state_name(state), mac ? mac : "");
		pump_once(b);
	}
}

void bed_wait(struct bed *b, bool (*done)(struct bed *b), const char *what, unsigned ms)
{
	int64_t end = now_ms() + ms;

	while (!done(b)) {
		if (now_ms() >= end)
			fail_msg("not within %u ms: %s", ms, what);
		pump_once(b);
	}
}
