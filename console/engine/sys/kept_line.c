// SPDX-License-Identifier: GPL-2.0-only
/*
 * Changes as lines of JSON, written and read. What was undone again, or saved, drops out in the
 * reading: the file itself only grows. [engine]
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "engine/model/text.h"
#include "engine/sys/json_out.h"
#include "engine/sys/kept.h"

#define LINE_VALUES 16384u /* JSON values of a line: 4,096 rules and more */

/* --- writing --- */

static void put_text(FILE *f, const char *key, const char *text)
{
	struct json_out o = { .f = f };

	fprintf(f, "\"%s\":", key);
	json_out_text(&o, text);
}

const char *const kept_how_names[] = { "done", "undone", "redone" };

void kept_line_open(FILE *f, const struct kept_change *c)
{
	char shown[KEPT_COMMAND];

	fprintf(f, "{\"id\":%" PRIu64 ",\"how\":\"%s\",\"time\":%" PRId64 ",", c->id,
		kept_how_names[c->how], c->real_ns);
	put_text(f, "user", text_escape(shown, sizeof(shown), c->user, strlen(c->user)));
	fputc(',', f);
	put_text(f, "command", text_escape(shown, sizeof(shown), c->command, strlen(c->command)));
	fputs(",\"items\":[", f);
}

static void put_cidr(FILE *f, const char *key, const struct cidr *c)
{
	char text[ADDR_TEXT];

	put_text(f, key, addr_cidr_format(c, text));
}

static void put_entry(FILE *f, const struct kept_item *it)
{
	put_cidr(f, "put", &it->cidr);
	if (it->a) {
		fputc(',', f);
		put_text(f, "org", it->a);
	}
	if (it->b) {
		fputc(',', f);
		put_text(f, "note", it->b);
	}
}

static void put_rules(FILE *f, const struct kept_item *it)
{
	struct json_out o = { .f = f };

	fputs("\"rules\":[", f);
	for (uint32_t i = 0; i < it->n_rules; i++) {
		if (i)
			fputc(',', f);
		json_out_text(&o, it->rule[i]);
	}
	fputc(']', f);
}

void kept_line_item(FILE *f, const struct kept_item *it, bool more)
{
	fputs(more ? ",{" : "{", f);
	switch (it->kind) {
	case KEPT_PUT:
		put_entry(f, it);
		break;
	case KEPT_DEL:
		put_cidr(f, "del", &it->cidr);
		break;
	case KEPT_SET:
		put_text(f, "set", it->a);
		fputc(',', f);
		put_text(f, "value", it->b);
		if (it->on)
			fputs(",\"default\":true", f);
		break;
	case KEPT_RULES:
		put_rules(f, it);
		break;
	case KEPT_INTAKE:
		fprintf(f, "\"intake\":%s", it->on ? "true" : "false");
		break;
	case KEPT_LIST:
		put_text(f, "list", it->a);
		break;
	}
	fputc('}', f);
}

void kept_line_close(FILE *f)
{
	fputs("]}\n", f);
}

/* --- reading --- */

static int expected(struct vx_err *err, const char *what)
{
	return vx_err_set(err, -EINVAL, "expected %s", what);
}

/* The string of a member, on the heap; NULL in *out when there is no such member. */
static int take_string(const struct json *j, uint32_t object, const char *name, char **out,
		       struct vx_err *err)
{
	uint32_t v = json_member(j, object, name);

	*out = NULL;
	if (!v)
		return 0;
	if (j->v[v].type != JSON_STRING)
		return vx_err_set(err, -EINVAL, "%s: expected a text in double quotes", name);
	*out = malloc((size_t)j->v[v].len + 1);
	if (!*out)
		return vx_err_set(err, -ENOMEM, "out of memory");
	if (json_string(j, v, *out, (size_t)j->v[v].len + 1) < 0)
		return vx_err_set(err, -EINVAL, "%s: not a text", name);
	return 0;
}

static int take_cidr(const struct json *j, uint32_t object, const char *name, struct cidr *out,
		     struct vx_err *err)
{
	char text[ADDR_TEXT];
	uint32_t v = json_member(j, object, name);

	if (!v || j->v[v].type != JSON_STRING || json_string(j, v, text, sizeof(text)) < 0)
		return vx_err_set(err, -EINVAL, "%s: expected an address", name);
	return addr_cidr_parse(text, out, err);
}

static bool is_true(const struct json *j, uint32_t object, const char *name)
{
	uint32_t v = json_member(j, object, name);

	return v && j->v[v].type == JSON_BOOL && j->v[v].len == 4;
}

static int take_number(const struct json *j, uint32_t object, const char *name, int64_t *out,
		       struct vx_err *err)
{
	uint32_t v = json_member(j, object, name);
	char text[24], *end;

	if (!v || j->v[v].type != JSON_NUMBER || j->v[v].len >= sizeof(text))
		return vx_err_set(err, -EINVAL, "%s: expected a number", name);
	memcpy(text, j->text + j->v[v].off, j->v[v].len);
	text[j->v[v].len] = 0;
	errno = 0;
	*out = strtoll(text, &end, 10);
	return *end || errno || *out < 0 ? vx_err_set(err, -EINVAL, "%s: expected a number", name)
					 : 0;
}

static int take_put(const struct json *j, uint32_t v, struct kept_item *it, struct vx_err *err)
{
	int rc = take_cidr(j, v, "put", &it->cidr, err);

	rc = rc ? rc : take_string(j, v, "org", &it->a, err);
	rc = rc ? rc : take_string(j, v, "note", &it->b, err);
	return rc;
}

static int take_rules(const struct json *j, uint32_t list, struct kept_item *it, struct vx_err *err)
{
	uint32_t n = 0, v;

	if (j->v[list].type != JSON_ARRAY)
		return expected(err, "a list of rules");
	for (v = j->v[list].child; v; v = j->v[v].next)
		n++;
	it->rule = calloc((size_t)n + 1, sizeof(*it->rule));
	if (!it->rule)
		return vx_err_set(err, -ENOMEM, "out of memory");
	for (v = j->v[list].child; v; v = j->v[v].next) {
		char text[256];

		if (j->v[v].type != JSON_STRING || json_string(j, v, text, sizeof(text)) < 0)
			return expected(err, "a rule");
		it->rule[it->n_rules] = strdup(text);
		if (!it->rule[it->n_rules])
			return vx_err_set(err, -ENOMEM, "out of memory");
		it->n_rules++;
	}
	return 0;
}

static int take_item(const struct json *j, uint32_t v, struct kept_item *it, struct vx_err *err)
{
	uint32_t m;

	if (j->v[v].type != JSON_OBJECT)
		return expected(err, "an item");
	if (json_member(j, v, "put")) {
		it->kind = KEPT_PUT;
		return take_put(j, v, it, err);
	}
	if (json_member(j, v, "del")) {
		it->kind = KEPT_DEL;
		return take_cidr(j, v, "del", &it->cidr, err);
	}
	if (json_member(j, v, "set")) {
		int rc = take_string(j, v, "set", &it->a, err);

		it->kind = KEPT_SET;
		it->on = is_true(j, v, "default");
		rc = rc ? rc : take_string(j, v, "value", &it->b, err);
		return rc || it->b ? rc : expected(err, "a value");
	}
	if ((m = json_member(j, v, "rules"))) {
		it->kind = KEPT_RULES;
		return take_rules(j, m, it, err);
	}
	if (json_member(j, v, "list")) {
		it->kind = KEPT_LIST;
		return take_string(j, v, "list", &it->a, err);
	}
	if (!json_member(j, v, "intake"))
		return expected(err, "put, del, set, rules, list or intake");
	it->kind = KEPT_INTAKE;
	it->on = is_true(j, v, "intake");
	return 0;
}

static void item_fini(struct kept_item *it)
{
	free(it->a);
	free(it->b);
	for (uint32_t i = 0; i < it->n_rules; i++)
		free(it->rule[i]);
	free(it->rule);
}

static void change_fini(struct kept_change *c)
{
	for (uint32_t i = 0; i < c->n; i++)
		item_fini(&c->item[i]);
	free(c->item);
	free(c->user);
	free(c->command);
}

void kept_free(struct kept *k)
{
	if (!k)
		return;
	for (uint32_t i = 0; i < k->n; i++)
		change_fini(&k->change[i]);
	free(k->change);
	free(k);
}

static int take_items(const struct json *j, struct kept_change *c, struct vx_err *err)
{
	uint32_t list = json_member(j, JSON_ROOT, "items"), n = 0, v;
	int rc = 0;

	if (!list || j->v[list].type != JSON_ARRAY)
		return expected(err, "items");
	for (v = j->v[list].child; v; v = j->v[v].next)
		n++;
	c->item = calloc((size_t)n + 1, sizeof(*c->item));
	if (!c->item)
		return vx_err_set(err, -ENOMEM, "out of memory");
	for (v = j->v[list].child; v && !rc; v = j->v[v].next)
		rc = take_item(j, v, &c->item[c->n++], err);
	return rc;
}

static int take_how(const struct json *j, struct kept_change *c, struct vx_err *err)
{
	uint32_t v = json_member(j, JSON_ROOT, "how");
	char text[8];

	if (v && j->v[v].type == JSON_STRING && json_string(j, v, text, sizeof(text)) >= 0)
		for (int i = KEPT_DONE; i <= KEPT_REDONE; i++)
			if (!strcmp(text, kept_how_names[i])) {
				c->how = (enum kept_how)i;
				return 0;
			}
	return expected(err, "how: done, undone or redone");
}

static int take_change(const struct json *j, struct kept_change *c, struct vx_err *err)
{
	int64_t id = 0;
	int rc = take_number(j, JSON_ROOT, "id", &id, err);

	c->id = (uint64_t)id;
	rc = rc ? rc : take_how(j, c, err);
	rc = rc ? rc : take_number(j, JSON_ROOT, "time", &c->real_ns, err);
	rc = rc ? rc : take_string(j, JSON_ROOT, "user", &c->user, err);
	rc = rc ? rc : take_string(j, JSON_ROOT, "command", &c->command, err);
	if (!rc && (!c->user || !c->command || strlen(c->command) >= KEPT_COMMAND ||
		    strlen(c->user) >= KEPT_COMMAND))
		rc = expected(err, "user and command");
	return rc ? rc : take_items(j, c, err);
}

static void drop(struct kept *k, uint32_t i)
{
	change_fini(&k->change[i]);
	memmove(&k->change[i], &k->change[i + 1], (--k->n - i) * sizeof(*k->change));
}

static bool of_list(const struct kept_item *it)
{
	return it->kind == KEPT_PUT || it->kind == KEPT_DEL || it->kind == KEPT_LIST;
}

/* What is saved together. */
static int part_of(const struct kept_item *it)
{
	return it->kind == KEPT_INTAKE ? 2 : of_list(it);
}

/* The items of a part, -1: of those that other has too. */
static void drop_items(struct kept_change *c, int part, const struct kept_change *other)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < c->n; i++) {
		bool out = part_of(&c->item[i]) == part;

		for (uint32_t k = 0; other && k < other->n; k++)
			out |= part_of(&c->item[i]) == part_of(&other->item[k]);
		if (out)
			item_fini(&c->item[i]);
		else
			c->item[kept++] = c->item[i];
	}
	c->n = kept;
}

/* Done and then undone, or undone and then redone: neither is left, but for what was saved in
 * between. */
static void cancel(struct kept *k, struct kept_change *c)
{
	for (uint32_t i = k->n; i-- > 0;) {
		struct kept_change *was = &k->change[i];

		if (was->run != c->run || was->id != c->id)
			continue;
		if ((was->how == KEPT_UNDONE) != (c->how == KEPT_UNDONE)) {
			drop_items(c, -1, was);
			drop(k, i);
		}
		return;
	}
}

static int add(struct kept *k, struct kept_change *c, struct vx_err *err)
{
	struct kept_change *more;

	c->run = k->runs;
	if (c->how != KEPT_DONE) /* one that is done has a new number */
		cancel(k, c);
	if (!c->n) {
		change_fini(c);
		return 0;
	}
	/* room for a power of two */
	more = k->n & (k->n - 1) ? k->change
				 : realloc(k->change, (k->n ? 2 * k->n : 1) * sizeof(*more));
	if (!more) {
		change_fini(c);
		return vx_err_set(err, -ENOMEM, "out of memory");
	}
	k->change = more;
	k->change[k->n++] = *c;
	return 0;
}

/* The list, or the settings, are in their file since. */
static void saved(struct kept *k, bool list)
{
	for (uint32_t i = k->n; i-- > 0;) {
		if (k->change[i].run != k->runs)
			continue; /* of another run: not in the file that this one saved */
		drop_items(&k->change[i], list, NULL);
		if (!k->change[i].n)
			drop(k, i);
	}
}

static int take_line(struct kept *k, const struct json *j, struct vx_err *err)
{
	struct kept_change c = { 0 };
	uint32_t v;
	int rc;

	if (j->v[JSON_ROOT].type != JSON_OBJECT)
		return expected(err, "an object");
	v = json_member(j, JSON_ROOT, "vxconsole-journal");
	if (v) {
		if (j->v[v].len != 1 || j->text[j->v[v].off] != '1')
			return expected(err, "a journal of this version");
		k->runs++;
		k->partly |= !is_true(j, JSON_ROOT, "whole");
		return 0;
	}
	if (!k->runs)
		return expected(err, "the first line of a journal");
	v = json_member(j, JSON_ROOT, "saved");
	if (v) {
		saved(k, j->v[v].len == 4); /* "list" */
		return 0;
	}
	rc = take_change(j, &c, err);
	if (rc) {
		change_fini(&c);
		return rc;
	}
	return add(k, &c, err);
}

bool kept_is_begun(const char *text, size_t len)
{
	return len < KEPT_HEAD_LEN &&
	       (!memcmp(text, KEPT_HEAD_WHOLE, len) || !memcmp(text, KEPT_HEAD_PARTLY, len));
}

int kept_parse(const char *text, size_t len, struct kept **out, struct vx_err *err)
{
	struct kept *k = calloc(1, sizeof(*k));
	const char *end;
	struct json j;
	unsigned line = 0;
	int rc = k ? 0 : vx_err_set(err, -ENOMEM, "out of memory");

	*out = NULL;
	for (; !rc && len; len -= (size_t)(end + 1 - text), text = end + 1) {
		end = memchr(text, '\n', len);
		if (++line > 2 * KEPT_LINES) { /* of two runs */
			rc = expected(err, "no more lines");
			break;
		}
		if (!end) { /* torn: the engine ended while it wrote, and nobody was answered */
			k->partly = true;
			if (!k->runs && !kept_is_begun(text, len))
				rc = expected(err, "the first line of a journal");
			break;
		}
		rc = json_parse(&j, text, (size_t)(end - text), LINE_VALUES, err);
		if (!rc) {
			rc = take_line(k, &j, err);
			json_fini(&j);
		}
	}
	if (rc) {
		kept_free(k);
		return line ? vx_err_prefix(err, "journal line %u", line) : rc;
	}
	*out = k;
	return 0;
}

static bool same_object(const struct kept_item *a, const struct kept_item *b)
{
	if (of_list(a) && of_list(b))
		return b->kind == KEPT_LIST ||
		       (a->kind != KEPT_LIST && !addr_cidr_cmp(&a->cidr, &b->cidr));
	if (a->kind == KEPT_SET && b->kind == KEPT_SET)
		return !strcmp(a->a, b->a);
	return a->kind == b->kind;
}

bool kept_overtaken(const struct kept *k, uint32_t i, const struct kept_item *it)
{
	for (uint32_t n = i + 1; n < k->n; n++)
		for (uint32_t m = 0; m < k->change[n].n; m++)
			if (same_object(it, &k->change[n].item[m]))
				return true;
	return false;
}
