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
#include "engine/sys/json_int.h"

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
	j->v[j->n] = (struct json_value){ .type = type, .off = p->at, .line = p->line };
	*out = j->n++;
	return 0;
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
			if (json_unescape(s, p->len - p->at, &used) <= 0)
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

	return json_keys_equal(a->j, a->v, b->v);
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
		item[i] = (struct seen){ .j = j, .v = v, .hash = json_key_hash(j, v) };
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
			if (json_keys_equal(j, a, b))
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
	uint32_t v = JSON_NONE, off, len = 0;
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
	struct parser p = { .j = j, .s = text, .len = (uint32_t)len, .line = 1, .err = err };
	uint32_t root;
	int rc;

	*j = (struct json){ .text = text, .n = 1, .cap = 64, .max = max_values + 1 };
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
