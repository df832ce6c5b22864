// SPDX-License-Identifier: GPL-2.0-only
/*
 * One frame through vx_explain, which looks at the live maps and writes no other than its own. The
 * kernel runs it beside the traffic: its scratch memory is its own, too. [engine]
 */
#include "engine/dp/dp_int.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <string.h>

int dp_explain(struct dp *d, const uint8_t *frame, uint32_t len, struct dp_explained *out,
	       struct vx_err *err)
{
	/* The kernel puts what does not fit into a page into fragments by itself. */
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = len,
		    .data_out = out->frame, .data_size_out = sizeof(out->frame), .repeat = 1);
	const __u32 zero = 0;
	int rc;

	if (len < ETH_HLEN || len > sizeof(out->frame))
		return vx_err_set(err, -EMSGSIZE,
				  "a frame of %u bytes: the kernel's test run takes %d to %zu", len,
				  ETH_HLEN, sizeof(out->frame));
	rc = bpf_prog_test_run_opts(bpf_program__fd(d->vx->progs.vx_explain), &opts);
	if (rc)
		return vx_err_set(err, rc, "the kernel's test run of %u bytes: %s", len,
				  strerror(-rc));
	rc = bpf_map_lookup_elem(bpf_map__fd(d->vx->maps.vx_explain_out), &zero, &out->trace);
	if (rc)
		return vx_err_set(err, rc, "the answer of the test run: %s", strerror(-rc));
	if (out->trace.row >= VX_L_N)
		return vx_err_set(err, -EPROTO, "the answer of the test run: row %u",
				  out->trace.row);
	out->len = out->trace.row == VX_L_QUEUED || out->trace.row == VX_L_REDIRECTED
			   ? opts.data_size_out
			   : 0;
	return 0;
}
