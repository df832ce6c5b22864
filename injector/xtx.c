/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * AF_XDP sending by libxdp. What the kernel does (net/xdp/xsk.c) and the code below relies on:
 *
 * - In copy mode it reads the TX ring only within our system call. A call sends 32 frames (from
 *   kernel 6.17 on as many as it is told) and says EAGAIN if there are more.
 * - A frame that the device drops at once (no carrier, for one) is completed all the same, and the
 *   call ends there with EBUSY: of the frames completed by then it is the last that was put.
 * - An invalid descriptor is skipped, and never completed: so a frame can be taken back.
 * - The consumer position is not brought up to date by a call that sent nothing.
 */
#include "xtx.h"

#include <errno.h>

#ifdef VX_LIBXDP

#include <dirent.h>
#include <linux/if_xdp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <xdp/xsk.h>

#include "clock.h"

#define STEP	   32u	/* what a kernel before 6.17 takes in one call */
#define TX_RING	   256u /* several batches; in zero-copy mode the device takes them when it likes */
#define AREA	   ((size_t)XTX_CHUNKS * XTX_CHUNK)
#define BUSY_TRIES 30
#define BUSY_NS	   10000000
#define SNDBUF	   ((int)AREA) /* the pool is the limit, not the socket; the kernel doubles it */
#ifndef XDP_MAX_TX_SKB_BUDGET
#define XDP_MAX_TX_SKB_BUDGET 9 /* kernel 6.17 */
#endif

enum state {
	FREE,
	OUT,  /* put, no result yet */
	DONE, /* its result waits for the caller */
	LOST, /* given up, but the device may still hold it */
};

struct xtx {
	struct xsk_socket *xsk;
	struct xsk_umem *umem;
	struct xsk_ring_prod fill, tx;
	struct xsk_ring_cons comp;
	unsigned char *area;
	bool zerocopy;
	bool exact;	/* the kernel publishes its position also when a call fails (6.17) */
	uint32_t put;	/* TX ring position: put by us */
	uint32_t taken; /* ... taken by the kernel, or taken back */
	unsigned n_free, n_done, n_out;
	uint16_t free[XTX_CHUNKS]; /* a stack: what was used last is in the cache */
	uint8_t state[XTX_CHUNKS];
	uint32_t pos[XTX_CHUNKS]; /* where in the TX ring */
	struct xtx_result done[XTX_CHUNKS];
};

static unsigned number(const struct xtx *x, const unsigned char *chunk)
{
	return (unsigned)((size_t)(chunk - x->area) / XTX_CHUNK);
}

unsigned char *xtx_get(struct xtx *x)
{
	if (!x->n_free || !xsk_prod_nb_free(&x->tx, 1))
		return NULL;
	return x->area + (size_t)x->free[x->n_free - 1] * XTX_CHUNK;
}

void xtx_put(struct xtx *x, unsigned char *chunk, uint32_t offset, uint32_t len)
{
	unsigned i = number(x, chunk);
	uint32_t pos = 0;

	if (!xsk_ring_prod__reserve(&x->tx, 1, &pos))
		return; /* cannot be: xtx_get() has looked */
	x->n_free--;
	x->n_out++;
	x->state[i] = OUT;
	x->pos[i] = pos;
	*xsk_ring_prod__tx_desc(&x->tx, pos) =
		(struct xdp_desc){ .addr = i * XTX_CHUNK + offset, .len = len };
	x->put++;
}

unsigned xtx_unsent(const struct xtx *x)
{
	return x->put - x->taken;
}

unsigned xtx_outstanding(const struct xtx *x)
{
	return x->n_out;
}

static void note_taken(struct xtx *x, uint32_t pos)
{
	if ((int32_t)(pos - x->taken) > 0)
		x->taken = pos;
}

static void finish(struct xtx *x, unsigned i, int err)
{
	x->state[i] = DONE;
	x->n_out--;
	x->done[x->n_done++] = (struct xtx_result){ x->area + (size_t)i * XTX_CHUNK, err };
}

/* What the kernel has completed. Returns the entry of x->done that was put last, or NULL. */
static struct xtx_result *collect(struct xtx *x)
{
	struct xtx_result *last = NULL;
	uint32_t at, n, k;

	n = xsk_ring_cons__peek(&x->comp, XTX_CHUNKS, &at);
	for (k = 0; k < n; k++) {
		uint64_t addr = *xsk_ring_cons__comp_addr(&x->comp, at + k);
		unsigned i = (unsigned)(addr / XTX_CHUNK);

		if (i >= XTX_CHUNKS)
			continue;
		if (x->state[i] == LOST) {
			x->state[i] = FREE;
			x->free[x->n_free++] = (uint16_t)i;
		}
		if (x->state[i] != OUT)
			continue;
		finish(x, i, 0);
		note_taken(x, x->pos[i] + 1);
		if (!last || (int32_t)(x->pos[i] - x->pos[number(x, last->chunk)]) > 0)
			last = &x->done[x->n_done - 1];
	}
	if (n)
		xsk_ring_cons__release(&x->comp, n);
	return last;
}

int xtx_kick(struct xtx *x)
{
	uint32_t fresh = x->put - *x->tx.producer;
	struct xtx_result *last;
	int err = 0;

	if (!x->exact && !x->zerocopy && fresh > STEP)
		fresh = STEP;
	if (fresh)
		xsk_ring_prod__submit(&x->tx, fresh);
	if (x->zerocopy) /* the flag is read after the position is out */
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (x->zerocopy && !xsk_ring_prod__needs_wakeup(&x->tx))
		return 0;
	if (sendto(xsk_socket__fd(x->xsk), NULL, 0, MSG_DONTWAIT, NULL, 0) < 0)
		err = errno;
	/* A1: pairs with the kernel's store-release: it does not read those descriptors again */
	note_taken(x, __atomic_load_n(x->tx.consumer, __ATOMIC_ACQUIRE));
	if (err == EBUSY) {
		last = collect(x);
		if (last)
			last->err = EBUSY;
	}
	return err;
}

const struct xtx_result *xtx_results(struct xtx *x, unsigned *n)
{
	collect(x);
	*n = x->n_done;
	return x->done;
}

void xtx_release(struct xtx *x)
{
	unsigned k;

	for (k = 0; k < x->n_done; k++) {
		unsigned i = number(x, x->done[k].chunk);

		if (x->state[i] != DONE) /* LOST */
			continue;
		x->state[i] = FREE;
		x->free[x->n_free++] = (uint16_t)i;
	}
	x->n_done = 0;
}

void xtx_take_back(struct xtx *x, unsigned n, int err)
{
	collect(x); /* which tells of what was taken, too */
	while (n-- && x->taken != x->put) {
		uint32_t pos = x->taken++;
		struct xdp_desc *desc = xsk_ring_prod__tx_desc(&x->tx, pos);
		unsigned i = (unsigned)(desc->addr / XTX_CHUNK);

		finish(x, i, err);
		if (!x->exact && (int32_t)(pos - *x->tx.producer) < 0)
			x->state[i] = LOST; /* the kernel may have it: back when it completes */
		else
			*desc = (struct xdp_desc){ .addr = AREA, .len = 1 }; /* no chunk: skipped */
	}
}

void xtx_give_up(struct xtx *x, int err)
{
	unsigned i;

	if (!x->zerocopy)
		xtx_take_back(x, XTX_CHUNKS, err);
	for (i = 0; i < XTX_CHUNKS && x->n_out; i++)
		if (x->state[i] == OUT) {
			finish(x, i, err);
			x->state[i] = LOST;
		}
}

bool xtx_is_bound(const struct xtx *x)
{
	/* It has no RX ring, which is said (ENOBUFS) only after this. */
	return recv(xsk_socket__fd(x->xsk), NULL, 0, MSG_DONTWAIT) >= 0 || errno != ENXIO;
}

void xtx_close(struct xtx *x)
{
	if (!x)
		return;
	if (x->xsk)
		xsk_socket__delete(x->xsk);
	if (x->umem)
		xsk_umem__delete(x->umem);
	if (x->area)
		munmap(x->area, AREA);
	free(x);
}

unsigned xtx_queues(const char *ifname)
{
	struct dirent *e;
	char path[64];
	unsigned n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/sys/class/net/%s/queues", ifname);
	d = opendir(path);
	while (d && (e = readdir(d)))
		n += !strncmp(e->d_name, "tx-", 3);
	if (d)
		closedir(d);
	return n ? n : 1;
}

static struct xtx *new_pool(void)
{
	struct xtx *x = calloc(1, sizeof(*x));
	unsigned i;

	if (!x)
		return NULL;
	x->area = mmap(NULL, AREA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (x->area == MAP_FAILED) {
		free(x);
		return NULL;
	}
	for (i = 0; i < XTX_CHUNKS; i++)
		x->free[x->n_free++] = (uint16_t)(XTX_CHUNKS - 1 - i);
	return x;
}

/* libxdp 1.3 reads the ring structs before it writes them: they are zero, as calloc left them. */
static int bind_once(struct xtx **out, const char *ifname, unsigned queue, bool zerocopy)
{
	struct xsk_umem_config umem_cfg = { .fill_size = 64,
					    .comp_size = XTX_CHUNKS,
					    .frame_size = XTX_CHUNK };
	struct xsk_socket_config xsk_cfg = { .tx_size = TX_RING,
					     .libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD,
					     .bind_flags = (zerocopy ? XDP_ZEROCOPY : XDP_COPY) |
							   XDP_USE_NEED_WAKEUP };
	struct xtx *x = new_pool();
	int rc;

	if (!x)
		return -ENOMEM;
	x->zerocopy = zerocopy;
	rc = xsk_umem__create(&x->umem, x->area, AREA, &x->fill, &x->comp, &umem_cfg);
	if (!rc)
		rc = xsk_socket__create(&x->xsk, ifname, queue, x->umem, NULL, &x->tx, &xsk_cfg);
	if (rc)
		xtx_close(x);
	else
		*out = x;
	return rc;
}

static const char *hint(int code, bool zerocopy)
{
	if (code == -EBUSY)
		return ": another AF_XDP socket has this queue";
	if (zerocopy && (code == -EOPNOTSUPP || code == -EINVAL))
		return ": the driver has no zero copy; without --zerocopy frames are copied";
	if (code == -EAFNOSUPPORT)
		return ": this kernel is built without AF_XDP";
	if (code == -ENOBUFS)
		return ": its 4 MiB are more than may be locked (ulimit -l)";
	return "";
}

int xtx_open(struct xtx **out, const char *ifname, unsigned queue, bool zerocopy,
	     struct vx_err *err)
{
	unsigned tries = 0, queues = xtx_queues(ifname), budget = TX_RING;
	int rc, size = SNDBUF, fd;

	if (queue >= queues)
		return vx_err_set(err, -ENOSPC, "AF_XDP: %s has %u TX queue%s", ifname, queues,
				  queues == 1 ? "" : "s");
	while ((rc = bind_once(out, ifname, queue, zerocopy)) == -EBUSY && tries++ < BUSY_TRIES)
		clock_sleep_ns(BUSY_NS);
	if (rc)
		return vx_err_set(err, rc, "AF_XDP on queue %u of %s%s: %s%s", queue, ifname,
				  zerocopy ? " (zero copy)" : "", strerror(-rc),
				  hint(rc, zerocopy));
	fd = xsk_socket__fd((*out)->xsk);
	/* Refused, or before 6.17: smaller steps, and the same result. */
	(*out)->exact = !setsockopt(fd, SOL_XDP, XDP_MAX_TX_SKB_BUDGET, &budget, sizeof(budget));
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)))
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return 0;
}

#else

int xtx_open(struct xtx **out, const char *ifname, unsigned queue, bool zerocopy,
	     struct vx_err *err)
{
	(void)out, (void)ifname, (void)queue, (void)zerocopy;
	return vx_err_set(err, -EOPNOTSUPP, "AF_XDP is not built in (libxdp)");
}

#endif
