/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One shape of packet, known beforehand: what the bench's least programs make of it. Addresses are
 * those of tests/lab/lab.sh. For *.bpf.c of the bench only.
 */
#ifndef BENCH_MIN_BPF_H
#define BENCH_MIN_BPF_H

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define VXLAN_PORT 4789
#define VNI	   1
#define PORT	   31765
#define NAT_ADDR   0xac1e525f /* 172.30.82.95 */
#define NAT_PORT   8081

struct outer {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
	__be32 flags, vni;
} __attribute__((packed));

struct inner {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
} __attribute__((packed));

/* RFC 1624, equation 3. */
static __always_inline __u16 patched(__u16 sum, __u32 was, __u32 is)
{
	__u64 s = (__u16)~sum + (__u64)(__u32)~was + is;

	s = (s & 0xffffffff) + (s >> 32);
	s = (s & 0xffff) + (s >> 16);
	s = (s & 0xffff) + (s >> 16);
	s = (s & 0xffff) + (s >> 16);
	return (__u16)~s;
}

/* Rewrites the packet as ours are. Its inner frame, or NULL: *verdict is what becomes of it. */
static __always_inline struct inner *min_rewrite(struct xdp_md *ctx, int *verdict)
{
	static const __u8 macs[12] = { 2, 0, 0, 0, 0x82, 0x95, 2, 0, 0, 0, 0x82, 0x10 };
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct outer *out = data;
	struct inner *in = data + sizeof(*out);
	__be32 to = bpf_htonl(NAT_ADDR);

	*verdict = XDP_PASS;
	if ((void *)(in + 1) > end || out->eth.h_proto != bpf_htons(ETH_P_IP) || out->ip.ihl != 5 ||
	    out->ip.protocol != 17 || out->udp.dest != bpf_htons(VXLAN_PORT) ||
	    out->vni != bpf_htonl(VNI << 8))
		return NULL;
	*verdict = XDP_DROP;
	if (in->eth.h_proto != bpf_htons(ETH_P_IP) || in->ip.ihl != 5 || in->ip.protocol != 17 ||
	    in->udp.dest != bpf_htons(PORT))
		return NULL;
	in->udp.check = patched(in->udp.check, in->ip.daddr, to);
	in->udp.check = patched(in->udp.check, in->udp.dest, bpf_htons(NAT_PORT));
	in->ip.check = patched(in->ip.check, in->ip.daddr, to);
	in->ip.daddr = to;
	in->udp.dest = bpf_htons(NAT_PORT);
	__builtin_memcpy(&in->eth, macs, sizeof(macs));
	return in;
}

#endif
