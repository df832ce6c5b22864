// SPDX-License-Identifier: GPL-2.0-only
/*
 * Strings of a JSON text: they stay as they are spelt, and their escapes are resolved when somebody
 * asks. Two keys are the same when they stand for the same characters. [engine]
 */
#include "engine/sys/json.h"

#include <errno.h>
#include <string.h>

#include "engine/model/tab.h"
#include "engine/sys/json_int.h"

/* Four hex digits at s, or -1. */
static int32_t hex4(const char *s, size_t n)
{
	int32_t v = 0;
	int i;

	if (n < 4)
		return -1;
	for (i = 0; i < 4; i++) {
		char c = s[i], l = (char)(c | 0x20);

		if (c >= '0' && c <= '9')
			v = v * 16 + (c - '0');
		else if (l >= 'a' && l <= 'f')
			v = v * 16 + (l - 'a' + 10);
		else
			return -1;
	}
	return v;
}

int32_t json_unescape(const char *s, size_t n, size_t *used)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;
	int32_t hi, lo;

	if (n < 2 || !s[1])
		return -1;
	at = strchr(from, s[1]);
	if (at) {
		*used = 2;
		return to[at - from];
	}
	hi = s[1] == 'u' ? hex4(s + 2, n - 2) : -1;
	*used = 6;
	if (hi < 0xd800 || hi > 0xdfff)
		return hi;
	if (hi > 0xdbff || n < 12 || s[6] != '\\' || s[7] != 'u')
		return -1;
	lo = hex4(s + 8, n - 8);
	*used = 12;
	return lo < 0xdc00 || lo > 0xdfff ? -1 : 0x10000 + ((hi - 0xd800) << 10) + (lo - 0xdc00);
}

/* The bytes that a raw string stands for, one at a time. */
struct bytes {
	const char *s, *end;
	char held[4];
	unsigned n_held;
};

static int bytes_next(struct bytes *b)
{
	size_t used = 1;
	uint32_t cp;
	unsigned i, n;

	if (b->n_held)
		return (unsigned char)b->held[--b->n_held];
	if (b->s == b->end)
		return -1;
	if (*b->s != '\\')
		return (unsigned char)*b->s++;
	cp = (uint32_t)json_unescape(b->s, (size_t)(b->end - b->s), &used);
	b->s += used;
	if (cp < 0x80)
		return (int)cp;
	n = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
	for (i = 0; i < n - 1; i++, cp >>= 6)
		b->held[b->n_held++] = (char)(0x80 | (cp & 0x3f));
	return (int)(((0xf00u >> n) & 0xff) | cp);
}

static struct bytes key_bytes(const struct json *j, uint32_t v)
{
	const char *s = j->text + j->v[v].key;

	return (struct bytes){ .s = s, .end = s + j->v[v].key_len };
}

bool json_keys_equal(const struct json *j, uint32_t a, uint32_t b)
{
	struct bytes x = key_bytes(j, a), y = key_bytes(j, b);
	int c;

	do {
		c = bytes_next(&x);
		if (c != bytes_next(&y))
			return false;
	} while (c >= 0);
	return true;
}

uint32_t json_key_hash(const struct json *j, uint32_t v)
{
	struct bytes b = key_bytes(j, v);
	unsigned char piece[64];
	uint32_t h = 0;
	size_t n;
	int c;

	do {
		memcpy(piece, &h, sizeof(h));
		n = sizeof(h);
		while (n < sizeof(piece) && (c = bytes_next(&b)) >= 0)
			piece[n++] = (unsigned char)c;
		h = tab_hash_bytes(piece, n);
	} while (n == sizeof(piece));
	return h;
}

static int copy(struct bytes b, char *buf, size_t size)
{
	size_t n = 0;
	int c;

	while ((c = bytes_next(&b)) >= 0) {
		if (n + 1 >= size)
			return -EMSGSIZE;
		buf[n++] = (char)c;
	}
	buf[n] = 0;
	return (int)n;
}

int json_string(const struct json *j, uint32_t value, char *buf, size_t size)
{
	const char *s = j->text + j->v[value].off;

	return copy((struct bytes){ .s = s, .end = s + j->v[value].len }, buf, size);
}

int json_key(const struct json *j, uint32_t value, char *buf, size_t size)
{
	return copy(key_bytes(j, value), buf, size);
}

uint32_t json_member(const struct json *j, uint32_t object, const char *name)
{
	size_t n = strlen(name);
	uint32_t v;

	for (v = j->v[object].child; v; v = j->v[v].next) {
		struct bytes b = key_bytes(j, v);
		size_t i = 0;

		while (i < n && bytes_next(&b) == (unsigned char)name[i])
			i++;
		if (i == n && bytes_next(&b) < 0)
			return v;
	}
	return JSON_NONE;
}

const char *json_type_name(const struct json *j, uint32_t value)
{
	static const char *const names[] = { "null",	 "true or false", "a number",
					     "a string", "a list",	  "an object" };

	return names[j->v[value].type];
}
