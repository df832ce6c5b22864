/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changes are recorded where they are made, by what was in force before, and undone by exchanging
 * that with what is in force now. A change that cannot be exchanged whole stays as it is. [engine]
 */
#include "engine/run_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/model/text.h"
#include "log.h"

#define VALUE_SHOWN 100
#define AFTER_NS    3000000000ULL /* a rate of packets/s has settled by then */

/* --- recording --- */

int eng_record_room(struct eng *e, struct vx_err *err)
{
	return e->journal ? journal_reserve(e->journal, err) : 0;
}

static void stage(struct eng *e, const struct journal_item *item)
{
	journal_stage(e->journal, item);
}

static void entry_text(const struct allow_entry *x, char *buf, size_t size)
{
	char text[ADDR_TEXT], org[56] = "", note[56] = "";

	if (x->org)
		text_escape(org, sizeof(org), x->org, strlen(x->org));
	if (x->note)
		text_escape(note, sizeof(note), x->note, strlen(x->note));
	snprintf(buf, size, "%s%s%s%s%s", addr_cidr_format(&x->cidr, text), *org ? " org " : "",
		 org, *note ? " note " : "", note);
}

static char *copy(const char *s, bool *failed)
{
	char *c = s ? strdup(s) : NULL;

	*failed |= s && !c;
	return c;
}

int eng_record_entry(struct eng *e, const struct allow_entry *x, bool added, struct vx_err *err)
{
	struct journal_item item = { .kind = JOURNAL_ENTRY };
	bool failed = false;
	int rc = eng_record_room(e, err);

	if (rc || !e->journal)
		return rc;
	item.entry.put = !added;
	item.entry.cidr = x->cidr;
	item.entry.place = allow_place(e->allow, x);
	item.entry.org = copy(x->org, &failed);
	item.entry.note = copy(x->note, &failed);
	if (failed) {
		free(item.entry.org);
		free(item.entry.note);
		return vx_err_set(err, -ENOMEM, "out of memory for the journal");
	}
	item.bytes = 32 + (x->org ? strlen(x->org) : 0) + (x->note ? strlen(x->note) : 0);
	entry_text(x, added ? item.after : item.before, JOURNAL_TEXT);
	stage(e, &item);
	return 0;
}

static uint64_t no_rate(void *ctx, const struct allow_entry *entry)
{
	(void)ctx;
	(void)entry;
	return 0;
}

/* "324 entries", "325 entries: +2 (10.0.0.3, 10.0.0.4) -1 (10.0.0.2), relabelled: 0" */
static void list_text(const struct eng *e, const struct allow *old, struct journal_item *item)
{
	char text[ALLOW_DIFF_TEXT];
	struct allow_diff d;

	allow_diff(old, e->allow, no_rate, NULL, &d);
	snprintf(item->before, JOURNAL_TEXT, "%u entries", allow_count(old));
	snprintf(item->after, JOURNAL_TEXT, "%u entries: %s, relabelled: %u", allow_count(e->allow),
		 allow_diff_text(&d, text), d.relabelled);
}

void eng_record_list(struct eng *e, struct allow *old, struct store_doc *doc)
{
	struct journal_item item = { .kind = JOURNAL_LIST };

	if (!e->journal || (allow_same(old, e->allow) && store_doc_same(doc, e->allow_doc))) {
		allow_free(old);
		store_doc_free(doc);
		return;
	}
	list_text(e, old, &item);
	allow_pack(old);
	item.list.allow = old;
	item.list.doc = doc;
	item.bytes = allow_bytes(old) + store_doc_bytes(doc);
	stage(e, &item);
}

int eng_record_rules(struct eng *e, struct vx_err *err)
{
	struct journal_item item = { .kind = JOURNAL_RULES };
	int rc = eng_record_room(e, err);

	if (rc || !e->journal)
		return rc;
	item.rules.n = eng_rules_copy(e, &item.rules.rule);
	if (!item.rules.rule)
		return vx_err_set(err, -ENOMEM, "out of memory for the journal");
	item.rules.source = (int)e->o->source[OPT_NAT_RULE];
	item.bytes = item.rules.n * sizeof(*item.rules.rule);
	stage(e, &item);
	return 0;
}

/* One more of a list, whole, or ", ..." and no more. false: that was the end. */
static bool put_one(char *buf, size_t *at, const char *text)
{
	const char *sep = *at ? ", " : "";
	bool fits = *at + strlen(sep) + strlen(text) + sizeof(", ...") <= JOURNAL_TEXT;

	*at += (size_t)snprintf(buf + *at, JOURNAL_TEXT - *at, "%s%s", sep, fits ? text : "...");
	return fits;
}

/* Those of a that b has not so, as many as there is room for. */
static void rules_text(char *buf, const struct nat_rule *a, uint32_t n_a, const struct nat_rule *b,
		       uint32_t n_b)
{
	char text[NAT_TEXT];
	size_t at = 0;
	bool more = true;
	const struct nat_rule *other;

	buf[0] = 0;
	for (uint32_t i = 0; i < n_a && more; i++) {
		other = nat_find(b, n_b, &a[i].key);
		if (!other || !nat_same_target(other, &a[i]))
			more = put_one(buf, &at, nat_format(&a[i], text));
	}
}

/* The value, cut behind a comma when it is long; of those that may be unset the word that unsets.
 */
static void setting_text(const struct eng *e, enum opt_id id, char *buf)
{
	char *value = malloc(OPT_VALUE_MAX);
	int most = VALUE_SHOWN;

	if (value && strlen(opt_value(e->o, id, value, OPT_VALUE_MAX)) > VALUE_SHOWN)
		while (most && value[most - 1] != ',')
			most--;
	if (value)
		snprintf(buf, JOURNAL_TEXT, "%s %.*s%s", opt_name(id), most ? most : VALUE_SHOWN,
			 *value			  ? value
			 : id == OPT_NEXT_HOP_MAC ? "auto"
						  : "(none)",
			 strlen(value) > VALUE_SHOWN ? "..." : "");
	free(value);
}

int eng_record_setting(struct eng *e, enum opt_id id, struct vx_err *err)
{
	struct journal_item item = { .kind = JOURNAL_SETTING };
	char *value;
	int rc = eng_record_room(e, err);

	if (rc || !e->journal)
		return rc;
	value = malloc(OPT_VALUE_MAX);
	if (!value)
		return vx_err_set(err, -ENOMEM, "out of memory for the journal");
	item.setting.id = (int)id;
	item.setting.source = (int)e->o->source[id];
	item.setting.value = strdup(opt_value(e->o, id, value, OPT_VALUE_MAX));
	free(value);
	if (!item.setting.value)
		return vx_err_set(err, -ENOMEM, "out of memory for the journal");
	item.bytes = strlen(item.setting.value) + 1;
	setting_text(e, id, item.before);
	stage(e, &item);
	return 0;
}

int eng_record_intake(struct eng *e, bool on, struct vx_err *err)
{
	struct journal_item item = { .kind = JOURNAL_INTAKE, .intake_on = !on };
	int rc = eng_record_room(e, err);

	if (rc || !e->journal)
		return rc;
	snprintf(item.before, JOURNAL_TEXT, "intake %s", on ? "off" : "on");
	snprintf(item.after, JOURNAL_TEXT, "intake %s", on ? "on" : "off");
	stage(e, &item);
	return 0;
}

void eng_record_forget(struct eng *e)
{
	if (e->journal)
		journal_unstage(e->journal);
}

/* What is in force now, where it was not known before the change. */
static void describe(struct eng *e, struct journal_item *it)
{
	struct nat_rule *now;
	uint32_t n;

	if (it->kind == JOURNAL_SETTING)
		setting_text(e, (enum opt_id)it->setting.id, it->after);
	if (it->kind != JOURNAL_RULES)
		return;
	n = eng_rules_copy(e, &now);
	if (now) {
		rules_text(it->before, it->rules.rule, it->rules.n, now, n);
		rules_text(it->after, now, n, it->rules.rule, it->rules.n);
		if (!it->before[0] && !it->after[0])
			snprintf(it->after, JOURNAL_TEXT, "the same rules in another order");
	}
	free(now);
}

bool eng_record_change(struct eng *e, const char *user, const char *command,
		       const struct journal_change **made)
{
	struct journal_change *c;
	uint64_t cut;

	*made = NULL;
	if (!e->journal)
		return true;
	for (unsigned i = 0; i < journal_staged(e->journal); i++)
		describe(e, journal_staged_at(e->journal, i));
	cut = journal_cut(e->journal);
	c = journal_commit(e->journal, user ? user : "the engine", command);
	if (c) {
		c->real_ns = eng_real_ns();
		c->mono_ns = eng_now_ns();
		c->pps_before = e->snap.out_pps;
		*made = c;
	}
	if (!cut && journal_cut(e->journal))
		vx_warn("the journal is full: the oldest changes cannot be undone any more");
	return c || journal_cut(e->journal) != cut;
}

/* Not of one that was followed by another within those seconds: that is not its effect. */
void eng_record_second(struct eng *e)
{
	uint64_t now = e->snap.mono_ns;

	for (uint32_t i = e->journal ? journal_count(e->journal) : 0; i-- > 0;) {
		struct journal_change *c = journal_at(e->journal, i);

		if (c->measured || now > c->mono_ns + 2 * AFTER_NS)
			break;
		if (now < c->mono_ns + AFTER_NS)
			continue;
		c->pps_after = e->snap.out_pps;
		c->measured = true;
	}
}

/* --- exchanging --- */

static int put_entry(struct eng *e, struct journal_item *it, struct vx_err *err)
{
	const struct allow_entry *x;
	int rc = allow_put(e->allow, &it->entry.cidr, it->entry.org, it->entry.note,
			   &it->entry.place, &x, err);

	if (rc)
		return rc;
	rc = e->dp->allow_put(e->d, x, err);
	if (rc && allow_del(e->allow, &it->entry.cidr, NULL))
		vx_error("undo: could not take the entry back");
	return rc;
}

/* Its counter goes to 0, so that an entry that had this element before does not get the hits. */
static int take_entry(struct eng *e, struct journal_item *it, struct vx_err *err)
{
	const struct allow_entry *x = allow_find(e->allow, &it->entry.cidr);
	uint32_t idx = x ? x->idx : 0;
	int rc = x ? e->dp->allow_del(e->d, x, err) : -ENOENT;

	if (rc)
		return x ? rc : allow_del(e->allow, &it->entry.cidr, err);
	rc = allow_del(e->allow, &it->entry.cidr, err);
	eng_hits_start(e, false, idx);
	return rc;
}

static int exchange_list(struct eng *e, struct journal_item *it, struct vx_err *err)
{
	struct allow *now = e->allow;
	struct store_doc *doc = e->allow_doc;
	int rc = allow_unpack(it->list.allow, err);

	if (rc)
		return rc;
	rc = eng_allow_switch(e, it->list.allow, err);
	if (rc) {
		allow_pack(it->list.allow);
		return rc;
	}
	e->allow_doc = it->list.doc;
	it->list.allow = now;
	it->list.doc = doc;
	it->bytes = allow_bytes(now) + store_doc_bytes(doc);
	allow_pack(now);
	return 0;
}

static int exchange_rules(struct eng *e, struct journal_item *it, struct vx_err *err)
{
	struct nat_rule *was;
	uint32_t n = eng_rules_copy(e, &was);
	int source = (int)e->o->source[OPT_NAT_RULE];
	int rc = was ? eng_rules_become(e, it->rules.rule, it->rules.n, err)
		     : vx_err_set(err, -ENOMEM, "out of memory");

	if (rc) {
		free(was);
		return rc;
	}
	e->o->source[OPT_NAT_RULE] = (enum opt_source)it->rules.source;
	free(it->rules.rule);
	it->rules.rule = was;
	it->rules.n = n;
	it->bytes = n * sizeof(*was);
	it->rules.source = source;
	return 0;
}

static int exchange_value(struct eng *e, struct journal_item *it, struct opts *n, char *now,
			  struct vx_err *err)
{
	enum opt_id id = (enum opt_id)it->setting.id;
	int rc = opt_set(n, id, it->setting.value, (enum opt_source)it->setting.source, err);
	char *kept;

	opt_value(e->o, id, now, OPT_VALUE_MAX);
	kept = strdup(now);
	if (!rc && !kept)
		rc = vx_err_set(err, -ENOMEM, "out of memory");
	if (!rc && strcmp(kept, it->setting.value) != 0)
		rc = eng_setting_apply(e, id, e->o, n, err);
	if (rc) {
		free(kept);
		return rc;
	}
	free(it->setting.value);
	it->setting.value = kept;
	it->setting.source = (int)e->o->source[id];
	*e->o = *n;
	return 0;
}

static int exchange_setting(struct eng *e, struct journal_item *it, struct vx_err *err)
{
	struct opts *n = malloc(sizeof(*n));
	char *now = malloc(OPT_VALUE_MAX);
	int rc = -ENOMEM;

	if (n && now) {
		*n = *e->o; /* only scalar fields change, so the copy shares what it points to */
		rc = exchange_value(e, it, n, now, err);
	} else {
		vx_err_set(err, rc, "out of memory");
	}
	free(now);
	free(n);
	return rc;
}

static int exchange(struct eng *e, struct journal_item *it, struct vx_err *err)
{
	int rc;

	switch (it->kind) {
	case JOURNAL_ENTRY:
		rc = it->entry.put ? put_entry(e, it, err) : take_entry(e, it, err);
		it->entry.put ^= !rc;
		return rc;
	case JOURNAL_LIST:
		return exchange_list(e, it, err);
	case JOURNAL_RULES:
		return exchange_rules(e, it, err);
	case JOURNAL_SETTING:
		return exchange_setting(e, it, err);
	case JOURNAL_INTAKE:
		dp_store32(&e->dp->cfg(e->d)->paused, !it->intake_on);
		it->intake_on = !it->intake_on;
		return 0;
	}
	return -EINVAL;
}

/* Item k in the order of this direction: what was done last is undone first. */
static struct journal_item *in_order(struct journal_change *c, unsigned k)
{
	return &c->item[c->undone ? k : c->n - 1 - k];
}

static int turn(struct eng *e, struct journal_change *c, struct vx_err *err)
{
	struct vx_err later;
	unsigned done = 0;
	int rc = 0;

	while (done < c->n && !rc) {
		rc = exchange(e, in_order(c, done), err);
		done += !rc;
	}
	while (rc && done-- > 0)
		if (exchange(e, in_order(c, done), &later))
			vx_error("change %llu is half undone: %s", (unsigned long long)c->id,
				 later.msg);
	return rc;
}

int eng_undo(struct eng *e, bool redo, uint64_t only, uint64_t *id, struct vx_err *err)
{
	struct journal_change *c = !e->journal ? NULL
				   : redo      ? journal_redo_next(e->journal)
					       : journal_undo_next(e->journal);
	int rc;

	if (!c)
		return vx_err_set(err, -ENOENT, "there is nothing to %s%s", redo ? "redo" : "undo",
				  !redo && e->journal && journal_cut(e->journal)
					  ? " any more: older changes were let go"
					  : "");
	if (only && only != c->id)
		return vx_err_set(
			err, -ESTALE, "change %llu is not the next: that is %llu of %s, %.80s",
			(unsigned long long)only, (unsigned long long)c->id, c->user, c->command);
	rc = turn(e, c, err);
	if (rc) {
		vx_err_prefix(err, "change %llu (%.60s)", (unsigned long long)c->id, c->command);
		return rc;
	}
	journal_turned(e->journal, c);
	*id = c->id;
	eng_turned(e, c);
	return 0;
}
