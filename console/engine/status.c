/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is wrong now, in words, and the status line of a headless engine. [engine]
 */
#include "engine/run_int.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "engine/model/ledger.h"
#include "engine/serve/serve.h"
#include "proto/fix.h"
#include "log.h"

int eng_worst_errno(const struct snap_ledger *l)
{
	const struct snap_errno *worst = &l->errors[0];

	for (int i = 1; i < SNAP_ERRNOS; i++)
		if (l->errors[i].n > worst->n)
			worst = &l->errors[i];
	return worst->err > 0 ? worst->err : 0;
}

const char *eng_worst_error(const struct snap_ledger *l)
{
	int worst = eng_worst_errno(l);

	return worst ? strerror(worst) : "other errors";
}

/* The row that loses most now; rows that pass to the kernel are no loss. */
static void worst_row(const struct snapshot *s, char *buf, size_t size)
{
	int worst = -1;

	for (int i = 0; i < VX_L_N; i++) {
		enum vx_ledger_group g = ledger_group((enum vx_ledger_id)i);

		if ((g != VX_G_DROP && i != VX_L_RING_FULL) || !s->row_pps[i])
			continue;
		if (worst < 0 || s->row_pps[i] > s->row_pps[worst])
			worst = i;
	}
	if (worst < 0)
		snprintf(buf, size, "none");
	else
		snprintf(buf, size, "%s %" PRIu64 " pps", ledger_name((enum vx_ledger_id)worst),
			 s->row_pps[worst]);
}

static uint64_t dropped(const struct snapshot *s)
{
	uint64_t sum = s->ledger.row[VX_L_RING_FULL];

	for (int i = 0; i < VX_L_N; i++)
		if (ledger_group((enum vx_ledger_id)i) == VX_G_DROP)
			sum += s->ledger.row[i];
	return sum;
}

static unsigned ring_percent(const struct snapshot *s)
{
	uint64_t most = 0;

	for (unsigned i = 0; i < s->n_workers; i++)
		if (s->ring[i].size && s->ring[i].used * 100 / s->ring[i].size > most)
			most = s->ring[i].used * 100 / s->ring[i].size;
	return (unsigned)most;
}

void eng_status_line(struct eng *e)
{
	const struct snapshot *s = &e->snap;
	time_t sec = (time_t)(s->real_ns / 1000000000);
	char at[16], worst[64];
	struct tm tm;

	gmtime_r(&sec, &tm);
	strftime(at, sizeof(at), "%H:%M:%SZ", &tm);
	worst_row(s, worst, sizeof(worst));
	log_say("%s in %" PRIu64 " pps %.1f Mbit/s | out %" PRIu64
		" pps %.1f Mbit/s | received %" PRIu64 " sent %" PRIu64 " dropped %" PRIu64
		" errors %" PRIu64 " | ring %u%% | most lost: %s%s%s%s%s%s%s\n",
		at, s->in_pps, (double)s->in_bps / 1e6, s->out_pps, (double)s->out_bps / 1e6,
		s->ledger.row[VX_L_RX], s->ledger.sent, dropped(s), s->ledger.tx_failed,
		ring_percent(s), worst, s->status[0] ? " | ! " : "", s->status,
		!s->fix[0]	       ? ""
		: fix_is_shell(s->fix) ? "; try: "
				       : "; try: vxconsole ctl ",
		s->fix, s->ledger.tx_failed ? " | send: " : "",
		s->ledger.tx_failed ? eng_worst_error(&s->ledger) : "");
}
