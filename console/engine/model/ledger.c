/* SPDX-License-Identifier: GPL-2.0-only */
/* The ledger's arithmetic, from the one table in vx_abi.h. Pure. [engine] */
#include "engine/model/ledger.h"

static const struct {
	const char *name, *help;
	enum vx_ledger_group group;
} rows[VX_L_N] = {
#define ROW(id, name, group, help) { name, help, VX_G_##group },
	VX_LEDGER(ROW)
#undef ROW
};

const char *ledger_name(enum vx_ledger_id id)
{
	return rows[id].name;
}

const char *ledger_help(enum vx_ledger_id id)
{
	return rows[id].help;
}

enum vx_ledger_group ledger_group(enum vx_ledger_id id)
{
	return rows[id].group;
}

uint64_t ledger_exits(const uint64_t row[VX_L_N])
{
	uint64_t sum = 0;

	for (int i = 0; i < VX_L_N; i++)
		if (rows[i].group != VX_G_ENTRY && rows[i].group != VX_G_NOTE)
			sum += row[i];
	return sum;
}

bool ledger_balanced(const struct ledger_reading *r)
{
	uint64_t exits = ledger_exits(r->row);
	uint64_t queued = r->row[VX_L_QUEUED];

	if (exits + r->n_cpus < r->rx_before || exits > r->rx_after)
		return false;
	/* A worker may have sent a record whose row the program has not counted yet. */
	if (r->done0 > queued + r->n_cpus)
		return false;
	return queued <= r->done1 + r->in_flight;
}

uint64_t ledger_slack(const struct ledger_reading *r)
{
	uint64_t exits = ledger_exits(r->row);

	return r->rx_after > exits ? r->rx_after - exits : 0;
}

double ledger_success(const uint64_t row[VX_L_N], uint64_t sent)
{
	uint64_t all = row[VX_L_QUEUED] + row[VX_L_REDIRECTED] + row[VX_L_RING_FULL] +
		       row[VX_L_NO_NEIGHBOUR];

	return all ? (double)(sent + row[VX_L_REDIRECTED]) / (double)all : -1.0;
}
