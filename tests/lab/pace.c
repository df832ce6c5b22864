/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pacing. The n-th packet is due n / rate seconds after the start, so errors do not add up; when
 * the sender was held up, the backlog goes out at twice the rate.
 */
#include "pace.h"

#define SEC 1000000000ull

void pace_init(struct pace *p, uint64_t rate, uint64_t now_ns)
{
	*p = (struct pace){ .rate = rate, .start_ns = now_ns };
}

/* n / rate seconds in ns, without overflow for any count that can be reached. */
static uint64_t span_ns(const struct pace *p, uint64_t n)
{
	return n / p->rate * SEC + n % p->rate * SEC / p->rate;
}

uint64_t pace_next_ns(const struct pace *p)
{
	uint64_t due;

	if (!p->rate)
		return 0;
	due = p->start_ns + span_ns(p, p->sent);
	return due > p->not_before_ns ? due : p->not_before_ns;
}

bool pace_behind(const struct pace *p, uint64_t now_ns)
{
	return p->rate && p->start_ns + span_ns(p, p->sent) <= now_ns;
}

uint64_t pace_due(struct pace *p, uint64_t now_ns, uint64_t most)
{
	uint64_t past, n = 1;

	if (p->rate) {
		if (now_ns < pace_next_ns(p))
			return 0;
		past = now_ns - p->start_ns;
		n = past / SEC * p->rate + past % SEC * p->rate / SEC + 1 - p->sent;
		if (n < 1) /* rounding down, at the very instant it is due */
			n = 1;
	} else {
		n = most;
	}
	if (n > most)
		n = most;
	p->sent += n;
	if (p->rate)
		p->not_before_ns = now_ns + span_ns(p, n) / 2;
	return n;
}
