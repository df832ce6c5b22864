// SPDX-License-Identifier: GPL-2.0-only
/* `help` and `quit`. [engine; help also in the client] */
#include <stdio.h>

#include "engine/cmd/cmd_groups.h"
#include "engine/engine.h"
#include "engine/model/packet.h"
#include "log.h"
#include "proto/out.h"

/* For who opens the files: the screen has no table. */
static void put_file(struct out *o, const struct cmd *cmd)
{
	struct buf text = { 0 };
	const char *word;

	buf_str(&text, cmd->flags & CMD_READS ? "reads" : "fills");
	for (unsigned i = 0; cmd->flags & CMD_PACKET && (word = packet_word(i)); i++)
		buf_printf(&text, "%s %s", i ? "" : ", but not", word);
	out_json_str(o, "file", text.failed ? NULL : text.data);
	buf_fini(&text);
}

static int help(struct con *c)
{
	const struct cmd *cmd;
	unsigned shown = 0;

	out_array(c->out, NULL);
	for (unsigned i = 0; (cmd = cmd_at(i)); i++) {
		if (!cmd_fits(cmd, c->argc, c->argv))
			continue;
		out_object(c->out, NULL);
		out_str(c->out, "command", cmd->name);
		out_str(c->out, "help", cmd->help); /* first, where a narrow screen cuts */
		out_str(c->out, "args", cmd->args);
		if (cmd->flags & (CMD_READS | CMD_FILLS))
			put_file(c->out, cmd);
		out_end(c->out);
		shown++;
	}
	out_end(c->out);
	if (shown || cmd_find(c->argc, c->argv, c->err))
		return 0;
	return c->err->code;
}

static int ask_quit(struct con *c)
{
	char unsaved[96] = "";

	if (c->e->snap.unsaved)
		snprintf(unsaved, sizeof(unsaved),
			 ", unsaved changes are lost: %u (`save`, `allow save`)",
			 c->e->snap.unsaved);
	return cmd_ask(c, "the engine ends: %llu packets/s are no longer sent%s",
		       (unsigned long long)c->e->snap.out_pps, unsaved);
}

/* What is not saved is lost, so a script, too, has to say that it means it. */
static int quit(struct con *c)
{
	if (cmd_must_ask(c) || (c->e->snap.unsaved && !c->yes))
		return ask_quit(c);
	if (c->user)
		vx_info("%s: quit", c->user);
	else
		vx_info("uid %u: quit", c->uid);
	c->e->quit = true;
	c->e->quit_drops = true;
	c->e->quit_why = "quit";
	out_message(c->out, "stopping: nothing new is taken, what is queued is sent");
	return 0;
}

const struct cmd cmd_help[] = {
	{ "help", "[COMMAND]", 0, 2, CMD_LOCAL, help,
	  "the commands, or those that begin like COMMAND", NULL },
	{ "quit", "", 0, 0, CMD_ENDS, quit, "drain and stop the engine", NULL },
	{ 0 },
};
