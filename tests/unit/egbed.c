/* SPDX-License-Identifier: GPL-2.0-only */
/* The bed of the egress tests: namespace, veth pair, numbered frames, sink. */
#include "egbed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"

#define MAX_LEN 9000
#define SMALL	60

struct stats egbed_st;
struct egress_env egbed_env;
static int sink_fd = -1;

static struct {
	struct vx_record rec;
	unsigned char frame[MAX_LEN];
} frames[INJ_MAX_BATCH];
static struct egress_frame batch[INJ_MAX_BATCH];
static uint32_t next_put, next_got;

void egbed_run(const char *const argv[])
{
	pid_t pid = fork();
	int status = -1;

	if (!pid) {
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status)
		print_error("%s %s %s: status %d\n", argv[0], argv[1], argv[2], status);
	assert_int_equal(status, 0);
}

static void open_sink(void)
{
	struct sockaddr_ll sll = { .sll_family = AF_PACKET,
				   .sll_protocol = htons(EGBED_TYPE),
				   .sll_ifindex = (int)if_nametoindex("v1") };
	int size = 64 << 20;

	if (sink_fd >= 0)
		close(sink_fd);
	sink_fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(sink_fd >= 0);
	assert_int_equal(bind(sink_fd, (struct sockaddr *)&sll, sizeof(sll)), 0);
	(void)setsockopt(sink_fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
}

void egbed_veth(void)
{
	RUN("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1");
	RUN("ip", "link", "set", "v1", "up");
	RUN("ip", "link", "set", "v0", "up");
	open_sink();
}

/* Waits until the interface's carrier is as wanted: a link comes up a little after the command. */
void egbed_wait_carrier(bool up)
{
	uint64_t end = clock_ns() + 2000000000;
	char state[16] = "";

	do {
		int fd = open("/sys/class/net/v0/operstate", O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? -1 : read(fd, state, sizeof(state) - 1);

		if (fd >= 0)
			close(fd);
		if (n < 0) /* this /sys is of another namespace */
			clock_sleep_ns(100000000);
		if (n < 0 || (strncmp(state, "up", 2) == 0) == up)
			return;
		clock_sleep_ns(1000000);
	} while (clock_ns() < end);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)!write(fd, text, strlen(text));
	close(fd);
}

/* Into a network namespace of our own, with its /sys if that may be mounted; who is not root
 * becomes root of a user namespace first. */
static bool enter(void)
{
	char map[32];

	if (getuid()) {
		snprintf(map, sizeof(map), "0 %u 1", (unsigned)getuid());
		if (unshare(CLONE_NEWUSER))
			return false;
		write_file("/proc/self/uid_map", map);
	}
	if (getuid() || unshare(CLONE_NEWNET | CLONE_NEWNS))
		return false;
	(void)!mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	(void)!mount("egbed", "/sys", "sysfs", 0, NULL);
	return true;
}

/* On one CPU, as a worker is: a veth keeps the order of one CPU only. */
static bool pin(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET((unsigned)sched_getcpu(), &one);
	return !sched_setaffinity(0, sizeof(one), &one);
}

/* Sends n numbered frames in batches; frame i of them has lens[i % n_lens] bytes. */
void egbed_send(struct egress *e, unsigned n, const uint32_t *lens, unsigned n_lens)
{
	unsigned i, k;

	for (i = 0; i < n; i += k) {
		for (k = 0; k < INJ_MAX_BATCH && i + k < n; k++) {
			unsigned char *p = frames[k].frame;
			uint32_t number = next_put++;

			memset(p, 2, 12);
			p[12] = EGBED_TYPE >> 8;
			p[13] = EGBED_TYPE & 0xff;
			memcpy(p + 14, &number, sizeof(number));
			frames[k].rec.len = lens[(i + k) % n_lens];
			batch[k].rec = &frames[k].rec;
		}
		e->ops->send(e, batch, k);
	}
}

void egbed_send_small(struct egress *e, unsigned n)
{
	static const uint32_t len = SMALL;

	egbed_send(e, n, &len, 1);
}

/* Takes what has arrived: numbers only go up. Returns how many. */
unsigned egbed_take(void)
{
	unsigned char buf[MAX_LEN];
	unsigned n = 0;

	while (recv(sink_fd, buf, sizeof(buf), MSG_DONTWAIT) > 0) {
		uint32_t number;

		memcpy(&number, buf + 14, sizeof(number));
		assert_true(number >= next_got);
		next_got = number + 1;
		n++;
	}
	return n;
}

/* What came but found no room in the sink: its buffer is small when we are not really root. */
unsigned egbed_sink_drops(void)
{
	struct tpacket_stats drops = { 0 };
	socklen_t len = sizeof(drops);

	assert_int_equal(getsockopt(sink_fd, SOL_PACKET, PACKET_STATISTICS, &drops, &len), 0);
	return drops.tp_drops;
}

unsigned egbed_take_for(unsigned want, unsigned ms)
{
	uint64_t end = clock_ns() + (uint64_t)ms * 1000000;
	unsigned n = egbed_take();

	while (n < want && clock_ns() < end) {
		clock_sleep_ns(1000000);
		n += egbed_take();
	}
	return n + egbed_take();
}

uint64_t egbed_errors(int err)
{
	struct inj_stats s;
	unsigned i;

	stats_read(&egbed_st, &s);
	for (i = 0; i < INJ_ERRNOS; i++)
		if (s.errors[i].err == err)
			return s.errors[i].n;
	return 0;
}

int egbed_setup(void **state)
{
	(void)state;
	if (!enter() || !pin())
		return -1;
	egbed_veth();
	egbed_wait_carrier(true); /* before, the queueing discipline drops everything */
	memset(&egbed_st, 0, sizeof(egbed_st));
	memset(&egbed_env, 0, sizeof(egbed_env));
	next_put = next_got = 0;
	return 0;
}

void egbed_sink_from_0(void)
{
	next_got = 0;
}

struct egress *egbed_open(const struct egress_ops *ops, const char *dev, bool qdisc_bypass,
			  struct egress *current)
{
	struct egress_cfg cfg = { .ifindex = (int)if_nametoindex(dev),
				  .qdisc_bypass = qdisc_bypass,
				  .current = current };
	struct vx_err err = { 0 };
	struct egress *e;

	if (ops->open(&e, &cfg, &err))
		fail_msg("%s", err.msg);
	e->ops = ops;
	e->st = &egbed_st;
	e->env = &egbed_env;
	return e;
}

/* In a child, so that trying changes nothing here. */
bool egbed_possible(void)
{
	pid_t pid = fork();
	int status = -1;

	if (!pid)
		_exit(!enter());
	waitpid(pid, &status, 0);
	return status == 0;
}
