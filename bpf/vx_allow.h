/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The allowlist's hash tables: what the XDP program looks up and user space fills. One for IPv4,
 * one for IPv6; each an ARRAY, mapped by user space, whose element 0 is the head and whose others,
 * a power of 2 of them, are buckets of VX_ALLOW_WAYS entries. An IPv4 bucket is one cache line:
 * what an address costs hardly depends on how many there are.
 *
 * An entry is a prefix of any length, a single address being the longest. A look-up asks once for
 * each length that the list has, the longest first (the "tuple space search" of classifiers): one
 * for a list of addresses. A bucket fills from its first way on; an entry that finds its own full
 * is in one of the VX_ALLOW_PROBES - 1 next. So a look-up ends at a way that never had an entry.
 *
 * User space writes each way and each word of the head with one store; an IPv6 way is three words,
 * of which the last makes it valid, and it is never used for another entry. What is gone keeps a
 * word without a tag.
 */
#ifndef VX_ALLOW_H
#define VX_ALLOW_H

#include <linux/types.h>

#define VX_ALLOW_WAYS	8
#define VX_ALLOW_PROBES 4
#define VX_ALLOW_TAG	24 /* bits of an index below the tag in a word */
#define VX_ALLOW_IDX	((1u << VX_ALLOW_TAG) - 1)
#define VX_ALLOW_GONE	1ull		      /* a word: tag 0, which no entry has */
#define VX_ALLOW_PHI	0x9e3779b97f4a7c15ull /* 2^64 / phi: multiplication carries upwards */

/*
 * Lengths that the table has, as bits: of an IPv4 prefix of length n it is bit 32 - n of lens, of
 * an IPv6 one bit (128 - n) % 64 of lens[(128 - n) / 64]. So the lowest one is the longest prefix,
 * and minus that bit is its netmask, in host order.
 */
union vx_allow4 {
	struct {
		__u64 lens;
		__u32 wrap; /* number of buckets less one */
	} head;
	__u64 way[VX_ALLOW_WAYS]; /* address in host order << 32 | tag << VX_ALLOW_TAG | index */
};

struct vx_allow6_way {
	__u64 hi, lo; /* of the address in host order */
	__u64 word;   /* tag << VX_ALLOW_TAG | index */
};

union vx_allow6 {
	struct {
		__u64 lens[3];
		__u32 wrap;
	} head;
	struct vx_allow6_way way[VX_ALLOW_WAYS];
};

/* 1 to 129, another one for each length. bit: of word w of lens. By a de Bruijn sequence: BPF
 * cannot count zeros. */
static inline __u32 vx_allow_tag(__u64 bit, __u32 w)
{
	return (__u32)(bit * 0x03f79d71b4cb0a89ull >> 58) + 64 * w + 1;
}

/* The number of a bucket, still to be cut by wrap: each bit of address and tag has a part in it. */
static inline __u32 vx_allow4_hash(__u32 prefix, __u32 tag)
{
	return (__u32)(((__u64)prefix << 8 | tag) * VX_ALLOW_PHI >> 40);
}

static inline __u32 vx_allow6_hash(__u64 hi, __u64 lo, __u32 tag)
{
	__u64 hash = hi * VX_ALLOW_PHI;

	hash = ((hash ^ hash >> 32) + lo) * VX_ALLOW_PHI;
	hash = ((hash ^ hash >> 32) + tag) * VX_ALLOW_PHI;
	return (__u32)(hash >> 40);
}

#endif
