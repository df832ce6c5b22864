// SPDX-License-Identifier: GPL-2.0-only
/*
 * The offer: changes that another run made and did not save, made again. Each sets the state that
 * it left then, so that what is so already is passed over; all of them or none. Each can be undone
 * by itself afterwards. [engine]
 */
#include "engine/run_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

const struct kept *eng_kept(const struct eng *e)
{
	return e->run->keep.offer;
}

static bool same_text(const char *a, const char *b)
{
	return !strcmp(a ? a : "", b ? b : "");
}

static int put_entry(struct eng *e, const struct kept_item *it, struct vx_err *err)
{
	const struct allow_entry *x = allow_find(e->allow, &it->cidr);
	int rc = 0;

	if (x && same_text(x->org, it->a) && same_text(x->note, it->b))
		return 0;
	if (x)
		rc = eng_allow_del(e, &it->cidr, err);
	return rc ? rc : eng_allow_add(e, &it->cidr, it->a, it->b, err);
}

static int set_value(struct eng *e, const struct kept_item *it, struct vx_err *err)
{
	int id = opt_find(it->a);
	char *now = malloc(OPT_VALUE_MAX);
	bool same;
	int rc;

	if (!now)
		return vx_err_set(err, -ENOMEM, "out of memory");
	same = id >= 0 && it->on == (e->o->source[id] == OPT_BY_DEFAULT) &&
	       !strcmp(opt_value(e->o, (enum opt_id)id, now, OPT_VALUE_MAX), it->b);
	free(now);
	rc = same ? 0 : eng_set_anew(e, it->a, it->b, err);
	if (!rc && it->on)
		e->o->source[id] = OPT_BY_DEFAULT;
	return rc;
}

static int parse_rules(const struct kept_item *it, struct nat_rule *rule, struct vx_err *err)
{
	int rc = it->n_rules > VX_MAX_NAT
			 ? vx_err_set(err, -ENOSPC, "more than %d rules", VX_MAX_NAT)
			 : 0;

	for (uint32_t i = 0; i < it->n_rules && !rc; i++)
		rc = nat_parse(it->rule[i], &rule[i], err);
	return rc;
}

int eng_kept_rules(const struct kept_item *it, struct nat_rule **out, struct vx_err *err)
{
	int rc;

	*out = calloc((size_t)it->n_rules + 1, sizeof(**out));
	if (!*out)
		return vx_err_set(err, -ENOMEM, "out of memory");
	rc = parse_rules(it, *out, err);
	if (rc) {
		free(*out);
		*out = NULL;
	}
	return rc;
}

static int set_rules(struct eng *e, const struct kept_item *it, struct vx_err *err)
{
	struct nat_rule *rules;
	int rc = eng_kept_rules(it, &rules, err);

	rc = rc ? rc : eng_rules_set(e, rules, it->n_rules, err);
	free(rules);
	return rc;
}

static int set_list(struct eng *e, const struct kept_item *it, struct vx_err *err)
{
	struct store_doc *doc;
	struct allow *list;
	int rc = store_allow_parse(it->a, strlen(it->a), "its list", e->o->allow_max, &list, &doc,
				   eng_warn, NULL, err);

	return rc ? rc : eng_allow_take(e, list, doc, err);
}

static int make(struct eng *e, const struct kept_item *it, struct vx_err *err)
{
	switch (it->kind) {
	case KEPT_PUT:
		return put_entry(e, it, err);
	case KEPT_DEL:
		return allow_find(e->allow, &it->cidr) ? eng_allow_del(e, &it->cidr, err) : 0;
	case KEPT_SET:
		return set_value(e, it, err);
	case KEPT_RULES:
		return set_rules(e, it, err);
	case KEPT_INTAKE:
		return !e->dp->cfg(e->d)->paused == it->on ? 0 : eng_intake(e, it->on, err);
	case KEPT_LIST:
		return set_list(e, it, err);
	}
	return -EINVAL;
}

/* What was made of an item, also when it failed half way, is a change, so that it can be taken
 * back. true: there is one. */
static bool finish(struct eng *e, const struct kept_change *c, const struct kept_item *it)
{
	enum eng_part part = it->kind == KEPT_INTAKE			      ? ENG_PARTS
			     : it->kind == KEPT_SET || it->kind == KEPT_RULES ? ENG_SETTINGS
									      : ENG_LIST;
	char text[KEPT_COMMAND + 16];

	if (!journal_staged(e->journal))
		return false;
	snprintf(text, sizeof(text), "%s%s", c->how == KEPT_UNDONE ? "undo of " : "", c->command);
	e->user = c->user;
	eng_edited(e, part, text);
	e->user = NULL;
	vx_info("made again, of %s: %s", c->user, text);
	return true;
}

static void take_back(struct eng *e, unsigned n)
{
	struct vx_err err;
	uint64_t id;

	if (!n)
		return;
	while (n-- > 0)
		if (eng_undo(e, false, 0, &id, &err))
			vx_error("journal apply: taking it back: %s", err.msg);
	journal_no_redo(e->journal);
}

/* Made: how many changes of the journal it became. */
static int make_change(struct eng *e, uint32_t n, unsigned *made, struct vx_err *err)
{
	const struct kept *k = e->run->keep.offer;
	const struct kept_change *c = &k->change[n];
	int rc = 0;

	for (uint32_t i = 0; i < c->n && !rc; i++) {
		if (kept_overtaken(k, n, &c->item[i]))
			continue;
		rc = make(e, &c->item[i], err);
		*made += finish(e, c, &c->item[i]);
	}
	return rc;
}

int eng_journal_apply(struct eng *e, unsigned *done, unsigned *same, struct vx_err *err)
{
	const struct kept *k = e->run->keep.offer;
	struct kept_file *file = &e->run->keep.file;
	unsigned made = 0, before;
	int rc = 0;

	*done = *same = 0;
	if (!k)
		return vx_err_set(err, -ENOENT, "there is nothing to make again");
	file->hold = true; /* until then the offer is on the disk */
	for (uint32_t i = 0; i < k->n && !rc; i++) {
		before = made;
		rc = make_change(e, i, &made, err);
		*done += made != before;
		*same += made == before;
		if (rc)
			vx_err_prefix(err, "change %u of %u (%.60s)", i + 1, k->n,
				      k->change[i].command);
	}
	if (rc)
		take_back(e, made);
	if (kept_release(file))
		file->partly = true;
	if (!rc)
		eng_keep_taken(e);
	return rc;
}

int eng_journal_discard(struct eng *e, unsigned *n, struct vx_err *err)
{
	if (!e->run->keep.offer)
		return vx_err_set(err, -ENOENT, "there is nothing to discard");
	*n = e->run->keep.offer->n;
	eng_keep_drop(e);
	return 0;
}
