// SPDX-License-Identifier: GPL-2.0-only
/* `stats`, `ledger`, `workers`, `rings`, `latency`, `selfcheck`: the figures, read afresh. [engine]
 */
#include "engine/cmd/cmd_groups.h"
#include "engine/cmd/figures.h"
#include "engine/engine.h"
#include "proto/out.h"

static int stats(struct con *c)
{
	eng_refresh(c->e);
	figures_stats(c->out, NULL, &c->e->snap);
	if (c->e->snap.status[0])
		out_note(c->out, "! %s", c->e->snap.status);
	return 0;
}

static int ledger(struct con *c)
{
	const uint64_t *row = c->e->snap.ledger.row;

	eng_refresh(c->e);
	figures_ledger(c->out, NULL, &c->e->snap);
	if (row[VX_L_WOULD_DENY])
		out_note(c->out, "%llu packets would be denied (allow-mode count)",
			 (unsigned long long)row[VX_L_WOULD_DENY]);
	return 0;
}

static int workers(struct con *c)
{
	eng_refresh(c->e);
	figures_workers(c->out, NULL, &c->e->snap);
	return 0;
}

static int rings(struct con *c)
{
	eng_refresh(c->e);
	figures_rings(c->out, NULL, &c->e->snap);
	return 0;
}

static int latency(struct con *c)
{
	eng_refresh(c->e);
	figures_latency(c->out, NULL, &c->e->snap);
	return 0;
}

static int selfcheck(struct con *c)
{
	struct eng_selfcheck check = { 0 };
	int r = eng_selfcheck(c->e, &check, c->err);

	if (r < 0)
		return r;
	out_object(c->out, NULL);
	out_bool(c->out, "exact", check.exact);
	out_u64(c->out, "rx", check.rx);
	out_u64(c->out, "rows", check.rows);
	out_end(c->out);
	c->exit = check.exact ? 0 : 1;
	if (!check.exact)
		cmd_warn(c, check.what[0] ? check.what : "the ledger does not close");
	return 0;
}

const struct cmd cmd_stats[] = {
	{ "stats", "", 0, 0, CMD_RO, stats, "rates, mode, CPU, memory and the ledger", NULL },
	{ "ledger", "", 0, 0, CMD_RO, ledger, "what became of every packet", NULL },
	{ "workers", "", 0, 0, CMD_RO, workers,
	  "what each worker sends, its errors and how busy it is", NULL },
	{ "rings", "", 0, 0, CMD_RO, rings, "fill of each ring, and the time left until it is full",
	  NULL },
	{ "latency", "", 0, 0, CMD_RO, latency, "time from entry to sent, by stage", NULL },
	{ "selfcheck", "", 0, 0, CMD_RO, selfcheck,
	  "does the ledger close to the packet? Exits 1 if not", NULL },
	{ 0 },
};
