// SPDX-License-Identifier: GPL-2.0-only
/* `sources`: the mirrored hosts, by outer source address and VNI. [engine] */
#include "engine/cmd/cmd_groups.h"
#include "engine/engine.h"
#include "proto/out.h"

static void row_of(void *ctx, const struct eng_source_row *row)
{
	struct out *o = ctx;
	char text[ADDR_TEXT];

	out_object(o, NULL);
	out_str(o, "addr", addr_format(&row->addr, text));
	out_id(o, "vni", row->vni);
	out_u64(o, "packets", row->packets);
	out_u64(o, "pps", row->pps);
	out_u64(o, "bps", row->bps);
	out_time(o, "first_seen", row->first_real_ns);
	out_time(o, "last_seen", row->last_real_ns);
	out_u64(o, "truncated", row->truncated);
	out_u64(o, "allowed", row->allowed);
	out_end(o);
}

static int sources(struct con *c)
{
	out_array(c->out, NULL);
	eng_source_rows(c->e, row_of, c->out);
	out_end(c->out);
	return 0;
}

const struct cmd cmd_source[] = {
	{ "sources", "", 0, 0, CMD_RO, sources,
	  "the mirrored hosts by outer address and VNI, busiest first", NULL },
	{ 0 },
};
