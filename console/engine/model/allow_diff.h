/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What another allowlist would change, before it is put in force: how many entries, some of them by
 * name, and how many packets/s it would deny. Pure. [engine]
 */
#ifndef ENGINE_MODEL_ALLOW_DIFF_H
#define ENGINE_MODEL_ALLOW_DIFF_H

#include "engine/model/allow.h"

struct allow_diff {
	uint32_t added, removed;
	uint32_t relabelled; /* other organisation or note */
	uint64_t pps;	     /* of those removed that no wider entry of the new list permits */
	/* the first of them: "10.0.0.1, 10.0.0.2" */
	char added_text[ADDR_TEXT * 2], removed_text[ADDR_TEXT * 2];
};

enum allow_change { ALLOW_ADDED, ALLOW_REMOVED, ALLOW_RELABELLED };
/* e: of the old list when it is removed, else of the new one. Removed ones come first. */
typedef void (*allow_diff_fn)(void *ctx, enum allow_change change, const struct allow_entry *e);
void allow_diff_rows(const struct allow *old, const struct allow *fresh, allow_diff_fn fn,
		     void *ctx);

typedef uint64_t (*allow_rate_fn)(void *ctx, const struct allow_entry *e); /* packets/s */
void allow_diff(const struct allow *old, const struct allow *fresh, allow_rate_fn rate, void *ctx,
		struct allow_diff *out);

/* "+2 (10.0.0.1, 10.0.0.2) -1 (10.0.0.3)": names are whole, and followed by ", ..." where not all
 * are there. Returns buf. */
#define ALLOW_DIFF_TEXT 160
const char *allow_diff_text(const struct allow_diff *d, char buf[static ALLOW_DIFF_TEXT]);

#endif
