/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The allowlist, asked with the inner addresses before NAT. Kernel side only; looks up and counts
 * nothing, so that the leak guard can ask too.
 */
#ifndef BPF_ALLOW_BPF_H
#define BPF_ALLOW_BPF_H

#include "pkt.bpf.h"
#include "policy.bpf.h"

enum vx_allow_answer { ALLOW_NO, ALLOW_YES, ALLOW_FAILED };

/* What a look-up gives instead of an index. */
#define FIND_NONE   (-1)
#define FIND_FAILED (-2)

/* One prefix of one length. */
static __always_inline int find_prefix4(void *table, __u32 wrap, __u32 prefix, __u32 tag)
{
	__u64 want = (__u64)prefix << 8 | tag;
	__u32 hash = vx_allow4_hash(prefix, tag), i, j;

	for (i = 0; i < VX_ALLOW_PROBES; i++) {
		__u32 at = 1 + ((hash + i) & wrap);
		const union vx_allow4 *bucket = bpf_map_lookup_elem(table, &at);

		if (!bucket)
			return FIND_FAILED;
#pragma unroll
		for (j = 0; j < VX_ALLOW_WAYS; j++) {
			__u64 way = VX_ONCE(bucket->way[j]);

			if (way >> VX_ALLOW_TAG == want)
				return (int)(way & VX_ALLOW_IDX);
			if (!way)
				return FIND_NONE;
		}
	}
	return FIND_NONE;
}

static __always_inline int find_prefix6(void *table, __u32 wrap, __u64 hi, __u64 lo, __u32 tag)
{
	__u32 hash = vx_allow6_hash(hi, lo, tag), i, j;

	for (i = 0; i < VX_ALLOW_PROBES; i++) {
		__u32 at = 1 + ((hash + i) & wrap);
		const union vx_allow6 *bucket = bpf_map_lookup_elem(table, &at);

		if (!bucket)
			return FIND_FAILED;
#pragma unroll
		for (j = 0; j < VX_ALLOW_WAYS; j++) {
			const struct vx_allow6_way *way = &bucket->way[j];
			__u64 word = VX_ONCE(way->word);

			if (word >> VX_ALLOW_TAG == tag && way->hi == hi && way->lo == lo)
				return (int)(word & VX_ALLOW_IDX);
			if (!word)
				return FIND_NONE;
		}
	}
	return FIND_NONE;
}

/* A look-up of several lengths: bpf_loop() asks for one after the other, so that the verifier goes
 * through one. */
struct find {
	void *table;
	__u64 hi, lo; /* the address in host order; an IPv4 one is in lo */
	__u64 lens;   /* of word w, those that are left */
	__u32 w, wrap;
	int idx; /* the answer, or FIND_* */
};

static long find_next4(__u32 i, struct find *f)
{
	__u64 bit = f->lens & -f->lens;

	(void)i;
	if (!bit)
		return 1;
	f->lens ^= bit;
	f->idx = find_prefix4(f->table, f->wrap, (__u32)(f->lo & -bit), vx_allow_tag(bit, 0));
	return f->idx != FIND_NONE;
}

static long find_next6(__u32 i, struct find *f)
{
	__u64 bit = f->lens & -f->lens;
	__u64 hi = f->w == 0 ? f->hi : f->w == 1 ? f->hi & -bit : 0;
	__u64 lo = f->w == 0 ? f->lo & -bit : 0;

	(void)i;
	if (!bit)
		return 1;
	f->lens ^= bit;
	f->idx = find_prefix6(f->table, f->wrap, hi, lo, vx_allow_tag(bit, f->w));
	return f->idx != FIND_NONE;
}

/*
 * The index of the entry that decides for an address in host order, or FIND_*. A function of its
 * own, so that the verifier does not follow it on each path that leads here.
 */
__attribute__((noinline)) int allow_find4(__u32 slot, __u32 addr)
{
	void *table = bpf_map_lookup_elem(&vx_allow4, &slot);
	const union vx_allow4 *head = NULL;
	struct find f;
	__u32 zero = 0;
	__u64 bit;

	if (table)
		head = bpf_map_lookup_elem(table, &zero);
	if (!head)
		return FIND_FAILED;
	f.lens = VX_ONCE(head->head.lens);
	bit = f.lens & -f.lens;
	if (!bit)
		return FIND_NONE;
	/* Most lists have addresses only: the first length without what the loop costs. */
	f.wrap = head->head.wrap;
	f.idx = find_prefix4(table, f.wrap, addr & (__u32)-bit, vx_allow_tag(bit, 0));
	f.lens ^= bit;
	if (f.idx != FIND_NONE || !f.lens)
		return f.idx;
	f.table = table;
	f.lo = addr;
	bpf_loop(32, find_next4, &f, 0);
	return f.idx;
}

__attribute__((noinline)) int allow_find6(__u32 slot, __u64 hi, __u64 lo)
{
	struct find f = { .hi = hi, .lo = lo, .idx = FIND_NONE };
	const union vx_allow6 *head = NULL;
	__u32 zero = 0;

	f.table = bpf_map_lookup_elem(&vx_allow6, &slot);
	if (f.table)
		head = bpf_map_lookup_elem(f.table, &zero);
	if (!head)
		return FIND_FAILED;
	f.wrap = head->head.wrap;
	for (f.w = 0; f.w < 3 && f.idx == FIND_NONE; f.w++) {
		f.lens = VX_ONCE(head->head.lens[f.w]);
		if (f.lens)
			bpf_loop(64, find_next6, &f, 0);
	}
	return f.idx;
}

static __always_inline int allow_addr(struct vx_pkt *p, __u32 slot, const __u8 *addr)
{
	__u64 word[2];
	__be32 addr4;
	int idx;

	__builtin_memcpy(&addr4, addr, 4);
	__builtin_memcpy(word, addr, 16);
	if (p->t.family == VX_IP4)
		idx = allow_find4(slot, VX_BE32(addr4));
	else
		idx = allow_find6(slot, VX_BE64(word[0]), VX_BE64(word[1]));
	if (idx < 0)
		return idx == FIND_NONE ? ALLOW_NO : ALLOW_FAILED;
	p->t.allow_idx = (__u32)idx;
	p->t.flags |= VX_T_ALLOW_HIT;
	return ALLOW_YES;
}

/* Is the packet on the list, by its source, its destination, or the first of both that is? */
static __always_inline int allow_match(struct vx_pkt *p, const struct vx_cfg *cfg)
{
	__u32 slot = VX_ONCE(cfg->allow_slot), match = VX_ONCE(cfg->match);
	int answer = ALLOW_NO;

	if (match != VX_MATCH_DST)
		answer = allow_addr(p, slot, p->t.src);
	if (answer == ALLOW_NO && match != VX_MATCH_SRC)
		answer = allow_addr(p, slot, p->t.dst);
	return answer;
}

#endif
