// SPDX-License-Identifier: GPL-2.0-only
/* Words of a command line: found, quoted, compared. Pure. [screen] */
#include "screen/prompt_words.h"

#include <stdlib.h>
#include <string.h>

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

size_t prompt_words_last(const char *text, size_t n, char *value, size_t size)
{
	size_t start = 0, len = 0;
	bool inside = false;
	char quote = 0;

	for (size_t i = 0; i < n; i++) {
		char c = text[i];

		if (!quote && blank(c)) {
			inside = false;
			continue;
		}
		if (!inside) {
			inside = true;
			start = i;
			len = 0;
		}
		if (c == quote) {
			quote = 0;
			continue;
		}
		if (!quote && (c == '"' || c == '\'')) {
			quote = c;
			continue;
		}
		if (c == '\\' && quote != '\'' && i + 1 < n &&
		    (!quote || text[i + 1] == '"' || text[i + 1] == '\\'))
			c = text[++i];
		if (len + 1 < size)
			value[len++] = c;
	}
	if (!inside) {
		start = n;
		len = 0;
	}
	value[len] = 0;
	return start;
}

char *prompt_words_quote(const char *word, bool whole)
{
	char *out = malloc(strlen(word) * 2 + 3), *to = out;

	if (!out)
		return NULL;
	if (*word && *word != '#' && !strpbrk(word, " \t'\"\\"))
		return memcpy(out, word, strlen(word) + 1);
	*to++ = '"';
	for (; *word; word++) {
		if (*word == '"' || *word == '\\')
			*to++ = '\\';
		*to++ = *word;
	}
	if (whole)
		*to++ = '"';
	*to = 0;
	return out;
}

size_t prompt_words_choices(char *lines, struct prompt_choice **out)
{
	size_t n = 0, most = 1;

	for (const char *s = lines; *s; s++)
		most += *s == '\n';
	*out = calloc(most, sizeof(**out));
	while (*out && *lines) {
		char *end = strchrnul(lines, '\n');
		bool last = !*end;
		char *tab;

		*end = 0;
		tab = strchr(lines, '\t');
		if (tab)
			*tab = 0;
		if (*lines)
			(*out)[n++] = (struct prompt_choice){ lines, tab ? tab + 1 : end };
		lines = last ? end : end + 1;
	}
	return n;
}

size_t prompt_words_common(const struct prompt_choice *c, size_t n)
{
	size_t same = n ? strlen(c[0].word) : 0;

	for (size_t i = 1; i < n; i++) {
		size_t k = 0;

		while (k < same && c[i].word[k] == c[0].word[k])
			k++;
		same = k;
	}
	while (same && ((unsigned char)c[0].word[same] & 0xc0) == 0x80)
		same--;
	return same;
}
