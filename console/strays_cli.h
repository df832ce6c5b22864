/* SPDX-License-Identifier: GPL-2.0-only */
/* `vxconsole strays` and --clean: programs of others, without an engine. For main.c. */
#ifndef CONSOLE_STRAYS_CLI_H
#define CONSOLE_STRAYS_CLI_H

struct opts;
/* Returns the exit code. */
int strays_cli_main(const struct opts *o);
/* --clean, before a start. 0: go on; 1: it was refused, and stderr says why. */
int strays_cli_clean(const struct opts *o);

#endif
