// SPDX-License-Identifier: GPL-2.0-only
/* `vni`: which VXLAN networks are ours. [engine] */
#include <inttypes.h>
#include <stdio.h>

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

struct wanted {
	uint32_t vni;
	uint64_t pps;
	bool found;
};

static void match_vni(void *ctx, const struct eng_vni_row *row)
{
	struct wanted *w = ctx;

	if (!row->ours || row->vni != w->vni)
		return;
	w->pps = row->pps;
	w->found = true;
}

/* One that is not ours is refused by the command itself. */
static int ask_del(struct con *c, uint32_t vni)
{
	struct wanted w = { .vni = vni };

	eng_vni_rows(c->e, match_vni, &w);
	return w.found ? cmd_ask(c, "%" PRIu64 " packets/s of VNI %u would no longer be ours",
				 w.pps, vni)
		       : 0;
}

static int del(struct con *c)
{
	uint64_t vni;
	int r = cmd_number(c->argv[0], VNI_MAX, &vni, c->err);

	if (!r && cmd_must_ask(c))
		r = ask_del(c, (uint32_t)vni);
	if (!r)
		r = eng_vni_del(c->e, (uint32_t)vni, c->err);
	if (r)
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

struct offering {
	struct completion *c;
	bool ours;
};

static void offer_vni(void *ctx, const struct eng_vni_row *row)
{
	const struct offering *o = ctx;
	char text[16], help[48];

	snprintf(text, sizeof(text), "%u", row->vni);
	snprintf(help, sizeof(help), "%" PRIu64 " packets/s", row->pps);
	if (row->ours == o->ours)
		cmd_offer(o->c, text, help);
}

static void complete_add(struct completion *c)
{
	eng_vni_rows(c->e, offer_vni, &(struct offering){ c, false });
}

static void complete_del(struct completion *c)
{
	eng_vni_rows(c->e, offer_vni, &(struct offering){ c, true });
}

const struct cmd cmd_vni[] = {
	{ "vni add", "N", 1, 1, CMD_WRITE | CMD_CONF, add, "make a VNI ours", complete_add },
	{ "vni del", "N", 1, 1, CMD_WRITE | CMD_CONF, del,
	  "leave a VNI to the kernel, or to the drop of --other-vni", complete_del },
	{ "vni list", "", 0, 0, CMD_RO, list, "our VNIs, and the others that arrive most", NULL },
	{ 0 },
};
