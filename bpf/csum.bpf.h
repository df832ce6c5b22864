/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Incremental checksums, RFC 1624 equation 3: HC' = ~(~HC + ~m + m'). Used by the kernel side and
 * by tests on the host. Sums do not depend on byte order, so words are taken as they lie in memory.
 * A wrong checksum stays wrong by the same delta.
 */
#ifndef BPF_CSUM_BPF_H
#define BPF_CSUM_BPF_H

#include "pkt.bpf.h"

/* What the change of one word adds. An unchanged one adds nothing: ~m + m would turn FFFF to 0. */
static __always_inline __u32 csum_word(__u16 from, __u16 to)
{
	return from == to ? 0 : (__u16)~from + (__u32)to;
}

/* The same for a change of an address; n bytes, a constant. */
static __always_inline __u32 csum_addr(const __u8 *from, const __u8 *to, __u32 n)
{
	__u32 delta = 0, i;

#pragma GCC unroll 8
	for (i = 0; i < n; i += 2) {
		__u16 a, b;

		__builtin_memcpy(&a, from + i, 2);
		__builtin_memcpy(&b, to + i, 2);
		delta += csum_word(a, b);
	}
	return delta;
}

/* The checksum after changes that add up to delta: of at most 9 words, so two folds are enough. */
static __always_inline __be16 csum_apply(__be16 sum, __u32 delta)
{
	delta += (__u16)~sum;
	delta = (delta & 0xffff) + (delta >> 16);
	delta = (delta & 0xffff) + (delta >> 16);
	return (__be16)~delta;
}

/* UDP: 0 means "none" and stays; a result of 0 is sent as FFFF (RFC 768). */
static __always_inline __be16 csum_apply_udp(__be16 sum, __u32 delta)
{
	if (!sum)
		return 0;
	sum = csum_apply(sum, delta);
	return sum ? sum : (__be16)0xffff;
}

#endif
