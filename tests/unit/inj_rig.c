/* SPDX-License-Identifier: GPL-2.0-only */
/* The injector's test rig: emulated rings, a tap for an egress, sums of counters. */
#include "inj_rig.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"

#define WAIT_NS	 5000000000ULL
#define LOAD_OFF 34 /* Ethernet 14, IPv4 20 */

int (*rig_seen)(unsigned worker, const struct vx_record *rec);

static int tap_open(struct egress **out, const struct egress_cfg *cfg, struct vx_err *err)
{
	(void)cfg;
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : vx_err_set(err, -ENOMEM, "tap: no memory");
}

static void tap_send(struct egress *e, const struct egress_frame *f, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		int err = rig_seen ? rig_seen(e->worker, f[i].rec) : 0;

		if (err)
			egress_failed(e, &f[i], 1, err);
		else
			egress_sent(e, &f[i], 1);
	}
}

static void tap_close(struct egress *e)
{
	free(e);
}

const struct egress_ops rig_tap = {
	.name = "tap", .open = tap_open, .send = tap_send, .close = tap_close
};

void rig_open(struct rig *r, unsigned n, size_t ring_size)
{
	unsigned i;

	memset(r, 0, sizeof(*r));
	rig_seen = NULL;
	r->n = n;
	for (i = 0; i < n; i++) {
		emu_open(&r->emu[i], ring_size, &r->wake[i]);
		r->fds[i] = r->emu[i].fd;
		r->wake_fds[i] = r->emu[i].wake_fd;
		r->sizes[i] = ring_size;
	}
	r->cfg = (struct inj_cfg){
		.n_workers = n,
		.ring_fds = r->fds,
		.wake_fds = r->wake_fds,
		.ring_sizes = r->sizes,
		.wake = r->wake,
		.dispatch = INJ_FLOW,
		.batch = INJ_MAX_BATCH,
		.egress_ops = &rig_tap,
	};
}

void rig_start(struct rig *r)
{
	struct vx_err err;

	assert_int_equal(inj_new(&r->inj, &r->cfg, &err), 0);
	assert_int_equal(inj_start(r->inj, &err), 0);
}

void rig_stop(struct rig *r)
{
	struct vx_err err = { 0 };
	int code = inj_stop(r->inj, 2000, &err);

	if (code)
		print_error("%s\n", err.msg);
	assert_int_equal(code, 0);
	inj_free(r->inj);
	r->inj = NULL;
}

void rig_close(struct rig *r)
{
	unsigned i;

	inj_free(r->inj);
	for (i = 0; i < r->n; i++)
		emu_close(&r->emu[i]);
}

void rig_record(struct rig_rec *out, uint64_t flow, uint64_t seq)
{
	static const unsigned char head[LOAD_OFF] = { 2, 0, 0, 0,  0,  1,    2, 0, 0,
						      0, 0, 2, 8,  0,  0x45, 0, 0, RIG_FRAME - 14,
						      0, 0, 0, 0,  64, 17,   0, 0, 10,
						      0, 0, 1, 10, 0,  0,    2 };
	struct rig_load load = { flow, seq };

	memset(out, 0, sizeof(*out));
	out->rec.len = RIG_FRAME;
	out->rec.family = VX_IP4;
	memcpy(out->frame, head, sizeof(head));
	memcpy(out->frame + LOAD_OFF, &load, sizeof(load));
}

struct rig_load rig_load(const struct vx_record *rec)
{
	struct rig_load load;

	memcpy(&load, (const unsigned char *)(rec + 1) + LOAD_OFF, sizeof(load));
	return load;
}

void rig_put(struct rig *r, unsigned ring, const struct rig_rec *rec)
{
	uint64_t end = clock_ns() + WAIT_NS;
	void *p;

	while (!(p = emu_reserve(&r->emu[ring], sizeof(*rec)))) {
		assert_true(clock_ns() < end);
		sched_yield();
	}
	emu_copy(p, rec, sizeof(*rec));
	emu_commit(&r->emu[ring], p, false);
}

void rig_sum(const struct rig *r, struct inj_stats *sum)
{
	unsigned i, k;

	memset(sum, 0, sizeof(*sum));
	for (i = 0; i < r->n; i++) {
		struct inj_stats s;

		inj_worker_stats(r->inj, i, &s);
		sum->sent += s.sent;
		sum->sent_bytes += s.sent_bytes;
		sum->tx_failed += s.tx_failed;
		sum->frag_unknown += s.frag_unknown;
		sum->held_natted += s.held_natted;
		sum->held_unnatted += s.held_unnatted;
		sum->batches += s.batches;
		sum->late_wakeups += s.late_wakeups;
		sum->pending += s.pending;
		for (k = 0; k < 2; k++)
			sum->done[k] += s.done[k];
	}
}

bool rig_wait_done(const struct rig *r, uint64_t n)
{
	uint64_t end = clock_ns() + WAIT_NS;
	struct inj_stats s;

	do {
		rig_sum(r, &s);
		if (s.done[0] + s.done[1] >= n)
			return s.done[0] + s.done[1] == n;
		clock_sleep_ns(100000);
	} while (clock_ns() < end);
	return false;
}
