/* SPDX-License-Identifier: GPL-2.0-only */
/* What diagnose.c (which causes hold, since when, in which order) and causes.c (when one is true
 * and what is said of it) share. [engine] */
#ifndef ENGINE_MODEL_DIAGNOSE_INT_H
#define ENGINE_MODEL_DIAGNOSE_INT_H

#include "engine/model/diagnose.h"

#define DIAG_WINDOW 2 /* s that "nothing else arrives" is said of */
#define DIAG_SECOND 1000000000ULL

struct diag_source {
	uint8_t key[24];
	char name[96];
	bool used, busy; /* busy: it has carried traffic to speak of */
	unsigned active_s, silent_s,
		gap_s; /* in a row; gap_s: the longest that it came back from */
	unsigned gaps;
	int64_t last_real_ns;
	bool seen;
};

struct diag {
	/* --- of the last seconds */
	uint64_t row[DIAG_WINDOW][VX_L_N];
	uint64_t sent[DIAG_WINDOW + 1], nic_tx[DIAG_WINDOW + 1], lost[DIAG_WINDOW + 1];
	unsigned seconds;	  /* ever */
	uint64_t rx, vxlan;	  /* when they last grew */
	uint64_t rx_ns, vxlan_ns; /* 0: never */
	int64_t rx_real_ns;
	unsigned other_s; /* seconds in a row with packets, none of them VXLAN */
	struct diag_source source[DIAG_SOURCES];

	/* --- of each cause */
	struct {
		uint64_t true_ns, false_ns; /* since when; when it was true last */
		int64_t real_ns;
		bool is; /* when it was last looked at */
	} state[DIAG_N];
	struct diag_cause held[DIAG_N]; /* as last said */
	const struct diag_cause *sorted[DIAG_N];
	unsigned n;
};

/* Is it true now? Fills text, fix, pps, and since where it is known better than by looking. */
typedef bool (*diag_fn)(const struct diag *d, const struct diag_seen *o, struct diag_cause *c);
extern const diag_fn diag_causes[DIAG_N];

/* The sum of a row in the last DIAG_WINDOW seconds. */
uint64_t diag_recent(const struct diag *d, enum vx_ledger_id row);
/* Packets of ours in that time, by the rows behind the VNI. */
uint64_t diag_recent_ours(const struct diag *d);
/* Packets that the allowlist let through in that time. */
uint64_t diag_recent_allowed(const struct diag *d);

#endif
