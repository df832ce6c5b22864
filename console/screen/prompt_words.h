/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The words of a command line as completion needs them: where the last one begins, what it says
 * without its quotes, and how another is written there. The quoting is that of commands: '...',
 * "..." and backslash. Pure. [screen]
 */
#ifndef SCREEN_PROMPT_WORDS_H
#define SCREEN_PROMPT_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* Offset of the last word of text[0..n-1] (n: it would begin there); its value, cut to size, in
 * value. */
size_t prompt_words_last(const char *text, size_t n, char *value, size_t size);
/* word as it must be written. whole: with the closing quote. Caller frees; NULL: no memory. */
char *prompt_words_quote(const char *word, bool whole);

struct prompt_choice {
	char *word, *help; /* help may be "" */
};

/* "word\thelp\n" lines, taken apart in place. Returns how many; *out is to be freed. */
size_t prompt_words_choices(char *lines, struct prompt_choice **out);
/* Bytes that all words begin with, whole characters. */
size_t prompt_words_common(const struct prompt_choice *c, size_t n);

#endif
