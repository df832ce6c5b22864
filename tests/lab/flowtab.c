/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sequence tracking: a hash of flows, each with its first and highest sequence number, the number
 * of distinct packets, and a bitmap of the last FLOWTAB_WINDOW sequences.
 */
#include "flowtab.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "stamp.h"

#define SLOTS	  (1u << 18)
#define MAX_FLOWS (SLOTS / 4 * 3)

struct flow {
	uint32_t run;
	uint16_t id;
	uint32_t base; /* the first sequence that counts */
	uint32_t top;  /* the highest seen */
	uint64_t received;
	uint64_t duplicated;
	uint64_t reordered;
	uint64_t bits[FLOWTAB_WINDOW / 64];
};

struct flowtab {
	uint32_t started;
	uint32_t n;
	uint64_t untracked;
	struct flow *slot[SLOTS];
};

struct flowtab *flowtab_new(uint32_t started)
{
	struct flowtab *t = calloc(1, sizeof(*t));

	if (t)
		t->started = started;
	return t;
}

void flowtab_free(struct flowtab *t)
{
	uint32_t i;

	for (i = 0; t && i < SLOTS; i++)
		free(t->slot[i]);
	free(t);
}

static uint32_t hash(uint32_t run, uint16_t id)
{
	uint64_t h = ((uint64_t)run << 16 | id) * 0x9e3779b97f4a7c15ULL;

	return (uint32_t)(h >> 40) % SLOTS;
}

static bool test_and_set(struct flow *f, uint32_t seq)
{
	uint64_t *word = &f->bits[seq % FLOWTAB_WINDOW / 64];
	uint64_t bit = 1ULL << seq % 64;
	bool was = *word & bit;

	*word |= bit;
	return was;
}

/* The flow, made if it is new; NULL when the table is full. */
static struct flow *get(struct flowtab *t, uint32_t run, uint16_t id, uint32_t seq)
{
	uint32_t i = hash(run, id);
	struct flow *f;

	for (; t->slot[i]; i = (i + 1) % SLOTS)
		if (t->slot[i]->run == run && t->slot[i]->id == id)
			return t->slot[i];
	f = t->n < MAX_FLOWS ? calloc(1, sizeof(*f)) : NULL;
	if (!f)
		return NULL;
	f->run = run;
	f->id = id;
	f->base = stamp_run_before(run, t->started) ? seq : 0;
	f->top = f->base;
	t->slot[i] = f;
	t->n++;
	return f;
}

/* The window moves up to seq: what falls out of it is forgotten. */
static void advance(struct flow *f, uint32_t seq)
{
	if (seq - f->top >= FLOWTAB_WINDOW)
		memset(f->bits, 0, sizeof(f->bits));
	else
		while (++f->top != seq)
			f->bits[f->top % FLOWTAB_WINDOW / 64] &= ~(1ULL << f->top % 64);
	f->bits[seq % FLOWTAB_WINDOW / 64] &= ~(1ULL << seq % 64);
	f->top = seq;
	test_and_set(f, seq);
}

void flowtab_seen(struct flowtab *t, uint32_t run, uint16_t flow, uint32_t seq)
{
	struct flow *f = get(t, run, flow, seq);

	if (!f) {
		t->untracked++;
	} else if (seq > f->top) {
		advance(f, seq);
		f->received++;
	} else if (seq < f->base) {
		f->reordered++; /* older than where we joined: neither lost nor received */
	} else if (f->top - seq < FLOWTAB_WINDOW && test_and_set(f, seq)) {
		f->duplicated++;
	} else {
		f->reordered += seq < f->top;
		f->received++;
	}
}

void flowtab_sum(const struct flowtab *t, struct flowtab_totals *out)
{
	uint32_t i;

	*out = (struct flowtab_totals){ .flows = t->n, .untracked = t->untracked };
	for (i = 0; i < SLOTS; i++) {
		const struct flow *f = t->slot[i];
		uint64_t span;

		if (!f)
			continue;
		span = (uint64_t)f->top - f->base + 1;
		out->lost += span > f->received ? span - f->received : 0;
		out->duplicated += f->duplicated;
		out->reordered += f->reordered;
	}
}
