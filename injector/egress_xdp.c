/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The AF_XDP egress: a frame is copied, its record before it, into a chunk of the UMEM, so the
 * ring's memory is free when send() returns; its row it gets when the device has taken it. What the
 * kernel does not take is waited for as in the packet egress, and within send(): nothing waits in
 * the TX ring. What does not fit into a chunk leaves by a packet egress, never past a frame before
 * it. Runs on the worker's thread.
 */
#include "egress.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "xtx.h"

#ifdef VX_LIBXDP

#define PAUSE_NS  50000	     /* between two looks for room: nothing tells of it */
#define SILENT_NS 1000000000 /* a device that tells of nothing for so long has lost its frames */

/* The head of a chunk; the frame is right behind the record, as in a ring. */
struct slot {
	uint64_t claim_ns;
	struct vx_record rec;
};
#define MAX_LEN (XTX_CHUNK - sizeof(struct slot))
_Static_assert(sizeof(struct slot) == offsetof(struct slot, rec) + sizeof(struct vx_record),
	       "the frame must follow its record");

/* What an egress hands on to the next one of the same worker, once it has nothing outstanding. */
struct shared {
	struct xtx *tx;
	int ifindex;
	bool zerocopy;
	unsigned users; /* [engine] */
};

struct xdp {
	struct egress base; /* first: the vtable's pointer is ours */
	struct shared *s;
	struct egress
		*packet;  /* for what does not fit, and when the socket is of no use any more */
	bool packet_used; /* it may still have frames in a queue */
	bool dead, down;
	uint64_t heard_ns; /* when the device last took or completed a frame */
};

/* From here on the worker sends by packet. */
static void die(struct xdp *x, int err)
{
	x->dead = true;
	atomic_store_explicit(&x->base.st->xdp_err, err, memory_order_relaxed);
}

/* --- results --- */

static void settle(struct xdp *x)
{
	struct egress_frame sent[INJ_MAX_BATCH];
	const struct xtx_result *r;
	unsigned n, k, n_sent = 0;
	uint64_t gone[2] = { 0, 0 };

	r = xtx_results(x->s->tx, &n);
	if (!n)
		return;
	for (k = 0; k < n; k++) {
		const struct slot *slot = (const struct slot *)(const void *)r[k].chunk;
		struct egress_frame f = { &slot->rec, slot->claim_ns };

		gone[slot->rec.set & 1]++;
#ifdef VX_FAULT_EGRESS
		static _Atomic unsigned fault;

		if (atomic_fetch_add(&fault, 1) % 1000 == 999)
			continue;
#endif
		if (r[k].err) {
			egress_failed(&x->base, &f, 1, r[k].err);
			continue;
		}
		sent[n_sent++] = f;
		if (n_sent == INJ_MAX_BATCH) {
			egress_sent(&x->base, sent, n_sent);
			n_sent = 0;
		}
	}
	if (n_sent)
		egress_sent(&x->base, sent, n_sent);
	/* They have their row: who sees these lower sees that. */
	stats_sub(&x->base.st->out[0], gone[0]);
	stats_sub(&x->base.st->out[1], gone[1]);
	xtx_release(x->s->tx);
	x->heard_ns = clock_ns();
}

static unsigned xdp_poll(struct egress *e)
{
	struct xdp *x = (struct xdp *)e;

	settle(x);
	if (!xtx_outstanding(x->s->tx))
		return 0;
	if (x->s->zerocopy && xtx_unsent(x->s->tx))
		(void)xtx_kick(x->s->tx);
	if (clock_ns() - x->heard_ns > SILENT_NS) {
		xtx_give_up(x->s->tx, ETIMEDOUT);
		if (x->s->zerocopy) /* it may still read what is in the TX ring */
			die(x, ETIMEDOUT);
		settle(x);
	}
	return xtx_outstanding(x->s->tx);
}

static void xdp_finish(struct egress *e)
{
	struct xdp *x = (struct xdp *)e;
	uint64_t deadline = 0;

	while (xdp_poll(e) && egress_try_again(e, &deadline))
		clock_sleep_ns(PAUSE_NS);
	xtx_give_up(x->s->tx, ETIMEDOUT);
	settle(x);
	if (x->packet_used)
		x->packet->ops->finish(x->packet);
	x->packet_used = false;
}

/* --- the packet egress inside --- */

static struct egress *packet(struct xdp *x)
{
	x->packet->ops = &egress_packet;
	x->packet->st = x->base.st;
	x->packet->env = x->base.env;
	x->packet->worker = x->base.worker;
	return x->packet;
}

static void send_by_packet(struct xdp *x, const struct egress_frame *f, unsigned n)
{
	if (!x->packet_used)
		xdp_finish(&x->base); /* in order */
	x->packet_used = true;
	egress_packet.send(packet(x), f, n);
}

/* --- the AF_XDP socket --- */

static int kick(struct xdp *x)
{
	stats_add(&x->base.st->syscalls, 1);
	return xtx_kick(x->s->tx);
}

/* The kernel does not take what is left, for err: what to do with it. False: try again. */
static bool refuse(struct xdp *x, int err, uint64_t *deadline)
{
	struct xtx *tx = x->s->tx;

	if (egress_is_gone(err)) {
		x->down = err == ENETDOWN; /* the socket is good again when the device is up */
		if (!x->down)
			die(x, err);
		xtx_take_back(tx, XTX_CHUNKS, err);
		settle(x);
		return true;
	}
	if ((!err || err == EAGAIN || err == ENOBUFS) && egress_try_again(&x->base, deadline)) {
		settle(x); /* completions make room in the socket */
		clock_sleep_ns(PAUSE_NS);
		return false;
	}
	if (!err) /* it says nothing: the queue has been taken away */
		die(x, ETIMEDOUT);
	xtx_take_back(tx, x->dead ? XTX_CHUNKS : 1, err ? err : ETIMEDOUT);
	settle(x); /* before a chunk of these can be used again */
	stats_set(&x->base.st->last_progress_ns, clock_ns()); /* slow, but not stuck */
	*deadline = 0;
	return x->dead;
}

/* Until the kernel has taken every frame, or its time is over. */
static void push(struct xdp *x)
{
	struct xtx *tx = x->s->tx;
	uint64_t deadline = 0;
	unsigned left = xtx_unsent(tx), now;

	if (x->s->zerocopy) { /* the device takes them by itself */
		(void)kick(x);
		return;
	}
	for (; left; left = now) {
		int err = kick(x);

		now = xtx_unsent(tx);
		if (err == EBUSY || now < left)
			deadline = 0;
		else if (refuse(x, err, &deadline))
			break;
		if (xtx_unsent(tx) < now) /* completions told of more */
			deadline = 0;
		now = xtx_unsent(tx);
	}
}

/* A chunk, or NULL when there is none for 100 ms. */
static struct slot *room(struct xdp *x)
{
	uint64_t deadline = 0;
	unsigned char *chunk;

	while (!(chunk = xtx_get(x->s->tx))) {
		push(x);
		(void)xdp_poll(&x->base);
		chunk = xtx_get(x->s->tx);
		if (chunk || x->dead || x->down || !egress_try_again(&x->base, &deadline))
			break;
		clock_sleep_ns(PAUSE_NS);
	}
	return (struct slot *)(void *)chunk;
}

/* Returns how many it has dealt with: fewer when the socket has died. */
static unsigned send_by_xdp(struct xdp *x, const struct egress_frame *f, unsigned n)
{
	unsigned i;

	/* Nothing is put before the device takes frames again; this also clears the TX ring of what
	 * was taken back. */
	if (x->down) {
		int err = kick(x);

		x->down = err == ENETDOWN;
		if (err == ENXIO)
			die(x, err);
	}
	if (!xtx_outstanding(x->s->tx))
		x->heard_ns = f->claim_ns;
	for (i = 0; i < n && !x->dead; i++) {
		struct slot *slot = x->down ? NULL : room(x);

		if (!slot && x->dead)
			break;
		if (!slot) {
			egress_failed(&x->base, &f[i], 1, x->down ? ENETDOWN : ENOBUFS);
			stats_set(&x->base.st->last_progress_ns, clock_ns()); /* slow */
			continue;
		}
		slot->claim_ns = f[i].claim_ns;
		memcpy(&slot->rec, f[i].rec, sizeof(slot->rec) + f[i].rec->len);
		stats_add(&x->base.st->out[slot->rec.set & 1], 1);
		xtx_put(x->s->tx, (unsigned char *)slot, sizeof(*slot), slot->rec.len);
	}
	push(x);
	return i;
}

/* Of longer frames the packet egress sends those that the device may: AF_XDP does not ask its MTU.
 */
static uint32_t longest(const struct egress *e)
{
	uint32_t mtu = atomic_load_explicit(&e->env->mtu, memory_order_relaxed);

	return mtu && mtu < MAX_LEN - ETH_HLEN ? mtu + ETH_HLEN : (uint32_t)MAX_LEN;
}

static void xdp_send(struct egress *e, const struct egress_frame *f, unsigned n)
{
	struct xdp *x = (struct xdp *)e;
	uint32_t max = longest(e);
	unsigned i, k;

	if (atomic_load_explicit(&e->env->link_down, memory_order_relaxed)) {
		egress_failed(e, f, n, ENETDOWN);
		return;
	}
	if (x->packet_used && !x->dead)
		x->packet_used = egress_packet_busy(packet(x));
	for (i = 0; i < n; i += k) {
		bool fits = f[i].rec->len <= max;

		for (k = 1; i + k < n && (f[i + k].rec->len <= max) == fits;)
			k++;
		if (fits && !x->packet_used && !x->dead)
			k = send_by_xdp(x, &f[i], k);
		else
			send_by_packet(x, &f[i], k);
	}
}

/* --- open, close --- */

static void put_shared(struct shared *s)
{
	if (--s->users)
		return;
	xtx_close(s->tx);
	free(s);
}

/* The socket that the worker has, if it will do: its queue cannot be bound twice. */
static struct shared *take_over(const struct egress_cfg *cfg)
{
	struct shared *s;

	if (!cfg->current || cfg->current->ops != &egress_xdp)
		return NULL;
	s = ((struct xdp *)cfg->current)->s;
	if (s->ifindex != cfg->ifindex || s->zerocopy != cfg->zerocopy || !xtx_is_bound(s->tx))
		return NULL;
	s->users++;
	return s;
}

static struct shared *open_socket(const struct egress_cfg *cfg, int *rc, struct vx_err *err)
{
	struct shared *s = calloc(1, sizeof(*s));
	char name[IF_NAMESIZE];

	if (!s)
		*rc = vx_err_set(err, -ENOMEM, "egress xdp: no memory");
	else if (!if_indextoname((unsigned)cfg->ifindex, name))
		*rc = vx_err_set(err, -ENODEV, "egress xdp: interface %d: no such interface",
				 cfg->ifindex);
	else
		*rc = xtx_open(&s->tx, name, cfg->worker, cfg->zerocopy, err);
	if (*rc) {
		free(s);
		return NULL;
	}
	s->ifindex = cfg->ifindex;
	s->zerocopy = cfg->zerocopy;
	s->users = 1;
	return s;
}

static int xdp_open(struct egress **out, const struct egress_cfg *cfg, struct vx_err *err)
{
	struct xdp *x = calloc(1, sizeof(*x));
	int rc = 0;

	if (!x)
		return vx_err_set(err, -ENOMEM, "egress xdp: no memory");
	x->s = take_over(cfg);
	if (!x->s)
		x->s = open_socket(cfg, &rc, err);
	if (!rc)
		rc = egress_packet.open(&x->packet, cfg, err);
	if (rc) {
		if (x->s)
			put_shared(x->s);
		free(x);
		return rc;
	}
	*out = &x->base;
	return 0;
}

static void xdp_close(struct egress *e)
{
	struct xdp *x = (struct xdp *)e;

	put_shared(x->s);
	egress_packet.close(x->packet);
	free(x);
}

const struct egress_ops egress_xdp = {
	.name = "xdp",
	.open = xdp_open,
	.send = xdp_send,
	.poll = xdp_poll,
	.finish = xdp_finish,
	.close = xdp_close,
};

#else

static int xdp_open(struct egress **out, const struct egress_cfg *cfg, struct vx_err *err)
{
	(void)out, (void)cfg;
	return vx_err_set(err, -EOPNOTSUPP, "AF_XDP is not built in (libxdp)");
}

const struct egress_ops egress_xdp = { .name = "xdp", .open = xdp_open };

#endif
