/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Datagrams in pieces: a hash of a few thousand, probed over PROBE slots; a new one evicts the
 * oldest of its neighbourhood. All but the last piece are multiples of 8 bytes long, so their sums
 * simply add up.
 */
#include "datagram.h"

#include <stdlib.h>
#include <string.h>

#include "engine/model/sum.h"

#define SLOTS 8192u
#define PROBE 16u

struct datagram_table {
	uint64_t clock;
	uint64_t evicted;
	struct datagram slot[SLOTS];
};

struct datagram_table *datagram_table_new(void)
{
	return calloc(1, sizeof(struct datagram_table));
}

void datagram_table_free(struct datagram_table *t)
{
	free(t);
}

static uint32_t hash(const struct parse_pkt *p)
{
	uint64_t h = sum_add(sum_add(p->proto, p->src, p->alen), p->dst, p->alen);

	h = (h << 32 | p->id) * 0x9e3779b97f4a7c15ULL;
	return (uint32_t)(h >> 40) % SLOTS;
}

static bool same(const struct datagram *d, const struct parse_pkt *p)
{
	return d->used && d->version == p->version && d->proto == p->proto && d->id == p->id &&
	       !memcmp(d->src, p->src, p->alen) && !memcmp(d->dst, p->dst, p->alen);
}

static struct datagram *get(struct datagram_table *t, const struct parse_pkt *p)
{
	uint32_t first = hash(p), i;
	struct datagram *d, *victim = NULL;

	for (i = 0; i < PROBE; i++) {
		d = &t->slot[(first + i) % SLOTS];
		if (same(d, p))
			return d;
		if (!victim || (victim->used && (!d->used || d->stamp < victim->stamp)))
			victim = d;
	}
	t->evicted += victim->used;
	memset(victim, 0, sizeof(*victim));
	victim->used = true;
	victim->version = p->version;
	victim->proto = p->proto;
	victim->id = p->id;
	memcpy(victim->src, p->src, p->alen);
	memcpy(victim->dst, p->dst, p->alen);
	victim->stamp = ++t->clock;
	return victim;
}

/* Keeps what of the first DATAGRAM_HEAD bytes is in this piece. */
static void keep_head(struct datagram *d, uint32_t off, const uint8_t *data, uint32_t len)
{
	uint32_t n;

	if (off >= DATAGRAM_HEAD)
		return;
	n = len < DATAGRAM_HEAD - off ? len : DATAGRAM_HEAD - off;
	memcpy(d->head + off, data, n);
	d->head_len += n;
}

enum datagram_result datagram_add(struct datagram_table *t, const struct parse_pkt *p,
				  const struct datagram **out)
{
	struct datagram *d = get(t, p);
	uint32_t len = p->end > p->l4 ? p->end - p->l4 : 0;
	uint16_t i;

	for (i = 0; i < d->n; i++)
		if (d->off[i] == p->frag_off / 8)
			return DATAGRAM_DUPLICATE;
	if (d->n == DATAGRAM_MAX_FRAGS || (p->more && len % 8))
		return DATAGRAM_BAD;
	d->off[d->n++] = (uint16_t)(p->frag_off / 8);
	d->sum = sum_add(d->sum, p->frame + p->l4, len);
	d->bytes += len;
	if (!p->more)
		d->total = p->frag_off + len;
	keep_head(d, p->frag_off, p->frame + p->l4, len);
	if (!d->total || d->bytes < d->total)
		return DATAGRAM_PART;
	d->used = false;
	*out = d;
	return d->bytes == d->total ? DATAGRAM_COMPLETE : DATAGRAM_BAD;
}

uint64_t datagram_incomplete(const struct datagram_table *t)
{
	uint64_t n = t->evicted;
	uint32_t i;

	for (i = 0; i < SLOTS; i++)
		n += t->slot[i].used;
	return n;
}
