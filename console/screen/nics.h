/* SPDX-License-Identifier: GPL-2.0-only */
/* The interfaces' own counters for views other than theirs. [screen] */
#ifndef SCREEN_NICS_H
#define SCREEN_NICS_H

#include "screen/panel.h"

/* Those of both devices that should stand still and do not, or did not once: drops, errors,
 * allowances. t: of `nic`. */
void nics_brief(struct panel *p, const struct data *d, const struct data_table *t);

#endif
