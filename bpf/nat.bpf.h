/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * NAT: which rule applies, and the packet's new destination. Kernel side only. The source never
 * changes.
 */
#ifndef BPF_NAT_BPF_H
#define BPF_NAT_BPF_H

#include "pkt.bpf.h"
#include "policy.bpf.h"

/* The rule for (family, protocol, port) with the longest prefix that has the destination, else the
 * one without a prefix. 1: p->t.to is where it sends the packet; 0: no rule. Needs VX_T_HAS_PORTS.
 */
static __always_inline int nat_find(struct vx_pkt *p)
{
	const struct vx_nat_target *to = NULL;
	const struct vx_nat_val *val;

	p->key.nat = (struct vx_nat_key){ p->t.dport, p->t.proto, p->t.family };
	val = bpf_map_lookup_elem(&vx_nat, &p->key.nat);
	if (!val)
		return 0;
	if (val->flags & VX_NAT_PREFIX) {
		struct vx_nat_lpm_key *key = &p->key.nat_lpm;

		key->prefixlen = p->t.family == VX_IP4 ? 32 + 32 : 32 + 128;
		key->dport = p->t.dport;
		key->proto = p->t.proto;
		key->family = p->t.family;
		__builtin_memcpy(key->addr, p->t.dst, 16);
		to = bpf_map_lookup_elem(&vx_nat_lpm, key);
	}
	if (!to && val->flags & VX_NAT_PLAIN)
		to = &val->to;
	if (!to)
		return 0;
	p->t.to = *to;
	return 1;
}

#endif
