/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SIGHUP: config and allowlist are read again. All of it is read and judged first; what is then put
 * into force one after the other is taken back when a later part fails, so that nothing changes or
 * everything. [engine]
 */
#include "engine/run_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

struct reload {
	struct eng *e;
	struct opts *n; /* as the config has it; NULL: there is no config */
	bool changed[OPT_N], done[OPT_N];
	bool recorded;		/* a setting or the rules are part of the change */
	bool has_rules;		/* the rules are those of the config, */
	struct nat_rule *rules; /* and these are not in force yet; NULL: they stay */
	uint32_t n_rules;
	struct nat_rule *rules_were;
	uint32_t n_rules_were;
	struct allow *allow; /* NULL: there is no list */
	struct store_doc *doc;
};

/* What was given on the command line stays above the config, also when `set` has changed it since.
 */
static void keep_cli(const struct eng *e, struct opts *n)
{
	for (int id = 0; id < OPT_N; id++)
		if (e->run->by_cli[id])
			n->source[id] = OPT_BY_CLI;
}

/* Which values differ. One that needs a restart stays as it is, with a warning. */
static int compare(struct reload *r, struct vx_err *err)
{
	char was[OPT_VALUE_MAX], is[OPT_VALUE_MAX];
	struct opts *o = r->e->o;
	int rc = 0;

	for (int id = 0; id < OPT_N && !rc; id++) {
		if (id == OPT_NAT_RULE)
			continue;
		if (r->e->run->by_cli[id])
			r->n->source[id] = o->source[id];
		opt_value(o, (enum opt_id)id, was, sizeof(was));
		opt_value(r->n, (enum opt_id)id, is, sizeof(is));
		r->changed[id] = strcmp(was, is) != 0;
		if (!r->changed[id] || opt_live((enum opt_id)id) == OPT_LIVE_YES)
			continue;
		vx_warn("%s: %s: %s%s", o->config, opt_name((enum opt_id)id),
			eng_not_live((enum opt_id)id), opt_why_fixed((enum opt_id)id));
		r->changed[id] = false;
		rc = opt_set(r->n, (enum opt_id)id, was, o->source[id], err);
	}
	return rc;
}

static int read_config(struct reload *r, struct vx_err *err)
{
	const char *path = r->e->o->config;
	char *text = NULL;
	size_t len;
	int rc = eng_read_config(path, &text, &len, err);

	if (rc)
		return rc;
	r->n = calloc(1, sizeof(*r->n));
	rc = r->n ? opt_copy(r->n, r->e->o, err) : vx_err_set(err, -ENOMEM, "out of memory");
	if (!rc) {
		keep_cli(r->e, r->n);
		rc = opt_config_apply(r->n, path, text, len, eng_warn, NULL, err);
	}
	free(text);
	return rc ? rc : compare(r, err);
}

/* Rules of the config replace all others; a config that never had any leaves those of `nat add`
 * alone. */
static int read_rules(struct reload *r, struct vx_err *err)
{
	struct opts *n = r->n;
	int rc = 0;

	if (r->e->run->by_cli[OPT_NAT_RULE] || (n->source[OPT_NAT_RULE] != OPT_BY_CONFIG &&
						r->e->o->source[OPT_NAT_RULE] != OPT_BY_CONFIG))
		return 0;
	r->n_rules_were = eng_rules_copy(r->e, &r->rules_were);
	r->rules = calloc((size_t)n->n_nat_rules + 1, sizeof(*r->rules));
	if (!r->rules || !r->rules_were)
		return vx_err_set(err, -ENOMEM, "out of memory");
	for (int i = 0; i < n->n_nat_rules && !rc; i++)
		rc = nat_parse(n->nat_rules[i], &r->rules[r->n_rules++], err);
	r->has_rules = true;
	if (!rc && eng_rules_are(r->e, r->rules, r->n_rules)) {
		free(r->rules);
		r->rules = NULL;
	}
	return rc;
}

static int read_list(struct reload *r, struct vx_err *err)
{
	const char *path = r->e->o->allowlist;
	int fd = store_open(path, err);
	int rc;

	if (fd >= 0)
		eng_watch_know(r->e, fd);
	rc = fd < 0 ? fd
		    : store_allow_read(fd, path, r->e->o->allow_max, &r->allow, &r->doc, eng_warn,
				       NULL, err);

	if (fd >= 0)
		close(fd);
	return rc;
}

static void take_back(struct reload *r, bool rules)
{
	struct vx_err err;

	if (rules && r->rules && eng_rules_become(r->e, r->rules_were, r->n_rules_were, &err))
		vx_error("%s", err.msg);
	for (int id = 0; id < OPT_N; id++)
		if (r->done[id] && eng_setting_apply(r->e, (enum opt_id)id, r->n, r->e->o, &err))
			vx_error("%s: %s", opt_name((enum opt_id)id), err.msg);
}

/* Where a value comes from may change, too; that alone is no change. */
static int record_settings(struct reload *r, struct vx_err *err)
{
	struct opts *o = r->e->o;
	bool any = r->rules;
	int rc = 0;

	for (int id = 0; id < OPT_N; id++)
		any |= r->changed[id];
	for (int id = 0; any && r->n && id < OPT_N && !rc; id++)
		if (id != OPT_NAT_RULE && (r->changed[id] || o->source[id] != r->n->source[id])) {
			rc = eng_record_setting(r->e, (enum opt_id)id, err);
			r->recorded = true;
		}
	return rc;
}

static int put_into_force(struct reload *r, struct vx_err *err)
{
	int rc = record_settings(r, err);

	for (int id = 0; id < OPT_N && !rc; id++) {
		if (!r->changed[id])
			continue;
		rc = eng_setting_apply(r->e, (enum opt_id)id, r->e->o, r->n, err);
		if (rc)
			vx_err_prefix(err, "%s", r->e->o->config);
		r->done[id] = !rc;
	}
	if (!rc && r->rules) {
		rc = eng_record_rules(r->e, err);
		r->recorded = true;
	}
	if (!rc && r->rules) {
		rc = eng_rules_become(r->e, r->rules, r->n_rules, err);
		if (rc)
			vx_err_prefix(err, "%s: NAT rule", r->e->o->config);
	}
	if (rc) {
		take_back(r, false);
		return rc;
	}
	if (r->allow) {
		rc = eng_allow_take(r->e, r->allow, r->doc, err);
		r->allow = NULL; /* taken, or freed */
		r->doc = NULL;
	}
	if (rc)
		take_back(r, true);
	return rc;
}

/* The options of the config are those of the engine from now on. */
static void commit(struct reload *r)
{
	struct opts old = *r->e->o;

	if (!r->has_rules)
		r->n->source[OPT_NAT_RULE] = old.source[OPT_NAT_RULE];
	*r->e->o = *r->n;
	*r->n = old;
}

/* Are the settings what the config says? What it does not name stays as `set` and `nat add` left
 * it.
 */
static bool as_in_config(const struct reload *r)
{
	for (int id = 0; id < OPT_N; id++)
		if (r->e->o->source[id] == OPT_BY_SET)
			return false;
	return r->has_rules || !eng_unsaved(r->e, ENG_SETTINGS);
}

int eng_reload(struct eng *e, struct vx_err *err)
{
	bool as_config = false;
	struct reload *r = calloc(1, sizeof(*r));
	int rc = r ? 0 : vx_err_set(err, -ENOMEM, "out of memory");

	if (rc)
		return rc;
	r->e = e;
	if (e->o->config[0])
		rc = read_config(r, err);
	if (!rc && r->n)
		rc = read_rules(r, err);
	if (!rc && e->o->allowlist[0])
		rc = read_list(r, err);
	rc = rc ? rc : put_into_force(r, err);
	if (!rc && r->n) {
		commit(r);
		as_config = as_in_config(r);
	}
	if (!rc)
		eng_edited(e, !as_config && r->recorded ? ENG_SETTINGS : ENG_PARTS,
			   "files read again");
	if (as_config)
		eng_saved(e, ENG_SETTINGS);
	if (!rc && e->o->allowlist[0])
		eng_saved(e, ENG_LIST);
	if (rc)
		eng_record_forget(e);
	if (rc && e->o->allowlist[0])
		eng_watch_forget(e);
	if (r->n)
		opt_fini(r->n);
	free(r->n);
	free(r->rules);
	free(r->rules_were);
	allow_free(r->allow);
	store_doc_free(r->doc);
	free(r);
	return rc;
}
