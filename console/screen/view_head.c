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

/* "LEDGER ok"; latched: "RING 100% 02:51-02:53", with a sign that it needs no colour to be seen. */
static void light(struct line *l, enum snap_light_id id, const struct snap_light *now, int gap)
{
	char from[WHEN_TEXT], to[WHEN_TEXT];

	line_left(l, LOOK_PLAIN, l->cols && gap > 0 ? gap : 1, "");
	if (now->latched == LIGHT_OK || now->state >= now->latched) {
		line_fmt(l, now->state == LIGHT_OK ? LOOK_PLAIN : look_of(now->state), "%s%s",
			 now->state == LIGHT_OK ? "" : "!", snapshot_light_name(id));
		line_fmt(l, look_of(now->state), " %s", now->text);
		return;
	}
	line_fmt(l, look_of(now->latched), "!%s %s %.5s-%.5s", snapshot_light_name(id),
		 now->latched_text, when_clock(now->from_real_ns, from),
		 when_clock(now->to_real_ns, to));
	if (gap > 2)
		line_fmt(l, look_of(now->state), " now %s", now->text);
}

/* "RING 100% (12000 ms)": its length changes all the time, and those behind it should stay where
 * they are. */
#define RING_COLS 20

static bool is_calm(const struct snap_light *l)
{
	return l->state == LIGHT_OK && l->latched == LIGHT_OK;
}

/* Columns between them; 0: as near as can be; TOO_NEAR: they will be cut, so those that matter come
 * first. */
#define TOO_NEAR (-1)

static void lights(const struct data *d, struct line *l, int gap)
{
	for (int k = 0; k < SNAP_N_LIGHTS * (gap == TOO_NEAR ? 2 : 1); k++) {
		int i = k % SNAP_N_LIGHTS, end = l->cols + (l->cols ? gap : 1) + RING_COLS;
		bool live = i == LIGHT_LEAK || i == LIGHT_LEDGER;
		const struct snap_light *now = live ? &d->live.light[i] : &d->snap.light[i];

		if (gap == TOO_NEAR && is_calm(now) != (k >= SNAP_N_LIGHTS))
			continue;
		light(l, (enum snap_light_id)i, now, gap);
		if (i == LIGHT_RING && gap > 0)
			line_left(l, LOOK_PLAIN, end - l->cols, "");
	}
}

void view_header(const struct data *d, int cols, struct line line[2])
{
	struct line right, all;

	right_side(d, cols, &right);
	line_init(&line[1], cols);
	line_init(&line[0], cols);
	line[0].width = (uint16_t)(line[0].width > right.cols ? line[0].width - right.cols : 0);
	names(d, &line[0]);
	line_pad_to(&line[0], line[0].width);
	line[0].width = right.width;
	line_join(&line[0], &right);

	for (int gap = 3; gap >= TOO_NEAR && d->snap.mono_ns; gap--) {
		line_init(&line[1], LINE_COLS);
		lights(d, &line[1], gap);
		if (line[1].cols <= cols)
			break;
	}
	all = line[1];
	line_init(&line[1], cols);
	line_join(&line[1], &all);
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
