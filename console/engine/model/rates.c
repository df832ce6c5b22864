/* SPDX-License-Identifier: GPL-2.0-only */
/* Rates per key: an open-addressing table, rebuilt at each look from the one before. Pure. [engine]
 */
#include "engine/model/rates.h"

#include <stdlib.h>
#include <string.h>

struct slot {
	uint8_t key[RATES_KEY];
	uint64_t a, b;	     /* the counters at this look */
	uint64_t a_ps, b_ps; /* their rates */
	uint8_t len;	     /* 0: empty */
};

struct table {
	struct slot *slot;
	uint32_t *at; /* which slots are used: only those are cleared */
	size_t used;
	uint64_t ns;
};

struct rates {
	struct table t[2];
	size_t size; /* a power of two, twice the keys */
	int now;     /* the table being looked at, or last looked at */
};

struct rates *rates_new(size_t max_keys)
{
	struct rates *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	for (r->size = 16; r->size < 2 * max_keys; r->size *= 2)
		;
	for (int i = 0; i < 2; i++) {
		r->t[i].slot = calloc(r->size, sizeof(struct slot));
		r->t[i].at = calloc(r->size / 2, sizeof(*r->t[i].at));
		if (!r->t[i].slot || !r->t[i].at) {
			rates_free(r);
			return NULL;
		}
	}
	return r;
}

void rates_free(struct rates *r)
{
	if (!r)
		return;
	for (int i = 0; i < 2; i++) {
		free(r->t[i].slot);
		free(r->t[i].at);
	}
	free(r);
}

static struct slot *find(const struct rates *r, int which, const void *key, size_t len)
{
	const uint8_t *p = key;
	uint64_t h = 14695981039346656037ULL; /* FNV-1a */

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 1099511628211ULL;
	for (size_t i = 0; i < r->size; i++) {
		struct slot *s = &r->t[which].slot[(h + i) & (r->size - 1)];

		if (!s->len || (s->len == len && !memcmp(s->key, key, len)))
			return s;
	}
	return NULL;
}

void rates_begin(struct rates *r, uint64_t now_ns)
{
	struct table *t;

	r->now = !r->now;
	t = &r->t[r->now];
	for (; t->used; t->used--)
		t->slot[t->at[t->used - 1]].len = 0;
	t->ns = now_ns;
}

static uint64_t per_second(uint64_t now, uint64_t before, uint64_t ns)
{
	return now > before && ns ? (uint64_t)((double)(now - before) * 1e9 / (double)ns + 0.5) : 0;
}

void rates_put(struct rates *r, const void *key, size_t len, uint64_t a, uint64_t b)
{
	struct table *t = &r->t[r->now];
	struct slot *s, *old;

	if (!len || len > RATES_KEY || t->used >= r->size / 2)
		return;
	s = find(r, r->now, key, len);
	if (!s)
		return;
	if (!s->len) {
		*s = (struct slot){ .len = (uint8_t)len };
		memcpy(s->key, key, len);
		t->at[t->used++] = (uint32_t)(s - t->slot);
	}
	s->a = a;
	s->b = b;
	old = find(r, !r->now, key, len);
	if (old && old->len) {
		s->a_ps = per_second(a, old->a, t->ns - r->t[!r->now].ns);
		s->b_ps = per_second(b, old->b, t->ns - r->t[!r->now].ns);
	} else if (r->t[!r->now].ns) {
		/* New since the last look: all of it came in between. */
		s->a_ps = per_second(a, 0, t->ns - r->t[!r->now].ns);
		s->b_ps = per_second(b, 0, t->ns - r->t[!r->now].ns);
	}
}

uint64_t rates_get(const struct rates *r, const void *key, size_t len, uint64_t *b)
{
	const struct slot *s = len && len <= RATES_KEY ? find(r, r->now, key, len) : NULL;

	if (b)
		*b = s && s->len ? s->b_ps : 0;
	return s && s->len ? s->a_ps : 0;
}
