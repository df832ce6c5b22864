/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The AF_PACKET egress on a veth pair in a network namespace of its own (root, or root of a user
 * namespace; else skipped): order, partial sends, full buffers and queues, an interface that goes
 * and comes back.
 *
 *     v0 (sends)  -------------  v1 (receives; a packet socket for our EtherType)
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "egress.h"
#include "inj.h"
#include "inj_rig.h"

#define ETHERTYPE 0x88b5 /* for local experiments */
#define MAX_LEN	  9000
#define SMALL	  60

static struct stats st;
static struct egress_env env;
static int sink_fd = -1;

static struct {
	struct vx_record rec;
	unsigned char frame[MAX_LEN];
} frames[INJ_MAX_BATCH];
static struct egress_frame batch[INJ_MAX_BATCH];
static uint32_t next_put, next_got;

static void run(const char *const argv[])
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
#define RUN(...) run((const char *const[]){ __VA_ARGS__, NULL })

static void open_sink(void)
{
	struct sockaddr_ll sll = { .sll_family = AF_PACKET,
				   .sll_protocol = htons(ETHERTYPE),
				   .sll_ifindex = (int)if_nametoindex("v1") };
	int size = 64 << 20;

	if (sink_fd >= 0)
		close(sink_fd);
	sink_fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(sink_fd >= 0);
	assert_int_equal(bind(sink_fd, (struct sockaddr *)&sll, sizeof(sll)), 0);
	(void)setsockopt(sink_fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
}

static void make_veth(void)
{
	RUN("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1");
	RUN("ip", "link", "set", "v1", "up");
	RUN("ip", "link", "set", "v0", "up");
	open_sink();
}

/* Waits until the interface's carrier is as wanted: a link comes up a little after the command. */
static void wait_carrier(bool up)
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

/* Into a network namespace of our own; who is not root becomes root of a user namespace first. */
static bool enter(void)
{
	char map[32];

	if (getuid() == 0)
		return !unshare(CLONE_NEWNET);
	snprintf(map, sizeof(map), "0 %u 1", (unsigned)getuid());
	if (unshare(CLONE_NEWUSER))
		return false;
	write_file("/proc/self/uid_map", map);
	return getuid() == 0 && !unshare(CLONE_NEWNET);
}

/* On one CPU, as a worker is: a veth keeps the order of one CPU only. */
static bool pin(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET((unsigned)sched_getcpu(), &one);
	return !sched_setaffinity(0, sizeof(one), &one);
}

static int setup(void **state)
{
	(void)state;
	if (!enter() || !pin())
		return -1;
	make_veth();
	memset(&st, 0, sizeof(st));
	memset(&env, 0, sizeof(env));
	next_put = next_got = 0;
	return 0;
}

static struct egress *open_egress(bool bypass)
{
	struct egress_cfg cfg = { .ifindex = (int)if_nametoindex("v0"), .qdisc_bypass = bypass };
	struct vx_err err = { 0 };
	struct egress *e;

	if (egress_packet.open(&e, &cfg, &err))
		fail_msg("%s", err.msg);
	e->ops = &egress_packet;
	e->st = &st;
	e->env = &env;
	return e;
}

/* Sends n numbered frames in batches; frame i of them has lens[i % n_lens] bytes. */
static void send_some(struct egress *e, unsigned n, const uint32_t *lens, unsigned n_lens)
{
	unsigned i, k;

	for (i = 0; i < n; i += k) {
		for (k = 0; k < INJ_MAX_BATCH && i + k < n; k++) {
			unsigned char *p = frames[k].frame;
			uint32_t number = next_put++;

			memset(p, 2, 12);
			p[12] = ETHERTYPE >> 8;
			p[13] = ETHERTYPE & 0xff;
			memcpy(p + 14, &number, sizeof(number));
			frames[k].rec.len = lens[(i + k) % n_lens];
			batch[k].rec = &frames[k].rec;
		}
		egress_packet.send(e, batch, k);
	}
}

static void send_small(struct egress *e, unsigned n)
{
	static const uint32_t len = SMALL;

	send_some(e, n, &len, 1);
}

/* Takes what has arrived: numbers only go up. Returns how many. */
static unsigned take(void)
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
static unsigned sink_drops(void)
{
	struct tpacket_stats drops = { 0 };
	socklen_t len = sizeof(drops);

	assert_int_equal(getsockopt(sink_fd, SOL_PACKET, PACKET_STATISTICS, &drops, &len), 0);
	return drops.tp_drops;
}

static unsigned take_for(unsigned want, unsigned ms)
{
	uint64_t end = clock_ns() + (uint64_t)ms * 1000000;
	unsigned n = take();

	while (n < want && clock_ns() < end) {
		clock_sleep_ns(1000000);
		n += take();
	}
	return n + take();
}

static uint64_t errors(int err)
{
	struct inj_stats s;
	unsigned i;

	stats_read(&st, &s);
	for (i = 0; i < INJ_ERRNOS; i++)
		if (s.errors[i].err == err)
			return s.errors[i].n;
	return 0;
}

static void everything_in_order(bool bypass)
{
	static const uint32_t lens[] = { 60, 1514, 61, 342 };
	struct egress *e = open_egress(bypass);
	unsigned i, got = 0;

	for (i = 0; i < 100; i++) {
		send_some(e, 100, lens, 4);
		got += take();
	}
	got += take_for(10000 - got, 1000);
	assert_int_equal(got, 10000);
	assert_int_equal(stats_get(&st.sent), 10000);
	assert_int_equal(stats_get(&st.sent_bytes), 2500 * (60 + 1514 + 61 + 342));
	assert_in_range(stats_get(&st.syscalls), 200, 400);
	egress_packet.close(e);
}

static void all_arrive_in_order(void **state)
{
	(void)state;
	everything_in_order(false);
}

static void all_arrive_past_the_qdisc(void **state)
{
	(void)state;
	everything_in_order(true);
}

/* Too large for the link, in the middle of a batch: that one fails, the others leave. */
static void one_bad_frame_fails_alone(void **state)
{
	static const uint32_t lens[] = { 60, 60, 4000, 60, 13, 60, 60 };
	struct egress *e = open_egress(false);

	(void)state;
	send_some(e, 70, lens, 7);
	assert_int_equal(take_for(50, 1000), 50);
	assert_int_equal(stats_get(&st.sent), 50);
	assert_int_equal(errors(EMSGSIZE), 10);
	assert_int_equal(errors(EINVAL), 10); /* shorter than an Ethernet header */
	egress_packet.close(e);
}

/* A slow link with a short queue: refused again and again (ENOBUFS), and all arrive all the same.
 */
static void a_full_queue_is_waited_for(void **state)
{
	static const uint32_t len = 1000;
	struct egress *e;
	unsigned i, got = 0;

	(void)state;
	RUN("tc", "qdisc", "add", "dev", "v0", "root", "tbf", "rate", "40mbit", "burst", "5000",
	    "limit", "20000");
	e = open_egress(false);
	for (i = 0; i < 40; i++) {
		send_some(e, 25, &len, 1);
		got += take();
	}
	got += take_for(1000 - got, 500) + sink_drops();
	assert_int_equal(got, 1000);
	assert_int_equal(stats_get(&st.sent), 1000);
	assert_true(stats_get(&st.retries) > 0);
	egress_packet.close(e);
}

/* The same with a queue longer than the socket buffer (EAGAIN). */
static void a_full_buffer_is_waited_for(void **state)
{
	static const uint32_t len = 1500;
	struct egress *e;
	unsigned i, got = 0;

	(void)state;
	RUN("tc", "qdisc", "add", "dev", "v0", "root", "tbf", "rate", "160mbit", "burst", "20000",
	    "limit", "100000000");
	e = open_egress(false);
	for (i = 0; i < 240; i++) {
		send_some(e, 25, &len, 1);
		got += take();
	}
	got += take_for(6000 - got, 500) + sink_drops();
	assert_int_equal(got, 6000);
	assert_true(stats_get(&st.retries) > 0);
	assert_int_equal(stats_get(&st.sent), 6000);
	egress_packet.close(e);
}

/* A queue that does not move: 100 ms a frame, then counted; none at all once stop is overdue. */
static void a_stuck_queue_is_given_up(void **state)
{
	static const uint32_t len = 1000;
	struct egress *e;
	uint64_t start, sent;

	(void)state;
	RUN("tc", "qdisc", "add", "dev", "v0", "root", "tbf", "rate", "1kbit", "burst", "2000",
	    "limit", "4000");
	e = open_egress(false);
	start = clock_ns();
	send_some(e, 8, &len, 1);
	sent = stats_get(&st.sent);
	assert_in_range(sent, 2, 7);
	assert_int_equal(errors(ENOBUFS), 8 - sent);
	assert_true(clock_ns() - start >= (8 - sent) * 100000000);
	assert_true(clock_ns() - start < (8 - sent) * 500000000);
	atomic_store(&env.give_up, true);
	start = clock_ns();
	send_some(e, 64, &len, 1);
	assert_true(clock_ns() - start < 1000000000);
	assert_int_equal(errors(ENOBUFS) + stats_get(&st.sent), 72);
	egress_packet.close(e);
}

static void down_is_counted_and_up_sends_again(void **state)
{
	struct egress *e = open_egress(false);
	uint64_t start;

	(void)state;
	send_small(e, 100);
	RUN("ip", "link", "set", "v0", "down");
	start = clock_ns();
	send_small(e, 6400);
	assert_true(clock_ns() - start < 2000000000); /* no patience with what is down */
	assert_int_equal(errors(ENETDOWN), 6400);
	assert_true(stats_get(&st.syscalls) < 200); /* nor one call a frame */
	assert_int_equal(stats_get(&st.sent), 100);
	RUN("ip", "link", "set", "v0", "up");
	wait_carrier(true);
	take();
	send_small(e, 100);
	assert_int_equal(stats_get(&st.sent), 200);
	assert_int_equal(take_for(100, 1000), 100);
	egress_packet.close(e);
}

/* The far end is down: the kernel takes frames and drops them. Who knows says so to the egress. */
static void no_carrier_is_counted_when_told(void **state)
{
	struct egress *e = open_egress(false);

	(void)state;
	RUN("ip", "link", "set", "v1", "down");
	wait_carrier(false);
	atomic_store(&env.link_down, true);
	send_small(e, 100);
	assert_int_equal(errors(ENETDOWN), 100);
	assert_int_equal(stats_get(&st.sent), 0);
	atomic_store(&env.link_down, false);
	RUN("ip", "link", "set", "v1", "up");
	wait_carrier(true);
	send_small(e, 100);
	assert_int_equal(take_for(100, 1000), 100);
	egress_packet.close(e);
}

/* Deleted and made again, with another index: ENXIO until the injector is given the new one. */
static void deleted_and_made_again(void **state)
{
	static struct rig rig;
	struct inj_stats s;
	struct vx_err err = { 0 };
	struct rig_rec rec;
	unsigned i;

	(void)state;
	rig_open(&rig, 2, 1 << 16);
	rig.cfg.egress_ops = NULL;
	rig.cfg.egress = INJ_EGRESS_PACKET;
	rig.cfg.egress_ifindex = (int)if_nametoindex("v0");
	rig_start(&rig);
	rig_record(&rec, 0, 0);
	rec.frame[12] = ETHERTYPE >> 8;
	rec.frame[13] = ETHERTYPE & 0xff;
	for (i = 0; i < 300; i++) {
		memcpy(rec.frame + 14, &i, sizeof(i));
		if (i == 100)
			RUN("ip", "link", "del", "v0");
		if (i == 200) {
			make_veth();
			wait_carrier(true);
			assert_int_equal(inj_set_egress(rig.inj, INJ_EGRESS_PACKET,
							(int)if_nametoindex("v0"), true, &err),
					 0);
			next_got = 0;
		}
		rig_put(&rig, 0, &rec);
		if (i % 100 == 99)
			assert_true(rig_wait_done(&rig, i + 1));
	}
	assert_int_equal(take_for(100, 1000), 100);
	inj_worker_stats(rig.inj, 0, &s);
	assert_int_equal(s.sent, 200);
	assert_int_equal(s.tx_failed, 100);
	assert_int_equal(s.errors[0].err, ENXIO);
	rig_stop(&rig);
	rig_close(&rig);
}

static void open_refuses(void **state)
{
	struct egress_cfg cfg = { .ifindex = 999999 };
	struct vx_err err = { 0 };
	struct egress *e;

	(void)state;
	assert_int_equal(egress_packet.open(&e, &cfg, &err), -ENODEV);
	assert_non_null(strstr(err.msg, "interface 999999"));
}

/* In a child, so that trying changes nothing here. */
static bool may_make_networks(void)
{
	pid_t pid = fork();
	int status = -1;

	if (!pid)
		_exit(!enter());
	waitpid(pid, &status, 0);
	return status == 0;
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
		T(all_arrive_in_order),
		T(all_arrive_past_the_qdisc),
		T(one_bad_frame_fails_alone),
		T(a_full_queue_is_waited_for),
		T(a_full_buffer_is_waited_for),
		T(a_stuck_queue_is_given_up),
		T(down_is_counted_and_up_sends_again),
		T(no_carrier_is_counted_when_told),
		T(deleted_and_made_again),
		T(open_refuses),
	};

	if (!may_make_networks()) {
		puts("skip test_egress_packet: may not make a network namespace");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
