/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sending by AF_XDP in copy mode: one socket and one UMEM (injector/xtx.h) for each TX queue,
 * chosen by the frame's key. One thread.
 */
#include "tx.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "xtx.h"

#ifdef VX_LIBXDP

#define MAX_QUEUES  16u
#define RETRY_NS    20000
#define MAX_RETRIES 100000 /* about two seconds without any progress */

struct queue {
	struct xtx *x;
	uint32_t gathered; /* put, the kernel not yet told */
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

static unsigned int take_results(struct tx *tx, struct queue *q)
{
	const struct xtx_result *r;
	unsigned int n, i;

	r = xtx_results(q->x, &n);
	for (i = 0; i < n; i++) {
		if (r[i].err)
			failed(tx, r[i].err);
		else
			tx->stats.sent++;
	}
	xtx_release(q->x);
	return n;
}

/* Kicks the kernel until it has taken and finished all frames of the queue. */
static void drain(struct tx *tx, struct queue *q)
{
	struct timespec pause = { 0, RETRY_NS };
	unsigned int idle = 0;
	int err;

	q->gathered = 0;
	while (xtx_outstanding(q->x) && idle < MAX_RETRIES) {
		err = xtx_kick(q->x);
		if (err && err != EBUSY && err != EAGAIN && err != ENOBUFS && err != EINTR) {
			xtx_give_up(q->x, err);
			take_results(tx, q);
			return;
		}
		if (take_results(tx, q))
			idle = 0;
		else if (++idle > 8)
			nanosleep(&pause, NULL);
	}
	xtx_give_up(q->x, ETIMEDOUT);
	take_results(tx, q);
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
	unsigned char *chunk;

	if (len > XTX_CHUNK) {
		failed(tx, EMSGSIZE);
		return;
	}
	chunk = xtx_get(q->x);
	if (!chunk) {
		failed(tx, ENOBUFS); /* only after drain() gave up */
		return;
	}
	memcpy(chunk, frame, len);
	xtx_put(q->x, chunk, 0, len);
	tx->stats.bytes += len;
	if (++q->gathered == TX_BATCH)
		drain(tx, q);
}

static void close_xdp(struct tx *tx, struct tx_stats *out)
{
	struct tx_xdp *t = (struct tx_xdp *)tx;
	unsigned int i;

	flush(tx);
	for (i = 0; i < t->n; i++)
		xtx_close(t->q[i].x);
	*out = tx->stats;
	free(t);
}

static const struct tx_ops ops = { "xdp", push, flush, close_xdp };

int tx_xdp_open(struct tx **out, const struct tx_cfg *cfg, struct vx_err *err)
{
	unsigned int queues = xtx_queues(cfg->ifname);
	struct tx_xdp *t;
	int rc = 0;

	if (cfg->longest > XTX_CHUNK)
		return vx_err_set(err, -EMSGSIZE, "frames of up to %u bytes: AF_XDP takes %u",
				  cfg->longest, XTX_CHUNK);
	t = calloc(1, sizeof(*t));
	if (!t)
		return vx_err_set(err, -ENOMEM, "no memory");
	if (queues > MAX_QUEUES)
		queues = MAX_QUEUES;
	while (t->n < queues && !rc) {
		rc = xtx_open(&t->q[t->n].x, cfg->ifname, t->n, false, err);
		t->n += !rc;
	}
	if (!t->n) {
		free(t);
		return rc;
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
