/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Slots for fragments without a verdict, and what is done to such a frame when it has one. A slot
 * belongs to one worker from held_get() to held_put(); the engine reads only `where`.
 */
#include "held.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define ETH_LEN	 14
#define IP4_CSUM 10
#define IP4_SRC	 12
#define IP4_DST	 16
#define IP6_SRC	 8
#define IP6_DST	 24

_Static_assert(INJ_MAX_WORKERS <= 64, "held_where has 6 bits for the ring");
_Static_assert(offsetof(struct held_slot, frame) ==
		       offsetof(struct held_slot, rec) + sizeof(struct vx_record),
	       "the frame must follow its record");

int held_init(struct held_pool *p)
{
	unsigned i;

	memset(p, 0, sizeof(*p));
	p->slot = calloc(INJ_HELD_SLOTS, sizeof(*p->slot));
	if (!p->slot)
		return -ENOMEM;
	for (i = 0; i < INJ_HELD_SLOTS; i++)
		atomic_init(&p->slot[i].where, HELD_FREE);
	return 0;
}

void held_fini(struct held_pool *p)
{
	free(p->slot);
	p->slot = NULL;
}

struct held_slot *held_get(struct held_pool *p)
{
	unsigned i;

	for (i = 0; i < INJ_HELD_SLOTS / 64; i++) {
		uint64_t used = atomic_load_explicit(&p->used[i], memory_order_relaxed);

		while (~used) {
			unsigned bit = (unsigned)__builtin_ctzll(~used);

			/* A1: pairs with R1 in held_put(): the last holder is done with the slot */
			if (atomic_compare_exchange_weak_explicit(
				    &p->used[i], &used, used | 1ULL << bit, memory_order_acquire,
				    memory_order_relaxed))
				return &p->slot[i * 64 + bit];
		}
	}
	return NULL;
}

void held_put(struct held_pool *p, struct held_slot *s)
{
	size_t i = (size_t)(s - p->slot);

	/* R2: its row is counted; pairs with A2 in held_oldest() */
	atomic_store_explicit(&s->where, HELD_FREE, memory_order_release);
	/* R1: pairs with A1 in held_get() */
	atomic_fetch_and_explicit(&p->used[i / 64], ~(1ULL << i % 64), memory_order_release);
}

void held_fill(struct held_slot *s, const struct vx_record *rec)
{
	s->rec = *rec;
	if (s->rec.len > sizeof(s->frame))
		s->rec.len = sizeof(s->frame);
	memcpy(s->frame, rec + 1, s->rec.len);
}

static const unsigned char *ip_header(const struct vx_record *rec)
{
	return (const unsigned char *)(rec + 1) + ETH_LEN;
}

bool held_key(const struct vx_record *rec, struct vx_frag_key *key)
{
	const unsigned char *ip = ip_header(rec);

	memset(key, 0, sizeof(*key));
	key->vni = rec->vni;
	key->id = rec->frag_id;
	key->proto = rec->frag_proto;
	key->family = rec->family;
	if (rec->family == VX_IP4 && rec->len >= ETH_LEN + 20) {
		memcpy(key->src, ip + IP4_SRC, 4);
		memcpy(key->dst, ip + IP4_DST, 4);
		return true;
	}
	if (rec->family == VX_IP6 && rec->len >= ETH_LEN + 40) {
		memcpy(key->src, ip + IP6_SRC, 16);
		memcpy(key->dst, ip + IP6_DST, 16);
		return true;
	}
	return false;
}

bool held_same_datagram(const struct vx_record *rec, const struct vx_frag_key *key)
{
	struct vx_frag_key k;

	return rec->frag_id == key->id && rec->vni == key->vni && held_key(rec, &k) &&
	       k.proto == key->proto && k.family == key->family &&
	       !memcmp(k.src, key->src, sizeof(k.src));
}

/* Replaces len bytes (even, at an even offset of the IPv4 header) and carries the change into its
 * sum. */
static void replace4(unsigned char *ip, size_t off, const unsigned char *to, size_t len)
{
	uint32_t sum = (uint16_t) ~(ip[IP4_CSUM] << 8 | ip[IP4_CSUM + 1]);
	size_t i;

	if (!memcmp(ip + off, to,
		    len)) /* no change, no other form of the same sum (0 and 0xffff) */
		return;
	for (i = 0; i < len; i += 2) {
		sum += (uint16_t) ~(ip[off + i] << 8 | ip[off + i + 1]);
		sum += (uint16_t)(to[i] << 8 | to[i + 1]);
	}
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	sum = ~sum;
	ip[IP4_CSUM] = (unsigned char)(sum >> 8);
	ip[IP4_CSUM + 1] = (unsigned char)sum;
	memcpy(ip + off, to, len);
}

void held_rewrite(struct held_slot *s, const struct inj_frag_answer *ans)
{
	unsigned char *ip = s->frame + ETH_LEN;

	memcpy(s->frame, ans->dst_mac, 6);
	memcpy(s->frame + 6, ans->src_mac, 6);
	s->rec.natted = ans->verdict == VX_FRAG_NAT;
	if (!s->rec.natted)
		return;
	if (s->rec.family == VX_IP4)
		replace4(ip, IP4_DST, ans->new_dst, 4);
	else
		memcpy(ip + IP6_DST, ans->new_dst, 16);
}

uint64_t held_oldest(const struct held_pool *p, unsigned ring, uint64_t pos)
{
	unsigned i;

	for (i = 0; i < INJ_HELD_SLOTS; i++) {
		/* A2: pairs with R2 in held_put() */
		uint64_t where = atomic_load_explicit(&p->slot[i].where, memory_order_acquire);
		uint64_t from = where >> 6 << 3;

		if (where != HELD_FREE && (where & 63) == ring && from < pos)
			pos = from;
	}
	return pos;
}
