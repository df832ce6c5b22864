/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the least of each kind costs, for the bench: dropping a frame on the ingress, redirecting
 * one that is already known, and the sink.
 */
#include <linux/pkt_cls.h>

#include "min.bpf.h"

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

/* No lists, no rules, no counters, one shape of packet: what is left is what every redirect has to
 * do. */
SEC("xdp.frags")
int min_redirect(struct xdp_md *ctx)
{
	int verdict;

	if (!min_rewrite(ctx, &verdict))
		return verdict;
	if (bpf_xdp_adjust_head(ctx, sizeof(struct outer)))
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
