// SPDX-License-Identifier: GPL-2.0-only
/*
 * `strays`: XDP programs that are not ours, and what takes them away. The looking and the doing are
 * another process's, so these commands are run again until it has answered. [engine]
 */
#include <errno.h>
#include <stdio.h>

#include "engine/cmd/cmd_groups.h"
#include "engine/cmd/strays_out.h"
#include "engine/engine.h"
#include "proto/out.h"

static struct strays_ours ours(const struct con *c)
{
	return (struct strays_ours){ c->e->snap.prog_id, c->e->o->ingress };
}

/* 0 with *r, CMD_WAITS, or -errno. */
static int wait_for(struct con *c, enum strays_act act, uint32_t id, const struct strays_result **r)
{
	int rc = eng_strays(c->e, act, id, &c->ticket, r, c->err);

	return rc < 0 ? rc : rc ? 0 : CMD_WAITS;
}

static int strays(struct con *c)
{
	const struct strays_ours own = ours(c);
	const struct strays_result *r;
	int rc = wait_for(c, STRAYS_LIST, 0, &r);

	if (!rc)
		strays_out(c->out, &r->list, &own);
	return rc;
}

static int ask(struct con *c, enum strays_act act, uint32_t id)
{
	const struct strays_result *r;
	char question[sizeof(c->question)];
	int rc = wait_for(c, STRAYS_LIST, 0, &r);

	rc = rc ? rc : strays_ask_first(&r->list, act, id, question, sizeof(question), c->err);
	if (rc == 1)
		return cmd_ask(c, "%s", question);
	if (!rc)
		out_message(c->out, "no duplicates: nothing to do");
	return rc;
}

static int act(struct con *c, enum strays_act act, uint32_t id)
{
	const struct strays_ours own = ours(c);
	const struct strays_result *r;
	int rc;

	if (!c->yes)
		return ask(c, act, id);
	rc = wait_for(c, act, id, &r);
	rc = rc ? rc : strays_refused(r, act, id, c->err);
	if (rc)
		return rc;
	strays_out_act(c->out, r, &own);
	c->exit = !r->done;
	return 0;
}

static int act_by_id(struct con *c, enum strays_act what)
{
	uint64_t id;
	int rc = cmd_number(c->argv[0], UINT32_MAX, &id, c->err);

	return rc ? rc : act(c, what, (uint32_t)id);
}

static int detach(struct con *c)
{
	return act_by_id(c, STRAYS_DETACH);
}

static int stop(struct con *c)
{
	return act_by_id(c, STRAYS_STOP);
}

static int clean(struct con *c)
{
	return act(c, STRAYS_CLEAN, 0);
}

/* Of the last look, which was not long ago. */
static void complete_id(struct completion *c)
{
	const struct strays *s = eng_strays_last(c->e);
	char id[16];

	for (unsigned i = 0; s && i < s->n; i++) {
		snprintf(id, sizeof(id), "%u", s->prog[i].id);
		cmd_offer(c, id, s->prog[i].name);
	}
}

const struct cmd cmd_strays[] = {
	{ "strays", "", 0, 0, CMD_RO, strays,
	  "XDP programs that are not ours: where, held by whom, and why they matter", NULL },
	{ "strays detach", "ID", 1, 1, CMD_WRITE, detach,
	  "take it off its devices and remove its pins; asks", complete_id },
	{ "strays stop", "ID", 1, 1, CMD_WRITE, stop,
	  "ask the processes that hold it to end (SIGTERM); asks", complete_id },
	{ "strays clean", "", 0, 0, CMD_WRITE, clean,
	  "take all duplicates of our program away; asks", NULL },
	{ 0 },
};
