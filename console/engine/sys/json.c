// SPDX-License-Identifier: GPL-2.0-only
/*
 * A recursive descent over RFC 8259 and not a byte more: no trailing commas, comments, NaN, bad
 * UTF-8, lone surrogates or NUL. The depth is bounded, so the recursion is. Values are in one
 * array, linked by index. [engine]
 */
#include "engine/sys/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/model/tab.h"
#include "engine/model/text.h"

struct parser {
	struct json *j;
	const char *s;
	uint32_t at, len, line;
	unsigned depth;
	struct vx_err *err;
};

static int value_parse(struct parser *p, uint32_t *out);

static int fail(struct parser *p, const char *expected)
{
	char shown[16];
	size_t n;

	if (p->at >= p->len)
		return vx_err_set(p->err, -EINVAL, "line %u: the file ends here: expected %s",
				  p->line, expected);
	n = text_utf8(p->s + p->at, p->len - p->at, NULL);
	text_escape(shown, sizeof(shown), p->s + p->at, n ? n : 1);
	return vx_err_set(p->err, -EINVAL, "line %u: expected %s, found '%s'", p->line, expected,
			  shown);
}

static char peek(const struct parser *p)
{
	return p->at < p->len ? p->s[p->at] : 0;
}

static void space(struct parser *p)
{
	for (; p->at < p->len; p->at++) {
		char c = p->s[p->at];

		if (c == '\n')
			p->line++;
		else if (c != ' ' && c != '\t' && c != '\r')
			break;
	}
}

static int value_new(struct parser *p, uint8_t type, uint32_t *out)
{
	struct json *j = p->j;

	if (j->n >= j->max)
		return vx_err_set(p->err, -EINVAL,
				  "line %u: expected at most %u values with this --allow-max",
				  p->line, j->max - 1);
	if (j->n == j->cap) {
		uint32_t cap = 2 * j->cap;
		struct json_value *v = realloc(j->v, cap * sizeof(*v));

		if (!v)
			return vx_err_set(p->err, -ENOMEM, "line %u: out of memory", p->line);
		j->v = v;
		j->cap = cap;
	}
	j->v[j->n] = (struct json_value){.type = type, .off = p->at, .line = p->line};
	*out = j->n++;
	return 0;
}

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

/* What the escape sequence at s (a backslash) stands for, and its length in *used; -1 when it is
 * none. */
static int32_t unescape(const char *s, size_t n, size_t *used)
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

/* From the opening quote to behind the closing one; the text between is left in off and len. */
static int string_scan(struct parser *p, uint32_t *off, uint32_t *len)
{
	uint32_t start = p->line;

	if (peek(p) != '"')
		return fail(p, "a string in double quotes");
	*off = ++p->at;
	while (p->at < p->len) {
		const char *s = p->s + p->at;
		size_t used = 1;

		if (*s == '"') {
			*len = p->at++ - *off;
			return 0;
		}
		if ((unsigned char)*s < 0x20)
			return fail(p, "'\"' at the end of the string");
		if (*s == '\\') {
			if (unescape(s, p->len - p->at, &used) <= 0)
				return fail(p, "a valid escape sequence (\\u0000 is none)");
		} else if ((unsigned char)*s >= 0x80) {
			used = text_utf8(s, p->len - p->at, NULL);
			if (!used)
				return fail(p, "UTF-8");
		}
		p->at += (uint32_t)used;
	}
	return vx_err_set(p->err, -EINVAL, "line %u: the file ends in a string: expected '\"'",
			  start);
}

static uint32_t digits(struct parser *p)
{
	uint32_t start = p->at;

	while (peek(p) >= '0' && peek(p) <= '9')
		p->at++;
	return p->at - start;
}

static int number_scan(struct parser *p)
{
	if (peek(p) == '-')
		p->at++;
	if (peek(p) == '0')
		p->at++;
	else if (!digits(p))
		return fail(p, "a digit");
	if (peek(p) == '.') {
		p->at++;
		if (!digits(p))
			return fail(p, "a digit");
	}
	if (peek(p) == 'e' || peek(p) == 'E') {
		p->at++;
		if (peek(p) == '+' || peek(p) == '-')
			p->at++;
		if (!digits(p))
			return fail(p, "a digit");
	}
	return 0;
}

/* The bytes that a raw string stands for, one at a time. */
struct bytes {
	const char *s, *end;
	char held[4];
	unsigned n_held;
};

static int bytes_next(struct bytes *b)
{
	size_t used;
	uint32_t cp;
	unsigned i, n;

	if (b->n_held)
		return (unsigned char)b->held[--b->n_held];
	if (b->s == b->end)
		return -1;
	if (*b->s != '\\')
		return (unsigned char)*b->s++;
	cp = (uint32_t)unescape(b->s, (size_t)(b->end - b->s), &used);
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

	return (struct bytes){.s = s, .end = s + j->v[v].key_len};
}

static bool keys_equal(const struct json *j, uint32_t a, uint32_t b)
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

struct seen {
	const struct json *j;
	uint32_t v, hash;
};

static uint32_t seen_hash(const void *item)
{
	return ((const struct seen *)item)->hash;
}

static bool seen_equal(const void *item, const void *key)
{
	const struct seen *a = item, *b = key;

	return keys_equal(a->j, a->v, b->v);
}

/* Of what the key stands for, in pieces that each begin with the hash of those before. */
static uint32_t key_hash(const struct json *j, uint32_t v)
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

static int doubled(struct parser *p, uint32_t a, uint32_t b)
{
	const struct json_value *first = &p->j->v[a], *second = &p->j->v[b];
	char shown[TEXT_SHOWN];

	text_escape(shown, sizeof(shown), p->s + second->key, second->key_len);
	return vx_err_set(p->err, -EINVAL,
			  "line %u: the key \"%s\" is there twice, first at line %u", second->line,
			  shown, first->line);
}

/* Many members: a table. The list of a client may have a note on each of a million addresses. */
static int doubled_table(struct parser *p, uint32_t object, uint32_t n)
{
	struct seen *item = calloc(n, sizeof(*item)), *there;
	const struct json *j = p->j;
	struct tab t;
	uint32_t v, i = 0;
	int rc = item ? 0 : -ENOMEM;

	tab_init(&t, seen_hash, seen_equal);
	for (v = j->v[object].child; v && !rc; v = j->v[v].next, i++) {
		item[i] = (struct seen){.j = j, .v = v, .hash = key_hash(j, v)};
		there = tab_find(&t, item[i].hash, &item[i]);
		rc = there ? doubled(p, there->v, v) : tab_add(&t, &item[i]);
	}
	tab_fini(&t);
	free(item);
	return rc == -ENOMEM ? vx_err_set(p->err, rc, "line %u: out of memory", p->line) : rc;
}

static int doubled_check(struct parser *p, uint32_t object, uint32_t n)
{
	const struct json *j = p->j;
	uint32_t a, b;

	if (n > 16)
		return doubled_table(p, object, n);
	for (b = j->v[object].child; b; b = j->v[b].next)
		for (a = j->v[object].child; a != b; a = j->v[a].next)
			if (keys_equal(j, a, b))
				return doubled(p, a, b);
	return 0;
}

/* One element, or member with its key, linked behind *last. */
static int item_parse(struct parser *p, uint32_t parent, uint32_t *last)
{
	uint32_t v, key = 0, key_len = 0;
	int rc;

	space(p);
	if (p->j->v[parent].type == JSON_OBJECT) {
		rc = string_scan(p, &key, &key_len);
		if (rc)
			return rc;
		space(p);
		if (peek(p) != ':')
			return fail(p, "':' after the key");
		p->at++;
	}
	rc = value_parse(p, &v);
	if (rc)
		return rc;
	p->j->v[v].key = key;
	p->j->v[v].key_len = key_len;
	if (*last)
		p->j->v[*last].next = v;
	else
		p->j->v[parent].child = v;
	*last = v;
	return 0;
}

static int container_parse(struct parser *p, uint32_t self)
{
	bool object = p->j->v[self].type == JSON_OBJECT;
	char end = object ? '}' : ']';
	uint32_t last = JSON_NONE, n = 0;
	int rc;

	if (++p->depth > JSON_DEPTH)
		return vx_err_set(p->err, -EINVAL, "line %u: more than %d levels of '[' and '{'",
				  p->line, JSON_DEPTH);
	p->at++;
	space(p);
	while (peek(p) != end) {
		rc = item_parse(p, self, &last);
		if (rc)
			return rc;
		n++;
		space(p);
		if (peek(p) == end)
			break;
		if (peek(p) != ',')
			return fail(p, object ? "',' or '}'" : "',' or ']'");
		p->at++;
		space(p);
		if (peek(p) == end)
			return fail(p, "a value after ','");
	}
	p->at++;
	p->depth--;
	return object ? doubled_check(p, self, n) : 0;
}

static int word_scan(struct parser *p, const char *word)
{
	size_t n = strlen(word);

	if (p->len - p->at < n || memcmp(p->s + p->at, word, n))
		return fail(p, "a value");
	p->at += (uint32_t)n;
	return 0;
}

static int scan(struct parser *p, uint32_t v, char c)
{
	switch (c) {
	case '{':
	case '[':
		return container_parse(p, v);
	case 't':
		return word_scan(p, "true");
	case 'f':
		return word_scan(p, "false");
	case 'n':
		return word_scan(p, "null");
	default:
		return number_scan(p);
	}
}

static int type_of(char c)
{
	switch (c) {
	case '{':
		return JSON_OBJECT;
	case '[':
		return JSON_ARRAY;
	case '"':
		return JSON_STRING;
	case 't':
	case 'f':
		return JSON_BOOL;
	case 'n':
		return JSON_NULL;
	default:
		return c == '-' || (c >= '0' && c <= '9') ? JSON_NUMBER : -1;
	}
}

static int value_parse(struct parser *p, uint32_t *out)
{
	uint32_t v = JSON_NONE, off, len;
	int type, rc;

	space(p);
	type = type_of(peek(p));
	if (type < 0)
		return fail(p, "a value");
	rc = value_new(p, (uint8_t)type, &v);
	if (rc)
		return rc;
	off = p->at;
	if (type == JSON_STRING) {
		rc = string_scan(p, &off, &len);
	} else {
		rc = scan(p, v, peek(p));
		len = p->at - off;
	}
	if (rc)
		return rc;
	/* not by a pointer taken before: the array moves when it grows */
	p->j->v[v].off = off;
	p->j->v[v].len = len;
	*out = v;
	return 0;
}

int json_parse(struct json *j, const char *text, size_t len, uint32_t max_values,
	       struct vx_err *err)
{
	struct parser p = {.j = j, .s = text, .len = (uint32_t)len, .line = 1, .err = err};
	uint32_t root;
	int rc;

	*j = (struct json){.text = text, .n = 1, .cap = 64, .max = max_values + 1};
	if (len >= UINT32_MAX)
		return vx_err_set(err, -EFBIG, "line 1: expected a file of less than 4 GiB");
	j->v = calloc(j->cap, sizeof(*j->v));
	if (!j->v)
		return vx_err_set(err, -ENOMEM, "line 1: out of memory");
	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		p.at = 3; /* the mark that some editors put in front */
	rc = value_parse(&p, &root);
	space(&p);
	if (!rc && p.at < p.len)
		rc = fail(&p, "nothing after the end of the list");
	if (rc)
		json_fini(j);
	return rc;
}

void json_fini(struct json *j)
{
	free(j->v);
	j->v = NULL;
	j->n = 0;
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

	return copy((struct bytes){.s = s, .end = s + j->v[value].len}, buf, size);
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
	static const char *const names[] = {"null",	"true or false", "a number",
					    "a string", "a list",	 "an object"};

	return names[j->v[value].type];
}
