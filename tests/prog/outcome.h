/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What became of one frame. For tests/prog only.
 */
#ifndef TESTS_PROG_OUTCOME_H
#define TESTS_PROG_OUTCOME_H

#include "kern.h"

struct outcome {
	uint8_t frame[KERN_FRAME_MAX]; /* len bytes of it: what goes in */
	uint32_t len;
	struct kern_run dry, real;
	struct vx_trace trace;
	bool touched; /* vx_explain wrote what it must not write */
	uint64_t before[VX_L_N], after[VX_L_N];
};

extern const char *const outcome_rows[VX_L_N]; /* names */

/* vx_explain, then vx_pipeline, on o->frame. 0 or -errno. */
int outcome_run(struct kern *k, struct outcome *o, struct vx_err *err);
/* The answer, as a line of JSON; takes the record out of the ring. */
void outcome_print(struct kern *k, const struct outcome *o);

#endif
