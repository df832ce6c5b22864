/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changes to the NAT rules: one by one, or all of them to those of a config that was read again.
 * The model, the datapath, the next hops and the leak guard's targets change together or not at
 * all. [engine]
 */
#include "engine/run_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

static void watch_target(struct eng *e, const struct nat_rule *rule)
{
	char text[NAT_TEXT];

	if (e->dp->target(e->d, rule, true))
		vx_warn("leak guard: the target of %s is not watched: its map is full",
			nat_format(rule, text));
}

/* The target of a rule that is not in the model any more. */
static void leave_target(struct eng *e, const struct nat_rule *gone)
{
	const struct nat_rule *r;
	char text[NAT_TEXT];

	for (uint32_t i = 0; (r = nat_at(e->nat, i)); i++)
		if (r->key.proto == gone->key.proto && nat_same_target(r, gone))
			break;
	if (!r && e->dp->target(e->d, gone, false))
		vx_dbg("leak guard: the target of %s was not watched", nat_format(gone, text));
	eng_target_put(e, gone->nexthop);
}

/* rule->nexthop is a target that the caller got; on failure it is still the caller's. */
static int rule_in(struct eng *e, struct nat_rule *rule, struct vx_err *err)
{
	int rc = nat_add(e->nat, rule, err);

	if (rc)
		return rc;
	eng_hits_start(e, true, rule->idx);
	rc = e->dp->nat_sync(e->d, e->nat, &rule->key, err);
	if (!rc) {
		watch_target(e, rule);
		eng_nexthops_push(e);
		return 0;
	}
	if (nat_del(e->nat, &rule->key, true, NULL, NULL) ||
	    e->dp->nat_sync(e->d, e->nat, &rule->key, NULL))
		vx_error("a NAT rule that failed could not be taken back");
	return rc;
}

static int rule_out(struct eng *e, const struct nat_key *key, bool family_given, struct vx_err *err)
{
	struct nat_rule gone;
	int rc = nat_del(e->nat, key, family_given, &gone, err);

	if (rc)
		return rc;
	rc = e->dp->nat_sync(e->d, e->nat, &gone.key, err);
	if (rc) {
		if (nat_add(e->nat, &gone, NULL))
			vx_error("a NAT rule that could not be removed is out of the list");
		return rc;
	}
	leave_target(e, &gone);
	eng_nexthops_push(e);
	return 0;
}

/* In one write: no packet in between finds no rule. It keeps its element, so that no other rule's
 * is taken when it is put back. */
static int rule_replace(struct eng *e, const struct nat_rule *old, struct nat_rule *rule,
			struct vx_err *err)
{
	struct nat_rule gone = *old;
	int rc = nat_del(e->nat, &gone.key, true, NULL, err);

	rule->idx = gone.idx;
	rc = rc ? rc : nat_add(e->nat, rule, err); /* has room: one has just gone */
	if (rc)
		return rc;
	eng_hits_start(e, true, rule->idx);
	eng_nexthops_push(e);
	rc = e->dp->nat_sync(e->d, e->nat, &rule->key, err);
	if (!rc) {
		watch_target(e, rule);
		leave_target(e, &gone);
		return 0;
	}
	if (nat_del(e->nat, &rule->key, true, NULL, NULL) || nat_add(e->nat, &gone, NULL))
		vx_error("a NAT rule that could not be changed is out of the list");
	return rc;
}

int eng_rule_add(struct eng *e, const char *text, struct vx_err *err)
{
	struct nat_rule rule;
	int rc = nat_parse(text, &rule, err);

	rc = rc ? rc : eng_target_get(e, &rule.to, &rule.nexthop, err);
	if (rc)
		return rc;
	rc = rule_in(e, &rule, err);
	if (rc)
		eng_target_put(e, rule.nexthop);
	return rc;
}

static int changed(struct eng *e, int rc)
{
	if (rc)
		eng_record_forget(e);
	else
		e->o->source[OPT_NAT_RULE] = OPT_BY_SET;
	return rc;
}

int eng_nat_add(struct eng *e, const char *text, struct vx_err *err)
{
	int rc = eng_record_rules(e, err);

	return changed(e, rc ? rc : eng_rule_add(e, text, err));
}

int eng_nat_del(struct eng *e, const char *text, struct vx_err *err)
{
	struct nat_key key;
	bool family_given;
	int rc = nat_key_parse(text, &key, &family_given, err);

	rc = rc ? rc : eng_record_rules(e, err);
	return changed(e, rc ? rc : rule_out(e, &key, family_given, err));
}

/* --- all of them --- */

bool eng_rules_are(const struct eng *e, const struct nat_rule *want, uint32_t n)
{
	bool same = n == nat_count(e->nat);

	for (uint32_t i = 0; i < n && same; i++)
		same = nat_key_equal(&nat_at(e->nat, i)->key, &want[i].key) &&
		       nat_same_target(nat_at(e->nat, i), &want[i]);
	return same;
}

int eng_rules_set(struct eng *e, struct nat_rule *want, uint32_t n, struct vx_err *err)
{
	int rc;

	if (eng_rules_are(e, want, n))
		return 0;
	rc = eng_record_rules(e, err);
	return changed(e, rc ? rc : eng_rules_become(e, want, n, err));
}

static const struct nat_rule *find_now(const struct eng *e, const struct nat_key *key)
{
	const struct nat_rule *r;

	for (uint32_t i = 0; (r = nat_at(e->nat, i)); i++)
		if (nat_key_equal(&r->key, key))
			break;
	return r;
}

static int become(struct eng *e, struct nat_rule *want, uint32_t n, struct vx_err *err)
{
	const struct nat_rule *now;
	struct nat_key key;
	int rc = 0;

	for (uint32_t i = nat_count(e->nat); i-- > 0 && !rc;) {
		key = nat_at(e->nat, i)->key;
		if (!nat_find(want, n, &key))
			rc = rule_out(e, &key, true, err);
	}
	for (uint32_t i = 0; i < n && !rc; i++) {
		now = find_now(e, &want[i].key);
		if (now && nat_same_target(now, &want[i]))
			continue;
		rc = eng_target_get(e, &want[i].to, &want[i].nexthop, err);
		if (rc)
			break;
		rc = now ? rule_replace(e, now, &want[i], err) : rule_in(e, &want[i], err);
		if (rc)
			eng_target_put(e, want[i].nexthop);
	}
	if (!rc)
		nat_order(e->nat, want, n);
	return rc;
}

uint32_t eng_rules_copy(const struct eng *e, struct nat_rule **rules)
{
	uint32_t n = nat_count(e->nat);

	*rules = calloc((size_t)n + 1, sizeof(**rules));
	for (uint32_t i = 0; *rules && i < n; i++)
		(*rules)[i] = *nat_at(e->nat, i);
	return n;
}

/* A journal that somebody wrote may name one key twice. */
static int check_keys(const struct nat_rule *want, uint32_t n, struct vx_err *err)
{
	char text[NAT_TEXT];

	for (uint32_t i = 0; i < n; i++)
		if (nat_find(want, i, &want[i].key))
			return vx_err_set(err, -EEXIST, "%s: another rule has this key",
					  nat_format(&want[i], text));
	return 0;
}

int eng_rules_become(struct eng *e, struct nat_rule *want, uint32_t n, struct vx_err *err)
{
	struct nat_rule *was;
	uint32_t n_was;
	int rc = check_keys(want, n, err);

	if (rc)
		return rc;
	n_was = eng_rules_copy(e, &was);
	rc = was ? become(e, want, n, err) : vx_err_set(err, -ENOMEM, "out of memory");

	if (rc && was && become(e, was, n_was, NULL))
		vx_error("the NAT rules could not be put back as they were; see: nat list");
	free(was);
	return rc;
}
