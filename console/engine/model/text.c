// SPDX-License-Identifier: GPL-2.0-only
/*
 * Foreign text made fit for a terminal. A file may hold escape sequences that would rewrite the
 * operator's screen; they must arrive there as visible text. Pure. Any thread.
 */
#include "engine/model/text.h"

#include <stdio.h>
#include <string.h>

size_t text_utf8(const char *s, size_t n, uint32_t *cp)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char *u = (const unsigned char *)s;
	uint32_t c;
	size_t len, i;

	if (n == 0)
		return 0;
	if (u[0] < 0x80) {
		len = 1;
		c = u[0];
	} else if (u[0] >= 0xc2 && u[0] <= 0xf4) {
		len = u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : 4;
		c = u[0] & (0x7fu >> len);
	} else {
		return 0;
	}
	if (len > n)
		return 0;
	for (i = 1; i < len; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (u[i] & 0x3fu);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	if (cp)
		*cp = c;
	return len;
}

bool text_utf8_valid(const char *s, size_t n)
{
	while (n) {
		size_t len = text_utf8(s, n, NULL);

		if (!len)
			return false;
		s += len;
		n -= len;
	}
	return true;
}

static bool harmless(uint32_t cp)
{
	if (cp < 0x20 || (cp >= 0x7f && cp <= 0x9f))
		return false;
	return !(cp == 0x61c || cp == 0x200e || cp == 0x200f || (cp >= 0x2028 && cp <= 0x202e) ||
		 (cp >= 0x2066 && cp <= 0x2069));
}

const char *text_escape(char *buf, size_t size, const char *s, size_t n)
{
	size_t at = 0, cut = 0; /* cut: the last place where "..." still fits */

	while (n) {
		uint32_t cp = 0;
		size_t len = text_utf8(s, n, &cp);
		bool raw = len && harmless(cp);
		size_t need = raw ? len : 4;

		if (at + 4 <= size)
			cut = at;
		if (at + need + 1 > size) {
			memcpy(buf + cut, "...", 4);
			return buf;
		}
		if (raw) {
			memcpy(buf + at, s, len);
		} else {
			len = 1;
			snprintf(buf + at, size - at, "\\x%02x", (unsigned)(unsigned char)s[0]);
		}
		at += need;
		s += len;
		n -= len;
	}
	buf[at] = 0;
	return buf;
}

struct text_word text_word(const char *s)
{
	struct text_word w;
	size_t n = 0;

	if (s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:@/-")]) {
		w.text[n++] = '\'';
		for (; *s && n < sizeof(w.text) - 6; s++) {
			if (*s == '\'') {
				memcpy(w.text + n, "'\\''", 4);
				n += 4;
			} else {
				w.text[n++] = *s;
			}
		}
		w.text[n++] = '\'';
		w.text[n] = 0;
		return w;
	}
	snprintf(w.text, sizeof(w.text), "%s", s);
	return w;
}
