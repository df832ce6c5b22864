/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The AF_XDP egress on a veth pair (egbed.h; skipped where there can be none): order, frames beyond
 * a chunk, what the device drops, a device that tells late or never, an interface that goes and
 * comes back, the change to and from it. The slow device is a macvlan on v0, whose queue holds the
 * frames.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "egbed.h"
#include "inj.h"
#include "inj_rig.h"
#include "xtx.h"

#ifdef VX_LIBXDP

#define LARGEST 4048 /* a chunk less its head */

static struct egress *open_on(const char *dev)
{
	return egbed_open(&egress_xdp, dev, false, NULL);
}

static struct egress *open_xdp(void)
{
	return open_on("v0");
}

static unsigned poll_for(struct egress *e, unsigned ms)
{
	uint64_t end = clock_ns() + (uint64_t)ms * 1000000;
	unsigned n;

	while ((n = e->ops->poll(e)) && clock_ns() < end)
		clock_sleep_ns(200000);
	return n;
}

static uint64_t rows(void)
{
	return stats_get(&egbed_st.done[0]) + stats_get(&egbed_st.done[1]);
}

static uint64_t sent(void)
{
	return stats_get(&egbed_st.sent);
}

static void slow_device(const char *rate)
{
	RUN("tc", "qdisc", "add", "dev", "v0", "root", "tbf", "rate", rate, "burst", "5000",
	    "limit", "100000000");
	RUN("ip", "link", "add", "link", "v0", "name", "slow", "type", "macvlan", "mode", "vepa");
	RUN("ip", "link", "set", "slow", "up");
}

static void all_arrive_in_order(void **state)
{
	static const uint32_t lens[] = { 60, 1514, 61, 342 };
	struct egress *e = open_xdp();
	unsigned i, got = 0;

	(void)state;
	for (i = 0; i < 100; i++) {
		egbed_send(e, 100, lens, 4);
		got += egbed_take();
	}
	got += egbed_take_for(10000 - got, 1000);
	assert_int_equal(got, 10000);
	assert_int_equal(poll_for(e, 1000), 0);
	assert_int_equal(sent(), 10000);
	assert_int_equal(stats_get(&egbed_st.sent_bytes), 2500 * (60 + 1514 + 61 + 342));
	assert_int_equal(stats_get(&egbed_st.out[0]) + stats_get(&egbed_st.out[1]), 0);
	/* 64 and 36 frames at 32 a call; from kernel 6.17 on one call each */
	assert_in_range(stats_get(&egbed_st.syscalls), 200, 400);
	e->ops->close(e);
}

/* Those by the packet socket inside, and none overtakes another. */
static void larger_than_a_chunk(void **state)
{
	static const uint32_t lens[] = { 60, LARGEST, LARGEST + 1, 60, 9000, 9000, 342 };
	struct egress *e;
	unsigned i, got = 0;

	(void)state;
	RUN("ip", "link", "set", "v0", "mtu", "9001");
	RUN("ip", "link", "set", "v1", "mtu", "9001");
	e = open_xdp();
	for (i = 0; i < 50; i++) {
		egbed_send(e, 70, lens, 7);
		got += egbed_take();
	}
	got += egbed_take_for(3500 - got, 1000) + egbed_sink_drops();
	assert_int_equal(got, 3500);
	assert_int_equal(poll_for(e, 1000), 0);
	assert_int_equal(sent(), 3500);
	e->ops->close(e);
}

/* While a larger one waits in the queue, those behind it do not go past it. */
static void none_passes_a_large_one(void **state)
{
	static const uint32_t lens[] = { 60, 5000, 60, 60, 60, 60, 60, 60 };
	struct egress *e;
	unsigned i, got = 0;

	(void)state;
	RUN("ip", "link", "set", "v0", "mtu", "9001");
	RUN("ip", "link", "set", "v1", "mtu", "9001");
	RUN("tc", "qdisc", "add", "dev", "v0", "root", "tbf", "rate", "40mbit", "burst", "10000",
	    "limit", "10000000");
	e = open_xdp();
	for (i = 0; i < 25; i++) {
		egbed_send(e, 8, lens, 8);
		got += egbed_take();
	}
	got += egbed_take_for(200 - got, 1000);
	assert_int_equal(got, 200);
	e->ops->finish(e);
	assert_int_equal(sent(), 200);
	e->ops->close(e);
}

/* Too large for the link, in the middle of a batch: the device drops that one, the others leave. */
static void one_bad_frame_fails_alone(void **state)
{
	static const uint32_t lens[] = { 60, 60, 4000, 60, 60, 60, 60 };
	struct egress *e = open_xdp();

	(void)state;
	egbed_send(e, 70, lens, 7);
	assert_int_equal(egbed_take_for(60, 1000), 60);
	assert_int_equal(poll_for(e, 1000), 0);
	assert_int_equal(sent(), 60);
	assert_int_equal(stats_get(&egbed_st.sent_bytes), 60 * 60);
	assert_int_equal(egbed_errors(EBUSY), 10);
	e->ops->close(e);
}

/* AF_XDP does not ask the device's MTU, and here the other end would take what is longer. */
static void longer_than_the_mtu(void **state)
{
	static const uint32_t lens[] = { 60, 1514, 1515, 1600, 60 };
	struct egress *e;

	(void)state;
	RUN("ip", "link", "set", "v1", "mtu", "9001");
	e = open_xdp();
	atomic_store(&egbed_env.mtu, 1500);
	egbed_send(e, 5, lens, 5);
	atomic_store(&egbed_env.mtu, 0);
	assert_int_equal(egbed_take_for(3, 1000), 3);
	assert_int_equal(poll_for(e, 1000), 0);
	assert_int_equal(egbed_errors(EMSGSIZE), 2);
	assert_int_equal(sent(), 3);
	e->ops->close(e);
}

/* The far end is down and nobody has said so: the kernel says it of each frame. */
static void no_carrier_is_counted(void **state)
{
	struct egress *e = open_xdp();

	(void)state;
	RUN("ip", "link", "set", "v1", "down");
	egbed_wait_carrier(false);
	egbed_send_small(e, 1000);
	assert_int_equal(poll_for(e, 1000), 0);
	assert_int_equal(egbed_errors(EBUSY), 1000);
	assert_int_equal(sent(), 0);
	atomic_store(&egbed_env.link_down, true);
	egbed_send_small(e, 100);
	assert_int_equal(egbed_errors(ENETDOWN), 100);
	atomic_store(&egbed_env.link_down, false);
	RUN("ip", "link", "set", "v1", "up");
	egbed_wait_carrier(true);
	egbed_send_small(e, 100);
	assert_int_equal(egbed_take_for(100, 1000), 100);
	assert_int_equal(poll_for(e, 1000), 0);
	assert_int_equal(sent(), 100);
	e->ops->close(e);
}

static void down_is_counted_and_up_sends_again(void **state)
{
	struct egress *e = open_xdp();
	uint64_t start;
	unsigned i;

	(void)state;
	/* A queue that does not move: nothing gets past it but by the socket. */
	RUN("tc", "qdisc", "add", "dev", "v0", "root", "tbf", "rate", "1kbit", "burst", "2000",
	    "limit", "4000");
	egbed_send_small(e, 100);
	for (i = 0; i < 8; i++) { /* more often than what is taken back fits into the TX ring */
		RUN("ip", "link", "set", "v0", "down");
		start = clock_ns();
		egbed_send_small(e, 800);
		assert_true(clock_ns() - start < 1000000000); /* no patience with what is down */
		assert_int_equal(e->ops->poll(e), 0);
		RUN("ip", "link", "set", "v0", "up");
		egbed_wait_carrier(true);
	}
	assert_int_equal(egbed_errors(ENETDOWN), 6400);
	assert_true(stats_get(&egbed_st.syscalls) < 200); /* nor one call a frame */
	egbed_take();
	egbed_send_small(e, 100);
	assert_int_equal(egbed_take_for(100, 1000), 100); /* and none that was taken back */
	assert_int_equal(poll_for(e, 1000), 0);
	assert_int_equal(sent(), 200);
	assert_int_equal(rows(), 6600);
	e->ops->close(e);
}

/* The device tells of a frame some time after it took it; the pool is smaller than what is sent. */
static void late_completions_are_waited_for(void **state)
{
	static const uint32_t len = 1000;
	struct egress *e;
	unsigned i, got = 0;

	(void)state;
	slow_device("20mbit");
	e = open_on("slow");
	for (i = 0; i < 40; i++) {
		egbed_send(e, 50, &len, 1);
		got += egbed_take();
	}
	assert_in_range(stats_get(&egbed_st.out[0]), 1, XTX_CHUNKS);
	assert_int_equal(stats_get(&egbed_st.out[0]), 2000 - rows());
	got += egbed_take_for(2000 - got, 1000) + egbed_sink_drops();
	assert_int_equal(got, 2000);
	assert_int_equal(poll_for(e, 1000), 0);
	assert_int_equal(sent(), 2000);
	assert_true(stats_get(&egbed_st.retries) > 0);
	e->ops->close(e);
}

/* A device that never tells: 100 ms for each frame that finds no room, a second for the others, and
 * what is told after that is not counted again. */
static void a_silent_device_is_given_up(void **state)
{
	static const uint32_t len = 1000;
	struct egress *e;
	unsigned left;
	uint64_t start;

	(void)state;
	slow_device("1kbit");
	e = open_on("slow");
	egbed_send(e, XTX_CHUNKS, &len, 1);
	left = XTX_CHUNKS - e->ops->poll(e); /* some leave at once: the bucket is full */
	assert_in_range(left, 3, 10);
	egbed_send(e, left, &len, 1);
	assert_int_equal(e->ops->poll(e), XTX_CHUNKS);
	start = clock_ns();
	egbed_send(e, 3, &len, 1);
	assert_int_equal(egbed_errors(ENOBUFS), 3);
	assert_in_range(clock_ns() - start, 300000000, 900000000);
	assert_int_equal(poll_for(e, 3000), 0);
	assert_in_range(egbed_errors(ETIMEDOUT), XTX_CHUNKS - 4, XTX_CHUNKS);
	assert_int_equal(rows(), XTX_CHUNKS + left + 3);
	RUN("tc", "qdisc", "del", "dev", "v0", "root"); /* drops them: now they are told of */
	assert_int_equal(poll_for(e, 100), 0);
	assert_int_equal(rows(), XTX_CHUNKS + left + 3);
	egbed_take();
	start = sent();
	egbed_send_small(e, 2 * XTX_CHUNKS); /* all chunks are back */
	assert_int_equal(egbed_take_for(2 * XTX_CHUNKS, 1000), 2 * XTX_CHUNKS);
	assert_int_equal(poll_for(e, 1000), 0);
	assert_int_equal(sent() - start, 2 * XTX_CHUNKS);
	e->ops->close(e);
}

static void finish_is_bounded_and_leaves_nothing(void **state)
{
	static const uint32_t len = 100;
	struct egress *e;
	uint64_t start;

	(void)state;
	slow_device("8kbit");
	e = open_on("slow");
	egbed_send(e, 500, &len, 1);
	assert_true(rows() < 500);
	start = clock_ns();
	e->ops->finish(e);
	assert_true(clock_ns() - start < 500000000);
	assert_int_equal(rows(), 500);
	assert_int_equal(egbed_errors(ETIMEDOUT) + sent(), 500);
	assert_int_equal(e->ops->poll(e), 0);
	assert_int_equal(stats_get(&egbed_st.out[0]), 0);
	e->ops->close(e);
}

static void rig_on(struct rig *rig, const char *dev, enum inj_egress_kind kind)
{
	rig_open(rig, 2, 1 << 16);
	rig->cfg.egress_ops = NULL;
	rig->cfg.egress = kind;
	rig->cfg.egress_ifindex = (int)if_nametoindex(dev);
	rig_start(rig);
}

/* Frames first..last-1 into ring 0, numbered. */
static void rig_fill(struct rig *rig, uint32_t first, uint32_t last)
{
	struct rig_rec rec;

	rig_record(&rec, 0, 0);
	rec.frame[12] = EGBED_TYPE >> 8;
	rec.frame[13] = EGBED_TYPE & 0xff;
	for (; first < last; first++) {
		memcpy(rec.frame + 14, &first, sizeof(first));
		rec.rec.set = first & 1;
		rig_put(rig, 0, &rec);
	}
}

/* Deleted and made again, with another index: ENXIO until the injector is given the new one. */
static void deleted_and_made_again(void **state)
{
	static struct rig rig;
	struct inj_stats s;
	struct vx_err err = { 0 };

	(void)state;
	rig_on(&rig, "v0", INJ_EGRESS_XDP);
	rig_fill(&rig, 0, 100);
	assert_true(rig_wait_done(&rig, 100));
	RUN("ip", "link", "del", "v0");
	rig_fill(&rig, 100, 200);
	assert_true(rig_wait_done(&rig, 200));
	inj_worker_stats(rig.inj, 0, &s);
	assert_int_equal(s.xdp_err, ENXIO);
	egbed_veth();
	egbed_wait_carrier(true);
	assert_int_equal(
		inj_set_egress(rig.inj, INJ_EGRESS_XDP, (int)if_nametoindex("v0"), true, &err), 0);
	egbed_sink_from_0();
	rig_fill(&rig, 200, 300);
	assert_true(rig_wait_done(&rig, 300));
	assert_int_equal(egbed_take_for(100, 1000), 100);
	inj_worker_stats(rig.inj, 0, &s);
	assert_int_equal(s.sent, 200);
	assert_int_equal(s.tx_failed, 100);
	assert_int_equal(s.errors[0].err, ENXIO);
	assert_int_equal(s.xdp_err, 0); /* the new socket is good */
	rig_stop(&rig);
	rig_close(&rig);
}

/* There and back with frames coming; none is lost, none overtakes another. */
static void changed_under_load(void **state)
{
	static const enum inj_egress_kind kinds[] = { INJ_EGRESS_PACKET, INJ_EGRESS_XDP,
						      INJ_EGRESS_XDP /* the same socket */,
						      INJ_EGRESS_AUTO };
	static struct rig rig;
	uint32_t next = 0, got = 0;
	struct vx_err err = { 0 };
	uint64_t out;
	unsigned i;

	(void)state;
	rig_on(&rig, "v0", INJ_EGRESS_XDP);
	for (i = 0; i < 40; i++) {
		rig_fill(&rig, next, next + 300);
		next += 300;
		if (inj_set_egress(rig.inj, kinds[i % 4], (int)if_nametoindex("v0"), i & 1, &err))
			fail_msg("%s", err.msg);
		got += egbed_take();
	}
	assert_int_equal(inj_egress_now(rig.inj)->kind, INJ_EGRESS_XDP);
	assert_int_equal(inj_egress_now(rig.inj)->n_packet, 1); /* one queue, two workers */
	assert_non_null(strstr(inj_egress_now(rig.inj)->why, "1 TX queue"));
	assert_true(rig_wait_done(&rig, next));
	got += egbed_take_for(next - got, 1000);
	assert_int_equal(got, next);
	assert_int_equal(inj_set_rows(rig.inj, 0, &out), next / 2);
	assert_int_equal(out, 0);
	assert_int_equal(inj_set_rows(rig.inj, 1, &out), next / 2);
	assert_int_equal(out, 0);
	rig_stop(&rig);
	rig_close(&rig);
}

/* What the device has is waited for before the worker leaves. */
static void changed_with_frames_out(void **state)
{
	static struct rig rig;
	struct vx_err err = { 0 };
	uint64_t out = 0;
	unsigned got;

	(void)state;
	slow_device("4mbit"); /* 5 KB at once, then 8 frames a millisecond */
	rig_on(&rig, "slow", INJ_EGRESS_XDP);
	rig_fill(&rig, 0, 400);
	while (!out)
		(void)inj_set_rows(rig.inj, 0, &out);
	assert_int_equal(inj_set_egress(rig.inj, INJ_EGRESS_NULL, 0, false, &err), 0);
	assert_true(rig_wait_done(&rig, 400));
	got = egbed_take_for(400, 1000);
	assert_in_range(got, 1, 400); /* those before the change */
	rig_stop(&rig);
	rig_close(&rig);
}

/* What the device has is in flight until it tells; stopping gives it up in time, by set. */
static void stop_leaves_no_frame_without_a_row(void **state)
{
	static struct rig rig;
	struct vx_err err = { 0 };
	struct inj_ring_stats ring;
	struct inj_stats s;
	uint64_t out[2], done;
	uint64_t start;

	(void)state;
	slow_device("8kbit");
	rig_on(&rig, "slow", INJ_EGRESS_XDP);
	rig_fill(&rig, 0, 400);
	do { /* until all are with the device, and the worker has found no more */
		clock_sleep_ns(2000000);
		inj_ring_stats(rig.inj, 0, &ring);
	} while (ring.used);
	done = inj_set_rows(rig.inj, 0, &out[0]) + inj_set_rows(rig.inj, 1, &out[1]);
	assert_true(done < 400);
	assert_true(out[0] > 100 && out[1] > 100);
	assert_int_equal(inj_in_flight(rig.inj), 400 - done);
	start = clock_ns();
	assert_int_equal(inj_stop(rig.inj, 100, &err), 0);
	assert_true(clock_ns() - start < 1000000000);
	assert_int_equal(inj_in_flight(rig.inj), 0);
	rig_sum(&rig, &s);
	assert_int_equal(s.done[0], 200);
	assert_int_equal(s.done[1], 200);
	assert_true(s.tx_failed > 300);
	rig_close(&rig);
}

/* A queue for each worker, and both send. */
static void a_queue_a_worker(void **state)
{
	static struct rig rig;
	struct rig_rec rec;
	struct inj_stats s;
	unsigned i;

	(void)state;
	RUN("ip", "link", "del", "v0");
	RUN("ip", "link", "add", "v0", "numtxqueues", "2", "numrxqueues", "2", "type", "veth",
	    "peer", "name", "v1", "numtxqueues", "2", "numrxqueues", "2");
	RUN("ip", "link", "set", "v1", "up");
	RUN("ip", "link", "set", "v0", "up");
	egbed_wait_carrier(true);
	if (xtx_queues("v0") != 2)
		skip(); /* this /sys is of another namespace */
	rig_on(&rig, "v0", INJ_EGRESS_XDP);
	assert_int_equal(inj_egress_now(rig.inj)->n_packet, 0);
	assert_string_equal(inj_egress_now(rig.inj)->why, "");
	rig_record(&rec, 0, 0);
	for (i = 0; i < 1000; i++)
		rig_put(&rig, i & 1, &rec);
	assert_true(rig_wait_done(&rig, 1000));
	for (i = 0; i < 2; i++) {
		inj_worker_stats(rig.inj, i, &s);
		assert_int_equal(s.sent, 500);
	}
	rig_stop(&rig);
	rig_close(&rig);
}

static void the_queue_of_another(void **state)
{
	struct egress_cfg cfg = { .ifindex = (int)if_nametoindex("v0") };
	struct egress *e = open_xdp(), *second;
	struct vx_err err = { 0 };

	(void)state;
	assert_int_equal(egress_xdp.open(&second, &cfg, &err), -EBUSY);
	assert_non_null(strstr(err.msg, "queue 0 of v0"));
	assert_non_null(strstr(err.msg, "another AF_XDP socket"));
	cfg.worker = 1;
	assert_int_equal(egress_xdp.open(&second, &cfg, &err), -ENOSPC);
	second = egbed_open(&egress_xdp, "v0", true, e);
	egbed_send_small(e, 10);
	e->ops->finish(e);
	e->ops->close(e);
	egbed_send_small(second, 10);
	assert_int_equal(egbed_take_for(20, 1000), 20);
	assert_int_equal(poll_for(second, 1000), 0);
	second->ops->close(second);
	e = open_xdp(); /* the queue is free again */
	e->ops->close(e);
}

static void open_refuses(void **state)
{
	struct egress_cfg cfg = { .ifindex = 999999 };
	struct vx_err err = { 0 };
	struct egress *e;

	(void)state;
	assert_int_equal(egress_xdp.open(&e, &cfg, &err), -ENODEV);
	assert_non_null(strstr(err.msg, "interface 999999"));
	cfg = (struct egress_cfg){ .ifindex = (int)if_nametoindex("v0"), .zerocopy = true };
	assert_int_equal(egress_xdp.open(&e, &cfg, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.msg, "no zero copy"));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, egbed_setup)
	const struct CMUnitTest tests[] = {
		T(all_arrive_in_order),
		T(larger_than_a_chunk),
		T(none_passes_a_large_one),
		T(one_bad_frame_fails_alone),
		T(longer_than_the_mtu),
		T(no_carrier_is_counted),
		T(down_is_counted_and_up_sends_again),
		T(late_completions_are_waited_for),
		T(a_silent_device_is_given_up),
		T(finish_is_bounded_and_leaves_nothing),
		T(deleted_and_made_again),
		T(changed_under_load),
		T(changed_with_frames_out),
		T(stop_leaves_no_frame_without_a_row),
		T(a_queue_a_worker),
		T(the_queue_of_another),
		T(open_refuses),
	};

	if (!egbed_possible()) {
		puts("skip test_egress_xdp: may not make a network namespace");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void says_that_it_is_not_built_in(void **state)
{
	struct egress_cfg cfg = { 0 };
	struct vx_err err = { 0 };
	struct egress *e;

	(void)state;
	assert_int_equal(egress_xdp.open(&e, &cfg, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.msg, "not built in"));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(says_that_it_is_not_built_in) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
