// SPDX-License-Identifier: GPL-2.0-only
/* `diagnose`: what is the matter, and what mends it; what to look at elsewhere when nothing is.
 * [engine] */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/cmd/cmd_groups.h"
#include "engine/engine.h"
#include "engine/model/diagnose.h"
#include "proto/out.h"

static void put_cause(struct out *o, const struct diag_cause *c)
{
	out_object(o, NULL);
	out_str(o, "id", diag_name(c->id));
	out_str(o, "severity", c->bad ? "bad" : "warn");
	out_time(o, "since", c->since_real_ns);
	out_u64(o, "pps", c->pps);
	out_str(o, "text", c->text);
	out_array(o, "fix");
	for (unsigned i = 0; i < c->n_fix; i++)
		out_str(o, NULL, c->fix[i]);
	out_end(o);
	out_end(o);
}

struct first_target {
	char to[NAT_TEXT], mac[ADDR_TEXT];
};

static void take_target(void *ctx, const struct eng_nat_row *row)
{
	struct first_target *t = ctx;
	char rule[NAT_TEXT];
	const char *to;

	if (t->to[0])
		return;
	to = strchr(nat_format(row->rule, rule), '=');
	snprintf(t->to, sizeof(t->to), "%s", to ? to + 1 : rule);
	addr_mac_format(row->nexthop->mac, t->mac);
}

#define LINES 6

/* Nothing here is wrong: what lies beyond is looked at with these. */
static void beyond(struct eng *e, char line[LINES][200])
{
	static const char *const look[LINES] = {
		[1] = "If the target sees none of them, look beyond this host:",
		[2] = "source/destination check and security group of the egress ENI: aws ec2 "
		      "describe-network-interfaces --network-interface-ids ID",
		[3] = "rp_filter of the target: sysctl net.ipv4.conf.all.rp_filter",
		[4] = "the listener there: ss -lunp",
		[5] = "what leaves here: tcpdump -ni",
	};
	const struct snapshot *s = &e->snap;
	struct first_target t = { "", "" };

	eng_nat_rows(e, take_target, &t);
	snprintf(line[0], sizeof(line[0]),
		 "All is right here: %" PRIu64 " packets/s leave %s to MAC %s for %.80s",
		 s->out_pps, s->egress, t.mac, t.to);
	for (int i = 1; i < LINES; i++)
		snprintf(line[i], sizeof(line[i]), "%s%s%s", look[i], i == 5 ? " " : "",
			 i == 5 ? s->egress : "");
}

static void put_beyond(struct con *c)
{
	char line[LINES][200];

	beyond(c->e, line);
	out_array(c->out, "beyond");
	for (int i = 0; i < LINES; i++)
		out_str(c->out, NULL, line[i]);
	out_end(c->out);
}

static int diagnose(struct con *c)
{
	const struct diag_cause *cause;

	eng_refresh(c->e);
	out_object(c->out, NULL);
	out_blocks(c->out, "causes");
	for (unsigned i = 0; (cause = eng_cause(c->e, i)); i++)
		put_cause(c->out, cause);
	out_end(c->out);
	if (!eng_cause(c->e, 0))
		put_beyond(c);
	out_end(c->out);
	return 0;
}

const struct cmd cmd_diagnose[] = {
	{ "diagnose", "", 0, 0, CMD_RO, diagnose,
	  "what is the matter, worst first, and what mends it", NULL },
	{ 0 },
};
