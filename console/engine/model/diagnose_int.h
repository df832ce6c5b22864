/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the diagnosis share: diagnose.c (which causes hold, since when, in which
 * order), diagnose_memory.c (what the last seconds were like), diagnose_in.c and diagnose_out.c
 * (when a cause is true, what is said of it, what mends it), diagnose_say.c (words). [engine]
 */
#ifndef ENGINE_MODEL_DIAGNOSE_INT_H
#define ENGINE_MODEL_DIAGNOSE_INT_H

#include "engine/model/diagnose.h"
#include "engine/model/text.h"

#define DIAG_WINDOW                                                                                \
	2 /* s; counters that a driver reads only each second or two are exact over it */
#define DIAG_SECOND 1000000000ULL

/* A source, or all of them: how much usually comes of it. */
struct diag_source {
	uint8_t key[24];
	char name[96];
	bool used, seen;
	double pps;	      /* usual, silence left out */
	uint64_t packets;     /* ever */
	unsigned active_s;    /* seconds in a row with packets, */
	unsigned silent_s;    /* and without */
	unsigned gaps, gap_s; /* silences that it came back from; the longest */
	int64_t last_real_ns;
};

/* Packets in a row that met the same fate, and how many that usually are. */
struct diag_run {
	uint64_t now;
	double longest;
};

struct diag {
	/* --- of the last seconds */
	uint64_t row[DIAG_WINDOW][VX_L_N];
	uint64_t sent[DIAG_WINDOW], nic_tx[DIAG_WINDOW];
	uint64_t lost;	   /* of what was sent, in the last of them */
	unsigned behind_s; /* seconds in a row in which the NIC sent less than it was given */
	unsigned seconds;  /* ever */
	unsigned others;   /* a bit a second, the last the lowest: packets, none of them VXLAN */
	struct diag_source all, source[DIAG_SOURCES];
	struct diag_run denied, no_rule;
	/* --- of counters that are read at any time, so exacter than rates */
	uint64_t vxlan;	   /* how many came */
	uint64_t vxlan_ns; /* when the last did; 0: none ever */
	int64_t vxlan_real_ns;

	/* --- of each cause */
	struct {
		uint64_t true_ns, false_ns; /* since when; when it was true last */
		uint64_t not_before_ns;	    /* it was a consequence until just now */
		int64_t real_ns;
		bool is; /* when it was last looked at */
	} state[DIAG_N];
	struct diag_cause held[DIAG_N]; /* as last said */
	const struct diag_cause *sorted[DIAG_N];
	unsigned n;
};

/* Is it true now? Fills text, fix, pps, and since where it is known better than by looking. */
typedef bool (*diag_fn)(const struct diag *d, const struct diag_seen *o, struct diag_cause *c);
extern const diag_fn diag_fn_in[DIAG_N], diag_fn_out[DIAG_N]; /* NULL: it is in the other */

/* --- diagnose_memory.c */
/* The sum of a row in the last DIAG_WINDOW seconds. */
uint64_t diag_recent(const struct diag *d, enum vx_ledger_id row);
/* Packets of ours in that time, by the rows behind the VNI. */
uint64_t diag_recent_ours(const struct diag *d);
/* Packets that the allowlist let through in that time. */
uint64_t diag_recent_allowed(const struct diag *d);
/* Are those of now too many to be what is usual? */
bool diag_run_is_long(const struct diag_run *r);
/* Has it been silent for longer than chance and its habits explain? */
bool diag_source_is_silent(const struct diag_source *s);
bool diag_all_is_silent(const struct diag *d, const struct diag_seen *o);

/* --- diagnose_say.c */
struct diag_word {
	char text[80];
};
void diag_say(struct diag_cause *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void diag_say_time(struct diag_cause *c, const char *what, int64_t real_ns);
void diag_fix(struct diag_cause *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
struct diag_word diag_num(uint64_t v); /* 1,234,567 */
#define DIAG_NUM(v)  diag_num(v).text
#define DIAG_WORD(s) text_word(s).text

#endif
