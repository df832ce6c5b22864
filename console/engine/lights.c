/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The lights at the head of a screen: each says how one thing stands, from figures of the snapshot
 * alone, and keeps the worst that it saw until somebody has acknowledged it. [engine]
 */
#include "engine/engine.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/model/diagnose.h"

#define SETTLE_NS                                                                                  \
	5000000000ULL /* at the start next hops are asked for and links come up: nothing latches   \
		       */

/* Percent. In a ring that is emptier, the time that is left says only how many came in just that
 * second, and jumps with them. */
#define RING_TELLS 2

struct judgement {
	enum snap_light_state state;
	char text[40];
};

__attribute__((format(printf, 2, 3))) static struct judgement say(enum snap_light_state state,
								  const char *fmt, ...)
{
	struct judgement j = { .state = state };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(j.text, sizeof(j.text), fmt, ap);
	va_end(ap);
	return j;
}

/* A leak stays bad until it was seen: once is too often. */
static struct judgement leak(const struct eng *e)
{
	const struct snap_ledger *l = &e->snap.ledger;

	if (l->leaked > e->leaked_seen)
		return say(LIGHT_BAD, "%" PRIu64 " leaked", l->leaked);
	if (l->unseen_tx > e->unseen_seen)
		return say(LIGHT_WARN, "%" PRIu64 " unseen", l->unseen_tx);
	return say(LIGHT_OK, "%" PRIu64 " ok", l->leaked);
}

static struct judgement ledger(const struct snapshot *s)
{
	return s->ledger.balanced ? say(LIGHT_OK, "ok") : say(LIGHT_BAD, "not balanced");
}

/* Of the ring that is fullest, and the shortest time that is left in any. */
static struct judgement ring(const struct snapshot *s)
{
	uint64_t percent = 0, ms = UINT64_MAX;
	enum snap_light_state state;

	for (unsigned i = 0; i < s->n_workers; i++) {
		const struct snap_ring *r = &s->ring[i];

		if (r->size && r->used * 100 / r->size > percent)
			percent = r->used * 100 / r->size;
		if (r->ms_left < ms)
			ms = r->ms_left;
	}
	if (s->row_pps[VX_L_RING_FULL])
		return say(LIGHT_BAD, "%" PRIu64 "%%, %" PRIu64 " pps lost", percent,
			   s->row_pps[VX_L_RING_FULL]);
	state = percent >= 90 ? LIGHT_BAD : percent >= 50 ? LIGHT_WARN : LIGHT_OK;
	if (ms == UINT64_MAX || percent < RING_TELLS)
		return say(state, "%" PRIu64 "%%", percent);
	if (ms >= 1000)
		return say(state, "%" PRIu64 "%% (>1 s)", percent);
	return say(state, "%" PRIu64 "%% (%" PRIu64 " ms)", percent, ms);
}

static struct judgement egress(const struct snapshot *s)
{
	if (!s->egress_up)
		return say(LIGHT_BAD, "down");
	for (unsigned i = 0; i < s->n_workers; i++)
		if (s->worker[i].stalled_ms >= 1000)
			return say(LIGHT_BAD, "worker %u stalled", i);
	if (s->tx_failed_pps)
		return say(LIGHT_WARN, "%" PRIu64 " errors/s", s->tx_failed_pps);
	return say(LIGHT_OK, "up");
}

static struct judgement next_hop(const struct snapshot *s)
{
	if (!s->next_hops)
		return say(LIGHT_OK, "none");
	return say(s->next_hops_ok == s->next_hops ? LIGHT_OK
		   : s->next_hops_ok		   ? LIGHT_WARN
						   : LIGHT_BAD,
		   "%u/%u", s->next_hops_ok, s->next_hops);
}

/* What the list let through and is not sent all the same is another light's business. */
static struct judgement allow(const struct snapshot *s)
{
	if (s->paused)
		return say(LIGHT_BAD, "intake off");
	if (s->allow_mode == VX_ALLOW_OFF)
		return say(LIGHT_WARN, "off");
	if (s->allow_mode == VX_ALLOW_COUNT)
		return say(LIGHT_OK, "count");
	if (s->row_pps[VX_L_DENIED] && !diag_let_through(s->row_pps))
		return say(LIGHT_WARN, "enforce, nothing passes");
	return say(LIGHT_OK, "enforce");
}

static void show(struct snap_light *light, const struct judgement *j, int64_t now, bool latches)
{
	light->state = j->state;
	memcpy(light->text, j->text, sizeof(light->text));
	if (j->state == LIGHT_OK || !latches)
		return;
	if (light->latched == LIGHT_OK)
		light->from_real_ns = now;
	light->to_real_ns = now;
	if (j->state <= light->latched)
		return;
	light->latched = j->state;
	memcpy(light->latched_text, j->text, sizeof(light->latched_text));
}

void eng_lights(struct eng *e)
{
	struct snapshot *s = &e->snap;
	const struct judgement j[SNAP_N_LIGHTS] = {
		[LIGHT_LEAK] = leak(e),		[LIGHT_LEDGER] = ledger(s),
		[LIGHT_RING] = ring(s),		[LIGHT_EGRESS] = egress(s),
		[LIGHT_NEXT_HOP] = next_hop(s), [LIGHT_ALLOW] = allow(s),
	};

	for (int i = 0; i < SNAP_N_LIGHTS; i++)
		show(&s->light[i], &j[i], s->real_ns, s->uptime_ns >= SETTLE_NS);
}

void eng_ack(struct eng *e)
{
	e->leaked_seen = e->snap.ledger.leaked;
	e->unseen_seen = e->snap.ledger.unseen_tx;
	for (int i = 0; i < SNAP_N_LIGHTS; i++) {
		struct snap_light *l = &e->snap.light[i];

		l->latched = LIGHT_OK;
		l->from_real_ns = l->to_real_ns = 0;
		memset(l->latched_text, 0, sizeof(l->latched_text));
	}
	eng_lights(e);
}
