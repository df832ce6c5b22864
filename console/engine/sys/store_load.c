// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads an allowlist: organisations first (they win), then the flat list, then the notes. The first
 * thing that is wrong refuses the whole file with its line; what merely disagrees is a warning.
 * [engine]
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/model/text.h"
#include "engine/sys/store.h"
#include "engine/sys/store_int.h"

#define NAMED 5 /* so many addresses are named in a warning, the rest is a number */

/* Addresses for one warning. */
struct some {
	uint32_t n;
	size_t at;
	char text[NAMED * (ADDR_TEXT + 2)];
};

struct load {
	struct json j;
	struct allow *a;
	uint32_t *line; /* by idx: where the entry stands */
	bool *flat;	/* by idx: the flat list has it */
	struct some twice, lacking, extra;
	store_warn_fn warn;
	void *ctx;
	struct vx_err *err;
};

static void some_add(struct some *s, const struct cidr *c)
{
	char buf[ADDR_TEXT];

	if (s->n++ < NAMED)
		s->at += (size_t)snprintf(s->text + s->at, sizeof(s->text) - s->at, "%s%s",
					  s->n > 1 ? ", " : "", addr_cidr_format(c, buf));
}

static void warn(const struct load *l, const char *text)
{
	if (l->warn)
		l->warn(l->ctx, text);
}

static void some_warn(const struct load *l, const struct some *s, const char *before,
		      const char *after)
{
	char text[640], more[32] = "";

	if (!s->n)
		return;
	if (s->n > NAMED)
		snprintf(more, sizeof(more), " and %u more", s->n - NAMED);
	snprintf(text, sizeof(text), "%s%u %s%s: %s%s", before, s->n,
		 s->n == 1 ? "address" : "addresses", after, s->text, more);
	warn(l, text);
}

/* "line N: " before the message that is there. */
static int at_line(const struct load *l, uint32_t v)
{
	return vx_err_prefix(l->err, "line %u", l->j.v[v].line);
}

static int expected(const struct load *l, uint32_t v, const char *what, const char *wanted)
{
	return vx_err_set(l->err, -EINVAL, "line %u: %s: expected %s, found %s", l->j.v[v].line,
			  what, wanted, json_type_name(&l->j, v));
}

int store_cidr(const struct json *j, uint32_t v, bool key, struct cidr *out, struct vx_err *err)
{
	char text[256], shown[TEXT_SHOWN];
	const char *raw = j->text + (key ? j->v[v].key : j->v[v].off);
	int n = key ? json_key(j, v, text, sizeof(text)) : json_string(j, v, text, sizeof(text));

	if (n < 0)
		return vx_err_set(err, -EINVAL, "'%s': expected an IPv4 or IPv6 address",
				  text_escape(shown, sizeof(shown), raw, sizeof(shown)));
	return addr_cidr_parse(text, out, err);
}

static int entry_cidr(const struct load *l, uint32_t v, const char *list, struct cidr *c)
{
	if (l->j.v[v].type != JSON_STRING)
		return expected(l, v, list, "an address in double quotes");
	if (store_cidr(&l->j, v, false, c, l->err))
		return at_line(l, v);
	return 0;
}

static int entry_add(struct load *l, uint32_t v, const struct cidr *c, const char *org)
{
	const struct allow_entry *e;

	if (allow_add(l->a, c, org, NULL, &e, l->err)) {
		char buf[ADDR_TEXT];

		vx_err_prefix(l->err, "%s", addr_cidr_format(c, buf));
		return at_line(l, v);
	}
	l->line[e->idx] = l->j.v[v].line;
	return 0;
}

/* An address of an organisation that is there already: again in the same one, or an error. */
static int org_again(struct load *l, uint32_t v, const struct allow_entry *e, const char *org)
{
	char buf[ADDR_TEXT], a[40], b[40];

	if (!strcmp(e->org ? e->org : "", org)) {
		some_add(&l->twice, &e->cidr);
		return 0;
	}
	return vx_err_set(
		l->err, -EINVAL, "line %u: %s is under two organisations: '%s' (line %u) and '%s'",
		l->j.v[v].line, addr_cidr_format(&e->cidr, buf),
		text_escape(a, sizeof(a), e->org ? e->org : "", strlen(e->org ? e->org : "")),
		l->line[e->idx], text_escape(b, sizeof(b), org, strlen(org)));
}

static int org_ips(struct load *l, uint32_t list, const char *org)
{
	const struct allow_entry *e;
	struct cidr c;
	uint32_t v;
	int rc;

	if (l->j.v[list].type != JSON_ARRAY)
		return expected(l, list, "ips", "a list");
	for (v = l->j.v[list].child; v; v = l->j.v[v].next) {
		rc = entry_cidr(l, v, "ips", &c);
		if (rc)
			return rc;
		e = allow_find(l->a, &c);
		rc = e ? org_again(l, v, e, org) : entry_add(l, v, &c, org);
		if (rc)
			return rc;
	}
	return 0;
}

static int org_load(struct load *l, uint32_t v)
{
	char name[ALLOW_TEXT_MAX + 1] = "";
	uint32_t m;

	if (l->j.v[v].type != JSON_OBJECT)
		return expected(l, v, "organizations", "an object with org_name and ips");
	m = json_member(&l->j, v, "org_name");
	if (m && l->j.v[m].type != JSON_STRING)
		return expected(l, m, "org_name", "a name in double quotes");
	if (m && json_string(&l->j, m, name, sizeof(name)) < 0)
		return vx_err_set(l->err, -EINVAL, "line %u: org_name: expected at most %d bytes",
				  l->j.v[m].line, ALLOW_TEXT_MAX);
	if (!*name) {
		char text[80];

		snprintf(text, sizeof(text), "line %u: an organisation without a name",
			 l->j.v[v].line);
		warn(l, text);
	}
	m = json_member(&l->j, v, "ips");
	return m ? org_ips(l, m, name) : 0;
}

static int flat_load(struct load *l, uint32_t list, bool orgs)
{
	const struct allow_entry *e;
	struct cidr c;
	uint32_t v;
	int rc;

	for (v = l->j.v[list].child; v; v = l->j.v[v].next) {
		rc = entry_cidr(l, v, "the list", &c);
		if (rc)
			return rc;
		e = allow_find(l->a, &c);
		if (e && l->flat[e->idx]) {
			some_add(&l->twice, &c);
			continue;
		}
		if (!e) {
			rc = entry_add(l, v, &c, NULL);
			if (rc)
				return rc;
			e = allow_find(l->a, &c);
			if (orgs)
				some_add(&l->extra, &c);
		}
		l->flat[e->idx] = true;
	}
	return 0;
}

static int note_load(struct load *l, uint32_t v)
{
	char note[ALLOW_TEXT_MAX + 1], buf[ADDR_TEXT], text[120];
	struct cidr c;

	if (l->j.v[v].type != JSON_STRING)
		return expected(l, v, "notes", "a text in double quotes");
	if (store_cidr(&l->j, v, true, &c, l->err))
		return at_line(l, v);
	if (json_string(&l->j, v, note, sizeof(note)) < 0)
		return vx_err_set(l->err, -EINVAL,
				  "line %u: the note of %s: expected at most %d bytes",
				  l->j.v[v].line, addr_cidr_format(&c, buf), ALLOW_TEXT_MAX);
	if (!allow_find(l->a, &c)) {
		snprintf(text, sizeof(text), "line %u: a note on %s, which is not on the list",
			 l->j.v[v].line, addr_cidr_format(&c, buf));
		warn(l, text);
		return 0;
	}
	if (allow_set_note(l->a, &c, note, l->err))
		return at_line(l, v);
	return 0;
}

static void lacking_add(void *ctx, const struct allow_entry *e)
{
	struct load *l = ctx;

	if (!l->flat[e->idx])
		some_add(&l->lacking, &e->cidr);
}

/* total_ips counts something else than what was loaded. */
static bool total_check(struct load *l)
{
	uint32_t v = json_member(&l->j, JSON_ROOT, "total_ips");
	char num[24], text[120];

	if (!v)
		return true;
	snprintf(num, sizeof(num), "%u", allow_count(l->a));
	if (l->j.v[v].len == strlen(num) && !memcmp(l->j.text + l->j.v[v].off, num, strlen(num)))
		return true;
	text_escape(num, sizeof(num), l->j.text + l->j.v[v].off, l->j.v[v].len);
	snprintf(text, sizeof(text), "line %u: total_ips is %s, but the list has %u addresses",
		 l->j.v[v].line, num, allow_count(l->a));
	warn(l, text);
	return false;
}

/*
 * A file of ours has addresses without an organisation in the flat list alone, and counts them:
 * nothing to warn of. They are suspect only when something else does not fit.
 */
static void compare(struct load *l, bool orgs, bool flat)
{
	bool total = total_check(l);

	some_warn(l, &l->twice, "", " listed twice");
	if (!orgs || !flat)
		return;
	allow_foreach(l->a, lacking_add, l);
	some_warn(l, &l->lacking, "flat_ip_list lacks ", " of organizations (loaded)");
	if (!total || l->lacking.n)
		some_warn(l, &l->extra, "flat_ip_list has ", " of no organisation (loaded)");
}

/* The member of that name, checked to be a list; JSON_NONE when it is not there. */
static int list_member(const struct load *l, const char *name, uint32_t *out)
{
	*out = json_member(&l->j, JSON_ROOT, name);
	if (*out && l->j.v[*out].type != JSON_ARRAY)
		return expected(l, *out, name, "a list");
	return 0;
}

static int object_load(struct load *l)
{
	uint32_t orgs, flat, notes, v;
	int rc;

	rc = list_member(l, "organizations", &orgs);
	if (!rc)
		rc = list_member(l, "flat_ip_list", &flat);
	if (rc)
		return rc;
	if (!orgs && !flat)
		return vx_err_set(l->err, -EINVAL,
				  "line %u: expected the key \"organizations\" or \"flat_ip_list\"",
				  l->j.v[JSON_ROOT].line);
	for (v = orgs ? l->j.v[orgs].child : JSON_NONE; v && !rc; v = l->j.v[v].next)
		rc = org_load(l, v);
	if (!rc && flat)
		rc = flat_load(l, flat, orgs);
	notes = json_member(&l->j, JSON_ROOT, "notes");
	if (notes && l->j.v[notes].type != JSON_OBJECT)
		notes = JSON_NONE; /* somebody else's key */
	for (v = notes ? l->j.v[notes].child : JSON_NONE; v && !rc; v = l->j.v[v].next)
		rc = note_load(l, v);
	if (!rc)
		compare(l, orgs, flat);
	return rc;
}

static int root_load(struct load *l)
{
	int rc;

	switch (l->j.v[JSON_ROOT].type) {
	case JSON_OBJECT:
		return object_load(l);
	case JSON_ARRAY:
		rc = flat_load(l, JSON_ROOT, false);
		if (!rc)
			some_warn(l, &l->twice, "", " listed twice");
		return rc;
	default:
		return expected(l, JSON_ROOT, "allowlist", "an object or a list");
	}
}

static int doc_load(const struct store_doc *doc, uint32_t max, struct allow **out,
		    store_warn_fn warn_fn, void *ctx, struct vx_err *err)
{
	struct load l = { .warn = warn_fn, .ctx = ctx, .err = err };
	uint32_t end;
	int rc = json_parse(&l.j, doc->text, doc->len, doc->max_values, err);

	if (rc)
		return rc;
	rc = allow_new(&l.a, max, err);
	if (rc)
		goto out;
	end = allow_idx_end(l.a);
	l.line = calloc(end + 1, sizeof(*l.line));
	l.flat = calloc(end + 1, sizeof(*l.flat));
	rc = l.line && l.flat ? root_load(&l) : vx_err_set(err, -ENOMEM, "out of memory");
out:
	free(l.line);
	free(l.flat);
	json_fini(&l.j);
	if (rc)
		allow_free(l.a);
	else
		*out = l.a;
	return rc;
}

/* Takes the text. */
static int text_load(char *text, size_t len, const char *name, uint32_t max, struct allow **out,
		     struct store_doc **doc, store_warn_fn warn_fn, void *ctx, struct vx_err *err)
{
	struct store_doc *d = calloc(1, sizeof(*d));
	char shown[100];
	int rc;

	if (!d) {
		free(text);
		return vx_err_set(err, -ENOMEM, "out of memory");
	}
	d->text = text;
	d->len = len;
	/* an address has at most an organisation, its own name and id, a place in the flat list, a
	 * note */
	d->max_values = 16 * max + 16384;
	rc = doc_load(d, max, out, warn_fn, ctx, err);
	if (rc) {
		store_doc_free(d);
		return vx_err_prefix(err, "%s",
				     text_escape(shown, sizeof(shown), name, strlen(name)));
	}
	*doc = d;
	return 0;
}

int store_allow_read(int fd, const char *name, uint32_t max, struct allow **out,
		     struct store_doc **doc, store_warn_fn warn_fn, void *ctx, struct vx_err *err)
{
	struct vx_err own;
	char *text;
	size_t len;
	int rc;

	*out = NULL;
	*doc = NULL;
	if (!err)
		err = &own;
	rc = store_read_fd(fd, name, STORE_ALLOW_BYTES, &text, &len, err);
	return rc ? rc : text_load(text, len, name, max, out, doc, warn_fn, ctx, err);
}

int store_allow_parse(const char *text, size_t len, const char *name, uint32_t max,
		      struct allow **out, struct store_doc **doc, store_warn_fn warn_fn, void *ctx,
		      struct vx_err *err)
{
	char *copy = malloc(len + 1);

	*out = NULL;
	*doc = NULL;
	if (!copy)
		return vx_err_set(err, -ENOMEM, "out of memory");
	memcpy(copy, text, len);
	copy[len] = 0;
	return text_load(copy, len, name, max, out, doc, warn_fn, ctx, err);
}

void store_doc_free(struct store_doc *doc)
{
	if (!doc)
		return;
	free(doc->text);
	free(doc);
}

bool store_doc_same(const struct store_doc *a, const struct store_doc *b)
{
	return a == b || (a && b && a->len == b->len && !memcmp(a->text, b->text, a->len));
}

size_t store_doc_bytes(const struct store_doc *doc)
{
	return doc ? doc->len : 0;
}
