/* SPDX-License-Identifier: GPL-2.0-only */
/* Programs of others, as the tests of `strays` plant them: the loader's that came before us, with
 * its map, and one that is anybody's. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u32);
} ip_allowlist SEC(".maps");

SEC("xdp")
int vxlan_pipeline_main(struct xdp_md *ctx)
{
	__u32 key = 0, *value = bpf_map_lookup_elem(&ip_allowlist, &key);

	return value && ctx->data < ctx->data_end ? XDP_DROP : XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
