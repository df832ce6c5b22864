// SPDX-License-Identifier: GPL-2.0-only
/* The allowlist as a set: against a plain array that does the same slowly, and at the sizes that it
 * must bear. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "engine/model/allow.h"

static struct cidr cidr(const char *text)
{
	struct cidr c;

	assert_int_equal(addr_cidr_parse(text, &c, NULL), 0);
	return c;
}

static int add(struct allow *a, const char *text, const char *org, const char *note)
{
	struct cidr c = cidr(text);

	return allow_add(a, &c, org, note, NULL, NULL);
}

static const struct allow_entry *find(const struct allow *a, const char *text)
{
	struct cidr c = cidr(text);

	return allow_find(a, &c);
}

static struct allow *list(uint32_t max)
{
	struct allow *a;

	assert_int_equal(allow_new(&a, max, NULL), 0);
	return a;
}

static void entries_and_organisations(void **state)
{
	struct allow *a = list(10);
	struct cidr c = cidr("10.0.0.1");
	struct vx_err err;

	(void)state;
	assert_int_equal(add(a, "10.0.0.1", "Org", "a note"), 0);
	assert_int_equal(add(a, "10.0.0.0/8", "Org", NULL), 0);
	assert_int_equal(add(a, "2001:db8::/32", "", ""), 0);
	assert_int_equal(add(a, "10.0.0.1/32", NULL, NULL), -EEXIST);
	assert_int_equal(allow_count(a), 3);
	assert_int_equal(allow_orgs(a), 1);
	assert_string_equal(find(a, "10.0.0.1")->note, "a note");
	/* one text for all its entries */
	assert_ptr_equal(find(a, "10.0.0.1")->org, find(a, "10.0.0.0/8")->org);
	assert_null(find(a, "2001:db8::/32")->org);
	assert_null(find(a, "2001:db8::/32")->note);
	assert_null(find(a, "10.0.0.2"));
	assert_null(find(a, "10.0.0.0/9"));
	assert_int_equal(allow_set_note(a, &c, NULL, NULL), 0);
	assert_null(find(a, "10.0.0.1")->note);
	assert_int_equal(allow_del(a, &c, NULL), 0);
	assert_int_equal(allow_del(a, &c, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "10.0.0.1 is not on the list"));
	assert_int_equal(allow_set_note(a, &c, "x", NULL), -ENOENT);
	assert_int_equal(allow_orgs(a), 1);
	c = find(a, "10.0.0.0/8")->cidr;
	assert_int_equal(allow_del(a, &c, NULL), 0);
	assert_int_equal(allow_orgs(a), 0);
	allow_free(a);
	allow_free(NULL);
}

static void texts_are_checked(void **state)
{
	struct allow *a = list(10);
	char text[ALLOW_TEXT_MAX + 2];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	assert_int_equal(add(a, "10.0.0.1", text, NULL), -EINVAL);
	assert_int_equal(add(a, "10.0.0.1", NULL, text), -EINVAL);
	assert_int_equal(add(a, "10.0.0.1", "\xff", NULL), -EINVAL);
	assert_int_equal(add(a, "10.0.0.1", NULL, "\xc3"), -EINVAL);
	assert_int_equal(allow_count(a), 0);
	text[ALLOW_TEXT_MAX] = 0;
	assert_int_equal(add(a, "10.0.0.1", text, "ünïcode"), 0);
	allow_free(a);
}

static void full(void **state)
{
	struct allow *a = list(3);
	struct cidr c = cidr("10.0.0.9");
	struct vx_err err;

	(void)state;
	assert_int_equal(add(a, "10.0.0.1", NULL, NULL), 0);
	assert_int_equal(add(a, "10.0.0.2", NULL, NULL), 0);
	assert_int_equal(add(a, "10.0.0.3", NULL, NULL), 0);
	assert_int_equal(allow_add(a, &c, "New", NULL, NULL, &err), -ENOSPC);
	assert_non_null(strstr(err.msg, "--allow-max is 3"));
	assert_int_equal(allow_orgs(a), 0);
	allow_free(a);
}

static void longest_prefix_decides(void **state)
{
	static const struct {
		const char *addr, *entry;
	} rows[] = {
		{ "10.1.1.1", "10.1.1.1" },	    { "10.1.1.2", "10.1.1.0/24" },
		{ "10.1.2.1", "10.1.0.0/16" },	    { "10.2.0.0", "0.0.0.0/0" },
		{ "2001:db8::1", "2001:db8::/32" }, { "2001:db9::1", NULL },
	};
	struct allow *a = list(10);

	(void)state;
	assert_int_equal(add(a, "0.0.0.0/0", NULL, NULL), 0);
	assert_int_equal(add(a, "10.1.0.0/16", NULL, NULL), 0);
	assert_int_equal(add(a, "10.1.1.0/24", NULL, NULL), 0);
	assert_int_equal(add(a, "10.1.1.1", NULL, NULL), 0);
	assert_int_equal(add(a, "2001:db8::/32", NULL, NULL), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct addr addr = cidr(rows[i].addr).addr;
		const struct allow_entry *e = allow_match(a, &addr);

		assert_ptr_equal(e, rows[i].entry ? find(a, rows[i].entry) : NULL);
	}
	allow_free(a);
}

struct slow {
	struct cidr c[64];
	uint32_t idx[64];
	int n;
};

static void in_order(void *ctx, const struct allow_entry *e)
{
	struct slow *s = ctx;

	assert_int_equal(addr_cidr_cmp(&s->c[s->n], &e->cidr), 0);
	assert_int_equal(s->idx[s->n], e->idx);
	s->n++;
}

static void check(const struct allow *a, struct slow *s)
{
	int n = s->n;

	assert_int_equal(allow_count(a), n);
	for (int i = 0; i < n; i++) {
		const struct allow_entry *e = allow_find(a, &s->c[i]);

		assert_non_null(e);
		assert_ptr_equal(allow_by_idx(a, s->idx[i]), e);
	}
	s->n = 0;
	allow_foreach(a, in_order, s);
	assert_int_equal(s->n, n);
}

/* 200,000 random adds and deletes in a small space, so that every hash run and hole occurs. */
static void against_a_plain_array(void **state)
{
	struct allow *a = list(64);
	struct slow s = { 0 };

	(void)state;
	srand(1);
	for (int step = 0; step < 200000; step++) {
		char text[32];
		struct cidr c;
		int at = 0;

		snprintf(text, sizeof(text), "10.0.0.%d", rand() % 96);
		c = cidr(text);
		while (at < s.n && addr_cidr_cmp(&s.c[at], &c))
			at++;
		if (rand() % 2) {
			const struct allow_entry *e = NULL;
			int want = at < s.n ? -EEXIST : s.n == 64 ? -ENOSPC : 0;

			assert_int_equal(allow_add(a, &c, rand() % 2 ? "A" : "B", NULL, &e, NULL),
					 want);
			if (!want) {
				s.c[s.n] = c;
				s.idx[s.n++] = e->idx;
			}
		} else {
			assert_int_equal(allow_del(a, &c, NULL), at < s.n ? 0 : -ENOENT);
			if (at < s.n) {
				s.n--;
				memmove(&s.c[at], &s.c[at + 1],
					(size_t)(s.n - at) * sizeof(s.c[0]));
				memmove(&s.idx[at], &s.idx[at + 1],
					(size_t)(s.n - at) * sizeof(s.idx[0]));
			}
		}
		if (step % 64 == 0)
			check(a, &s);
	}
	check(a, &s);
	allow_free(a);
}

/* Two full lists with nothing, half, and all in common. */
static void adopted_idx_never_clash(void **state)
{
	(void)state;
	for (int common = 0; common <= 100; common += 50) {
		struct allow *old = list(100), *fresh = list(100);
		char text[32];

		for (int i = 0; i < 100; i++) {
			snprintf(text, sizeof(text), "10.0.0.%d", i);
			assert_int_equal(add(old, text, NULL, NULL), 0);
		}
		for (int i = 99; i >= 0; i--) {
			snprintf(text, sizeof(text), "10.0.%d.%d", i < common ? 0 : 1, i);
			assert_int_equal(add(fresh, text, NULL, NULL), 0);
		}
		allow_adopt_idx(fresh, old);
		for (uint32_t i = 0; i < allow_idx_end(fresh); i++) {
			const struct allow_entry *e = allow_by_idx(fresh, i),
						 *was = allow_by_idx(old, i);

			if (e && was)
				assert_int_equal(addr_cidr_cmp(&e->cidr, &was->cidr), 0);
			if (e) {
				assert_int_equal(e->idx, i);
				assert_ptr_equal(allow_find(fresh, &e->cidr), e);
			}
		}
		for (int i = 0; i < common; i++) {
			snprintf(text, sizeof(text), "10.0.0.%d", i);
			assert_int_equal(find(fresh, text)->idx, find(old, text)->idx);
		}
		/* an add after it finds a free one */
		assert_int_equal(
			allow_del(fresh, &allow_by_idx(fresh, find(fresh, text)->idx)->cidr, NULL),
			0);
		assert_int_equal(add(fresh, "192.0.2.1", NULL, NULL), 0);
		assert_ptr_equal(allow_by_idx(fresh, find(fresh, "192.0.2.1")->idx),
				 find(fresh, "192.0.2.1"));
		allow_free(old);
		allow_free(fresh);
	}
}

/* The engine reads the hits up to the highest idx once a second: edits must not make it creep up.
 */
static void idx_stay_low(void **state)
{
	struct allow *a = list(1000);
	struct cidr c = cidr("10.0.0.1");

	(void)state;
	assert_int_equal(add(a, "10.0.0.1", NULL, NULL), 0);
	assert_int_equal(add(a, "10.0.0.2", NULL, NULL), 0);
	for (int i = 0; i < 5000; i++) {
		assert_int_equal(allow_del(a, &c, NULL), 0);
		assert_int_equal(add(a, "10.0.0.1", NULL, NULL), 0);
		assert_true(find(a, "10.0.0.1")->idx < 2);
	}
	allow_free(a);
}

static void a_million_entries(void **state)
{
	struct allow *a = list(1000000);
	struct cidr c = cidr("10.0.0.0");
	clock_t start = clock();

	(void)state;
	for (uint32_t i = 0; i < 1000000; i++) {
		c.addr.b[1] = (uint8_t)(i >> 16);
		c.addr.b[2] = (uint8_t)(i >> 8);
		c.addr.b[3] = (uint8_t)i;
		assert_int_equal(allow_add(a, &c, "Org", NULL, NULL, NULL), 0);
	}
	for (uint32_t i = 0; i < 1000000; i++) {
		c.addr.b[1] = (uint8_t)(i >> 16);
		c.addr.b[2] = (uint8_t)(i >> 8);
		c.addr.b[3] = (uint8_t)i;
		assert_int_equal(allow_del(a, &c, NULL), 0);
	}
	/* about 1 s of processor time here; a list that is quadratic would take hours, so the bound
	 * is wide */
	assert_true((clock() - start) / CLOCKS_PER_SEC < 30);
	allow_free(a);
}

static void a_wider_one(void **state)
{
	struct cidr c = cidr("10.1.2.0/24");
	struct vx_err err;
	struct allow *a;

	(void)state;
	assert_int_equal(allow_new(&a, 100, &err), 0);
	assert_null(allow_wider(a, &c));
	assert_int_equal(add(a, "10.1.2.0/24", NULL, NULL), 0);
	assert_int_equal(add(a, "10.1.2.0/25", NULL, NULL), 0);
	assert_int_equal(add(a, "2001:db8::/32", NULL, NULL), 0);
	assert_null(allow_wider(a, &c)); /* not itself, and no part of it */
	assert_int_equal(add(a, "0.0.0.0/0", NULL, NULL), 0);
	assert_int_equal(allow_wider(a, &c)->cidr.len, 0);
	assert_int_equal(add(a, "10.0.0.0/8", NULL, NULL), 0);
	assert_int_equal(allow_wider(a, &c)->cidr.len, 8);
	c = cidr("2001:db8::1");
	assert_int_equal(allow_wider(a, &c)->cidr.len, 32);
	c = cidr("0.0.0.0/0");
	assert_null(allow_wider(a, &c));
	allow_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_and_organisations),
		cmocka_unit_test(texts_are_checked),
		cmocka_unit_test(full),
		cmocka_unit_test(longest_prefix_decides),
		cmocka_unit_test(against_a_plain_array),
		cmocka_unit_test(adopted_idx_never_clash),
		cmocka_unit_test(idx_stay_low),
		cmocka_unit_test(a_million_entries),
		cmocka_unit_test(a_wider_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
