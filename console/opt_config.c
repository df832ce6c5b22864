// SPDX-License-Identifier: GPL-2.0-only
/*
 * The config file: KEY="VALUE" lines, comments, the names of an older .env. Reading is all or
 * nothing: a bad line leaves the options as they were. A value is unset by an empty one.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/model/nat.h"
#include "engine/model/text.h"
#include "opt_scan.h"

struct rule_line {
	struct nat_key key;
	unsigned line;
	char *text;
};

struct apply {
	struct opts *o; /* a copy, until all is well */
	const char *name;
	struct opt_scan scan;
	unsigned line_of[OPT_N];
	char key_of[OPT_N][OPT_SCAN_KEY];
	char *part[OPT_SCAN_PARTS];
	unsigned part_line[OPT_SCAN_PARTS];
	struct rule_line *rules;
	int n_rules;
	opt_warn_fn warn;
	void *ctx;
	struct vx_err *err;
};

__attribute__((format(printf, 3, 4))) static void warn(const struct apply *a, unsigned line,
						       const char *fmt, ...)
{
	char text[400], what[240], name[120];
	va_list ap;

	if (!a->warn)
		return;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	snprintf(text, sizeof(text), "%s: line %u: %s",
		 text_escape(name, sizeof(name), a->name, strlen(a->name)), line, what);
	a->warn(a->ctx, text);
}

static int no_memory(const struct apply *a)
{
	return vx_err_set(a->err, -ENOMEM, "out of memory");
}

/* A rule, behind the others; one with the same key goes. The key decides, not the spelling. */
static int rule_take(struct apply *a, const char *text, unsigned line)
{
	struct rule_line *more, *r = NULL;
	struct nat_rule rule;
	char buf[NAT_TEXT];
	int i, rc = nat_parse(text, &rule, a->err);

	if (rc)
		return rc;
	for (i = 0; i < a->n_rules && !r; i++)
		if (nat_key_equal(&a->rules[i].key, &rule.key))
			r = &a->rules[i];
	if (r) {
		bool last = line >= r->line;

		warn(a, last ? line : r->line,
		     "the rule %s is there twice, first at line %u: the last wins",
		     nat_key_format(&rule.key, buf), last ? r->line : line);
		if (!last)
			return 0;
		free(r->text);
	} else {
		more = realloc(a->rules, ((size_t)a->n_rules + 1) * sizeof(*more));
		if (!more)
			return no_memory(a);
		a->rules = more;
		r = &more[a->n_rules++];
	}
	*r = (struct rule_line){ .key = rule.key, .line = line, .text = strdup(text) };
	return r->text ? 0 : no_memory(a);
}

static int rules_take(struct apply *a)
{
	char *p = a->scan.value, *word;
	int rc = 0;

	while (!rc && (p += strspn(p, ", "), *p)) {
		word = strndup(p, strcspn(p, ", "));
		rc = word ? rule_take(a, word, a->scan.line) : no_memory(a);
		p += strcspn(p, ", ");
		free(word);
	}
	return rc;
}

static int part_take(struct apply *a, int part)
{
	if (a->part[part])
		warn(a, a->scan.line, "%s is there twice, first at line %u: the last wins",
		     a->scan.key, a->part_line[part]);
	free(a->part[part]);
	a->part[part] = strdup(a->scan.value);
	a->part_line[part] = a->scan.line;
	return a->part[part] ? 0 : no_memory(a);
}

static void doubled_warn(struct apply *a, int id)
{
	const char *key = a->scan.key;

	if (!a->line_of[id])
		return;
	if (!strcmp(key, a->key_of[id]))
		warn(a, a->scan.line, "%s is there twice, first at line %u: the last wins", key,
		     a->line_of[id]);
	else
		warn(a, a->scan.line, "%s and %s (line %u) are one option: the last wins", key,
		     a->key_of[id], a->line_of[id]);
}

static int setting_take(struct apply *a, int id)
{
	if (id == OPT_NAT_RULE)
		return rules_take(a);
	doubled_warn(a, id);
	a->line_of[id] = a->scan.line;
	memcpy(a->key_of[id], a->scan.key, OPT_SCAN_KEY);
	if (!*a->scan.value)
		return opt_reset(a->o, (enum opt_id)id, a->err);
	return opt_put(a->o, (enum opt_id)id, a->scan.value, OPT_BY_CONFIG, a->err);
}

static int line_take(struct apply *a)
{
	const char *key = a->scan.key;
	int id, part, rc;

	if (!*key)
		return 0;
	id = opt_scan_key_id(key);
	part = opt_scan_part(key);
	if (id < 0 && part < 0) {
		warn(a, a->scan.line, "unknown key %s: ignored", key);
		return 0;
	}
	/* what the command line says is not even read here: it may be there to get round a bad
	 * value */
	if (a->o->source[id < 0 ? OPT_NAT_RULE : id] == OPT_BY_CLI)
		return 0;
	rc = id < 0 ? part_take(a, part) : setting_take(a, id);
	return rc ? vx_err_prefix(a->err, "%s", key) : 0;
}

static int lines_take(struct apply *a)
{
	char name[100];
	int rc = 1;

	while (rc > 0) {
		rc = opt_scan_next(&a->scan, a->err);
		if (rc > 0 && line_take(a))
			rc = a->err->code;
	}
	if (rc == -EINVAL)
		a->err->code = rc = -EBADMSG; /* -EINVAL is a bad command line */
	if (rc)
		vx_err_prefix(a->err, "%s: line %u",
			      text_escape(name, sizeof(name), a->name, strlen(a->name)),
			      a->scan.line);
	return rc;
}

/* SOURCE_PORT, NAT_IP and NAT_PORT stand where the last of them stands. */
static int parts_take(struct apply *a)
{
	unsigned line = 0;
	char text[300];
	int i;

	for (i = 0; i < OPT_SCAN_PARTS; i++)
		if (a->part[i] && a->part_line[i] > line)
			line = a->part_line[i];
	if (!line)
		return 0;
	if (!opt_scan_parts_rule(a->part, text, sizeof(text))) {
		warn(a, line, "no NAT rule: expected all of SOURCE_PORT, NAT_IP and NAT_PORT");
		return 0;
	}
	if (!rule_take(a, text, line))
		return 0;
	if (a->err->code == -EINVAL)
		a->err->code = -EBADMSG;
	vx_err_prefix(a->err, "SOURCE_PORT, NAT_IP, NAT_PORT");
	return vx_err_prefix(a->err, "%s: line %u", a->name, line);
}

static int rules_store(struct apply *a)
{
	int i, rc = 0;

	for (i = 0; i < a->n_rules && !rc; i++)
		rc = opt_set(a->o, OPT_NAT_RULE, a->rules[i].text, OPT_BY_CONFIG, a->err);
	return rc;
}

static int defaults_again(struct opts *o, struct vx_err *err)
{
	int id, rc = 0;

	for (id = 0; id < OPT_N && !rc; id++)
		if (o->source[id] == OPT_BY_CONFIG)
			rc = opt_reset(o, (enum opt_id)id, err);
	return rc;
}

static int apply_to(struct apply *a, const char *text, size_t len)
{
	int i, rc = defaults_again(a->o, a->err);

	rc = rc ? rc : opt_scan_open(&a->scan, text, len, a->err);
	rc = rc ? rc : lines_take(a);
	rc = rc ? rc : parts_take(a);
	rc = rc ? rc : rules_store(a);
	for (i = 0; i < OPT_SCAN_PARTS; i++)
		free(a->part[i]);
	for (i = 0; i < a->n_rules; i++)
		free(a->rules[i].text);
	free(a->rules);
	opt_scan_close(&a->scan);
	return rc;
}

int opt_config_apply(struct opts *o, const char *name, const char *text, size_t len,
		     opt_warn_fn warn_fn, void *ctx, struct vx_err *err)
{
	struct apply *a = calloc(1, sizeof(*a));
	struct opts *copy = calloc(1, sizeof(*copy));
	struct vx_err own;
	int rc;

	err = err ? err : &own;
	rc = a && copy ? opt_copy(copy, o, err) : vx_err_set(err, -ENOMEM, "out of memory");
	if (!rc) {
		*a = (struct apply){
			.o = copy, .name = name, .warn = warn_fn, .ctx = ctx, .err = err
		};
		rc = apply_to(a, text, len);
		if (!rc) {
			opt_resolve(copy);
			opt_fini(o);
			*o = *copy;
		} else {
			opt_fini(copy);
		}
	}
	free(copy);
	free(a);
	return rc;
}
