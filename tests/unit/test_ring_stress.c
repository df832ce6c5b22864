/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Eight claimers on one ring: batches of 1 to 64, random stalls, BUSY and DISCARDed records among
 * the others, each delivered exactly once and whole. VX_STRESS_N sets the number of records (10
 * million).
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "inj.h"
#include "ring.h"
#include "ring_emu.h"

#define CLAIMERS 8
#define SIZE	 (1 << 18)
#ifdef __SANITIZE_THREAD__
#define RECORDS 2000000
#else
#define RECORDS 10000000
#endif
#define WINDOW 16 /* records that are BUSY at a time */

static struct emu emu;
static struct ring ring;
static uint32_t n_records;
static _Atomic unsigned char *seen;
static _Atomic uint32_t n_seen, n_bad, n_order;
static _Atomic unsigned flips; /* of owned; odd while a flip is under way */
static _Atomic bool over;

struct payload { /* behind struct vx_record, and again at the record's end */
	uint64_t number, check;
};

static uint32_t next_random(uint32_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 17;
	*x ^= *x << 5;
	return *x;
}

static size_t len_of(uint32_t number)
{
	return sizeof(struct vx_record) + 48 + number % 37 * 8;
}

static void fill(void *p, uint32_t number)
{
	struct vx_record rec = { .trace_id = number, .len = (uint32_t)len_of(number) };
	struct payload load = { number, ~(uint64_t)number };

	emu_copy(p, &rec, sizeof(rec));
	emu_copy((struct vx_record *)p + 1, &load, sizeof(load));
	emu_copy((unsigned char *)p + len_of(number) - sizeof(load), &load, sizeof(load));
}

/* Keeps some records reserved and commits a random one of them, as CPUs in the middle of a packet
 * do. */
static void *produce(void *arg)
{
	uint32_t x = 1, number = 0, n = 0, kept[WINDOW];
	void *open[WINDOW];

	(void)arg;
	while (number < n_records || n) {
		uint32_t i;

		if (number < n_records && n < WINDOW) {
			bool drop = next_random(&x) % 16 == 0;
			void *p = emu_reserve(&emu, len_of(number));

			if (p) {
				kept[n] = drop;
				open[n++] = p;
				if (!drop)
					fill(p, number++);
				if (next_random(&x) % 4)
					continue;
			} else if (!n) {
				sched_yield();
			}
		}
		if (!n)
			continue;
		i = next_random(&x) % n;
		emu_commit(&emu, open[i], kept[i]);
		open[i] = open[--n];
		kept[i] = kept[n];
	}
	return NULL;
}

static void deliver(const struct vx_record *rec)
{
	uint32_t number = rec->trace_id;
	const struct payload *a = (const void *)(rec + 1), *b;

	b = (const void *)((const unsigned char *)rec + len_of(number) - sizeof(*b));
	if (number >= n_records || a->number != number || memcmp(a, b, sizeof(*a)) ||
	    a->check != ~(uint64_t)number || atomic_fetch_add(&seen[number], 1))
		atomic_fetch_add(&n_bad, 1);
}

static void stall(uint32_t x)
{
	if (x % 4096 == 0)
		clock_sleep_ns(200000);
	else if (x % 64 == 0)
		sched_yield();
}

static void *consume(void *arg)
{
	uint32_t id = (uint32_t)(uintptr_t)arg, x = id + 77;
	struct ring_claim c;

	while (atomic_load(&n_seen) < n_records && !atomic_load(&n_bad)) {
		unsigned before = atomic_load(&flips), i;
		unsigned n = ring_claim(&ring, &c, 1 + next_random(&x) % INJ_MAX_BATCH, id == 0);

		if (!n) {
			ring_publish(&ring);
			sched_yield();
			continue;
		}
		/* claimed as the owner, with no flip meanwhile (2, 6, 10, ...): all before it is
		 * done */
		if (id == 0 && before % 4 == 2 && before == atomic_load(&flips) &&
		    atomic_load(&n_seen) != c.rec[0]->trace_id)
			atomic_fetch_add(&n_order, 1);
		for (i = 0; i < n; i++)
			deliver(c.rec[i]);
		stall(next_random(&x));
		atomic_fetch_add(&n_seen, n);
		ring_complete(&c);
	}
	ring_publish(&ring);
	return NULL;
}

/* owned and shared in turn */
static void *flip(void *arg)
{
	(void)arg;
	while (!atomic_load(&over)) {
		bool owned = atomic_load(&flips) % 4 == 0;

		atomic_fetch_add(&flips, 1);
		ring_set_owned(&ring, owned);
		atomic_fetch_add(&flips, 1);
		clock_sleep_ns(300000);
	}
	return NULL;
}

static void run(uint32_t records, bool with_flips)
{
	pthread_t producer, flipper, claimer[CLAIMERS];
	uint32_t i, missing = 0;

	n_records = records;
	atomic_store(&n_seen, 0);
	atomic_store(&flips, 0);
	atomic_store(&over, false);
	seen = calloc(records, 1);
	assert_non_null(seen);
	emu_open(&emu, SIZE, NULL);
	assert_int_equal(ring_init(&ring, emu.consumer, emu.producer, emu.data, SIZE, false), 0);
	for (i = 0; i < CLAIMERS; i++)
		assert_int_equal(pthread_create(&claimer[i], NULL, consume, (void *)(uintptr_t)i),
				 0);
	if (with_flips)
		assert_int_equal(pthread_create(&flipper, NULL, flip, NULL), 0);
	assert_int_equal(pthread_create(&producer, NULL, produce, NULL), 0);
	for (i = 0; i < CLAIMERS; i++)
		pthread_join(claimer[i], NULL);
	pthread_join(producer, NULL);
	atomic_store(&over, true);
	if (with_flips)
		pthread_join(flipper, NULL);

	for (i = 0; i < records; i++)
		missing += atomic_load(&seen[i]) != 1;
	assert_int_equal(atomic_load(&n_bad), 0);
	assert_int_equal(missing, 0);
	assert_int_equal(atomic_load(&n_order), 0);
	if (ring_has_work(&ring)) { /* discarded ones at the very end */
		struct ring_claim c;

		assert_int_equal(ring_claim(&ring, &c, 1, true), 0);
	}
	assert_int_equal(ring_consumer_pos(&ring), ring_producer_pos(&ring));
	ring_fini(&ring);
	emu_close(&emu);
	free((void *)seen);
}

static uint32_t wanted(void)
{
	const char *env = getenv("VX_STRESS_N");

	return env ? (uint32_t)strtoul(env, NULL, 10) : RECORDS;
}

static void each_exactly_once(void **state)
{
	(void)state;
	run(wanted(), false);
}

/* Order is kept from the moment that a ring is owned again. */
static void owner_waits_for_the_others(void **state)
{
	(void)state;
	run(wanted() / 10, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_exactly_once),
		cmocka_unit_test(owner_waits_for_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
