/* SPDX-License-Identifier: GPL-2.0-only */
/* Anybody's program, with no map. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

SEC("xdp")
int somebody(struct xdp_md *ctx)
{
	return ctx->data < ctx->data_end ? XDP_PASS : XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
