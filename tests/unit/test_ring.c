/* SPDX-License-Identifier: GPL-2.0-only */
/* The ring's claim and complete, one thread: every edge that the stress test can only hope to meet.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "inj.h"
#include "ring.h"
#include "ring_emu.h"

#define SIZE 4096

struct t {
	struct emu emu;
	struct ring ring;
};

static int setup(void **state)
{
	static struct t t;

	emu_open(&t.emu, SIZE, NULL);
	assert_int_equal(
		ring_init(&t.ring, t.emu.consumer, t.emu.producer, t.emu.data, SIZE, false), 0);
	*state = &t;
	return 0;
}

static int teardown(void **state)
{
	struct t *t = *state;

	ring_fini(&t->ring);
	emu_close(&t->emu);
	return 0;
}

/* A record of len bytes that carries a number; NULL when the ring is full. */
static void *reserve(struct t *t, uint32_t n, size_t len)
{
	struct vx_record *rec = emu_reserve(&t->emu, len);

	if (rec)
		rec->trace_id = n;
	return rec;
}

static bool put(struct t *t, uint32_t n, size_t len)
{
	void *p = reserve(t, n, len);

	if (p)
		emu_commit(&t->emu, p, false);
	return p != NULL;
}

static void drop(struct t *t, size_t len)
{
	emu_commit(&t->emu, emu_reserve(&t->emu, len), true);
}

/* Claims and compares the numbers first, first + 1, ... */
static void claim(struct t *t, struct ring_claim *c, unsigned max, unsigned n, uint32_t first)
{
	unsigned i;

	assert_int_equal(ring_claim(&t->ring, c, max, false), n);
	for (i = 0; i < n; i++)
		assert_int_equal(c->rec[i]->trace_id, first + i);
}

static void empty_gives_nothing(void **state)
{
	struct t *t = *state;
	struct ring_claim c;

	claim(t, &c, 64, 0, 0);
	assert_false(ring_has_work(&t->ring));
	assert_false(ring_is_ready(&t->ring));
	assert_int_equal(ring_in_flight(&t->ring), 0);
}

static void claims_in_order_up_to_max(void **state)
{
	struct t *t = *state;
	struct ring_claim a, b;
	uint32_t i;

	for (i = 0; i < 5; i++)
		assert_true(put(t, i, 128));
	claim(t, &a, 3, 3, 0);
	claim(t, &b, 64, 2, 3);
	assert_int_equal(a.end, b.start);
	assert_int_equal(ring_in_flight(&t->ring), 5);
	ring_complete(&a);
	assert_int_equal(ring_in_flight(&t->ring), 2);
	ring_complete(&b);
	assert_int_equal(ring_consumer_pos(&t->ring), ring_producer_pos(&t->ring));
}

static void busy_ends_a_claim(void **state)
{
	struct t *t = *state;
	struct ring_claim c;
	void *busy;

	assert_true(put(t, 0, 128));
	busy = reserve(t, 1, 128);
	assert_true(put(t, 2, 128));
	claim(t, &c, 64, 1, 0);
	ring_complete(&c);
	claim(t, &c, 64, 0, 0);
	assert_true(ring_has_work(&t->ring));
	assert_false(ring_is_ready(&t->ring));
	assert_int_equal(ring_in_flight(&t->ring), 2);
	emu_commit(&t->emu, busy, false);
	assert_true(ring_is_ready(&t->ring));
	claim(t, &c, 64, 2, 1);
	ring_complete(&c);
	assert_int_equal(ring_in_flight(&t->ring), 0);
}

static void discarded_is_skipped(void **state)
{
	struct t *t = *state;
	struct ring_claim c;

	assert_true(put(t, 0, 128));
	drop(t, 256);
	assert_true(put(t, 1, 128));
	drop(t, 128);
	assert_int_equal(ring_in_flight(&t->ring), 2);
	claim(t, &c, 64, 2, 0);
	ring_complete(&c);
	assert_int_equal(ring_consumer_pos(&t->ring), ring_producer_pos(&t->ring));
}

/* Nothing to deliver, but the space must come back. */
static void only_discarded_frees_its_space(void **state)
{
	struct t *t = *state;
	struct ring_claim c;

	drop(t, 128);
	drop(t, 128);
	claim(t, &c, 64, 0, 0);
	assert_int_equal(ring_consumer_pos(&t->ring), ring_producer_pos(&t->ring));
	assert_false(ring_has_work(&t->ring));
}

static void discarded_before_busy(void **state)
{
	struct t *t = *state;
	struct ring_claim c;
	void *busy;

	drop(t, 128);
	busy = reserve(t, 7, 128);
	claim(t, &c, 64, 0, 0);
	emu_commit(&t->emu, busy, false);
	claim(t, &c, 64, 1, 7);
	ring_complete(&c);
	assert_int_equal(ring_consumer_pos(&t->ring), ring_producer_pos(&t->ring));
}

static void full_until_completed(void **state)
{
	struct t *t = *state;
	struct ring_claim c;
	uint32_t n = 0;

	while (put(t, n, 504))
		n++;
	assert_int_equal(n, SIZE / 512);
	assert_int_equal(ring_note_used(&t->ring), SIZE);
	claim(t, &c, 64, n, 0);
	assert_false(put(t, 99, 504));
	ring_complete(&c);
	assert_true(put(t, n, 504));
	claim(t, &c, 64, 1, n);
	ring_complete(&c);
	assert_int_equal(atomic_load(&t->ring.high), SIZE);
}

/* Sizes that do not divide the ring: records lie over its end in every possible way. */
static void wraps_without_a_seam(void **state)
{
	struct t *t = *state;
	unsigned char want[1000];
	uint32_t i;

	for (i = 0; i < 2000; i++) {
		size_t len = sizeof(struct vx_record) + 34 + i % 800;
		struct ring_claim c;
		unsigned char *p = reserve(t, i, len);

		assert_non_null(p);
		memset(want, (int)i, sizeof(want));
		memset(p + sizeof(struct vx_record), (int)i, len - sizeof(struct vx_record));
		emu_commit(&t->emu, p, false);
		claim(t, &c, 64, 1, i);
		assert_memory_equal(c.rec[0] + 1, want, len - sizeof(struct vx_record));
		ring_complete(&c);
	}
	assert_true(ring_consumer_pos(&t->ring) > 100 * SIZE);
	assert_int_equal(ring_consumer_pos(&t->ring), ring_producer_pos(&t->ring));
}

static void completes_in_any_order(void **state)
{
	struct t *t = *state;
	struct ring_claim c[4];
	uint32_t i;

	for (i = 0; i < 4; i++)
		assert_true(put(t, i, 128));
	for (i = 0; i < 4; i++)
		claim(t, &c[i], 1, 1, i);
	ring_complete(&c[3]);
	ring_complete(&c[1]);
	assert_int_equal(ring_consumer_pos(&t->ring), 0);
	assert_int_equal(ring_in_flight(&t->ring), 4);
	ring_complete(&c[0]);
	assert_int_equal(ring_consumer_pos(&t->ring), c[2].start);
	ring_complete(&c[2]);
	assert_int_equal(ring_consumer_pos(&t->ring), ring_producer_pos(&t->ring));
}

/* The holder of the lock may have looked past our mark; a later look by anybody brings it out. */
static void last_batch_is_published_by_an_idle_look(void **state)
{
	struct t *t = *state;
	struct ring_claim c;

	assert_true(put(t, 0, 128));
	claim(t, &c, 64, 1, 0);
	atomic_store(&t->ring.lock, 1);
	ring_complete(&c);
	assert_int_equal(ring_consumer_pos(&t->ring), 0);
	atomic_store(&t->ring.lock, 0);
	ring_publish(&t->ring);
	assert_int_equal(ring_consumer_pos(&t->ring), ring_producer_pos(&t->ring));
}

static void owned_keeps_others_out_and_waits_for_them(void **state)
{
	struct t *t = *state;
	struct ring_claim other, own;
	uint32_t i;

	for (i = 0; i < 3; i++)
		assert_true(put(t, i, 128));
	claim(t, &other, 1, 1, 0);
	ring_set_owned(&t->ring, true);
	claim(t, &own, 64, 0, 0); /* not the owner */
	assert_int_equal(ring_claim(&t->ring, &own, 64, true), 0);
	assert_true(ring_has_work(&t->ring));
	ring_complete(&other);
	assert_int_equal(ring_claim(&t->ring, &own, 64, true), 2);
	assert_int_equal(own.rec[0]->trace_id, 1);
	ring_complete(&own);
	ring_set_owned(&t->ring, false);
	assert_true(put(t, 3, 128));
	claim(t, &other, 64, 1, 3);
	ring_complete(&other);
}

static void open_maps_what_the_producer_writes(void **state)
{
	struct t *t = *state;
	struct ring_claim c;
	struct vx_err err;
	struct ring r;
	uint32_t i;

	assert_int_equal(ring_open(&r, t->emu.fd, SIZE, true, &err), 0);
	for (i = 0; i < 100; i++) {
		assert_true(put(t, i, 700));
		assert_int_equal(ring_claim(&r, &c, 64, true), 1);
		assert_int_equal(c.rec[0]->trace_id, i);
		ring_complete(&c);
	}
	assert_int_equal(atomic_load(t->emu.consumer), atomic_load(t->emu.producer));
	ring_close(&r);
}

static void open_refuses(void **state)
{
	struct t *t = *state;
	struct vx_err err;
	struct ring r;

	assert_int_equal(ring_open(&r, t->emu.fd, 5000, true, &err), -EINVAL);
	assert_int_equal(ring_open(&r, t->emu.fd, 64, true, &err), -EINVAL);
	assert_int_equal(ring_open(&r, -1, SIZE, true, &err), -EBADF);
	assert_non_null(strstr(err.msg, "consumer page"));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(empty_gives_nothing),
		T(claims_in_order_up_to_max),
		T(busy_ends_a_claim),
		T(discarded_is_skipped),
		T(only_discarded_frees_its_space),
		T(discarded_before_busy),
		T(full_until_completed),
		T(wraps_without_a_seam),
		T(completes_in_any_order),
		T(last_batch_is_published_by_an_idle_look),
		T(owned_keeps_others_out_and_waits_for_them),
		T(open_maps_what_the_producer_writes),
		T(open_refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
