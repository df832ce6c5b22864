// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes an allowlist in the form in which it was read: keys, order and the spelling of values of
 * the old text are kept, entries that are gone left out, new ones put behind. Two passes over the
 * old text: which entries it names, then the writing, so that only what it does not name is new.
 * [engine]
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/model/tab.h"
#include "engine/model/text.h"
#include "engine/sys/json_out.h"
#include "engine/sys/store.h"
#include "engine/sys/store_int.h"
#include "replace.h"

/* The entries of an organisation that the old text does not name under it. */
struct bucket {
	uint32_t hash;
	const char *org;
	const struct allow_entry **entry;
	uint32_t n, cap;
	bool done;
	struct bucket *next; /* in order of appearance */
};

struct save {
	struct json_out out;
	struct json j; /* the old text; j.n = 0: none */
	const struct allow *a;
	bool *kept; /* by idx: the old text names it under its organisation */
	bool *done; /* by idx: written in the list that is being written */
	struct tab buckets;
	struct bucket *first, **tail;
	bool notes, no_org; /* there are such entries */
	bool failed;	    /* out of memory */
};

static void put_cidr(struct save *s, const struct allow_entry *e)
{
	char buf[ADDR_TEXT];

	json_out_line(&s->out);
	json_out_text(&s->out, addr_cidr_format(&e->cidr, buf));
}

static const struct allow_entry *old_entry(const struct save *s, uint32_t v, bool key)
{
	struct cidr c;

	return store_cidr(&s->j, v, key, &c, NULL) ? NULL : allow_find(s->a, &c);
}

/* The entry that an address of the old text stands for, if it is (still) of that organisation. */
static const struct allow_entry *old_org_entry(const struct save *s, uint32_t v, const char *org)
{
	const struct allow_entry *e = old_entry(s, v, false);

	return e && !strcmp(e->org ? e->org : "", org) ? e : NULL;
}

static void org_name(const struct save *s, uint32_t org, char name[static ALLOW_TEXT_MAX + 1])
{
	uint32_t m = json_member(&s->j, org, "org_name");

	name[0] = 0;
	if (m && json_string(&s->j, m, name, ALLOW_TEXT_MAX + 1) < 0)
		name[0] = 0;
}

static void keep_org(struct save *s, uint32_t org)
{
	uint32_t ips = json_member(&s->j, org, "ips"), v;
	char name[ALLOW_TEXT_MAX + 1];

	org_name(s, org, name);
	for (v = ips ? s->j.v[ips].child : JSON_NONE; v; v = s->j.v[v].next) {
		const struct allow_entry *e = old_org_entry(s, v, name);

		if (e)
			s->kept[e->idx] = true;
	}
}

static uint32_t bucket_hash(const void *item)
{
	return ((const struct bucket *)item)->hash;
}

static bool bucket_equal(const void *item, const void *key)
{
	return !strcmp(((const struct bucket *)item)->org, key);
}

static struct bucket *bucket_find(const struct save *s, const char *org)
{
	return tab_find(&s->buckets, tab_hash_bytes(org, strlen(org)), org);
}

static struct bucket *bucket_new(struct save *s, const char *org)
{
	struct bucket *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->org = org;
	b->hash = tab_hash_bytes(org, strlen(org));
	if (tab_add(&s->buckets, b)) {
		free(b);
		return NULL;
	}
	*s->tail = b;
	s->tail = &b->next;
	return b;
}

static bool bucket_push(struct bucket *b, const struct allow_entry *e)
{
	uint32_t cap = b->cap ? 2 * b->cap : 8;
	const struct allow_entry **more;

	if (b->n == b->cap) {
		more = realloc(b->entry, cap * sizeof(*more));
		if (!more)
			return false;
		b->entry = more;
		b->cap = cap;
	}
	b->entry[b->n++] = e;
	return true;
}

static void sort_entry(void *ctx, const struct allow_entry *e)
{
	struct save *s = ctx;
	struct bucket *b;

	s->notes |= e->note != NULL;
	s->no_org |= e->org == NULL;
	if (!e->org || s->kept[e->idx])
		return;
	b = bucket_find(s, e->org);
	if (!b)
		b = bucket_new(s, e->org);
	if (!b || !bucket_push(b, e))
		s->failed = true;
}

static void put_new_ips(struct save *s, struct bucket *b)
{
	uint32_t i;

	for (i = 0; i < b->n; i++)
		put_cidr(s, b->entry[i]);
	b->done = true;
}

/* ips is JSON_NONE for an organisation that had none. */
static void put_ips(struct save *s, uint32_t ips, const char *org, struct bucket *b)
{
	uint32_t v;

	json_out_open(&s->out, '[');
	for (v = ips ? s->j.v[ips].child : JSON_NONE; v; v = s->j.v[v].next) {
		const struct allow_entry *e = old_org_entry(s, v, org);

		if (!e || s->done[e->idx])
			continue;
		s->done[e->idx] = true;
		json_out_line(&s->out);
		json_out_old(&s->out, &s->j, v);
	}
	if (b && !b->done)
		put_new_ips(s, b);
	json_out_close(&s->out, ']');
}

static void put_old_org(struct save *s, uint32_t org)
{
	uint32_t ips = json_member(&s->j, org, "ips"), v;
	char name[ALLOW_TEXT_MAX + 1];
	struct bucket *b;

	org_name(s, org, name);
	b = bucket_find(s, name);
	json_out_line(&s->out);
	json_out_open(&s->out, '{');
	for (v = s->j.v[org].child; v; v = s->j.v[v].next) {
		json_out_old_key(&s->out, &s->j, v);
		if (v == ips)
			put_ips(s, ips, name, b);
		else
			json_out_old(&s->out, &s->j, v);
	}
	if (!ips && b && !b->done) {
		json_out_key(&s->out, "ips");
		put_ips(s, JSON_NONE, name, b);
	}
	json_out_close(&s->out, '}');
}

static void put_new_org(struct save *s, struct bucket *b)
{
	json_out_line(&s->out);
	json_out_open(&s->out, '{');
	json_out_key(&s->out, "org_name");
	json_out_text(&s->out, b->org);
	json_out_key(&s->out, "ips");
	put_ips(s, JSON_NONE, b->org, b);
	json_out_close(&s->out, '}');
}

static void done_clear(struct save *s)
{
	memset(s->done, 0, allow_idx_end(s->a));
}

static void put_orgs(struct save *s, uint32_t list)
{
	struct bucket *b;
	uint32_t v;

	done_clear(s);
	json_out_open(&s->out, '[');
	for (v = list ? s->j.v[list].child : JSON_NONE; v; v = s->j.v[v].next)
		put_old_org(s, v);
	for (b = s->first; b; b = b->next)
		if (!b->done)
			put_new_org(s, b);
	json_out_close(&s->out, ']');
}

static void put_rest(void *ctx, const struct allow_entry *e)
{
	struct save *s = ctx;

	if (!s->done[e->idx])
		put_cidr(s, e);
}

/* Every entry: those of the old list in its order, then the others. */
static void put_flat(struct save *s, uint32_t list)
{
	uint32_t v;

	done_clear(s);
	json_out_open(&s->out, '[');
	for (v = list ? s->j.v[list].child : JSON_NONE; v; v = s->j.v[v].next) {
		const struct allow_entry *e = old_entry(s, v, false);

		if (!e || s->done[e->idx])
			continue;
		s->done[e->idx] = true;
		json_out_line(&s->out);
		json_out_old(&s->out, &s->j, v);
	}
	allow_foreach(s->a, put_rest, s);
	json_out_close(&s->out, ']');
}

static void put_note(void *ctx, const struct allow_entry *e)
{
	struct save *s = ctx;
	char buf[ADDR_TEXT];

	if (!e->note || s->done[e->idx])
		return;
	json_out_key(&s->out, addr_cidr_format(&e->cidr, buf));
	json_out_text(&s->out, e->note);
}

static void put_old_note(struct save *s, uint32_t v)
{
	const struct allow_entry *e = old_entry(s, v, true);
	char note[ALLOW_TEXT_MAX + 1];

	if (!e || !e->note || s->done[e->idx])
		return;
	s->done[e->idx] = true;
	json_out_old_key(&s->out, &s->j, v);
	if (json_string(&s->j, v, note, sizeof(note)) >= 0 && !strcmp(note, e->note))
		json_out_old(&s->out, &s->j, v);
	else
		json_out_text(&s->out, e->note);
}

static void put_notes(struct save *s, uint32_t notes)
{
	uint32_t v;

	done_clear(s);
	json_out_open(&s->out, '{');
	for (v = notes ? s->j.v[notes].child : JSON_NONE; v; v = s->j.v[v].next)
		put_old_note(s, v);
	allow_foreach(s->a, put_note, s);
	json_out_close(&s->out, '}');
}

/* The four keys that are ours. known: 0 where the old text has none (or there is no old text). */
struct known {
	uint32_t orgs, flat, total, notes;
};

static void put_member(struct save *s, uint32_t v, const struct known *k)
{
	json_out_old_key(&s->out, &s->j, v);
	if (v == k->orgs)
		put_orgs(s, v);
	else if (v == k->flat)
		put_flat(s, v);
	else if (v == k->notes)
		put_notes(s, v);
	else if (v == k->total)
		fprintf(s->out.f, "%u", allow_count(s->a));
	else
		json_out_old(&s->out, &s->j, v);
}

static void put_object(struct save *s, const struct known *k)
{
	bool fresh = !s->j.n || s->j.v[JSON_ROOT].type != JSON_OBJECT;
	uint32_t v;

	json_out_open(&s->out, '{');
	if (fresh) {
		json_out_key(&s->out, "version");
		json_out_text(&s->out, "1.0");
		json_out_key(&s->out, "total_ips");
		fprintf(s->out.f, "%u", allow_count(s->a));
	}
	for (v = fresh ? JSON_NONE : s->j.v[JSON_ROOT].child; v; v = s->j.v[v].next)
		put_member(s, v, k);
	if (!k->orgs && (fresh || s->first)) {
		json_out_key(&s->out, "organizations");
		put_orgs(s, JSON_NONE);
	}
	if (fresh || (!k->flat && s->no_org)) {
		json_out_key(&s->out, "flat_ip_list");
		put_flat(s, k->flat);
	}
	if (!k->notes && s->notes) {
		json_out_key(&s->out, "notes");
		put_notes(s, JSON_NONE);
	}
	json_out_close(&s->out, '}');
}

static int known_find(const struct save *s, struct known *k, struct vx_err *err)
{
	const struct json_value *root = &s->j.v[JSON_ROOT];

	*k = (struct known){ 0 };
	if (!s->j.n)
		return 0;
	if (root->type == JSON_ARRAY) {
		k->flat = JSON_ROOT; /* its order is kept when it becomes an object */
		return 0;
	}
	k->orgs = json_member(&s->j, JSON_ROOT, "organizations");
	k->flat = json_member(&s->j, JSON_ROOT, "flat_ip_list");
	k->total = json_member(&s->j, JSON_ROOT, "total_ips");
	k->notes = json_member(&s->j, JSON_ROOT, "notes");
	if (k->notes && s->j.v[k->notes].type != JSON_OBJECT) {
		if (s->notes)
			return vx_err_set(err, -EINVAL,
					  "line %u: expected \"notes\" to be an object: notes are "
					  "saved there",
					  s->j.v[k->notes].line);
		k->notes = JSON_NONE;
	}
	return 0;
}

static int put_document(struct save *s, struct vx_err *err)
{
	struct known k;
	uint32_t v;
	int rc;

	v = s->j.n && s->j.v[JSON_ROOT].type == JSON_OBJECT
		    ? json_member(&s->j, JSON_ROOT, "organizations")
		    : JSON_NONE;
	for (v = v ? s->j.v[v].child : JSON_NONE; v; v = s->j.v[v].next)
		keep_org(s, v);
	allow_foreach(s->a, sort_entry, s);
	if (s->failed)
		return vx_err_set(err, -ENOMEM, "out of memory");
	rc = known_find(s, &k, err);
	if (rc)
		return rc;
	if (k.flat == JSON_ROOT && !s->first && !s->notes)
		put_flat(s, JSON_ROOT);
	else
		put_object(s, &k);
	fputc('\n', s->out.f);
	return 0;
}

static void buckets_free(struct save *s)
{
	struct bucket *b, *next;

	for (b = s->first; b; b = next) {
		next = b->next;
		free(b->entry);
		free(b);
	}
	tab_fini(&s->buckets);
}

/* The whole new text, in memory: nothing touches the disk before it is known to be complete. */
int store_allow_render(const struct allow *a, const struct store_doc *doc, char **text, size_t *len,
		       struct vx_err *err)
{
	struct save s = { .a = a };
	int rc = 0;

	*text = NULL;
	s.tail = &s.first;
	tab_init(&s.buckets, bucket_hash, bucket_equal);
	if (doc)
		rc = json_parse(&s.j, doc->text, doc->len, doc->max_values, err);
	if (rc)
		return rc;
	s.kept = calloc(allow_idx_end(a) + 1, sizeof(*s.kept));
	s.done = calloc(allow_idx_end(a) + 1, sizeof(*s.done));
	s.out.f = open_memstream(text, len);
	rc = -ENOMEM;
	if (s.kept && s.done && s.out.f)
		rc = put_document(&s, err);
	if (s.out.f && fclose(s.out.f) && !rc)
		rc = -ENOMEM;
	if (rc == -ENOMEM)
		vx_err_set(err, rc, "out of memory");
	if (rc) {
		free(*text);
		*text = NULL;
	}
	buckets_free(&s);
	free(s.kept);
	free(s.done);
	json_fini(&s.j);
	return rc;
}

static int render_named(const char *name, const struct allow *a, const struct store_doc *doc,
			char **text, size_t *len, struct vx_err *err)
{
	char shown[100];
	int rc = store_allow_render(a, doc, text, len, err);

	if (rc)
		vx_err_prefix(err, "%s", text_escape(shown, sizeof(shown), name, strlen(name)));
	return rc;
}

int store_allow_write(const char *path, const struct allow *a, const struct store_doc *doc,
		      struct vx_err *err)
{
	char *text;
	size_t len;
	int rc = render_named(path, a, doc, &text, &len, err);

	if (rc)
		return rc;
	rc = replace_file(path, text, len, err);
	free(text);
	return rc;
}

int store_allow_write_fd(int fd, const char *name, const struct allow *a,
			 const struct store_doc *doc, struct vx_err *err)
{
	char *text, shown[100];
	struct stat st;
	size_t len;
	int rc;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size)
		return vx_err_set(err, -EINVAL, "%s: expected an empty regular file",
				  text_escape(shown, sizeof(shown), name, strlen(name)));
	rc = render_named(name, a, doc, &text, &len, err);
	if (rc)
		return rc;
	rc = store_write_fd(fd, name, text, len, err);
	free(text);
	return rc;
}
