/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the ledger must obey: which rows make up rx, when a reading balances. Pure. [engine]
 */
#ifndef ENGINE_MODEL_LEDGER_H
#define ENGINE_MODEL_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "vx_abi.h"

/* One reading of everything; the order of reading is the order of the fields. */
struct ledger_reading {
	uint64_t done0; /* sent + tx_failed + frag_unknown, before */
	uint64_t rx_before, row[VX_L_N], rx_after;
	uint64_t in_flight; /* walked */
	uint64_t done1;	    /* after */
	unsigned n_cpus;    /* programs that may be running */
};

const char *ledger_name(enum vx_ledger_id id);
const char *ledger_help(enum vx_ledger_id id);
enum vx_ledger_group ledger_group(enum vx_ledger_id id);

/* Sum of the rows that a packet leaves by: PASS, DROP, RING, QUEUE. */
uint64_t ledger_exits(const uint64_t row[VX_L_N]);
/*
 * Counters are read while packets flow, so equality would give false alarms. What must hold:
 * everything that had entered before the rows were read has a row, but for one packet a CPU, and no
 * row is without an entry; what was queued is done or in flight.
 */
bool ledger_balanced(const struct ledger_reading *r);
/* Packets that were inside the program while the rows were read (never more than rx_after - exits).
 */
uint64_t ledger_slack(const struct ledger_reading *r);
/* (sent + redirected) / (queued + redirected + ring_full + no_neighbour); negative when nothing was
 * to be sent. */
double ledger_success(const uint64_t row[VX_L_N], uint64_t sent);

#endif
