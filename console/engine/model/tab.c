// SPDX-License-Identifier: GPL-2.0-only
/*
 * Open addressing with linear probing, at most 3/4 full. A deletion moves later items of the run
 * back, so that a list that is edited for months never fills with tombstones. Single thread.
 */
#include "engine/model/tab.h"

#include <errno.h>
#include <stdlib.h>

void tab_init(struct tab *t, tab_hash_fn hash, tab_equal_fn equal)
{
	*t = (struct tab){.hash = hash, .equal = equal};
}

void tab_fini(struct tab *t)
{
	free(t->slot);
	t->slot = NULL;
	t->n = t->cap = 0;
}

void *tab_find(const struct tab *t, uint32_t hash, const void *key)
{
	uint32_t mask = t->cap - 1, i;

	if (!t->cap)
		return NULL;
	for (i = hash & mask; t->slot[i]; i = (i + 1) & mask)
		if (t->hash(t->slot[i]) == hash && t->equal(t->slot[i], key))
			return t->slot[i];
	return NULL;
}

static void put(struct tab *t, void *item)
{
	uint32_t mask = t->cap - 1, i = t->hash(item) & mask;

	while (t->slot[i])
		i = (i + 1) & mask;
	t->slot[i] = item;
}

static int grow(struct tab *t)
{
	struct tab bigger = *t;
	uint32_t i;

	bigger.cap = t->cap ? 2 * t->cap : 16;
	bigger.slot = calloc(bigger.cap, sizeof(*bigger.slot));
	if (!bigger.slot)
		return -ENOMEM;
	for (i = 0; i < t->cap; i++)
		if (t->slot[i])
			put(&bigger, t->slot[i]);
	free(t->slot);
	*t = bigger;
	return 0;
}

int tab_add(struct tab *t, void *item)
{
	if (t->n >= t->cap / 4 * 3 && grow(t))
		return -ENOMEM;
	put(t, item);
	t->n++;
	return 0;
}

void tab_del(struct tab *t, const void *item)
{
	uint32_t mask = t->cap - 1, hole = t->hash(item) & mask, i;

	while (t->slot[hole] != item)
		hole = (hole + 1) & mask;
	for (i = (hole + 1) & mask; t->slot[i]; i = (i + 1) & mask) {
		uint32_t home = t->hash(t->slot[i]) & mask;

		/* it may fill the hole unless its home lies behind the hole, on the way to i */
		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		t->slot[hole] = t->slot[i];
		hole = i;
	}
	t->slot[hole] = NULL;
	t->n--;
}

uint32_t tab_hash_bytes(const void *data, size_t n)
{
	const unsigned char *p = data;
	uint64_t h = 0xcbf29ce484222325u; /* FNV-1a, with a finish that reaches the low bits */

	while (n--)
		h = (h ^ *p++) * 0x100000001b3u;
	h ^= h >> 32;
	h *= 0x9e3779b97f4a7c15u;
	return (uint32_t)(h >> 32);
}
