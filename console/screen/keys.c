// SPDX-License-Identifier: GPL-2.0-only
/* The table of keys, and what they are called. Pure. [screen] */
#include "screen/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct ui_binding keys_table[UI_N_KEYS] = {
#define UI_KEY_ROW(id, key, where, command, help) [UI_##id] = { key, where, command, help },
	UI_KEYS(UI_KEY_ROW)
#undef UI_KEY_ROW
};

enum ui_key keys_find(int key)
{
	int i = 0;

	while (i < UI_N_KEYS && (keys_table[i].key != key || *keys_table[i].where))
		i++;
	return (enum ui_key)i;
}

const char *keys_name(int key, char buf[static 8])
{
	static const char *const special[] = { "Up",  "Down", "PgUp", "PgDn", "Home",
					       "End", "",     "",     "" };

	if (key > KEY_SPECIAL && key <= KEY_OTHER)
		snprintf(buf, 8, "%s", special[key - KEY_CURSOR_UP]);
	else if (key == ' ' || key == '\r' || key == KEY_ESCAPE)
		snprintf(buf, 8, "%s", key == ' ' ? "Space" : key == '\r' ? "Enter" : "Esc");
	else if (key < 0x20)
		snprintf(buf, 8, "Ctrl-%c", key + '@');
	else
		snprintf(buf, 8, "%c", key < 0x7f ? key : '?');
	return buf;
}

/* --- bytes of the terminal --- */

/* CSI n ~ */
static int numbered(int n)
{
	static const struct {
		int n, key;
	} keys[] = { { 1, KEY_FIRST },	    { 7, KEY_FIRST },	   { 4, KEY_LAST },
		     { 8, KEY_LAST },	    { 5, KEY_PAGE_UP },	   { 6, KEY_PAGE_DOWN },
		     { 200, KEY_PASTE_ON }, { 201, KEY_PASTE_OFF } };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].n == n)
			return keys[i].key;
	return KEY_OTHER;
}

static int lettered(char c)
{
	static const char letters[] = "ABHF";
	static const int keys[] = { KEY_CURSOR_UP, KEY_CURSOR_DOWN, KEY_FIRST, KEY_LAST };
	const char *at = strchr(letters, c);

	return at && c ? keys[at - letters] : KEY_OTHER;
}

/* ESC [ parameters final, ESC O final, ESC ESC: Esc twice, ESC c: Alt-c, which is nothing here. */
static int decode_escape(const char *p, size_t n, bool last, size_t *used)
{
	size_t i = 2;

	*used = 1;
	if (n == 1)
		return last ? KEY_ESCAPE : KEY_NONE;
	if (p[1] == KEY_ESCAPE)
		return KEY_ESCAPE;
	*used = 2;
	if (p[1] != '[' && p[1] != 'O')
		return KEY_OTHER;
	while (i < n && (unsigned char)p[i] >= 0x20 && (unsigned char)p[i] < 0x40)
		i++;
	if (i == n) {
		*used = n;
		return last || n > 32 ? KEY_OTHER : KEY_NONE;
	}
	*used = i + 1;
	return p[i] == '~' ? numbered((int)strtol(p + 2, NULL, 10)) : lettered(p[i]);
}

int keys_decode(const char *bytes, size_t n, bool last, size_t *used)
{
	unsigned char c = (unsigned char)*bytes;
	size_t len = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	if (c == KEY_ESCAPE)
		return decode_escape(bytes, n, last, used);
	*used = len < n ? len : n;
	if (len > n && !last)
		return KEY_NONE;
	if (c == '\n')
		return '\r';
	return c < 0x80 && c ? c : KEY_OTHER;
}
