/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The option table and the kinds of values. Only for console/opt*.c and their test.
 */
#ifndef CONSOLE_OPT_INT_H
#define CONSOLE_OPT_INT_H

#include "opt.h"

/* On which command lines an option has a meaning. */
#define OPT_FOR_RUN    1u /* the console and --headless */
#define OPT_FOR_ATTACH 2u
#define OPT_FOR_CTL    4u
#define OPT_FOR_STRAYS 8u

/* A word and what it stands for; the first of two with the same value is the one that is written.
 * NULL ends. */
struct opt_word {
	const char *text;
	unsigned value;
};

struct opt_def {
	char key;	   /* short option; 0 = none */
	const char *arg;   /* what stands for the value in --help; NULL: a flag */
	const char *dflt;  /* as text; "" = unset */
	const char *shown; /* default as --help shows it, where dflt does not say it */
	const char *help;
	const char *why; /* why `set` does not take it; NULL for live ones */
	int (*parse)(struct opts *o, const struct opt_def *d, const char *v, struct vx_err *err);
	void (*format)(const struct opts *o, const struct opt_def *d, char *buf, size_t size);
	size_t off, size;	      /* the field */
	double min, max;	      /* numbers */
	const struct opt_word *words; /* words instead of, or beside, numbers */
	unsigned verbs;
};

extern const struct opt_def opt_defs[OPT_N];

/* Options that are no settings: what this one process does. val is getopt's. */
enum { OPT_X_HEADLESS = 2000, OPT_X_CLEAN, OPT_X_YES, OPT_X_VERSION, OPT_X_HELP };

#define OPT_EXTRAS    5
#define OPT_VERBS     3
#define OPT_RUN_USAGE "[OPTIONS] [INGRESS EGRESS]"

struct opt_extra {
	const char *name;
	int val;
	char key;
	unsigned verbs;
	const char *help;
};

struct opt_verb_def {
	const char *name, *usage;
	enum opt_verb verb;
	unsigned mask; /* OPT_FOR_ */
	int min, max;  /* words behind it */
};

extern const struct opt_extra opt_extras[OPT_EXTRAS];
extern const struct opt_verb_def opt_verbs[OPT_VERBS];

/* opt_set without the option's name before the message: the caller knows how it was spelt. */
int opt_put(struct opts *o, enum opt_id id, const char *value, enum opt_source source,
	    struct vx_err *err) __attribute__((warn_unused_result));
/* Sets the default; never fails for a table that the unit test accepts. */
int opt_reset(struct opts *o, enum opt_id id, struct vx_err *err)
	__attribute__((warn_unused_result));
/* What depends on others: allow-mode, while nobody gave it, is enforce with a list and off without.
 */
void opt_resolve(struct opts *o);
/* -EINVAL, "'value': expected ..." with the value escaped. */
int opt_refuse(const char *value, const char *expected, struct vx_err *err);
int opt_refuse_n(const char *value, size_t n, const char *expected, struct vx_err *err);

/* Decimal digits at *s, which moves behind them; false when there are none or too many (18). */
bool opt_digits(const char **s, uint64_t *out);

int opt_parse_text(struct opts *o, const struct opt_def *d, const char *v, struct vx_err *err);
int opt_parse_ifname(struct opts *o, const struct opt_def *d, const char *v, struct vx_err *err);
int opt_parse_number(struct opts *o, const struct opt_def *d, const char *v, struct vx_err *err);
int opt_parse_size(struct opts *o, const struct opt_def *d, const char *v, struct vx_err *err);
int opt_parse_seconds(struct opts *o, const struct opt_def *d, const char *v, struct vx_err *err);
int opt_parse_word(struct opts *o, const struct opt_def *d, const char *v, struct vx_err *err);
int opt_parse_vni(struct opts *o, const struct opt_def *d, const char *v, struct vx_err *err);
int opt_parse_cpus(struct opts *o, const struct opt_def *d, const char *v, struct vx_err *err);
int opt_parse_mac(struct opts *o, const struct opt_def *d, const char *v, struct vx_err *err);
int opt_parse_rules(struct opts *o, const struct opt_def *d, const char *v, struct vx_err *err);
void opt_format_text(const struct opts *o, const struct opt_def *d, char *buf, size_t size);
void opt_format_number(const struct opts *o, const struct opt_def *d, char *buf, size_t size);
void opt_format_size(const struct opts *o, const struct opt_def *d, char *buf, size_t size);
void opt_format_seconds(const struct opts *o, const struct opt_def *d, char *buf, size_t size);
void opt_format_word(const struct opts *o, const struct opt_def *d, char *buf, size_t size);
void opt_format_vni(const struct opts *o, const struct opt_def *d, char *buf, size_t size);
void opt_format_cpus(const struct opts *o, const struct opt_def *d, char *buf, size_t size);
void opt_format_mac(const struct opts *o, const struct opt_def *d, char *buf, size_t size);
void opt_format_rules(const struct opts *o, const struct opt_def *d, char *buf, size_t size);

#endif
