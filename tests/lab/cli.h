/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command line, from one table: parsing, --help, and the order of the manual.
 */
#ifndef LAB_CLI_H
#define LAB_CLI_H

#include <stdbool.h>
#include <stdio.h>

#include "conf.h"
#include "vx_err.h"

/* Parses `send IF [options]` or `sink IF [options]` (argv[0] is the program), with all defaults.
 * 0, -EINVAL with a reason, or 1: help was asked for. */
int cli_parse(struct conf *c, int argc, char **argv, struct vx_err *err);
void cli_help(FILE *out);

#endif
