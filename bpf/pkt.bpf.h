/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the steps of the program know of one packet. For *.bpf.c and *.bpf.h, and for tests that
 * compile the parser on the host.
 *
 * A struct vx_pkt lives in a per-CPU map, not on the stack: the verifier does not follow values
 * through map memory, so paths that meet again with other values in them are one path to it.
 */
#ifndef BPF_PKT_BPF_H
#define BPF_PKT_BPF_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include "vx_abi.h"

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define VX_BE16(x) ((__be16)__builtin_bswap16((__u16)(x)))
#define VX_BE32(x) ((__be32)__builtin_bswap32((__u32)(x)))
#define VX_BE64(x) ((__be64)__builtin_bswap64((__u64)(x)))
#else
#define VX_BE16(x) ((__be16)(x))
#define VX_BE32(x) ((__be32)(x))
#define VX_BE64(x) ((__be64)(x))
#endif

/* One load, however often the value is used: user space may store at any time. */
#define VX_ONCE(x) (*(const volatile __typeof__(x) *)&(x))

/* Makes the compiler read the packet's struct again, where the verifier knows no value. */
#define VX_FORGET() __asm__ volatile("" ::: "memory")

/*
 * No header that is read begins beyond this offset: two Ethernet headers with two tags each, two
 * IPv6 headers with 512 bytes of extensions, UDP, VXLAN, TCP are below 1,200. The verifier wants a
 * bound.
 */
#define VX_HEADERS_MAX 2048

struct vx_vxlan {
	__u8 flags;
	__u8 reserved[3];
	__be32 vni; /* 24 bits, and 8 reserved ones */
};

#define VX_VXLAN_I 0x08

/* IPv6 extension header, as far as any of them is read */
struct vx_ext {
	__u8 next;
	__u8 len; /* in 8 bytes, the first 8 not counted */
	__be16 frag;
	__be32 frag_id;
};

#define VX_EXT_SEGMENTS(ext) (VX_BE16((ext)->frag) & 0xff) /* routing header: byte 3 */

struct vx_pkt {
	struct vx_trace t; /* results that a trace shows; the rest is how they come about */
	__u64 now_ns;	   /* on entry, as of the last tick */
	__u64 entry_ns;	   /* on entry, if the record is to tell of its latency; else 0 */
	__u32 len;	   /* bytes of the frame */
	__u32 end;	   /* no byte from this offset on belongs to the packet */
	__u32 off;	   /* cursor of the parsers */
	__u32 l3;	   /* offset of the inner IP header */
	__u32 l4;	   /* offset of what follows the inner IP headers */
	__u32 ip_end; /* offset where the inner packet ends by its own word: > end when truncated */
	__u32 frag_id; /* as vx_frag_key.id */
	__u32 l4_min;  /* bytes of the L4 header through its checksum; with VX_T_HAS_PORTS */
	__be16 ip_sum;
	__be16 l4_sum;
	__u8 frag_proto; /* as vx_frag_key.proto */
	__u8 ext_frag;	 /* an IPv6 fragment header was walked, even an atomic one */
	__u8 verdict;	 /* enum vx_frag_verdict; 0: not known (yet) */
	__u8 ours;	 /* one of our VNIs */
	__u8 allowed;	 /* by an entry, or by allow mode off */
	__u8 would_deny;
	__u8 set; /* which counter set this packet is counted in */
	__u8 traced;
	__be16 type;				  /* EtherType */
	__u8 eth[14] __attribute__((aligned(8))); /* the new Ethernet header */
	union {
		struct iphdr ip4;
		struct ipv6hdr ip6;
		struct udphdr udp;
		struct tcphdr tcp;
		struct vx_vxlan vxlan;
		struct vx_ext ext;
	} h __attribute__((aligned(8))); /* the header that is being parsed */
	union {
		struct vx_addr_key addr;
		struct vx_nat_key nat;
		struct vx_nat_lpm_key nat_lpm;
		struct vx_source_key source;
		struct vx_target_key target;
	} key; /* of the map that is being asked */
	union {
		struct vx_hits hits;
		struct vx_vni_val vni;
		struct vx_source_val source;
	} val; /* of the element that is being made */
	struct vx_frag_key fkey;
	struct vx_frag_val fval;
	/* what survives the packet: the CPU's own */
	__u64 flow_ns;		 /* when its block of denied packets began */
	__u64 flow_tick_ns;	 /* now_ns when the clock was last asked whether that is over */
	__u32 flow_ask;		 /* flow_n at which it is asked next, if no tick comes before */
	__u32 flow_n;		 /* packets of the block that flow stands for */
	struct vx_flow_key flow; /* of one of them, or of the first when there are none */
	__u32 samples;		 /* packets that could have been a sample */
	__u32 traces;		 /* traces that it has made */
	__u64 added_ns;		 /* when it began to count the denied addresses that it adds ... */
	__u32 added;		 /* ... and how many there are since */
};

/* A packet's struct is the CPU's, so the last packet's values are in it. */
static __always_inline void vx_pkt_init(struct vx_pkt *p, __u32 len)
{
	__builtin_memset(&p->t, 0, sizeof(p->t));
	p->now_ns = p->entry_ns = 0;
	p->len = len;
	p->end = len;
	p->off = 0;
	p->frag_id = 0;
	p->frag_proto = 0;
	p->ext_frag = 0;
	p->verdict = 0;
	p->ours = 0;
	p->allowed = 0;
	p->would_deny = 0;
	p->traced = 0;
	VX_FORGET();
}

static __always_inline int vx_is_frag(const struct vx_pkt *p)
{
	return p->t.flags & VX_T_FRAG;
}

/* A fragment that is not the first: what stands at its L4 offset is payload. */
static __always_inline int vx_is_later(const struct vx_pkt *p)
{
	return (p->t.flags & (VX_T_FRAG | VX_T_FIRST)) == VX_T_FRAG;
}

#endif
