// SPDX-License-Identifier: GPL-2.0-only
/* `set`, `show settings`, `save`: the options of the running engine. [engine] */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/cmd/cmd_groups.h"
#include "engine/engine.h"
#include "proto/out.h"

#define VALUE_MAX (1u << 20) /* of 4,096 rules, the longest */

int cmd_set_value(struct con *c, const char *name, const char *value)
{
	int r = cmd_must_ask(c) ? cmd_set_asks(c, name, value) : 0;

	if (r)
		return r;
	r = eng_set(c->e, name, value, c->err);
	if (r < 0)
		return r;
	c->same = r > 0;
	out_message(c->out, "%s is %s%s", name, *value ? value : "not set",
		    c->same ? " already: nothing has changed" : "");
	return 0;
}

static int set(struct con *c)
{
	return cmd_set_value(c, c->argv[0], c->argv[1]);
}

/* The rules that are in force; those of the options are what it started with. */
static const char *rules_text(const struct eng *e, char *buf, size_t size)
{
	const struct nat_rule *r;
	char text[NAT_TEXT];
	size_t n = 0;

	buf[0] = 0;
	for (uint32_t i = 0; (r = nat_at(e->nat, i)) && n < size; i++)
		n += (size_t)snprintf(buf + n, size - n, "%s%s", i ? ", " : "",
				      nat_format(r, text));
	return buf;
}

static const char *value_of(const struct eng *e, enum opt_id id, char *buf, size_t size)
{
	return id == OPT_NAT_RULE ? rules_text(e, buf, size) : opt_value(e->o, id, buf, size);
}

static int show(struct con *c)
{
	char *value = malloc(VALUE_MAX);
	struct out *o = c->out;

	if (!value)
		return vx_err_set(c->err, -ENOMEM, "no memory");
	out_array(o, NULL);
	for (enum opt_id id = 0; id < OPT_N; id++) {
		out_object(o, NULL);
		out_str(o, "name", opt_name(id));
		out_str(o, "value", value_of(c->e, id, value, VALUE_MAX));
		out_str(o, "source", opt_source_name(c->e->o->source[id]));
		out_bool(o, "live", opt_live(id) == OPT_LIVE_YES);
		out_end(o);
	}
	out_end(o);
	free(value);
	return 0;
}

static int save(struct con *c)
{
	int r = c->argc ? cmd_check_fill(c, c->err) : 0;

	if (!r)
		r = eng_save(c->e, c->argc ? c->argv[0] : NULL, c->argc ? c->fd : -1, c->err);
	if (r < 0)
		return r;
	if (!c->argc) /* else the caller writes the file, after this, and may fail */
		eng_saved(c->e, ENG_SETTINGS);
	out_message(c->out, "saved the settings");
	return 0;
}

static void complete_set(struct completion *c)
{
	char value[128];
	const char *word;
	int id;

	for (id = 0; c->argc == 1 && id < OPT_N; id++)
		if (opt_live((enum opt_id)id) == OPT_LIVE_YES)
			cmd_offer(c, opt_name((enum opt_id)id),
				  opt_value(c->e->o, (enum opt_id)id, value, sizeof(value)));
	id = c->argc == 2 ? opt_find(c->argv[0]) : -1;
	if (id < 0)
		return;
	opt_value(c->e->o, (enum opt_id)id, value, sizeof(value));
	for (unsigned i = 0; (word = opt_word((enum opt_id)id, i)); i++)
		cmd_offer(c, word, strcmp(word, value) ? "" : "as it is");
	cmd_offer(c, value, "as it is");
}

const struct cmd cmd_set[] = {
	{ "set", "NAME VALUE", 2, 2, CMD_WRITE | CMD_CONF, set,
	  "change a setting now; `show settings` lists them", complete_set },
	{ "show settings", "", 0, 0, CMD_RO, show,
	  "every setting, where its value comes from, and whether it can be set live", NULL },
	{ "save", "[FILE]", 0, 1, CMD_WRITE | CMD_FILLS, save,
	  "write the settings as a config file, without FILE to the one of -c", NULL },
	{ 0 },
};
