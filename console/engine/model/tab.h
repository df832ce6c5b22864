/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A hash table of pointers: open addressing, linear probing, no tombstones. The caller keeps the
 * hash of an item where hash_fn finds it. For the model and the files; single thread.
 */
#ifndef ENGINE_MODEL_TAB_H
#define ENGINE_MODEL_TAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint32_t (*tab_hash_fn)(const void *item);
typedef bool (*tab_equal_fn)(const void *item, const void *key);

struct tab {
	void **slot; /* cap of them, a power of two; NULL = free */
	uint32_t n, cap;
	tab_hash_fn hash;
	tab_equal_fn equal;
};

void tab_init(struct tab *t, tab_hash_fn hash, tab_equal_fn equal);
void tab_fini(struct tab *t); /* the items are the caller's */
void *tab_find(const struct tab *t, uint32_t hash, const void *key);
/* The item must not be there. -ENOMEM. */
int tab_add(struct tab *t, void *item) __attribute__((warn_unused_result));
void tab_del(struct tab *t, const void *item); /* the item must be there */
/* Keyed by a secret of this process, so that nobody can write a list of collisions. One thread. */
uint32_t tab_hash_bytes(const void *data, size_t n);

#endif
