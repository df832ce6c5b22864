/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The snapshot as results: for commands, for the lines of --headless --json and for the final
 * report, which all show the same keys. key is NULL at the top.
 */
#ifndef ENGINE_CMD_FIGURES_H
#define ENGINE_CMD_FIGURES_H

#include "proto/snapshot.h"

struct out;
void figures_stats(struct out *o, const char *key, const struct snapshot *s);
void figures_ledger(struct out *o, const char *key, const struct snapshot *s);
void figures_workers(struct out *o, const char *key, const struct snapshot *s);
void figures_rings(struct out *o, const char *key, const struct snapshot *s);
void figures_latency(struct out *o, const char *key, const struct snapshot *s);

#endif
