/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the pipeline counts beside the ledger, and what it tells of single packets, as JSON. For
 * tests/prog only. Functions return 0 or -errno.
 */
#ifndef TESTS_PROG_OBSERVED_H
#define TESTS_PROG_OBSERVED_H

#include "kern.h"

/* {"denied":{ADDR:n},"flows":{"SRC>DST/PROTO/DPORT":n},"sources":{"ADDR/VNI":{...}},"vnis":{},"vni_seen":{},"ports":{"PROTO/PORT/FAMILY":n},"oversize":n}
 */
int observed_print(struct kern *k, struct vx_err *err);
/* [{"row":"...","step":n,"flags":n},...] of the traces made since the last call. */
int observed_traces(struct kern *k, struct vx_err *err);
/* Puts the other counter set in force; {"rx":n,"rows":n} of the one that is out now. */
int observed_swap(struct kern *k, struct vx_err *err);

#endif
