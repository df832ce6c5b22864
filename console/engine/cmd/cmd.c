// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command table and what all commands share: look-up by unique prefixes, rights, argument
 * counts, the log line of a change. One file a noun adds its rows. [engine; help also in the
 * client]
 */
#define _GNU_SOURCE /* F_GET_SEALS */
#include "engine/cmd/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/cmd/cmd_groups.h"
#include "engine/engine.h"
#include "engine/model/packet.h"
#include "log.h"

static const struct cmd *const groups[] = {
	cmd_allow, cmd_nat,    cmd_vni,	   cmd_source, cmd_stats, cmd_diagnose, cmd_explain,
	cmd_nic,   cmd_strays, cmd_intake, cmd_set,    cmd_mark,  cmd_journal,	cmd_help,
};
#define N_GROUPS  (sizeof(groups) / sizeof(groups[0]))
#define MAX_WORDS 2

const struct cmd *cmd_at(unsigned i)
{
	for (size_t g = 0; g < N_GROUPS; g++)
		for (const struct cmd *cmd = groups[g]; cmd->name; cmd++)
			if (!i--)
				return cmd;
	return NULL;
}

unsigned cmd_words(const struct cmd *cmd)
{
	return strchr(cmd->name, ' ') ? 2 : 1;
}

/* Word i of the name; its length. 0: it has none. */
static size_t word(const struct cmd *cmd, unsigned i, const char **at)
{
	const char *space = strchr(cmd->name, ' ');

	*at = i && space ? space + 1 : cmd->name;
	if (i)
		return space ? strlen(*at) : 0;
	return space ? (size_t)(space - cmd->name) : strlen(cmd->name);
}

static bool begins(const struct cmd *cmd, unsigned i, const char *text)
{
	const char *at;
	size_t len = word(cmd, i, &at);

	return strlen(text) <= len && !strncmp(at, text, strlen(text));
}

static bool equals(const struct cmd *cmd, unsigned i, const char *text)
{
	const char *at;

	return begins(cmd, i, text) && strlen(text) == word(cmd, i, &at);
}

bool cmd_fits(const struct cmd *cmd, int argc, char *const *argv)
{
	for (unsigned i = 0; i < cmd_words(cmd) && (int)i < argc; i++)
		if (!begins(cmd, i, argv[i]))
			return false;
	return true;
}

const char *cmd_file(const struct cmd *cmd, int argc, char *const *argv)
{
	int words = (int)cmd_words(cmd);

	if (!(cmd->flags & (CMD_READS | CMD_FILLS)) || argc <= words)
		return NULL;
	return cmd->flags & CMD_PACKET && packet_is_word(argv[words]) ? NULL : argv[words];
}

struct candidates {
	const struct cmd *cmd[128];
	unsigned n;
};

static void list_fitting(struct candidates *list, int argc, char *const *argv)
{
	const struct cmd *cmd;

	list->n = 0;
	for (unsigned i = 0; (cmd = cmd_at(i)); i++)
		if (cmd_fits(cmd, argc, argv) && list->n < 128)
			list->cmd[list->n++] = cmd;
}

/* A word in full leaves no room for those that it only begins: "set" is not "settle". */
static void prefer_exact(struct candidates *list, unsigned i, const char *text)
{
	unsigned kept = 0;

	for (unsigned k = 0; k < list->n; k++)
		if (equals(list->cmd[k], i, text))
			list->cmd[kept++] = list->cmd[k];
	if (kept)
		list->n = kept;
}

static bool begins_name(const struct cmd *longer, const struct cmd *cmd)
{
	size_t len = strlen(cmd->name);

	return !strncmp(longer->name, cmd->name, len) && longer->name[len] == ' ';
}

/* "strays" alone is that command; with a second word that fits it is the longer one. */
static void tell_apart(struct candidates *list, int argc)
{
	const struct candidates all = *list;

	list->n = 0;
	for (unsigned k = 0; k < all.n; k++) {
		bool out = false;

		for (unsigned i = 0; i < all.n; i++)
			out |= argc == 1 ? begins_name(all.cmd[k], all.cmd[i])
					 : begins_name(all.cmd[i], all.cmd[k]);
		if (!out)
			list->cmd[list->n++] = all.cmd[k];
	}
}

static void names(const struct candidates *list, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = 0;
	for (unsigned i = 0; i < list->n && n + 4 < size; i++)
		n += (size_t)snprintf(buf + n, size - n, "%s%s", i ? ", " : "", list->cmd[i]->name);
	if (n >= size)
		memcpy(buf + size - 4, "...", 4);
}

/* Edit distance of two short words, at most 15 letters. */
static unsigned distance(const char *a, const char *b, size_t b_len)
{
	unsigned row[16], diagonal, up;

	for (unsigned k = 0; k <= b_len; k++)
		row[k] = k;
	for (unsigned i = 1; a[i - 1]; i++) {
		diagonal = row[0];
		row[0] = i;
		for (unsigned k = 1; k <= b_len; k++) {
			up = row[k];
			diagonal += a[i - 1] != b[k - 1];
			if (up + 1 < diagonal)
				diagonal = up + 1;
			if (row[k - 1] + 1 < diagonal)
				diagonal = row[k - 1] + 1;
			row[k] = diagonal;
			diagonal = up;
		}
	}
	return row[b_len];
}

static void list_similar(struct candidates *list, const char *text)
{
	const struct cmd *cmd;
	const char *at;

	list->n = 0;
	for (unsigned i = 0; strlen(text) < 16 && (cmd = cmd_at(i)); i++) {
		size_t len = word(cmd, 0, &at);

		if (len < 16 && distance(text, at, len) <= (len > 4 ? 2 : 1) && list->n < 128)
			list->cmd[list->n++] = cmd;
	}
}

static const struct cmd *unknown(int argc, char *const *argv, struct vx_err *err)
{
	struct candidates list;
	char could[160];

	list_fitting(&list, 1, argv);
	if (!list.n)
		list_similar(&list, argv[0]);
	else
		prefer_exact(&list, 0, argv[0]);
	names(&list, could, sizeof(could));
	if (list.n && argc > 1)
		vx_err_set(err, -ENOENT, "unknown command: %.30s %.30s, could be: %s", argv[0],
			   argv[1], could);
	else if (list.n)
		vx_err_set(err, -ENOENT, "unknown command: %.60s, could be: %s", argv[0], could);
	else
		vx_err_set(err, -ENOENT, "unknown command: %.60s; `help` lists all", argv[0]);
	return NULL;
}

const struct cmd *cmd_find(int argc, char *const *argv, struct vx_err *err)
{
	struct candidates list;
	char could[160];

	if (argc < 1 || !argv[0][0]) {
		vx_err_set(err, -ENOENT, "no command; `help` lists all");
		return NULL;
	}
	list_fitting(&list, argc, argv);
	for (unsigned i = 0; i < MAX_WORDS && (int)i < argc; i++)
		prefer_exact(&list, i, argv[i]);
	tell_apart(&list, argc);
	if (!list.n)
		return unknown(argc, argv, err);
	if (list.n == 1)
		return list.cmd[0];
	names(&list, could, sizeof(could));
	vx_err_set(err, -ENOENT, "ambiguous command: %.60s, could be: %s", argv[0], could);
	return NULL;
}

static int check_rights(const struct con *c, const struct cmd *cmd, struct vx_err *err)
{
	if (!c->e && !(cmd->flags & CMD_LOCAL))
		return vx_err_set(err, -ENOTCONN, "needs a running engine");
	if (cmd->flags & (CMD_WRITE | CMD_ENDS | CMD_OWNER) && !c->may_write)
		return vx_err_set(err, -EPERM,
				  "refused: only root and the socket's owner may; try sudo");
	if (cmd->flags & CMD_WRITE && c->e->o->read_only)
		return vx_err_set(err, -EROFS, "refused: the engine was started with --read-only");
	if (cmd->flags & (CMD_WRITE | CMD_ENDS) && c->read_only)
		return vx_err_set(err, -EROFS, "refused: this screen was opened with --read-only");
	return 0;
}

static void line_of(struct buf *line, int argc, char *const *argv)
{
	for (int i = 0; i < argc; i++) {
		if (i)
			buf_char(line, ' ');
		buf_str(line, argv[i]);
	}
}

/* In the log, which is what screens show as events; in the history, and in the count of what is not
 * saved. */
static void tell_change(const struct con *c, const struct cmd *cmd, int argc, char *const *argv)
{
	enum eng_part part = cmd->flags & CMD_LIST   ? ENG_LIST
			     : cmd->flags & CMD_CONF ? ENG_SETTINGS
						     : ENG_PARTS;
	struct buf line = { 0 };

	line_of(&line, argc, argv);
	if (!line.failed && c->user)
		vx_info("%s: %s", c->user, line.data);
	else if (!line.failed)
		vx_info("uid %u: %s", c->uid, line.data);
	c->e->user = c->user;
	if (!line.failed && cmd->flags & CMD_WRITE && !(cmd->flags & (CMD_FILLS | CMD_TURNS)))
		eng_edited(c->e, part, line.data);
	c->e->user = NULL;
	buf_fini(&line);
	if (cmd->flags & CMD_READS && cmd->flags & CMD_WRITE &&
	    (!c->argc || !strcmp(c->argv[0], c->e->o->allowlist)))
		eng_saved(c->e, ENG_LIST);
}

int cmd_run(struct con *c, int argc, char **argv, struct vx_err *err)
{
	const struct cmd *cmd = cmd_find(argc, argv, err);
	int n, r;

	if (!cmd)
		return -ENOENT;
	n = argc - (int)cmd_words(cmd);
	r = check_rights(c, cmd, err);
	if (!r && (n < cmd->min || n > cmd->max))
		r = vx_err_set(err, -EINVAL, "usage: %s%s%s", cmd->name, *cmd->args ? " " : "",
			       cmd->args);
	c->argc = n;
	c->argv = argv + cmd_words(cmd);
	c->err = err;
	c->same = false;
	if (!r)
		r = cmd->exec(c);
	if (r < 0)
		return vx_err_prefix(err, "%s", cmd->name) < 0 ? r : -EINVAL;
	if (!r && !c->same && cmd->flags & (CMD_WRITE | CMD_OWNER) && !(cmd->flags & CMD_LOOKS))
		tell_change(c, cmd, argc, argv);
	return r;
}

void cmd_con_fini(struct con *c)
{
	buf_fini(&c->warnings);
}

int cmd_ask(struct con *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->question, sizeof(c->question), fmt, ap);
	va_end(ap);
	return CMD_ASKS;
}

void cmd_warn(void *con, const char *text)
{
	struct con *c = con;

	buf_add(&c->warnings, text, strlen(text) + 1);
}

int cmd_number(const char *text, uint64_t max, uint64_t *out, struct vx_err *err)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || *out > max)
		return vx_err_set(err, -EINVAL, "%.60s: expected a number from 0 to %llu", text,
				  (unsigned long long)max);
	return 0;
}

int cmd_check_fill(const struct con *c, struct vx_err *err)
{
	if (c->fd < 0)
		return vx_err_set(err, -EBADF, "the caller has to pass a memory file for FILE");
	if (fcntl(c->fd, F_GET_SEALS) < 0)
		return vx_err_set(err, -EBADF, "what the caller passed is not a memory file");
	return 0;
}
