/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changes are on disk before they are answered, as the state that they left, until they are saved:
 * what a crash interrupts is offered at the next start (reapply.c). A disk that fails costs the
 * offer and nothing else. [engine]
 */
#include "engine/run_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "proto/out.h"
#include "proto/sockpath.h"

/* Changes that another start could make again. */
static unsigned to_keep(const struct eng *e)
{
	unsigned n = e->dp->cfg(e->d)->paused;

	for (int i = 0; i < ENG_PARTS; i++)
		n += eng_unsaved(e, (enum eng_part)i);
	return n - e->adopted;
}

static void clear(struct eng *e)
{
	if (e->run->keep.file.partly && !e->run->keep.offer)
		kept_drop_offer(&e->run->keep.file);
	kept_clear(&e->run->keep.file);
	e->run->keep.warned = false;
}

static void put_entry(FILE *f, const struct eng *e, const struct cidr *c, bool more)
{
	const struct allow_entry *x = allow_find(e->allow, c);
	struct kept_item item = { .kind = KEPT_DEL, .cidr = *c };

	if (x) {
		item.kind = KEPT_PUT;
		item.a = (char *)x->org;
		item.b = (char *)x->note;
	}
	kept_line_item(f, &item, more);
}

static int put_list(FILE *f, const struct eng *e, bool more, struct vx_err *err)
{
	struct kept_item item = { .kind = KEPT_LIST };
	size_t len;
	int rc = store_allow_render(e->allow, e->allow_doc, &item.a, &len, err);

	if (rc)
		return rc;
	kept_line_item(f, &item, more);
	free(item.a);
	return 0;
}

static int put_rules(FILE *f, const struct eng *e, bool more, struct vx_err *err)
{
	struct kept_item item = { .kind = KEPT_RULES };
	int n;

	item.rule = eng_rule_texts(e, &n);
	item.n_rules = (uint32_t)n;
	if (!item.rule)
		return vx_err_set(err, -ENOMEM, "out of memory");
	kept_line_item(f, &item, more);
	eng_rule_texts_free(item.rule, n);
	return 0;
}

static int put_setting(FILE *f, const struct eng *e, enum opt_id id, bool more, struct vx_err *err)
{
	struct kept_item item = { .kind = KEPT_SET,
				  .on = e->o->source[id] == OPT_BY_DEFAULT,
				  .a = (char *)opt_name(id),
				  .b = malloc(OPT_VALUE_MAX) };

	if (!item.b)
		return vx_err_set(err, -ENOMEM, "out of memory");
	opt_value(e->o, id, item.b, OPT_VALUE_MAX);
	kept_line_item(f, &item, more);
	free(item.b);
	return 0;
}

/* What is in force now of what it changed; the item itself holds what is not. */
static int put_item(FILE *f, const struct eng *e, const struct journal_item *it, bool more,
		    struct vx_err *err)
{
	struct kept_item item = { 0 };

	switch (it->kind) {
	case JOURNAL_ENTRY:
		if (!it->entry.put) {
			put_entry(f, e, &it->entry.cidr, more);
			return 0;
		}
		item = (struct kept_item){ .kind = KEPT_DEL, .cidr = it->entry.cidr };
		break;
	case JOURNAL_LIST:
		return put_list(f, e, more, err);
	case JOURNAL_RULES:
		return put_rules(f, e, more, err);
	case JOURNAL_SETTING:
		return put_setting(f, e, (enum opt_id)it->setting.id, more, err);
	case JOURNAL_INTAKE:
		item = (struct kept_item){ .kind = KEPT_INTAKE, .on = !it->intake_on };
		break;
	}
	kept_line_item(f, &item, more);
	return 0;
}

static int put_change(FILE *f, const struct eng *e, const struct journal_change *c,
		      enum kept_how how, struct vx_err *err)
{
	struct kept_change head = { .id = c->id,
				    .how = how,
				    .real_ns = how == KEPT_DONE ? c->real_ns : eng_real_ns(),
				    .user = (char *)c->user,
				    .command = c->command };
	int rc = 0;

	kept_line_open(f, &head);
	for (unsigned i = 0; i < c->n && !rc; i++)
		rc = put_item(f, e, &c->item[c->undone ? c->n - 1 - i : i], i > 0, err);
	kept_line_close(f);
	return rc;
}

/* Told once, until all is saved: whoever reads it can do something about it then. */
static void not_kept(struct eng *e, const struct vx_err *err)
{
	e->run->keep.file.partly = true;
	if (!e->run->keep.warned)
		vx_warn("the journal on disk lacks a change: %s; unsaved changes may not survive a "
			"crash, until `save` and `allow save`",
			err->msg);
	e->run->keep.warned = true;
}

void eng_keep_change(struct eng *e, const struct journal_change *c, enum kept_how how)
{
	struct kept_file *file = &e->run->keep.file;
	struct vx_err err = { 0 };
	char *line = NULL;
	size_t len = 0;
	FILE *f = NULL;
	int rc;

	if (file->dir < 0)
		return;
	if (!to_keep(e)) {
		clear(e);
		return;
	}
	if (c)
		f = open_memstream(&line, &len);
	rc = f ? put_change(f, e, c, how, &err) : vx_err_set(&err, -ENOMEM, "out of memory");
	if (f && fclose(f) && !rc)
		rc = vx_err_set(&err, -ENOMEM, "out of memory");
	rc = rc ? rc : kept_append(file, line, len, &err);
	free(line);
	if (rc)
		not_kept(e, &err);
}

void eng_keep_saved(struct eng *e, enum eng_part part)
{
	const char *line =
		part == ENG_LIST ? "{\"saved\":\"list\"}\n" : "{\"saved\":\"settings\"}\n";
	struct kept_file *file = &e->run->keep.file;
	struct vx_err err;

	if (file->dir < 0)
		return;
	if (!to_keep(e))
		clear(e);
	else if (file->fd >= 0 && kept_append(file, line, strlen(line), &err))
		not_kept(e, &err);
}

static bool in_first_netns(void)
{
	char dir[SOCKPATH_MAX];

	sockpath_dir(dir, sizeof(dir));
	return !strcmp(dir, SOCKPATH_RUN);
}

static void announce(struct eng *e, const struct kept *k)
{
	struct snap_kept *s = &e->snap.kept;

	s->n = k->n;
	s->real_ns = k->change[k->n - 1].real_ns;
	s->partly = k->partly;
}

void eng_keep_open(struct eng *e)
{
	struct eng_keep *keep = &e->run->keep;
	struct vx_err err = { 0 };
	char *text, at[OUT_TIME_TEXT];
	size_t len;

	if (e->o->read_only) /* changes nothing, so what another run left stays for another */
		return;
	if (kept_open(&keep->file, e->o->ingress, in_first_netns(), &text, &len, &err))
		vx_warn("journal: %s%s", err.msg,
			keep->file.dir < 0 ? "; unsaved changes do not survive a crash"
					   : "; it is set aside (.bad)");
	if (!text)
		return;
	if (kept_parse(text, len, &keep->offer, &err)) {
		vx_warn("the journal of the last run cannot be used: %s; it is set aside (.bad)",
			err.msg);
		kept_set_bad(&keep->file);
	} else if (!keep->offer->n) {
		eng_keep_drop(e);
	} else {
		announce(e, keep->offer);
		vx_warn("%u unsaved change%s of %s: `journal` lists, `journal apply` makes, "
			"`journal discard` drops %s%s",
			keep->offer->n, keep->offer->n == 1 ? "" : "s",
			out_time_text(e->snap.kept.real_ns, at),
			keep->offer->n == 1 ? "it" : "them",
			keep->offer->partly ? "; later ones are missing" : "");
	}
	free(text);
}

void eng_keep_drop(struct eng *e)
{
	kept_free(e->run->keep.offer);
	e->run->keep.offer = NULL;
	memset(&e->snap.kept, 0, sizeof(e->snap.kept));
	kept_drop_offer(&e->run->keep.file);
}

void eng_keep_taken(struct eng *e)
{
	kept_free(e->run->keep.offer);
	e->run->keep.offer = NULL;
	memset(&e->snap.kept, 0, sizeof(e->snap.kept));
	if (!e->run->keep.file.partly)
		kept_drop_offer(&e->run->keep.file);
}

void eng_keep_end(struct eng *e)
{
	struct kept_file *file = &e->run->keep.file;

	if (e->quit_drops)
		kept_clear(file);
	else if (file->fd >= 0 && to_keep(e))
		vx_warn("%u changes are not saved: the next start offers to make them again",
			to_keep(e));
}

void eng_keep_fini(struct eng *e)
{
	kept_free(e->run->keep.offer);
	kept_close(&e->run->keep.file);
}
