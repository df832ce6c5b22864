// SPDX-License-Identifier: GPL-2.0-only
/* `undo`, `redo`, `history`: changes taken back, made again, and listed. [engine] */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/cmd/cmd_groups.h"
#include "engine/engine.h"
#include "log.h"
#include "proto/out.h"

/* What exchanging would reduce, in words. Bits of what is asked about. */
struct effect {
	uint64_t pps; /* that are let through by entries that would go */
	unsigned gone;
	bool may; /* something else that may reduce what is sent */
};

struct leaving {
	struct con *c;
	struct effect *f;
};

static void count_gone(void *ctx, const struct allow_entry *x)
{
	struct leaving *l = ctx;

	l->f->gone++;
	if (!allow_wider(l->c->e->allow, &x->cidr))
		l->f->pps += eng_allow_pps(l->c->e, x);
}

static void judge(struct con *c, const struct journal_item *it, struct effect *f)
{
	struct leaving l = { c, f };
	const struct allow_entry *x;

	switch (it->kind) {
	case JOURNAL_ENTRY:
		x = it->entry.put ? NULL : allow_find(c->e->allow, &it->entry.cidr);
		if (x)
			count_gone(&l, x);
		break;
	case JOURNAL_INTAKE:
		f->may |= !it->intake_on;
		break;
	default:
		f->may = true;
		break;
	}
}

/* Only what may reduce what is sent is asked about. */
static int ask(struct con *c, const struct journal_change *change, const char *verb)
{
	struct effect f = { 0 };

	for (unsigned i = 0; i < change->n; i++)
		judge(c, &change->item[i], &f);
	if (f.may)
		return cmd_ask(c,
			       "%s %.120s: may change what becomes of %" PRIu64 " packets/s sent",
			       verb, change->command, c->e->snap.out_pps);
	if (f.gone)
		return cmd_ask(c, "%s %.120s: would deny %" PRIu64 " packets/s", verb,
			       change->command,
			       c->e->o->allow_mode == VX_ALLOW_ENFORCE ? f.pps : 0);
	return 0;
}

static int turn(struct con *c, bool redo)
{
	const char *verb = redo ? "redo" : "undo";
	struct journal_change *next = !c->e->journal ? NULL
				      : redo	     ? journal_redo_next(c->e->journal)
						     : journal_undo_next(c->e->journal);
	uint64_t id;
	int r = next && cmd_must_ask(c) ? ask(c, next, verb) : 0;

	if (!r)
		r = eng_undo(c->e, redo, &id, c->err);
	if (r)
		return r;
	out_message(c->out, "%s: %s (change %" PRIu64 ", of %s)", redo ? "redone" : "undone",
		    next->command, id, next->user);
	return 0;
}

static int undo(struct con *c)
{
	return turn(c, false);
}

static int redo(struct con *c)
{
	return turn(c, true);
}

static void history_row(struct out *o, const struct journal_change *h)
{
	const char *before = h->n ? h->item[0].before : "", *after = h->n ? h->item[0].after : "";

	out_object(o, NULL);
	out_id(o, "id", h->id);
	out_time(o, "time", h->real_ns);
	out_str(o, "user", h->user);
	out_str(o, "command", h->command);
	out_str(o, "before", *before ? before : NULL);
	out_str(o, "after", *after ? after : NULL);
	out_bool(o, "undone", h->undone);
	out_u64(o, "pps_before", h->pps_before);
	if (h->measured)
		out_u64(o, "pps_after", h->pps_after);
	else
		out_null(o, "pps_after");
	out_end(o);
}

static int history(struct con *c)
{
	const struct journal *j = c->e->journal;

	out_array(c->out, NULL);
	for (uint32_t i = 0; j && i < journal_count(j); i++)
		history_row(c->out, journal_at(j, i));
	out_end(c->out);
	if (j && journal_cut(j))
		out_note(c->out,
			 "%" PRIu64 " older changes were let go: at most %u are kept, in %u MiB",
			 journal_cut(j), JOURNAL_CHANGES, JOURNAL_BYTES >> 20);
	return 0;
}

const struct cmd cmd_journal[] = {
	{ "undo", "", 0, 0, CMD_WRITE | CMD_TURNS, undo,
	  "take the last change back: of the list, rules, VNIs, settings or the intake", NULL },
	{ "redo", "", 0, 0, CMD_WRITE | CMD_TURNS, redo,
	  "make the change that was undone last again", NULL },
	{ "history", "", 0, 0, CMD_RO, history,
	  "what was changed, when and by whom, with the packets/s sent before and after it", NULL },
	{ 0 },
};
