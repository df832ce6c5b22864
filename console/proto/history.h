/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The course of the rates, for graphs: each second of the last hour, each 10 s of the last 6 h,
 * each 5 min of the last 48 h, and marks where the configuration changed. The engine adds a second
 * each second; a screen keeps a copy that follows
 * ({"history":{...}} in the stream: the first one is whole, each further one brings what is new).
 * Fixed memory, pure. Both sides of the socket include it.
 */
#ifndef PROTO_HISTORY_H
#define PROTO_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vx_err.h"

enum history_scale { HISTORY_1S, HISTORY_10S, HISTORY_5MIN, HISTORY_SCALES };

#define HISTORY_1S_CELLS   3600
#define HISTORY_10S_CELLS  2160
#define HISTORY_5MIN_CELLS 576
#define HISTORY_MARKS	   128

/* Rates; of the longer scales their mean. bits/s of frames: outer in, inner out. */
struct history_cell {
	uint64_t in_bps, out_bps;
	uint32_t in_pps, out_pps;
};

struct history_mark {
	uint64_t second; /* the one that was being counted when it happened: see history_mark_ago */
	int64_t real_ns;
	char text[64];
};

struct history_sum {
	uint64_t in_pps, in_bps, out_pps, out_bps;
};

struct snapshot_history { /* about 165 KB; all zeros is an empty one */
	uint64_t seconds; /* ever added; they are counted from 0 */
	int64_t real_ns;  /* CLOCK_REALTIME when the last one was added */
	/* Rings: cell n of a scale, counted from the first second on, is at n modulo their size. */
	struct history_cell s1[HISTORY_1S_CELLS], s10[HISTORY_10S_CELLS], s300[HISTORY_5MIN_CELLS];
	struct history_sum sum[HISTORY_SCALES]; /* of the cell that is not full yet */
	struct history_mark mark[HISTORY_MARKS];
	uint64_t marks; /* ever made */
};

/* seconds seconds of these rates have passed; more than one when nobody counted for a while. */
void history_add(struct snapshot_history *h, int64_t real_ns, uint64_t seconds,
		 const struct history_cell *rates);
void history_add_mark(struct snapshot_history *h, int64_t real_ns, const char *text);

/* Columns that there are, the one that is still being filled included. */
size_t history_cells(const struct snapshot_history *h, enum history_scale scale);
/* Column ago from the newest (0), which may not be full yet. All zeros past the oldest. */
struct history_cell history_at(const struct snapshot_history *h, enum history_scale scale,
			       size_t ago);
/* The i-th newest mark; NULL past the oldest that is kept. */
const struct history_mark *history_mark_at(const struct snapshot_history *h, size_t i);
/* The column that m belongs to, counted as in history_at; a mark of this second: 0. */
size_t history_mark_ago(const struct snapshot_history *h, enum history_scale scale,
			const struct history_mark *m);

#define HISTORY_WHOLE UINT64_MAX
/* What a copy that has so many seconds and marks does not have yet; whole for HISTORY_WHOLE
 * seconds, and when they are too long ago. No newline; caller frees. NULL: no memory. */
char *history_to_json(const struct snapshot_history *h, uint64_t seconds, uint64_t marks);
/* Brings the copy up to date. -EINVAL: not a history, or seconds are missing between; h is not
 * changed then. */
int history_from_json(const char *text, size_t len, struct snapshot_history *h, struct vx_err *err)
	__attribute__((warn_unused_result));

#endif
