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

/* outer: an ARRAY_OF_MAPS; NULL in *val when the key is not there. */
static __always_inline int allow_ask(void *outer, __u32 slot, const void *key,
				     const struct vx_allow_val **val)
{
	void *list = bpf_map_lookup_elem(outer, &slot);

	if (!list)
		return ALLOW_FAILED;
	*val = bpf_map_lookup_elem(list, key);
	return *val ? ALLOW_YES : ALLOW_NO;
}

/* Single addresses first, which is the longest prefix; a map is asked only when it has entries. */
static __always_inline int allow_ask4(struct vx_pkt *p, __u32 word, const __u8 *addr,
				      const struct vx_allow_val **val)
{
	int answer = ALLOW_NO;

	if (word & VX_ALLOW_WORD(0, VX_ALLOW_HAS4))
		answer = allow_ask(&vx_allow4, word & 1, addr, val);
	if (answer == ALLOW_NO && word & VX_ALLOW_WORD(0, VX_ALLOW_LPM4)) {
		p->key.lpm4.prefixlen = 32;
		__builtin_memcpy(&p->key.lpm4.addr, addr, 4);
		answer = allow_ask(&vx_lpm4, word & 1, &p->key.lpm4, val);
	}
	return answer;
}

static __always_inline int allow_ask6(struct vx_pkt *p, __u32 word, const __u8 *addr,
				      const struct vx_allow_val **val)
{
	int answer = ALLOW_NO;

	if (word & VX_ALLOW_WORD(0, VX_ALLOW_HAS6))
		answer = allow_ask(&vx_allow6, word & 1, addr, val);
	if (answer == ALLOW_NO && word & VX_ALLOW_WORD(0, VX_ALLOW_LPM6)) {
		p->key.lpm6.prefixlen = 128;
		__builtin_memcpy(p->key.lpm6.addr, addr, 16);
		answer = allow_ask(&vx_lpm6, word & 1, &p->key.lpm6, val);
	}
	return answer;
}

static __always_inline int allow_addr(struct vx_pkt *p, __u32 word, const __u8 *addr)
{
	const struct vx_allow_val *val = NULL;
	int answer;

	if (p->t.family == VX_IP4)
		answer = allow_ask4(p, word, addr, &val);
	else
		answer = allow_ask6(p, word, addr, &val);
	if (answer == ALLOW_YES && val) {
		p->t.allow_idx = val->idx;
		p->t.flags |= VX_T_ALLOW_HIT;
	}
	return answer;
}

/* Is the packet on the list, by its source, its destination, or the first of both that is? */
static __always_inline int allow_match(struct vx_pkt *p, const struct vx_cfg *cfg)
{
	__u32 word = VX_ONCE(cfg->allow_word), match = VX_ONCE(cfg->match);
	int answer = ALLOW_NO;

	if (match != VX_MATCH_DST)
		answer = allow_addr(p, word, p->t.src);
	if (answer == ALLOW_NO && match != VX_MATCH_SRC)
		answer = allow_addr(p, word, p->t.dst);
	return answer;
}

#endif
