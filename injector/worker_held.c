/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fragments of one worker that wait for their first. The queue is in order of arrival, and a
 * verdict releases all of its datagram together, oldest first, so that waiting does not change
 * their order.
 */
#include "worker.h"

#include <errno.h>
#include <string.h>

#include "clock.h"

#define ASK_NS 500000 /* between two rounds of questions */

static bool ask(const struct worker *w, const struct vx_frag_key *key, struct inj_frag_answer *ans)
{
	memset(ans, 0, sizeof(*ans));
	return w->env->frag && w->env->frag(w->env->frag_ctx, key, ans) > 0;
}

static void put(struct worker *w, struct held_slot *s)
{
	if (s != w->spare)
		held_put(&w->env->held, s);
}

static void give_up(struct worker *w, const struct vx_record *rec)
{
	stats_add(&w->st.frag_unknown, 1);
	stats_add(&w->st.done[rec->set & 1], 1);
	if (rec->flags & VX_REC_TRACED) {
		struct inj_trace_result res = { rec->trace_id, w->id, INJ_TRACE_FRAG_UNKNOWN };

		stats_trace_push(&w->st, &res);
	}
}

static void settle(struct worker *w, struct held_slot *s, const struct inj_frag_answer *ans)
{
	struct egress_frame f = { &s->rec, s->claim_ns };

	if (ans->verdict != VX_FRAG_NAT && ans->verdict != VX_FRAG_PLAIN) {
		give_up(w, &s->rec);
		put(w, s);
	} else if (!ans->nexthop_ok) {
		egress_failed(w->egress, &f, 1, EHOSTUNREACH);
		put(w, s);
	} else {
		held_rewrite(s, ans);
		worker_push_held(w, s);
	}
}

/* Settles all of the datagram; returns the place in the queue behind what was at i. */
static unsigned release(struct worker *w, const struct vx_frag_key *key, unsigned i,
			const struct inj_frag_answer *ans)
{
	struct held_queue *q = &w->held;
	unsigned k, kept = 0, next = 0;

	for (k = 0; k < q->n; k++) {
		struct held_slot *s = q->slot[k];

		if (!memcmp(&s->key, key, sizeof(*key)))
			settle(w, s, ans);
		else
			q->slot[kept++] = s;
		if (k == i)
			next = kept;
	}
	q->n = kept;
	return next;
}

/* Asks for what is at i of the queue; returns the place to go on with. */
static unsigned ask_at(struct worker *w, unsigned i, uint64_t now)
{
	struct held_slot *s = w->held.slot[i];
	struct vx_frag_key key = s->key; /* release() gives the slot away */
	struct inj_frag_answer ans;

	if (ask(w, &key, &ans))
		return release(w, &key, i, &ans);
	if (now < s->deadline_ns)
		return i + 1;
	give_up(w, &s->rec);
	put(w, s);
	memmove(&w->held.slot[i], &w->held.slot[i + 1], (w->held.n - i - 1) * sizeof(s));
	w->held.n--;
	return i;
}

void worker_hold(struct worker *w, const struct vx_record *rec)
{
	struct inj_frag_answer ans;
	struct vx_frag_key key;
	struct held_slot *s;
	bool known;

	if (!held_key(rec, &key)) {
		give_up(w, rec);
		return;
	}
	known = ask(w, &key, &ans);
	if (known)
		release(w, &key, 0, &ans);
	s = held_get(&w->env->held);
	if (!s && !known) {
		give_up(w, rec);
		return;
	}
	if (!s) {
		worker_flush(w); /* the spare may be on its way already */
		s = w->spare;
	}
	held_fill(s, rec);
	s->key = key;
	s->claim_ns = w->claim_ns;
	s->deadline_ns = w->claim_ns + INJ_HELD_NS;
	if (known) {
		settle(w, s, &ans);
		return;
	}
	/* Before the claim is completed: who sees the consumer position behind it sees this too. */
	atomic_store_explicit(&s->where,
			      held_where((unsigned)(w->claim.ring - w->env->rings), w->claim.start),
			      memory_order_relaxed);
	w->held.slot[w->held.n++] = s;
}

void worker_hold_before(struct worker *w, const struct vx_record *rec)
{
	unsigned i = 0;

	while (i < w->held.n)
		if (held_same_datagram(rec, &w->held.slot[i]->key))
			i = ask_at(w, i, 0);
		else
			i++;
}

void worker_hold_tick(struct worker *w, uint64_t now)
{
	unsigned i = 0;

	if (!w->held.n || now < w->next_ask_ns)
		return;
	w->next_ask_ns = now + ASK_NS;
	while (i < w->held.n)
		i = ask_at(w, i, now);
	worker_flush(w);
}

void worker_hold_end(struct worker *w)
{
	unsigned i;

	for (i = 0; i < w->held.n; i++) {
		give_up(w, &w->held.slot[i]->rec);
		put(w, w->held.slot[i]);
	}
	w->held.n = 0;
}
