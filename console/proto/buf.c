// SPDX-License-Identifier: GPL-2.0-only
/* A growing byte buffer. Doubles, so that a list of 65,536 rows costs few copies. Any thread, own
 * memory. */
#include "proto/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_fini(struct buf *b)
{
	free(b->data);
	*b = (struct buf){ 0 };
}

/* Room for len more bytes and a NUL. */
static bool room(struct buf *b, size_t len)
{
	size_t size = b->size ? b->size : 256;
	char *p;

	if (b->failed || len > SIZE_MAX / 4 - b->n) {
		b->failed = true;
		return false;
	}
	while (size < b->n + len + 1)
		size *= 2;
	if (size == b->size)
		return true;
	p = realloc(b->data, size);
	if (!p) {
		b->failed = true;
		return false;
	}
	b->data = p;
	b->size = size;
	return true;
}

void buf_add(struct buf *b, const void *data, size_t len)
{
	if (!room(b, len))
		return;
	memcpy(b->data + b->n, data, len);
	b->n += len;
	b->data[b->n] = 0;
}

void buf_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_u64(struct buf *b, uint64_t v)
{
	char digits[20];
	size_t n = sizeof(digits);

	do
		digits[--n] = (char)('0' + v % 10);
	while (v /= 10);
	buf_add(b, digits + n, sizeof(digits) - n);
}

void buf_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_pad(struct buf *b, char c, size_t times)
{
	if (!room(b, times))
		return;
	memset(b->data + b->n, c, times);
	b->n += times;
	b->data[b->n] = 0;
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	size_t left;
	va_list ap;
	int n;

	if (!room(b, 32)) /* of most numbers, so that they are formatted once */
		return;
	left = b->size - b->n;
	va_start(ap, fmt);
	n = vsnprintf(b->data + b->n, left, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n >= left && room(b, (size_t)n)) {
		va_start(ap, fmt);
		vsnprintf(b->data + b->n, (size_t)n + 1, fmt, ap);
		va_end(ap);
	}
	if (n >= 0 && !b->failed)
		b->n += (size_t)n;
	else
		b->data[b->n] = 0;
}

static void json_escape(struct buf *b, unsigned char c)
{
	static const char short_form[] = { ['"'] = '"',	 ['\\'] = '\\', ['\n'] = 'n', ['\t'] = 't',
					   ['\r'] = 'r', ['\b'] = 'b',	['\f'] = 'f' };

	if (c < sizeof(short_form) && short_form[c])
		buf_printf(b, "\\%c", short_form[c]);
	else
		buf_printf(b, "\\u%04x", c);
}

void buf_json_str(struct buf *b, const char *s)
{
	const char *from = s; /* what is copied as it is */

	buf_char(b, '"');
	while (*s) {
		size_t len = buf_utf8(s);
		unsigned char c = (unsigned char)*s;

		if (len && c >= 0x20 && c != '"' && c != '\\' && c != 0x7f) {
			s += len;
			continue;
		}
		buf_add(b, from, (size_t)(s - from));
		if (len)
			json_escape(b, c);
		else
			buf_str(b, "\\ufffd");
		from = ++s;
	}
	buf_add(b, from, (size_t)(s - from));
	buf_char(b, '"');
}

void buf_json_key(struct buf *b, const char *key)
{
	char last = b->n ? b->data[b->n - 1] : '{';

	if (last != '{' && last != '[')
		buf_char(b, ',');
	if (!key)
		return;
	buf_json_str(b, key);
	buf_char(b, ':');
}

char *buf_take(struct buf *b)
{
	char *p = b->failed ? NULL : b->data;

	if (!p)
		free(b->data);
	*b = (struct buf){ 0 };
	return p;
}

size_t buf_utf8(const char *s)
{
	const unsigned char *u = (const unsigned char *)s;
	/* lowest code point that needs so many bytes: less is an overlong form */
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t code;
	size_t len;

	if (!u[0])
		return 0;
	if (u[0] < 0x80)
		return 1;
	len = u[0] >= 0xf8 ? 0 : u[0] >= 0xf0 ? 4 : u[0] >= 0xe0 ? 3 : u[0] >= 0xc0 ? 2 : 0;
	if (!len)
		return 0;
	code = u[0] & (0x7fU >> len);
	for (size_t i = 1; i < len; i++) {
		if ((u[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (u[i] & 0x3f);
	}
	if (code < least[len] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	return len;
}

bool buf_utf8_valid(const char *s)
{
	size_t len;

	while ((len = buf_utf8(s)))
		s += len;
	return !*s;
}

void buf_thousands(struct buf *b, uint64_t v)
{
	char digits[28];
	size_t at = sizeof(digits);
	unsigned n = 0;

	do {
		if (n && n % 3 == 0)
			digits[--at] = ',';
		digits[--at] = (char)('0' + v % 10);
		n++;
	} while (v /= 10);
	buf_add(b, digits + at, sizeof(digits) - at);
}
