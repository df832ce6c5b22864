// SPDX-License-Identifier: GPL-2.0-only
/* XDP programs of others as results: everything in JSON, and a table with what matters in text. */
#include "engine/cmd/strays_out.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/cmd/cmd.h"
#include "proto/out.h"

#define COLUMNS 6

static const char *cell(const struct stray *p, int col, char buf[static STRAY_TEXT])
{
	switch (col) {
	case 0:
		snprintf(buf, STRAY_TEXT, "%u", p->id);
		return buf;
	case 1:
		snprintf(buf, STRAY_TEXT, "%s", p->name);
		return buf;
	case 2:
		return stray_where(p, buf);
	case 3:
		return stray_how(p, buf);
	case 4:
		return stray_held(p, buf);
	default:
		return stray_matters(p, buf);
	}
}

static const char *const heading[COLUMNS] = { "ID",  "NAME",	"ATTACHED",
					      "HOW", "HELD BY", "WHY IT MATTERS" };

static void note_row(struct out *o, const struct stray *p, const int width[COLUMNS])
{
	char row[1024] = "", text[STRAY_TEXT];

	for (int i = 0; i < COLUMNS; i++) {
		size_t n = strlen(row);

		snprintf(row + n, sizeof(row) - n, "%s%-*s", i ? "  " : "",
			 i + 1 < COLUMNS ? width[i] : 0, p ? cell(p, i, text) : heading[i]);
	}
	out_note(o, "%s", row);
}

static void note_table(struct out *o, const struct strays *s)
{
	int width[COLUMNS];
	char text[STRAY_TEXT];

	for (int i = 0; i < COLUMNS; i++) {
		width[i] = (int)strlen(heading[i]);
		for (unsigned k = 0; k < s->n; k++) {
			int len = (int)strlen(cell(&s->prog[k], i, text));

			width[i] = len > width[i] ? len : width[i];
		}
	}
	note_row(o, NULL, width);
	for (unsigned k = 0; k < s->n; k++)
		note_row(o, &s->prog[k], width);
}

static void note_list(struct out *o, const struct strays *s, const struct strays_ours *ours)
{
	if (!s->n)
		out_note(o, "no XDP program in the kernel but ours%s", ours->id ? "" : " (none)");
	else
		note_table(o, s);
	if (s->more)
		out_note(o, "and %u more", s->more);
	if (ours->id)
		out_note(o, "ours: id %u on %s", ours->id, ours->dev);
	if (strays_in_reach(s))
		out_note(o, "`strays clean` takes the duplicates away: %u", strays_in_reach(s));
	if (s->trouble[0])
		out_note(o, "%s", s->trouble);
}

static void put_maps(struct out *o, const struct stray *p)
{
	out_array(o, "maps");
	for (unsigned i = 0; i < stray_have(p->n_maps, STRAY_MAPS); i++) {
		out_object(o, NULL);
		out_id(o, "id", p->map[i].id);
		out_str(o, "name", p->map[i].name);
		out_end(o);
	}
	out_end(o);
}

/* "net:[4026531840]", as the kernel writes it, or the name that ip-netns gave it. */
static void put_netns(struct out *o, const struct stray_attached *a)
{
	char text[40];

	snprintf(text, sizeof(text), "net:[%" PRIu64 "]", a->netns);
	out_str(o, "netns", a->netns_name[0] ? a->netns_name : text);
}

static void put_attached(struct out *o, const struct stray *p)
{
	out_array(o, "attached");
	for (unsigned i = 0; i < stray_have(p->n_attached, STRAY_ATTACHED); i++) {
		const struct stray_attached *a = &p->attached[i];

		out_object(o, NULL);
		out_str(o, "dev", a->dev);
		put_netns(o, a);
		out_str(o, "mode", stray_mode_name(a->mode));
		out_str(o, "how", stray_how_name(a->how));
		if (a->link_id)
			out_id(o, "link_id", a->link_id);
		else
			out_null(o, "link_id");
		out_end(o);
	}
	out_end(o);
}

static void put_holders(struct out *o, const struct stray *p)
{
	out_array(o, "holders");
	for (unsigned i = 0; i < stray_have(p->n_holders, STRAY_HOLDERS); i++) {
		out_object(o, NULL);
		out_id(o, "pid", (uint64_t)p->holder[i].pid);
		out_str(o, "comm", p->holder[i].comm);
		out_end(o);
	}
	out_end(o);
	out_array(o, "pins");
	for (unsigned i = 0; i < stray_have(p->n_pins, STRAY_PINS); i++) {
		out_object(o, NULL);
		out_str(o, "path", p->pin[i].path);
		out_str(o, "of", p->pin[i].link ? "link" : "program");
		out_end(o);
	}
	out_end(o);
}

static void put_prog(struct out *o, const struct stray *p)
{
	char tag[2 * sizeof(p->tag) + 1], text[STRAY_TEXT];

	for (size_t i = 0; i < sizeof(p->tag); i++)
		snprintf(tag + 2 * i, 3, "%02x", p->tag[i]);
	out_object(o, NULL);
	out_id(o, "id", p->id);
	out_str(o, "name", p->name);
	out_str(o, "type", p->ext ? "ext" : "xdp");
	out_str(o, "tag", tag);
	out_time(o, "loaded", p->loaded_real_ns);
	put_maps(o, p);
	put_attached(o, p);
	put_holders(o, p);
	out_str(o, "why", stray_why_name(p->why));
	/* The same in words, as tables show it. */
	out_str(o, "where", stray_where(p, text));
	out_str(o, "how", stray_how(p, text));
	out_str(o, "held", stray_held(p, text));
	out_str(o, "matters", stray_matters(p, text));
	out_str(o, "fix", stray_fix(p, text));
	out_end(o);
}

static void put_list(struct out *o, const struct strays *s, const struct strays_ours *ours)
{
	out_array(o, "programs");
	for (unsigned i = 0; i < s->n; i++)
		put_prog(o, &s->prog[i]);
	out_end(o);
	if (ours->id)
		out_id(o, "ours", ours->id);
	else
		out_null(o, "ours");
	out_str(o, "trouble", s->trouble[0] ? s->trouble : NULL);
}

void strays_out(struct out *o, const struct strays *s, const struct strays_ours *ours)
{
	out_object(o, NULL);
	put_list(o, s, ours);
	out_end(o);
	out_notes_only(o);
	note_list(o, s, ours);
}

void strays_out_act(struct out *o, const struct strays_result *r, const struct strays_ours *ours)
{
	size_t n;

	out_object(o, NULL);
	out_bool(o, "done", r->done);
	out_str(o, "message", r->said);
	put_list(o, &r->list, ours);
	out_end(o);
	out_notes_only(o);
	for (const char *line = r->said; *line; line += n + (line[n] == '\n')) {
		n = strcspn(line, "\n");
		out_note(o, "%.*s", (int)n, line);
	}
	out_note(o, r->done ? "done" : "not done: what is left is named above");
}

int strays_words(int argc, char *const *argv, enum strays_act *act, uint32_t *id,
		 struct vx_err *err)
{
	static const struct {
		const char *word;
		enum strays_act act;
		int args;
	} words[] = { { "list", STRAYS_LIST, 0 },
		      { "detach", STRAYS_DETACH, 1 },
		      { "stop", STRAYS_STOP, 1 },
		      { "clean", STRAYS_CLEAN, 0 } };
	uint64_t n;

	*act = STRAYS_LIST;
	*id = 0;
	if (!argc)
		return 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strcmp(words[i].word, argv[0]) != 0 || argc - 1 != words[i].args)
			continue;
		*act = words[i].act;
		if (argc == 1)
			return 0;
		if (cmd_number(argv[1], UINT32_MAX, &n, err))
			return -EINVAL;
		*id = (uint32_t)n;
		return 0;
	}
	return vx_err_set(err, -EINVAL, "expected list, detach ID, stop ID or clean");
}

static int not_there(uint32_t id, struct vx_err *err)
{
	return vx_err_set(err, -ENOENT,
			  "no XDP program of others has the id %u; `strays` lists them", id);
}

static uint32_t first_duplicate(const struct strays *s)
{
	for (unsigned i = 0; i < s->n; i++)
		if (stray_is_cleaned(&s->prog[i]))
			return s->prog[i].id;
	return 0;
}

int strays_ask_first(const struct strays *s, enum strays_act act, uint32_t id, char *question,
		     size_t size, struct vx_err *err)
{
	const struct stray *p = strays_find(s, id);
	int rc;

	if (act == STRAYS_CLEAN && !strays_duplicates(s) && strays_unseen(s))
		return vx_err_set(err, -EAGAIN,
				  STRAYS_NOT_ALL " in time, so that it is not known whether %u are "
						 "duplicates or a live vxconsole's: try again",
				  strays_unseen(s));
	if (act == STRAYS_CLEAN && !strays_duplicates(s))
		return 0;
	if (act == STRAYS_CLEAN && !strays_in_reach(s))
		return vx_err_set(
			err, -EPERM,
			"duplicates held by nobody that can be seen: %u, the first id %u; "
			"their holder is in another pid namespace: look from outside",
			strays_duplicates(s), first_duplicate(s));
	if (act != STRAYS_CLEAN) {
		rc = p ? stray_refused(p, act, err) : not_there(id, err);
		if (rc)
			return rc;
	}
	strays_question(s, p, act, question, size);
	return 1;
}

int strays_refused(const struct strays_result *r, enum strays_act act, uint32_t id,
		   struct vx_err *err)
{
	if (act == STRAYS_CLEAN)
		return 0;
	return r->subject.id ? stray_refused(&r->subject, act, err) : not_there(id, err);
}
