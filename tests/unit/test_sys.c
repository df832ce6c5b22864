/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The small ones of engine/sys: the quiet sockets, a device's counters, figures of the process.
 */
#define _GNU_SOURCE /* pipe2 */
#include "netbed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/sys/nic.h"
#include "engine/sys/proc.h"
#include "engine/sys/quiet.h"
#include "engine/sys/user.h"

/* A port that nobody has, on both families. */
static uint16_t free_port(void)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6 };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	close(fd);
	return ntohs(a.sin6_port);
}

/* What comes back after some datagrams to the port: 0 nothing, ECONNREFUSED an unreachable. */
static int answer(int family, uint16_t port)
{
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6,
				   .sin6_port = htons(port),
				   .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in a4 = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(family, SOCK_DGRAM, 0), error = 0;
	socklen_t len = sizeof(error);
	struct pollfd p = { .fd = fd };

	if (family == AF_INET6)
		assert_int_equal(connect(fd, (struct sockaddr *)&a6, sizeof(a6)), 0);
	else
		assert_int_equal(connect(fd, (struct sockaddr *)&a4, sizeof(a4)), 0);
	for (int i = 0; i < 5; i++)
		(void)!send(fd, "x", 1, 0);
	poll(&p, 1, 50); /* an unreachable is an error, which poll always reports */
	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len), 0);
	close(fd);
	return p.revents & POLLERR && !error ? ECONNREFUSED : error;
}

static void lo_up(void **state)
{
	if (!*state)
		skip();
	HERE("link", "set", "lo", "up");
}

static void quiet_is_quiet(void **state)
{
	struct vx_err err = { 0 };
	struct quiet q;
	uint16_t port;

	lo_up(state);
	port = free_port();
	assert_int_equal(answer(AF_INET, port), ECONNREFUSED);
	assert_int_equal(answer(AF_INET6, port), ECONNREFUSED);
	assert_int_equal(quiet_open(&q, port, &err), 0);
	assert_true(q.fd[0] >= 0 && q.fd[1] >= 0 && !q.in_use[0] && !q.in_use[1]);
	assert_int_equal(answer(AF_INET, port), 0);
	assert_int_equal(answer(AF_INET6, port), 0);
	for (int i = 0; i < 2; i++) { /* and keeps nothing */
		char byte;

		assert_int_equal(recv(q.fd[i], &byte, 1, MSG_DONTWAIT), -1);
		assert_int_equal(errno, EAGAIN);
	}
	quiet_close(&q);
	assert_int_equal(q.fd[0], -1);
	assert_int_equal(answer(AF_INET, port), ECONNREFUSED);
	quiet_close(&q);
}

static void quiet_port_in_use(void **state)
{
	struct quiet q, other;
	struct vx_err err;
	uint16_t port;

	lo_up(state);
	port = free_port();
	assert_int_equal(quiet_open(&other, port, &err), 0);
	assert_int_equal(quiet_open(&q, port, &err), 0);
	assert_true(q.in_use[0] && q.in_use[1]);
	assert_int_equal(q.fd[0], -1);
	close(other.fd[1]); /* only IPv4 is held now */
	other.fd[1] = -1;
	quiet_close(&q);
	assert_int_equal(quiet_open(&q, port, &err), 0);
	assert_true(q.in_use[0] && !q.in_use[1] && q.fd[1] >= 0);
	quiet_close(&q);
	quiet_close(&other);
}

static void quiet_kernel_vxlan(void **state)
{
	struct vx_err err;
	struct quiet q;

	lo_up(state);
	HERE("link", "add", "vx7", "type", "vxlan", "id", "7", "dstport", "4789", "dev", "in0");
	HERE("link", "set", "vx7", "up");
	assert_int_equal(quiet_open(&q, 4789, &err), 0);
	assert_true(q.in_use[0]);
	quiet_close(&q);
	HERE("link", "del", "vx7");
}

struct stats {
	unsigned n, ethtool;
	uint64_t rx_packets, tx_packets, peer_ifindex;
};

static void on_stat(void *ctx, const char *name, uint64_t value)
{
	struct stats *s = ctx;

	s->n++;
	if (!strcmp(name, "rx_packets"))
		s->rx_packets = value;
	if (!strcmp(name, "tx_packets"))
		s->tx_packets = value;
	if (!strcmp(name, "peer_ifindex"))
		s->peer_ifindex = value;
}

static void nic_counters(void **state)
{
	uint64_t rx, tx, rx2, tx2;
	struct stats s = { 0 };
	struct bed *b = bed_open(state);
	struct vx_err err = { 0 };

	assert_int_equal(nic_packets("eg0", &rx, &tx, &err), 0);
	bed_follow(b, VX_NH_FIRST, "198.51.100.2"); /* an ARP request, and its answer */
	bed_wait_state(b, VX_NH_FIRST, NET_NH_RESOLVED, NULL, 5000);
	assert_int_equal(nic_packets("eg0", &rx2, &tx2, &err), 0);
	assert_true(rx2 > rx && tx2 > tx);
	assert_int_equal(nic_stats("eg0", on_stat, &s, &err), 0);
	assert_true(s.rx_packets >= rx2 && s.tx_packets >= tx2);
	assert_true(s.peer_ifindex > 0); /* one of ethtool's */
	s = (struct stats){ 0 };
	assert_int_equal(nic_stats("lo", on_stat, &s, &err), 0); /* has none */
	assert_true(s.n > 10);
	assert_int_equal(nic_packets("nope0", &rx, &tx, &err), -ENODEV);
	assert_string_equal(err.msg, "nic: nope0: No such device");
	assert_int_equal(nic_stats("a-name-that-is-too-long", on_stat, &s, &err), -ENODEV);
}

static void process_figures(void **state)
{
	uint64_t cpu = proc_cpu_ns(), rss = proc_rss_bytes();
	size_t size = 32 << 20;
	char *more;

	(void)state;
	assert_true(rss > 100000);
	more = malloc(size);
	assert_non_null(more);
	for (int i = 0; i < 16; i++)
		memset(more, i, size);
	assert_true(proc_cpu_ns() > cpu + 1000000);
	assert_true(proc_rss_bytes() > rss + size / 2);
	free(more);
	assert_in_range(proc_cpus_possible(), 1, 8192);
	assert_true(proc_cpus_possible() >= (unsigned)sysconf(_SC_NPROCESSORS_ONLN));
}

static void threads_and_maps(void **state)
{
	(void)state;
	assert_int_equal(proc_threads(), 1);
	assert_int_equal(proc_map_bytes(), 0); /* none is held here */
}

static void users(void **state)
{
	char name[USER_NAME];

	(void)state;
	assert_string_equal(user_name(0, name), "root");
	assert_string_equal(user_name(4000000123u, name), "uid 4000000123");
	assert_string_equal(user_of_peer(4000000123u, getpid(), name), "uid 4000000123");
	assert_true(strlen(user_of_peer(0, getpid(), name)) > 0); /* root, or who became it */
	assert_string_equal(user_of_peer(0, 0, name), "root");	  /* gone already */
}

/* A program that runs with var in its environment, when it has begun. */
static pid_t run_with(char *var)
{
	char *argv[] = { "sleep", "60", NULL }, *env[] = { var, NULL }, c;
	int begun[2];
	pid_t pid;

	assert_int_equal(pipe2(begun, O_CLOEXEC), 0);
	pid = fork();
	if (!pid) {
		execve("/bin/sleep", argv, env);
		_exit(1);
	}
	close(begun[1]);
	assert_int_equal(read(begun[0], &c, 1), 0); /* closed by the exec */
	close(begun[0]);
	return pid;
}

/* Directory services give numbers of ten digits. */
static void who_came_by_sudo(void **state)
{
	static const struct {
		char *var;
		const char *name;
	} cases[] = {
		{ "SUDO_UID=4000000123", "uid 4000000123" },
		{ "SUDO_UID=1234567890", "uid 1234567890" },
		{ "SUDO_UID=4294967296", "root" },
		{ "SUDO_UID=4000000123x", "root" },
		{ "SUDO_UIDS=4000000123", "root" },
	};
	char name[USER_NAME];
	uint32_t login = UINT32_MAX;
	FILE *f = fopen("/proc/self/loginuid", "r");

	(void)state;
	if (f && fscanf(f, "%" SCNu32, &login) != 1)
		login = UINT32_MAX;
	if (f)
		fclose(f);
	if (login != UINT32_MAX)
		skip(); /* what the kernel says goes first */
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pid_t pid = run_with(cases[i].var);

		user_of_peer(0, pid, name);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		assert_string_equal(name, cases[i].name);
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, bed_setup, bed_teardown)
	const struct CMUnitTest tests[] = {
		T(quiet_is_quiet),
		T(quiet_port_in_use),
		T(quiet_kernel_vxlan),
		T(nic_counters),
		cmocka_unit_test(process_figures),
		cmocka_unit_test(threads_and_maps),
		cmocka_unit_test(users),
		cmocka_unit_test(who_came_by_sudo),
	};

	return cmocka_run_group_tests_name("sys", tests, NULL, NULL);
}
