/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A terminal's bytes into whole keys: characters, escape sequences, pastes, Esc itself. Bytes may
 * come cut anywhere; what is no text and no key is dropped. Readline is given whole keys only: in
 * the middle of a character it would wait. [screen]
 */
#ifndef SCREEN_PROMPT_KEYS_H
#define SCREEN_PROMPT_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#define PROMPT_PASTE_MAX 65536 /* bytes; the rest is dropped */

enum prompt_key {
	PROMPT_KEY_TEXT,  /* one character of the locale, or a control byte */
	PROMPT_KEY_SEQ,	  /* ESC and what belongs to it */
	PROMPT_KEY_PASTE, /* the text of a bracketed paste, valid in the locale; of control bytes it
			     has only newline and tab */
	PROMPT_KEY_ESC,	  /* the key */
};

typedef void (*prompt_key_fn)(enum prompt_key kind, const char *bytes, size_t n);

struct prompt_keys {
	prompt_key_fn key;
	char part[32]; /* a key that is not whole yet */
	size_t n;
	bool pasting;
	char *paste;
	size_t paste_n;
};

void prompt_keys_init(struct prompt_keys *k, prompt_key_fn key);
void prompt_keys_fini(struct prompt_keys *k);
void prompt_keys_feed(struct prompt_keys *k, const char *bytes, size_t n);
/* Is an Esc waiting for what may belong to it? */
bool prompt_keys_pending(const struct prompt_keys *k);
/* Nothing came: the Esc was the key. */
void prompt_keys_expire(struct prompt_keys *k);

#endif
