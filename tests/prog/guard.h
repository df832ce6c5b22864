/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One leak guard on an interface. For tests/prog only. Functions return 0 or -errno.
 */
#ifndef TESTS_PROG_GUARD_H
#define TESTS_PROG_GUARD_H

#include "kern.h"

/* Shares the maps of policy with the pipeline; takes the NAT targets that are there now. */
int guard_open(struct kern *k, const char *iface, struct vx_err *err);
int guard_own(const struct vx_addr_key *key, struct vx_err *err);
int guard_read(struct vx_leak *sum, struct vx_err *err);

#endif
