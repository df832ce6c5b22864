// SPDX-License-Identifier: GPL-2.0-only
/* Pieces of a JSON text: brackets are counted and strings skipped; a value is judged only by who
 * takes it. */
#include "proto/slice.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void skip_space(struct slice *s)
{
	while (s->n && strchr(" \t\r\n", *s->p) && *s->p) {
		s->p++;
		s->n--;
	}
}

static struct slice cut(struct slice *s, size_t n)
{
	struct slice head = { s->p, n };

	s->p += n;
	s->n -= n;
	return head;
}

/* Length of the string at the start, quotes included; 0: it does not end. */
static size_t string_len(struct slice s)
{
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '"')
			return i + 1;
	}
	return 0;
}

/* Length of the object or array at the start; 0: its brackets do not close. */
static size_t nested_len(struct slice s)
{
	size_t depth = 0, len;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '"') {
			len = string_len((struct slice){ s.p + i, s.n - i });
			if (!len)
				return 0;
			i += len - 1;
		} else if (c == '{' || c == '[') {
			depth++;
		} else if ((c == '}' || c == ']') && --depth == 0) {
			return i + 1;
		}
	}
	return 0;
}

static size_t scalar_len(struct slice s)
{
	size_t i = 0;

	while (i < s.n && s.p[i] && !strchr(",:]} \t\r\n\"{[", s.p[i]))
		i++;
	return i;
}

static int take_value(struct slice *in, struct slice *value)
{
	size_t len;

	skip_space(in);
	if (!in->n)
		return -EINVAL;
	if (*in->p == '"')
		len = string_len(*in);
	else if (*in->p == '{' || *in->p == '[')
		len = nested_len(*in);
	else
		len = scalar_len(*in);
	if (!len)
		return -EINVAL;
	*value = cut(in, len);
	return 0;
}

/* After a value: the end, or a comma with something behind it. */
static int take_comma(struct slice *in)
{
	skip_space(in);
	if (!in->n)
		return 0;
	if (*in->p != ',')
		return -EINVAL;
	cut(in, 1);
	skip_space(in);
	return in->n ? 0 : -EINVAL;
}

int slice_open(struct slice text, char kind, struct slice *in)
{
	struct slice whole;

	if (take_value(&text, &whole) < 0 || *whole.p != kind)
		return -EINVAL;
	skip_space(&text);
	if (text.n)
		return -EINVAL;
	*in = (struct slice){ whole.p + 1, whole.n - 2 };
	return 0;
}

int slice_element(struct slice *in, struct slice *value)
{
	skip_space(in);
	if (!in->n)
		return 0;
	if (take_value(in, value) < 0 || take_comma(in) < 0)
		return -EINVAL;
	return 1;
}

int slice_member(struct slice *in, struct slice *key, struct slice *value)
{
	size_t len;

	skip_space(in);
	if (!in->n)
		return 0;
	len = *in->p == '"' ? string_len(*in) : 0;
	if (!len)
		return -EINVAL;
	*key = cut(in, len);
	*key = (struct slice){ key->p + 1, key->n - 2 };
	skip_space(in);
	if (!in->n || *in->p != ':')
		return -EINVAL;
	cut(in, 1);
	return slice_element(in, value) == 1 ? 1 : -EINVAL;
}

bool slice_is(struct slice s, const char *text)
{
	return s.n == strlen(text) && !memcmp(s.p, text, s.n);
}

/* A number as a terminated text; false: too long for one, or empty, or with a NUL in it. */
static bool number_text(struct slice s, char *text, size_t size)
{
	if (!s.n || s.n >= size || memchr(s.p, 0, s.n))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = 0;
	return *text == '-' || (*text >= '0' && *text <= '9');
}

int slice_u64(struct slice s, uint64_t *out)
{
	char text[32], *end;

	if (!number_text(s, text, sizeof(text)) || *text == '-')
		return -EINVAL;
	errno = 0;
	*out = strtoull(text, &end, 10);
	return *end || errno ? -EINVAL : 0;
}

int slice_i64(struct slice s, int64_t *out)
{
	char text[32], *end;

	if (!number_text(s, text, sizeof(text)))
		return -EINVAL;
	errno = 0;
	*out = strtoll(text, &end, 10);
	return *end || errno ? -EINVAL : 0;
}

int slice_double(struct slice s, double *out)
{
	char text[64], *end;

	if (!number_text(s, text, sizeof(text)))
		return -EINVAL;
	*out = strtod(text, &end);
	return *end ? -EINVAL : 0;
}

int slice_bool(struct slice s, bool *out)
{
	*out = slice_is(s, "true");
	return *out || slice_is(s, "false") ? 0 : -EINVAL;
}

char *slice_str(struct slice s)
{
	cJSON *v = s.n ? cJSON_ParseWithLength(s.p, s.n) : NULL;
	char *text = NULL;

	if (cJSON_IsString(v))
		text = strdup(v->valuestring);
	cJSON_Delete(v);
	return text;
}
