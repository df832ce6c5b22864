/* SPDX-License-Identifier: GPL-2.0-only */
/* `vxconsole ctl`: one command to a running engine, or many from stdin. For main.c. */
#ifndef CONSOLE_CTL_H
#define CONSOLE_CTL_H

struct opts;
/* o->words, json, socket, yes. Returns what the process exits with: 0, 1 with the error on stderr, 2 usage. */
int ctl_main(const struct opts *o);

#endif
