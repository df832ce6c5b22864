// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every view with planted figures: as a whole text (tests/unit/data/views/NAME-COLSxROWS.screen,
 * written anew with VIEWS_WRITE=1 and then to be read by eye), each figure looked for by itself, at
 * every size, and in every state that the operator must be able to tell from all being well.
 */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plant.h"
#include "screen/layout.h"

#define MOST 600000

static struct data d;
static char text[MOST], golden[MOST];
static const struct view_state at_rest = { .sort = -1 };

static int plant(void **state)
{
	(void)state;
	plant_busy(&d);
	return d.history ? 0 : -1;
}

static int uproot(void **state)
{
	(void)state;
	plant_free(&d);
	return 0;
}

static const char *screen(const struct view *v, const struct view_state *s, int cols, int rows)
{
	plant_screen(v, s, &d, rows, cols, text, sizeof(text));
	return text;
}

static void has(const char *what)
{
	if (!strstr(text, what))
		fail_msg("'%s' is not in\n%s", what, text);
}

static void has_not(const char *what)
{
	if (strstr(text, what))
		fail_msg("'%s' is in\n%s", what, text);
}

static void compare(const struct view *v, int cols, int rows)
{
	char path[120];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "tests/unit/data/views/%s-%dx%d.screen", v->name, cols, rows);
	screen(v, &at_rest, cols, rows);
	f = fopen(path, getenv("VIEWS_WRITE") ? "w" : "r");
	if (!f)
		fail_msg("%s: cannot be opened", path);
	if (getenv("VIEWS_WRITE")) {
		fputs(text, f);
		fclose(f);
		return;
	}
	n = fread(golden, 1, sizeof(golden) - 1, f);
	golden[n] = 0;
	fclose(f);
	if (strcmp(golden, text) != 0)
		fail_msg("%s: expected\n%s\nis\n%s", path, golden, text);
}

static void as_a_whole(void **state)
{
	(void)state;
	for (unsigned i = 0; i < n_views; i++) {
		compare(views[i], 80, 24);
		compare(views[i], 200, 50);
	}
	compare(&view_overview, 120, 30);
	compare(&view_overview, 40, 8);
}

static void rows_fill_the_screen(void **state)
{
	(void)state;
	for (unsigned i = 0; i < n_views; i++) {
		int rows = 0;

		for (const char *c = screen(views[i], &at_rest, 80, 24); *c; c++)
			rows += *c == '\n';
		assert_int_equal(rows, 23); /* the last is the command line's */
	}
}

static void every_figure_of_the_overview(void **state)
{
	static const char *const both[] = { "mirror-1",
					    "ens5 → ens6",
					    "native",
					    "up 3d04h",
					    "03:14:07Z",
					    "LIVE",
					    "LEAK 0 ok",
					    "LEDGER ok",
					    "RING 3% (412 ms)",
					    "EGRESS up",
					    "NEXT HOP 1/1",
					    "ALLOW enforce",
					    "87,234 pps",
					    "691 Mb/s",
					    "61,870 pps",
					    "490 Mb/s",
					    "91,002",
					    "64,511",
					    "523,401,002",
					    "1,204",
					    "152,184,330",
					    "25,361",
					    "371,215,391",
					    "371,215,388",
					    "15,461",
					    "15,468",
					    "15,475",
					    "15,482",
					    "40.5",
					    "43.5",
					    "71%",
					    "74%",
					    "6.1 us",
					    "38 us",
					    "91 us",
					    "412 us",
					    "137%",
					    "41.5 MB",
					    "23.6 MB",
					    "Cascade Access LLC",
					    "21,004",
					    "172.30.82.95:8081",
					    "371,215,377",

					    "allow add 10.0.0.0/24" };
	static const char *const wide[] = { "the driver takes it",
					    "123,401,002",
					    "2,184,330",
					    "71,215,388",
					    "since 02:14:07",
					    "1.9 us",
					    "390 us",
					    "0.024 syscalls/packet",
					    "5 threads",
					    "pid 4242",
					    "carrier lost",
					    "Zoom Fiber, LLC",
					    "9,870",
					    "Böhm & Søn",
					    "512",
					    "104.218.88.5",
					    "4,980",
					    "2001:db8::5",
					    "4,890",
					    "udp/31765",
					    "61,869",
					    "bw_in_allowance_exceeded",
					    "tx_errors",
					    "5m",
					    "now" };

	(void)state;
	screen(&view_overview, &at_rest, 80, 24);
	for (size_t i = 0; i < sizeof(both) / sizeof(*both); i++)
		has(both[i]);
	screen(&view_overview, &at_rest, 200, 50);
	for (size_t i = 0; i < sizeof(both) / sizeof(*both); i++)
		has(both[i]);
	for (size_t i = 0; i < sizeof(wide) / sizeof(*wide); i++)
		has(wide[i]);
}

static void every_figure_of_the_others(void **state)
{
	static const struct {
		const struct view *v;
		const char *what[24];
	} t[] = {
		{ &view_allow, { "324 entries",
				 "16 organisations",
				 "enforce",
				 "104.218.88.5",
				 "9,120,331",
				 "4,980",
				 "8,870,112",
				 "4,891",
				 "2m00s",
				 "3d00h",
				 "never",
				 "Lab",
				 "never hit: 1",
				 "172.30.83.192",
				 "41,220",
				 "152,000,111",
				 "184,219",
				 "[a]",
				 "OTHERS",
				 "a permits 41,220 packets/s from it, 130 to it from 3 others" } },
		{ &view_nat,
		  { "udp/31765", "172.30.82.95:8081", "371,215,377", "resolved",
		    "tcp/80@10.0.0.0/8", "[2001:db8::5]:80", "incomplete" } },
		{ &view_workers, { "5501",	"92,803,847", "92,807,180", "15,482",  "2,269,013",
				   "ENOBUFS 2", "4,194,304",  "125,829",    "128,829", "412",
				   "415",	"5,800,301",  "5,800,304",  "88 us",   "390 us",
				   "64 us",	"4242",	      "41.5 MB",    "23.6 MB", "0.024" } },
		{ &view_sources, { "10.9.8.7", "523,400,001", "87,230", "690 Mb/s", "6", "now" } },
		{ &view_vnis, { "523,401,002", "87,234", "5569041", "4,711", "17", "yes" } },
		{ &view_strays,
		  { "ours: id 2301 on ens5", "2240", "vxlan_pipeline_main", "ens5 (generic)",
		    "nobody (outlived its loader)", "blocks our ingress; duplicate", "2236", "1877",
		    "away by", "strays detach 2240" } },
		{ &view_nics, { "ens5", "ens6", "523,999,001", "12", "371,215,388", "3" } },
		{ &view_why,
		  { "3 causes", "egress_down", "since 2026-11-23T03:14:01Z",
		    "shell: ip link set ens6 up", "nat add udp/31765=ADDRESS:PORT",
		    "vni add 5569041", "vni list" } },
		{ &view_events,
		  { "ready: native on ens5", "carrier lost", "allow add", "03:13:58" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++)
		for (int wide = 0; wide < 2; wide++) {
			screen(t[i].v, &at_rest, wide ? 200 : 80, wide ? 50 : 24);
			for (int k = 0; k < 24 && t[i].what[k]; k++)
				has(t[i].what[k]);
		}
}

/* No row wider than the screen, no control byte, at any size, in each view, wherever the cursor is.
 */
static void any_size(void **state)
{
	struct line *line = calloc(100, sizeof(*line));
	struct data_table t[4];

	(void)state;
	assert_non_null(line);
	for (unsigned i = 0; i < n_views; i++) {
		plant_tables(views[i], &d, t);
		for (int rows = 0; rows <= 100; rows += rows < 30 ? 1 : 7)
			for (int cols = 1; cols <= 300; cols += cols < 24 ? 1 : 13) {
				struct view_state s = { .cursor = (size_t)(rows + cols) % 70,
							.sort = cols % 7 - 1 };

				views[i]->draw(&s, &d, t, rows, cols, line);
				for (int y = 0; y < rows; y++) {
					assert_true(line[y].cols <= cols);
					assert_int_equal(line_cols(line[y].text), line[y].cols);
					for (int b = 0; b < line[y].bytes; b++)
						assert_true((unsigned char)line[y].text[b] >= 0x20);
				}
				view_header(&d, cols, line);
				assert_true(line[0].cols <= cols && line[1].cols <= cols);
				view_footer(views[i], &d, cols, line);
				assert_true(line[0].cols <= cols);
			}
		plant_tables_free(t);
	}
	free(line);
}

/* What does not fit is seen to be cut, and no name touches what it means. */
static void help_on_a_narrow_screen(void **state)
{
	static const char name[] = "\n redirected_bytes  Bytes of the frames redirected\n";

	(void)state;
	screen(&view_help, &at_rest, 80, 200);
	has(" strays  take the program under the cursor off its devices; asks  :stra…\n");
	has(" :allow load [FILE]             replace the whole list by that of a JSON file, …\n");
	has(" ring_full         No room in the ring: the workers are too slow or the ring to…\n");
	has(name);
	screen(&view_help, &at_rest, 200, 200);
	has(" :strays detach ID ");
	has("a JSON file, with…");
}

/* Each row has what there is room for, whole, and how to leave always. */
static void footer_of_the_command_line(void **state)
{
	struct line line;

	(void)state;
	view_footer_prompt(80, &line);
	assert_string_equal(line.text, " Enter run Esc view Tab complete Up history Ctrl-R search "
				       "Ctrl-C clear");
	view_footer_prompt(LAYOUT_MIN_COLS, &line);
	assert_string_equal(line.text, " Enter run Esc view Tab complete");
	for (int cols = 0; cols < 300; cols++) {
		view_footer_prompt(cols, &line);
		assert_true(line.cols <= cols);
	}
}

static void nothing_came_yet(void **state)
{
	struct data empty = { .connected = true };
	struct line *line = calloc(30, sizeof(*line));
	struct data_table t[4];

	(void)state;
	memset(t, 0, sizeof(t));
	for (unsigned i = 0; i < n_views; i++) {
		views[i]->draw(&at_rest, &empty, t, 19, 80, line);
		if (views[i]->count)
			views[i]->count(&at_rest, &empty, t);
	}
	view_header(&empty, 80, line);
	assert_non_null(strstr(line[0].text, "waiting"));
	free(line);
}

static void escape_sequences_in_names(void **state)
{
	(void)state;
	snprintf(d.snap.top_org[0].name, sizeof(d.snap.top_org[0].name), "%s",
		 "\033]0;owned\a\033[2J\x9b"
		 "5m");
	snprintf(d.snap.status, sizeof(d.snap.status), "%s", "bad \033[31m");
	screen(&view_overview, &at_rest, 200, 50);
	assert_null(strpbrk(text, "\033\a"));
	has("\\x1b]0;owned\\x07\\x1b[2J\\x9b5m");
	has("! bad \\x1b[31m");
	screen(&view_allow, &at_rest, 200, 50);
	assert_null(strpbrk(text, "\033\a"));
	has("\\x1b[31mred\\x1b]0;x\\x07");
	has("\\u202egnp.exe");
}

static void states_of_the_header(void **state)
{
	(void)state;
	d.now_ns = d.snap.mono_ns + 3500000000ULL;
	screen(&view_overview, &at_rest, 80, 24);
	has("STALE 3s");
	has("03:14:10Z");
	d.frozen = true;
	d.live.mono_ns = d.now_ns;
	d.live.real_ns += 3500000000LL;
	snprintf(d.live.light[LIGHT_LEAK].text, 40, "7 FRAMES");
	d.live.light[LIGHT_LEAK].state = LIGHT_BAD;
	screen(&view_overview, &at_rest, 80, 24);
	has("FROZEN");
	has_not("STALE");
	has("03:14:10Z");      /* the clock goes on */
	has("!LEAK 7 FRAMES"); /* and this light */
	has("87,234 pps");
	d.frozen = false;
	d.connected = false;
	screen(&view_overview, &at_rest, 80, 24);
	has("NO ENGINE");
}

static void latch(enum snap_light_id id, enum snap_light_state worst, const char *was)
{
	struct snap_light *l =
		id == LIGHT_LEAK || id == LIGHT_LEDGER ? &d.live.light[id] : &d.snap.light[id];

	l->latched = worst;
	snprintf(l->latched_text, sizeof(l->latched_text), "%s", was);
	l->from_real_ns = d.snap.real_ns - 23LL * 60 * 1000000000;
	l->to_real_ns = d.snap.real_ns - 21LL * 60 * 1000000000;
}

/* Both what was and what is, where there is room. */
static void latched_lights_tell_when(void **state)
{
	(void)state;
	latch(LIGHT_RING, LIGHT_BAD, "100%");
	screen(&view_overview, &at_rest, 120, 30);
	has("!RING 100% 02:51-02:53 now 3% (412 ms) ");
	has("ALLOW enforce\n");
	screen(&view_overview, &at_rest, 80, 24);
	has("\n LEAK 0 ok LEDGER ok RING 3% (412 ms)*    EGRESS up NEXT HOP 1/1 ALLOW enforce\n");
}

/* An outage that is over pushes no light off a narrow screen, and what is up is not called down. */
static void lights_after_an_outage(void **state)
{
	(void)state;
	latch(LIGHT_EGRESS, LIGHT_BAD, "down");
	latch(LIGHT_NEXT_HOP, LIGHT_BAD, "0/1");
	latch(LIGHT_ALLOW, LIGHT_WARN, "enforce, nothing passes");
	screen(&view_overview, &at_rest, 80, 24);
	has("\n LEAK 0 ok LEDGER ok RING 3% (412 ms) EGRESS up* NEXT HOP 1/1* ALLOW enforce*\n");
	screen(&view_why, &at_rest, 80, 24);
	has("\n * EGRESS was down from 02:51:07Z to 02:53:07Z, now: up");
	has("\n * NEXT HOP was 0/1 from 02:51:07Z to 02:53:07Z, now: 1/1");
	has("\n * ALLOW was enforce, nothing passes from 02:51:07Z to 02:53:07Z, now: enforce");
	has_not("RING was");
}

/* Whatever is wrong, all are there, each in its place. */
static void all_lights_at_80_columns(void **state)
{
	static const char *const t[] = {
		"18446744073709551615 leaked", "not balanced", "100%, 1234567 pps lost",
		"worker 31 stalled",	       "0/12",	       "enforce, nothing passes"
	};

	(void)state;
	for (int bad = 0; bad < 1 << SNAP_N_LIGHTS; bad++) {
		const char *p = text;

		for (int i = 0; i < SNAP_N_LIGHTS; i++) {
			struct snap_light *l =
				i <= LIGHT_LEDGER ? &d.live.light[i] : &d.snap.light[i];

			l->state = bad >> i & 1 ? LIGHT_BAD : LIGHT_OK;
			latch((enum snap_light_id)i, LIGHT_BAD, t[i]);
			snprintf(l->text, sizeof(l->text), "%s", bad >> i & 1 ? t[i] : "fine");
		}
		screen(&view_overview, &at_rest, 80, 24);
		has_not("…");
		for (int i = 0; i < SNAP_N_LIGHTS; i++) {
			char name[24];

			snprintf(name, sizeof(name), " %s%s", bad >> i & 1 ? "!" : "",
				 snapshot_light_name((enum snap_light_id)i));
			p = strstr(p, name);
			if (!p)
				fail_msg("no '%s', or not in its place, in\n%s", name, text);
		}
	}
}

static void one_loud_line(void **state)
{
	(void)state;
	screen(&view_overview, &at_rest, 80, 24);
	has_not(" ! ens6 MTU");
	snprintf(d.snap.status, sizeof(d.snap.status), "ens6 MTU 1400 is too small");
	d.snap.row_pps[VX_L_OVERSIZE] = 312;
	d.snap.ledger.row[VX_L_OVERSIZE] = 98765;
	screen(&view_overview, &at_rest, 80, 24);
	has(" ! ens6 MTU 1400 is too small");
	has("! oversize");
	has("98,765");
	has("312");
}

/* Where not all lights have room, those that matter have it. */
static void narrow_lights(void **state)
{
	(void)state;
	d.snap.light[LIGHT_EGRESS].state = LIGHT_BAD;
	snprintf(d.snap.light[LIGHT_EGRESS].text, 40, "down");
	screen(&view_overview, &at_rest, 40, 8);
	has("\n !EGRESS down LEAK 0 ok");
	screen(&view_overview, &at_rest, 80, 24);
	has("\n LEAK 0 ok LEDGER ok");
	has("!EGRESS down");
}

/* One line, whatever its length: what stands below it stays where it is. */
static void long_trouble(void **state)
{
	(void)state;
	snprintf(d.snap.status, sizeof(d.snap.status),
		 "no NAT rule: nothing is sent; udp/31765 arrives at 1,210 packets/s; try "
		 ":nat add udp/31765=ADDRESS:PORT");
	screen(&view_overview, &at_rest, 80, 24);
	has("\n ! no NAT rule: nothing is sent; udp/31765 arrives at 1,210 pps; try :nat add …\n"
	    "  in      87,234 pps ");
	screen(&view_nat, &at_rest, 80, 24);
	has("\n ! no NAT rule: nothing is sent; udp/31765 arrives at 1,210 pps; try :nat add …\n"
	    " NAT RULES");
	screen(&view_nat, &at_rest, 120, 24);
	has("arrives at 1,210 packets/s; try :nat add udp/31765=ADDRESS:PORT\n");
}

/* The key that mends it stands behind it, and its command where there is room. */
static void trouble_with_its_key(void **state)
{
	(void)state;
	snprintf(d.snap.status, sizeof(d.snap.status),
		 "No NAT rule: nothing is sent. udp/31765 arrives at 1,210 packets/s");
	snprintf(d.snap.fix, sizeof(d.snap.fix), "nat add udp/31765=ADDRESS:PORT");
	screen(&view_overview, &at_rest, 80, 24);
	has(" ! No NAT rule: nothing is sent. udp/31765 arrives at 1,210 packets/s       [f]\n");
	screen(&view_overview, &at_rest, 120, 30);
	has("1,210 packets/s                         [f] nat add udp/31765=...\n");
	screen(&view_overview, &at_rest, 60, 24);
	has("\n ! No NAT rule: nothing is sent. udp/31765 arrives at … [f]\n");
	snprintf(d.snap.status, sizeof(d.snap.status),
		 "No NAT rule matches: nothing is sent. udp/31765 arrives at 89,912 packets/s");
	screen(&view_sources, &at_rest, 80, 24);
	has("\n ! No NAT rule matches: nothing is sent. udp/31765 arrives at 89,912 pps    [f]\n");
}

/* More rows of the ledger than there is room for: none is out of sight. */
static void ledger_without_room(void **state)
{
	uint64_t hidden = 0;

	(void)state;
	for (int i = VX_L_MALFORMED; i <= VX_L_INTERNAL; i++)
		hidden += d.snap.ledger.row[i] = 1000 + (uint64_t)i;
	screen(&view_overview, &at_rest, 80, 24);
	has("523,401,002");
	has("371,215,388");
	has("other rows");
	screen(&view_overview, &at_rest, 200, 50);
	has_not("other rows");
	has("1,011");
}

static void keys_are_command_lines(void **state)
{
	static const struct {
		const struct view *v;
		size_t cursor;
		int key;
		const char *line; /* NULL: nothing */
	} t[] = {
		{ &view_allow, 0, 'd', "allow del 104.218.88.5" },
		{ &view_allow, 3, 'd', "allow del 10.0.0.0/24" },
		{ &view_allow, 4, 'd', NULL },
		{ &view_allow, 0, 'a', "allow add 172.30.83.192" },
		{ &view_allow, 5, 'a', "allow add 2001:db8::dead:beef" },
		{ &view_allow, 6, 'a', NULL },
		{ &view_allow, 0, 'x', NULL },
		{ &view_nat, 1, 'd', "nat del tcp/80@10.0.0.0/8" },
		{ &view_nat, 2, 'd', NULL },
		{ &view_strays, 0, 'x', "strays detach 2240" },
		{ &view_strays, 1, 'X', "strays stop 2236" },
		{ &view_strays, 2, 'C', NULL },
		{ &view_strays, 0, 'd', NULL },
		{ &view_strays, 0, 'j', NULL },
		{ &view_strays, 3, 'x', NULL },
		{ &view_vnis, 0, 'd', "vni del 1" },
		{ &view_vnis, 0, 'a', NULL },
		{ &view_vnis, 1, 'a', "vni add 5569041" },
		{ &view_why, 0, 'f', "ip link set ens6 up" },
		{ &view_why, 1, 'f', "nat add udp/31765=ADDRESS:PORT" },
		{ &view_why, 2, 'f', "vni add 5569041" },
		{ &view_why, 3, 'f', NULL },
		{ &view_vnis, 1, 'd', NULL },
	};
	struct data_table tables[4];

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct view_state s = { .cursor = t[i].cursor, .sort = -1 };
		char line[100] = "";
		bool does;

		plant_tables(t[i].v, &d, tables);
		does = t[i].v->command(&s, &d, tables, t[i].key, line, sizeof(line));
		plant_tables_free(tables);
		assert_int_equal(does, t[i].line != NULL);
		if (does)
			assert_string_equal(line, t[i].line);
	}
}

/* Position of a text in the screen. */
static long at(const char *what)
{
	const char *p = strstr(text, what);

	return p ? p - text : -1;
}

static void sorted_and_filtered(void **state)
{
	struct view_state s = { .sort = 2 };

	(void)state;
	screen(&view_allow, &s, 80, 24); /* by hits */
	assert_true(at("10.0.0.0/24") < at("2001:db8:1234") &&
		    at("104.218.88.78") < at("104.218.88.5 "));
	s.descending = true;
	screen(&view_allow, &s, 80, 24);
	assert_true(at("10.0.0.0/24") > at("2001:db8:1234") &&
		    at("104.218.88.78") > at("104.218.88.5 "));
	has("HITS▾");
	snprintf(s.filter, sizeof(s.filter), "zOOm");
	assert_int_equal(({
				 struct data_table t[4];
				 size_t n;

				 plant_tables(&view_allow, &d, t);
				 n = view_allow.count(&s, &d, t);
				 plant_tables_free(t);
				 n;
			 }),
			 2 + 2);
	screen(&view_allow, &s, 80, 24);
	has("filter: /zOOm");
	has_not("10.0.0.0/24");
	snprintf(s.filter, sizeof(s.filter), "!zoom");
	screen(&view_allow, &s, 80, 24);
	has("10.0.0.0/24");
	has_not("104.218.88.5");
	s = (struct view_state){ .sort = -1, .option = true };
	screen(&view_allow, &s, 80, 24);
	has("never hit only");
	has("10.0.0.0/24");
	has_not("104.218.88.5");
}

/* A counter that should stand still is loud when it grows, and says how fast. */
static void allowance_that_grows(void **state)
{
	static const char more[] = "[{\"dev\":\"ens5\",\"stats\":{\"rx_packets\":523999001,\"bw_in_"
				   "allowance_exceeded\":40}},"
				   "{\"dev\":\"ens6\",\"stats\":{}}]";
	struct data_table t[4];
	struct line line[19];
	struct vx_err err;

	(void)state;
	plant_tables(&view_nics, &d, t);
	view_nics.draw(&at_rest, &d, t, 19, 80, line);
	assert_null(strstr(line[2].text, "!"));
	assert_int_equal(data_table_fill(&t[0], more, &err), 0);
	t[0].mono_ns += 2000000000ULL;
	d.now_ns = t[0].mono_ns;
	view_nics.draw(&at_rest, &d, t, 19, 80, line);
	assert_non_null(strstr(line[2].text, "!bw_in_allo"));
	assert_non_null(strstr(line[2].text, "14")); /* 28 in 2 s */
	assert_int_equal(line[2].run[0].look, LOOK_BAD);
	plant_tables_free(t);
}

/* Counts and rates of a busy NIC stand apart, in whatever width. */
static void nic_columns(void **state)
{
	static const char *const is[] = {
		"[{\"dev\":\"ens5\",\"stats\":{\"rx_bytes\":2368758386}},{\"dev\":\"ens6\","
		"\"stats\":{}}]",
		"[{\"dev\":\"ens5\",\"stats\":{\"rx_bytes\":2451548322}},{\"dev\":\"ens6\","
		"\"stats\":{}}]",
		"[{\"dev\":\"ens5\",\"stats\":{\"rx_bytes\":3276447658322}},{\"dev\":\"ens6\","
		"\"stats\":{}}]",
	};
	static const struct {
		int cols;
		const char *first, *second;
	} t[] = { { 200, " 2,451,548,322   41,394,968 ", " 3,276,447,658,322        1.64T " },
		  { 120, " 2,451,548,322 41,394,968 ", " 3276447658322      1.64T " },
		  { 80, " 2451548322   41.4M ", "       3.28T   1.64T " } };
	struct data_table table[4];
	struct line line[19];
	struct vx_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		plant_tables(&view_nics, &d, table);
		for (int k = 0; k < 3; k++) {
			assert_int_equal(data_table_fill(&table[0], is[k], &err), 0);
			table[0].mono_ns = d.now_ns += 2000000000ULL;
			view_nics.draw(&at_rest, &d, table, 19, t[i].cols, line);
			if (k && !strstr(line[2].text, k == 1 ? t[i].first : t[i].second))
				fail_msg("%d columns: '%s'", t[i].cols, line[2].text);
		}
		plant_tables_free(table);
	}
}

static void graph_zooms(void **state)
{
	struct view_state s = { .sort = -1, .zoom = 2 };

	(void)state;
	screen(&view_overview, &s, 80, 24);
	has("5 min a dot");
	has("graph: 5h00m");
	s.zoom = 1;
	screen(&view_overview, &s, 200, 50);
	has("10 s a dot ");
	has_not("a column");
	has("▴");
}

/* What tells two rules to the same target apart is their key. */
static void rules_to_one_target(void **state)
{
	(void)state;
	d.snap.n_nat = d.snap.nat_rules = 2;
	d.snap.nat[1] = d.snap.nat[0];
	snprintf(d.snap.nat[1].key, sizeof(d.snap.nat[1].key), "tcp/443");
	for (int cols = 160; cols <= 240; cols += 40) {
		screen(&view_overview, &at_rest, cols, 40);
		has("udp/31765 → 172.30.82.95:8081");
		has("tcp/443 → 172.30.82.95:8081");
	}
	snprintf(d.snap.nat[1].state, sizeof(d.snap.nat[1].state), "egress_down");
	screen(&view_overview, &at_rest, 160, 40);
	has("tcp/443 → 172.30.82.95:80");
	has(" !egress_down ");
	screen(&view_overview, &at_rest, 200, 50);
	has(" !egress_down ");
	screen(&view_overview, &at_rest, 80, 60);
	has("udp/31765 → 172");
	has("tcp/443 → 172");
}

static void what_is_cut_says_so(void **state)
{
	(void)state;
	screen(&view_overview, &at_rest, 40, 8);
	has("\n LEAK 0 ok LEDGER ok RING 3% EGRESS up …\n");
	screen(&view_allow, &at_rest, 64, 24);
	has("  mode enforce  sort: …\n");
	screen(&view_allow, &at_rest, 40, 24);
	has(" ALLOWLIST  324 entries  16 organisatio…\n");
}

static void too_small(void **state)
{
	(void)state;
	assert_string_equal(screen(&view_overview, &at_rest, 39, 24), "need 40x8, have 39x24\n");
	assert_string_equal(screen(&view_overview, &at_rest, 5, 1), "need…\n");
}

static void ascii_only(void **state)
{
	(void)state;
	line_set_ascii(true);
	screen(&view_overview, &at_rest, 200, 50);
	line_set_ascii(false);
	for (const char *c = text; *c; c++)
		assert_true((unsigned char)*c < 0x80);
}

#define T(f) cmocka_unit_test_setup_teardown(f, plant, uproot)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(as_a_whole),
		T(rows_fill_the_screen),
		T(every_figure_of_the_overview),
		T(every_figure_of_the_others),
		T(any_size),
		T(help_on_a_narrow_screen),
		T(footer_of_the_command_line),
		T(nothing_came_yet),
		T(escape_sequences_in_names),
		T(states_of_the_header),
		T(latched_lights_tell_when),
		T(lights_after_an_outage),
		T(all_lights_at_80_columns),
		T(one_loud_line),
		T(trouble_with_its_key),
		T(long_trouble),
		T(narrow_lights),
		T(ledger_without_room),
		T(keys_are_command_lines),
		T(sorted_and_filtered),
		T(allowance_that_grows),
		T(nic_columns),
		T(graph_zooms),
		T(rules_to_one_target),
		T(what_is_cut_says_so),
		T(too_small),
		T(ascii_only),
	};

	if (!setlocale(LC_ALL, "C.UTF-8"))
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
