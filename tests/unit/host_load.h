/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel side's parser on the host: frames are in memory, and reading beyond one is a failure
 * here, where XDP would only refuse. For tests/unit and tests/fuzz.
 */
#ifndef TESTS_UNIT_HOST_LOAD_H
#define TESTS_UNIT_HOST_LOAD_H

#include <stdint.h>
#include <string.h>

#include "parse.bpf.h"

struct host_frame {
	const uint8_t *data;
	uint32_t len;
};

static __always_inline int vx_load(void *ctx, __u32 off, void *to, __u32 n)
{
	const struct host_frame *frame = ctx;

	/* The parser asks for nothing beyond the packet, and so for nothing beyond the frame. */
	if (off >= VX_HEADERS_MAX || off + n > frame->len)
		__builtin_trap();
	memcpy(to, frame->data + off, n);
	return 0;
}

/* All steps of the parser; the row in which the packet ends, or 0. */
static inline int host_parse(const uint8_t *data, uint32_t len, uint16_t port, struct vx_pkt *p)
{
	struct host_frame frame = { data, len };
	int row;

	vx_pkt_init(p, len);
	row = parse_outer(&frame, p, port);
	row = row ? row : parse_inner(&frame, p);
	return row ? row : parse_l4(&frame, p);
}

/* What must be true of a packet that went through all of them: every offset is inside it. */
static inline int host_is_sane(const struct vx_pkt *p)
{
	if (p->end > p->len || p->l3 < ETH_HLEN || p->l3 + p->t.ip_len != p->end)
		return 0;
	if (p->l4 < p->l3 + sizeof(struct iphdr) || p->l4 > p->end || p->l4 >= VX_HEADERS_MAX)
		return 0;
	if (!(p->t.flags & VX_T_TRUNCATED) != (p->ip_end <= p->end))
		return 0;
	if (!(p->t.flags & VX_T_HAS_PORTS))
		return 1;
	return !vx_is_later(p) && p->l4 + p->l4_min <= p->end;
}

#endif
