/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All keys in one table: what the screen does at a key, the footer, the help page and the manual
 * read it. A key with a command line is that command, shown as it runs. Keys of a view's rows stand
 * here for their help; what they run is the view's to say, since it knows the row. [screen]
 */
#ifndef SCREEN_KEYS_H
#define SCREEN_KEYS_H

#include <stdbool.h>
#include <stddef.h>

/* Keys that are no single character. Others are their character. */
enum key {
	KEY_NONE = 0,
	KEY_ESCAPE = 0x1b,
	KEY_SPECIAL = 0x110000, /* beyond Unicode */
	KEY_CURSOR_UP,
	KEY_CURSOR_DOWN,
	KEY_PAGE_UP,
	KEY_PAGE_DOWN,
	KEY_FIRST,
	KEY_LAST,
	KEY_PASTE_ON, /* what follows was pasted, until */
	KEY_PASTE_OFF,
	KEY_OTHER, /* a sequence that means nothing here */
};

/* X(ID, key, where, command line or NULL, help). where: "" everywhere but in the command line; else
 * the view's name. */
/* clang-format off */
#define UI_KEYS(X) \
	X(VIEW_1,    '1',              "", NULL,  "overview") \
	X(VIEW_2,    '2',              "", NULL,  "allowlist") \
	X(VIEW_3,    '3',              "", NULL,  "NAT rules") \
	X(VIEW_4,    '4',              "", NULL,  "workers and rings") \
	X(VIEW_5,    '5',              "", NULL,  "sources") \
	X(VIEW_6,    '6',              "", NULL,  "NICs") \
	X(VIEW_7,    '7',              "", NULL,  "strays: XDP programs of others") \
	X(VIEW_8,    '8',              "", NULL,  "events") \
	X(VIEW_9,    '9',              "", NULL,  "VNIs") \
	X(VIEW_0,    '0',              "", NULL,  "why: all causes of trouble, and what mends them") \
	X(HELP,      '?',              "", NULL,  "help; again, or Esc: back") \
	X(DOWN,      'j',              "", NULL,  "a row down; also the arrow") \
	X(UP,        'k',              "", NULL,  "a row up; also the arrow") \
	X(DOWN_2,    KEY_CURSOR_DOWN,  "", NULL,  "a row down") \
	X(UP_2,      KEY_CURSOR_UP,    "", NULL,  "a row up") \
	X(PAGE_DOWN, KEY_PAGE_DOWN,    "", NULL,  "a page down") \
	X(PAGE_UP,   KEY_PAGE_UP,      "", NULL,  "a page up") \
	X(FIRST,     KEY_FIRST,        "", NULL,  "the first row") \
	X(LAST,      KEY_LAST,         "", NULL,  "the last row") \
	X(FILTER,    '/',              "", NULL,  "show only rows with this text; Esc ends it") \
	X(SORT,      's',              "", NULL,  "sort by the next column") \
	X(REVERSE,   'S',              "", NULL,  "sort the other way round") \
	X(OPTION,    'n',              "", NULL,  "the view's other list (allowlist: never hit)") \
	X(FREEZE,    ' ',              "", NULL,  "freeze the display; nothing else stops") \
	X(PROMPT,    ':',              "", NULL,  "the command line; Esc comes back") \
	X(PROMPT_2,  '\r',             "", NULL,  "the command line") \
	X(BACK,      KEY_ESCAPE,       "", NULL,  "no filter, no question; then the overview") \
	X(ZOOM_IN,   '+',              "", NULL,  "graphs: less time in a dot") \
	X(ZOOM_OUT,  '-',              "", NULL,  "graphs: more time in a dot (1 s, 10 s, 5 min)") \
	X(REFRESH,   'r',              "", NULL,  "read the view's lists again, now") \
	X(MARK,      'm',              "", "mark", "count from now, and mark the graphs") \
	X(ACK,       'c',              "", "ack", "lights that went out of order (*) are seen") \
	X(FIX,       'f',              "", NULL,  "run, or finish, the command that mends what is wrong") \
	X(LOAD,      'L',              "", "allow load", "take the list on disk, when it has changed; asks") \
	X(UNDO,      'z',              "", "undo", "shows what would be taken back; Enter does it") \
	X(REDO,      'Z',              "", "redo", "shows what would be made again; Enter does it") \
	X(JOURNAL,   'J',              "", "journal apply", "make again what the last run did not save; asks") \
	X(DUMP,      'D',              "", NULL,  "this screen into a text file") \
	X(REDRAW,    0x0c,             "", NULL,  "draw all of it again") \
	X(QUIT,      'q',              "", NULL,  "leave: the engine runs on, or stops; asks") \
	X(ALLOW_ADD, 'a',              "allow", "allow add ADDR", "permit the denied address that is marked") \
	X(ALLOW_DEL, 'd',              "allow", "allow del CIDR", "remove the entry under the cursor") \
	X(STRAY_DETACH, 'x',           "strays", "strays detach ID", "take the program under the cursor off its devices; asks") \
	X(STRAY_STOP, 'X',             "strays", "strays stop ID", "ask the processes that hold it to end; asks") \
	X(NAT_DEL,   'd',              "nat", "nat del KEY", "remove the rule under the cursor") \
	X(VNI_ADD,   'a',              "vnis", "vni add N", "make the VNI under the cursor ours") \
	X(VNI_DEL,   'd',              "vnis", "vni del N", "leave the VNI under the cursor to the kernel")
/* clang-format on */

enum ui_key {
#define UI_KEY_ID(id, key, where, command, help) UI_##id,
	UI_KEYS(UI_KEY_ID)
#undef UI_KEY_ID
		UI_N_KEYS
};

struct ui_binding {
	int key;
	const char *where, *command, *help;
};
extern const struct ui_binding keys_table[UI_N_KEYS];

/*
 * The key at the start of n bytes of the terminal, and how many bytes it took. KEY_NONE: it is not
 * whole yet, which never happens when last (nothing more comes).
 */
int keys_decode(const char *bytes, size_t n, bool last, size_t *used);
/* What a key does outside the command line, UI_N_KEYS: nothing. */
enum ui_key keys_find(int key);
/* "Space", "PgDn", "Ctrl-L", "q". Returns buf. */
const char *keys_name(int key, char buf[static 8]);

#endif
