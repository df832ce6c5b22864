/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A way out: takes frames from a worker and accounts for each. For injector/ and its tests.
 * One instance a worker, opened and closed by the engine, used by that worker alone.
 */
#ifndef INJECTOR_EGRESS_H
#define INJECTOR_EGRESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "stats.h"

/* A frame lies behind its record: bytes rec + 1, rec->len of them. */
struct egress_frame {
	const struct vx_record *rec;
	uint64_t claim_ns; /* when it was taken out of the ring */
};

/* What all workers' egresses look at. [engine -> inj-N] */
struct egress_env {
	_Atomic bool give_up;	/* stop is overdue: no more waiting for room */
	_Atomic bool link_down; /* the egress has no carrier: the kernel would take frames and drop
				   them */
	_Atomic uint32_t mtu;	/* of the egress; 0: not known */
};

struct egress {
	const struct egress_ops *ops;
	struct stats *st;
	const struct egress_env *env;
	unsigned worker;
};

struct egress_cfg {
	unsigned worker;
	int ifindex;
	bool qdisc_bypass;
	bool zerocopy;		/* AF_XDP */
	struct egress *current; /* what the worker uses now: the new one may go on with what it has
				   open. NULL: none */
};

struct egress_ops {
	const char *name;
	/* Leaves base.ops, st, env, worker to the caller. [engine] */
	int (*open)(struct egress **out, const struct egress_cfg *cfg, struct vx_err *err);
	/*
	 * Takes all n (<= INJ_MAX_BATCH) frames, in order. Each is reported once by egress_sent()
	 * or egress_failed(), now or from a later send() or poll(); record and bytes are read only
	 * before send() returns, so one that completes later keeps a copy of the record. [inj-N]
	 */
	void (*send)(struct egress *e, const struct egress_frame *f, unsigned n);
	/* Looks for completions; returns how many frames have no result yet. NULL: never any.
	 * [inj-N] */
	unsigned (*poll)(struct egress *e);
	/*
	 * Before the worker leaves it: waits, for a bounded time, until the device has taken all
	 * frames, and gives up the rest: then none is without a result. NULL: nothing to wait for.
	 * [inj-N]
	 */
	void (*finish)(struct egress *e);
	void (*close)(struct egress *e); /* [engine], no worker uses it any more */
};

extern const struct egress_ops egress_packet; /* AF_PACKET, always available */
extern const struct egress_ops
	egress_xdp; /* AF_XDP; a worker's TX queue is the one of its number */
extern const struct egress_ops egress_null; /* says sent, sends nothing */

/* Whether the device still has to take frames that were sent by this packet egress. */
bool egress_packet_busy(const struct egress *e);

/* A frame found no room: whether to wait and try again, or it has had its time (100 ms from the
 * first call on, with *deadline 0) or the workers are to stop. */
bool egress_try_again(struct egress *e, uint64_t *deadline);
/* The device is down or gone: nothing to wait for. */
bool egress_is_gone(int err);

/* A sampled, traced or held frame has its result (0: sent, or an errno). */
void egress_note(struct egress *e, const struct egress_frame *f, int err);

/* n frames have left. */
static inline void egress_sent(struct egress *e, const struct egress_frame *f, unsigned n)
{
	uint64_t bytes = 0, set1 = 0;
	unsigned i;

	for (i = 0; i < n; i++) {
		const struct vx_record *rec = f[i].rec;

		bytes += rec->len;
		set1 += rec->set & 1;
		if (rec->flags & (VX_REC_SAMPLED | VX_REC_TRACED | VX_REC_HELD))
			egress_note(e, &f[i], 0);
	}
	stats_add(&e->st->sent, n);
	stats_add(&e->st->sent_bytes, bytes);
	stats_add(&e->st->done[0], n - set1);
	stats_add(&e->st->done[1], set1);
}

/* n frames were refused with err (> 0) and are given up. */
static inline void egress_failed(struct egress *e, const struct egress_frame *f, unsigned n,
				 int err)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		stats_add(&e->st->done[f[i].rec->set & 1], 1);
		if (f[i].rec->flags & VX_REC_TRACED)
			egress_note(e, &f[i], err);
	}
	stats_error(e->st, err, n);
}

#endif
