// SPDX-License-Identifier: GPL-2.0-only
/*
 * What readline may do here: edit a line, walk and search the history. No signals, no environment,
 * no terminal, no files, and none of the commands that its callback interface does not do well.
 * [screen]
 */
#include "screen/prompt_setup.h"

#include <stdlib.h>

#include <readline/readline.h>

static void nothing(void)
{
}

static void prepare_nothing(int meta)
{
	(void)meta;
}

/* Keys that terminals send and readline does not know without asking terminfo. */
static void bind_keys(rl_command_func_t *tab)
{
	static const struct {
		const char *seq;
		rl_command_func_t *fn;
	} key[] = {
		{ "\033[H", rl_beg_of_line },	   { "\033[1~", rl_beg_of_line },
		{ "\033[7~", rl_beg_of_line },	   { "\033OH", rl_beg_of_line },
		{ "\033[F", rl_end_of_line },	   { "\033[4~", rl_end_of_line },
		{ "\033[8~", rl_end_of_line },	   { "\033OF", rl_end_of_line },
		{ "\033[3~", rl_delete },	   { "\033[A", rl_get_previous_history },
		{ "\033[B", rl_get_next_history }, { "\033[C", rl_forward_char },
		{ "\033[D", rl_backward_char },	   { "\033OA", rl_get_previous_history },
		{ "\033OB", rl_get_next_history }, { "\033OC", rl_forward_char },
		{ "\033OD", rl_backward_char },	   { "\033[1;5C", rl_forward_word },
		{ "\033[1;5D", rl_backward_word }, { "\033[1;3C", rl_forward_word },
		{ "\033[1;3D", rl_backward_word },
	};
	/*
	 * What would write, run a file, change the mode, or let control bytes into the line. And
	 * counts, character searches and the other history searches: with callbacks, version 8.2
	 * can be led by them into memory that is not there.
	 */
	static rl_command_func_t *const unwanted[] = {
		rl_vi_editing_mode,	  rl_re_read_init_file,
		rl_quoted_insert,	  rl_insert_comment,
		rl_operate_and_get_next,  rl_clear_screen,
		rl_clear_display,	  rl_possible_completions,
		rl_insert_completions,	  rl_complete,
		rl_tilde_expand,	  rl_start_kbd_macro,
		rl_end_kbd_macro,	  rl_call_last_kbd_macro,
		rl_digit_argument,	  rl_universal_argument,
		rl_char_search,		  rl_backward_char_search,
		rl_noninc_forward_search, rl_noninc_reverse_search,
	};
	Keymap all[] = { emacs_standard_keymap, emacs_meta_keymap, emacs_ctlx_keymap };

	for (size_t i = 0; i < sizeof(unwanted) / sizeof(*unwanted); i++)
		for (size_t k = 0; k < sizeof(all) / sizeof(*all); k++)
			rl_unbind_function_in_map(unwanted[i], all[k]);
	for (size_t i = 0; i < sizeof(key) / sizeof(*key); i++)
		rl_bind_keyseq(key[i].seq, key[i].fn);
	rl_bind_key('\t', tab);
}

void prompt_setup(const struct prompt_hooks *h)
{
	setenv("INPUTRC", "/dev/null", 1); /* the keys of the help page are the keys */
	rl_readline_name = "vxconsole";
	rl_catch_signals = 0;
	rl_catch_sigwinch = 0;
	rl_change_environment = 0; /* else LINES and COLUMNS freeze the sizes of curses */
	rl_prep_term_function = prepare_nothing;
	rl_deprep_term_function = nothing;
	rl_getc_function = h->take_byte;
	rl_input_available_hook = h->bytes_waiting;
	rl_redisplay_function = nothing;
	rl_startup_hook = h->begin_line;
	rl_instream = rl_outstream = h->null;
	rl_initialize();
	rl_tty_set_echoing(0);
	rl_variable_bind("bell-style", "none");
	rl_variable_bind("enable-bracketed-paste", "off");
	bind_keys(h->tab);
}
