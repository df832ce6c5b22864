/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The AF_PACKET egress: sendmmsg straight out of ring memory, no copy in user space. A full socket
 * buffer (EAGAIN) or queue (ENOBUFS) is waited for, 100 ms a frame; any other errno fails one
 * frame, and a device that is down or gone fails the batch at once. Runs on the worker's thread.
 */
#include "egress.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"

#define PAUSE_NS 200000 /* between tries when the queue is full: nothing tells when it has room */
#define POLL_MS	 10	/* one wait for the socket buffer */
#define SNDBUF	 (2 << 20) /* some batches of the largest frames; the kernel doubles it */

struct packet {
	struct egress base; /* first: the vtable's pointer is ours */
	int fd;
	struct mmsghdr msg[INJ_MAX_BATCH];
	struct iovec iov[INJ_MAX_BATCH];
};

static int fail_open(struct packet *p, struct vx_err *err, const char *what, int ifindex)
{
	int code = -errno;

	if (p->fd >= 0)
		close(p->fd);
	free(p);
	return vx_err_set(err, code, "egress packet: %s, interface %d: %s", what, ifindex,
			  strerror(-code));
}

static int packet_open(struct egress **out, const struct egress_cfg *cfg, struct vx_err *err)
{
	/* protocol 0: such a socket sends, and never receives */
	struct sockaddr_ll sll = { .sll_family = AF_PACKET, .sll_ifindex = cfg->ifindex };
	struct packet *p = calloc(1, sizeof(*p));
	int one = 1, size = SNDBUF;
	unsigned i;

	if (!p)
		return vx_err_set(err, -ENOMEM, "egress packet: no memory");
	p->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (p->fd < 0)
		return fail_open(p, err, "socket", cfg->ifindex);
	if (bind(p->fd, (struct sockaddr *)&sll, sizeof(sll)))
		return fail_open(p, err, "bind", cfg->ifindex);
	if (setsockopt(p->fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) &&
	    setsockopt(p->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)))
		return fail_open(p, err, "SO_SNDBUF", cfg->ifindex);
	if (cfg->qdisc_bypass &&
	    setsockopt(p->fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one)))
		return fail_open(p, err, "PACKET_QDISC_BYPASS", cfg->ifindex);
	for (i = 0; i < INJ_MAX_BATCH; i++) {
		p->msg[i].msg_hdr.msg_iov = &p->iov[i];
		p->msg[i].msg_hdr.msg_iovlen = 1;
	}
	*out = &p->base;
	return 0;
}

/* Waits a little for room; false when the frame has had its time. */
static bool packet_wait(struct packet *p, int err, uint64_t *deadline)
{
	struct pollfd pfd = { .fd = p->fd, .events = POLLOUT };

	if (!egress_try_again(&p->base, deadline))
		return false;
	if (err == EAGAIN)
		poll(&pfd, 1, POLL_MS);
	else
		clock_sleep_ns(PAUSE_NS);
	return true;
}

static void packet_send(struct egress *e, const struct egress_frame *f, unsigned n)
{
	struct packet *p = (struct packet *)e;
	uint64_t deadline = 0;
	unsigned i, k;

	if (atomic_load_explicit(&e->env->link_down, memory_order_relaxed)) {
		egress_failed(e, f, n, ENETDOWN);
		return;
	}
#ifdef VX_FAULT_EGRESS
	static _Atomic unsigned fault;

	n -= atomic_fetch_add(&fault, n) % 1000 + n > 999;
#endif
	for (i = 0; i < n; i++) {
		p->iov[i].iov_base = (void *)(uintptr_t)(f[i].rec + 1);
		p->iov[i].iov_len = f[i].rec->len;
	}
	for (i = 0; i < n; i += k) {
		int sent = sendmmsg(p->fd, &p->msg[i], n - i, MSG_DONTWAIT);
		int err = errno;

		stats_add(&e->st->syscalls, 1);
		k = 0;
		if (sent > 0) {
			k = (unsigned)sent;
			egress_sent(e, &f[i], k);
			deadline = 0;
		} else if ((err != EAGAIN && err != ENOBUFS) || !packet_wait(p, err, &deadline)) {
			k = egress_is_gone(err) ? n - i : 1;
			egress_failed(e, &f[i], k, err);
			stats_set(&e->st->last_progress_ns, clock_ns()); /* slow, but not stuck */
			deadline = 0;
		}
	}
}

bool egress_packet_busy(const struct egress *e)
{
	const struct packet *p = (const struct packet *)e;
	int bytes = 0;

	return !ioctl(p->fd, SIOCOUTQ, &bytes) && bytes > 0;
}

/* Another way out must not overtake what waits in a queue. Everything has its row already. */
static void packet_finish(struct egress *e)
{
	uint64_t deadline = 0;

	while (egress_packet_busy(e) && egress_try_again(e, &deadline))
		clock_sleep_ns(PAUSE_NS);
}

static void packet_close(struct egress *e)
{
	struct packet *p = (struct packet *)e;

	close(p->fd);
	free(p);
}

const struct egress_ops egress_packet = {
	.name = "packet",
	.open = packet_open,
	.send = packet_send,
	.finish = packet_finish,
	.close = packet_close,
};
