/* SPDX-License-Identifier: GPL-2.0-only */
/* Keys: the table is whole and unambiguous, and bytes of terminals become the keys that were meant.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "screen/keys.h"

static void every_key_is_explained_and_means_one_thing(void **state)
{
	(void)state;
	for (int i = 0; i < UI_N_KEYS; i++) {
		char name[8];

		assert_true(keys_table[i].help && *keys_table[i].help);
		assert_true(*keys_name(keys_table[i].key, name));
		for (int k = 0; k < i; k++)
			assert_false(keys_table[i].key == keys_table[k].key &&
				     !strcmp(keys_table[i].where, keys_table[k].where));
	}
}

/* What moves everywhere changes nothing anywhere. */
static void keys_that_move_do_nothing_else(void **state)
{
	static const int moving[] = { 'j',	   'k',		 KEY_CURSOR_UP, KEY_CURSOR_DOWN,
				      KEY_PAGE_UP, KEY_PAGE_DOWN };

	(void)state;
	for (int i = 0; i < UI_N_KEYS; i++)
		for (size_t k = 0; k < sizeof(moving) / sizeof(moving[0]); k++)
			assert_false(keys_table[i].key == moving[k] &&
				     (keys_table[i].command || *keys_table[i].where));
}

static void keys_are_found(void **state)
{
	(void)state;
	assert_int_equal(keys_find('q'), UI_QUIT);
	assert_int_equal(keys_find(KEY_CURSOR_DOWN), UI_DOWN_2);
	assert_int_equal(keys_find('Y'), UI_N_KEYS);
	assert_int_equal(keys_find('d'), UI_N_KEYS); /* a view's */
}

static void bytes_become_keys(void **state)
{
	static const struct {
		const char *bytes;
		int key;
		size_t used;
	} cases[] = {
		{ "q", 'q', 1 },
		{ "\r", '\r', 1 },
		{ "\n", '\r', 1 },
		{ "\033[A", KEY_CURSOR_UP, 3 },
		{ "\033OB", KEY_CURSOR_DOWN, 3 },
		{ "\033[5~", KEY_PAGE_UP, 4 },
		{ "\033[6~j", KEY_PAGE_DOWN, 4 },
		{ "\033[1~", KEY_FIRST, 4 },
		{ "\033[H", KEY_FIRST, 3 },
		{ "\033OF", KEY_LAST, 3 },
		{ "\033[1;5A", KEY_CURSOR_UP, 6 },
		{ "\033[200~rm", KEY_PASTE_ON, 6 },
		{ "\033[201~", KEY_PASTE_OFF, 6 },
		{ "\033[99~", KEY_OTHER, 5 },
		{ "\033x", KEY_OTHER, 2 },
		{ "\033\033", KEY_ESCAPE, 1 },
		{ "\303\244q", KEY_OTHER, 2 },
		{ "\377", KEY_OTHER, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t used;

		assert_int_equal(keys_decode(cases[i].bytes, strlen(cases[i].bytes), true, &used),
				 cases[i].key);
		assert_int_equal(used, cases[i].used);
	}
}

static void half_a_sequence_is_waited_for(void **state)
{
	static const char *const halves[] = {
		"\033", "\033[", "\033[2", "\033[200", "\033O", "\303"
	};
	size_t used;

	(void)state;
	for (size_t i = 0; i < sizeof(halves) / sizeof(halves[0]); i++) {
		assert_int_equal(keys_decode(halves[i], strlen(halves[i]), false, &used), KEY_NONE);
		assert_int_not_equal(keys_decode(halves[i], strlen(halves[i]), true, &used),
				     KEY_NONE);
		assert_in_range(used, 1, strlen(halves[i]));
	}
	assert_int_equal(keys_decode("\033", 1, true, &used), KEY_ESCAPE);
}

/* Whatever comes: bytes are taken, none beyond the end, and it never waits for ever. */
static void any_bytes_are_taken(void **state)
{
	char bytes[41];

	(void)state;
	srand(7);
	for (int round = 0; round < 200000; round++) {
		size_t n = 1 + (size_t)rand() % 40, used = 0;

		for (size_t i = 0; i < n; i++)
			bytes[i] = rand() % 3 ? "\033[O~;0A"[rand() % 7] : (char)rand();
		bytes[n] = 0;
		assert_int_not_equal(keys_decode(bytes, n, true, &used), KEY_NONE);
		assert_in_range(used, 1, n);
	}
	memset(bytes, '0', 40);
	memcpy(bytes, "\033[", 2);
	{
		size_t used;

		assert_int_equal(keys_decode(bytes, 40, false, &used), KEY_OTHER);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_is_explained_and_means_one_thing),
		cmocka_unit_test(keys_that_move_do_nothing_else),
		cmocka_unit_test(keys_are_found),
		cmocka_unit_test(bytes_become_keys),
		cmocka_unit_test(half_a_sequence_is_waited_for),
		cmocka_unit_test(any_bytes_are_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
