// SPDX-License-Identifier: GPL-2.0-only
/* `intake`: stop and start taking packets. The one command that stops all that is sent, so it asks.
 * [engine] */
#include "engine/cmd/cmd_groups.h"
#include "engine/engine.h"
#include "proto/out.h"

int cmd_intake_off_asks(struct con *c)
{
	eng_refresh(c->e);
	return c->e->snap.paused
		       ? 0
		       : cmd_ask(c,
				 "intake off drops every packet that is ours: %llu packets/s that "
				 "are sent now would be lost",
				 (unsigned long long)c->e->snap.out_pps);
}

static int off(struct con *c)
{
	int r = c->yes || c->e->snap.paused ? 0 : cmd_intake_off_asks(c);

	if (r)
		return r;
	r = eng_intake(c->e, false, c->err);
	if (r < 0)
		return r;
	out_message(c->out, "intake is off: every packet that is ours is dropped (row paused)");
	return 0;
}

static int on(struct con *c)
{
	int r = eng_intake(c->e, true, c->err);

	if (r < 0)
		return r;
	out_message(c->out, "intake is on");
	return 0;
}

const struct cmd cmd_intake[] = {
	{ "intake off", "", 0, 0, CMD_WRITE, off, "drop every packet that is ours; asks first",
	  NULL },
	{ "intake on", "", 0, 0, CMD_WRITE, on, "take packets again", NULL },
	{ 0 },
};
