/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The maps of live policy: settings, VNIs, allowlist, NAT rules. Kernel side only; both objects
 * declare them, and user space gives the leak guard the descriptors of the pipeline's.
 */
#ifndef BPF_POLICY_BPF_H
#define BPF_POLICY_BPF_H

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "vx_abi.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct vx_cfg);
} vx_cfg SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, VX_MAX_VNIS);
	__type(key, __u32);
	__type(value, struct vx_vni_val);
} vx_vnis SEC(".maps");

/*
 * Allowlists: user space makes the inner maps, of any size, with the type and flags seen here,
 * fills them, puts them into the slot that is not in force, and then stores vx_cfg.allow_word.
 * Sizes instead of types: clang leaves types that are only named inside an inner map out of the
 * BTF.
 */
struct vx_allow4_list {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__be32));
	__uint(value_size, sizeof(struct vx_allow_val));
};

struct vx_allow6_list {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(struct vx_addr6));
	__uint(value_size, sizeof(struct vx_allow_val));
};

struct vx_lpm4_list {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(struct vx_lpm4_key));
	__uint(value_size, sizeof(struct vx_allow_val));
};

struct vx_lpm6_list {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(struct vx_lpm6_key));
	__uint(value_size, sizeof(struct vx_allow_val));
};

#define VX_SLOTS(name, list)                                                                       \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);                                          \
		__uint(max_entries, 2);                                                            \
		__type(key, __u32);                                                                \
		__array(values, list);                                                             \
	} name SEC(".maps")

VX_SLOTS(vx_allow4, struct vx_allow4_list);
VX_SLOTS(vx_allow6, struct vx_allow6_list);
VX_SLOTS(vx_lpm4, struct vx_lpm4_list);
VX_SLOTS(vx_lpm6, struct vx_lpm6_list);

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, VX_MAX_NAT);
	__type(key, struct vx_nat_key);
	__type(value, struct vx_nat_val);
} vx_nat SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, VX_MAX_NAT);
	__type(key, struct vx_nat_lpm_key);
	__type(value, struct vx_nat_target);
} vx_nat_lpm SEC(".maps");

#endif
