// SPDX-License-Identifier: GPL-2.0-only
/* Help: the keys by view, the commands, the rows of the ledger with what each means and what to do
 * about it. Pure. [screen] */
#include <stdio.h>
#include <string.h>

#include "screen/keys.h"
#include "screen/panel.h"
#include "screen/view.h"

static const char *const needs[] = { "help", NULL };

struct advice {
	const char *name, *help, *todo;
	enum vx_ledger_id id; /* whose advice it is when todo is NULL */
};

/* What to do about a row that grows; "" where it is as it should be. */
static const char *const todo_of[VX_L_N] = {
	[VX_L_NOT_VXLAN] = "if it is the mirror's traffic: --port is not its port",
	[VX_L_OTHER_VNI_PASS] = "9 shows which VNI arrives; a there makes it ours",
	[VX_L_OUTER_FRAGMENT] = "raise the MTU on the mirror's path",
	[VX_L_OTHER_VNI_DROP] = "9 shows which VNI arrives; a there makes it ours",
	[VX_L_MALFORMED] = "the mirror sends damaged frames: tcpdump on the ingress",
	[VX_L_NOT_IP] = "nothing: ARP and the like have nowhere to go",
	[VX_L_DENIED] = "2 shows who is denied most; a there permits",
	[VX_L_TRUNCATED] = "mirror whole packets, or :set truncated forward",
	[VX_L_NO_RULE] = ":nat add for that port, or :set unmatched forward",
	[VX_L_OVERSIZE] = "raise the MTU of the egress to the largest size seen",
	[VX_L_NO_NEIGHBOUR] = "3 shows which next hop is not found: is its target up?",
	[VX_L_PAUSED] = ":intake on",
	[VX_L_INTERNAL] = "memory for BPF maps? see the kernel's log",
	[VX_L_RING_FULL] = "4: are the workers busy? more --workers, a larger --ring",
	[VX_L_WOULD_DENY] = ":allow mode enforce would drop these",
};

#define ADVICE(id, name, group, help) { name, help, NULL, VX_L_##id },
static const struct advice ledger[] = {
	VX_LEDGER(ADVICE){ "sent", "Handed to the egress device", "", 0 },
	{ "tx_failed", "The egress refused it; 4 says with which error",
	  "is the egress up, its queue long enough?", 0 },
	{ "frag_unknown", "A later fragment whose first one was not sent",
	  "usually nothing: its first was denied or lost", 0 },
	{ "in_flight", "In a ring or with a worker at this moment", "", 0 },
};
#undef ADVICE
#define LEDGER_ROWS (sizeof(ledger) / sizeof(*ledger))

static const char *todo(size_t i)
{
	const char *text = ledger[i].todo ? ledger[i].todo : todo_of[ledger[i].id];

	return text ? text : "";
}

/* To the end of the row; what is cut is seen to be. */
static void rest(struct line *l, enum line_look look, const char *text)
{
	line_left(l, look, l->width - l->cols, text);
}

static void key_line(struct line *l, const struct ui_binding *k)
{
	char name[8], text[128];

	line_str(l, LOOK_PLAIN, " ");
	line_left(l, LOOK_KEY, 8, keys_name(k->key, name));
	line_left(l, LOOK_DIM, 8, k->where);
	if (l->cols + line_cols(k->help) > l->width) {
		rest(l, LOOK_PLAIN, k->help);
		return;
	}
	line_str(l, LOOK_PLAIN, k->help);
	snprintf(text, sizeof(text), "  :%s", k->command ? k->command : "");
	if (k->command)
		rest(l, LOOK_DIM, text);
}

static void command_line(struct line *l, const struct data_table *t, size_t i)
{
	char usage[256];

	if (!t->rows) {
		line_str(l, LOOK_DIM, t->error[0] ? t->error : " reading...");
		return;
	}
	snprintf(usage, sizeof(usage), ":%s %s", data_cell(t, i, data_col(t, "command")),
		 data_cell(t, i, data_col(t, "args")));
	line_str(l, LOOK_PLAIN, " ");
	line_left(l, LOOK_KEY, l->width >= 96 ? 44 : 30, usage);
	line_str(l, LOOK_PLAIN, " ");
	rest(l, LOOK_PLAIN, data_cell(t, i, data_col(t, "help")));
}

/* Of the names, with a blank before and two behind. */
static int ledger_cols(void)
{
	int most = 0;

	for (size_t i = 0; i < LEDGER_ROWS; i++)
		most = line_cols(ledger[i].name) > most ? line_cols(ledger[i].name) : most;
	return most + 3;
}

static void ledger_line(struct line *l, size_t i, bool second)
{
	line_left(l, LOOK_PLAIN, second ? ledger_cols() : 1, "");
	if (second) {
		line_str(l, LOOK_BOLD, *todo(i) ? "→ " : "");
		rest(l, LOOK_BOLD, todo(i));
		return;
	}
	line_left(l, LOOK_KEY, ledger_cols() - 1, ledger[i].name);
	rest(l, LOOK_PLAIN, ledger[i].help);
}

static void draw_line(struct line *l, const struct data_table *t, size_t i)
{
	size_t commands = t->rows ? t->rows : 1;

	if (!i)
		line_str(l, LOOK_HEAD, " KEYS                  j k scroll, Esc or ? back");
	else if (i <= UI_N_KEYS)
		key_line(l, &keys_table[i - 1]);
	else if (i == UI_N_KEYS + 2)
		line_str(l, LOOK_HEAD, " COMMANDS, behind : here, and as vxconsole ctl COMMAND");
	else if (i > UI_N_KEYS + 2 && i < UI_N_KEYS + 3 + commands)
		command_line(l, t, i - UI_N_KEYS - 3);
	else if (i == UI_N_KEYS + 4 + commands)
		line_str(l, LOOK_HEAD,
			 " LEDGER: what each row means, and what to do when it grows");
	else if (i > UI_N_KEYS + 4 + commands)
		ledger_line(l, (i - UI_N_KEYS - 5 - commands) / 2,
			    (i - UI_N_KEYS - 5 - commands) % 2);
}

/* Keys, commands and rows in one list, each part with its heading and a blank behind. */
static size_t lines_of(const struct data_table *t)
{
	return UI_N_KEYS + 5 + (t->rows ? t->rows : 1) + 2 * LEDGER_ROWS;
}

static void draw(const struct view_state *s, const struct data *d, const struct data_table *tables,
		 int rows, int cols, struct line *line)
{
	int wide = cols >= 170 ? 2 : 1, width = wide > 1 ? (cols - 3) / 2 : cols;
	size_t n = lines_of(&tables[0]), seen = (size_t)(rows * wide), from;

	(void)d;
	panel_clear(line, rows, cols);
	/* The cursor is the first line that is seen, so that each key press moves the page. */
	from = n <= seen ? 0 : s->cursor > n - seen ? n - seen : s->cursor;
	for (int k = 0; k < wide; k++) {
		struct rect at = { 0, k * (width + 3), rows, width };
		struct panel p = panel_at(line, at);
		struct line *l;

		if (k)
			panel_bar(line, at);
		while (from < n && (l = panel_next(&p)))
			draw_line(l, &tables[0], from++);
	}
}

static size_t count(const struct view_state *s, const struct data *d,
		    const struct data_table *tables)
{
	(void)s;
	(void)d;
	return lines_of(&tables[0]);
}

const struct view view_help = {
	.name = "help", .title = "Help", .needs = needs, .draw = draw, .count = count
};
