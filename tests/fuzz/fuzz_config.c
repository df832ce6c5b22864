// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz target: a config file. What is read is written back; nothing changed, so the values are the
 * same again.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "opt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void equal(const struct opts *a, const struct opts *b)
{
	static char x[OPT_VALUE_MAX], y[OPT_VALUE_MAX];

	for (int id = 0; id < OPT_N; id++) {
		opt_value(a, (enum opt_id)id, x, sizeof(x));
		opt_value(b, (enum opt_id)id, y, sizeof(y));
		if (id != OPT_NAT_RULE && strcmp(x, y))
			abort();
	}
	if (a->n_nat_rules != b->n_nat_rules)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct opts o, again;
	struct vx_err err = { 0 };
	size_t len;
	char *out;

	if (opt_init(&o, &err) || opt_init(&again, &err))
		abort();
	if (opt_config_apply(&o, "fuzz", (const char *)data, size, NULL, NULL, &err)) {
		if (!strstr(err.msg, "fuzz: line "))
			abort();
	} else {
		if (opt_config_render(&o, (const char *)data, size, o.nat_rules, o.n_nat_rules,
				      &out, &len, &err) ||
		    opt_config_apply(&again, "again", out, len, NULL, NULL, &err))
			abort();
		equal(&o, &again);
		free(out);
	}
	opt_fini(&o);
	opt_fini(&again);
	return 0;
}
