/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sending by AF_XDP in copy mode: one socket and one private UMEM for each TX queue, chosen by the
 * frame's key. Chunk i of the UMEM always belongs to TX slot i: the ring cannot hold more than the
 * UMEM, and completions come in order, so no free list is needed. One thread.
 */
#include "tx.h"

#include <errno.h>

#ifdef VX_LIBXDP

#include <dirent.h>
#include <linux/if_xdp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <xdp/xsk.h>

#define CHUNK	    4096u /* the kernel's limit for an aligned chunk is a page */
#define RING	    512u
#define MAX_QUEUES  16u
#define RETRY_NS    20000
#define MAX_RETRIES 100000 /* about two seconds without any progress */
#define BUSY_TRIES  30	   /* of 10 ms: a socket just closed holds its queue a little longer */
#define BUSY_NS	    10000000

struct queue {
	struct xsk_socket *xsk;
	struct xsk_umem *umem;
	struct xsk_ring_prod fill, tx;
	struct xsk_ring_cons comp;
	uint8_t *area;
	uint32_t gathered;	     /* reserved, not yet submitted */
	uint32_t outstanding;	     /* submitted, not yet completed */
	uint64_t completed, refused; /* refused: completed, but dropped by the device (EBUSY) */
};

struct tx_xdp {
	struct tx tx;
	unsigned int n;
	struct queue q[MAX_QUEUES];
};

static void failed(struct tx *tx, int err)
{
	tx->stats.errors++;
	tx->stats.last_errno = err;
}

static uint32_t reap(struct queue *q)
{
	uint32_t idx, n = xsk_ring_cons__peek(&q->comp, RING, &idx);

	if (n) {
		xsk_ring_cons__release(&q->comp, n);
		q->outstanding -= n;
		q->completed += n;
	}
	return n;
}

/* Kicks the kernel until it has taken and finished all frames of the queue. A call sends at most 32
 * and then says EAGAIN, which is progress and no error. */
static void drain(struct tx *tx, struct queue *q)
{
	struct timespec pause = { 0, RETRY_NS };
	unsigned int idle = 0;
	int ret;

	if (q->gathered)
		xsk_ring_prod__submit(&q->tx, q->gathered);
	q->outstanding += q->gathered;
	q->gathered = 0;
	while (q->outstanding && idle < MAX_RETRIES) {
		ret = (int)sendto(xsk_socket__fd(q->xsk), NULL, 0, MSG_DONTWAIT, NULL, 0);
		if (ret < 0 && errno == EBUSY) {
			q->refused++;
			failed(tx, EBUSY);
		} else if (ret < 0 && errno != EAGAIN && errno != ENOBUFS && errno != EINTR) {
			tx->stats.last_errno = errno; /* the frames stay outstanding: errors */
			return;
		}
		if (reap(q)) {
			idle = 0;
		} else if (++idle > 8) {
			nanosleep(&pause, NULL);
		}
	}
}

static void flush(struct tx *tx)
{
	struct tx_xdp *t = (struct tx_xdp *)tx;
	unsigned int i;

	for (i = 0; i < t->n; i++)
		if (t->q[i].gathered)
			drain(tx, &t->q[i]);
}

static void push(struct tx *tx, uint32_t key, const uint8_t *frame, uint32_t len)
{
	struct tx_xdp *t = (struct tx_xdp *)tx;
	struct queue *q = &t->q[key % t->n];
	struct xdp_desc *desc;
	uint32_t idx;

	if (len > CHUNK) {
		failed(tx, EMSGSIZE);
		return;
	}
	if (!xsk_ring_prod__reserve(&q->tx, 1, &idx)) {
		failed(tx, ENOBUFS); /* only after drain() gave up */
		return;
	}
	desc = xsk_ring_prod__tx_desc(&q->tx, idx);
	*desc = (struct xdp_desc){ .addr = (idx % RING) * CHUNK, .len = len };
	memcpy(q->area + desc->addr, frame, len);
	tx->stats.bytes += len;
	if (++q->gathered == TX_BATCH)
		drain(tx, q);
}

static void free_queue(struct queue *q)
{
	if (q->xsk)
		xsk_socket__delete(q->xsk);
	if (q->umem)
		xsk_umem__delete(q->umem);
	if (q->area)
		munmap(q->area, RING * CHUNK);
}

/* A descriptor that the kernel found invalid is consumed without a completion. */
static uint64_t invalid_descs(struct queue *q)
{
	struct xdp_statistics s;
	socklen_t len = sizeof(s);

	if (getsockopt(xsk_socket__fd(q->xsk), SOL_XDP, XDP_STATISTICS, &s, &len))
		return 0;
	return s.tx_invalid_descs;
}

static void close_xdp(struct tx *tx, struct tx_stats *out)
{
	struct tx_xdp *t = (struct tx_xdp *)tx;
	unsigned int i;

	flush(tx);
	for (i = 0; i < t->n; i++) {
		struct queue *q = &t->q[i];

		tx->stats.errors += q->outstanding;
		tx->stats.sent += q->completed - q->refused;
		if (q->outstanding && !tx->stats.last_errno)
			tx->stats.last_errno = invalid_descs(q) ? EINVAL : ETIMEDOUT;
		free_queue(q);
	}
	*out = tx->stats;
	free(t);
}

static const struct tx_ops ops = { "xdp", push, flush, close_xdp };

static int open_queue(struct queue *q, const struct tx_cfg *cfg, unsigned int id)
{
	struct xsk_umem_config umem_cfg = { .fill_size = RING,
					    .comp_size = RING,
					    .frame_size = CHUNK };
	struct xsk_socket_config xsk_cfg = { .tx_size = RING,
					     .libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD,
					     .bind_flags = XDP_COPY | XDP_USE_NEED_WAKEUP };
	int ret;

	/* libxdp 1.3 reads the ring structs before it writes them: they must be zero. */
	memset(q, 0, sizeof(*q));
	q->area = mmap(NULL, RING * CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);
	if (q->area == MAP_FAILED) {
		q->area = NULL;
		return -ENOMEM;
	}
	ret = xsk_umem__create(&q->umem, q->area, RING * CHUNK, &q->fill, &q->comp, &umem_cfg);
	if (!ret)
		ret = xsk_socket__create(&q->xsk, cfg->ifname, id, q->umem, NULL, &q->tx, &xsk_cfg);
	if (ret)
		free_queue(q);
	return ret;
}

static unsigned int count_tx_queues(const char *ifname)
{
	char path[64 + 16];
	unsigned int n = 0;
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "/sys/class/net/%s/queues", ifname);
	d = opendir(path);
	while (d && (e = readdir(d)))
		n += !strncmp(e->d_name, "tx-", 3);
	if (d)
		closedir(d);
	if (n > MAX_QUEUES)
		n = MAX_QUEUES;
	return n ? n : 1;
}

int tx_xdp_open(struct tx **out, const struct tx_cfg *cfg, struct vx_err *err)
{
	unsigned int queues = count_tx_queues(cfg->ifname), tries = 0;
	struct timespec pause = { 0, BUSY_NS };
	struct tx_xdp *t;
	int ret = 0;

	if (cfg->longest > CHUNK)
		return vx_err_set(err, -EMSGSIZE, "frames of up to %u bytes: AF_XDP takes %u",
				  cfg->longest, CHUNK);
	t = calloc(1, sizeof(*t));
	if (!t)
		return vx_err_set(err, -ENOMEM, "no memory");
	while (t->n < queues && !ret) {
		ret = open_queue(&t->q[t->n], cfg, t->n);
		if (!ret) {
			t->n++;
		} else if (ret == -EBUSY && tries++ < BUSY_TRIES) {
			nanosleep(&pause, NULL);
			ret = 0;
		}
	}
	if (!t->n) {
		free(t);
		return vx_err_set(err, ret, "AF_XDP on %s: %s", cfg->ifname, strerror(-ret));
	}
	t->tx.ops = &ops;
	*out = &t->tx;
	return 0;
}

#else

int tx_xdp_open(struct tx **out, const struct tx_cfg *cfg, struct vx_err *err)
{
	(void)out;
	(void)cfg;
	return vx_err_set(err, -EOPNOTSUPP, "AF_XDP is not built in");
}

#endif
