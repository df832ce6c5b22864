/* SPDX-License-Identifier: GPL-2.0-only */
/* The ledger as a funnel: what came in, what became of it, what went out. Pure. [screen] */
#ifndef SCREEN_FUNNEL_H
#define SCREEN_FUNNEL_H

#include "screen/panel.h"

/*
 * Fills the panel: total, packets/s, share of what comes in, and since the mark: in a column of its
 * own from 58 columns on, else instead of the total when since is set. Where not all rows have
 * room, those that are 0 go first.
 */
void funnel_draw(struct panel *p, const struct data *d, bool since);

#endif
