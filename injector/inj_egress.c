/* SPDX-License-Identifier: GPL-2.0-only */
/* Which egress each worker gets, and opening them: all or none. Runs on the engine's thread. */
#include "inj_int.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct opening {
	struct inj *inj;
	struct egress_cfg cfg;
	struct egress **e;
	unsigned n; /* open so far */
};

static void close_opened(struct opening *o)
{
	while (o->n) {
		o->n--;
		o->e[o->n]->ops->close(o->e[o->n]);
	}
}

static int open_next(struct opening *o, const struct egress_ops *ops, struct vx_err *err)
{
	struct worker *w = &o->inj->workers[o->n];
	struct egress *e;
	int code;

	o->cfg.worker = o->n;
	o->cfg.current = w->open;
	code = ops->open(&e, &o->cfg, err);
	if (code)
		return code;
	e->ops = ops;
	e->st = &w->st;
	e->env = &o->inj->env.egress;
	e->worker = o->n;
	o->e[o->n++] = e;
	return 0;
}

static int open_all(struct opening *o, const struct egress_ops *ops, struct vx_err *err)
{
	int code = 0;

	while (o->n < o->inj->n && !code)
		code = open_next(o, ops, err);
	if (code)
		close_opened(o);
	return code;
}

/* A worker without a queue of its own sends by packet; one at least must have one. */
static int open_xdp(struct opening *o, struct inj_egress_now *now, struct vx_err *err)
{
	struct vx_err why = { 0 };
	int code = 0, refused = 0;

	while (o->n < o->inj->n && !code) {
		if (!open_next(o, &egress_xdp, now->n_packet ? NULL : &why))
			continue;
		if (!now->n_packet++) {
			refused = why.code;
			snprintf(now->why, sizeof(now->why), "%s", why.msg);
		}
		code = open_next(o, &egress_packet, err);
	}
	if (!code && now->n_packet == o->inj->n)
		code = vx_err_set(err, refused, "%s", now->why);
	if (code)
		close_opened(o);
	return code;
}

static const struct egress_ops *ops_of(enum inj_egress_kind kind)
{
	return kind == INJ_EGRESS_NULL ? &egress_null : &egress_packet;
}

int inj_open_egress(struct inj *inj, enum inj_egress_kind kind, const struct egress_ops *other,
		    int ifindex, bool qdisc_bypass, struct egress **e, struct inj_egress_now *now,
		    struct vx_err *err)
{
	struct opening o = { .inj = inj,
			     .cfg = { .ifindex = ifindex,
				      .qdisc_bypass = qdisc_bypass,
				      .zerocopy = inj->zerocopy },
			     .e = e };
	struct vx_err why = { 0 };

	*now = (struct inj_egress_now){ .kind = kind };
	if (other)
		return open_all(&o, other, err);
	if (kind == INJ_EGRESS_XDP)
		return open_xdp(&o, now, err);
	if (kind == INJ_EGRESS_AUTO) {
		now->kind = INJ_EGRESS_XDP;
		if (!open_xdp(&o, now, &why))
			return 0;
		*now = (struct inj_egress_now){ .kind = INJ_EGRESS_PACKET };
		snprintf(now->why, sizeof(now->why), "%s", why.msg);
	}
	return open_all(&o, ops_of(kind), err);
}

const struct inj_egress_now *inj_egress_now(const struct inj *inj)
{
	return &inj->egress;
}
