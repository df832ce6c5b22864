// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a new value of a setting would take away, in packets/s of this moment: the question that is
 * asked before it is done. Values that only add are not asked about. [engine]
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine/cmd/cmd.h"
#include "engine/engine.h"

static uint64_t row(const struct con *c, enum vx_ledger_id id)
{
	return c->e->snap.row_pps[id];
}

struct leaving {
	const struct opt_vnis *ours; /* as they would be */
	uint64_t pps;
	unsigned n;
};

static bool stays(const struct opt_vnis *v, uint32_t vni)
{
	for (uint32_t i = 0; i < v->n; i++)
		if (v->vni[i] == vni)
			return true;
	return v->any;
}

static void count_leaving(void *ctx, const struct eng_vni_row *vni)
{
	struct leaving *l = ctx;

	if (!vni->ours || stays(l->ours, vni->vni))
		return;
	l->pps += vni->pps;
	l->n++;
}

static int ask_vni(struct con *c, const struct opts *next)
{
	struct leaving l = { .ours = &next->vnis };

	eng_vni_rows(c->e, count_leaving, &l);
	if (!l.n && !(c->e->o->vnis.any && !next->vnis.any))
		return 0;
	return cmd_ask(c, "would no longer be ours: VNIs %u, packets/s %" PRIu64, l.n, l.pps);
}

static int ask_allow_mode(struct con *c, const struct opts *next)
{
	if (next->allow_mode != VX_ALLOW_ENFORCE)
		return 0;
	if (c->e->o->allow_mode == VX_ALLOW_COUNT)
		return cmd_ask(c, "would deny %" PRIu64 " packets/s that are on no list",
			       row(c, VX_L_WOULD_DENY));
	return cmd_ask(c,
		       "would deny what is on no list; how much of %" PRIu64
		       " packets/s is not known: `allow mode count` tells",
		       c->e->snap.out_pps);
}

static int ask_match(struct con *c)
{
	return cmd_ask(c,
		       "other packets are let through than now (%" PRIu64
		       " packets/s sent, %" PRIu64 " denied)",
		       c->e->snap.out_pps, row(c, VX_L_DENIED));
}

static int ask_next_hop(struct con *c)
{
	return cmd_ask(c, "all of %" PRIu64 " packets/s would be sent to another address",
		       c->e->snap.out_pps);
}

static int ask_about(struct con *c, enum opt_id id, const struct opts *next)
{
	switch (id) {
	case OPT_VNI:
		return ask_vni(c, next);
	case OPT_ALLOW_MODE:
		return ask_allow_mode(c, next);
	case OPT_MATCH:
		return next->match == VX_MATCH_ANY ? 0 : ask_match(c);
	case OPT_UNMATCHED:
		return next->unmatched != VX_UNMATCHED_DROP
			       ? 0
			       : cmd_ask(c, "would drop %" PRIu64 " packets/s that no rule matches",
					 row(c, VX_L_UNNATTED));
	case OPT_TRUNCATED:
		return next->truncated != VX_TRUNC_DROP
			       ? 0
			       : cmd_ask(c,
					 "would drop packets that were cut, of %" PRIu64
					 " packets/s sent",
					 c->e->snap.out_pps);
	case OPT_OTHER_VNI:
		return next->other_vni != VX_OTHER_DROP
			       ? 0
			       : cmd_ask(c,
					 "would drop %" PRIu64
					 " packets/s that the kernel gets now",
					 row(c, VX_L_OTHER_VNI_PASS));
	case OPT_EGRESS:
		return next->egress != OPT_EG_NULL
			       ? 0
			       : cmd_ask(c, "nothing would be sent any more: %" PRIu64 " packets/s",
					 c->e->snap.out_pps);
	case OPT_NEXT_HOP_MAC:
		return ask_next_hop(c);
	default:
		return 0;
	}
}

/* A value that is wrong, or no change, is left to the command itself. */
int cmd_set_asks(struct con *c, const char *name, const char *value)
{
	int id = opt_find(name), r = 0;
	struct opts *next = id < 0 ? NULL : malloc(sizeof(*next));
	char was[OPT_VALUE_MAX], is[OPT_VALUE_MAX];

	if (!next)
		return 0;
	*next = *c->e->o; /* live settings are scalars: nothing of it is freed */
	if (opt_live((enum opt_id)id) == OPT_LIVE_YES &&
	    !opt_set(next, (enum opt_id)id, value, OPT_BY_SET, NULL) &&
	    strcmp(opt_value(c->e->o, (enum opt_id)id, was, sizeof(was)),
		   opt_value(next, (enum opt_id)id, is, sizeof(is))) != 0)
		r = ask_about(c, (enum opt_id)id, next);
	free(next);
	return r;
}
