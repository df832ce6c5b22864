// SPDX-License-Identifier: GPL-2.0-only
/* `mark` and `ack`: from when counts are told, and what has been seen. [engine] */
#include "engine/cmd/cmd_groups.h"
#include "engine/engine.h"
#include "proto/out.h"

static int mark(struct con *c)
{
	eng_refresh(c->e);
	eng_mark(c->e);
	out_message(c->out, "counting from now on");
	return 0;
}

static int ack(struct con *c)
{
	unsigned n = 0;

	for (int i = 0; i < SNAP_N_LIGHTS; i++)
		n += c->e->snap.light[i].latched != LIGHT_OK;
	eng_ack(c->e);
	eng_diagnose_ack(c->e);
	out_message(c->out, n ? "acknowledged: %u" : "nothing was latched", n);
	return 0;
}

const struct cmd cmd_mark[] = {
	{ "mark", "", 0, 0, CMD_OWNER, mark,
	  "count from now: screens show what came since, and the graphs a mark", NULL },
	{ "ack", "", 0, 0, CMD_OWNER, ack, "acknowledge the lights that went out of order", NULL },
	{ 0 },
};
