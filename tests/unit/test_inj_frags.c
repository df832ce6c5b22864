/* SPDX-License-Identifier: GPL-2.0-only */
/* Fragments that wait for their first: in time, too late, no slot, what is sent, and in which
 * order. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "inj.h"
#include "inj_rig.h"

#define RING	    (1 << 18)
#define NEVER	    0xffffffffU
#define UNREACHABLE 5000 /* the id of a datagram whose next hop is not resolved */
#define LOGGED	    4096

static struct rig rig;
static _Atomic uint32_t known_below; /* ids below it have a verdict */
static _Atomic uint32_t n_asked;
static _Atomic bool gate; /* the second question waits until it is open again */
static struct inj_frag_answer answer;
static _Atomic uint32_t n_log;
static struct rig_rec log_rec[LOGGED]; /* what was sent, in order; one worker only */

static int frag(void *ctx, const struct vx_frag_key *key, struct inj_frag_answer *out)
{
	(void)ctx;
	if (atomic_fetch_add(&n_asked, 1))
		while (atomic_load(&gate))
			sched_yield();
	if (key->id >= atomic_load(&known_below))
		return 0;
	*out = answer;
	if (key->id == UNREACHABLE) {
		out->verdict = VX_FRAG_PLAIN;
		out->nexthop_ok = false;
	}
	return 1;
}

static int see(unsigned worker, const struct vx_record *rec)
{
	uint32_t n = atomic_load(&n_log);

	(void)worker;
	memcpy(&log_rec[n].rec, rec, sizeof(*rec));
	memcpy(log_rec[n].frame, rec + 1, rec->len < RIG_FRAME ? rec->len : RIG_FRAME);
	atomic_store(&n_log, n + 1);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	rig_open(&rig, 1, RING);
	rig.cfg.frag = frag;
	rig_seen = see;
	atomic_store(&known_below, 0);
	atomic_store(&n_asked, 0);
	atomic_store(&gate, false);
	atomic_store(&n_log, 0);
	answer = (struct inj_frag_answer){ .verdict = VX_FRAG_NAT,
					   .new_dst = { 172, 30, 82, 95 },
					   .dst_mac = { 6, 1, 1, 1, 1, 1 },
					   .src_mac = { 6, 2, 2, 2, 2, 2 },
					   .nexthop_ok = true };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rig_close(&rig);
	return 0;
}

static void put(uint32_t id, uint64_t seq, uint8_t flags)
{
	struct rig_rec rec;

	rig_record(&rec, id, seq);
	rec.rec.flags = (uint8_t)(VX_REC_FRAG | flags);
	rec.rec.frag_id = id;
	rec.rec.frag_proto = 17;
	rec.rec.vni = 1;
	rig_put(&rig, 0, &rec);
}

static uint16_t ip_sum(const unsigned char *ip)
{
	uint32_t sum = 0;
	unsigned i;

	for (i = 0; i < 20; i += 2)
		sum += (uint32_t)(ip[i] << 8 | ip[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static void set_good_sum(struct rig_rec *rec)
{
	unsigned char *ip = rec->frame + 14;
	uint16_t sum = (uint16_t)~ip_sum(ip);

	ip[10] = (unsigned char)(sum >> 8);
	ip[11] = (unsigned char)sum;
}

static void resolved_in_time(void **state)
{
	static const unsigned char l2[14] = { 6, 1, 1, 1, 1, 1, 6, 2, 2, 2, 2, 2, 8, 0 };
	uint64_t done, producer;
	struct rig_rec rec;
	struct inj_stats s;

	(void)state;
	rig_start(&rig);
	rig_record(&rec, 0, 42);
	set_good_sum(&rec);
	rec.rec.flags = VX_REC_FRAG | VX_REC_HELD;
	rec.rec.set = 1;
	atomic_store(&gate, true);
	rig_put(&rig, 0, &rec);
	while (atomic_load(&n_asked) < 2)
		sched_yield();
	inj_ring_pos(rig.inj, 0, &done, &producer);
	assert_true(producer > 0);
	assert_int_equal(done, 0); /* its ring space is free, its row is not there */
	assert_int_equal(inj_in_flight(rig.inj), 1);
	atomic_store(&known_below, 1);
	atomic_store(&gate, false);
	assert_true(rig_wait_done(&rig, 1));
	rig_sum(&rig, &s);
	assert_int_equal(s.sent, 1);
	assert_int_equal(s.done[1], 1);
	assert_int_equal(s.held_natted, 1);
	assert_int_equal(s.held_unnatted, 0);
	assert_memory_equal(log_rec[0].frame, l2, sizeof(l2));
	assert_memory_equal(log_rec[0].frame + 26, rec.frame + 26, 4);
	assert_memory_equal(log_rec[0].frame + 30, answer.new_dst, 4);
	assert_int_equal(ip_sum(log_rec[0].frame + 14), 0xffff);
	assert_memory_equal(log_rec[0].frame + 34, rec.frame + 34, RIG_FRAME - 34);
	rig_stop(&rig);
}

static void unknown_after_five_ms(void **state)
{
	uint64_t start = clock_ns(), done, producer;
	struct inj_stats s;

	(void)state;
	rig_start(&rig);
	put(1, 0, VX_REC_HELD);
	put(2, 0, VX_REC_HELD | VX_REC_TRACED);
	assert_true(rig_wait_done(&rig, 2));
	assert_true(clock_ns() - start >= INJ_HELD_NS);
	rig_sum(&rig, &s);
	assert_int_equal(s.frag_unknown, 2);
	assert_int_equal(s.sent, 0);
	assert_in_range(atomic_load(&n_asked), 4, 40);
	inj_ring_pos(rig.inj, 0, &done, &producer);
	assert_int_equal(done, producer);
	struct inj_trace_result res;

	assert_int_equal(inj_trace_pop(rig.inj, &res), 1);
	assert_int_equal(res.err, INJ_TRACE_FRAG_UNKNOWN);
	rig_stop(&rig);
}

static void without_a_callback_unknown(void **state)
{
	struct inj_stats s;

	(void)state;
	rig.cfg.frag = NULL;
	rig_start(&rig);
	put(1, 0, VX_REC_HELD);
	assert_true(rig_wait_done(&rig, 1));
	rig_sum(&rig, &s);
	assert_int_equal(s.frag_unknown, 1);
	rig_stop(&rig);
}

/* 256 wait, the others are given up at once; on a busy machine some time out before the last has
 * come. */
static void more_than_the_slots(void **state)
{
	uint64_t start, early = 0;
	struct inj_stats s;
	uint32_t i;

	(void)state;
	for (i = 0; i < 400; i++)
		put(i + 1, 0, VX_REC_HELD);
	start = clock_ns();
	rig_start(&rig);
	do {
		rig_sum(&rig, &s);
		assert_true(s.pending <= INJ_HELD_SLOTS);
		if (clock_ns() - start < INJ_HELD_NS)
			early = s.frag_unknown;
	} while (s.frag_unknown < 400);
	assert_in_range(early, 0, 400 - INJ_HELD_SLOTS);
	print_message("given up before 5 ms: %u of %d\n", (unsigned)early, 400 - INJ_HELD_SLOTS);
	rig_stop(&rig);
}

/* A verdict that is there at the first question needs no slot. */
static void known_at_once_while_the_slots_are_full(void **state)
{
	struct inj_stats s;
	uint32_t i;

	(void)state;
	atomic_store(&known_below, 1);
	for (i = 0; i < INJ_HELD_SLOTS; i++)
		put(i + 1, 0, VX_REC_HELD);
	for (i = 0; i < 100; i++)
		put(0, i, VX_REC_HELD);
	rig_start(&rig);
	assert_true(rig_wait_done(&rig, INJ_HELD_SLOTS + 100));
	rig_sum(&rig, &s);
	assert_int_equal(s.held_natted, 100);
	assert_int_equal(s.frag_unknown, INJ_HELD_SLOTS);
	for (i = 0; i < 100; i++)
		assert_int_equal(rig_load(&log_rec[i].rec).seq, i);
	rig_stop(&rig);
}

static void verdicts_that_do_not_send(void **state)
{
	struct inj_stats s;

	(void)state;
	atomic_store(&known_below, NEVER);
	answer.verdict = VX_FRAG_NO_RULE;
	rig_start(&rig);
	put(1, 0, VX_REC_HELD);
	put(UNREACHABLE, 0, VX_REC_HELD);
	assert_true(rig_wait_done(&rig, 2));
	rig_sum(&rig, &s);
	assert_int_equal(s.frag_unknown, 1);
	assert_int_equal(s.tx_failed, 1);
	inj_worker_stats(rig.inj, 0, &s);
	assert_int_equal(s.errors[0].err, EHOSTUNREACH);
	assert_int_equal(s.held_unnatted, 0);
	rig_stop(&rig);
}

static void plain_changes_only_the_macs(void **state)
{
	struct inj_stats s;
	struct rig_rec rec;

	(void)state;
	atomic_store(&known_below, NEVER);
	answer.verdict = VX_FRAG_PLAIN;
	rig_start(&rig);
	put(1, 9, VX_REC_HELD);
	assert_true(rig_wait_done(&rig, 1));
	rig_record(&rec, 1, 9);
	assert_memory_equal(log_rec[0].frame, answer.dst_mac, 6);
	assert_memory_equal(log_rec[0].frame + 12, rec.frame + 12, RIG_FRAME - 12);
	rig_sum(&rig, &s);
	assert_int_equal(s.held_unnatted, 1);
	rig_stop(&rig);
}

static void ipv6_has_no_sum(void **state)
{
	struct rig_rec rec;
	unsigned i;

	(void)state;
	atomic_store(&known_below, NEVER);
	for (i = 0; i < 16; i++)
		answer.new_dst[i] = (uint8_t)(0x20 + i);
	memset(&rec, 0, sizeof(rec));
	rec.rec.len = RIG_FRAME;
	rec.rec.family = VX_IP6;
	rec.rec.flags = VX_REC_FRAG | VX_REC_HELD;
	memset(rec.frame, 0x66, sizeof(rec.frame));
	rig_start(&rig);
	rig_put(&rig, 0, &rec);
	assert_true(rig_wait_done(&rig, 1));
	assert_memory_equal(log_rec[0].frame + 14, rec.frame + 14, 24);
	assert_memory_equal(log_rec[0].frame + 38, answer.new_dst, 16);
	rig_stop(&rig);
}

/* Cut below its addresses: cannot be, must not be read past. */
static void too_short_is_unknown(void **state)
{
	struct inj_stats s;
	struct rig_rec rec;

	(void)state;
	rig_record(&rec, 1, 1);
	rec.rec.flags = VX_REC_FRAG | VX_REC_HELD;
	rec.rec.len = 33;
	rig_start(&rig);
	rig_put(&rig, 0, &rec);
	assert_true(rig_wait_done(&rig, 1));
	rig_sum(&rig, &s);
	assert_int_equal(s.frag_unknown, 1);
	rig_stop(&rig);
}

/* What left, in order of its numbers; all of it, unless the machine was so busy that some timed
 * out. */
static void log_goes_up(uint32_t at_least)
{
	uint32_t n = atomic_load(&n_log), i;
	struct inj_stats s;

	rig_sum(&rig, &s);
	assert_int_equal(s.sent, n);
	assert_true(n >= at_least);
	for (i = 1; i < n; i++)
		assert_true(rig_load(&log_rec[i].rec).seq > rig_load(&log_rec[i - 1].rec).seq);
}

/* Held, held, first, later: leaves in that order, whichever record brings the verdict to light. */
static void order_of_a_datagram(void **state)
{
	static const uint8_t flags[] = { VX_REC_HELD, VX_REC_HELD, 0, 0, VX_REC_HELD, 0 };
	uint32_t i;

	(void)state;
	rig_start(&rig);
	put(3, 0, flags[0]);
	put(3, 1, flags[1]);
	put(8, 0, VX_REC_HELD); /* of another datagram, still unknown: stays */
	while (atomic_load(&n_asked) < 3)
		clock_sleep_ns(10000);
	atomic_store(&known_below, 5);
	for (i = 2; i < 6; i++)
		put(3, i, flags[i]);
	assert_true(rig_wait_done(&rig, 7));
	log_goes_up(4);
	rig_stop(&rig);
}

/* The verdict comes between two that are flagged held, and no other record shows it. */
static void order_when_a_held_one_brings_the_verdict(void **state)
{
	uint32_t round;

	(void)state;
	rig_start(&rig);
	for (round = 0; round < 50; round++) {
		atomic_store(&n_asked, 0);
		put(round, 3 * round, VX_REC_HELD);
		put(round, 3 * round + 1, VX_REC_HELD);
		while (atomic_load(&n_asked) < 2)
			;
		atomic_store(&known_below, round + 1);
		put(round, 3 * round + 2, VX_REC_HELD);
		assert_true(rig_wait_done(&rig, 3 * round + 3));
	}
	log_goes_up(50);
	rig_stop(&rig);
}

/* Many datagrams at once, verdicts at odd moments: each datagram in order, every fragment
 * accounted. */
static void order_of_many_datagrams(void **state)
{
	static uint64_t next[64];
	struct inj_stats s;
	uint32_t i;

	(void)state;
	memset(next, 0, sizeof(next));
	rig_start(&rig);
	for (i = 0; i < 2000; i++) {
		uint32_t id = i * 7 % 64;

		if (i % 31 == 0)
			atomic_store(&known_below, i / 31);
		put(id, i / 64, id < atomic_load(&known_below) ? 0 : VX_REC_HELD);
	}
	assert_true(rig_wait_done(&rig, 2000));
	rig_sum(&rig, &s);
	assert_int_equal(s.sent + s.frag_unknown, 2000);
	assert_int_equal(s.sent, atomic_load(&n_log));
	for (i = 0; i < atomic_load(&n_log); i++) {
		struct rig_load load = rig_load(&log_rec[i].rec);

		assert_true(load.seq >= next[load.flow]);
		next[load.flow] = load.seq + 1;
	}
	rig_stop(&rig);
}

static void stop_gives_up_what_is_held(void **state)
{
	struct inj_stats s;

	(void)state;
	rig_start(&rig);
	put(1, 0, VX_REC_HELD);
	while (!atomic_load(&n_asked))
		clock_sleep_ns(10000);
	assert_int_equal(inj_stop(rig.inj, 0, NULL), 0);
	rig_sum(&rig, &s);
	assert_int_equal(s.frag_unknown, 1);
	assert_int_equal(inj_in_flight(rig.inj), 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(resolved_in_time),
		T(unknown_after_five_ms),
		T(without_a_callback_unknown),
		T(more_than_the_slots),
		T(known_at_once_while_the_slots_are_full),
		T(verdicts_that_do_not_send),
		T(plain_changes_only_the_macs),
		T(ipv6_has_no_sum),
		T(too_short_is_unknown),
		T(order_of_a_datagram),
		T(order_when_a_held_one_brings_the_verdict),
		T(order_of_many_datagrams),
		T(stop_gives_up_what_is_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
