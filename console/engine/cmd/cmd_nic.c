// SPDX-License-Identifier: GPL-2.0-only
/* `nic`: what the two devices count themselves. [engine] */
#include "engine/cmd/cmd_groups.h"
#include "engine/engine.h"
#include "engine/sys/nic.h"
#include "proto/out.h"

static void put(void *ctx, const char *name, uint64_t value)
{
	out_u64(ctx, out_dup(ctx, name), value);
}

/* A device that is gone has no counters: a row without, and a warning. */
static void device(struct con *c, const char *dev)
{
	struct vx_err err = { 0 };

	out_object(c->out, NULL);
	out_str(c->out, "dev", dev);
	out_object(c->out, "stats");
	if (nic_stats(dev, put, c->out, &err) < 0)
		cmd_warn(c, err.msg);
	out_end(c->out);
	out_end(c->out);
}

static int nic(struct con *c)
{
	out_blocks(c->out, NULL);
	device(c, c->e->o->ingress);
	device(c, c->e->o->egress_dev);
	out_end(c->out);
	return 0;
}

const struct cmd cmd_nic[] = {
	{ "nic", "", 0, 0, CMD_RO, nic, "the counters of ingress and egress, the driver's too",
	  NULL },
	{ 0 },
};
