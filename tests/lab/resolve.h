/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Finds out what the command line left open: the interface's index, MAC, MTU and address, and the
 * MAC of the next hop towards the outer destination (route, then neighbour table, by rtnetlink).
 */
#ifndef LAB_RESOLVE_H
#define LAB_RESOLVE_H

#include "conf.h"
#include "vx_err.h"

/* Fills c->ifindex, c->mac, c->mtu. 0 or -errno: no such interface, or it is down. */
int resolve_interface(struct conf *c, struct vx_err *err);

/* Fills c->outer_src (the interface's first address of the family) where it was not given. */
int resolve_source(struct conf *c, struct vx_err *err);

/* Fills c->dmac where it was not given; provokes resolution and waits for it at most 3 s. */
int resolve_dmac(struct conf *c, struct vx_err *err);

#endif
