/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the least of each kind costs, for the bench: dropping a frame on the ingress, redirecting
 * one that is already known, and the sink. Addresses are those of tests/lab/lab.sh.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define VXLAN_PORT 4789
#define VNI	   1
#define PORT	   31765
#define NAT_ADDR   0xac1e525f /* 172.30.82.95 */
#define NAT_PORT   8081
#define EGRESS	   6 /* the index that the lab gives ens6 */
#define OUTER	   (ETH_HLEN + sizeof(struct iphdr) + sizeof(struct udphdr) + 8)

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

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} port SEC(".maps");

SEC("xdp.frags")
int min_drop(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_DROP;
}

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

/* No lists, no rules, no counters, one shape of packet: what is left is what every redirect has to
 * do. */
SEC("xdp.frags")
int min_redirect(struct xdp_md *ctx)
{
	static const __u8 macs[12] = { 2, 0, 0, 0, 0x82, 0x95, 2, 0, 0, 0, 0x82, 0x10 };
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct outer *out = data;
	struct inner *in = data + sizeof(*out);
	__be32 to = bpf_htonl(NAT_ADDR);

	if ((void *)(in + 1) > end || out->eth.h_proto != bpf_htons(ETH_P_IP) || out->ip.ihl != 5 ||
	    out->ip.protocol != 17 || out->udp.dest != bpf_htons(VXLAN_PORT) ||
	    out->vni != bpf_htonl(VNI << 8))
		return XDP_PASS;
	if (in->eth.h_proto != bpf_htons(ETH_P_IP) || in->ip.ihl != 5 || in->ip.protocol != 17 ||
	    in->udp.dest != bpf_htons(PORT))
		return XDP_DROP;
	in->udp.check = patched(in->udp.check, in->ip.daddr, to);
	in->udp.check = patched(in->udp.check, in->udp.dest, bpf_htons(NAT_PORT));
	in->ip.check = patched(in->ip.check, in->ip.daddr, to);
	in->ip.daddr = to;
	in->udp.dest = bpf_htons(NAT_PORT);
	__builtin_memcpy(&in->eth, macs, sizeof(macs));
	if (bpf_xdp_adjust_head(ctx, sizeof(*out)))
		return XDP_DROP;
	return bpf_redirect_map(&port, 0, XDP_DROP);
}

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} arrived SEC(".maps");

/* The sink: counted, and dropped before the stack. Who asks for an address shall have an answer. */
SEC("tc.sink")
int min_sink(struct __sk_buff *skb)
{
	__u32 zero = 0;
	__u64 *n = bpf_map_lookup_elem(&arrived, &zero);

	if (skb->protocol != bpf_htons(ETH_P_IP))
		return TC_ACT_OK;
	if (n)
		(*n)++;
	return TC_ACT_SHOT;
}

/* On the way out: gone, and the sender is told that it is sent. */
SEC("tc.stop")
int min_stop(struct __sk_buff *skb)
{
	(void)skb;
	return TC_ACT_STOLEN;
}

char min_license[] SEC("license") = "GPL";
