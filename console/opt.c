// SPDX-License-Identifier: GPL-2.0-only
/*
 * Options as values: found by name, set, shown, copied. Where they come from is in opt_cli.c (the
 * command line) and opt_config.c (the file), what they are in opt_table.c.
 */
#include "opt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "opt_int.h"

static const char *const names[OPT_N] = {
#define OPT_NAME(id, name, live) [OPT_##id] = name,
	OPT_SETTINGS(OPT_NAME)
#undef OPT_NAME
};

#define LIVE	OPT_LIVE_YES
#define RESTART OPT_LIVE_RESTART
#define FIXED	OPT_LIVE_FIXED
static const enum opt_live lives[OPT_N] = {
#define OPT_LIVENESS(id, name, live) [OPT_##id] = live,
	OPT_SETTINGS(OPT_LIVENESS)
#undef OPT_LIVENESS
};
#undef LIVE
#undef RESTART
#undef FIXED

int opt_find(const char *name)
{
	int id;

	for (id = 0; id < OPT_N; id++)
		if (!strcmp(names[id], name))
			return id;
	return -ENOENT;
}

const char *opt_name(enum opt_id id)
{
	return names[id];
}

const char *opt_word(enum opt_id id, unsigned i)
{
	const struct opt_def *d = &opt_defs[id];
	const struct opt_word *w = d->words;

	if (!d->arg && i > 1)
		return NULL; /* a flag: "off" and "on" will do */
	for (; w && w->text && i; w++)
		i--;
	return w ? w->text : NULL;
}

enum opt_live opt_live(enum opt_id id)
{
	return lives[id];
}

const char *opt_why_fixed(enum opt_id id)
{
	return opt_defs[id].why;
}

const char *opt_source_name(enum opt_source s)
{
	static const char *const text[] = { "default", "config", "command line", "live" };

	return text[s];
}

const char *opt_value(const struct opts *o, enum opt_id id, char *buf, size_t size)
{
	if (size)
		buf[0] = 0;
	opt_defs[id].format(o, &opt_defs[id], buf, size);
	return buf;
}

static void rules_free(char **rules, int n)
{
	while (n)
		free(rules[--n]);
	free(rules);
}

/* NAT rules of one source add up; those of another replace them, once they are known to be good. */
static int set_rules(struct opts *o, const char *value, enum opt_source source, struct vx_err *err)
{
	bool more = o->source[OPT_NAT_RULE] == source && *value;
	char **rules = o->nat_rules;
	int n = o->n_nat_rules, rc;

	if (!more) {
		o->nat_rules = NULL;
		o->n_nat_rules = 0;
	}
	rc = opt_parse_rules(o, &opt_defs[OPT_NAT_RULE], value, err);
	if (!more && !rc) {
		rules_free(rules, n);
	} else if (!more) {
		free(o->nat_rules);
		o->nat_rules = rules;
		o->n_nat_rules = n;
	}
	return rc;
}

int opt_put(struct opts *o, enum opt_id id, const char *value, enum opt_source source,
	    struct vx_err *err)
{
	const struct opt_def *d = &opt_defs[id];
	int rc;

	if (!*value && *d->dflt)
		rc = vx_err_set(err, -EINVAL, "expected %s", d->arg ? d->arg : "on or off");
	else if (id == OPT_NAT_RULE)
		rc = set_rules(o, value, source, err);
	else
		rc = d->parse(o, d, value, err);
	if (!rc)
		o->source[id] = source;
	return rc;
}

int opt_set(struct opts *o, enum opt_id id, const char *value, enum opt_source source,
	    struct vx_err *err)
{
	int rc = opt_put(o, id, value, source, err);

	if (rc)
		vx_err_prefix(err, "%s", names[id]);
	return rc;
}

int opt_reset(struct opts *o, enum opt_id id, struct vx_err *err)
{
	return opt_set(o, id, opt_defs[id].dflt, OPT_BY_DEFAULT, err);
}

void opt_resolve(struct opts *o)
{
	if (o->source[OPT_ALLOW_MODE] == OPT_BY_DEFAULT)
		o->allow_mode = o->allowlist[0] ? VX_ALLOW_ENFORCE : VX_ALLOW_OFF;
}

int opt_init(struct opts *o, struct vx_err *err)
{
	int id, rc = 0;

	memset(o, 0, sizeof(*o));
	for (id = 0; id < OPT_N && !rc; id++)
		rc = opt_reset(o, (enum opt_id)id, err);
	return rc;
}

int opt_copy(struct opts *to, const struct opts *from, struct vx_err *err)
{
	int i;

	*to = *from;
	to->n_nat_rules = 0;
	to->nat_rules = calloc((size_t)from->n_nat_rules + 1, sizeof(*to->nat_rules));
	to->words = calloc((size_t)from->n_words + 1, sizeof(*to->words));
	for (i = 0; to->nat_rules && i < from->n_nat_rules; i++) {
		to->nat_rules[i] = strdup(from->nat_rules[i]);
		if (!to->nat_rules[i])
			break;
		to->n_nat_rules++;
	}
	if (!to->words || to->n_nat_rules < from->n_nat_rules) {
		opt_fini(to);
		return vx_err_set(err, -ENOMEM, "out of memory");
	}
	if (from->n_words)
		memcpy(to->words, from->words, (size_t)from->n_words * sizeof(*to->words));
	return 0;
}

void opt_fini(struct opts *o)
{
	rules_free(o->nat_rules, o->n_nat_rules);
	free(o->words);
	o->nat_rules = NULL;
	o->words = NULL;
	o->n_nat_rules = o->n_words = 0;
}
