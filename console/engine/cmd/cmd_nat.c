// SPDX-License-Identifier: GPL-2.0-only
/* `nat`: the rules that give allowed packets their new destination. [engine] */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "engine/cmd/cmd_groups.h"
#include "engine/engine.h"
#include "proto/out.h"

#define TOP_MOST 50

/* The rule that packets of a new one obey now, with its rate; found NULL: none. */
struct obeyed {
	struct nat_key key;
	const struct nat_rule *found;
	uint64_t pps;
	bool there; /* the new one itself */
};

static void match_wider(void *ctx, const struct eng_nat_row *row)
{
	const struct nat_key *wide = &row->rule->key;
	struct obeyed *o = ctx;

	if (wide->proto != o->key.proto || wide->port != o->key.port ||
	    wide->family != o->key.family)
		return;
	o->there |= nat_key_equal(wide, &o->key);
	if (wide->has_prefix && (!o->key.has_prefix || wide->prefix.len > o->key.prefix.len ||
				 !addr_cidr_contains(&wide->prefix, &o->key.prefix.addr)))
		return;
	if (o->found && o->found->key.has_prefix &&
	    (!wide->has_prefix || wide->prefix.len < o->found->key.prefix.len))
		return;
	o->found = row->rule;
	o->pps = row->pps;
}

/* A rule with a prefix takes its packets from the wider one; any rule takes them from --unmatched
 * forward. What is wrong, or there already, is left to the command itself. */
int cmd_nat_add_asks(struct con *c, const struct nat_rule *rule)
{
	uint64_t unmatched = c->e->snap.row_pps[VX_L_UNNATTED];
	char from[ADDR_TEXT], to[ADDR_TEXT];
	struct obeyed o = { .key = rule->key };

	addr_format_port(&rule->to, rule->to_port, to);
	eng_nat_rows(c->e, match_wider, &o);
	if (o.there)
		return 0;
	if (o.found)
		return cmd_ask(c,
			       "of %" PRIu64 " packets/s that are sent to %s, those that match "
			       "would go to %s",
			       o.pps, addr_format_port(&o.found->to, o.found->to_port, from), to);
	if (c->e->o->unmatched == VX_UNMATCHED_FORWARD && unmatched)
		return cmd_ask(c,
			       "of %" PRIu64 " packets/s that are forwarded without a rule, those "
			       "that match would go to %s",
			       unmatched, to);
	return 0;
}

static int ask_add(struct con *c)
{
	struct nat_rule rule;

	return nat_parse(c->argv[0], &rule, NULL) < 0 ? 0 : cmd_nat_add_asks(c, &rule);
}

static int add(struct con *c)
{
	int r = cmd_must_ask(c) ? ask_add(c) : 0;

	if (r)
		return r;
	r = eng_nat_add(c->e, c->argv[0], c->err);
	if (r < 0)
		return r;
	out_message(c->out, "added %s", c->argv[0]);
	return 0;
}

/* The rule that a key names, with its rate. */
struct wanted {
	struct nat_key key;
	bool family_given, found;
	uint64_t pps;
	char to[ADDR_TEXT];
};

static void match_rule(void *ctx, const struct eng_nat_row *row)
{
	struct wanted *w = ctx;
	struct nat_key key = w->key;

	if (!w->family_given && !key.has_prefix)
		key.family = row->rule->key.family;
	if (!nat_key_equal(&key, &row->rule->key))
		return;
	w->found = true;
	w->pps = row->pps;
	addr_format_port(&row->rule->to, row->rule->to_port, w->to);
}

static int ask_gone(struct con *c, struct wanted *w)
{
	eng_nat_rows(c->e, match_rule, w);
	return w->found ? cmd_ask(c, "%" PRIu64 " packets/s would no longer be sent to %s", w->pps,
				  w->to)
			: 0;
}

int cmd_nat_del_asks(struct con *c, const struct nat_rule *rule)
{
	return ask_gone(c, &(struct wanted){ .key = rule->key, .family_given = true });
}

static int ask_del(struct con *c)
{
	struct wanted w = { 0 };

	if (nat_key_parse(c->argv[0], &w.key, &w.family_given, c->err) < 0)
		return 0; /* the command itself says so */
	return ask_gone(c, &w);
}

static int del(struct con *c)
{
	int r = cmd_must_ask(c) ? ask_del(c) : 0;

	if (r)
		return r;
	r = eng_nat_del(c->e, c->argv[0], c->err);
	if (r < 0)
		return r;
	out_message(c->out, "removed %s", c->argv[0]);
	return 0;
}

struct listing {
	struct out *out;
	const struct nat *nat;
};

static void list_row(void *ctx, const struct eng_nat_row *row)
{
	const struct net_nexthop *nh = row->nexthop;
	char key[NAT_TEXT], text[ADDR_TEXT];
	struct listing *l = ctx;
	struct out *o = l->out;

	out_object(o, NULL);
	out_str(o, "key", nat_key_text(l->nat, &row->rule->key, key));
	out_str(o, "to", addr_format_port(&row->rule->to, row->rule->to_port, text));
	out_u64(o, "hits", row->hits);
	out_str(o, "next_hop",
		nh->state == NET_NH_RESOLVED ? addr_mac_format(nh->mac, text) : NULL);
	out_str(o, "state", net_nh_state_name(nh->state));
	out_end(o);
	if (nh->state != NET_NH_RESOLVED && nh->why[0])
		out_note(o, "%s: %s", key, nh->why);
}

static int list(struct con *c)
{
	struct listing l = { c->out, c->e->nat };

	out_array(c->out, NULL);
	eng_nat_rows(c->e, list_row, &l);
	out_end(c->out);
	return 0;
}

static void top_row(void *ctx, const struct eng_port_row *row)
{
	struct out *o = ctx;
	char key[32];

	out_object(o, NULL);
	out_str(o, "key", eng_port_key(row, key, sizeof(key)));
	out_u64(o, "pps", row->pps);
	out_u64(o, "count", row->count);
	out_end(o);
}

static int top(struct con *c)
{
	out_array(c->out, NULL);
	eng_port_rows(c->e, TOP_MOST, top_row, c->out);
	out_end(c->out);
	return 0;
}

static void offer_port(void *ctx, const struct eng_port_row *row)
{
	char word[40], help[64], key[32];

	snprintf(word, sizeof(word), "%s=", eng_port_key(row, key, sizeof(key)));
	snprintf(help, sizeof(help), "%" PRIu64 " packets/s without a rule", row->pps);
	cmd_offer(ctx, word, help);
}

static void complete_add(struct completion *c)
{
	eng_port_rows(c->e, TOP_MOST, offer_port, c);
	cmd_offer(c, "udp/", "udp/PORT[@PREFIX]=ADDRESS:PORT");
	cmd_offer(c, "tcp/", "tcp/PORT[@PREFIX]=ADDRESS:PORT");
}

static void complete_del(struct completion *c)
{
	const struct nat_rule *r;
	char key[NAT_TEXT], to[ADDR_TEXT];

	for (uint32_t i = 0; (r = nat_at(c->e->nat, i)); i++)
		cmd_offer(c, nat_key_text(c->e->nat, &r->key, key),
			  addr_format_port(&r->to, r->to_port, to));
}

const struct cmd cmd_nat[] = {
	{ "nat add", "RULE", 1, 1, CMD_WRITE | CMD_CONF, add,
	  "add a rule: udp/31765=172.30.82.95:8081, tcp/80@10.0.0.0/8=[2001:db8::5]:80",
	  complete_add },
	{ "nat del", "KEY", 1, 1, CMD_WRITE | CMD_CONF, del,
	  "remove a rule: udp/31765, udp/31765@10.0.0.0/8, udp/31765/6", complete_del },
	{ "nat list", "", 0, 0, CMD_RO, list, "the rules with their hits and next hops", NULL },
	{ "nat top", "", 0, 0, CMD_RO, top, "the ports that packets go to which no rule matches",
	  NULL },
	{ 0 },
};
