/* SPDX-License-Identifier: GPL-2.0-only */
/* The answer of `explain` as a result: for cmd_explain.c. */
#ifndef ENGINE_CMD_EXPLAIN_H
#define ENGINE_CMD_EXPLAIN_H

#include "engine/engine.h"

struct out;
/* The members of an object that is open: verdict, row, steps, frame. */
void explain_members(struct out *o, const struct eng *e, const struct eng_explained *ex);
/* The member "frame": what would leave, decoded and in hex; null when nothing would. */
void explain_frame(struct out *o, const uint8_t *frame, uint32_t len);

#endif
