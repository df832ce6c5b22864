// SPDX-License-Identifier: GPL-2.0-only
/*
 * What every view has around it: who and where, the lights, the one line of what is wrong, the
 * keys. The clock and the lights LEAK and LEDGER are of the last snapshot also when the display is
 * frozen. Pure. [screen]
 */
#include <stdio.h>
#include <string.h>

#include "proto/fix.h"
#include "screen/keys.h"
#include "screen/panel.h"
#include "screen/view.h"
#include "screen/when.h"

const struct view *const views[] = { &view_overview, &view_allow, &view_nat,	&view_workers,
				     &view_sources,  &view_nics,  &view_strays, &view_events,
				     &view_vnis,     &view_why,	  &view_help };
const unsigned n_views = sizeof(views) / sizeof(*views);

/* What the figures on the screen are worth. */
static void liveness(const struct data *d, struct line *l)
{
	uint64_t since = d->now_ns > d->live.mono_ns ? d->now_ns - d->live.mono_ns : 0;
	char span[WHEN_TEXT];

	if (!d->connected)
		line_str(l, LOOK_BAD, " NO ENGINE ");
	else if (!d->live.mono_ns)
		line_str(l, LOOK_DIM, "waiting");
	else if (since > 2000000000ULL)
		line_fmt(l, LOOK_BAD, " STALE %s ", when_span(since, span));
	else if (d->frozen)
		line_str(l, LOOK_WARN, " FROZEN ");
	else
		line_str(l, LOOK_GOOD, "● LIVE");
}

static void right_side(const struct data *d, int cols, struct line *l)
{
	int64_t now = d->live.real_ns;
	char clock[WHEN_TEXT];

	if (d->live.mono_ns && d->now_ns > d->live.mono_ns)
		now += (int64_t)(d->now_ns - d->live.mono_ns);
	line_init(l, cols);
	if (!d->may_write)
		line_str(l, LOOK_WARN, " READ ONLY ");
	if (d->live.unsaved)
		line_fmt(l, LOOK_WARN, " %u UNSAVED ", d->live.unsaved);
	if (d->live.kept.n)
		line_str(l, LOOK_WARN, " JOURNAL ");
	if (d->live.offer.real_ns)
		line_str(l, LOOK_WARN, " LIST ON DISK ");
	if (d->live.paused)
		line_str(l, LOOK_BAD, " INTAKE OFF ");
	line_str(l, LOOK_PLAIN, " ");
	if (d->live.mono_ns)
		line_fmt(l, LOOK_PLAIN, "%s ", when_clock(now, clock));
	liveness(d, l);
}

#define NAMES_MORE 10 /* columns, with which more than the names is worth its beginning */

static void names(const struct data *d, struct line *l)
{
	const struct snapshot *s = &d->snap;
	char up[WHEN_TEXT];

	line_fmt(l, LOOK_BOLD, " %s", d->host);
	if (!s->mono_ns)
		return;
	line_fmt(l, LOOK_BOLD, "%s%s → %s", *d->host ? "  " : "", s->ingress, s->egress);
	if (l->width - l->cols < NAMES_MORE)
		return;
	line_fmt(l, LOOK_PLAIN, "  %s · %s%s · up %s", s->mode,
		 strcmp(s->egress_method, "redirect") ? "ring+" : "", s->egress_method,
		 when_span(s->uptime_ns, up));
	if (*s->mode_reason && l->cols + 2 + line_cols(s->mode_reason) < l->width)
		line_fmt(l, LOOK_DIM, "  %s", s->mode_reason);
}

static enum line_look look_of(uint32_t state)
{
	return state == LIGHT_OK ? LOOK_GOOD : state == LIGHT_WARN ? LOOK_WARN : LOOK_BAD;
}

/* What a light tells, by how much room there is. */
enum form {
	FULL,  /* "!EGRESS down 02:51-02:53 now up": what was, from when to when, and what is */
	BRIEF, /* "EGRESS up*": what is; the sign says that it was worse */
	SHORT, /* "!RING 100%" of "!RING 100%, 1234 pps lost" */
	QUIET, /* as SHORT, and of what is well the name alone */
	NAMES, /* "!RING" */
};

static bool was_worse(const struct snap_light *l)
{
	return l->latched > l->state;
}

static int text_bytes(const struct snap_light *l, enum form form)
{
	size_t n = strlen(l->text);

	if (form == NAMES || (form == QUIET && l->state == LIGHT_OK))
		return 0;
	if (form >= SHORT)
		n = strcspn(l->text, ",(");
	while (n && l->text[n - 1] == ' ')
		n--;
	return (int)n;
}

/* With signs, so that it needs no colour to be seen. */
static void light(struct line *l, enum snap_light_id id, const struct snap_light *now,
		  enum form form)
{
	enum line_look look = look_of(now->state);
	char from[WHEN_TEXT], to[WHEN_TEXT];
	int text = text_bytes(now, form);

	if (was_worse(now) && form == FULL) {
		line_fmt(l, look_of(now->latched), "!%s %s %.5s-%.5s", snapshot_light_name(id),
			 now->latched_text, when_clock(now->from_real_ns, from),
			 when_clock(now->to_real_ns, to));
		line_fmt(l, look, " now %s", now->text);
		return;
	}
	line_fmt(l, now->state == LIGHT_OK ? LOOK_PLAIN : look, "%s%s",
		 now->state == LIGHT_OK ? "" : "!", snapshot_light_name(id));
	line_fmt(l, look, "%s%.*s", text ? " " : "", text, now->text);
	line_str(l, look_of(now->latched), was_worse(now) ? "*" : "");
}

/* "RING 100% (412 ms)": its length changes all the time, and those behind it should stay where they
 * are. */
#define RING_COLS 20

static bool is_calm(const struct snap_light *l)
{
	return l->state == LIGHT_OK && l->latched == LIGHT_OK;
}

const struct snap_light *view_light(const struct data *d, enum snap_light_id id)
{
	return id == LIGHT_LEAK || id == LIGHT_LEDGER ? &d->live.light[id] : &d->snap.light[id];
}

/* gap: columns between them; 0: as near as can be. */
static void lights(const struct data *d, struct line *l, enum form form, int gap)
{
	for (int i = 0; i < SNAP_N_LIGHTS; i++) {
		int end;

		line_left(l, LOOK_PLAIN, l->cols && gap ? gap : 1, "");
		end = l->cols + RING_COLS;
		light(l, (enum snap_light_id)i, view_light(d, (enum snap_light_id)i), form);
		if (i == LIGHT_RING && gap)
			line_left(l, LOOK_PLAIN, end - l->cols, "");
	}
}

/* No room for all: those that matter come first. */
static void some_lights(const struct data *d, struct line *l)
{
	for (int calm = 0; calm <= 1; calm++)
		for (int i = 0; i < SNAP_N_LIGHTS; i++) {
			const struct snap_light *now = view_light(d, (enum snap_light_id)i);

			if (is_calm(now) != calm)
				continue;
			line_str(l, LOOK_PLAIN, " ");
			light(l, (enum snap_light_id)i, now, SHORT);
		}
}

#define ALL_LIGHTS_COLS 60 /* from here on none is ever out of sight */

static void draw_lights(const struct data *d, int cols, struct line *l)
{
	static const struct {
		enum form form;
		int gap;
	} try[] = { { FULL, 3 },  { FULL, 2 },	{ FULL, 1 },  { FULL, 0 },
		    { BRIEF, 3 }, { BRIEF, 2 }, { BRIEF, 1 }, { BRIEF, 0 },
		    { SHORT, 0 }, { QUIET, 0 }, { NAMES, 0 } };
	struct line all;

	for (size_t i = 0; i < sizeof(try) / sizeof(*try); i++) {
		line_init(&all, LINE_COLS);
		if (try[i].form > SHORT && cols < ALL_LIGHTS_COLS)
			some_lights(d, &all);
		else
			lights(d, &all, try[i].form, try[i].gap);
		if (all.cols <= cols)
			break;
	}
	line_init(l, cols);
	line_join(l, &all);
}

void view_header(const struct data *d, int cols, struct line line[2])
{
	struct line right;

	right_side(d, cols, &right);
	line_init(&line[1], cols);
	line_init(&line[0], cols);
	line[0].width = (uint16_t)(line[0].width > right.cols ? line[0].width - right.cols : 0);
	names(d, &line[0]);
	line_pad_to(&line[0], line[0].width);
	line[0].width = right.width;
	line_join(&line[0], &right);

	if (d->snap.mono_ns)
		draw_lights(d, cols, &line[1]);
	if (panel_stale(d, d->live.mono_ns))
		line_all(&line[1], LOOK_STALE);
}

#define TROUBLE_ENDS 4 /* " ! " before it and a blank behind */
#define TROUBLE_KEY  "[f] "

/* The key that mends it and what it does, at the end of the row; the key alone where there is no
 * room for more. Columns that it takes. */
static int fix_hint(const struct data *d, int cols, char *hint, size_t size)
{
	const char *fix = d->snap.fix;
	int text = line_cols(d->snap.status) + TROUBLE_ENDS;

	*hint = 0;
	if (!*fix)
		return 0;
	snprintf(hint, size, TROUBLE_KEY "%.*s%s ", (int)fix_whole(fix), fix,
		 fix[fix_whole(fix)] ? "..." : "");
	if (text + line_cols(hint) > cols)
		snprintf(hint, size, TROUBLE_KEY);
	return line_cols(hint);
}

/* Before what is too long is cut, its longest word is made a short one. */
static void shortened(const char *status, char *buf, size_t size)
{
	static const char unit[] = "packets/s";
	size_t n = 0;

	for (*buf = 0; *status && n + sizeof(unit) < size; buf[n] = 0) {
		bool is = !strncmp(status, unit, sizeof(unit) - 1);

		if (is)
			n += (size_t)snprintf(buf + n, size - n, "pps");
		else
			buf[n++] = *status;
		status += is ? sizeof(unit) - 1 : 1;
	}
}

/* No trouble, and nobody need hurry: the list's file is another one than the list in force. */
static void list_offer(const struct snap_offer *o, int cols, struct line *line)
{
	static const char keys[] = "[L] load it, :allow diff ";

	line_fmt(line, LOOK_WARN, " * The list on disk has changed: +%u -%u", o->added, o->removed);
	if (o->relabelled)
		line_fmt(line, LOOK_WARN, ", %u relabelled", o->relabelled);
	if (o->pps) {
		line_str(line, LOOK_WARN, ", would deny ");
		line_number(line, LOOK_WARN, 0, o->pps);
		line_str(line, LOOK_WARN, " pps");
	}
	line_left(line, LOOK_WARN, cols - line->cols - line_cols(keys), "");
	line_str(line, LOOK_KEY, keys);
}

/* A day and more ago the day matters. */
static void kept_offer(const struct snapshot *s, int cols, struct line *line)
{
	const char *keys = cols < 78 ? "[J] :journal " : "[J] re-apply, :journal discard ";
	int64_t age = s->real_ns - s->kept.real_ns;
	char at[WHEN_TEXT];

	if (age > 86400LL * 1000000000)
		snprintf(at, sizeof(at), "%lld days ago", (long long)(age / 86400000000000LL));
	else
		when_clock(s->kept.real_ns, at);
	line_fmt(line, LOOK_WARN, " * %u unsaved change%s of %.*s%s", s->kept.n,
		 s->kept.n == 1 ? "" : "s", at[2] == ':' ? 5 : WHEN_TEXT, at,
		 s->kept.partly ? ", not all" : "");
	line_left(line, LOOK_WARN, cols - line->cols - line_cols(keys), "");
	line_str(line, LOOK_KEY, keys);
}

void view_trouble(const struct data *d, int cols, struct line *line)
{
	const char *status = d->snap.status;
	char hint[sizeof(d->snap.fix) + 16], text[sizeof(d->snap.status)];
	int keep;

	line_init(line, cols);
	if (!*status && d->live.kept.n) {
		kept_offer(&d->live, cols, line);
		return;
	}
	if (!*status && d->live.offer.real_ns) {
		list_offer(&d->live.offer, cols, line);
		return;
	}
	if (!*status) {
		line_rule(line);
		return;
	}
	keep = fix_hint(d, cols, hint, sizeof(hint));
	snprintf(text, sizeof(text), "%s", status);
	if (line_cols(text) > cols - keep - TROUBLE_ENDS)
		shortened(status, text, sizeof(text));
	line_str(line, LOOK_BAD, " ! ");
	line_left(line, LOOK_BAD, cols - keep - TROUBLE_ENDS, text);
	line_str(line, LOOK_BAD, " ");
	line_str(line, LOOK_KEY, hint);
}

void view_too_small(int rows, int cols, struct line *line)
{
	line_init(line, cols);
	line_fmt(line, LOOK_PLAIN, "need %dx%d, have %dx%d", LAYOUT_MIN_COLS, LAYOUT_MIN_ROWS, cols,
		 rows);
}

/* " d nat del KEY" where that fits whole. */
static void key_hint(struct line *l, const char *key, const char *what)
{
	if (l->cols + 2 + line_cols(key) + line_cols(what) > l->width)
		return;
	line_fmt(l, LOOK_KEY, " %s", key);
	line_fmt(l, LOOK_PLAIN, " %s", what);
}

static void keys_of_view(const struct view *v, struct line *l)
{
	char name[8];

	for (int i = 0; i < UI_N_KEYS; i++)
		if (!strcmp(keys_table[i].where, v->name) && keys_table[i].command)
			key_hint(l, keys_name(keys_table[i].key, name), keys_table[i].command);
}

/* The keys of the views; named all, or the one that is looked at. */
static void keys_of_views(const struct view *v, struct line *l, bool all)
{
	static const char *const key = "1234567890?", *const brief[] = { "over",   "allow",  "nat",
									 "work",   "src",    "nics",
									 "strays", "events", "vnis",
									 "why",	   "help" };

	for (unsigned i = 0; i < n_views; i++) {
		line_fmt(l, LOOK_KEY, " %c", key[i]);
		if (views[i] == v)
			line_fmt(l, LOOK_CURSOR, "[%s]", brief[i]);
		else if (all)
			line_fmt(l, LOOK_PLAIN, " %s", brief[i]);
	}
}

void view_footer(const struct view *v, const struct data *d, int cols, struct line *line)
{
	int all;

	(void)d;
	line_init(line, LINE_COLS);
	keys_of_views(v, line, true);
	keys_of_view(v, line);
	all = line->cols;
	line_init(line, cols);
	keys_of_views(v, line, all + 7 <= cols); /* " q quit" */
	keys_of_view(v, line);
	key_hint(line, "q", "quit");
	key_hint(line, ":", "cmd");
	key_hint(line, "Space", "freeze");
	key_hint(line, "m", "mark");
	key_hint(line, "/", "filter");
	key_hint(line, "s", "sort");
	key_hint(line, "c", "seen");
	key_hint(line, "D", "dump");
}

void view_footer_prompt(int cols, struct line *line)
{
	line_init(line, cols);
	key_hint(line, "Enter", "run");
	key_hint(line, "Esc", "view");
	key_hint(line, "Tab", "complete");
	key_hint(line, "Up", "history");
	key_hint(line, "Ctrl-R", "search");
	key_hint(line, "Ctrl-C", "clear");
}
