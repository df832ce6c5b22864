// SPDX-License-Identifier: GPL-2.0-only
/*
 * Readline without a terminal: whole keys go in through a queue, and what it has in its line is
 * drawn by prompt_draw.c. It is given no signal, no environment, no terminal to prepare and nothing
 * to write to. One prompt a process, as readline's state is global. [screen]
 */
#include "screen/prompt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "screen/prompt_draw.h"
#include "screen/prompt_keys.h"
#include "screen/prompt_setup.h"
#include "screen/prompt_store.h"
#include "screen/prompt_words.h"

#define ESC_WAIT_MS 100
#define IN_A_KEY    (RL_STATE_ISEARCH | RL_STATE_MULTIKEY)

static struct prompt {
	bool open, in_line;
	struct prompt_events ev;
	void *ctx;
	FILE *null;
	struct prompt_keys keys;
	unsigned char queue[sizeof(
		((struct prompt_keys *)0)->part)]; /* the key that readline is given now */
	size_t head, tail;
	char *file;
	char *next; /* what the next line begins with, and where its cursor is */
	int next_point;
	char *pasted,
		*more; /* lines of a paste that were not run yet: the block, and the rest of it */
	char *text;    /* the completions shown: their text, ... */
	struct prompt_choice *choice;
	size_t choices, first, shown;
	int scroll;
} p;

/* --- what readline calls --- */

static int take_byte(FILE *unused)
{
	(void)unused;
	return p.head < p.tail ? p.queue[p.head++] : EOF;
}

static int bytes_waiting(void)
{
	return p.head < p.tail;
}

static int begin_line(void)
{
	if (p.next) {
		rl_insert_text(p.next);
		rl_point = p.next_point < rl_end ? p.next_point : rl_end;
	}
	free(p.next);
	p.next = NULL;
	return 0;
}

/* --- lines --- */

static void hide_choices(void)
{
	free(p.choice);
	free(p.text);
	p.choice = NULL;
	p.text = NULL;
	p.choices = p.first = p.shown = 0;
}

static void drop_paste(void)
{
	free(p.pasted);
	p.pasted = p.more = NULL;
}

/* The next line of a paste, blanks left out; NULL and *rest unchanged: there is none. Cuts it off
 * with a 0. */
static char *pasted_line(char **rest)
{
	char *line = *rest + strspn(*rest, " \n"), *end = strchrnul(line, '\n');

	if (!*line)
		return NULL;
	*rest = *end ? end + 1 : end;
	*end = 0;
	return line;
}

static char *next_pasted(void)
{
	char *line = p.more ? pasted_line(&p.more) : NULL;

	if (!line)
		drop_paste();
	return line;
}

static size_t pasted_lines(void)
{
	const char *c = p.more ? p.more : "";
	size_t n = 0;

	while (*(c += strspn(c, " \n"))) {
		n++;
		c = strchrnul(c, '\n');
	}
	return n;
}

static void begin_next_with(const char *text, int point)
{
	free(p.next);
	p.next = strdup(text);
	p.next_point = point;
}

static void remember(const char *text)
{
	const HIST_ENTRY *last = history_get(history_base + history_length - 1);

	if (!last || strcmp(last->line, text))
		add_history(text);
	/* A history that cannot be kept is no reason to fail a command. */
	if (p.file && prompt_store_add(p.file, text) < 0)
		p.file[0] = 0;
}

static void drop_all(void)
{
	drop_paste();
	hide_choices();
}

static void leave(void)
{
	drop_all();
	if (p.ev.leave)
		p.ev.leave(p.ctx);
}

/* Help, manual and offers write commands as ":set NAME VALUE": what is typed or pasted like that is
 * the same command. */
static const char *command_in(const char *line)
{
	return line + strspn(line, " \t:");
}

/* Enter. NULL: Ctrl-D on an empty line, which changes nothing there. Readline empties its line
 * after this; begin_line() fills the next one. */
static void run_line(char *text)
{
	const char *command, *pasted;
	int point = rl_point;

	if (!text) {
		drop_all();
		return;
	}
	command = command_in(text);
	if (!*command) {
		free(text);
		leave();
		return;
	}
	p.in_line = true;
	if (!p.ev.line(p.ctx, command)) {
		if (p.open && !p.next)
			begin_next_with(text, point);
	} else if (p.open) {
		remember(command);
		pasted = p.next ? NULL : next_pasted();
		if (pasted)
			begin_next_with(pasted, (int)strlen(pasted));
	}
	p.in_line = false;
	free(text);
}

/* --- completion --- */

static void replace_word(size_t start, const char *word, bool whole)
{
	char *quoted = prompt_words_quote(word, whole);

	if (!quoted)
		return;
	rl_begin_undo_group();
	rl_delete_text((int)start, rl_point);
	rl_point = (int)start;
	rl_insert_text(quoted);
	if (whole && rl_line_buffer[rl_point] != ' ')
		rl_insert_text(" ");
	rl_end_undo_group();
	free(quoted);
}

/* A word that is sure goes in whole; of several, what they have in common. */
static void put_choice(size_t start, const char *typed)
{
	const char *word = p.choice[0].word;
	size_t same = prompt_words_common(p.choice, p.choices), n = strlen(typed);
	char *common;

	if (p.choices == 1) {
		char last = *word ? word[strlen(word) - 1] : 0;

		replace_word(start, word, last != '/' && last != '='); /* those go on */
		hide_choices();
	} else if (same > n && !strncmp(word, typed, n) && (common = strndup(word, same))) {
		replace_word(start, common, false);
		free(common);
	}
}

/* Tab. Again: the next page of what is shown. */
static int complete_word(int count, int key)
{
	char typed[512], *head;
	size_t start, skip = (size_t)(command_in(rl_line_buffer) - rl_line_buffer);

	(void)count;
	if (skip > (size_t)rl_point)
		skip = (size_t)rl_point;
	if (rl_last_func == complete_word && p.shown && p.shown < p.choices) {
		p.first = p.first + p.shown < p.choices ? p.first + p.shown : 0;
		return key != '\t';
	}
	hide_choices();
	head = strndup(rl_line_buffer + skip, (size_t)rl_point - skip);
	if (!head || !p.ev.complete)
		goto out;
	start = skip + prompt_words_last(head, strlen(head), typed, sizeof(typed));
	p.text = p.ev.complete(p.ctx, head);
	if (p.text)
		p.choices = prompt_words_choices(p.text, &p.choice);
	if (p.choices)
		put_choice(start, typed);
	else
		hide_choices();
out:
	free(head);
	return 0;
}

/* --- keys --- */

static void give(const char *bytes, size_t n)
{
	memcpy(p.queue, bytes, n);
	p.head = 0;
	p.tail = n;
	while (p.open && p.head < p.tail)
		rl_callback_read_char();
}

/* Ends a search or half a key sequence; the line stays as it is. */
static void end_key(void)
{
	if (RL_ISSTATE(IN_A_KEY))
		give(RL_ISSTATE(RL_STATE_ISEARCH) ? "\033" : "\007", 1);
}

/* Gives up the line, as a kill (Ctrl-Y), and one's place in the history. */
static void fresh_line(void)
{
	if (rl_end)
		rl_kill_full_line(1, 0);
	rl_callback_sigcleanup();
	rl_free_line_state();
	rl_callback_handler_install("> ", run_line);
}

static void escape(void)
{
	if (RL_ISSTATE(IN_A_KEY))
		end_key();
	else if (p.choices)
		hide_choices();
	else if (rl_end)
		fresh_line();
	else
		leave();
}

/* Ctrl-C, and Ctrl-G where there is nothing smaller to give up. Who gives up a line goes on typing:
 * what comes next must not become keys of the view. */
static void give_up(void)
{
	if (RL_ISSTATE(IN_A_KEY))
		give("\007", 1);
	fresh_line();
	drop_all();
}

static void insert_paste(const char *bytes, size_t n)
{
	const char *line;

	end_key();
	hide_choices();
	drop_paste();
	p.pasted = p.more = strndup(bytes, n);
	for (char *c = p.pasted; c && *c; c++)
		if (*c == '\t')
			*c = ' ';
	line = next_pasted();
	if (line)
		rl_insert_text(line);
}

/* Unbound sequences would leave their tails in the line. */
static bool is_bound(const char *seq, size_t n)
{
	int type = 0;

	return rl_function_of_keyseq_len(seq, n, rl_get_keymap(), &type) && type != ISKMAP;
}

/* A key of several (Ctrl-X begins some) ends a search and then does its own work. Readline would do
 * both in one step, which in version 8.2 can leave it without the memory of what it is in. */
static void give_key(const char *bytes, size_t n)
{
	if (RL_ISSTATE(RL_STATE_ISEARCH) && (*bytes == '\033' || *bytes == '\030'))
		end_key();
	give(bytes, n);
}

static void on_key(enum prompt_key kind, const char *bytes, size_t n)
{
	bool tab = kind == PROMPT_KEY_TEXT && *bytes == '\t';

	if (!p.open)
		return;
	if (kind == PROMPT_KEY_PASTE)
		insert_paste(bytes, n);
	else if (kind == PROMPT_KEY_ESC)
		escape();
	else if (kind == PROMPT_KEY_TEXT &&
		 (*bytes == '\003' || (*bytes == '\007' && !RL_ISSTATE(IN_A_KEY))))
		give_up();
	else if (kind == PROMPT_KEY_TEXT || is_bound(bytes, n))
		give_key(bytes, n);
	if (p.open && !tab && kind != PROMPT_KEY_ESC)
		hide_choices();
}

void prompt_feed(const char *bytes, size_t n)
{
	if (p.open)
		prompt_keys_feed(&p.keys, bytes, n);
}

int prompt_timeout(void)
{
	return p.open && prompt_keys_pending(&p.keys) ? ESC_WAIT_MS : -1;
}

void prompt_expire(void)
{
	if (p.open)
		prompt_keys_expire(&p.keys);
}

/* --- opening and closing --- */

static void load_history(void)
{
	char **lines = p.file ? prompt_store_load(p.file) : NULL;

	using_history();
	stifle_history(PROMPT_STORE_LINES);
	for (size_t i = 0; lines && lines[i]; i++)
		add_history(lines[i]);
	prompt_store_free(lines);
}

int prompt_open(const struct prompt_events *ev, void *ctx, const char *history_file,
		struct vx_err *err)
{
	struct prompt_hooks hooks = { take_byte, bytes_waiting, begin_line, complete_word, NULL };

	p = (struct prompt){ .ev = *ev, .ctx = ctx };
	p.null = fopen("/dev/null", "r+e");
	if (!p.null)
		return vx_err_set(err, -errno, "/dev/null: %s", strerror(errno));
	if (history_file && !(p.file = strdup(history_file))) {
		fclose(p.null);
		return vx_err_set(err, -ENOMEM, "no memory");
	}
	hooks.null = p.null;
	p.open = true;
	prompt_keys_init(&p.keys, on_key);
	prompt_setup(&hooks);
	load_history();
	rl_callback_handler_install("> ", run_line);
	return 0;
}

void prompt_close(void)
{
	if (!p.open)
		return;
	end_key();
	p.open = false;
	rl_callback_sigcleanup();
	rl_free_line_state();
	rl_callback_handler_remove();
	rl_clear_history(); /* and what it knows to undo */
	if (history_list())
		*history_list() = NULL; /* it leaves the freed ones in the list */
	fclose(p.null);
	rl_instream = rl_outstream = p.null = NULL;
	prompt_keys_fini(&p.keys);
	hide_choices();
	drop_paste();
	free(p.next);
	free(p.file);
	p.next = p.file = NULL;
}

/* --- what the screen asks --- */

void prompt_set(const char *text)
{
	if (p.in_line) { /* readline is about to empty the line */
		begin_next_with(text, (int)strlen(text));
		return;
	}
	end_key();
	hide_choices();
	drop_paste();
	rl_begin_undo_group();
	rl_delete_text(0, rl_end);
	rl_point = 0;
	rl_insert_text(text);
	rl_end_undo_group();
}

void prompt_draw(int cols, struct line *l, int *cursor)
{
	const char *before = rl_display_prompt ? rl_display_prompt : "";

	prompt_draw_line(before, p.open ? rl_line_buffer : "", p.open ? (size_t)rl_point : 0, cols,
			 &p.scroll, l, cursor);
}

int prompt_choices(int rows, int cols, struct line *lines)
{
	size_t waiting = pasted_lines();

	if (waiting && rows > 0) {
		line_init(lines, cols);
		line_fmt(lines, LOOK_DIM,
			 "  %zu more pasted line%s: Enter runs this one and brings the next, "
			 "Ctrl-C drops them",
			 waiting, waiting == 1 ? "" : "s");
		return 1;
	}
	return prompt_draw_choices(p.choice + p.first, p.choices - p.first, p.first, rows, cols,
				   lines, &p.shown);
}

bool prompt_empty(void)
{
	return !rl_end;
}
