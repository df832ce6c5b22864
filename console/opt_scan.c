// SPDX-License-Identifier: GPL-2.0-only
/*
 * The grammar of the config file: lines, quotes, comments, and the names that an older .env has for
 * options. Pure.
 */
#include "opt_scan.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names that an older .env gives to what is an option now. */
static const struct {
	const char *key;
	enum opt_id id;
} older[] = {
	{ "VXLAN_PORT", OPT_PORT },   { "TARGET_VNI", OPT_VNI },	  { "XDP_MODE", OPT_MODE },
	{ "DEBUG_LEVEL", OPT_DEBUG }, { "STATS_INTERVAL", OPT_INTERVAL }, { "LOG_FILE", OPT_LOG },
};

/* Three lines of an older .env that are one rule together. SOURCE_PORT is the inner *destination*
 * port. */
static const char *const part_keys[OPT_SCAN_PARTS] = { "SOURCE_PORT", "NAT_IP", "NAT_PORT" };

int opt_scan_key_id(const char *key)
{
	char name[OPT_SCAN_KEY];
	size_t i;

	for (i = 0; i < sizeof(older) / sizeof(older[0]); i++)
		if (!strcmp(older[i].key, key))
			return (int)older[i].id;
	for (i = 0; key[i]; i++) {
		if (islower((unsigned char)key[i]))
			return -ENOENT;
		name[i] = key[i] == '_' ? '-' : (char)tolower((unsigned char)key[i]);
	}
	name[i] = 0;
	return strcmp(name, "config") ? opt_find(name) : -ENOENT;
}

int opt_scan_part(const char *key)
{
	int i;

	for (i = 0; i < OPT_SCAN_PARTS; i++)
		if (!strcmp(part_keys[i], key))
			return i;
	return -ENOENT;
}

bool opt_scan_parts_rule(char *const part[OPT_SCAN_PARTS], char *buf, size_t size)
{
	bool v6;

	if (!part[0] || !part[1] || !part[2] || !*part[0] || !*part[1] || !*part[2])
		return false;
	v6 = strchr(part[1], ':') != NULL;
	snprintf(buf, size, "udp/%s=%s%s%s:%s", part[0], v6 ? "[" : "", part[1], v6 ? "]" : "",
		 part[2]);
	return true;
}

int opt_scan_open(struct opt_scan *s, const char *text, size_t len, struct vx_err *err)
{
	*s = (struct opt_scan){ .text = text, .len = len };
	s->value = malloc(len + 1);
	if (!s->value)
		return vx_err_set(err, -ENOMEM, "out of memory");
	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		s->next = 3; /* the mark that some editors put in front */
	return 0;
}

void opt_scan_close(struct opt_scan *s)
{
	free(s->value);
	s->value = NULL;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

static size_t skip_blank(const struct opt_scan *s, size_t at)
{
	while (at < s->end && blank(s->text[at]))
		at++;
	return at;
}

/* [A-Za-z_][A-Za-z0-9_]* at *at, behind an "export" that a shell may need. */
static int key_scan(struct opt_scan *s, size_t *at, struct vx_err *err)
{
	size_t i = *at, n;

	if (s->end - i > 7 && !memcmp(s->text + i, "export", 6) && blank(s->text[i + 6]))
		i = skip_blank(s, i + 6);
	for (n = 0; i + n < s->end; n++) {
		unsigned char c = (unsigned char)s->text[i + n];

		if (c != '_' && !isalpha(c) && !(n && isdigit(c)))
			break;
	}
	*at = skip_blank(s, i + n);
	if (!n || *at >= s->end || s->text[*at] != '=')
		return opt_refuse_n(s->text + s->begin, s->end - s->begin,
				    "KEY=\"VALUE\" or a # comment", err);
	if (n >= OPT_SCAN_KEY)
		n = OPT_SCAN_KEY - 1; /* no key of ours is so long: unknown either way */
	memcpy(s->key, s->text + i, n);
	s->key[n] = 0;
	*at = skip_blank(s, *at + 1);
	return 0;
}

/* As a shell reads it: between "" a backslash protects " \ $ and `, between '' nothing is special.
 */
static int quoted_scan(struct opt_scan *s, size_t at, struct vx_err *err)
{
	char quote = s->text[at++];
	size_t n = 0;

	for (; at < s->end && s->text[at] != quote; at++) {
		if (quote == '"' && s->text[at] == '\\' && at + 1 < s->end &&
		    strchr("\"\\$`", s->text[at + 1]))
			at++;
		s->value[n++] = s->text[at];
	}
	s->value[n] = 0;
	if (at >= s->end)
		return opt_refuse_n(s->text + s->begin, s->end - s->begin,
				    quote == '"' ? "a closing \"" : "a closing '", err);
	s->value_end = at + 1;
	at = skip_blank(s, s->value_end);
	if (at < s->end && s->text[at] != '#')
		return opt_refuse_n(s->text + at, s->end - at,
				    "nothing but a # comment after the quotes", err);
	return 0;
}

/* A # begins a comment only behind a space, so that VALUE=a#b is whole. */
static void bare_scan(struct opt_scan *s, size_t at)
{
	size_t end = at;

	while (end < s->end && !(s->text[end] == '#' && blank(s->text[end - 1])))
		end++;
	while (end > at && blank(s->text[end - 1]))
		end--;
	memcpy(s->value, s->text + at, end - at);
	s->value[end - at] = 0;
	s->value_end = end;
}

int opt_scan_next(struct opt_scan *s, struct vx_err *err)
{
	const char *nl;
	size_t at;
	int rc;

	if (s->next >= s->len)
		return 0;
	s->line++;
	s->begin = s->next;
	nl = memchr(s->text + s->begin, '\n', s->len - s->begin);
	s->end = nl ? (size_t)(nl - s->text) : s->len;
	s->next = nl ? s->end + 1 : s->len;
	if (s->end > s->begin && s->text[s->end - 1] == '\r')
		s->end--;
	s->key[0] = 0;
	if (memchr(s->text + s->begin, 0, s->end - s->begin))
		return vx_err_set(err, -EINVAL, "expected text, found a NUL byte");
	at = skip_blank(s, s->begin);
	if (at == s->end || s->text[at] == '#')
		return 1;
	rc = key_scan(s, &at, err);
	if (rc)
		return rc;
	s->value_at = at;
	if (at < s->end && (s->text[at] == '"' || s->text[at] == '\''))
		rc = quoted_scan(s, at, err);
	else
		bare_scan(s, at);
	return rc ? rc : 1;
}
