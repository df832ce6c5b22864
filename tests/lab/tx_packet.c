/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sending by AF_PACKET: frames are gathered and go out by sendmmsg. A full buffer or queue is
 * waited for; a frame that the kernel refuses for itself is counted and skipped. One thread.
 */
#define _GNU_SOURCE
#include "tx.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SNDBUF	    (8 << 20)
#define RETRY_NS    50000
#define MAX_RETRIES 20000 /* about a second on one frame */

struct tx_packet {
	struct tx tx;
	int fd;
	uint32_t slot_size;
	unsigned int n;
	struct mmsghdr msg[TX_BATCH];
	struct iovec iov[TX_BATCH];
	uint8_t *buf;
};

static void failed(struct tx *tx, int err)
{
	tx->stats.errors++;
	tx->stats.last_errno = err;
}

static bool worth_waiting(int err)
{
	return err == EAGAIN || err == ENOBUFS || err == EINTR;
}

static void flush(struct tx *tx)
{
	struct tx_packet *t = (struct tx_packet *)tx;
	struct timespec pause = { 0, RETRY_NS };
	unsigned int i = 0, tries = 0;
	int n;

	while (i < t->n) {
		n = sendmmsg(t->fd, t->msg + i, t->n - i, 0);
		if (n > 0) {
			tries = 0;
			tx->stats.sent += (unsigned int)n;
			for (; n > 0; n--)
				tx->stats.bytes += t->iov[i++].iov_len;
		} else if (worth_waiting(errno) && tries++ < MAX_RETRIES) {
			nanosleep(&pause, NULL);
		} else {
			failed(tx, errno);
			tries = 0;
			i++;
		}
	}
	t->n = 0;
}

static void push(struct tx *tx, uint32_t key, const uint8_t *frame, uint32_t len)
{
	struct tx_packet *t = (struct tx_packet *)tx;

	(void)key; /* the kernel hashes the headers itself */
	if (len > t->slot_size) {
		failed(tx, EMSGSIZE);
		return;
	}
	memcpy(t->iov[t->n].iov_base, frame, len);
	t->iov[t->n].iov_len = len;
	if (++t->n == TX_BATCH)
		flush(tx);
}

static void close_packet(struct tx *tx, struct tx_stats *out)
{
	struct tx_packet *t = (struct tx_packet *)tx;

	flush(tx);
	*out = tx->stats;
	close(t->fd);
	free(t->buf);
	free(t);
}

static const struct tx_ops ops = { "packet", push, flush, close_packet };

static int open_socket(const struct tx_cfg *cfg, struct vx_err *err)
{
	struct sockaddr_ll addr = { .sll_family = AF_PACKET, .sll_ifindex = (int)cfg->ifindex };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), size = SNDBUF;

	if (fd < 0)
		return vx_err_set(err, -errno, "packet socket: %s", strerror(errno));
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		vx_err_set(err, -errno, "bind packet socket to %s: %s", cfg->ifname,
			   strerror(errno));
		close(fd);
		return err->code;
	}
	return fd;
}

int tx_packet_open(struct tx **out, const struct tx_cfg *cfg, struct vx_err *err)
{
	struct tx_packet *t = calloc(1, sizeof(*t));
	unsigned int i;

	if (!t)
		return vx_err_set(err, -ENOMEM, "no memory");
	t->slot_size = cfg->longest;
	t->buf = calloc(TX_BATCH, cfg->longest);
	t->fd = t->buf ? open_socket(cfg, err) : vx_err_set(err, -ENOMEM, "no memory");
	if (t->fd < 0) {
		free(t->buf);
		free(t);
		return err->code;
	}
	for (i = 0; i < TX_BATCH; i++) {
		t->iov[i].iov_base = t->buf + (size_t)i * cfg->longest;
		t->msg[i].msg_hdr.msg_iov = &t->iov[i];
		t->msg[i].msg_hdr.msg_iovlen = 1;
	}
	t->tx.ops = &ops;
	*out = &t->tx;
	return 0;
}
