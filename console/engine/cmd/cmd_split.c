// SPDX-License-Identifier: GPL-2.0-only
/* A command line into words, by the quoting rules of a shell. Pure. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/cmd/cmd.h"
#include "proto/wire.h"

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* One word from *at to *to, both moved behind it. The word is never longer than its text. */
static int take_word(const char **at, char **to, struct vx_err *err)
{
	const char *s = *at;
	char *d = *to, quote = 0;

	for (; *s && (quote || !blank(*s)); s++) {
		if (*s == quote) {
			quote = 0;
		} else if (!quote && (*s == '"' || *s == '\'')) {
			quote = *s;
		} else if (*s == '\\' && quote != '\'' && s[1] &&
			   (!quote || s[1] == '"' || s[1] == '\\')) {
			*d++ = *++s;
		} else {
			*d++ = *s;
		}
	}
	if (quote)
		return vx_err_set(err, -EINVAL, "a %s quote is not closed",
				  quote == '"' ? "double" : "single");
	*d++ = 0;
	*at = s;
	*to = d;
	return 0;
}

int cmd_split(const char *line, int *argc, char ***argv, struct vx_err *err)
{
	size_t array = (WIRE_WORDS_MAX + 1) * sizeof(char *);
	char **words = malloc(array + strlen(line) + 1);
	int n = 0, r = 0;
	char *to;

	if (!words)
		return vx_err_set(err, -ENOMEM, "no memory");
	to = (char *)words + array;
	while (!r) {
		while (blank(*line))
			line++;
		if (!*line || *line == '#')
			break;
		if (n == WIRE_WORDS_MAX) {
			r = vx_err_set(err, -EINVAL, "more than %d words", WIRE_WORDS_MAX);
			break;
		}
		words[n++] = to;
		r = take_word(&line, &to, err);
	}
	if (r < 0) {
		free(words);
		return r;
	}
	words[n] = NULL;
	*argc = n;
	*argv = words;
	return 0;
}
