// SPDX-License-Identifier: GPL-2.0-only
/* See turning.h. Entries are summed up, since a list may be undone one by one; of all else each is
 * named as long as there is room. [engine] */
#include "engine/cmd/turning.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"

/* The question that a command has asked is one effect more. */
static void say(struct turning *t, int asks)
{
	size_t at = strlen(t->said), n = strlen(t->c->question);

	if (asks == CMD_ASKS) {
		if (at + n + 3 > sizeof(t->said) && at)
			t->left++;
		else
			snprintf(t->said + at, sizeof(t->said) - at, "%s%s", at ? "; " : "",
				 t->c->question);
	}
	t->c->question[0] = 0;
}

static void entry_goes(struct turning *t, const struct cidr *c)
{
	const struct eng *e = t->c->e;
	const struct allow_entry *x = allow_find(e->allow, c);

	if (!x)
		return;
	cmd_allow_del_asks(t->c, x);
	snprintf(t->one, sizeof(t->one), "%.*s", (int)sizeof(t->one) - 1, t->c->question);
	t->c->question[0] = 0;
	t->gone++;
	if (e->o->allow_mode == VX_ALLOW_ENFORCE && !allow_wider(e->allow, c))
		t->pps += eng_allow_pps(e, x);
}

static void list_comes(struct turning *t, int failed, const struct allow_diff *d)
{
	if (!failed)
		say(t, cmd_allow_load_asks(t->c, d, 0));
}

/* One that gets another target takes its packets from the old one. */
static void rules_come(struct turning *t, const struct nat_rule *then, uint32_t n)
{
	const struct nat *now = t->c->e->nat;
	const struct nat_rule *r, *other;
	uint32_t i;

	for (i = 0; (r = nat_at(now, i)); i++) {
		other = nat_find(then, n, &r->key);
		if (!other || !nat_same_target(other, r))
			say(t, cmd_nat_del_asks(t->c, r));
	}
	for (i = 0; i < n; i++)
		say(t, cmd_nat_add_asks(t->c, &then[i]));
}

static void setting_comes(struct turning *t, const char *name, const char *value)
{
	say(t, cmd_set_asks(t->c, name, value));
}

static void intake_comes(struct turning *t, bool on)
{
	if (!on)
		say(t, cmd_intake_off_asks(t->c));
}

static void item(struct turning *t, const struct journal_item *it)
{
	struct allow_diff d;
	struct vx_err err;

	switch (it->kind) {
	case JOURNAL_ENTRY:
		if (it->entry.put)
			say(t, cmd_admits_asks(t->c, &it->entry.cidr));
		else
			entry_goes(t, &it->entry.cidr);
		break;
	case JOURNAL_LIST:
		list_comes(t, eng_allow_diff_list(t->c->e, it->list.allow, &d, &err), &d);
		break;
	case JOURNAL_RULES:
		rules_come(t, it->rules.rule, it->rules.n);
		break;
	case JOURNAL_SETTING:
		setting_comes(t, opt_name((enum opt_id)it->setting.id), it->setting.value);
		break;
	case JOURNAL_INTAKE:
		intake_comes(t, it->intake_on);
		break;
	}
}

void turning_change(struct turning *t, const struct journal_change *c)
{
	for (unsigned i = 0; i < c->n; i++)
		item(t, &c->item[i]);
}

static void kept_item(struct turning *t, const struct kept_item *it)
{
	struct nat_rule *rules;
	struct allow_diff d;
	struct vx_err err;

	switch (it->kind) {
	case KEPT_PUT:
		say(t, cmd_admits_asks(t->c, &it->cidr));
		break;
	case KEPT_DEL:
		entry_goes(t, &it->cidr);
		break;
	case KEPT_SET:
		setting_comes(t, it->a, it->b);
		break;
	case KEPT_RULES:
		if (eng_kept_rules(it, &rules, &err))
			break; /* making it says why */
		rules_come(t, rules, it->n_rules);
		free(rules);
		break;
	case KEPT_INTAKE:
		intake_comes(t, it->on);
		break;
	case KEPT_LIST:
		list_comes(t, eng_allow_diff_text(t->c->e, it->a, &d, &err), &d);
		break;
	}
}

void turning_kept(struct turning *t, const struct kept *k)
{
	for (uint32_t i = 0; i < k->n; i++)
		for (uint32_t n = 0; n < k->change[i].n; n++)
			if (!kept_overtaken(k, i, &k->change[i].item[n]))
				kept_item(t, &k->change[i].item[n]);
}

const char *turning_text(struct turning *t, char *buf, size_t size)
{
	const char *sep = t->gone && t->said[0] ? "; " : "";
	char entries[160] = "", left[32] = "";

	if (t->gone == 1)
		snprintf(entries, sizeof(entries), "%s", t->one);
	else if (t->gone)
		snprintf(entries, sizeof(entries),
			 "%u entries would go: would deny %" PRIu64 " packets/s", t->gone, t->pps);
	if (t->left)
		snprintf(left, sizeof(left), "; and %u more", t->left);
	if (t->gone || t->said[0])
		snprintf(buf, size, "%s%s%s%s", entries, sep, t->said, left);
	else
		snprintf(buf, size, "nothing less is sent");
	return buf;
}
