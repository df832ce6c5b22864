// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command line: verbs, options and names, and what they must have in common. getopt_long does
 * the spelling; it is told to stop at every name, so that the words of a command for `ctl` are
 * never taken for options.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/model/text.h"
#include "engine/sys/store.h"
#include "opt_int.h"

#define DEFAULT_CONFIG "/etc/vxconsole/vxconsole.conf"
#define CONFIG_MAX     (1u << 20)
#define TABLE_BASE     1000 /* getopt's value of option 0 of the table */

struct cli {
	struct opts *o;
	int argc;
	char **argv;
	struct option options[OPT_N + OPT_EXTRAS + 1];
	char shorts[2 * OPT_N + OPT_EXTRAS + 4];
	const struct opt_verb_def *verb;      /* NULL: console or --headless */
	const char *used[OPT_N + OPT_EXTRAS]; /* options given, as table names */
	unsigned used_verbs[OPT_N + OPT_EXTRAS];
	int n_used;
	bool headless, done;
	struct vx_err *err;
};

static void shorts_add(struct cli *c, char key, bool arg)
{
	size_t n = strlen(c->shorts);

	if (key)
		snprintf(c->shorts + n, sizeof(c->shorts) - n, "%c%s", key, arg ? ":" : "");
}

/* A flag may have a value, so that a config that sets it can be overruled: --zerocopy=off */
static void options_build(struct cli *c)
{
	struct option *p = c->options;
	int i;

	snprintf(c->shorts, sizeof(c->shorts), "+:");
	for (i = 0; i < OPT_N; i++) {
		*p++ = (struct option){ .name = opt_name((enum opt_id)i),
					.val = TABLE_BASE + i,
					.has_arg = opt_defs[i].arg ? required_argument
								   : optional_argument };
		shorts_add(c, opt_defs[i].key, true);
	}
	for (i = 0; i < OPT_EXTRAS; i++) {
		*p++ = (struct option){ .name = opt_extras[i].name, .val = opt_extras[i].val };
		shorts_add(c, opt_extras[i].key, false);
	}
}

static int id_of(int val)
{
	int id;

	if (val >= TABLE_BASE && val < TABLE_BASE + OPT_N)
		return val - TABLE_BASE;
	for (id = 0; id < OPT_N; id++)
		if (opt_defs[id].key && opt_defs[id].key == val)
			return id;
	return -ENOENT;
}

static const struct opt_extra *extra_of(int val)
{
	int i;

	for (i = 0; i < OPT_EXTRAS; i++)
		if (opt_extras[i].val == val || (opt_extras[i].key && opt_extras[i].key == val))
			return &opt_extras[i];
	return NULL;
}

static int ambiguous(struct cli *c, const char *word)
{
	char could[160] = "", shown[40];
	size_t len = strcspn(word, "="), n;
	const struct option *p;
	unsigned hits = 0;

	for (p = c->options; p->name; p++) {
		if (strncmp(p->name, word, len))
			continue;
		n = strlen(could);
		snprintf(could + n, sizeof(could) - n, "%s--%s", hits++ ? ", " : "", p->name);
	}
	text_escape(shown, sizeof(shown), word, strlen(word));
	if (hits > 1)
		return vx_err_set(c->err, -EINVAL, "--%s is ambiguous: it could be %s", shown,
				  could);
	return vx_err_set(c->err, -EINVAL, "unknown option --%s: `vxconsole --help` lists them",
			  shown);
}

static int bad_option(struct cli *c)
{
	const struct opt_extra *x = extra_of(optopt);
	int id = id_of(optopt);
	char shown[16], key = (char)optopt;

	if (id >= 0)
		return vx_err_set(c->err, -EINVAL, "--%s: expected %s", opt_name((enum opt_id)id),
				  opt_defs[id].arg ? opt_defs[id].arg : "on or off");
	if (x)
		return vx_err_set(c->err, -EINVAL, "--%s takes no value", x->name);
	if (!optopt)
		return ambiguous(c, c->argv[optind - 1] + 2);
	return vx_err_set(c->err, -EINVAL, "unknown option -%s: `vxconsole --help` lists them",
			  text_escape(shown, sizeof(shown), &key, 1));
}

static void use(struct cli *c, const char *name, unsigned for_verbs)
{
	int i;

	for (i = 0; i < c->n_used; i++)
		if (c->used[i] == name)
			return;
	c->used[c->n_used] = name;
	c->used_verbs[c->n_used++] = for_verbs;
}

static void use_extra(struct cli *c, const struct opt_extra *x)
{
	use(c, x->name, x->verbs);
	c->headless |= x->val == OPT_X_HEADLESS;
	c->o->clean |= x->val == OPT_X_CLEAN;
	c->o->yes |= x->val == OPT_X_YES;
	if (x->val == OPT_X_VERSION || x->val == OPT_X_HELP) {
		c->o->verb = x->val == OPT_X_HELP ? OPT_HELP : OPT_VERSION;
		c->done = true;
	}
}

static int option(struct cli *c, int val)
{
	const struct opt_extra *x = extra_of(val);
	int id = id_of(val), rc;

	if (val == '?' || val == ':')
		return bad_option(c);
	if (x) {
		use_extra(c, x);
		return 0;
	}
	use(c, opt_name((enum opt_id)id), opt_defs[id].verbs);
	rc = opt_put(c->o, (enum opt_id)id, optarg ? optarg : "on", OPT_BY_CLI, c->err);
	if (rc)
		vx_err_prefix(c->err, "--%s", opt_name((enum opt_id)id));
	return rc;
}

static const struct opt_verb_def *verb_find(const char *word)
{
	int i;

	for (i = 0; i < OPT_VERBS; i++)
		if (!strcmp(opt_verbs[i].name, word))
			return &opt_verbs[i];
	return NULL;
}

static void rest(struct cli *c)
{
	while (optind < c->argc)
		c->o->words[c->o->n_words++] = c->argv[optind++];
}

/* A name, where getopt stopped. */
static void name(struct cli *c)
{
	struct opts *o = c->o;

	if (!c->verb && !o->n_words) {
		c->verb = verb_find(c->argv[optind]);
		if (c->verb) {
			optind++;
			return;
		}
	}
	if (c->verb && c->verb->verb == OPT_CTL)
		rest(c);
	else
		o->words[o->n_words++] = c->argv[optind++];
}

/* To the end, also behind an error: whether it is to be said as JSON may stand there. */
static int scan(struct cli *c)
{
	int before, val, rc, first = 0;
	struct vx_err later;

	optind = 0; /* getopt starts anew: tests call this more than once */
	opterr = 0;
	while (!c->done) {
		before = optind ? optind : 1;
		val = getopt_long(c->argc, c->argv, c->shorts, c->options, NULL);
		if (val != -1) {
			rc = option(c, val);
			if (rc && !first) {
				first = rc;
				c->err = &later;
			}
		} else if (optind >= c->argc) {
			break;
		} else if (optind > before) {
			/* "--" was stepped over: only names from here on, even if one is called
			 * ctl. Asked again, getopt would go back behind the "--" */
			rest(c);
			break;
		} else {
			name(c);
		}
	}
	return first;
}

/* Every option that was given has a meaning for this verb. */
static int fitting(const struct cli *c)
{
	unsigned mask = c->verb ? c->verb->mask : OPT_FOR_RUN;
	int i;

	for (i = 0; i < c->n_used; i++)
		if (!(c->used_verbs[i] & mask))
			return vx_err_set(c->err, -EINVAL,
					  "--%s has no meaning here: expected vxconsole %s",
					  c->used[i], c->verb ? c->verb->usage : OPT_RUN_USAGE);
	return 0;
}

static int verb_check(struct cli *c)
{
	const struct opt_verb_def *v = c->verb;
	struct opts scratch = { 0 };
	char shown[40];
	int n = c->o->n_words;

	c->o->verb = v->verb;
	if (n < v->min)
		return vx_err_set(c->err, -EINVAL, "%s: expected vxconsole %s", v->name, v->usage);
	if (n > v->max)
		return vx_err_set(c->err, -EINVAL, "%s: '%s' is too much: expected vxconsole %s",
				  v->name,
				  text_escape(shown, sizeof(shown), c->o->words[v->max],
					      strlen(c->o->words[v->max])),
				  v->usage);
	if (v->verb != OPT_ATTACH || !n)
		return 0;
	if (opt_put(&scratch, OPT_INTERFACE, c->o->words[0], OPT_BY_CLI, c->err))
		return vx_err_prefix(c->err, "attach");
	return 0;
}

static int names_take(struct cli *c)
{
	static const enum opt_id ids[] = { OPT_INTERFACE, OPT_TARGET_INTERFACE };
	static const char *const what[] = { "INGRESS", "EGRESS" };
	struct opts *o = c->o;
	char shown[40];
	int i, n = o->n_words, last = n < 2 ? n - 1 : 2;

	if (n == 1 || n > 2)
		return vx_err_set(
			c->err, -EINVAL,
			"'%s': expected INGRESS and EGRESS, two interfaces, got %d",
			text_escape(shown, sizeof(shown), o->words[last], strlen(o->words[last])),
			n);
	for (i = 0; i < n; i++) {
		if (!*o->words[i])
			return vx_err_set(c->err, -EINVAL, "%s is empty: expected an interface",
					  what[i]);
		if (opt_put(o, ids[i], o->words[i], OPT_BY_CLI, c->err))
			return vx_err_prefix(c->err, "%s", what[i]);
	}
	o->n_words = 0;
	return 0;
}

static int config_read(struct opts *o, int fd, opt_warn_fn warn, void *ctx, struct vx_err *err)
{
	char *text;
	size_t len;
	int rc = store_read_fd(fd, o->config, CONFIG_MAX, &text, &len, err);

	if (rc)
		return rc;
	rc = opt_config_apply(o, o->config, text, len, warn, ctx, err);
	free(text);
	return rc;
}

static int config_take(struct opts *o, opt_warn_fn warn, void *ctx, struct vx_err *err)
{
	bool given = o->source[OPT_CONFIG] == OPT_BY_CLI;
	int fd, rc;

	if (!given) {
		rc = opt_put(o, OPT_CONFIG, DEFAULT_CONFIG, OPT_BY_DEFAULT, err);
		if (rc)
			return rc;
	}
	fd = store_open(o->config, err);
	if (fd == -ENOENT && !given)
		return opt_reset(o, OPT_CONFIG, err);
	if (fd < 0)
		return fd;
	rc = config_read(o, fd, warn, ctx, err);
	close(fd);
	return rc;
}

static int run_check(const struct opts *o, struct vx_err *err)
{
	const char *missing = !o->ingress[0] ? "INGRESS" : !o->egress_dev[0] ? "EGRESS" : NULL;

	if (missing)
		return vx_err_set(err, -EINVAL,
				  "%s is missing: expected vxconsole %s, or INTERFACE and "
				  "TARGET_INTERFACE in the config",
				  missing, OPT_RUN_USAGE);
	if (!strcmp(o->ingress, o->egress_dev))
		return vx_err_set(err, -EINVAL,
				  "INGRESS and EGRESS are both %s: expected two interfaces",
				  o->ingress);
	return 0;
}

static int finish(struct cli *c, opt_warn_fn warn, void *ctx)
{
	struct opts *o = c->o;
	int rc = fitting(c);

	if (rc)
		return rc;
	if (c->verb) {
		rc = verb_check(c);
		if (!rc && o->verb == OPT_ATTACH && o->config[0])
			rc = config_take(o, warn, ctx, c->err);
		return rc;
	}
	o->verb = c->headless ? OPT_HEADLESS : OPT_CONSOLE;
	rc = names_take(c);
	if (!rc)
		rc = config_take(o, warn, ctx, c->err);
	opt_resolve(o);
	return rc ? rc : run_check(o, c->err);
}

int opt_parse(struct opts *o, int argc, char **argv, opt_warn_fn warn, void *ctx,
	      struct vx_err *err)
{
	struct cli c = { .o = o, .argc = argc, .argv = argv, .err = err };
	int rc = opt_init(o, err);

	if (!rc) {
		o->words = calloc((size_t)argc + 1, sizeof(*o->words));
		rc = o->words ? 0 : vx_err_set(err, -ENOMEM, "out of memory");
	}
	if (!rc) {
		options_build(&c);
		rc = scan(&c);
	}
	if (!rc && !c.done)
		rc = finish(&c, warn, ctx);
	if (rc) {
		opt_fini(o);
		o->verb = c.verb ? c.verb->verb : c.headless ? OPT_HEADLESS : OPT_CONSOLE;
	}
	return rc;
}
