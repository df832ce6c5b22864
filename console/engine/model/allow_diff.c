// SPDX-License-Identifier: GPL-2.0-only
/* Two allowlists compared. Pure. [engine] */
#include "engine/model/allow_diff.h"

#include <stdio.h>
#include <string.h>

#define NAMES_SHOWN 43 /* the longest prefix, "2001:...:0/127", is that long */

struct comparing {
	const struct allow *other;
	allow_diff_fn fn;
	void *ctx;
};

static void old_entry(void *ctx, const struct allow_entry *e)
{
	const struct comparing *c = ctx;

	if (!allow_find(c->other, &e->cidr))
		c->fn(c->ctx, ALLOW_REMOVED, e);
}

static void fresh_entry(void *ctx, const struct allow_entry *e)
{
	const struct comparing *c = ctx;
	const struct allow_entry *was = allow_find(c->other, &e->cidr);

	if (!was)
		c->fn(c->ctx, ALLOW_ADDED, e);
	else if (!allow_same_texts(was, e))
		c->fn(c->ctx, ALLOW_RELABELLED, e);
}

void allow_diff_rows(const struct allow *old, const struct allow *fresh, allow_diff_fn fn,
		     void *ctx)
{
	struct comparing c = { .other = fresh, .fn = fn, .ctx = ctx };

	allow_foreach(old, old_entry, &c);
	c.other = old;
	allow_foreach(fresh, fresh_entry, &c);
}

struct counting {
	const struct allow *fresh;
	allow_rate_fn rate;
	void *ctx;
	struct allow_diff *d;
};

/* Adds a prefix to the names as long as there is room. */
static void name_it(char *names, size_t size, const struct cidr *c)
{
	char text[ADDR_TEXT];
	size_t n = strlen(names), len = strlen(addr_cidr_format(c, text));

	if (n + len + 3 <= size)
		snprintf(names + n, size - n, "%s%s", n ? ", " : "", text);
}

static void count(void *ctx, enum allow_change change, const struct allow_entry *e)
{
	const struct counting *c = ctx;
	struct allow_diff *d = c->d;

	switch (change) {
	case ALLOW_REMOVED:
		d->removed++;
		name_it(d->removed_text, sizeof(d->removed_text), &e->cidr);
		if (!allow_wider(c->fresh, &e->cidr))
			d->pps += c->rate(c->ctx, e);
		break;
	case ALLOW_ADDED:
		d->added++;
		name_it(d->added_text, sizeof(d->added_text), &e->cidr);
		break;
	case ALLOW_RELABELLED:
		d->relabelled++;
		break;
	}
}

void allow_diff(const struct allow *old, const struct allow *fresh, allow_rate_fn rate, void *ctx,
		struct allow_diff *out)
{
	struct counting c = { .fresh = fresh, .rate = rate, .ctx = ctx, .d = out };

	memset(out, 0, sizeof(*out));
	allow_diff_rows(old, fresh, count, &c);
}

/* Of n prefixes, as many of the names as there is room for: whole ones. */
static size_t put_names(char *buf, size_t size, char sign, uint32_t n, const char *names)
{
	size_t len = strlen(names), all = 1;

	for (const char *p = names; *p; p++)
		all += *p == ',';
	if (len > NAMES_SHOWN) {
		len = NAMES_SHOWN;
		while (len && names[len] != ',')
			len--;
		all = 0;
	}
	if (!n)
		return (size_t)snprintf(buf, size, "%c0", sign);
	return (size_t)snprintf(buf, size, "%c%u (%.*s%s)", sign, n, (int)len, names,
				all == n ? ""
				: len	 ? ", ..."
					 : "...");
}

const char *allow_diff_text(const struct allow_diff *d, char buf[static ALLOW_DIFF_TEXT])
{
	size_t n = put_names(buf, ALLOW_DIFF_TEXT, '+', d->added, d->added_text);

	buf[n++] = ' ';
	put_names(buf + n, ALLOW_DIFF_TEXT - n, '-', d->removed, d->removed_text);
	return buf;
}
