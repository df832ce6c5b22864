// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kinds of values an option can have, text <-> field. Each parser checks everything before it
 * stores anything, so that a value that is refused leaves the options as they were. Pure.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "engine/model/text.h"
#include "opt_int.h"

static void *field(struct opts *o, const struct opt_def *d)
{
	return (char *)o + d->off;
}

static const void *field_of(const struct opts *o, const struct opt_def *d)
{
	return (const char *)o + d->off;
}

int opt_refuse_n(const char *value, size_t n, const char *expected, struct vx_err *err)
{
	char shown[TEXT_SHOWN];

	return vx_err_set(err, -EINVAL, "'%s': expected %s",
			  text_escape(shown, sizeof(shown), value, n), expected);
}

int opt_refuse(const char *value, const char *expected, struct vx_err *err)
{
	return opt_refuse_n(value, strlen(value), expected, err);
}

int opt_parse_text(struct opts *o, const struct opt_def *d, const char *v, struct vx_err *err)
{
	char want[48];
	size_t n = strlen(v);

	if (n >= d->size) {
		snprintf(want, sizeof(want), "at most %zu characters", d->size - 1);
		return opt_refuse(v, want, err);
	}
	memset(field(o, d), 0, d->size);
	memcpy(field(o, d), v, n);
	return 0;
}

/* What the kernel takes as a device name (dev_valid_name), without the colon of old aliases. */
int opt_parse_ifname(struct opts *o, const struct opt_def *d, const char *v, struct vx_err *err)
{
	static const char want[] = "the name of a network interface (1-15 characters)";
	size_t i;

	if (strlen(v) >= IFNAMSIZ || !strcmp(v, ".") || !strcmp(v, ".."))
		return opt_refuse(v, want, err);
	for (i = 0; v[i]; i++)
		if (v[i] == '/' || v[i] == ':' || isspace((unsigned char)v[i]) ||
		    iscntrl((unsigned char)v[i]))
			return opt_refuse(v, want, err);
	return opt_parse_text(o, d, v, err);
}

void opt_format_text(const struct opts *o, const struct opt_def *d, char *buf, size_t size)
{
	snprintf(buf, size, "%s", (const char *)field_of(o, d));
}

static void store(void *to, size_t size, uint64_t v)
{
	uint16_t v16 = (uint16_t)v;
	uint32_t v32 = (uint32_t)v;
	bool flag = v != 0;

	if (size == sizeof(flag))
		memcpy(to, &flag, size);
	else if (size == sizeof(v16))
		memcpy(to, &v16, size);
	else if (size == sizeof(v32))
		memcpy(to, &v32, size);
	else
		memcpy(to, &v, sizeof(v));
}

static uint64_t fetch(const void *from, size_t size)
{
	uint64_t v = 0;
	uint16_t v16;
	uint32_t v32;
	bool flag;

	if (size == sizeof(flag)) {
		memcpy(&flag, from, size);
		v = flag;
	} else if (size == sizeof(v16)) {
		memcpy(&v16, from, size);
		v = v16;
	} else if (size == sizeof(v32)) {
		memcpy(&v32, from, size);
		v = v32;
	} else {
		memcpy(&v, from, sizeof(v));
	}
	return v;
}

bool opt_digits(const char **s, uint64_t *out)
{
	uint64_t v = 0;
	const char *p = *s;

	while (*p >= '0' && *p <= '9' && p - *s < 18)
		v = v * 10 + (uint64_t)(*p++ - '0');
	if (p == *s || (*p >= '0' && *p <= '9'))
		return false;
	*s = p;
	*out = v;
	return true;
}

static const struct opt_word *word_find(const struct opt_word *w, const char *v)
{
	for (; w && w->text; w++)
		if (!strcasecmp(w->text, v))
			return w;
	return NULL;
}

int opt_parse_number(struct opts *o, const struct opt_def *d, const char *v, struct vx_err *err)
{
	const struct opt_word *w = word_find(d->words, v);
	const char *p = v;
	char want[80];
	uint64_t n;

	if (w) {
		store(field(o, d), d->size, w->value);
		return 0;
	}
	if (!opt_digits(&p, &n) || *p || (double)n < d->min || (double)n > d->max) {
		snprintf(want, sizeof(want), "a number of %.0f-%.0f%s%s", d->min, d->max,
			 d->words ? " or " : "", d->words ? d->words->text : "");
		return opt_refuse(v, want, err);
	}
	store(field(o, d), d->size, n);
	return 0;
}

void opt_format_number(const struct opts *o, const struct opt_def *d, char *buf, size_t size)
{
	uint64_t v = fetch(field_of(o, d), d->size);

	if (d->words && v == d->words->value)
		snprintf(buf, size, "%s", d->words->text);
	else
		snprintf(buf, size, "%llu", (unsigned long long)v);
}

int opt_parse_size(struct opts *o, const struct opt_def *d, const char *v, struct vx_err *err)
{
	static const char units[] = "KMG";
	const struct opt_word *w = word_find(d->words, v);
	const char *p = v, *unit;
	uint64_t n = 0;
	bool ok;

	if (w) {
		store(field(o, d), d->size, w->value);
		return 0;
	}
	ok = opt_digits(&p, &n);
	unit = ok && *p ? strchr(units, toupper((unsigned char)*p)) : NULL;
	if (unit) {
		unsigned shift = 10 * ((unsigned)(unit - units) + 1);

		ok = n <= UINT64_MAX >> shift;
		n <<= shift;
		p++;
	}
	if (!ok || *p || (double)n < d->min || (double)n > d->max)
		return opt_refuse(v, "a size of 64K-16G, like 32M, or auto", err);
	store(field(o, d), d->size, n);
	return 0;
}

void opt_format_size(const struct opts *o, const struct opt_def *d, char *buf, size_t size)
{
	uint64_t v = fetch(field_of(o, d), d->size);
	unsigned unit = 0;

	while (v && !(v & 1023) && unit < 3) {
		v >>= 10;
		unit++;
	}
	if (!v)
		snprintf(buf, size, "%s", d->words->text);
	else
		snprintf(buf, size, "%llu%.1s", (unsigned long long)v, &"\0KMG"[unit]);
}

/* Decimal, with a fraction, and nothing else that strtod would take (hex, inf, nan, spaces, commas
 * of a locale). */
int opt_parse_seconds(struct opts *o, const struct opt_def *d, const char *v, struct vx_err *err)
{
	uint64_t whole = 0, part = 0;
	const char *p = v, *start;
	char want[64];
	double s, scale = 1;
	bool ok = opt_digits(&p, &whole);

	if (ok && *p == '.') {
		start = ++p;
		ok = opt_digits(&p, &part);
		for (; ok && start < p; start++)
			scale *= 10;
	}
	s = (double)whole + (double)part / scale;
	if (!ok || *p || s < d->min || s > d->max) {
		snprintf(want, sizeof(want), "seconds, %g-%g", d->min, d->max);
		return opt_refuse(v, want, err);
	}
	memcpy(field(o, d), &s, sizeof(s));
	return 0;
}

void opt_format_seconds(const struct opts *o, const struct opt_def *d, char *buf, size_t size)
{
	double s;

	memcpy(&s, field_of(o, d), sizeof(s));
	snprintf(buf, size, "%.10g", s);
}

int opt_parse_word(struct opts *o, const struct opt_def *d, const char *v, struct vx_err *err)
{
	const struct opt_word *w = word_find(d->words, v);
	char want[120] = "one of";
	unsigned seen = 0;
	size_t n;

	if (w) {
		store(field(o, d), d->size, w->value);
		return 0;
	}
	/* other spellings of a value already named are not advertised */
	for (w = d->words; w->text; w++) {
		if (seen & 1u << w->value)
			continue;
		seen |= 1u << w->value;
		n = strlen(want);
		snprintf(want + n, sizeof(want) - n, "%s %s", w == d->words ? "" : ",", w->text);
	}
	return opt_refuse(v, want, err);
}

void opt_format_word(const struct opts *o, const struct opt_def *d, char *buf, size_t size)
{
	uint64_t v = fetch(field_of(o, d), d->size);
	const struct opt_word *w = d->words;

	while (w->text && w->value != v)
		w++;
	snprintf(buf, size, "%s", w->text ? w->text : "");
}
