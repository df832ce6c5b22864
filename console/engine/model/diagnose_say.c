// SPDX-License-Identifier: GPL-2.0-only
/*
 * Texts and command lines of causes. Names of devices are foreign: quoted where a shell will read
 * them, harmless where they are read by people. Pure. [engine]
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "engine/model/diagnose_int.h"

static void clean(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || (unsigned char)*s >= 0x7f)
			*s = '?';
}

void diag_say(struct diag_cause *c, const char *fmt, ...)
{
	size_t n = strlen(c->text);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->text + n, sizeof(c->text) - n, fmt, ap);
	va_end(ap);
	clean(c->text);
}

void diag_fix(struct diag_cause *c, const char *fmt, ...)
{
	va_list ap;

	if (c->n_fix == DIAG_FIXES)
		return;
	va_start(ap, fmt);
	vsnprintf(c->fix[c->n_fix], sizeof(c->fix[0]), fmt, ap);
	va_end(ap);
	clean(c->fix[c->n_fix++]);
}

struct diag_word diag_num(uint64_t v)
{
	struct diag_word n;
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, v), at = 0;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			n.text[at++] = ',';
		n.text[at++] = digits[i];
	}
	n.text[at] = 0;
	return n;
}

void diag_say_time(struct diag_cause *c, const char *what, int64_t real_ns)
{
	time_t sec = (time_t)(real_ns / (int64_t)DIAG_SECOND);
	char at[16];
	struct tm tm;

	gmtime_r(&sec, &tm);
	strftime(at, sizeof(at), "%H:%M:%SZ", &tm);
	diag_say(c, "%s %s", what, at);
}
