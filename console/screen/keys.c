// SPDX-License-Identifier: GPL-2.0-only
/* The table of keys, and what they are called. Pure. [screen] */
#include "screen/keys.h"

#include <stdio.h>

const struct ui_binding keys_table[UI_N_KEYS] = {
#define UI_KEY_ROW(id, key, where, command, help) [UI_##id] = {key, where, command, help},
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
	static const char *const special[] = {"Up", "Down", "PgUp", "PgDn", "Home", "End", ""};

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
