// SPDX-License-Identifier: GPL-2.0-only
/* Two allowlists compared. Pure. [engine] */
#include "engine/model/allow_diff.h"

#include <stdio.h>
#include <string.h>

struct comparing {
	const struct allow *other;
	allow_rate_fn rate;
	void *ctx;
	struct allow_diff *d;
};

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* Adds a prefix to the names as long as there is room. */
static void name_it(char *names, size_t size, const struct cidr *c)
{
	char text[ADDR_TEXT];
	size_t n = strlen(names), len = strlen(addr_cidr_format(c, text));

	if (n + len + 3 <= size)
		snprintf(names + n, size - n, "%s%s", n ? ", " : "", text);
}

static void old_entry(void *ctx, const struct allow_entry *e)
{
	const struct comparing *c = ctx;

	if (allow_find(c->other, &e->cidr))
		return;
	c->d->removed++;
	name_it(c->d->removed_text, sizeof(c->d->removed_text), &e->cidr);
	if (!allow_wider(c->other, &e->cidr))
		c->d->pps += c->rate(c->ctx, e);
}

static void fresh_entry(void *ctx, const struct allow_entry *e)
{
	const struct comparing *c = ctx;
	const struct allow_entry *was = allow_find(c->other, &e->cidr);

	if (was) {
		c->d->relabelled += !same_text(was->org, e->org) || !same_text(was->note, e->note);
		return;
	}
	c->d->added++;
	name_it(c->d->added_text, sizeof(c->d->added_text), &e->cidr);
}

void allow_diff(const struct allow *old, const struct allow *fresh, allow_rate_fn rate, void *ctx,
		struct allow_diff *out)
{
	struct comparing c = { .other = fresh, .rate = rate, .ctx = ctx, .d = out };

	memset(out, 0, sizeof(*out));
	allow_foreach(old, old_entry, &c);
	c.other = old;
	allow_foreach(fresh, fresh_entry, &c);
}
