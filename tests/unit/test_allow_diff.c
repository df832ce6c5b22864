// SPDX-License-Identifier: GPL-2.0-only
/* What a list that is not in force yet would change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/model/allow_diff.h"

struct bed {
	struct allow *have;
	uint32_t pps[200];
};

static uint64_t rate(void *ctx, const struct allow_entry *e)
{
	return ((struct bed *)ctx)->pps[e->idx];
}

/* words: "10.0.0.1 10.0.0.2", all of one organisation */
static struct allow *list(const char *words, const char *org, uint32_t *pps)
{
	const struct allow_entry *entry;
	char copy[256], *save = NULL;
	uint32_t next = 1000;
	struct vx_err err;
	struct allow *a;
	struct cidr c;

	snprintf(copy, sizeof(copy), "%s", words);
	assert_int_equal(allow_new(&a, 100, &err), 0);
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		assert_int_equal(addr_cidr_parse(w, &c, &err), 0);
		assert_int_equal(allow_add(a, &c, org, NULL, &entry, &err), 0);
		if (pps)
			pps[entry->idx] = next++;
	}
	return a;
}

static int setup(void **state)
{
	struct bed *b = calloc(1, sizeof(*b));

	b->have = list("10.0.0.1 10.0.0.2 10.1.0.0/16 10.2.0.0/16", "Lab", b->pps);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;

	allow_free(b->have);
	free(b);
	return 0;
}

static struct allow_diff diff(struct bed *b, const char *words, const char *org)
{
	struct allow *fresh = list(words, org, NULL);
	struct allow_diff d;

	allow_diff(b->have, fresh, rate, b, &d);
	allow_free(fresh);
	return d;
}

static void the_same_list(void **state)
{
	struct allow_diff d = diff(*state, "10.2.0.0/16 10.1.0.0/16 10.0.0.1 10.0.0.2", "Lab");

	assert_int_equal(d.added + d.removed + d.relabelled, 0);
	assert_int_equal(d.pps, 0);
}

/* A removed entry that a wider one takes in denies nothing; one that only a part of takes in does.
 */
static void entries_come_and_go(void **state)
{
	struct allow_diff d = diff(*state, "10.0.0.0/24 10.1.0.0/17 10.2.0.0/16", "Lab");

	assert_int_equal(d.added, 2);
	assert_int_equal(d.removed, 3);
	assert_int_equal(d.pps, 1002);
	assert_string_equal(d.added_text, "10.0.0.0/24, 10.1.0.0/17");
	assert_string_equal(d.removed_text, "10.0.0.1, 10.0.0.2, 10.1.0.0/16");
}

static void labels_change(void **state)
{
	struct allow_diff d = diff(*state, "10.0.0.1 10.0.0.2 10.1.0.0/16 10.2.0.0/16", NULL);

	assert_int_equal(d.relabelled, 4);
	assert_int_equal(d.added + d.removed, 0);
}

static void names_end_where_the_room_ends(void **state)
{
	struct allow_diff d = diff(*state,
				   "2001:db8:1111:2222:3333:4444:5555:6661 "
				   "2001:db8:1111:2222:3333:4444:5555:6662 "
				   "2001:db8:1111:2222:3333:4444:5555:6663 "
				   "2001:db8:1111:2222:3333:4444:5555:6664",
				   NULL);

	assert_int_equal(d.added, 4);
	assert_int_equal(d.removed, 4);
	assert_int_equal(d.pps, 1000 + 1001 + 1002 + 1003);
	assert_string_equal(d.added_text + strlen(d.added_text) - 5, ":6663");
}

static void in_words(void **state)
{
	char text[ALLOW_DIFF_TEXT];
	struct allow_diff d =
		diff(*state, "10.0.0.1 10.0.0.2 10.1.0.0/16 10.2.0.0/16 1.1.1.1", "Lab");

	assert_string_equal(allow_diff_text(&d, text), "+1 (1.1.1.1) -0");
	d = diff(*state, "2001:db8:1111:2222:3333:4444:5555:6666/127 2001:db8::1 10.0.0.1", "Lab");
	assert_string_equal(allow_diff_text(&d, text),
			    "+2 (2001:db8:1111:2222:3333:4444:5555:6666/127, ...) "
			    "-3 (10.0.0.2, 10.1.0.0/16, 10.2.0.0/16)");
	d.removed = 4; /* more than the names that are there */
	assert_non_null(strstr(allow_diff_text(&d, text), "10.2.0.0/16, ...)"));
}

int main(void)
{
#define BED(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		BED(the_same_list), BED(entries_come_and_go),
		BED(labels_change), BED(names_end_where_the_room_ends),
		BED(in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
