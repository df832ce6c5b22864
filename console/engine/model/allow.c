// SPDX-License-Identifier: GPL-2.0-only
/*
 * The allowlist: entries in a linked list (order of addition), a hash index by prefix, an array by
 * idx, and the organisations as shared strings, since thousands of entries name the same few. Add,
 * del and find are O(1). [engine]
 */
#include "engine/model/allow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/model/tab.h"
#include "engine/model/text.h"

struct org {
	uint32_t hash, refs;
	char name[];
};

struct node {
	struct allow_entry e;
	struct node *prev, *next;
	uint32_t hash;
};

struct allow {
	uint32_t max;
	uint32_t next, n_free; /* idx from next on were never given */
	uint32_t *free_idx;    /* given and free again */
	struct node *first, *last;
	struct node **by_idx; /* allow_idx_end() of them; NULL = free */
	struct tab entries, orgs;
};

static uint32_t cidr_hash(const struct cidr *c)
{
	uint8_t key[18] = { c->addr.family, c->len };

	memcpy(key + 2, c->addr.b, sizeof(c->addr.b));
	return tab_hash_bytes(key, sizeof(key));
}

static uint32_t node_hash(const void *item)
{
	return ((const struct node *)item)->hash;
}

static bool node_equal(const void *item, const void *key)
{
	return !addr_cidr_cmp(&((const struct node *)item)->e.cidr, key);
}

static uint32_t org_hash(const void *item)
{
	return ((const struct org *)item)->hash;
}

static bool org_equal(const void *item, const void *key)
{
	return !strcmp(((const struct org *)item)->name, key);
}

int allow_new(struct allow **out, uint32_t max, struct vx_err *err)
{
	struct allow *a = calloc(1, sizeof(*a));

	*out = NULL;
	if (!a)
		return vx_err_set(err, -ENOMEM, "out of memory");
	a->max = max;
	a->by_idx = calloc(allow_idx_end(a) + 1, sizeof(*a->by_idx));
	a->free_idx = calloc(allow_idx_end(a) + 1, sizeof(*a->free_idx));
	if (!a->by_idx || !a->free_idx) {
		free(a->by_idx);
		free(a->free_idx);
		free(a);
		return vx_err_set(err, -ENOMEM, "out of memory for a list of %u entries", max);
	}
	tab_init(&a->entries, node_hash, node_equal);
	tab_init(&a->orgs, org_hash, org_equal);
	*out = a;
	return 0;
}

static struct org *org_of(const struct allow_entry *e)
{
	return e->org ? (struct org *)(e->org - offsetof(struct org, name)) : NULL;
}

static void org_put(struct allow *a, struct org *o)
{
	if (!o || --o->refs)
		return;
	tab_del(&a->orgs, o);
	free(o);
}

static struct org *org_get(struct allow *a, const char *name)
{
	size_t n = strlen(name);
	uint32_t hash = tab_hash_bytes(name, n);
	struct org *o = tab_find(&a->orgs, hash, name);

	if (!o) {
		o = malloc(sizeof(*o) + n + 1);
		if (!o)
			return NULL;
		o->hash = hash;
		o->refs = 0;
		memcpy(o->name, name, n + 1);
		if (tab_add(&a->orgs, o)) {
			free(o);
			return NULL;
		}
	}
	o->refs++;
	return o;
}

static void node_free(struct allow *a, struct node *n)
{
	if (!n)
		return;
	org_put(a, org_of(&n->e));
	free((char *)n->e.note);
	free(n);
}

void allow_free(struct allow *a)
{
	struct node *n, *next;

	if (!a)
		return;
	for (n = a->first; n; n = next) {
		next = n->next;
		node_free(a, n);
	}
	tab_fini(&a->entries);
	tab_fini(&a->orgs);
	free(a->by_idx);
	free(a->free_idx);
	free(a);
}

uint32_t allow_count(const struct allow *a)
{
	return a->entries.n;
}

uint32_t allow_idx_end(const struct allow *a)
{
	return ALLOW_IDX_END(a->max);
}

/* Texts go to terminals and into JSON: UTF-8, of a length somebody can read. */
static int text_check(const char *what, const char *s, struct vx_err *err)
{
	size_t n = s ? strlen(s) : 0;

	if (n > ALLOW_TEXT_MAX)
		return vx_err_set(err, -EINVAL, "the %s has %zu bytes: expected at most %d", what,
				  n, ALLOW_TEXT_MAX);
	if (n && !text_utf8_valid(s, n))
		return vx_err_set(err, -EINVAL, "the %s is not UTF-8", what);
	return 0;
}

/* There is one: the list has at most half as many entries. */
static uint32_t idx_take(struct allow *a)
{
	return a->n_free ? a->free_idx[--a->n_free] : a->next++;
}

static struct node *node_new(struct allow *a, const struct cidr *c, const char *org,
			     const char *note)
{
	struct node *n = calloc(1, sizeof(*n));
	struct org *o;

	if (!n)
		return NULL;
	n->e.cidr = *c;
	n->hash = cidr_hash(c);
	if (org && *org) {
		o = org_get(a, org);
		if (!o)
			goto fail;
		n->e.org = o->name;
	}
	if (note && *note) {
		n->e.note = strdup(note);
		if (!n->e.note)
			goto fail;
	}
	if (!tab_add(&a->entries, n))
		return n;
fail:
	node_free(a, n);
	return NULL;
}

static int add_check(const struct allow *a, const struct cidr *c, const char *org, const char *note,
		     struct vx_err *err)
{
	const struct allow_entry *there = allow_find(a, c);
	char buf[ADDR_TEXT];
	int rc;

	rc = text_check("organisation", org, err);
	if (!rc)
		rc = text_check("note", note, err);
	if (rc)
		return rc;
	if (there)
		return vx_err_set(err, -EEXIST, "%s is on the list already",
				  addr_cidr_format(c, buf));
	if (a->entries.n >= a->max)
		return vx_err_set(err, -ENOSPC, "the list is full: --allow-max is %u", a->max);
	return 0;
}

/* before NULL: the first. */
static void link_after(struct allow *a, struct node *n, struct node *before)
{
	n->prev = before;
	n->next = before ? before->next : a->first;
	if (n->next)
		n->next->prev = n;
	else
		a->last = n;
	if (before)
		before->next = n;
	else
		a->first = n;
}

int allow_add(struct allow *a, const struct cidr *c, const char *org, const char *note,
	      const struct allow_entry **out, struct vx_err *err)
{
	struct node *n;
	int rc = add_check(a, c, org, note, err);

	if (rc)
		return rc;
	n = node_new(a, c, org, note);
	if (!n)
		return vx_err_set(err, -ENOMEM, "out of memory");
	n->e.idx = idx_take(a);
	a->by_idx[n->e.idx] = n;
	link_after(a, n, a->last);
	if (out)
		*out = &n->e;
	return 0;
}

static struct node *find(const struct allow *a, const struct cidr *c)
{
	return tab_find(&a->entries, cidr_hash(c), c);
}

struct allow_place allow_place(const struct allow *a, const struct allow_entry *e)
{
	const struct node *n = find(a, &e->cidr);
	struct allow_place at = { .idx = e->idx, .first = !n->prev };

	if (n->prev)
		at.after = n->prev->e.cidr;
	return at;
}

/* This very element, when it is free; the one that was freed last is found first. */
static bool idx_take_this(struct allow *a, uint32_t idx)
{
	uint32_t i;

	if (idx >= allow_idx_end(a) || a->by_idx[idx])
		return false;
	while (idx >= a->next)
		a->free_idx[a->n_free++] = a->next++;
	i = a->n_free;
	while (i && a->free_idx[i - 1] != idx)
		i--;
	if (!i)
		return false;
	memmove(&a->free_idx[i - 1], &a->free_idx[i], (a->n_free - i) * sizeof(*a->free_idx));
	a->n_free--;
	return true;
}

int allow_put(struct allow *a, const struct cidr *c, const char *org, const char *note,
	      const struct allow_place *at, const struct allow_entry **out, struct vx_err *err)
{
	struct node *before = at->first ? NULL : find(a, &at->after), *n;
	int rc = add_check(a, c, org, note, err);

	if (rc)
		return rc;
	if ((!before && !at->first) || at->idx >= allow_idx_end(a) || a->by_idx[at->idx])
		return vx_err_set(err, -EINVAL, "the place where it was is not there any more");
	n = node_new(a, c, org, note);
	if (!n)
		return vx_err_set(err, -ENOMEM, "out of memory");
	n->e.idx = idx_take_this(a, at->idx) ? at->idx : idx_take(a);
	a->by_idx[n->e.idx] = n;
	link_after(a, n, before);
	*out = &n->e;
	return 0;
}

int allow_del(struct allow *a, const struct cidr *c, struct vx_err *err)
{
	struct node *n = find(a, c);
	char buf[ADDR_TEXT];

	if (!n)
		return vx_err_set(err, -ENOENT, "%s is not on the list", addr_cidr_format(c, buf));
	if (n->prev)
		n->prev->next = n->next;
	else
		a->first = n->next;
	if (n->next)
		n->next->prev = n->prev;
	else
		a->last = n->prev;
	a->by_idx[n->e.idx] = NULL;
	a->free_idx[a->n_free++] = n->e.idx;
	tab_del(&a->entries, n);
	node_free(a, n);
	return 0;
}

int allow_set_note(struct allow *a, const struct cidr *c, const char *note, struct vx_err *err)
{
	struct node *n = find(a, c);
	char buf[ADDR_TEXT], *copy = NULL;
	int rc = text_check("note", note, err);

	if (rc)
		return rc;
	if (!n)
		return vx_err_set(err, -ENOENT, "%s is not on the list", addr_cidr_format(c, buf));
	if (note && *note) {
		copy = strdup(note);
		if (!copy)
			return vx_err_set(err, -ENOMEM, "out of memory");
	}
	free((char *)n->e.note);
	n->e.note = copy;
	return 0;
}

const struct allow_entry *allow_find(const struct allow *a, const struct cidr *c)
{
	const struct node *n = find(a, c);

	return n ? &n->e : NULL;
}

const struct allow_entry *allow_by_idx(const struct allow *a, uint32_t idx)
{
	return idx < allow_idx_end(a) && a->by_idx[idx] ? &a->by_idx[idx]->e : NULL;
}

const struct allow_entry *allow_match(const struct allow *a, const struct addr *addr)
{
	int len = addr->family == VX_IP4 ? 32 : 128;

	/* one look-up a length, longest first */
	for (; len >= 0; len--) {
		struct cidr c = addr_cidr_mask(addr, (uint8_t)len);
		const struct allow_entry *e = allow_find(a, &c);

		if (e)
			return e;
	}
	return NULL;
}

const struct allow_entry *allow_wider(const struct allow *a, const struct cidr *c)
{
	for (int len = c->len - 1; len >= 0; len--) {
		struct cidr wide = addr_cidr_mask(&c->addr, (uint8_t)len);
		const struct allow_entry *e = allow_find(a, &wide);

		if (e)
			return e;
	}
	return NULL;
}

void allow_foreach(const struct allow *a, allow_fn fn, void *ctx)
{
	const struct node *n;

	for (n = a->first; n; n = n->next)
		fn(ctx, &n->e);
}

uint32_t allow_orgs(const struct allow *a)
{
	return a->orgs.n;
}

/* What is unused below the highest one in use, so that the lowest comes first. */
static void idx_free_again(struct allow *a)
{
	uint32_t i = allow_idx_end(a);

	while (i && !a->by_idx[i - 1])
		i--;
	a->next = i;
	a->n_free = 0;
	while (i--)
		if (!a->by_idx[i])
			a->free_idx[a->n_free++] = i;
}

void allow_adopt_idx(struct allow *fresh, const struct allow *old)
{
	uint32_t end = allow_idx_end(fresh), next = 0;
	struct node *n;

	memset(fresh->by_idx, 0, end * sizeof(*fresh->by_idx));
	for (n = fresh->first; n; n = n->next) {
		const struct node *same = find(old, &n->e.cidr);

		if (!same || same->e.idx >= end)
			continue;
		n->e.idx = same->e.idx;
		fresh->by_idx[n->e.idx] = n;
	}
	for (n = fresh->first; n; n = n->next) {
		if (n->e.idx < end && fresh->by_idx[n->e.idx] == n)
			continue;
		while (fresh->by_idx[next] || allow_by_idx(old, next))
			next++;
		n->e.idx = next;
		fresh->by_idx[next] = n;
	}
	idx_free_again(fresh);
}

/* --- kept for later --- */

void allow_pack(struct allow *a)
{
	free(a->by_idx);
	free(a->free_idx);
	a->by_idx = NULL;
	a->free_idx = NULL;
	tab_fini(&a->entries);
	tab_init(&a->entries, node_hash, node_equal);
}

int allow_unpack(struct allow *a, struct vx_err *err)
{
	int rc = 0;

	a->by_idx = calloc(allow_idx_end(a) + 1, sizeof(*a->by_idx));
	a->free_idx = calloc(allow_idx_end(a) + 1, sizeof(*a->free_idx));
	rc = a->by_idx && a->free_idx ? 0 : -ENOMEM;
	for (struct node *n = a->first; n && !rc; n = n->next) {
		rc = tab_add(&a->entries, n);
		a->by_idx[n->e.idx] = n;
	}
	if (rc) {
		allow_pack(a);
		return vx_err_set(err, rc, "out of memory");
	}
	idx_free_again(a);
	return 0;
}

size_t allow_bytes(const struct allow *a)
{
	size_t bytes = sizeof(*a);

	for (const struct node *n = a->first; n; n = n->next)
		bytes += sizeof(*n) + 16 + (n->e.note ? strlen(n->e.note) + 16 : 0);
	return bytes + a->orgs.n * 64;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

bool allow_same_texts(const struct allow_entry *a, const struct allow_entry *b)
{
	return same_text(a->org, b->org) && same_text(a->note, b->note);
}

bool allow_same(const struct allow *a, const struct allow *b)
{
	const struct node *x = a->first, *y = b->first;

	while (x && y && !addr_cidr_cmp(&x->e.cidr, &y->e.cidr) && allow_same_texts(&x->e, &y->e)) {
		x = x->next;
		y = y->next;
	}
	return !x && !y;
}
