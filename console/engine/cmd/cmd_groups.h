/* SPDX-License-Identifier: GPL-2.0-only */
/* The groups of rows that make the command table, for cmd*.c only. Each ends with an empty row. */
#ifndef ENGINE_CMD_GROUPS_H
#define ENGINE_CMD_GROUPS_H

#include "engine/cmd/cmd.h"

extern const struct cmd cmd_allow[];
extern const struct cmd cmd_nat[];
extern const struct cmd cmd_vni[];
extern const struct cmd cmd_source[];
extern const struct cmd cmd_stats[];
extern const struct cmd cmd_diagnose[];
extern const struct cmd cmd_explain[];
extern const struct cmd cmd_nic[];
extern const struct cmd cmd_strays[];
extern const struct cmd cmd_intake[];
extern const struct cmd cmd_set[];
extern const struct cmd cmd_mark[];
extern const struct cmd cmd_journal[];
extern const struct cmd cmd_help[];

#endif
