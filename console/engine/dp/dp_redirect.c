/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The egress that packets are redirected to: its place in the map, the tap on it, and frames of our
 * own by the same way, which prove that it carries any. [engine]
 */
#include "engine/dp/dp_int.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int open_tap(struct dp *d, int ifindex, struct vx_err *err)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(ETH_P_ALL),
				  .sll_ifindex = ifindex };
	int prog = bpf_program__fd(d->leak->progs.vx_egress_tap);

	/* No protocol before the filter is there: nothing comes in unfiltered. */
	d->tap_sock = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (d->tap_sock < 0 ||
	    setsockopt(d->tap_sock, SOL_SOCKET, SO_ATTACH_BPF, &prog, sizeof(prog)) ||
	    bind(d->tap_sock, (struct sockaddr *)&at, sizeof(at)))
		return vx_err_set(err, -errno, "egress redirect: the tap: %s", strerror(errno));
	return 0;
}

static void close_egress(struct dp *d)
{
	__u32 zero = 0;

	/* Not there when the device has gone. */
	bpf_map_delete_elem(bpf_map__fd(d->vx->maps.vx_egress), &zero);
	if (d->tap_sock >= 0)
		close(d->tap_sock);
	d->tap_sock = -1;
}

int dp_egress(struct dp *d, int ifindex, struct vx_err *err)
{
	__u32 zero = 0, index = (__u32)ifindex;
	int rc, was = d->tap_sock;

	if (!ifindex) {
		close_egress(d);
		return 0;
	}
	rc = open_tap(d, ifindex, err);
	if (!rc) { /* in one step, from the device before */
		rc = bpf_map_update_elem(bpf_map__fd(d->vx->maps.vx_egress), &zero, &index,
					 BPF_ANY);
		if (rc)
			vx_err_set(err, rc, "egress redirect: %s", strerror(-rc));
	}
	if (rc) {
		if (d->tap_sock >= 0)
			close(d->tap_sock);
		d->tap_sock = was;
	} else if (was >= 0) {
		close(was);
	}
	return rc;
}

uint64_t dp_egress_seen(struct dp *d)
{
	return dp_sum(d, bpf_map__fd(d->leak->maps.vx_tapped));
}

int dp_egress_send(struct dp *d, const uint8_t *frame, uint32_t len)
{
	/* Live: the kernel does with the frame what the program says. */
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = len, .repeat = 1,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES);

	return bpf_prog_test_run_opts(bpf_program__fd(d->vx->progs.vx_probe), &opts);
}

uint32_t dp_egress_answer(struct dp *d, uint8_t buf[static VX_ANSWER_MAX])
{
	ssize_t n = d->tap_sock < 0 ? -1 : recv(d->tap_sock, buf, VX_ANSWER_MAX, 0);

	return n > 0 ? (uint32_t)n : 0;
}
