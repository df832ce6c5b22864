// SPDX-License-Identifier: GPL-2.0-only
/*
 * The config file written back: its own lines, with the values that are in force. A line whose
 * value means the same is left byte for byte; the last line of an option is the one that counts, so
 * that one is changed.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/model/nat.h"
#include "opt_scan.h"

struct render {
	const struct opts *o;
	struct opts *was; /* defaults; values of lines are tried here */
	struct opt_scan scan;
	FILE *out;
	const char *eol;
	struct nat_rule *rules;
	bool *written; /* by rule: a line of the file has it */
	int n_rules;
	unsigned last_line[OPT_N]; /* 0: not in the file */
	char *part[OPT_SCAN_PARTS];
	bool parts_stay;
	bool ended; /* the last line that was written has an end */
	char value[OPT_VALUE_MAX], old[OPT_VALUE_MAX];
	struct vx_err *err;
};

/* Its text, or "" while nobody gave it. An allow-mode that was off before there was a list is not
 * what a start with the list would make of it. */
static const char *text_of(const struct opts *o, enum opt_id id, char *buf)
{
	bool off = o->allow_mode == VX_ALLOW_OFF && o->allowlist[0];

	if (id == OPT_ALLOW_MODE && o->source[id] == OPT_BY_DEFAULT && !off)
		buf[0] = 0;
	else
		opt_value(o, id, buf, OPT_VALUE_MAX);
	return buf;
}

static int rules_parse(struct render *r, char *const *texts, int n)
{
	int rc = 0;

	r->rules = calloc((size_t)n + 1, sizeof(*r->rules));
	r->written = calloc((size_t)n + 1, sizeof(*r->written));
	if (!r->rules || !r->written)
		return vx_err_set(r->err, -ENOMEM, "out of memory");
	for (; r->n_rules < n && !rc; r->n_rules++)
		rc = nat_parse(texts[r->n_rules], &r->rules[r->n_rules], r->err);
	return rc;
}

/* Is this very rule in force, and not written yet? Then it is now. */
static bool rule_claim(struct render *r, const char *text)
{
	struct nat_rule rule;
	int i;

	if (nat_parse(text, &rule, NULL))
		return false;
	for (i = 0; i < r->n_rules; i++) {
		const struct nat_rule *have = &r->rules[i];

		if (r->written[i] || !nat_key_equal(&have->key, &rule.key) ||
		    !nat_same_target(have, &rule))
			continue;
		r->written[i] = true;
		return true;
	}
	return false;
}

/* First pass: what is where. */
static int survey(struct render *r)
{
	int rc, id, part;
	char text[300];

	while ((rc = opt_scan_next(&r->scan, r->err)) > 0) {
		id = opt_scan_key_id(r->scan.key);
		part = opt_scan_part(r->scan.key);
		if (id >= 0)
			r->last_line[id] = r->scan.line;
		if (part < 0)
			continue;
		free(r->part[part]);
		r->part[part] = strdup(r->scan.value);
		if (!r->part[part])
			return vx_err_set(r->err, -ENOMEM, "out of memory");
	}
	if (rc)
		return vx_err_prefix(r->err, "line %u", r->scan.line);
	r->parts_stay = !opt_scan_parts_rule(r->part, text, sizeof(text)) || rule_claim(r, text);
	return 0;
}

static void put(struct render *r, size_t from, size_t to)
{
	fwrite(r->scan.text + from, 1, to - from, r->out);
}

static void put_value(struct render *r, const char *v)
{
	fputc('"', r->out);
	for (; *v; v++)
		fprintf(r->out, strchr("\"\\$`", *v) ? "\\%c" : "%c", *v);
	fputc('"', r->out);
}

static void put_pair(struct render *r, const char *name, const char *value)
{
	if (!r->ended)
		fputs(r->eol, r->out);
	r->ended = true;
	for (; *name; name++)
		fputc(*name == '-' ? '_' : toupper((unsigned char)*name), r->out);
	fputc('=', r->out);
	put_value(r, value);
	fputs(r->eol, r->out);
}

/* The line with another value; its comment stays. */
static void put_changed(struct render *r, const char *value)
{
	put(r, r->scan.begin, r->scan.value_at);
	put_value(r, value);
	put(r, r->scan.value_end, r->scan.next);
}

static bool means_the_same(struct render *r, enum opt_id id)
{
	int rc = *r->scan.value ? opt_put(r->was, id, r->scan.value, OPT_BY_CONFIG, NULL)
				: opt_reset(r->was, id, NULL);

	return !rc && !strcmp(text_of(r->o, id, r->value), text_of(r->was, id, r->old));
}

static void put_new_rules(struct render *r)
{
	char buf[NAT_TEXT];
	int i;

	for (i = 0; i < r->n_rules; i++)
		if (!r->written[i])
			put_pair(r, opt_name(OPT_NAT_RULE), nat_format(&r->rules[i], buf));
}

/* The rules of a NAT_RULE line that are in force, as text; *all: nothing is missing. Caller frees.
 */
static char *rules_kept(struct render *r, bool *all)
{
	const char *p = r->scan.value;
	size_t size = 2 * strlen(p) + 1, at = 0, n;
	char *kept = calloc(1, size), *word;

	*all = true;
	for (p += strspn(p, ", "); kept && *p; p += n + strspn(p + n, ", ")) {
		n = strcspn(p, ", ");
		word = strndup(p, n);
		if (word && rule_claim(r, word))
			at += (size_t)snprintf(kept + at, size - at, "%s%s", at ? ", " : "", word);
		else
			*all = false;
		free(word);
	}
	return kept;
}

/* Without any rule left the line goes. */
static int put_rule_line(struct render *r)
{
	bool all;
	char *kept = rules_kept(r, &all);

	if (!kept)
		return vx_err_set(r->err, -ENOMEM, "out of memory");
	if (all || *kept)
		r->ended = r->scan.next > r->scan.end;
	if (all)
		put(r, r->scan.begin, r->scan.next);
	else if (*kept)
		put_changed(r, kept);
	free(kept);
	return 0;
}

/* What cannot change while the engine runs, and nobody has told it: a line that is there was
 * written for the next start. */
static bool never_told(const struct render *r, enum opt_id id)
{
	return opt_live(id) != OPT_LIVE_YES && r->o->source[id] == OPT_BY_DEFAULT;
}

static int put_line(struct render *r)
{
	int id = opt_scan_key_id(r->scan.key);

	if (id == OPT_NAT_RULE)
		return put_rule_line(r);
	r->ended = r->scan.next > r->scan.end;
	if (opt_scan_part(r->scan.key) >= 0 && !r->parts_stay)
		fputs("# ", r->out);
	if (id < 0 || r->scan.line != r->last_line[id] || never_told(r, (enum opt_id)id) ||
	    means_the_same(r, (enum opt_id)id))
		put(r, r->scan.begin, r->scan.next);
	else
		put_changed(r, text_of(r->o, (enum opt_id)id, r->value));
	return 0;
}

/* Options that belong to one run and not to a set-up are not made permanent behind the operator's
 * back. */
static bool of_a_run(enum opt_id id)
{
	return id == OPT_CONFIG || id == OPT_NAT_RULE || id == OPT_JSON || id == OPT_READ_ONLY ||
	       id == OPT_WATCH;
}

static int put_missing(struct render *r)
{
	int id, rc = 0;

	for (id = 0; id < OPT_N && !rc; id++) {
		if (of_a_run((enum opt_id)id) || r->last_line[id])
			continue;
		rc = opt_reset(r->was, (enum opt_id)id, r->err);
		text_of(r->o, (enum opt_id)id, r->value);
		if (!rc && strcmp(r->value, text_of(r->was, (enum opt_id)id, r->old)))
			put_pair(r, opt_name((enum opt_id)id), r->value);
	}
	return rc;
}

static int rewrite(struct render *r, const char *text, size_t len)
{
	int rc = opt_scan_open(&r->scan, text, len, r->err);
	const char *nl = memchr(text, '\n', len);

	r->eol = nl && nl > text && nl[-1] == '\r' ? "\r\n" : "\n";
	r->ended = true;
	rc = rc ? rc : survey(r);
	opt_scan_close(&r->scan);
	rc = rc ? rc : opt_scan_open(&r->scan, text, len, r->err);
	if (rc)
		return rc;
	put(r, 0, r->scan.next);
	while (!rc && opt_scan_next(&r->scan, r->err) > 0) {
		rc = put_line(r);
		if (r->scan.line == r->last_line[OPT_NAT_RULE])
			put_new_rules(r);
	}
	if (!r->last_line[OPT_NAT_RULE])
		put_new_rules(r);
	return rc ? rc : put_missing(r);
}

static void render_free(struct render *r)
{
	int i;

	if (!r)
		return;
	for (i = 0; i < OPT_SCAN_PARTS; i++)
		free(r->part[i]);
	opt_scan_close(&r->scan);
	free(r->rules);
	free(r->written);
	if (r->was)
		opt_fini(r->was);
	free(r->was);
	free(r);
}

int opt_config_render(const struct opts *o, const char *text, size_t len, char *const *rules,
		      int n_rules, char **out, size_t *out_len, struct vx_err *err)
{
	struct render *r = calloc(1, sizeof(*r));
	struct vx_err own;
	int rc;

	*out = NULL;
	err = err ? err : &own;
	if (r)
		r->was = calloc(1, sizeof(*r->was));
	if (!r || !r->was) {
		render_free(r);
		return vx_err_set(err, -ENOMEM, "out of memory");
	}
	r->o = o;
	r->err = err;
	rc = opt_init(r->was, err);
	rc = rc ? rc : rules_parse(r, rules, n_rules);
	r->out = rc ? NULL : open_memstream(out, out_len);
	if (!rc && !r->out)
		rc = vx_err_set(err, -ENOMEM, "out of memory");
	rc = rc ? rc : rewrite(r, text, len);
	if (r->out && fclose(r->out) && !rc)
		rc = vx_err_set(err, -ENOMEM, "out of memory");
	if (rc) {
		free(*out);
		*out = NULL;
	}
	render_free(r);
	return rc;
}
