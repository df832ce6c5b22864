// SPDX-License-Identifier: GPL-2.0-only
/* The list of changes: which is undone and redone next, what is final, what is let go; and an entry
 * of the allowlist put back where it was. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/model/journal.h"

static unsigned docs_freed;

static void doc_free(struct store_doc *doc)
{
	docs_freed += doc != NULL;
}

static struct journal *open_journal(size_t most)
{
	struct vx_err err;
	struct journal *j;

	assert_int_equal(journal_new(&j, doc_free, most, &err), 0);
	return j;
}

static void stage(struct journal *j, size_t bytes)
{
	struct journal_item item = { .kind = JOURNAL_SETTING, .bytes = bytes };
	struct vx_err err;

	item.setting.value = strdup("64");
	assert_int_equal(journal_reserve(j, &err), 0);
	journal_stage(j, &item);
}

static struct journal_change *change(struct journal *j, const char *command)
{
	stage(j, 10);
	return journal_commit(j, "ubuntu", command);
}

static void last_first(void **state)
{
	struct journal *j = open_journal(JOURNAL_BYTES);
	struct journal_change *a, *b;

	(void)state;
	assert_null(journal_commit(j, "ubuntu", "nothing"));
	assert_null(journal_undo_next(j));
	assert_null(journal_redo_next(j));
	a = change(j, "a");
	b = change(j, "b");
	assert_int_equal(b->id, 2);
	assert_ptr_equal(journal_undo_next(j), b);
	journal_turned(j, b);
	assert_ptr_equal(journal_redo_next(j), b);
	assert_ptr_equal(journal_undo_next(j), a);
	journal_turned(j, a);
	assert_null(journal_undo_next(j));
	assert_ptr_equal(journal_redo_next(j), a);
	journal_turned(j, a);
	assert_ptr_equal(journal_redo_next(j), b);
	journal_free(j);
}

static void a_new_change_ends_what_was_undone(void **state)
{
	struct journal *j = open_journal(JOURNAL_BYTES);
	struct journal_change *a, *b, *c;

	(void)state;
	a = change(j, "a");
	b = change(j, "b");
	journal_turned(j, b);
	c = change(j, "c");
	assert_null(journal_redo_next(j));
	assert_ptr_equal(journal_undo_next(j), c);
	journal_turned(j, c);
	assert_ptr_equal(journal_redo_next(j), c);
	assert_ptr_equal(journal_undo_next(j), a);
	assert_int_equal(journal_count(j), 3);
	assert_true(b->undone);
	assert_string_equal(b->command, "b");
	journal_free(j);
}

static void the_oldest_go(void **state)
{
	struct journal *j = open_journal(10000);

	(void)state;
	for (int i = 0; i < 3; i++) {
		stage(j, 4000);
		assert_non_null(journal_commit(j, "ubuntu", "large"));
	}
	assert_int_equal(journal_count(j), 2);
	assert_int_equal(journal_cut(j), 1);
	assert_int_equal(journal_at(j, 0)->id, 2);
	journal_free(j);
	j = open_journal(JOURNAL_BYTES);
	for (unsigned i = 0; i < JOURNAL_CHANGES + 2; i++)
		change(j, "x");
	assert_int_equal(journal_count(j), JOURNAL_CHANGES);
	assert_int_equal(journal_cut(j), 2);
	assert_int_equal(journal_undo_next(j)->id, JOURNAL_CHANGES + 2);
	journal_free(j);
}

static void a_list_goes_with_its_document(void **state)
{
	struct journal *j = open_journal(JOURNAL_BYTES);
	struct journal_item item = { .kind = JOURNAL_LIST };
	struct vx_err err;

	(void)state;
	docs_freed = 0;
	assert_int_equal(allow_new(&item.list.allow, 16, &err), 0);
	allow_pack(item.list.allow);
	item.list.doc = (struct store_doc *)&docs_freed;
	assert_int_equal(journal_reserve(j, &err), 0);
	journal_stage(j, &item);
	journal_unstage(j);
	assert_int_equal(docs_freed, 1);
	assert_null(journal_commit(j, "ubuntu", "forgotten"));
	journal_free(j);
}

/* --- the allowlist's part in it --- */

static const struct allow_entry *add(struct allow *a, const char *text)
{
	const struct allow_entry *e;
	struct vx_err err;
	struct cidr c;

	assert_int_equal(addr_cidr_parse(text, &c, &err), 0);
	assert_int_equal(allow_add(a, &c, "Org", "note", &e, &err), 0);
	return e;
}

static void append(void *ctx, const struct allow_entry *e)
{
	char *out = ctx, text[ADDR_TEXT];

	snprintf(out + strlen(out), 256 - strlen(out), "%s=%u ", addr_cidr_format(&e->cidr, text),
		 e->idx);
}

static const char *order(const struct allow *a)
{
	static char out[256];

	out[0] = 0;
	allow_foreach(a, append, out);
	return out;
}

static void an_entry_comes_back_to_its_place(void **state)
{
	static const char *const text[] = { "10.0.0.1", "10.0.0.2", "10.0.0.3" };
	const struct allow_entry *e[3], *back;
	struct allow_place at;
	struct vx_err err;
	struct allow *a;
	struct cidr c;
	char was[256];

	(void)state;
	assert_int_equal(allow_new(&a, 16, &err), 0);
	for (int i = 0; i < 3; i++)
		e[i] = add(a, text[i]);
	snprintf(was, sizeof(was), "%s", order(a));
	for (int i = 0; i < 3; i++) {
		assert_int_equal(addr_cidr_parse(text[i], &c, &err), 0);
		at = allow_place(a, e[i]);
		assert_int_equal(allow_del(a, &c, &err), 0);
		assert_string_not_equal(order(a), was);
		assert_int_equal(allow_put(a, &c, "Org", "note", &at, &back, &err), 0);
		assert_string_equal(order(a), was);
	}
	assert_int_equal(allow_put(a, &c, "Org", "note", &at, &back, &err), -EEXIST);
	allow_free(a);
}

static void a_packed_list_comes_back(void **state)
{
	struct allow *a, *b;
	struct vx_err err;
	char was[256];

	(void)state;
	assert_int_equal(allow_new(&a, 16, &err), 0);
	assert_int_equal(allow_new(&b, 16, &err), 0);
	add(a, "10.0.0.1");
	add(a, "10.0.0.0/8");
	add(b, "10.0.0.0/8");
	add(b, "10.0.0.1");
	assert_false(allow_same(a, b));
	snprintf(was, sizeof(was), "%s", order(a));
	allow_pack(a);
	assert_int_equal(allow_unpack(a, &err), 0);
	assert_string_equal(order(a), was);
	assert_int_equal(allow_count(a), 2);
	assert_int_equal(add(a, "10.0.0.9")->idx, 2);
	allow_free(a);
	allow_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(last_first),
		cmocka_unit_test(a_new_change_ends_what_was_undone),
		cmocka_unit_test(the_oldest_go),
		cmocka_unit_test(a_list_goes_with_its_document),
		cmocka_unit_test(an_entry_comes_back_to_its_place),
		cmocka_unit_test(a_packed_list_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
