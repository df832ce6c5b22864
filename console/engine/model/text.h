/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Foreign text in our messages: bytes of files, command lines and clients are shown escaped, never
 * raw. Pure; anybody in user space may include it.
 */
#ifndef ENGINE_MODEL_TEXT_H
#define ENGINE_MODEL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_SHOWN 80 /* a buffer for text_escape that leaves room for a sentence round it */

/* Length in bytes of the UTF-8 character at s (n bytes are there): 1-4, or 0 when it is none. *cp
 * may be NULL. */
size_t text_utf8(const char *s, size_t n, uint32_t *cp);
bool text_utf8_valid(const char *s, size_t n);
/*
 * s as it may be shown on a terminal: control characters (C0, DEL, C1), the ones that turn the
 * writing direction and bytes that are not UTF-8 become \xNN; what does not fit ends in "...". size
 * >= 8. Returns buf.
 */
const char *text_escape(char *buf, size_t size, const char *s, size_t n);

/* s as one word of a shell's command line, quoted where it has to be. Cut to fit. */
struct text_word {
	char text[128];
};
struct text_word text_word(const char *s);

#endif
