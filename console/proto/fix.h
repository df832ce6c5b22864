/* SPDX-License-Identifier: GPL-2.0-only */
/* Command lines that mend something, as `diagnose` and the snapshot have them: whose they are, and
 * whether they are whole. Pure. */
#ifndef PROTO_FIX_H
#define PROTO_FIX_H

#include <stdbool.h>
#include <stddef.h>

/* A shell's; else vxconsole's own. The first word tells. */
bool fix_is_shell(const char *line);
/* Bytes before what the operator has to fill in (ADDRESS:PORT, MAC, ID); all when there is nothing.
 */
size_t fix_whole(const char *line);

#endif
