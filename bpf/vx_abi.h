/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What crosses the line between the BPF programs and user space: map keys and values, the ring
 * record, the ledger table. Both sides include it; it includes <linux/types.h> and nothing else.
 * Addresses are 16 bytes in network order; an IPv4 address is in the first 4, the rest is 0.
 */
#ifndef BPF_VX_ABI_H
#define BPF_VX_ABI_H

#include <linux/types.h>

#define VX_MAX_FRAME 9216 /* largest frame handed over, Ethernet header included */
#define VX_MAX_RINGS 64
#define VX_MAX_VNIS  4096
#define VX_MAX_NAT   4096
#define VX_MAX_FLOWS 8192 /* of denied packets: what some seconds of samples make at most */
#define VX_FRAG_NS   30000000000ULL /* how long the verdict of a first fragment is good for */
#define VX_SAMPLE    64		    /* latency is measured on one packet in so many, on average */

/* Address families on the wire of the maps: not AF_*, which differ in width between users. */
#define VX_IP4 4
#define VX_IP6 6

/*
 * The ledger: X(ID, name, group, help). Every packet moves VX_L_RX on entry and exactly one other
 * row of the groups PASS, DROP, RING or QUEUE on exit. NOTE rows stand beside the sum. other_vni
 * stands in two groups, as the setting --other-vni decides.
 */
#define VX_LEDGER(X)                                                                               \
	X(RX, "rx", ENTRY, "Packets that entered the program on the ingress")                      \
	X(NOT_VXLAN, "not_vxlan", PASS, "Not VXLAN on our port: left to the kernel")               \
	X(OTHER_VNI_PASS, "other_vni", PASS,                                                       \
	  "VXLAN with a VNI that is not ours: left to the kernel")                                 \
	X(OUTER_FRAGMENT, "outer_fragment", PASS, "Outer UDP fragment: left to the kernel")        \
	X(OTHER_VNI_DROP, "other_vni", DROP,                                                       \
	  "VXLAN with a VNI that is not ours: dropped (--other-vni drop)")                         \
	X(MALFORMED, "malformed", DROP, "Inner headers are cut or contradict each other")          \
	X(NOT_IP, "not_ip", DROP, "The inner frame is not IPv4 or IPv6")                           \
	X(DENIED, "denied", DROP, "No inner address is on the allowlist")                          \
	X(TRUNCATED, "truncated", DROP,                                                            \
	  "The mirror cut the packet: fewer bytes than its IP length")                             \
	X(NO_RULE, "no_rule", DROP,                                                                \
	  "Allowed, but no NAT rule matches (--unmatched forward sends it)")                       \
	X(OVERSIZE, "oversize", DROP, "Larger than the egress MTU or 9,216 bytes")                 \
	X(NO_NEIGHBOUR, "no_neighbour", DROP, "The next hop has no known MAC address")             \
	X(PAUSED, "paused", DROP, "Intake is off")                                                 \
	X(INTERNAL, "internal", DROP, "A BPF helper or map failed")                                \
	X(RING_FULL, "ring_full", RING,                                                            \
	  "No room in the ring: the workers are too slow or the ring too small")                   \
	X(REDIRECTED, "redirected", RING, "Handed to the kernel for the egress by XDP_REDIRECT")   \
	X(QUEUED, "queued", QUEUE, "Handed to a worker through its ring")                          \
	X(NATTED, "natted", NOTE, "Of these, rewritten by a NAT rule")                             \
	X(UNNATTED, "unnatted", NOTE, "Of these, sent without a NAT rule (--unmatched forward)")   \
	X(WOULD_DENY, "would_deny", NOTE, "Would be denied (allow mode count)")                    \
	X(RX_BYTES, "rx_bytes", NOTE, "Bytes of the packets that entered, outer headers included") \
	X(QUEUED_BYTES, "queued_bytes", NOTE, "Bytes of the frames handed to the workers")         \
	X(REDIRECTED_BYTES, "redirected_bytes", NOTE, "Bytes of the frames redirected")

enum vx_ledger_group { VX_G_ENTRY, VX_G_PASS, VX_G_DROP, VX_G_RING, VX_G_QUEUE, VX_G_NOTE };

enum vx_ledger_id {
#define VX_LEDGER_ID(id, name, group, help) VX_L_##id,
	VX_LEDGER(VX_LEDGER_ID)
#undef VX_LEDGER_ID
		VX_L_N
};

/*
 * One counter set: map vx_set_a or vx_set_b, PERCPU_ARRAY of one element, behind slot 0 of
 * vx_ledger (ARRAY_OF_MAPS). Which of the two is in the slot is swapped by user space; both only
 * ever grow, so a total is the sum of both, and a set that is out of the slot must balance to the
 * packet.
 */
struct vx_set {
	__u64 row[VX_L_N];
	__u64 id; /* 0 or 1: which set this is; user space writes it before it attaches */
};

enum vx_allow_mode { VX_ALLOW_OFF, VX_ALLOW_COUNT, VX_ALLOW_ENFORCE };
enum vx_match { VX_MATCH_ANY, VX_MATCH_SRC, VX_MATCH_DST };
enum vx_other_vni { VX_OTHER_PASS, VX_OTHER_DROP };
enum vx_unmatched { VX_UNMATCHED_DROP, VX_UNMATCHED_FORWARD };
enum vx_truncated { VX_TRUNC_DROP, VX_TRUNC_FORWARD };
enum vx_out { VX_OUT_RING, VX_OUT_REDIRECT };

/*
 * Live settings: map vx_cfg, ARRAY of one element, mmapable. User space stores each field with one
 * atomic store of its natural size; a packet that enters after the store sees the new value.
 */
struct vx_cfg {
	__u32 allow_mode; /* enum vx_allow_mode */
	__u32 match;	  /* enum vx_match */
	__u32 unmatched;  /* enum vx_unmatched */
	__u32 truncated;  /* enum vx_truncated */
	__u32 other_vni;  /* enum vx_other_vni */
	__u32 vni_any;	  /* 1: every VNI is ours */
	__u32 paused;	  /* 1: intake off */
	__u32 out;	  /* enum vx_out */
	__u32 egress_mtu; /* IP bytes; 0 = no limit below VX_MAX_FRAME */
	__u32 egress_ifindex;
	__u32 n_rings;	    /* 1..VX_MAX_RINGS */
	__u32 allow_slot;   /* of vx_allow4 and vx_allow6, the one in force */
	__u32 trace_budget; /* user space adds to it, the program takes 1 a trace; 0 = off */
	__u16 port;	    /* VXLAN UDP port, host order */
	__u16 promisc;	    /* 1: the ingress is, so packets to other MACs are counted */
	__u8 src_mac[8];    /* egress MAC in the first 6 */
	__u8 own_mac[8];    /* ingress MAC in the first 6; read only with promisc */
};

/*
 * --- allowlist: vx_allow4, vx_allow6, ARRAY_OF_MAPS of 2 slots. In each is a hash table that user
 * space makes and fills (vx_allow.h).
 */

/*
 * vx_nat_hits: PERCPU_ARRAY. vx_allow_hits: ARRAY, mmapable, vx_allow_room elements for each CPU,
 * one CPU's behind the other's: of a long list each touch of memory is felt, and a PERCPU_ARRAY
 * takes two.
 */
struct vx_hits {
	__u64 packets;
	__u64 last_ns; /* bpf_ktime_get_coarse_ns: CLOCK_MONOTONIC as of the last tick */
};

/*
 * vx_denied: LRU_HASH of struct vx_hits, key struct vx_addr_key: the inner source (match src, any)
 * or destination (match dst). A CPU adds at most VX_DENIED_NEW of them in VX_DENIED_NS; the packets
 * of those that would have been more are in no element, but in the ledger.
 */
#define VX_DENIED_NEW 4096
#define VX_DENIED_NS  1000000000ULL

struct vx_addr_key {
	__u8 addr[16];
	__u32 family; /* VX_IP4, VX_IP6 */
};

/*
 * vx_deny_flows: LRU_HASH of struct vx_hits: denied packets by both addresses, in samples. packets
 * is how many the samples stand for: exact while a CPU denies at most one in VX_FLOW_NS, then a
 * block of that length, or an eighth more, adds two elements at most.
 */
#define VX_FLOW_NS 2000000ULL

struct vx_flow_key {
	__u8 src[16];
	__u8 dst[16];
	__be16 dport; /* UDP, TCP; 0: cannot be read */
	__u8 proto;
	__u8 family;
};

/* --- NAT: vx_nat (HASH) by (family, protocol, port); vx_nat_lpm (LPM_TRIE) when a rule has a
 * prefix */
struct vx_nat_key {
	__be16 dport;
	__u8 proto; /* IPPROTO_UDP, IPPROTO_TCP */
	__u8 family;
};

struct vx_nat_lpm_key {
	__u32 prefixlen; /* 32 (the four bytes below) + prefix length of the address */
	__be16 dport;
	__u8 proto;
	__u8 family;
	__u8 addr[16];
};

struct vx_nat_target {
	__u8 addr[16];
	__be16 port;
	__u16 nexthop; /* element of vx_nexthops */
	__u32 idx;     /* element of vx_nat_hits */
};

#define VX_NAT_PLAIN  1 /* the rule without a prefix exists: to is valid */
#define VX_NAT_PREFIX 2 /* rules with a prefix exist for this key: ask vx_nat_lpm first */

struct vx_nat_val {
	struct vx_nat_target to;
	__u32 flags;
	__u32 _pad;
};

/* vx_nexthops: ARRAY, mmapable; 8 bytes so that a change is one store */
struct vx_nexthop {
	__u8 mac[6];
	__u8 ok; /* 1: resolved */
	__u8 _pad;
};

#define VX_NH_UNNAT4 0 /* next hop of un-NATed IPv4 packets */
#define VX_NH_UNNAT6 1
#define VX_NH_FIRST  2 /* those of NAT targets start here */
#define VX_NH_MAX    (VX_NH_FIRST + VX_MAX_NAT)

/* --- fragments: vx_frags, LRU_HASH of 65,536: the verdict of a first fragment */
struct vx_frag_key {
	__u8 src[16];
	__u8 dst[16]; /* before NAT */
	__u32 vni;
	__u32 id; /* network order as found: 16 bits of IPv4, 32 of IPv6 */
	__u8 proto;
	__u8 family;
	__u16 _pad;
};

enum vx_frag_verdict { VX_FRAG_NAT = 1, VX_FRAG_PLAIN, VX_FRAG_NO_RULE };

struct vx_frag_val {
	__u64 ns;		 /* when the first fragment was seen */
	struct vx_nat_target to; /* of VX_FRAG_PLAIN only the next hop counts */
	__u32 verdict;		 /* enum vx_frag_verdict */
	__u32 _pad;
};

/* --- observation */
/* vx_vnis: PERCPU_HASH of our VNIs, key __u32 host order; vx_vni_seen: LRU_PERCPU_HASH of all
 * others (all, if any) */
struct vx_vni_val {
	__u64 packets;
	__u64 last_ns;
};

/* vx_sources: LRU_PERCPU_HASH */
struct vx_source_key {
	__u8 addr[16]; /* outer source */
	__u32 vni;
	__u32 family;
};

struct vx_source_val {
	__u64 packets;
	__u64 bytes;
	__u64 first_ns; /* 0 on a CPU that has not seen it */
	__u64 last_ns;
	__u64 truncated;
	__u64 allowed;
};

/* vx_ports: LRU_PERCPU_HASH, key struct vx_nat_key: where packets go that no rule matches, as long
 * as their ports can be read (--unmatched forward sends them, else they are no_rule) */

/* vx_foreign: PERCPU_ARRAY of one __u64: packets of ours to another MAC than vx_cfg.own_mac */

/* vx_oversize: PERCPU_ARRAY of one __u64: largest IP length dropped as oversize */

/* --- rings: vx_rings, ARRAY_OF_MAPS of BPF ring buffers */
#define VX_REC_HELD    1 /* fragment of an unknown first: not rewritten, the worker asks again */
#define VX_REC_SAMPLED 2 /* t_submit_ns is valid; measure latency */
#define VX_REC_TRACED  4 /* trace_id is valid */
#define VX_REC_FRAG    8 /* a fragment (order matters with its datagram) */

/* What stands before the frame in a ring record. The record's reserved length is a size class, len
 * is real. */
struct vx_record {
	__u64 t_entry_ns;
	__u64 t_submit_ns;
	__u32 len;     /* bytes of the frame that follows */
	__u32 vni;     /* for VX_REC_HELD: with frag_* and the frame's addresses, the vx_frag_key */
	__u32 frag_id; /* as vx_frag_key.id */
	__u32 trace_id;
	__u8 flags;
	__u8 set;    /* 0 or 1: which counter set has it in its row queued */
	__u8 family; /* of the inner packet, VX_IP4, VX_IP6 */
	__u8 frag_proto;
	__u8 natted; /* 1: rewritten by a rule */
	__u8 _pad[3];
};

/*
 * vx_wake: ARRAY of VX_MAX_RINGS, mmapable. sleepers = number of workers that wait (or are about
 * to) on this ring; woken = 1: they have been woken since the last of them said so, and once is
 * enough, however long they take to run. Worker: add 1 to sleepers, clear woken, full fence, look
 * at the producer position once more, wait. XDP: to wake is to set woken and to commit with
 * BPF_RB_FORCE_WAKEUP, when sleepers is not 0 and woken is; the two are looked at before the
 * commit, and again after, as it is a full barrier: then it takes a record of VX_WAKE_BYTES,
 * discarded.
 */
#define VX_WAKE_BYTES 56

struct vx_wake {
	__u32 sleepers;
	__u32 woken;
	__u32 _pad0[14];
	__u64 full; /* records that found no room in this ring; a line apart from sleepers */
	__u64 _pad1[7];
};

/* vx_egress: DEVMAP, element 0 is the egress while out is VX_OUT_REDIRECT */

#define VX_ANSWER_MAX 128 /* bytes of a neighbour's answer that the tap lets in */

/* vx_tapped: PERCPU_ARRAY of one __u64: frames that were seen to leave by the egress (leak.bpf.c)
 */

/* --- trace: what vx_decide found out. vx_explain writes it to vx_explain_out (ARRAY of one);
 * vx_pipeline sends it through the ring buffer vx_traces while cfg.trace_budget lasts. */
enum vx_step {
	VX_STEP_OUTER, /* outer headers, VXLAN, VNI */
	VX_STEP_INNER, /* inner Ethernet and IP */
	VX_STEP_ALLOW,
	VX_STEP_L4,
	VX_STEP_FRAG,
	VX_STEP_NAT,
	VX_STEP_L2,
	VX_STEP_OUT,
};

#define VX_T_TRUNCATED 1  /* fewer bytes than the IP length */
#define VX_T_FRAG      2  /* inner fragment */
#define VX_T_FIRST     4  /* the first one */
#define VX_T_FRAG_HIT  8  /* its verdict was remembered */
#define VX_T_ALLOW_HIT 16 /* an entry matched */
#define VX_T_NAT_HIT   32
#define VX_T_HELD      64
#define VX_T_HAS_PORTS 128

struct vx_trace {
	__u64 t_ns;
	__u32 trace_id;
	__u32 row;   /* enum vx_ledger_id that decided */
	__u32 step;  /* enum vx_step: the last one reached */
	__u32 flags; /* VX_T_* */
	__u32 vni;
	__u32 allow_idx; /* valid with VX_T_ALLOW_HIT */
	__u32 nat_idx;	 /* valid with VX_T_NAT_HIT */
	__u32 ring;
	__u32 ip_len;	 /* inner IP bytes present */
	__u32 frame_len; /* bytes that leave, Ethernet included; 0 if none */
	__u8 outer_src[16];
	__u8 src[16];
	__u8 dst[16]; /* before NAT */
	struct vx_nat_target to;
	__be16 sport, dport;
	__u8 outer_family, family, proto, tags; /* tags: inner 802.1Q tags looked through */
	__u8 mac[6];				/* next hop */
	__u8 _pad[2];
};

/* --- leak guard (leak.bpf.c): vx_leak, PERCPU_ARRAY of one; vx_own, HASH of the host's own
 * addresses (struct vx_addr_key); vx_targets, HASH of NAT targets; the values of both are one __u8
 * that says nothing */
struct vx_leak {
	__u64 frames; /* outgoing frames seen on the ingress */
	__u64 leaked;
};

struct vx_target_key {
	__u8 addr[16];
	__be16 port;
	__u8 proto;
	__u8 family;
};

#define VX_ASSERT_SIZE(type, n) _Static_assert(sizeof(type) == (n), #type)
VX_ASSERT_SIZE(struct vx_record, 40);
VX_ASSERT_SIZE(struct vx_nexthop, 8);
VX_ASSERT_SIZE(struct vx_nat_target, 24);
VX_ASSERT_SIZE(struct vx_nat_val, 32);
VX_ASSERT_SIZE(struct vx_frag_key, 44);
VX_ASSERT_SIZE(struct vx_frag_val, 40);
VX_ASSERT_SIZE(struct vx_nat_lpm_key, 24);
VX_ASSERT_SIZE(struct vx_source_key, 24);
VX_ASSERT_SIZE(struct vx_flow_key, 36);
VX_ASSERT_SIZE(struct vx_target_key, 20);
VX_ASSERT_SIZE(struct vx_wake, 128);
VX_ASSERT_SIZE(struct vx_cfg, 72);
VX_ASSERT_SIZE(struct vx_trace, 136);

#endif
