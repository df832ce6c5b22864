// SPDX-License-Identifier: GPL-2.0-only
/* For somebody who can be asked: questions with their effect, and completion of what he types. On a
 * fake engine. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/cmd/cmd.h"
#include "fake_eng.h"
#include "proto/out.h"
#include "proto/stream.h"

static int setup(void **state)
{
	struct fake *f = malloc(sizeof(*f));
	struct vx_err err;
	struct cidr c;

	fake_eng_init(f);
	assert_int_equal(opt_init(&f->o, &err), 0);
	f->o.allow_mode = VX_ALLOW_ENFORCE;
	f->e.snap.row_pps[VX_L_WOULD_DENY] = 41220;
	f->e.snap.row_pps[VX_L_UNNATTED] = 12;
	assert_int_equal(addr_cidr_parse("104.218.88.5", &c, &err), 0);
	assert_int_equal(allow_add(f->e.allow, &c, "Zoom Fiber, LLC", NULL, NULL, &err), 0);
	assert_int_equal(addr_cidr_parse("104.218.89.5", &c, &err), 0);
	assert_int_equal(allow_add(f->e.allow, &c, "Esc\033 org", NULL, NULL, &err), 0);
	assert_int_equal(addr_cidr_parse("104.218.89.0/24", &c, &err), 0);
	assert_int_equal(allow_add(f->e.allow, &c, "Zoom Fiber, LLC", NULL, NULL, &err), 0);
	assert_int_equal(eng_nat_add(&f->e, "udp/31765=172.30.82.95:8081", &err), 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fake *f = *state;

	fake_eng_fini(f);
	opt_fini(&f->o);
	free(f);
	return 0;
}

/* What the command says: its question, its error, or "done". */
static const char *say(struct fake *f, const char *line, bool confirm, bool yes, int fd)
{
	static char text[256];
	struct con c = { .e = &f->e,
			 .out = out_new(),
			 .may_write = true,
			 .confirm = confirm,
			 .yes = yes,
			 .fd = fd };
	struct vx_err err = { 0 };
	char **argv;
	int argc, r;

	assert_int_equal(cmd_split(line, &argc, &argv, &err), 0);
	r = cmd_run(&c, argc, argv, &err);
	snprintf(text, sizeof(text), "%s", r < 0 ? err.msg : r == CMD_ASKS ? c.question : "done");
	free(argv);
	cmd_con_fini(&c);
	out_free(c.out);
	return text;
}

/* For those that wait once. */
static const char *say_twice(struct fake *f, const char *line, bool yes)
{
	static char text[256];
	struct con c = { .e = &f->e, .out = out_new(), .may_write = true, .yes = yes, .fd = -1 };
	struct vx_err err = { 0 };
	char **argv;
	int argc, r;

	assert_int_equal(cmd_split(line, &argc, &argv, &err), 0);
	r = cmd_run(&c, argc, argv, &err);
	if (r == CMD_WAITS)
		r = cmd_run(&c, argc, argv, &err);
	snprintf(text, sizeof(text), "%s",
		 r < 0		 ? err.msg
		 : r == CMD_ASKS ? c.question
		 : c.exit	 ? "exits 1"
				 : "done");
	free(argv);
	cmd_con_fini(&c);
	out_free(c.out);
	return text;
}

static void asks(struct fake *f, const char *line, const char *question)
{
	assert_string_equal(say(f, line, true, false, -1), question);
}

static void does(struct fake *f, const char *line)
{
	asks(f, line, "done");
}

static void deleting_shows_its_effect(void **state)
{
	struct fake *f = *state;

	asks(f, "allow del 104.218.88.5",
	     "would deny 4980 packets/s of 104.218.88.5, Zoom Fiber, LLC");
	asks(f, "allow del 104.218.89.5",
	     "104.218.89.5 stays permitted by 104.218.89.0/24; only its own count and note go");
	f->o.allow_mode = VX_ALLOW_COUNT;
	asks(f, "allow del 104.218.88.5",
	     "104.218.88.5 would be on no list (4980 packets/s); allow-mode lets it through still");
	asks(f, "allow del 10.9.9.9", "allow del: 10.9.9.9 is not on the list");
	asks(f, "nat del udp/31765",
	     "61870 packets/s would no longer be sent to 172.30.82.95:8081");
	asks(f, "nat del udp/31765/4",
	     "61870 packets/s would no longer be sent to 172.30.82.95:8081");
	asks(f, "vni del 1", "2 packets/s of VNI 1 would no longer be ours");
	assert_int_equal(allow_count(f->e.allow), 3);
	assert_int_equal(nat_count(f->e.nat), 1);
	assert_int_equal(f->e.snap.unsaved, 0);
}

/* A rule beside others takes nothing from them; a narrower one does, of the narrowest round it. */
static void a_rule_that_diverts_asks(void **state)
{
	struct fake *f = *state;

	does(f, "nat add udp/31766@10.0.0.0/8=172.30.82.97:1");
	does(f, "nat add tcp/31765=172.30.82.96:1");
	does(f, "nat add udp/31765=[2001:db8::5]:1");
	asks(f, "nat add udp/31765@10.0.0.0/8=172.30.82.96:9",
	     "of 61870 packets/s that are sent to 172.30.82.95:8081, those that match would go to "
	     "172.30.82.96:9");
	assert_int_equal(nat_count(f->e.nat), 4);
	assert_string_equal(say(f, "nat add udp/31765@10.0.0.0/8=172.30.82.96:9", true, true, -1),
			    "done");
	asks(f, "nat add udp/31765@10.1.0.0/16=172.30.82.98:9",
	     "of 61870 packets/s that are sent to 172.30.82.96:9, those that match would go to "
	     "172.30.82.98:9");
	asks(f, "nat add udp/31765@10.0.0.0/7=172.30.82.98:9",
	     "of 61870 packets/s that are sent to 172.30.82.95:8081, those that match would go to "
	     "172.30.82.98:9");
	asks(f, "nat add udp/31765@10.0.0.0/8=172.30.82.98:9",
	     "nat add: there is a rule with this key: "
	     "udp/31765@10.0.0.0/8=172.30.82.96:9");
	does(f, "nat add tcp/99=172.30.82.96:1");
	f->o.unmatched = VX_UNMATCHED_FORWARD;
	asks(f, "nat add tcp/80=172.30.82.96:1",
	     "of 12 packets/s that are forwarded without a rule, those that match would go to "
	     "172.30.82.96:1");
	f->e.snap.row_pps[VX_L_UNNATTED] = 0;
	does(f, "nat add tcp/80=172.30.82.96:1");
}

static void a_prefix_shows_what_it_admits(void **state)
{
	struct fake *f = *state;

	asks(f, "allow add 10.1.2.0/24",
	     "would admit about 41350 packets/s: 41220 from and 130 to 2 denied addresses in "
	     "10.1.2.0/24, exchanged with 1 other address");
	f->o.allow_mode = VX_ALLOW_COUNT;
	asks(f, "allow add 10.1.2.0/24 org X",
	     "enforce would then admit about 41350 packets/s: 41220 from and 130 to 2 denied "
	     "addresses in 10.1.2.0/24, exchanged with 1 other address");
	assert_int_equal(allow_count(f->e.allow), 3);
	asks(f, "allow add 10.1.2.0/24 org", "allow add: org: a text is missing behind it");
	asks(f, "allow add 104.218.89.0/24", "allow add: 104.218.89.0/24 is on the list already");
	does(f, "allow add 10.1.2.3");
	does(f, "allow add 10.0.0.0/8"); /* one denied address */
	assert_string_equal(say(f, "allow add 10.1.2.0/24", false, false, -1), "done");
	assert_string_equal(say(f, "allow add 10.1.3.0/24", true, true, -1), "done");
}

static void yes_and_scripts_are_not_asked(void **state)
{
	struct fake *f = *state;

	assert_string_equal(say(f, "allow del 104.218.88.5", true, true, -1), "done");
	assert_string_equal(say(f, "allow del 104.218.89.5", false, false, -1), "done");
	assert_string_equal(say(f, "nat del udp/31765", false, false, -1), "done");
	assert_string_equal(say(f, "set unmatched drop", false, false, -1), "done");
	assert_string_equal(say(f, "allow mode enforce", false, false, -1), "done");
	assert_int_equal(f->e.snap.unsaved, 5);
	does(f, "allow add 10.0.0.1");
	assert_int_equal(f->e.snap.unsaved, 6);
	does(f, "mark");
	assert_int_equal(f->e.snap.unsaved, 6);
	assert_int_equal(f->e.history->marks, 7);
	does(f, "save");
	assert_int_equal(f->e.snap.unsaved, 3);
	does(f, "allow save");
	assert_int_equal(f->e.snap.unsaved, 0);
}

static void settings_that_take_away(void **state)
{
	struct fake *f = *state;

	does(f, "allow mode enforce"); /* it is */
	f->o.allow_mode = VX_ALLOW_COUNT;
	asks(f, "allow mode enforce", "would deny 41220 packets/s that are on no list");
	asks(f, "set allow-mode enforce", "would deny 41220 packets/s that are on no list");
	f->o.allow_mode = VX_ALLOW_OFF;
	asks(f, "allow mode enforce",
	     "would deny what is on no list; how much of 61870 packets/s is not "
	     "known: `allow mode count` tells");
	does(f, "allow mode count");
	f->o.unmatched = VX_UNMATCHED_FORWARD;
	asks(f, "set unmatched drop", "would drop 12 packets/s that no rule matches");
	f->o.unmatched = VX_UNMATCHED_DROP;
	does(f, "set unmatched forward");
	asks(f, "set match src",
	     "other packets are let through than now (61870 packets/s sent, 0 denied)");
	does(f, "set match any");
	asks(f, "set vni 2,3", "would no longer be ours: VNIs 1, packets/s 2");
	does(f, "set vni 1,2,3");
	does(f, "set vni any");
	asks(f, "set egress null", "nothing would be sent any more: 61870 packets/s");
	does(f, "set batch 32");
	asks(f, "set match wrong", "set: match: 'wrong': expected something else");
}

static int file_of(const char *text)
{
	int fd = memfd_create("list", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static void a_list_is_asked_about_as_a_diff(void **state)
{
	static const struct {
		const char *content, *says;
	} row[] = {
		{ "good", "+2 (10.0.0.1, 10.0.0.2) -1 (104.218.88.5): would deny 4980 "
			  "packets/s" },
		{ "same", "done" },
		{ "bad", "allow load: x: line 7: '10.0.0.1/24'" },
	};
	struct fake *f = *state;

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		int fd = file_of(row[i].content);

		assert_string_equal(say(f, "allow load x", true, false, fd), row[i].says);
		close(fd);
	}
	assert_string_equal(f->said, "same"); /* from its beginning, also after it was compared */
	assert_int_equal(f->e.snap.unsaved, 1);
	snprintf(f->o.allowlist, sizeof(f->o.allowlist), "x");
	assert_string_equal(say(f, "allow load x", true, true, file_of("good")), "done");
	assert_int_equal(f->e.snap.unsaved, 0); /* it is the list of -a */
}

static void doc_free(struct store_doc *doc)
{
	(void)doc;
}

static void changed(struct fake *f, const struct journal_item *item)
{
	struct journal_change *c;
	struct vx_err err;

	assert_int_equal(journal_reserve(f->e.journal, &err), 0);
	journal_stage(f->e.journal, item);
	c = journal_commit(f->e.journal, "ubuntu", "the change");
	c->real_ns = 1700000000000000000;
}

/* What the command itself would ask; and for the change that was shown, not for another. */
static void undo_asks_what_the_command_would(void **state)
{
#define HEAD "undo the change (ubuntu, 22:13:20Z): "
	struct journal_item item = { .kind = JOURNAL_ENTRY };
	struct fake *f = *state;
	struct vx_err err;

	assert_int_equal(journal_new(&f->e.journal, doc_free, JOURNAL_BYTES, &err), 0);
	assert_int_equal(addr_cidr_parse("104.218.88.5", &item.entry.cidr, &err), 0);
	changed(f, &item);
	asks(f, "undo", HEAD "would deny 4980 packets/s of 104.218.88.5, Zoom Fiber, LLC");
	asks(f, "undo 2", "undo: change 2 is not the next");
	item.entry.put = true;
	changed(f, &item);
	asks(f, "undo", HEAD "nothing less is sent");
	f->o.allow_mode = VX_ALLOW_COUNT;
	item = (struct journal_item){ .kind = JOURNAL_SETTING,
				      .setting = { .id = OPT_ALLOW_MODE,
						   .value = strdup("enforce") } };
	changed(f, &item);
	asks(f, "undo", HEAD "would deny 41220 packets/s that are on no list");
	f->o.allow_mode = VX_ALLOW_ENFORCE;
	item = (struct journal_item){ .kind = JOURNAL_RULES,
				      .rules.rule = calloc(1, sizeof(struct nat_rule)) };
	changed(f, &item);
	asks(f, "undo", HEAD "61870 packets/s would no longer be sent to 172.30.82.95:8081");
	item = (struct journal_item){ .kind = JOURNAL_INTAKE, .intake_on = false };
	changed(f, &item);
	asks(f, "undo",
	     HEAD "intake off drops every packet that is ours: 61870 packets/s that are sent now "
		  "would be lost");
	item.intake_on = true;
	changed(f, &item);
	asks(f, "undo", HEAD "nothing less is sent");
	item = (struct journal_item){ .kind = JOURNAL_LIST };
	assert_int_equal(allow_new(&item.list.allow, 1, &err), 0);
	changed(f, &item);
	asks(f, "undo", HEAD "+0 -1 (104.218.88.5): would deny 4980 packets/s");
	assert_string_equal(say(f, "undo", false, false, -1), "done"); /* a script */
	asks(f, "redo",
	     "redo the change (ubuntu, 22:13:20Z): +0 -1 (104.218.88.5): would deny 4980 "
	     "packets/s");
	journal_free(f->e.journal);
	f->e.journal = NULL;
#undef HEAD
}

/* An entry that a later change puts back is not counted; several are summed up. */
static void journal_asks_for_all(void **state)
{
#define LINE(id, items)                                                                            \
	"{\"id\":" #id                                                                             \
	",\"how\":\"done\",\"time\":1,\"user\":\"u\",\"command\":\"c\",\"items\":[" items "]}\n"
	static const char text[] = "{\"vxconsole-journal\":1,\"whole\":true}\n" LINE(
		1, "{\"del\":\"104.218.88.5\"},{\"intake\":false}")
		LINE(2, "{\"del\":\"104.218.89.0/24\"}")
			LINE(3, "{\"del\":\"104.218.89.5\"},{\"intake\":true}")
				LINE(4, "{\"put\":\"104.218.89.5\"}");
	struct fake *f = *state;
	struct vx_err err;

	asks(f, "journal", "done");
	assert_int_equal(kept_parse(text, sizeof(text) - 1, &f->kept, &err), 0);
	asks(f, "journal apply",
	     "makes again 4 changes that were not saved: 2 entries would go: would deny 9960 "
	     "packets/s");
	asks(f, "journal discard", "forgets 4 changes that were not saved");
	assert_string_equal(say(f, "journal apply", true, true, -1), "done");
	assert_string_equal(say(f, "journal discard", false, false, -1), "done");
	f->o.read_only = true;
	asks(f, "journal apply", "journal apply: refused: the engine was started with --read-only");
	asks(f, "undo", "undo: refused: the engine was started with --read-only");
	f->o.read_only = false;
	kept_free(f->kept);
	f->kept = NULL;
#undef LINE
}

static void leaving_asks(void **state)
{
	struct fake *f = *state;

	asks(f, "quit", "the engine ends: 61870 packets/s are no longer sent");
	eng_edited(&f->e, ENG_LIST, "x");
	asks(f, "quit",
	     "the engine ends: 61870 packets/s are no longer sent, unsaved changes are lost: 1 "
	     "(`save`, `allow save`)");
	/* a script, too */
	assert_non_null(strstr(say(f, "quit", false, false, -1), "unsaved changes are lost: 1"));
	assert_false(f->e.quit);
	assert_string_equal(say(f, "quit", false, true, -1), "done");
	assert_true(f->e.quit);
	f->e.quit = false;
	eng_saved(&f->e, ENG_LIST);
	assert_string_equal(say(f, "quit", false, false, -1), "done");
	assert_true(f->e.quit);
}

/* The completions of a line, "word|word". */
static void completes(struct fake *f, const char *line, const char *expected)
{
	static struct stream_choices c;
	char words[4096] = "";

	cmd_complete(&f->e, line, &c);
	for (unsigned i = 0; i < c.n; i++)
		snprintf(words + strlen(words), sizeof(words) - strlen(words), "%s%s", i ? "|" : "",
			 c.choice[i].word);
	assert_string_equal(words, expected);
}

static void commands_complete(void **state)
{
	struct fake *f = *state;

	completes(f, "a", "allow|ack");
	completes(f, "all", "allow");
	completes(f, "allow ", "add|del|list|load|diff|save|mode|top|admits");
	completes(f, "allow l", "list|load");
	completes(f, "al d", "del|diff");
	completes(f, "stats ", "");
	completes(f, "nosuch ", "");
	completes(f, "allow nosuch x", "");
	completes(f, "help allow d", "del|diff");
	completes(f, "help in", "intake");
	completes(f, "se", "selfcheck|set");
}

static void arguments_complete(void **state)
{
	struct fake *f = *state;

	completes(f, "allow del 104.218.8", "104.218.88.5|104.218.89.5|104.218.89.0/24");
	completes(f, "allow del 104.218.88", "104.218.88.5");
	completes(f, "allow del 104.218.88.5 ", ""); /* it takes one */
	completes(f, "allow add ", "172.30.83.192");
	completes(f, "allow admits ", "172.30.83.192");
	completes(f, "allow add 10.0.0.1 ", "org|note");
	completes(f, "allow add 10.0.0.1 org Zo", "Zoom Fiber, LLC");
	completes(f, "allow add 10.0.0.1 org \"Zoom F", "Zoom Fiber, LLC");
	completes(f, "allow add 10.0.0.1 org 'Zoom F", "Zoom Fiber, LLC");
	completes(f, "allow add 10.0.0.1 org E", ""); /* with an escape in it: nobody types that */
	completes(f, "allow mode ", "enforce|count|off");
	completes(f, "nat del ", "udp/31765");
	completes(f, "nat add t", "tcp/");
	completes(f, "vni del ", "1");
	completes(f, "vni add 55", "5569041");
	completes(f, "set un", "unmatched");
	completes(f, "set allow", "allow-mode");
	completes(f, "set unmatched ", "drop|forward");
	completes(f, "set qdisc-bypass ", "off|on");
	completes(f, "set nosuch ", "");
	completes(f, "allow del # x", "");
}

static void completion_is_bounded(void **state)
{
	static struct stream_choices c;
	struct fake *f = *state;
	struct vx_err err;
	struct buf line = { 0 };
	struct cidr cidr;
	char text[32];

	for (int i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "10.0.0.%d", i);
		assert_int_equal(addr_cidr_parse(text, &cidr, &err), 0);
		assert_int_equal(allow_add(f->e.allow, &cidr, NULL, NULL, NULL, &err), 0);
	}
	cmd_complete(&f->e, "allow del 10.", &c);
	assert_int_equal(c.n, STREAM_CHOICES);
	buf_pad(&line, 'a', 60000);
	cmd_complete(&f->e, line.data, &c);
	assert_int_equal(c.n, 0);
	memset(line.data, ' ', 50000);
	cmd_complete(&f->e, line.data, &c);
	buf_fini(&line);
	for (unsigned i = 0; i < 1000; i++) {
		static const char *const piece[] = { "allow ", "\"", "'", "\\",	  "set ",
						     " ",      "#",  "x", "help " };
		char random[128] = "";

		for (unsigned k = i; k; k /= 9)
			snprintf(random + strlen(random), sizeof(random) - strlen(random), "%s",
				 piece[k % 9]);
		cmd_complete(&f->e, random, &c);
	}
}

/* They ask in any case, also who cannot be asked; nothing is done before. */
static void programs_of_others(void **state)
{
	struct fake *f = *state;
	struct stray p[2] = { { .id = 7, .name = "vxlan_pipeline_main", .duplicate = true },
			      { .id = 8, .name = "vx_pipeline", .why = STRAY_INSTANCE } };
	char line[300];

	p[0].n_holders = p[1].n_holders = 1;
	p[0].holder[0] = (struct stray_holder){ .pid = 52111, .comm = "loader" };
	p[1].holder[0] = (struct stray_holder){ .pid = 200, .comm = "vx", .engine = true };
	p[0].n_attached = 1;
	p[0].attached[0] = (struct stray_attached){ .dev = "ens5", .here = true };
	f->strays.list = (struct strays){ .n = 2, .prog = p };
	f->strays.subject = p[0];
	f->strays.done = true;
	assert_string_equal(say_twice(f, "strays detach 7", false),
			    "detaches vxlan_pipeline_main id 7 from ens5 (native)");
	assert_string_equal(say_twice(f, "strays stop 7", false),
			    "asks to end (SIGTERM): pid 52111 loader");
	snprintf(line, sizeof(line), "%s", say_twice(f, "strays clean", false));
	assert_non_null(strstr(line, "takes 1 duplicate away: 7 "));
	assert_non_null(strstr(say_twice(f, "strays detach 8", false), "live vxconsole (pid 200)"));
	assert_non_null(strstr(say_twice(f, "strays detach 9", false), "no XDP program"));
	assert_non_null(strstr(say_twice(f, "strays detach x", false), "expected a number"));
	assert_string_equal(f->said, "");
	assert_string_equal(say_twice(f, "strays detach 7", true), "done");
	assert_string_equal(f->said, "strays 1 7");
	f->strays.subject = p[1];
	f->said[0] = 0;
	assert_non_null(strstr(say_twice(f, "strays stop 8", true), "live vxconsole (pid 200)"));
	f->strays.subject.id = 0;
	assert_non_null(strstr(say_twice(f, "strays stop 9", true), "no XDP program"));
	f->strays.done = false;
	assert_string_equal(say_twice(f, "strays clean", true), "exits 1");
	f->strays.list.n = 0;
	assert_string_equal(say_twice(f, "strays clean", false), "done");
	/* A look that was late: not a word of nothing to do. */
	f->strays.list.n = 1;
	p[0].duplicate = false;
	p[0].unseen = true;
	assert_non_null(
		strstr(say_twice(f, "strays clean", false), "not all holders could be looked at"));
	f->o.read_only = true;
	assert_non_null(strstr(say_twice(f, "strays clean", true), "--read-only"));
	memset(&f->strays, 0, sizeof(f->strays));
}

int main(void)
{
#define WITH_FAKE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH_FAKE(deleting_shows_its_effect),
		WITH_FAKE(a_rule_that_diverts_asks),
		WITH_FAKE(a_prefix_shows_what_it_admits),
		WITH_FAKE(yes_and_scripts_are_not_asked),
		WITH_FAKE(settings_that_take_away),
		WITH_FAKE(a_list_is_asked_about_as_a_diff),
		WITH_FAKE(leaving_asks),
		WITH_FAKE(undo_asks_what_the_command_would),
		WITH_FAKE(journal_asks_for_all),
		WITH_FAKE(commands_complete),
		WITH_FAKE(arguments_complete),
		WITH_FAKE(completion_is_bounded),
		WITH_FAKE(programs_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
