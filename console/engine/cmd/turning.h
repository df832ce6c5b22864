/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What undo, redo and the journal would take away, in packets/s of this moment: for each thing that
 * they would set, what the command that sets it would ask. For cmd_journal.c. [engine]
 */
#ifndef ENGINE_CMD_TURNING_H
#define ENGINE_CMD_TURNING_H

#include "engine/cmd/cmd.h"

struct journal_change;
struct kept;

struct turning {
	struct con *c;
	char said[150]; /* "a; b" */
	unsigned left;	/* for which there was no room */
	unsigned gone;	/* entries that would be denied, */
	uint64_t pps;	/* with so many packets/s */
	char one[150];	/* the effect when it is one entry */
};

void turning_change(struct turning *t, const struct journal_change *c);
void turning_kept(struct turning *t, const struct kept *k);
/* "nothing less is sent", or all of it. Returns buf. */
const char *turning_text(struct turning *t, char *buf, size_t size);

#endif
