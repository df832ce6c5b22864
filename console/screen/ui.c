// SPDX-License-Identifier: GPL-2.0-only
/*
 * The operator's side: bytes become keys of the list, or go to the command line, a filter or a
 * question, whichever has the focus. A key that changes something is a command line, run like one
 * that was typed. [screen]
 */
#include "screen/ui_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/fix.h"
#include "screen/prompt.h"

#define ESCAPE_MS   50		 /* a sequence is whole by then */
#define QUESTION_NS 300000000ULL /* an Enter that was on its way answers no question */

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

void ui_say(struct ui *ui, bool error, const char *text)
{
	snprintf(ui->d->said, sizeof(ui->d->said), "%s", text);
	ui->d->said_error = error;
}

static void fail(struct ui *ui, const struct vx_err *err)
{
	ui_say(ui, true, err->msg);
}

/* --- commands --- */

static void run(struct ui *ui, const char *line, bool yes)
{
	struct vx_err err;
	char shown[sizeof(ui->d->said)];

	snprintf(shown, sizeof(shown), "> %s", line);
	ui_say(ui, false, shown);
	ui_output_close(ui);
	if (talk_command(ui->t, line, yes, &err) < 0)
		fail(ui, &err);
}

static void ask(struct ui *ui, enum ui_focus what, const char *line, const char *question)
{
	ui->before = ui->focus == FOCUS_PROMPT ? FOCUS_PROMPT : FOCUS_LIST;
	ui->focus = what;
	ui->asked_ns = now_ns();
	free(ui->asked);
	ui->asked = strdup(line);
	snprintf(ui->question, sizeof(ui->question), "%s", question);
}

/* One question says all that stopping would cost, so that the engine need not ask again. */
static void ask_to_leave(struct ui *ui)
{
	const struct snapshot *live = &ui->d->live;
	char question[sizeof(ui->question)], unsaved[64] = "";

	if (live->unsaved)
		snprintf(unsaved, sizeof(unsaved), ", %u change%s not saved", live->unsaved,
			 live->unsaved == 1 ? " is" : "s are");
	if (ui->d->may_write)
		snprintf(question, sizeof(question),
			 "Leave: Enter lets the engine run on, s stops it (%llu packets/s are no "
			 "longer "
			 "sent%s), any other key stays",
			 (unsigned long long)live->out_pps, unsaved);
	else
		snprintf(question, sizeof(question),
			 "Leave: Enter (the engine runs on), any other key stays");
	ask(ui, FOCUS_LEAVE, "", question);
}

/* The first line of an answer stands above the keys; the whole, when it has more, where the view
 * was. */
static void show_answer(struct ui *ui, const struct wire_reply *reply)
{
	size_t first = strcspn(reply->text, "\n");
	char line[sizeof(ui->d->said)];

	snprintf(line, sizeof(line), "%.*s", (int)(first < 200 ? first : 200), reply->text);
	if (reply->text[first] && reply->text[first + 1])
		ui_output_open(ui, reply->text);
	else
		ui_say(ui, false, line);
}

void ui_answer(void *ctx, const char *line, const struct wire_reply *reply)
{
	struct ui *ui = ctx;

	if (reply->kind == WIRE_ASK) {
		ask(ui, FOCUS_ASK, reply->line ? reply->line : line, reply->text);
	} else if (reply->kind == WIRE_ERROR) {
		ui_say(ui, true, reply->text);
		ui->stopping = false;
		if (ui->focus == FOCUS_PROMPT && !ui->completing && prompt_empty())
			prompt_set(line);
	} else {
		show_answer(ui, reply);
	}
	ui_fetch_now(ui); /* the change is to be seen at once */
}

/* --- questions --- */

static void end_question(struct ui *ui)
{
	ui->focus = ui->before;
	ui->question[0] = 0;
}

static void stop_engine(struct ui *ui)
{
	end_question(ui);
	ui->stopping = true;
	run(ui, "quit", true);
}

/* Any key that is no answer cancels: who did not see the question is typing something else, and an
 * Enter at its end must not be taken for a yes. */
static void key_of_question(struct ui *ui, int key)
{
	bool leave = ui->focus == FOCUS_LEAVE;

	if (leave && (key == '\r' || key == 'q' || key == 'l')) {
		ui->end = UI_LEAVES;
	} else if (leave && key == 's' && ui->d->may_write) {
		stop_engine(ui);
	} else if (leave || key != '\r') {
		end_question(ui);
		ui_say(ui, false, leave ? "" : "cancelled, nothing was changed");
	} else if (now_ns() - ui->asked_ns > QUESTION_NS) {
		end_question(ui);
		if (ui->asked)
			run(ui, ui->asked, true);
		else
			ui_say(ui, true, "no memory");
	}
}

/* --- the command line --- */

static bool on_line(void *ctx, const char *text)
{
	struct ui *ui = ctx;
	size_t n = strspn(text, " \t");

	if (!text[n])
		return true;
	if (!strcmp(text + n, "quit"))
		ask_to_leave(ui);
	else
		run(ui, text, false);
	return true;
}

static char *on_complete(void *ctx, const char *text)
{
	struct ui *ui = ctx;
	char *found;

	ui->completing = true;
	found = talk_complete(ui->t, text);
	ui->completing = false;
	return found;
}

static void on_leave(void *ctx)
{
	struct ui *ui = ctx;

	ui->focus = FOCUS_LIST;
}

void ui_prompt(struct ui *ui, const char *text)
{
	ui->focus = FOCUS_PROMPT;
	if (text)
		prompt_set(text);
}

/* What can be run is run; what has to be completed goes into the command line up to there; a
 * shell's is the operator's to run, as the screen has no rights. */
bool ui_fix_line(struct ui *ui, char *line)
{
	size_t whole = fix_whole(line);
	char text[200];

	if (fix_is_shell(line)) {
		snprintf(text, sizeof(text), "in a shell: %s", line);
		ui_say(ui, false, text);
		return false;
	}
	if (!line[whole])
		return true;
	line[whole] = 0;
	ui_prompt(ui, line);
	return false;
}

bool ui_fix(struct ui *ui, char *line, size_t size)
{
	if (!ui->d->snap.fix[0]) {
		ui_say(ui, false, "no command is known that would mend anything now");
		return false;
	}
	snprintf(line, size, "%s", ui->d->snap.fix);
	return ui_fix_line(ui, line);
}

/* An engine that was started without a rule sends nothing: as soon as it is known what arrives, the
 * rule is offered, once, and not to somebody who is busy. */
void ui_news(struct ui *ui)
{
	const struct snapshot *s = &ui->d->live;
	char line[sizeof(s->fix)];

	if (s->nat_rules || !ui->d->may_write)
		ui->offered = true;
	if (ui->offered || strncmp(s->fix, "nat add ", 8) != 0 || ui->focus != FOCUS_LIST ||
	    ui->output || !prompt_empty())
		return;
	ui->offered = true;
	snprintf(line, sizeof(line), "%.*s", (int)fix_whole(s->fix), s->fix);
	ui_prompt(ui, line);
	ui_say(ui, false,
	       "the first rule: type where it goes, ADDRESS:PORT, then Enter; Esc Esc leaves it");
}

/* --- the filter --- */

static void filter_byte(char *filter, size_t size, char c)
{
	size_t n = strlen(filter);

	if (c == 0x7f || c == 0x08) {
		while (n && ((unsigned char)filter[n - 1] & 0xc0) == 0x80)
			filter[--n] = 0;
		if (n)
			filter[n - 1] = 0;
	} else if (c == 0x15) {
		*filter = 0;
	} else if ((unsigned char)c >= 0x20 && n + 1 < size) {
		filter[n] = c;
		filter[n + 1] = 0;
	}
}

/* Takes the bytes up to the end of a key. */
static void bytes_of_filter(struct ui *ui, const char *bytes, size_t n, int key)
{
	struct view_state *s = &ui->state[ui->view];

	if (key == KEY_ESCAPE || key == 0x03)
		s->filter[0] = 0;
	if (key == KEY_ESCAPE || key == 0x03 || key == '\r') {
		ui->focus = FOCUS_LIST;
		return;
	}
	for (size_t i = 0; *bytes != KEY_ESCAPE && i < n; i++)
		filter_byte(s->filter, sizeof(s->filter), bytes[i]);
	s->cursor = s->top = 0;
}

/* --- bytes --- */

static void key_of_list(struct ui *ui, int key)
{
	char line[512];

	if (ui_key_of_view(ui, key, line, sizeof(line)))
		run(ui, line, false);
	else if (ui_key_global(ui, key, line, sizeof(line)))
		run(ui, line, false);
	else if (ui->quit_wanted)
		ask_to_leave(ui);
	ui->quit_wanted = false;
}

/* One key off the bytes that came; 0: it is not whole. */
static size_t take_key(struct ui *ui, bool last)
{
	size_t used;
	int key = keys_decode(ui->in, ui->n_in, last, &used);

	if (key == KEY_NONE)
		return 0;
	if (key == KEY_PASTE_ON || key == KEY_PASTE_OFF)
		ui->pasting = key == KEY_PASTE_ON;
	else if (ui->pasting && ui->focus != FOCUS_FILTER)
		; /* text that was meant for elsewhere is no row of keys, and answers no question */
	else if (key == 0x1a)
		ui->suspend = true;
	else if (key == 0x0c)
		ui->redraw = true;
	else if (ui->focus == FOCUS_FILTER)
		bytes_of_filter(ui, ui->in, used, key);
	else if (ui->focus == FOCUS_LIST)
		key_of_list(ui, key);
	else
		key_of_question(ui, key);
	return used;
}

static void drop_bytes(struct ui *ui, size_t n)
{
	ui->n_in -= n;
	memmove(ui->in, ui->in + n, ui->n_in);
	ui->in[ui->n_in] = 0;
}

/* Ctrl-Z and Ctrl-L, pressed alone, are the screen's in the command line, too. */
static size_t feed_prompt(struct ui *ui)
{
	size_t n = ui->n_in;

	ui->pasting = false; /* the end of one that began in the list comes here */
	if (n == 1 && ui->in[0] == 0x1a)
		ui->suspend = true;
	else if (n == 1 && ui->in[0] == 0x0c)
		ui->redraw = true;
	else
		prompt_feed(ui->in, n);
	return n;
}

static void take_bytes(struct ui *ui, bool last)
{
	size_t used = 1;

	while (ui->n_in && used) {
		used = ui->focus == FOCUS_PROMPT ? feed_prompt(ui) : take_key(ui, last);
		drop_bytes(ui, used);
	}
}

void ui_bytes(struct ui *ui, const char *bytes, size_t n)
{
	ui->bytes_ns = now_ns();
	while (n) {
		size_t room = sizeof(ui->in) - 1 - ui->n_in, some = n < room ? n : room;

		memcpy(ui->in + ui->n_in, bytes, some);
		ui->n_in += some;
		ui->in[ui->n_in] = 0;
		bytes += some;
		n -= some;
		take_bytes(ui, !some);
	}
}

int ui_timeout(const struct ui *ui)
{
	int wait = ui->focus == FOCUS_PROMPT ? prompt_timeout() : ui->n_in ? ESCAPE_MS : -1;
	uint64_t waited = (now_ns() - ui->bytes_ns) / 1000000;

	if (wait < 0)
		return -1;
	return waited < (uint64_t)wait ? wait - (int)waited : 0;
}

void ui_expire(struct ui *ui)
{
	if (ui->focus == FOCUS_PROMPT)
		prompt_expire();
	else
		take_bytes(ui, true);
}

/* --- open and close --- */

int ui_new(struct ui **out, struct data *d, const char *history, struct vx_err *err)
{
	static const struct prompt_events events = { on_line, on_complete, on_leave };
	struct ui *ui = calloc(1, sizeof(*ui));
	int r;

	if (!ui)
		return vx_err_set(err, -ENOMEM, "screen: no memory");
	ui->d = d;
	ui_views_init(ui);
	r = prompt_open(&events, ui, history, err);
	if (r < 0) {
		free(ui);
		return r;
	}
	*out = ui;
	return 0;
}

void ui_free(struct ui *ui)
{
	if (!ui)
		return;
	prompt_close();
	ui_output_close(ui);
	ui_views_fini(ui);
	free(ui->asked);
	free(ui->lines);
	free(ui);
}

void ui_set_talk(struct ui *ui, struct talk *t)
{
	ui->t = t;
}

enum ui_end ui_end(const struct ui *ui)
{
	return ui->end;
}

bool ui_stopping(const struct ui *ui)
{
	return ui->stopping;
}

bool ui_takes_suspend(struct ui *ui)
{
	bool was = ui->suspend;

	ui->suspend = false;
	return was;
}

bool ui_takes_redraw(struct ui *ui)
{
	bool was = ui->redraw;

	ui->redraw = false;
	return was;
}
