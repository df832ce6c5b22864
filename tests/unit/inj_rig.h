/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An injector on emulated rings, with an egress that shows each frame to the test. For tests/unit.
 */
#ifndef TESTS_UNIT_INJ_RIG_H
#define TESTS_UNIT_INJ_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "egress.h"
#include "inj.h"
#include "ring_emu.h"

#define RIG_MAX	  8
#define RIG_FRAME 56 /* Ethernet, IPv4, 22 bytes of which the first 16 are struct rig_load */

struct rig_load {
	uint64_t flow, seq;
};

struct rig {
	unsigned n;
	struct emu emu[RIG_MAX];
	struct vx_wake wake[VX_MAX_RINGS];
	int fds[RIG_MAX], wake_fds[RIG_MAX];
	size_t sizes[RIG_MAX];
	struct inj_cfg cfg; /* as rig_open left it: flow, batch 64, not pinned, egress rig_tap */
	struct inj *inj;
};

/* Called on the worker's thread for each frame that the tap sends; returns 0, or an errno to fail
 * with. */
extern int (*rig_seen)(unsigned worker, const struct vx_record *rec);
extern const struct egress_ops rig_tap;

void rig_open(struct rig *r, unsigned n, size_t ring_size);
void rig_start(struct rig *r); /* inj_new and inj_start, asserted */
void rig_stop(
	struct rig *r); /* drains (2 s), asserted; then free, after which the counters are gone */
void rig_close(struct rig *r);

/* A record ready to be put, with an IPv4 frame. */
struct rig_rec {
	struct vx_record rec;
	unsigned char frame[RIG_FRAME];
};
void rig_record(struct rig_rec *out, uint64_t flow, uint64_t seq);
struct rig_load rig_load(const struct vx_record *rec);
/* Waits while the ring is full. */
void rig_put(struct rig *r, unsigned ring, const struct rig_rec *rec);

/* Sum over the workers. */
void rig_sum(const struct rig *r, struct inj_stats *sum);
/* Until so many have their row; false after 5 s. */
bool rig_wait_done(const struct rig *r, uint64_t n);

#endif
