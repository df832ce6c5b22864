// SPDX-License-Identifier: GPL-2.0-only
/*
 * --help, from the tables.
 */
#include <stdio.h>
#include <string.h>

#include "opt_int.h"

#define USAGE_COLUMN 28

/* text from column col on, broken at spaces before column 80. */
static void wrap(FILE *out, size_t col, size_t at, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, " ");

		if (at > col && at + 1 + n > 80) {
			fprintf(out, "\n%*s", (int)col, "");
			at = col;
		} else if (at > col) {
			fputc(' ', out);
			at++;
		}
		fwrite(text, 1, n, out);
		at += n;
		text += n + (text[n] != 0);
	}
	fputc('\n', out);
}

static void usage_row(FILE *out, char key, const char *name, const char *arg, const char *help)
{
	int n = fprintf(out, key ? "  -%c, " : "      ", key);

	n += fprintf(out, "--%s%s%s", name, arg ? " " : "", arg ? arg : "");
	if (n > USAGE_COLUMN - 2)
		n = fprintf(out, "\n") - 1;
	fprintf(out, "%*s", USAGE_COLUMN - n, "");
	wrap(out, USAGE_COLUMN, USAGE_COLUMN, help);
}

void opt_usage(FILE *out)
{
	char help[400];
	int i;

	fprintf(out, "Usage: vxconsole %s\n", OPT_RUN_USAGE);
	fprintf(out, "       vxconsole --headless [OPTIONS] [INGRESS EGRESS]\n");
	for (i = 0; i < OPT_VERBS; i++)
		fprintf(out, "       vxconsole %s\n", opt_verbs[i].usage);
	fprintf(out, "\nTakes VXLAN-mirrored packets in on INGRESS and sends the inner packets, "
		     "filtered\n"
		     "and NATed, out of EGRESS.\n\nOptions [default]:\n");
	for (i = 0; i < OPT_N; i++) {
		const struct opt_def *d = &opt_defs[i];
		const char *dflt = d->shown ? d->shown : d->dflt;
		bool say = *dflt && (d->arg || strcmp(dflt, "off"));

		snprintf(help, sizeof(help), say ? "%s [%s]" : "%s", d->help, dflt);
		usage_row(out, d->key, opt_name((enum opt_id)i), d->arg, help);
	}
	for (i = 0; i < OPT_EXTRAS; i++)
		usage_row(out, opt_extras[i].key, opt_extras[i].name, NULL, opt_extras[i].help);
	fprintf(out, "      --%*sOnly names follow\n", USAGE_COLUMN - 8, "");
	fprintf(out,
		"\nA flag can be taken back: --zerocopy=off. Options can also be lines of the\n"
		"config, ZEROCOPY=\"on\"; the command line wins over it.\n");
}
