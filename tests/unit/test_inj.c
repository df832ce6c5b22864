/* SPDX-License-Identifier: GPL-2.0-only */
/* The injector on emulated rings: everything has its row, order, sleep and wake, stop, errors. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "clock.h"
#include "inj.h"
#include "inj_int.h"
#include "inj_rig.h"

#define RING (1 << 16)

static struct rig rig;
static _Atomic uint64_t n_seen, n_wrong;
static _Atomic uint64_t last_seq[RIG_MAX], seen_by[RIG_MAX];
static _Atomic bool hold, holding;

/* Flows are numbered like the rings; their numbers must come 1, 2, 3. */
static int see_in_order(unsigned worker, const struct vx_record *rec)
{
	struct rig_load load = rig_load(rec);

	if (atomic_exchange(&last_seq[load.flow], load.seq) + 1 != load.seq)
		atomic_fetch_add(&n_wrong, 1);
	atomic_fetch_add(&seen_by[worker], 1);
	atomic_fetch_add(&n_seen, 1);
	return 0;
}

static int see_slowly(unsigned worker, const struct vx_record *rec)
{
	(void)rec;
	atomic_fetch_add(&seen_by[worker], 1);
	clock_sleep_ns(20000);
	return 0;
}

static int see_stuck(unsigned worker, const struct vx_record *rec)
{
	(void)worker;
	(void)rec;
	while (atomic_load(&hold)) {
		atomic_store(&holding, true);
		clock_sleep_ns(100000);
	}
	return 0;
}

static int see_refused(unsigned worker, const struct vx_record *rec)
{
	(void)worker;
	return rig_load(rec).seq % 4 ? (int)(rig_load(rec).seq % 4) : 0;
}

static void reset(void)
{
	unsigned i;

	atomic_store(&n_seen, 0);
	atomic_store(&n_wrong, 0);
	for (i = 0; i < RIG_MAX; i++) {
		atomic_store(&last_seq[i], 0);
		atomic_store(&seen_by[i], 0);
	}
}

static void put(unsigned ring, uint64_t flow, uint64_t seq)
{
	struct rig_rec rec;

	rig_record(&rec, flow, seq);
	rec.rec.set = seq % 3 == 0;
	rig_put(&rig, ring, &rec);
}

/* As many as asked, round the rings; asserts that each has its row and no flow is out of order. */
static void run_in_order(unsigned workers, uint64_t per_ring)
{
	struct inj_stats s;
	uint64_t seq;
	unsigned i;

	reset();
	rig_open(&rig, workers, RING);
	rig_seen = see_in_order;
	rig_start(&rig);
	for (seq = 1; seq <= per_ring; seq++)
		for (i = 0; i < workers; i++)
			put(i, i, seq);
	assert_true(rig_wait_done(&rig, workers * per_ring));
	rig_sum(&rig, &s);
	assert_int_equal(s.sent, workers * per_ring);
	assert_int_equal(s.sent_bytes, workers * per_ring * RIG_FRAME);
	assert_int_equal(s.done[1], workers * (per_ring / 3));
	assert_int_equal(atomic_load(&n_wrong), 0);
	rig_stop(&rig);
	assert_int_equal(atomic_load(&n_seen), workers * per_ring);
	rig_close(&rig);
}

static void every_record_has_its_row(void **state)
{
	(void)state;
	run_in_order(1, 100000);
	run_in_order(4, 50000);
}

static void eight_workers_on_two_cpus(void **state)
{
	(void)state;
	run_in_order(8, 20000);
}

static void null_egress_counts_as_sent(void **state)
{
	const uint64_t all = 1000 * (8 + sizeof(struct rig_rec));
	struct inj_ring_stats rs;
	uint64_t done, producer, i;

	(void)state;
	rig_open(&rig, 2, RING);
	rig.cfg.egress_ops = NULL;
	rig.cfg.egress = INJ_EGRESS_NULL;
	rig_start(&rig);
	for (i = 0; i < 1000; i++)
		put(1, 1, i);
	assert_true(rig_wait_done(&rig, 1000));
	assert_int_equal(inj_stop(rig.inj, 1000, NULL), 0);
	inj_ring_stats(rig.inj, 1, &rs);
	assert_int_equal(rs.size, RING);
	assert_int_equal(rs.used, 0);
	assert_int_equal(inj_in_flight(rig.inj), 0);
	/* a wake-up after a commit has a record of its own */
	assert_in_range(rs.bytes_consumed, all, all + 1000 * (8 + VX_WAKE_BYTES));
	assert_int_equal((rs.bytes_consumed - all) % (8 + VX_WAKE_BYTES), 0);
	assert_true(rs.high > 0);
	inj_ring_pos(rig.inj, 1, &done, &producer);
	assert_int_equal(done, producer);
	assert_int_equal(done, rs.bytes_consumed);
	rig_close(&rig);
}

/* What is in the ring before anybody runs is in flight, and stop takes it out. */
static void stop_drains(void **state)
{
	uint64_t i;

	(void)state;
	reset();
	rig_open(&rig, 2, RING);
	rig_seen = see_in_order;
	for (i = 1; i <= 400; i++)
		put(0, 0, i);
	assert_int_equal(inj_new(&rig.inj, &rig.cfg, NULL), 0);
	assert_int_equal(inj_in_flight(rig.inj), 400);
	assert_int_equal(inj_start(rig.inj, NULL), 0);
	rig_stop(&rig);
	assert_int_equal(atomic_load(&n_seen), 400);
	rig_close(&rig);
}

static void spread_uses_every_worker_on_one_flow(void **state)
{
	uint64_t i;

	(void)state;
	reset();
	rig_open(&rig, 4, RING);
	rig.cfg.dispatch = INJ_SPREAD;
	rig.cfg.batch = 8;
	rig_seen = see_slowly;
	rig_start(&rig);
	for (i = 0; i < 4000; i++)
		put(2, 0, i);
	assert_true(rig_wait_done(&rig, 4000));
	for (i = 0; i < 4; i++)
		assert_true(atomic_load(&seen_by[i]) > 0);
	rig_stop(&rig);
	rig_close(&rig);
}

static void flow_leaves_a_ring_to_its_worker(void **state)
{
	uint64_t i;

	(void)state;
	reset();
	rig_open(&rig, 4, RING);
	rig_seen = see_slowly;
	rig_start(&rig);
	for (i = 0; i < 1000; i++)
		put(2, 0, i);
	assert_true(rig_wait_done(&rig, 1000));
	assert_int_equal(atomic_load(&seen_by[2]), 1000);
	rig_stop(&rig);
	rig_close(&rig);
}

/* Somebody else was publishing when the last batch was completed: the idle worker does it after. */
static void an_idle_worker_publishes_the_last_batch(void **state)
{
	uint64_t end = clock_ns() + 2000000000;

	(void)state;
	rig_open(&rig, 1, RING);
	rig.cfg.dispatch = INJ_SPREAD; /* the owner of a ring looks at each claim anyway */
	rig_start(&rig);
	atomic_store(&rig.inj->rings[0].lock, 1);
	put(0, 0, 1);
	assert_true(rig_wait_done(&rig, 1));
	assert_int_equal(inj_in_flight(rig.inj), 1);
	atomic_store(&rig.inj->rings[0].lock, 0);
	while (inj_in_flight(rig.inj) && clock_ns() < end)
		sched_yield();
	assert_int_equal(inj_in_flight(rig.inj), 0);
	rig_stop(&rig);
	rig_close(&rig);
}

static void starts_again_after_a_stop(void **state)
{
	(void)state;
	rig_open(&rig, 2, RING);
	rig_start(&rig);
	put(0, 0, 1);
	assert_int_equal(inj_stop(rig.inj, 1000, NULL), 0);
	put(1, 0, 2);
	assert_int_equal(inj_start(rig.inj, NULL), 0);
	assert_true(rig_wait_done(&rig, 2));
	rig_stop(&rig);
	rig_close(&rig);
}

static void errors_are_told_apart(void **state)
{
	struct inj_stats s;
	uint64_t i;
	int err;

	(void)state;
	rig_open(&rig, 1, RING);
	rig_seen = see_refused;
	rig_start(&rig);
	for (i = 0; i < 4000; i++)
		put(0, 0, i);
	assert_true(rig_wait_done(&rig, 4000));
	inj_worker_stats(rig.inj, 0, &s);
	assert_int_equal(s.sent, 1000);
	assert_int_equal(s.tx_failed, 3000);
	for (err = 1; err <= 3; err++) {
		assert_int_equal(s.errors[err - 1].err, err);
		assert_int_equal(s.errors[err - 1].n, 1000);
	}
	assert_int_equal(s.errors[3].err, 0);
	rig_stop(&rig);
	rig_close(&rig);
}

/* One record at a time to sleeping workers: each wakes its worker, none waits for the safety net.
 */
static void lone_records_wake(enum inj_dispatch dispatch, bool late)
{
	struct inj_stats s;
	struct inj_hist h;
	uint64_t i;

	rig_open(&rig, 4, RING);
	rig.cfg.dispatch = dispatch;
	for (i = 0; i < 4; i++)
		rig.emu[i].late = late;
	rig_start(&rig);
	for (i = 0; i < 200; i++) {
		struct rig_rec rec;

		rig_record(&rec, 0, i);
		rec.rec.flags = VX_REC_SAMPLED;
		rec.rec.t_entry_ns = rec.rec.t_submit_ns = clock_ns();
		rig_put(&rig, i % 4, &rec);
		clock_sleep_ns(i % 7 * 300000);
	}
	assert_true(rig_wait_done(&rig, 200));
	rig_sum(&rig, &s);
	inj_hist(rig.inj, INJ_ST_TOTAL, &h);
	assert_int_equal(h.count, 200);
	assert_true(inj_hist_quantile(&h, 0.5) < 5000000);
	assert_in_range(s.late_wakeups, 0, 2); /* a producer that is interrupted before it wakes */
	assert_int_equal(inj_in_flight(rig.inj), 0);
	rig_stop(&rig);
	rig_close(&rig);
}

static void a_lone_record_wakes_its_worker(void **state)
{
	(void)state;
	lone_records_wake(INJ_FLOW, false);
}

/* The worker fell asleep between the two looks: an empty record wakes it, and is no packet. */
static void an_empty_record_wakes_it_too(void **state)
{
	(void)state;
	lone_records_wake(INJ_FLOW, true);
	lone_records_wake(INJ_SPREAD, true);
}

/* Wake-ups that never come: the safety net finds the records, and says so. */
static void a_lost_wakeup_is_survived_and_counted(void **state)
{
	struct inj_ring_stats rs;
	struct inj_stats s;
	uint64_t i;

	(void)state;
	rig_open(&rig, 1, RING);
	rig.emu[0].sleepers = NULL;
	rig_start(&rig);
	for (i = 1; i <= 10; i++) {
		clock_sleep_ns(20000000);
		put(0, 0, i);
		assert_true(rig_wait_done(&rig, i));
	}
	rig_sum(&rig, &s);
	inj_ring_stats(rig.inj, 0, &rs);
	assert_in_range(s.late_wakeups, 1, 10); /* 10, when the machine does nothing else */
	assert_int_equal(rs.late_wakeups, s.late_wakeups);
	rig_stop(&rig);
	rig_close(&rig);
}

static void a_stall_shows_in_the_tail(void **state)
{
	struct inj_hist h;
	uint64_t i;

	(void)state;
	rig_open(&rig, 1, RING);
	rig.cfg.batch = 1;
	rig_seen = see_stuck;
	rig_start(&rig);
	atomic_store(&hold, false);
	atomic_store(&holding, false);
	for (i = 0; i < 1000; i++) {
		struct rig_rec rec;

		if (i == 500)
			atomic_store(&hold, true);
		rig_record(&rec, 0, i);
		rec.rec.flags = VX_REC_SAMPLED;
		rec.rec.t_entry_ns = rec.rec.t_submit_ns = clock_ns();
		rig_put(&rig, 0, &rec);
		if (i != 501)
			continue;
		while (!atomic_load(&holding))
			sched_yield();
		clock_sleep_ns(20000000);
		atomic_store(&hold, false);
	}
	assert_true(rig_wait_done(&rig, 1000));
	inj_hist(rig.inj, INJ_ST_SEND, &h);
	assert_true(h.max_ns >= 20000000);
	assert_true(inj_hist_quantile(&h, 0.9999) >= 20000000);
	inj_hist(rig.inj, INJ_ST_RING, &h); /* the one behind it waited in the ring */
	assert_true(h.max_ns >= 15000000);
	rig_stop(&rig);
	rig_close(&rig);
}

static void stop_names_a_stuck_worker(void **state)
{
	struct vx_err err = { 0 };
	struct inj_stats s;

	(void)state;
	rig_open(&rig, 2, RING);
	rig_seen = see_stuck;
	atomic_store(&hold, true);
	rig_start(&rig);
	put(1, 0, 1);
	clock_sleep_ns(1200000000);
	inj_worker_stats(rig.inj, 1, &s);
	assert_true(s.stuck);
	inj_worker_stats(rig.inj, 0, &s);
	assert_false(s.stuck);
	assert_int_equal(inj_stop(rig.inj, 10, &err), -ETIMEDOUT);
	assert_non_null(strstr(err.msg, "worker 1"));
	atomic_store(&hold, false);
	assert_int_equal(inj_stop(rig.inj, 10, &err), 0);
	rig_close(&rig);
}

static void stop_says_what_was_left(void **state)
{
	struct vx_err err = { 0 };

	(void)state;
	rig_open(&rig, 1, RING);
	rig_start(&rig);
	assert_non_null(emu_reserve(&rig.emu[0], sizeof(struct rig_rec))); /* never committed */
	put(0, 0, 1);
	assert_int_equal(inj_stop(rig.inj, 30, &err), -EAGAIN);
	assert_non_null(strstr(err.msg, "2 records"));
	assert_int_equal(inj_in_flight(rig.inj), 2);
	rig_close(&rig);
}

static void trace_results_come_out(void **state)
{
	struct inj_trace_result res;
	struct rig_rec rec;
	uint32_t i;

	(void)state;
	rig_open(&rig, 1, RING);
	rig_seen = see_refused;
	rig_start(&rig);
	assert_int_equal(inj_trace_pop(rig.inj, &res), 0);
	for (i = 0; i < 8; i++) {
		rig_record(&rec, 0, i);
		rec.rec.flags = VX_REC_TRACED;
		rec.rec.trace_id = 100 + i;
		rig_put(&rig, 0, &rec);
	}
	assert_true(rig_wait_done(&rig, 8));
	for (i = 0; i < 8; i++) {
		assert_int_equal(inj_trace_pop(rig.inj, &res), 1);
		assert_int_equal(res.trace_id, 100 + i);
		assert_int_equal(res.worker, 0);
		assert_int_equal(res.err, i % 4);
	}
	assert_int_equal(inj_trace_pop(rig.inj, &res), 0);
	rig_stop(&rig);
	rig_close(&rig);
}

static void new_refuses(void **state)
{
	struct vx_err err = { 0 };
	struct inj *inj;

	(void)state;
	rig_open(&rig, 2, RING);
	rig.cfg.n_workers = 0;
	assert_int_equal(inj_new(&inj, &rig.cfg, &err), -EINVAL);
	rig.cfg.n_workers = INJ_MAX_WORKERS + 1;
	assert_int_equal(inj_new(&inj, &rig.cfg, &err), -EINVAL);
	rig.cfg.n_workers = 2;
	rig.cfg.batch = 65;
	assert_int_equal(inj_new(&inj, &rig.cfg, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "batch 65"));
	rig.cfg.batch = 1;
	rig.sizes[1] = 12345;
	assert_int_equal(inj_new(&inj, &rig.cfg, &err), -EINVAL);
	rig.sizes[1] = RING;
	rig.cfg.wake_fds = NULL; /* the memfds: cannot be waited for */
	assert_int_equal(inj_new(&inj, &rig.cfg, &err), -EPERM);
	inj_free(NULL);
	rig_close(&rig);
}

/* Four idle workers: processor time of the whole process over a second. */
static void idle_costs_little(void **state)
{
	struct rusage a, b;
	int64_t us;

	(void)state;
	rig_open(&rig, 4, RING);
	rig_start(&rig);
	clock_sleep_ns(50000000);
	getrusage(RUSAGE_SELF, &a);
	clock_sleep_ns(1000000000);
	getrusage(RUSAGE_SELF, &b);
	us = (b.ru_utime.tv_sec - a.ru_utime.tv_sec + b.ru_stime.tv_sec - a.ru_stime.tv_sec) *
		     1000000 +
	     b.ru_utime.tv_usec - a.ru_utime.tv_usec + b.ru_stime.tv_usec - a.ru_stime.tv_usec;
	print_message("idle: %lld us of processor time in 1 s, 4 workers\n", (long long)us);
	assert_true(us < 100000); /* generous: other tests run beside; the goal is 20,000 */
	rig_stop(&rig);
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_record_has_its_row),
		cmocka_unit_test(eight_workers_on_two_cpus),
		cmocka_unit_test(null_egress_counts_as_sent),
		cmocka_unit_test(stop_drains),
		cmocka_unit_test(spread_uses_every_worker_on_one_flow),
		cmocka_unit_test(flow_leaves_a_ring_to_its_worker),
		cmocka_unit_test(an_idle_worker_publishes_the_last_batch),
		cmocka_unit_test(starts_again_after_a_stop),
		cmocka_unit_test(errors_are_told_apart),
		cmocka_unit_test(a_lone_record_wakes_its_worker),
		cmocka_unit_test(an_empty_record_wakes_it_too),
		cmocka_unit_test(a_lost_wakeup_is_survived_and_counted),
		cmocka_unit_test(a_stall_shows_in_the_tail),
		cmocka_unit_test(stop_names_a_stuck_worker),
		cmocka_unit_test(stop_says_what_was_left),
		cmocka_unit_test(trace_results_come_out),
		cmocka_unit_test(new_refuses),
		cmocka_unit_test(idle_costs_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
