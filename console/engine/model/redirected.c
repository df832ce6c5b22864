/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether redirected frames leave: the verdict of each second. [engine] */
#include "engine/model/redirected.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void redirected_begin(struct redirected *r)
{
	memset(r, 0, sizeof(*r));
}

const char *redirected_text(enum redirected_state state)
{
	static const char *const texts[] = { "not yet verified", "verified", "unknown", "failed" };

	return texts[state];
}

/* A hundredth is for frames on their way, which the device has not counted yet. */
static enum redirected_state compare(const struct redirected *r,
				     const struct redirected_reading *now, uint64_t least)
{
	const struct redirected_reading *was = &r->base;
	int64_t nic = (int64_t)(now->nic - was->nic);
	int64_t most = (int64_t)(now->handed[1] - was->handed[0]);
	int64_t left_most = nic - (int64_t)(now->seen[0] - was->seen[1]);
	int64_t left_least = nic - (int64_t)(now->seen[1] - was->seen[0]);

	if (left_most < (int64_t)(least - least / 100))
		return REDIRECTED_FAILED;
	if (left_least > most + most / 100 + REDIRECTED_LEAST)
		return REDIRECTED_UNKNOWN;
	return REDIRECTED_VERIFIED;
}

static void look(struct redirected *r, const struct redirected_reading *now)
{
	uint64_t least = now->handed[0] - r->base.handed[1];

	if (now->handed[0] < r->base.handed[1] || least < REDIRECTED_LEAST)
		return; /* the base stays: the next second has more */
	r->state = compare(r, now, least);
	r->handed = least;
	r->left = now->nic - r->base.nic;
	if (r->left > now->seen[0] - r->base.seen[1])
		r->left -= now->seen[0] - r->base.seen[1];
	else
		r->left = 0;
	r->unknown_s = r->state == REDIRECTED_UNKNOWN ? r->unknown_s + 1 : 0;
	r->base = *now;
}

static void listen(struct redirected *r, const struct redirected_reading *now)
{
	bool moved = now->handed[1] > r->last_handed + 1; /* the question itself is one */

	r->last_handed = now->handed[1];
	if (!now->asks || now->answered)
		r->silent_s = 0;
	else if (moved)
		r->silent_s++;
}

bool redirected_judge(struct redirected *r, const struct redirected_reading *now, char *why,
		      unsigned size)
{
	if (!r->known) {
		r->base = *now;
		r->last_handed = now->handed[1];
		r->known = true;
		return false;
	}
	listen(r, now);
	look(r, now);
	if (r->state == REDIRECTED_FAILED)
		snprintf(why, size, "of %" PRIu64 " packets %" PRIu64 " left", r->handed, r->left);
	else if (r->unknown_s >= REDIRECTED_UNKNOWN_S)
		snprintf(why, size,
			 "others send there unseen (%" PRIu64 " frames left, %" PRIu64
			 " of them redirected): it cannot be verified",
			 r->left, r->handed);
	else if (r->silent_s >= REDIRECTED_UNKNOWN_S && now->nobody)
		snprintf(why, size, "there is no neighbour that could be asked");
	else if (r->silent_s >= REDIRECTED_UNKNOWN_S)
		snprintf(why, size, "the next hop does not answer what is asked by redirect");
	else
		return false;
	return true;
}
