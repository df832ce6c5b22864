// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz target: the journal that another run left. What is read of it is written as lines again, and
 * those are read as the same changes.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/sys/kept.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_change(FILE *f, struct kept_change *c)
{
	c->how = KEPT_DONE; /* what is in force, however it came to be */
	kept_line_open(f, c);
	for (uint32_t i = 0; i < c->n; i++)
		kept_line_item(f, &c->item[i], i > 0);
	kept_line_close(f);
}

static char *write_all(const struct kept *k, size_t *len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, len);

	if (!f)
		abort();
	fputs(KEPT_HEAD_WHOLE, f);
	for (uint32_t i = 0; i < k->n; i++)
		write_change(f, &k->change[i]);
	if (fclose(f))
		abort();
	return text;
}

static void again(const struct kept *k)
{
	struct vx_err err = { 0 };
	struct kept *same;
	size_t len, len2;
	char *text = write_all(k, &len), *text2;

	if (kept_parse(text, len, &same, &err) || same->n != k->n || same->runs != 1)
		abort();
	for (uint32_t i = 0; i < k->n; i++)
		if (same->change[i].n != k->change[i].n)
			abort();
	text2 = write_all(same, &len2);
	if (len2 != len || memcmp(text, text2, len))
		abort();
	free(text);
	free(text2);
	kept_free(same);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vx_err err = { 0 };
	struct kept *k;

	if (kept_parse((const char *)data, size, &k, &err)) {
		if (!strstr(err.msg, "journal line "))
			abort();
		return 0;
	}
	again(k);
	kept_free(k);
	return 0;
}
