// SPDX-License-Identifier: GPL-2.0-only
/* `undo`, `redo`, `history`: changes taken back, made again, and listed; `journal`: those that
 * another run of the engine made and did not save. [engine] */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/cmd/cmd_groups.h"
#include "engine/cmd/turning.h"
#include "engine/engine.h"
#include "log.h"
#include "proto/out.h"

#define TEXT_MOST 2000 /* bytes of before and after together, in a row of history */

/* Somebody who is asked sees which change it is, and what that costs; his answer is for that change
 * alone, as another may have been made meanwhile. */
static int ask(struct con *c, const struct journal_change *change, const char *verb)
{
	struct turning t = { .c = c };
	char effect[200], shown[80], at[OUT_TIME_TEXT] = "";

	turning_change(&t, change);
	turning_text(&t, effect, sizeof(effect));
	snprintf(c->answer, sizeof(c->answer), "%s %" PRIu64, verb, change->id);
	return cmd_ask(c, "%s %s (%.20s, %.9s): %s", verb,
		       log_escape(change->command, shown, sizeof(shown)), change->user,
		       out_time_text(change->real_ns, at) + 11, effect);
}

static int turn(struct con *c, bool redo)
{
	const char *verb = redo ? "redo" : "undo";
	struct journal_change *next = !c->e->journal ? NULL
				      : redo	     ? journal_redo_next(c->e->journal)
						     : journal_undo_next(c->e->journal);
	uint64_t only = 0, id;
	int r = c->argc ? cmd_number(c->argv[0], UINT64_MAX, &only, c->err) : 0;

	if (r)
		return r;
	if (next && cmd_must_ask(c) && (!only || only == next->id))
		return ask(c, next, verb);
	r = eng_undo(c->e, redo, only, &id, c->err);
	if (r)
		return r;
	out_message(c->out, "%s: %.400s (change %" PRIu64 ", of %s)", redo ? "redone" : "undone",
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

/* All that a change changed, side by side; NULL: nothing was there. */
static void texts(struct out *o, const char *key, const struct journal_change *h, bool after)
{
	struct buf b = { 0 };

	for (unsigned i = 0; i < h->n && b.n < TEXT_MOST / 2; i++) {
		const char *text = after ? h->item[i].after : h->item[i].before;

		if (*text && b.n)
			buf_str(&b, "; ");
		buf_str(&b, text);
	}
	out_str(o, key, b.n && !b.failed ? b.data : NULL);
	buf_fini(&b);
}

/* What tells whether it is in force stands first: rows are cut where a terminal ends. */
static void history_row(struct out *o, const struct journal_change *h)
{
	out_object(o, NULL);
	out_id(o, "id", h->id);
	out_bool(o, "undone", h->undone);
	out_time(o, "time", h->real_ns);
	out_str(o, "user", h->user);
	out_str(o, "command", h->command);
	out_u64(o, "pps_before", h->pps_before);
	if (h->measured)
		out_u64(o, "pps_after", h->pps_after);
	else
		out_null(o, "pps_after");
	texts(o, "before", h, false);
	texts(o, "after", h, true);
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

/* --- the journal --- */

static int journal(struct con *c)
{
	const struct kept *k = eng_kept(c->e);

	out_array(c->out, NULL);
	for (uint32_t i = 0; k && i < k->n; i++) {
		out_object(c->out, NULL);
		out_id(c->out, "id", i + 1);
		out_time(c->out, "time", k->change[i].real_ns);
		out_str(c->out, "user", k->change[i].user);
		out_str(c->out, "command", k->change[i].command);
		out_str(c->out, "how", kept_how_names[k->change[i].how]);
		out_end(c->out);
	}
	out_end(c->out);
	if (!k)
		out_note(c->out, "nothing that was not saved was left by another run");
	else
		out_note(c->out, "`journal apply` makes them again, `journal discard` drops them%s",
			 k->partly ? "; later ones are missing" : "");
	return 0;
}

static int apply(struct con *c)
{
	const struct kept *k = eng_kept(c->e);
	struct turning t = { .c = c };
	char effect[200], already[64] = "";
	unsigned done, same;
	int r;

	if (k && cmd_must_ask(c)) {
		turning_kept(&t, k);
		return cmd_ask(c, "makes again %u change%s that %s not saved: %s", k->n,
			       k->n == 1 ? "" : "s", k->n == 1 ? "was" : "were",
			       turning_text(&t, effect, sizeof(effect)));
	}
	r = eng_journal_apply(c->e, &done, &same, c->err);
	if (r)
		return r;
	if (same)
		snprintf(already, sizeof(already), "; %u %s so already, or changed again later",
			 same, same == 1 ? "was" : "were");
	out_message(c->out, "made again: %u change%s%s", done, done == 1 ? "" : "s", already);
	return 0;
}

static int discard(struct con *c)
{
	const struct kept *k = eng_kept(c->e);
	unsigned n;
	int r;

	if (k && cmd_must_ask(c))
		return cmd_ask(c, "forgets %u change%s that %s not saved", k->n,
			       k->n == 1 ? "" : "s", k->n == 1 ? "was" : "were");
	r = eng_journal_discard(c->e, &n, c->err);
	if (r)
		return r;
	out_message(c->out, "forgotten: %u change%s", n, n == 1 ? "" : "s");
	return 0;
}

const struct cmd cmd_journal[] = {
	{ "undo", "[ID]", 0, 1, CMD_WRITE | CMD_TURNS, undo,
	  "take the last change back; with ID only if it is that one", NULL },
	{ "redo", "[ID]", 0, 1, CMD_WRITE | CMD_TURNS, redo,
	  "make the change that was undone last again", NULL },
	{ "history", "", 0, 0, CMD_RO, history,
	  "what was changed, when and by whom, with the packets/s sent before and after it", NULL },
	{ "journal", "", 0, 0, CMD_RO, journal,
	  "changes that the engine's last run did not save before it ended", NULL },
	{ "journal apply", "", 0, 0, CMD_WRITE | CMD_TURNS, apply, "make all of these again",
	  NULL },
	{ "journal discard", "", 0, 0, CMD_WRITE | CMD_TURNS, discard, "forget these", NULL },
	{ 0 },
};
