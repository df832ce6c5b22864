/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The maps of the pipeline besides those of policy. Kernel side, vx.bpf.c only. Keys, values and
 * who writes what: vx_abi.h.
 */
#ifndef BPF_MAPS_BPF_H
#define BPF_MAPS_BPF_H

#include "pkt.bpf.h"
#include "policy.bpf.h"

/* --- the ledger */
struct vx_set_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct vx_set);
};

struct vx_set_map vx_set_a SEC(".maps");
struct vx_set_map vx_set_b SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct vx_set_map);
} vx_ledger SEC(".maps") = {
	.values = { [0] = &vx_set_a },
};

/* --- hits; user space sets both sizes of vx_allow_hits before loading */
const volatile __u32 vx_allow_room = 1; /* elements of each CPU */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct vx_hits);
} vx_allow_hits SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, VX_MAX_NAT);
	__type(key, __u32);
	__type(value, struct vx_hits);
} vx_nat_hits SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct vx_addr_key);
	__type(value, struct vx_hits);
} vx_denied SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, VX_MAX_FLOWS);
	__type(key, struct vx_flow_key);
	__type(value, struct vx_hits);
} vx_deny_flows SEC(".maps");

/* --- where packets go; mmapable, so that user space can change a next hop with one store */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, VX_NH_MAX);
	__type(key, __u32);
	__type(value, struct vx_nexthop);
} vx_nexthops SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct vx_frag_key);
	__type(value, struct vx_frag_val);
} vx_frags SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} vx_egress SEC(".maps");

/* --- observation */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_PERCPU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct vx_vni_val);
} vx_vni_seen SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_PERCPU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct vx_source_key);
	__type(value, struct vx_source_val);
} vx_sources SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_PERCPU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct vx_nat_key);
	__type(value, struct vx_hits);
} vx_ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} vx_oversize SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} vx_foreign SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} vx_traces SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct vx_trace);
} vx_explain_out SEC(".maps");

/* --- rings: user space makes the inner maps, of any size, and fills slots 0..vx_cfg.n_rings - 1 */
struct vx_ring_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, VX_MAX_RINGS);
	__type(key, __u32);
	__array(values, struct vx_ring_map);
} vx_rings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, VX_MAX_RINGS);
	__type(key, __u32);
	__type(value, struct vx_wake);
} vx_wake SEC(".maps");

/* --- scratch: explain has one of its own, a packet may interrupt it */
struct vx_pkt_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct vx_pkt);
};

struct vx_pkt_map vx_pkt SEC(".maps");
struct vx_pkt_map vx_pkt_dry SEC(".maps");

#endif
