/* SPDX-License-Identifier: GPL-2.0-only */
/* `vxconsole ctl`: one command to a running engine, or many from stdin. For main.c. */
#ifndef CONSOLE_CTL_H
#define CONSOLE_CTL_H

struct opts;
/* o->words (at least one), json, socket, yes. Returns the exit code: 0, or 1 with the error on
 * stderr. */
int ctl_main(const struct opts *o);

#endif
