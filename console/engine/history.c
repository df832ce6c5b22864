/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the engine keeps of the past: rates over time, marks at changes, the baseline of `mark`, and
 * how much is not saved. [engine]
 */
#include "engine/run_int.h"

#include <stdlib.h>

#include "log.h"

static uint32_t clamp(uint64_t v)
{
	return v < UINT32_MAX ? (uint32_t)v : UINT32_MAX;
}

void eng_history_second(struct eng *e)
{
	const struct snapshot *s = &e->snap;
	struct history_cell rates = { .in_bps = s->in_bps,
				      .out_bps = s->out_bps,
				      .in_pps = clamp(s->in_pps),
				      .out_pps = clamp(s->out_pps) };
	uint64_t due;

	if (!e->history)
		return;
	if (!e->run->history_ns)
		e->run->history_ns = s->mono_ns;
	/* After a time in which nobody counted (a stopped process) the rates are those of all of
	 * it. */
	due = (s->mono_ns - e->run->history_ns + 500000000) / 1000000000;
	if (due > e->history->seconds)
		history_add(e->history, s->real_ns, due - e->history->seconds, &rates);
}

unsigned eng_unsaved(const struct eng *e, enum eng_part part)
{
	return e->unsaved[part].off + (unsigned)abs(e->unsaved[part].since);
}

static void count_unsaved(struct eng *e)
{
	e->snap.unsaved = 0;
	for (int i = 0; i < ENG_PARTS; i++)
		e->snap.unsaved += eng_unsaved(e, (enum eng_part)i);
}

void eng_edited(struct eng *e, enum eng_part part, const char *text)
{
	const struct journal_change *made = NULL;
	bool change = eng_record_change(e, e->user, text, &made);

	/* What was undone beyond the saved state can be redone no more. */
	for (int i = 0; i < ENG_PARTS; i++) {
		if (e->unsaved[i].since >= 0 || !change)
			continue;
		e->unsaved[i].off += (unsigned)-e->unsaved[i].since;
		e->unsaved[i].since = 0;
	}
	if (change && part < ENG_PARTS)
		e->unsaved[part].since++;
	e->list_edits += change && part == ENG_LIST;
	count_unsaved(e);
	if (change)
		eng_keep_change(e, made, KEPT_DONE);
	if (e->history)
		history_add_mark(e->history, e->snap.real_ns, text);
}

/* A file that was read again has the part of its list, and that of its settings. */
void eng_turned(struct eng *e, const struct journal_change *c)
{
	bool part[ENG_PARTS] = { 0 };

	for (unsigned i = 0; i < c->n; i++) {
		if (c->item[i].kind != JOURNAL_INTAKE)
			part[c->item[i].kind == JOURNAL_ENTRY || c->item[i].kind == JOURNAL_LIST
				     ? ENG_LIST
				     : ENG_SETTINGS] = true;
	}
	for (int i = 0; i < ENG_PARTS; i++)
		if (part[i])
			e->unsaved[i].since += c->undone ? -1 : 1;
	e->list_edits += part[ENG_LIST];
	count_unsaved(e);
	eng_keep_change(e, c, c->undone ? KEPT_UNDONE : KEPT_REDONE);
	vx_info("%s: change %llu of %s: %s", c->undone ? "undone" : "made again",
		(unsigned long long)c->id, c->user, c->command);
	if (e->history)
		history_add_mark(e->history, e->snap.real_ns, c->undone ? "undo" : "redo");
}

void eng_saved(struct eng *e, enum eng_part part)
{
	e->unsaved[part].off = 0;
	e->unsaved[part].since = 0;
	e->adopted &= part != ENG_SETTINGS;
	count_unsaved(e);
	eng_keep_saved(e, part);
}

void eng_mark(struct eng *e)
{
	const struct snap_ledger *l = &e->snap.ledger;
	struct snap_mark *m = &e->snap.mark;

	m->real_ns = e->snap.real_ns;
	for (int i = 0; i < VX_L_N; i++)
		m->row[i] = l->row[i];
	m->sent = l->sent;
	m->tx_failed = l->tx_failed;
	m->frag_unknown = l->frag_unknown;
	eng_edited(e, ENG_PARTS, "mark");
}
