/* SPDX-License-Identifier: GPL-2.0-only */
/* Live changes of the injector under load: nothing lost, and order kept whenever the dispatch is
 * flow. */
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

#define RING	(1 << 16)
#define WORKERS 4
#define FLOW	2 /* the ring that gets it all */

static struct rig rig;
static _Atomic uint64_t n_seen, n_wrong;
static _Atomic bool hold;

/* A record of flow 1 was put while the dispatch was flow: all before it must be through, none after
 * it. */
static int see(unsigned worker, const struct vx_record *rec)
{
	struct rig_load load = rig_load(rec);
	uint64_t before = atomic_fetch_add(&n_seen, 1);

	(void)worker;
	if (load.flow && before != load.seq)
		atomic_fetch_add(&n_wrong, 1);
	if (load.seq % 61 == 0)
		sched_yield();
	return 0;
}

static int see_held(unsigned worker, const struct vx_record *rec)
{
	(void)rec;
	while (worker == 0 && atomic_load(&hold))
		clock_sleep_ns(100000);
	return 0;
}

static uint64_t put_some(uint64_t seq, unsigned n, bool strict)
{
	struct rig_rec rec;

	while (n--) {
		rig_record(&rec, strict, seq++);
		rig_put(&rig, FLOW, &rec);
	}
	return seq;
}

static void setup(void)
{
	atomic_store(&n_seen, 0);
	atomic_store(&n_wrong, 0);
	rig_open(&rig, WORKERS, RING);
	rig_seen = see;
}

static void finish(uint64_t n)
{
	struct inj_stats s;

	assert_true(rig_wait_done(&rig, n));
	rig_sum(&rig, &s);
	assert_int_equal(s.done[0], n);
	/* A frame has its row first, and is out of flight a moment later. */
	for (unsigned ms = 0; ms < 1000 && inj_in_flight(rig.inj); ms++)
		clock_sleep_ns(1000000);
	assert_int_equal(inj_in_flight(rig.inj), 0);
	assert_int_equal(atomic_load(&n_wrong), 0);
	rig_stop(&rig);
	rig_close(&rig);
}

static void dispatch_under_load(void **state)
{
	uint64_t seq = 0;
	unsigned i;

	(void)state;
	setup();
	rig_start(&rig);
	for (i = 0; i < 300; i++) {
		inj_set_dispatch(rig.inj, INJ_SPREAD);
		seq = put_some(seq, 50 + i, false);
		inj_set_dispatch(rig.inj, INJ_FLOW);
		seq = put_some(seq, 50 + i, true);
		/* what was put under flow must leave under flow, for the tap to be right to insist
		 */
		assert_true(rig_wait_done(&rig, seq));
	}
	finish(seq);
}

static void batch_and_cpus_under_load(void **state)
{
	static const int cpus[] = { 0, 1 };
	struct vx_err err = { 0 };
	uint64_t seq = 0;
	unsigned i;

	(void)state;
	setup();
	rig_start(&rig);
	for (i = 0; i < 200; i++) {
		inj_set_batch(rig.inj, i);
		assert_int_equal(inj_set_cpus(rig.inj, cpus, i % 2, &err), 0);
		seq = put_some(seq, 200, true);
	}
	finish(seq);
}

static void cpus_that_are_not_there(void **state)
{
	static const int good[] = { 0 }, bad[] = { 1000 }, absurd[] = { -1 };
	struct vx_err err = { 0 };
	struct inj_stats s;

	(void)state;
	setup();
	rig.cfg.cpus = good;
	rig.cfg.n_cpus = 1;
	rig_start(&rig);
	assert_int_equal(inj_set_cpus(rig.inj, absurd, 1, &err), -EINVAL);
	assert_int_equal(inj_set_cpus(rig.inj, bad, 1, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "CPU 1000"));
	put_some(0, 1, true);
	assert_true(rig_wait_done(&rig, 1));
	clock_sleep_ns(30000000);
	inj_worker_stats(rig.inj, FLOW, &s); /* still where it was */
	assert_int_equal(s.cpu, 0);
	finish(1);
}

static void start_on_a_cpu_that_is_not_there(void **state)
{
	static const int bad[] = { 1000 };
	struct vx_err err = { 0 };

	(void)state;
	setup();
	rig.cfg.cpus = bad;
	rig.cfg.n_cpus = 1;
	assert_int_equal(inj_new(&rig.inj, &rig.cfg, &err), 0);
	assert_int_equal(inj_start(rig.inj, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "CPU 1000"));
	rig_close(&rig);
}

/* From the tap to the null egress and on: the counters go on, none lost. */
static void egress_under_load(void **state)
{
	struct vx_err err = { 0 };
	uint64_t seq = 0;
	unsigned i;

	(void)state;
	setup();
	rig_start(&rig);
	for (i = 0; i < 100; i++) {
		seq = put_some(seq, 100, true);
		assert_int_equal(inj_set_egress(rig.inj, INJ_EGRESS_NULL, 0, false, &err), 0);
	}
	finish(seq);
}

static void egress_that_cannot_be_opened(void **state)
{
	struct vx_err err = { 0 };

	(void)state;
	setup();
	rig_start(&rig);
	assert_true(inj_set_egress(rig.inj, INJ_EGRESS_PACKET, 0x7ffffff, false, &err) < 0);
	assert_true(err.msg[0]);
	put_some(0, 100, true);
	assert_true(rig_wait_done(&rig, 100));
	assert_int_equal(atomic_load(&n_seen), 100); /* the tap is still there */
	finish(100);
}

static void egress_change_with_a_stuck_worker(void **state)
{
	struct vx_err err = { 0 };
	struct rig_rec rec;

	(void)state;
	setup();
	rig_seen = see_held;
	atomic_store(&hold, true);
	rig_start(&rig);
	rig_record(&rec, 0, 0);
	rig_put(&rig, 0, &rec);
	clock_sleep_ns(5000000);
	assert_int_equal(inj_set_egress(rig.inj, INJ_EGRESS_NULL, 0, false, &err), 0);
	assert_int_equal(inj_set_egress(rig.inj, INJ_EGRESS_NULL, 0, false, &err), -EBUSY);
	assert_non_null(strstr(err.msg, "worker 0"));
	atomic_store(&hold, false);
	finish(1);
}

static void egress_before_start(void **state)
{
	struct vx_err err = { 0 };

	(void)state;
	setup();
	assert_int_equal(inj_new(&rig.inj, &rig.cfg, &err), 0);
	assert_int_equal(inj_set_egress(rig.inj, INJ_EGRESS_NULL, 0, false, &err), 0);
	assert_int_equal(inj_start(rig.inj, &err), 0);
	put_some(0, 100, true);
	finish(100);
	assert_int_equal(atomic_load(&n_seen), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dispatch_under_load),
		cmocka_unit_test(batch_and_cpus_under_load),
		cmocka_unit_test(cpus_that_are_not_there),
		cmocka_unit_test(start_on_a_cpu_that_is_not_there),
		cmocka_unit_test(egress_under_load),
		cmocka_unit_test(egress_that_cannot_be_opened),
		cmocka_unit_test(egress_change_with_a_stuck_worker),
		cmocka_unit_test(egress_before_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
