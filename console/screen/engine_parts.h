/* SPDX-License-Identifier: GPL-2.0-only */
/* The figures of the program itself as panels: workers, rings, latency, its process. Used by more
 * than one view. [screen] */
#ifndef SCREEN_ENGINE_PARTS_H
#define SCREEN_ENGINE_PARTS_H

#include "screen/panel.h"

/* Each fills its panel, heading first; where not all rows have room the last one is of all others
 * together. */
void parts_workers(struct panel *p, const struct snapshot *s);
void parts_rings(struct panel *p, const struct snapshot *s);
void parts_latency(struct panel *p, const struct snapshot *s); /* one row: the total alone */
void parts_process(struct panel *p, const struct snapshot *s); /* one or two rows */

#endif
