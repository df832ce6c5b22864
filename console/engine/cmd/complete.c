// SPDX-License-Identifier: GPL-2.0-only
/*
 * Completion: what the last word of a line may become. Commands come from the table, arguments from
 * each command's own function. The line may end within a quote. [engine]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/cmd/cmd.h"
#include "proto/stream.h"

#define LINE_MAX_BYTES 4096

void cmd_offer(struct completion *c, const char *word, const char *help)
{
	struct stream_choices *o = c->out;
	size_t len = strlen(word);

	if (o->n == STREAM_CHOICES || !len || len >= sizeof(o->choice[0].word) ||
	    strncmp(word, c->word, strlen(c->word)) != 0)
		return;
	for (const unsigned char *p = (const unsigned char *)word; *p; p++)
		if (*p < ' ' || *p == 0x7f)
			return; /* nobody can type it */
	for (unsigned i = 0; i < o->n; i++)
		if (!strcmp(o->choice[i].word, word))
			return;
	memcpy(o->choice[o->n].word, word, len + 1);
	snprintf(o->choice[o->n].help, sizeof(o->choice[0].help), "%s", help ? help : "");
	o->n++;
}

/*
 * As cmd_split, but the line may stop anywhere: a letter behind it makes the last word one that is
 * there, and then whatever quote is open is closed.
 */
static int split_open(const char *line, int *argc, char ***argv)
{
	static const char *const close[] = { "x", "x\"", "x'" };
	char text[LINE_MAX_BYTES];
	struct vx_err err;

	for (size_t i = 0; i < sizeof(close) / sizeof(close[0]); i++) {
		size_t n;

		if ((size_t)snprintf(text, sizeof(text), "%s%s", line, close[i]) >= sizeof(text))
			return -1;
		if (cmd_split(text, argc, argv, &err) < 0)
			continue;
		n = *argc ? strlen((*argv)[*argc - 1]) : 0;
		if (n && (*argv)[*argc - 1][n - 1] == 'x') {
			(*argv)[*argc - 1][n - 1] = 0;
			return 0;
		}
		free(*argv);
		return -1; /* in a comment */
	}
	return -1;
}

/* The words of commands' names that may stand where the last word stands. */
static void offer_names(struct completion *c)
{
	const struct cmd *cmd;

	for (unsigned i = 0; (cmd = cmd_at(i)); i++) {
		const char *space = strchr(cmd->name, ' ');
		char first[32];

		if (c->argc > (int)cmd_words(cmd) || !cmd_fits(cmd, c->argc, c->argv))
			continue;
		snprintf(first, sizeof(first), "%.*s",
			 space ? (int)(space - cmd->name) : (int)strlen(cmd->name), cmd->name);
		if (c->argc == 2)
			cmd_offer(c, space + 1, cmd->help);
		else
			cmd_offer(c, first, space ? "..." : cmd->help);
	}
}

static void offer_arguments(struct completion *c)
{
	struct vx_err err;
	const struct cmd *cmd = cmd_find(c->argc - 1, c->argv, &err);
	int words = cmd ? (int)cmd_words(cmd) : 0;

	if (!cmd || c->argc - 1 < words)
		return;
	c->argc -= words;
	c->argv += words;
	if (!strcmp(cmd->name, "help"))
		offer_names(c);
	else if (cmd->complete && c->argc <= cmd->max)
		cmd->complete(c);
}

void cmd_complete(struct eng *e, const char *line, struct stream_choices *out)
{
	struct completion c = { .e = e, .out = out };
	char **words;
	int n;

	out->n = 0;
	if (split_open(line, &n, &words) < 0)
		return;
	c.argc = n;
	c.argv = words;
	c.word = words[n - 1];
	if (n <= 2)
		offer_names(&c);
	if (n > 1)
		offer_arguments(&c);
	free(words);
}
