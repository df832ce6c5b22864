/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The allowlist as the operator knows it: prefixes with organisation and note. Pure model; the maps
 * in the kernel are filled from it by dp. [engine]
 */
#ifndef ENGINE_MODEL_ALLOW_H
#define ENGINE_MODEL_ALLOW_H

#include "engine/model/addr.h"

struct allow_entry {
	struct cidr cidr;
	const char *org;  /* NULL: none. Owned by the list */
	const char *note; /* NULL: none */
	uint32_t idx;	  /* element of vx_allow_hits, unique, stable while the entry lives */
};

#define ALLOW_TEXT_MAX 1023 /* bytes of an organisation's name, of a note */

struct allow;

int allow_new(struct allow **out, uint32_t max, struct vx_err *err)
	__attribute__((warn_unused_result));
void allow_free(struct allow *a);
uint32_t allow_count(const struct allow *a);
/* idx are below this: so that two full lists, the old and the new one, never share one. As many
 * elements has vx_allow_hits. Low ones are given first, a freed one again; whoever owns the hits
 * zeroes them then. */
#define ALLOW_IDX_END(max) (2 * (max))
uint32_t allow_idx_end(const struct allow *a);
/* -EEXIST when the very prefix is there, -ENOSPC beyond max, -EINVAL when a text is not UTF-8 or
 * too long, -ENOMEM. An empty text is none. out may be NULL. */
int allow_add(struct allow *a, const struct cidr *c, const char *org, const char *note,
	      const struct allow_entry **out, struct vx_err *err)
	__attribute__((warn_unused_result));
/* -ENOENT when the very prefix is not there. */
int allow_del(struct allow *a, const struct cidr *c, struct vx_err *err)
	__attribute__((warn_unused_result));
/* Where an entry stands: its element, and the entry before it. */
struct allow_place {
	uint32_t idx;
	bool first; /* nothing is before it */
	struct cidr after;
};
struct allow_place allow_place(const struct allow *a, const struct allow_entry *e);
/* allow_add at a place where one was. -EINVAL when that is taken or not there any more. */
int allow_put(struct allow *a, const struct cidr *c, const char *org, const char *note,
	      const struct allow_place *at, const struct allow_entry **out, struct vx_err *err)
	__attribute__((warn_unused_result));
/* A list that is kept for later needs no indexes: only its entries stay, and nothing but
 * allow_unpack (-ENOMEM: it stays packed) and allow_free may be done with it. */
void allow_pack(struct allow *a);
int allow_unpack(struct allow *a, struct vx_err *err) __attribute__((warn_unused_result));
size_t allow_bytes(const struct allow *a); /* about, of a packed list */
/* The same organisation and note? */
bool allow_same_texts(const struct allow_entry *a, const struct allow_entry *b);
/* The same entries in the same order, with the same organisations and notes. */
bool allow_same(const struct allow *a, const struct allow *b);
/* NULL or "" removes the note. -ENOENT, -EINVAL, -ENOMEM. */
int allow_set_note(struct allow *a, const struct cidr *c, const char *note, struct vx_err *err)
	__attribute__((warn_unused_result));
const struct allow_entry *allow_find(const struct allow *a, const struct cidr *c);
/* The entry whose hits element is idx, or NULL. O(1). */
const struct allow_entry *allow_by_idx(const struct allow *a, uint32_t idx);
/* Entry that would decide for an address: longest prefix, or NULL. One look-up a length. */
const struct allow_entry *allow_match(const struct allow *a, const struct addr *addr);
/* The longest prefix that holds all of c and more: what decides for it where c itself is not there.
 * NULL: none. */
const struct allow_entry *allow_wider(const struct allow *a, const struct cidr *c);
/* In order of addition (a loaded list: of the file). The callback must not change it. */
typedef void (*allow_fn)(void *ctx, const struct allow_entry *e);
void allow_foreach(const struct allow *a, allow_fn fn, void *ctx);
uint32_t allow_orgs(const struct allow *a); /* number of different organisations */
/* Before a new list replaces an old one: entries that both have keep the old idx, so that hits go
 * on; new ones get an idx that the old list does not use. Both lists have the same max. */
void allow_adopt_idx(struct allow *fresh, const struct allow *old);

#endif
