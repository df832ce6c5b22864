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
#include "vx_allow.h"

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
 * fills them, puts them into the slot that is not in force, and then stores vx_cfg.allow_slot.
 * Sizes instead of types: clang leaves types that are only named inside an inner map out of the
 * BTF.
 */
#define VX_ALLOW_TABLES(name)                                                                      \
	struct name##_table {                                                                      \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                  \
		__uint(map_flags, BPF_F_MMAPABLE | BPF_F_INNER_MAP);                               \
		__uint(max_entries, 1);                                                            \
		__uint(key_size, sizeof(__u32));                                                   \
		__uint(value_size, sizeof(union name));                                            \
	};                                                                                         \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);                                          \
		__uint(max_entries, 2);                                                            \
		__type(key, __u32);                                                                \
		__array(values, struct name##_table);                                              \
	} name SEC(".maps")

VX_ALLOW_TABLES(vx_allow4);
VX_ALLOW_TABLES(vx_allow6);

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
