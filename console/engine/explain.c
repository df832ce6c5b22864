// SPDX-License-Identifier: GPL-2.0-only
/* `explain`: the datapath's answer about one frame, and the entries and rules that it names.
 * [engine] */
#include <string.h>

#include "engine/model/trace.h"
#include "engine/run_int.h"

/* A remembered verdict may outlive its rule, and then names an element that another rule has. */
static const struct nat_rule *rule_of(const struct eng *e, const struct vx_trace *t)
{
	const struct nat_rule *r;

	for (uint32_t i = 0; (r = nat_at(e->nat, i)); i++) {
		struct addr to = trace_addr(t->family, t->to.addr);

		if (r->idx == t->nat_idx)
			return addr_equal(&r->to, &to) ? r : NULL;
	}
	return NULL;
}

int eng_explain(struct eng *e, const uint8_t *frame, uint32_t len, struct eng_explained *out,
		struct vx_err *err)
{
	const struct vx_trace *t = &out->x.trace;
	int r = e->dp->explain(e->d, frame, len, &out->x, err);

	if (r)
		return r;
	out->cfg = *e->dp->cfg(e->d);
	out->entry = t->flags & VX_T_ALLOW_HIT ? allow_by_idx(e->allow, t->allow_idx) : NULL;
	out->rule = t->flags & VX_T_NAT_HIT ? rule_of(e, t) : NULL;
	out->hop = t->step >= VX_STEP_L2 && !(t->flags & VX_T_HELD) ? eng_nexthop(e, t->to.nexthop)
								    : NULL;
	return 0;
}
