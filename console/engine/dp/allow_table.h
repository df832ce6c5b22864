/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Making and filling the allowlist's hash tables (vx_allow.h) while the program looks into them: a
 * look-up sees an edit whole or not at all. [engine]
 */
#ifndef ENGINE_DP_ALLOW_TABLE_H
#define ENGINE_DP_ALLOW_TABLE_H

#include "engine/model/addr.h"
#include "vx_allow.h"

struct allow_table {
	int fd; /* the map; -1: none */
	uint8_t family;
	uint32_t n_buckets;
	uint32_t n; /* entries */
	union {
		void *map;
		union vx_allow4 *v4;
		union vx_allow6 *v6;
	} at;		      /* the map's memory: head, then buckets */
	uint32_t of_len[129]; /* entries of each length */
};

/* An empty table with room for so many entries. -errno of the kernel. Zeroed or made: what it is
 * before does not matter. */
int allow_table_new(struct allow_table *t, uint8_t family, uint32_t room, struct vx_err *err);
/* Also of one that could not be made. What the program may still look into lives on in its slot. */
void allow_table_free(struct allow_table *t);
/* -EEXIST: the very prefix is there; -ENOSPC: no room, as allow_table_larger() makes it. */
int allow_table_put(struct allow_table *t, const struct cidr *c, uint32_t idx);
/* -ENOENT. */
int allow_table_del(struct allow_table *t, const struct cidr *c);
/* Makes *out, a table with all of t and this entry, larger if need be. -errno of the kernel. */
int allow_table_larger(const struct allow_table *t, const struct cidr *c, uint32_t idx,
		       struct allow_table *out, struct vx_err *err);

#endif
