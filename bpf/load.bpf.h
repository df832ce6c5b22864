/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading and writing a frame's bytes from XDP. Kernel side only. The linear part of a multi-buffer
 * frame may end anywhere: inside it bytes are taken directly, beyond it by the helpers.
 */
#ifndef BPF_LOAD_BPF_H
#define BPF_LOAD_BPF_H

#include <stddef.h>

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "pkt.bpf.h"

typedef __u64 vx_word64 __attribute__((may_alias));
typedef __u32 vx_word32 __attribute__((may_alias));
typedef __u16 vx_word16 __attribute__((may_alias));

/* Word by word, at any alignment: clang's own copy of unaligned memory is byte by byte. n is a
 * constant. */
static __always_inline void vx_copy(void *to, const void *from, __u32 n)
{
	__u32 i = 0;

#pragma unroll
	for (; i + 8 <= n; i += 8)
		*(vx_word64 *)(to + i) = *(const vx_word64 *)(from + i);
	if (n & 4) {
		*(vx_word32 *)(to + i) = *(const vx_word32 *)(from + i);
		i += 4;
	}
	if (n & 2)
		*(vx_word16 *)(to + i) = *(const vx_word16 *)(from + i);
}

/* The n bytes at off when they are in the linear part, else NULL. n is a constant, off <
 * VX_HEADERS_MAX. */
static __always_inline void *vx_linear(struct xdp_md *ctx, __u32 off, __u32 n)
{
	void *at = (void *)(long)ctx->data + off;

	/* The verifier wants the very pointer that is used later to be compared: no other may be
	 * derived. */
	__asm__ volatile("" : "+r"(at));
	return at + n <= (void *)(long)ctx->data_end ? at : NULL;
}

/* Copies n (a constant, even) bytes at off of the frame. -1 when they are not there. */
static __always_inline int vx_load(void *ctx, __u32 off, void *to, __u32 n)
{
	void *at;

	if (off >= VX_HEADERS_MAX)
		return -1;
	at = vx_linear(ctx, off, n);
	if (!at)
		return bpf_xdp_load_bytes(ctx, off, to, n) ? -1 : 0;
	vx_copy(to, at, n);
	return 0;
}

/* The other way round. */
static __always_inline int vx_store(struct xdp_md *ctx, __u32 off, void *from, __u32 n)
{
	void *at;

	if (off >= VX_HEADERS_MAX)
		return -1;
	at = vx_linear(ctx, off, n);
	if (!at)
		return bpf_xdp_store_bytes(ctx, off, from, n) ? -1 : 0;
	vx_copy(at, from, n);
	return 0;
}

#endif
