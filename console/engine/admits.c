// SPDX-License-Identifier: GPL-2.0-only
/*
 * The flows that are denied, from the samples of the last second, and what an entry of the list
 * would admit of them. [engine]
 */
#include "engine/run_int.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int eng_admits_init(struct eng *e, struct vx_err *err)
{
	e->run->flows = rates_new(VX_MAX_FLOWS);
	e->run->flow = calloc(VX_MAX_FLOWS, sizeof(*e->run->flow));
	return e->run->flows && e->run->flow ? 0 : vx_err_set(err, -ENOMEM, "out of memory");
}

void eng_admits_fini(struct eng *e)
{
	rates_free(e->run->flows);
	free(e->run->flow);
}

static void take_flow(void *ctx, const struct vx_flow_key *k, const struct vx_hits *v)
{
	struct eng_run *r = ctx;
	struct admits_flow *f = &r->flow[r->n_flows];
	uint64_t pps;

	rates_put(r->flows, k, sizeof(*k), v->packets, 0);
	pps = rates_get(r->flows, k, sizeof(*k), NULL);
	if (!pps || r->n_flows == VX_MAX_FLOWS)
		return;
	*f = (struct admits_flow){ .src.family = k->family,
				   .dst.family = k->family,
				   .proto = k->proto,
				   .port = ntohs(k->dport),
				   .pps = pps };
	memcpy(f->src.b, k->src, 16);
	memcpy(f->dst.b, k->dst, 16);
	r->n_flows++;
}

void eng_admits_second(struct eng *e, uint64_t now_ns)
{
	e->run->n_flows = 0;
	rates_begin(e->run->flows, now_ns);
	e->dp->flows(e->d, take_flow, e->run);
}

/* The list or what is matched may have changed since the packets were denied. */
size_t eng_admits_flows(const struct eng *e, struct admits_flow **out)
{
	size_t n = e->o->allow_mode == VX_ALLOW_OFF ? 0 : e->run->n_flows;

	*out = n ? malloc(n * sizeof(**out)) : NULL;
	if (!*out)
		return 0;
	memcpy(*out, e->run->flow, n * sizeof(**out));
	return admits_denied(*out, n, e->allow, (enum vx_match)e->o->match);
}

int eng_admits(struct eng *e, const struct cidr *c, struct eng_admits *out, struct vx_err *err)
{
	enum vx_match match = (enum vx_match)e->o->match;
	struct admits_flow *flows;
	size_t n = eng_admits_flows(e, &flows);
	int rc = admits_sum(flows, n, c, match, &out->sum);

	out->ruled_pps = admits_ruled(flows, n, c, match, e->nat, &out->unknown_pps);
	free(flows);
	return rc < 0 ? vx_err_set(err, rc, "out of memory") : 0;
}
