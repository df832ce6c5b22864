/* SPDX-License-Identifier: GPL-2.0-only */
/* Planted figures for tests of what the screen shows: no two alike, so that each can be looked for.
 */
#ifndef UNIT_PLANT_H
#define UNIT_PLANT_H

#include "screen/data.h"
#include "screen/view.h"

/* A busy machine at 2026-11-23 03:14:07 UTC. History included; freed by plant_free. */
void plant_busy(struct data *d);
void plant_free(struct data *d);
/* The tables that a view needs, at the time of d's snapshot; t has room for 4. */
void plant_tables(const struct view *v, const struct data *d, struct data_table *t);
void plant_tables_free(struct data_table *t);

/* What the screen would show, as text: header, trouble, body, footer; rows end in a newline,
 * without blanks at their end. */
void plant_screen(const struct view *v, const struct view_state *s, const struct data *d, int rows,
		  int cols, char *buf, size_t size);

#endif
