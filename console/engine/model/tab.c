// SPDX-License-Identifier: GPL-2.0-only
/*
 * Open addressing with linear probing, at most 3/4 full. A deletion moves later items of the run
 * back, so that a list that is edited for months never fills with tombstones. Single thread.
 */
#include "engine/model/tab.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

void tab_init(struct tab *t, tab_hash_fn hash, tab_equal_fn equal)
{
	*t = (struct tab){ .hash = hash, .equal = equal };
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

static uint64_t turn(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static void mix(uint64_t v[static 4])
{
	v[0] += v[1];
	v[1] = turn(v[1], 13) ^ v[0];
	v[0] = turn(v[0], 32);
	v[2] += v[3];
	v[3] = turn(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = turn(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = turn(v[1], 17) ^ v[2];
	v[2] = turn(v[2], 32);
}

/* SipHash-1-3: with a simpler hash a list could be written whose keys all fall into one run. */
uint32_t tab_hash_bytes(const void *data, size_t n)
{
	static uint64_t key[2];
	static bool keyed;
	const unsigned char *p = data;
	uint64_t word, v[4];
	size_t left = n, i;

	if (!keyed) {
		keyed = true;
		if (getrandom(key, sizeof(key), GRND_NONBLOCK) < 0)
			key[0] = (uintptr_t)data; /* too early after boot: better than nothing */
	}
	v[0] = key[0] ^ 0x736f6d6570736575u;
	v[1] = key[1] ^ 0x646f72616e646f6du;
	v[2] = key[0] ^ 0x6c7967656e657261u;
	v[3] = key[1] ^ 0x7465646279746573u;
	for (;;) {
		size_t take = left < 8 ? left : 8;

		word = take < 8 ? (uint64_t)n << 56 : 0;
		for (i = 0; i < take; i++)
			word |= (uint64_t)p[i] << (8 * i);
		v[3] ^= word;
		mix(v);
		v[0] ^= word;
		if (take < 8)
			break;
		p += 8;
		left -= 8;
	}
	v[2] ^= 0xff;
	for (i = 0; i < 3; i++)
		mix(v);
	return (uint32_t)(v[0] ^ v[1] ^ v[2] ^ v[3]);
}
