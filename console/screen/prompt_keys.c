// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bytes into keys: a small machine that is fed a byte at a time. What ends a key is known from its
 * bytes alone: UTF-8 (or whatever the locale has) by mbrtowc, CSI and SS3 by ECMA-48, a paste by
 * its closing mark. [screen]
 */
#include "screen/prompt_keys.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define ESC	    '\033'
#define PASTE_BEGIN "\033[200~"
#define PASTE_END   "\033[201~"

void prompt_keys_init(struct prompt_keys *k, prompt_key_fn key)
{
	*k = (struct prompt_keys){ .key = key };
}

void prompt_keys_fini(struct prompt_keys *k)
{
	free(k->paste);
	*k = (struct prompt_keys){ 0 };
}

/* How much of a character b[0..n-1] is: its length, 0 when more must come, -1 when it is none that
 * can be shown. */
static int text_length(const char *b, size_t n)
{
	mbstate_t state = { 0 };
	wchar_t wide;
	size_t r;

	if ((unsigned char)b[0] < 0x80)
		return 1;
	if (MB_CUR_MAX == 1)
		return -1;
	r = mbrtowc(&wide, b, n, &state);
	if (r == (size_t)-2)
		return 0;
	return r == (size_t)-1 || wcwidth(wide) < 0 ? -1 : (int)r;
}

/* The same of a sequence that begins with ESC. */
static int seq_length(const char *b, size_t n)
{
	unsigned char last = (unsigned char)b[n - 1];

	if (n == 1)
		return 0;
	if (last < ' ' && n > 2)
		return -1;
	if (last > '~')
		return last == 0x7f && n == 2 ? 2 : -1;
	if (n == 2)
		return b[1] == '[' || b[1] == 'O' ? 0 : 2;
	if (b[1] == 'O')
		return 3;
	if (n == 3 && last == '[') /* the Linux console's F1 to F5: ESC [ [ A */
		return 0;
	return last >= '@' ? (int)n : 0;
}

static void paste_end(struct prompt_keys *k)
{
	size_t in = 0, out = 0;

	while (in < k->paste_n) {
		int len = text_length(k->paste + in, k->paste_n - in);

		if (len > 1 || (len == 1 && (k->paste[in] == '\n' || k->paste[in] == '\t' ||
					     (k->paste[in] >= ' ' && k->paste[in] != 0x7f)))) {
			memmove(k->paste + out, k->paste + in, (size_t)len);
			out += (size_t)len;
		} else if (k->paste[in] == '\r') { /* what terminals send for a newline */
			k->paste[out++] = '\n';
			in += in + 1 < k->paste_n && k->paste[in + 1] == '\n';
		}
		in += len > 0 ? (size_t)len : 1;
	}
	k->pasting = false;
	if (out)
		k->key(PROMPT_KEY_PASTE, k->paste, out);
	free(k->paste);
	k->paste = NULL;
	k->paste_n = 0;
}

/* The last bytes wait in part[] until it is known that they are not the closing mark. */
static void paste_byte(struct prompt_keys *k, char byte)
{
	size_t end = strlen(PASTE_END);

	if (k->n == end) {
		if (k->paste && k->paste_n < PROMPT_PASTE_MAX)
			k->paste[k->paste_n++] = k->part[0];
		memmove(k->part, k->part + 1, --k->n);
	}
	k->part[k->n++] = byte;
	if (k->n == end && !memcmp(k->part, PASTE_END, end)) {
		k->n = 0;
		paste_end(k);
	}
}

static void paste_begin(struct prompt_keys *k)
{
	k->n = 0;
	k->pasting = true;
	k->paste_n = 0;
	k->paste = malloc(PROMPT_PASTE_MAX);
}

static void key_byte(struct prompt_keys *k, char byte)
{
	bool seq;
	int len;

	/* Two Esc: the first one was the key. */
	if (byte == ESC && k->n && !(k->n == 1 && k->part[0] != ESC)) {
		if (k->n == 1)
			k->key(PROMPT_KEY_ESC, "", 0);
		k->n = 0;
	}
	k->part[k->n++] = byte;
	seq = k->part[0] == ESC;
	len = seq ? seq_length(k->part, k->n) : text_length(k->part, k->n);
	if (!len && k->n < sizeof(k->part))
		return;
	if (len > 0 && seq && k->n == strlen(PASTE_BEGIN) && !memcmp(k->part, PASTE_BEGIN, k->n)) {
		paste_begin(k);
		return;
	}
	if (len > 0) {
		size_t n = k->n;

		k->n = 0; /* before the callback, which may close all this */
		k->key(seq ? PROMPT_KEY_SEQ : PROMPT_KEY_TEXT, k->part, n);
		return;
	}
	/* No key. A byte that cut another short may begin its own. */
	len = k->n > 1 && len < 0 ? 1 : 0;
	k->n = 0;
	if (len)
		key_byte(k, byte);
}

void prompt_keys_feed(struct prompt_keys *k, const char *bytes, size_t n)
{
	if (k->pasting && n == 1 &&
	    *bytes == '\003') { /* the closing mark was lost: Ctrl-C by itself ends it */
		k->paste_n = 0;
		k->n = 0;
		paste_end(k);
		return;
	}
	for (size_t i = 0; i < n && k->key; i++) {
		if (k->pasting)
			paste_byte(k, bytes[i]);
		else
			key_byte(k, bytes[i]);
	}
}

bool prompt_keys_pending(const struct prompt_keys *k)
{
	return !k->pasting && k->n && k->part[0] == ESC;
}

void prompt_keys_expire(struct prompt_keys *k)
{
	bool alone = k->n == 1;

	if (!prompt_keys_pending(k))
		return;
	k->n = 0;
	if (alone)
		k->key(PROMPT_KEY_ESC, "", 0);
}
