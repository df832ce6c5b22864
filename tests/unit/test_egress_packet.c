/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The AF_PACKET egress on a veth pair (egbed.h; skipped where there can be none): order, partial
 * sends, full buffers and queues, an interface that goes and comes back.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "egbed.h"
#include "inj.h"
#include "inj_rig.h"

static struct egress *open_packet(bool bypass)
{
	return egbed_open(&egress_packet, "v0", bypass, NULL);
}

static void everything_in_order(bool bypass)
{
	static const uint32_t lens[] = { 60, 1514, 61, 342 };
	struct egress *e = open_packet(bypass);
	unsigned i, got = 0;

	for (i = 0; i < 100; i++) {
		egbed_send(e, 100, lens, 4);
		got += egbed_take();
	}
	got += egbed_take_for(10000 - got, 1000);
	assert_int_equal(got, 10000);
	assert_int_equal(stats_get(&egbed_st.sent), 10000);
	assert_int_equal(stats_get(&egbed_st.sent_bytes), 2500 * (60 + 1514 + 61 + 342));
	assert_in_range(stats_get(&egbed_st.syscalls), 200, 400);
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
	struct egress *e = open_packet(false);

	(void)state;
	egbed_send(e, 70, lens, 7);
	assert_int_equal(egbed_take_for(50, 1000), 50);
	assert_int_equal(stats_get(&egbed_st.sent), 50);
	assert_int_equal(egbed_errors(EMSGSIZE), 10);
	assert_int_equal(egbed_errors(EINVAL), 10); /* shorter than an Ethernet header */
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
	e = open_packet(false);
	for (i = 0; i < 40; i++) {
		egbed_send(e, 25, &len, 1);
		got += egbed_take();
	}
	got += egbed_take_for(1000 - got, 500) + egbed_sink_drops();
	assert_int_equal(got, 1000);
	assert_int_equal(stats_get(&egbed_st.sent), 1000);
	assert_true(stats_get(&egbed_st.retries) > 0);
	egress_packet.close(e);
}

/* The same with a queue longer than the socket buffer (EAGAIN). */
static void a_full_buffer_is_waited_for(void **state)
{
	static const uint32_t len = 1500;
	struct egress *e;
	unsigned i, got = 0;

	(void)state;
	RUN("tc", "qdisc", "add", "dev", "v0", "root", "tbf", "rate", "60mbit", "burst", "20000",
	    "limit", "100000000");
	e = open_packet(false);
	for (i = 0; i < 240; i++) {
		egbed_send(e, 25, &len, 1);
		got += egbed_take();
	}
	got += egbed_take_for(6000 - got, 500) + egbed_sink_drops();
	assert_int_equal(got, 6000);
	assert_true(stats_get(&egbed_st.retries) > 0);
	assert_int_equal(stats_get(&egbed_st.sent), 6000);
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
	e = open_packet(false);
	start = clock_ns();
	egbed_send(e, 8, &len, 1);
	sent = stats_get(&egbed_st.sent);
	assert_in_range(sent, 2, 7);
	assert_int_equal(egbed_errors(ENOBUFS), 8 - sent);
	assert_true(clock_ns() - start >= (8 - sent) * 100000000);
	assert_true(clock_ns() - start < (8 - sent) * 500000000);
	atomic_store(&egbed_env.give_up, true);
	start = clock_ns();
	egbed_send(e, 64, &len, 1);
	assert_true(clock_ns() - start < 1000000000);
	assert_int_equal(egbed_errors(ENOBUFS) + stats_get(&egbed_st.sent), 72);
	egress_packet.close(e);
}

static void down_is_counted_and_up_sends_again(void **state)
{
	struct egress *e = open_packet(false);
	uint64_t start;

	(void)state;
	egbed_send_small(e, 100);
	RUN("ip", "link", "set", "v0", "down");
	start = clock_ns();
	egbed_send_small(e, 6400);
	assert_true(clock_ns() - start < 2000000000); /* no patience with what is down */
	assert_int_equal(egbed_errors(ENETDOWN), 6400);
	assert_true(stats_get(&egbed_st.syscalls) < 200); /* nor one call a frame */
	assert_int_equal(stats_get(&egbed_st.sent), 100);
	RUN("ip", "link", "set", "v0", "up");
	egbed_wait_carrier(true);
	egbed_take();
	egbed_send_small(e, 100);
	assert_int_equal(stats_get(&egbed_st.sent), 200);
	assert_int_equal(egbed_take_for(100, 1000), 100);
	egress_packet.close(e);
}

/* The far end is down: the kernel takes frames and drops them. Who knows says so to the egress. */
static void no_carrier_is_counted_when_told(void **state)
{
	struct egress *e = open_packet(false);

	(void)state;
	RUN("ip", "link", "set", "v1", "down");
	egbed_wait_carrier(false);
	atomic_store(&egbed_env.link_down, true);
	egbed_send_small(e, 100);
	assert_int_equal(egbed_errors(ENETDOWN), 100);
	assert_int_equal(stats_get(&egbed_st.sent), 0);
	atomic_store(&egbed_env.link_down, false);
	RUN("ip", "link", "set", "v1", "up");
	egbed_wait_carrier(true);
	egbed_send_small(e, 100);
	assert_int_equal(egbed_take_for(100, 1000), 100);
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
	rec.frame[12] = EGBED_TYPE >> 8;
	rec.frame[13] = EGBED_TYPE & 0xff;
	for (i = 0; i < 300; i++) {
		memcpy(rec.frame + 14, &i, sizeof(i));
		if (i == 100)
			RUN("ip", "link", "del", "v0");
		if (i == 200) {
			egbed_veth();
			egbed_wait_carrier(true);
			assert_int_equal(inj_set_egress(rig.inj, INJ_EGRESS_PACKET,
							(int)if_nametoindex("v0"), true, &err),
					 0);
			egbed_sink_from_0();
		}
		rig_put(&rig, 0, &rec);
		if (i % 100 == 99)
			assert_true(rig_wait_done(&rig, i + 1));
	}
	assert_int_equal(egbed_take_for(100, 1000), 100);
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

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, egbed_setup)
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

	if (!egbed_possible()) {
		puts("skip test_egress_packet: may not make a network namespace");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
