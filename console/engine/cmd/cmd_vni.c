// SPDX-License-Identifier: GPL-2.0-only
/* `vni`: which VXLAN networks are ours. [engine] */
#include "engine/cmd/cmd_groups.h"
#include "engine/engine.h"
#include "proto/out.h"

#define VNI_MAX 0xffffff

static int add(struct con *c)
{
	uint64_t vni;
	int r = cmd_number(c->argv[0], VNI_MAX, &vni, c->err);

	if (!r)
		r = eng_vni_add(c->e, (uint32_t)vni, c->err);
	if (r < 0)
		return r;
	out_message(c->out, "added VNI %u", (unsigned)vni);
	return 0;
}

static int del(struct con *c)
{
	uint64_t vni;
	int r = cmd_number(c->argv[0], VNI_MAX, &vni, c->err);

	if (!r)
		r = eng_vni_del(c->e, (uint32_t)vni, c->err);
	if (r < 0)
		return r;
	out_message(c->out, "removed VNI %u", (unsigned)vni);
	return 0;
}

static void list_row(void *ctx, const struct eng_vni_row *row)
{
	struct out *o = ctx;

	out_object(o, NULL);
	out_id(o, "vni", row->vni);
	out_bool(o, "ours", row->ours);
	out_u64(o, "packets", row->packets);
	out_u64(o, "pps", row->pps);
	out_end(o);
}

static int list(struct con *c)
{
	out_array(c->out, NULL);
	eng_vni_rows(c->e, list_row, c->out);
	out_end(c->out);
	if (c->e->o->vnis.any)
		out_note(c->out, "every VNI is ours (--vni any)");
	return 0;
}

const struct cmd cmd_vni[] = {
	{"vni add", "N", 1, 1, CMD_WRITE, add, "make a VNI ours"},
	{"vni del", "N", 1, 1, CMD_WRITE, del,
	 "leave a VNI to the kernel, or to the drop of --other-vni"},
	{"vni list", "", 0, 0, CMD_RO, list, "our VNIs, and the others that arrive most"},
	{0},
};
