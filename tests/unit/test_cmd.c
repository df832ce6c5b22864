// SPDX-License-Identifier: GPL-2.0-only
/* The command table: look-up, quoting, rights, counts; and what every command answers, on a fake
 * engine. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
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

#define OWNER	 1
#define CONFIRMS 2

/* Runs a line; *text is the result as JSON, or the error, or the question. Caller frees it. */
static int run_with(struct fake *f, const char *line, unsigned who, int fd, char **text,
		    struct con *c)
{
	struct vx_err err = { 0 };
	struct buf b = { 0 };
	char **argv;
	int argc, r;

	*c = (struct con){ .e = &f->e,
			   .out = out_new(),
			   .may_write = who & OWNER,
			   .yes = who & CONFIRMS,
			   .fd = fd };
	r = cmd_split(line, &argc, &argv, &err);
	assert_int_equal(r, 0);
	r = cmd_run(c, argc, argv, &err);
	if (r < 0)
		buf_str(&b, err.msg);
	else if (r == CMD_ASKS)
		buf_str(&b, c->question);
	else
		out_json(c->out, &b);
	free(argv);
	out_free(c->out);
	*text = buf_take(&b);
	return r;
}

static void expect_as(struct fake *f, const char *line, unsigned who, int code,
		      const char *expected)
{
	struct con c;
	char *text;
	int r = run_with(f, line, who, -1, &text, &c);

	assert_string_equal(text, expected);
	assert_int_equal(r, code);
	cmd_con_fini(&c);
	free(text);
}

static void expect(struct fake *f, const char *line, const char *expected)
{
	expect_as(f, line, OWNER | CONFIRMS, 0, expected);
}

static void refused(struct fake *f, const char *line, int code, const char *expected)
{
	expect_as(f, line, OWNER | CONFIRMS, code, expected);
}

static int setup(void **state)
{
	*state = malloc(sizeof(struct fake));
	fake_eng_init(*state);
	return 0;
}

static int teardown(void **state)
{
	fake_eng_fini(*state);
	free(*state);
	return 0;
}

/* --- the table --- */

static void every_row_is_whole(void **state)
{
	const struct cmd *cmd, *other;

	(void)state;
	for (unsigned i = 0; (cmd = cmd_at(i)); i++) {
		assert_true(strlen(cmd->name) > 2 && strlen(cmd->help) > 10);
		assert_non_null(cmd->args);
		assert_non_null(cmd->exec);
		assert_true(cmd->min <= cmd->max);
		assert_int_equal(cmd->max > 0, *cmd->args != 0);
		for (unsigned k = 0; (other = cmd_at(k)); k++)
			if (k != i)
				assert_string_not_equal(cmd->name, other->name);
	}
}

/* Its own full name finds each command: no name hides behind another. */
static void every_name_is_found(void **state)
{
	const struct cmd *cmd;

	(void)state;
	for (unsigned i = 0; (cmd = cmd_at(i)); i++) {
		struct vx_err err;
		char **argv;
		int argc;

		assert_int_equal(cmd_split(cmd->name, &argc, &argv, &err), 0);
		assert_ptr_equal(cmd_find(argc, argv, &err), cmd);
		assert_int_equal(argc, cmd_words(cmd));
		free(argv);
	}
}

static void design_commands_are_there(void **state)
{
	static const char *const name[] = {
		"allow add",  "allow del",     "allow list",   "allow load", "allow save",
		"allow mode", "allow top",     "allow admits", "nat add",    "nat del",
		"nat list",   "nat top",       "vni add",      "vni del",    "vni list",
		"sources",    "stats",	       "ledger",       "workers",    "rings",
		"latency",    "nic",	       "selfcheck",    "intake off", "intake on",
		"set",	      "show settings", "save",	       "mark",	     "ack",
		"help",	      "quit",	       "explain",
	};
	const size_t n = sizeof(name) / sizeof(name[0]);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		const struct cmd *cmd;
		unsigned k = 0;

		while ((cmd = cmd_at(k)) && strcmp(cmd->name, name[i]))
			k++;
		assert_non_null(cmd);
	}
}

static void prefixes(void **state)
{
	static const struct {
		const char *line, *name, *error;
	} row[] = {
		{ "al add", "allow add", NULL },
		{ "al ad", NULL, "ambiguous command: al, could be: allow add, allow admits" },
		{ "n l", NULL, "ambiguous command: n, could be: nat list, nic" },
		{ "na l", "nat list", NULL },
		{ "sh", "show settings", NULL },
		{ "led", "ledger", NULL },
		{ "set", "set", NULL },
		{ "se", NULL, "ambiguous command: se, could be: selfcheck, set" },
		{ "st", NULL, "ambiguous command: st, could be: stats, strays" },
		{ "strays", "strays", NULL },
		{ "stray", "strays", NULL },
		{ "stray cl", "strays clean", NULL },
		{ "strays x", "strays", NULL },
		{ "strays 5", "strays", NULL },
		{ "intake", NULL, "ambiguous command: intake, could be: intake off, intake on" },
		{ "vni", NULL, "ambiguous command: vni, could be: vni add, vni del, vni list" },
		{ "nat foo", NULL,
		  "unknown command: nat foo, could be: nat add, nat del, nat list, nat top" },
		{ "statz", NULL, "unknown command: statz, could be: stats" },
		{ "frobnicate", NULL, "unknown command: frobnicate; `help` lists all" },
		{ "thisisaverylongwordindeed", NULL,
		  "unknown command: thisisaverylongwordindeed; `help` lists all" },
		{ "''", NULL, "no command; `help` lists all" },
		{ "", NULL, "no command; `help` lists all" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		const struct cmd *cmd;
		struct vx_err err = { 0 };
		char **argv;
		int argc;

		assert_int_equal(cmd_split(row[i].line, &argc, &argv, &err), 0);
		cmd = cmd_find(argc, argv, &err);
		if (row[i].error) {
			assert_null(cmd);
			assert_string_equal(err.msg, row[i].error);
		} else {
			assert_non_null(cmd);
			assert_string_equal(cmd->name, row[i].name);
		}
		free(argv);
	}
}

static void quoting(void **state)
{
	static const struct {
		const char *line;
		int argc;
		const char *word[4];
	} row[] = {
		{ "  a\tb  ", 2, { "a", "b" } },
		{ "a 'b c' \"d e\"", 3, { "a", "b c", "d e" } },
		{ "a\\ b 'it'\\''s'", 2, { "a b", "it's" } },
		{ "\"a\\\"b\\\\c\\d\" 'x\\y'", 2, { "a\"b\\c\\d", "x\\y" } },
		{ "'' \"\"", 2, { "", "" } },
		{ "x'y'z", 1, { "xyz" } },
		{ "a # b", 1, { "a" } },
		{ "a#b", 1, { "a#b" } },
		{ "# all", 0, { NULL } },
		{ "", 0, { NULL } },
		{ "a\\", 1, { "a\\" } },
	};
	struct vx_err err = { 0 };
	char **argv;
	int argc;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_int_equal(cmd_split(row[i].line, &argc, &argv, &err), 0);
		assert_int_equal(argc, row[i].argc);
		for (int k = 0; k < argc; k++)
			assert_string_equal(argv[k], row[i].word[k]);
		assert_null(argv[argc]);
		free(argv);
	}
	assert_int_equal(cmd_split("a \"b", &argc, &argv, &err), -EINVAL);
	assert_string_equal(err.msg, "a double quote is not closed");
	assert_int_equal(cmd_split("it's", &argc, &argv, &err), -EINVAL);
	assert_string_equal(err.msg, "a single quote is not closed");
}

static void words_are_limited(void **state)
{
	struct buf line = { 0 };
	struct vx_err err = { 0 };
	char **argv;
	int argc;

	(void)state;
	for (int i = 0; i < 256; i++)
		buf_str(&line, "x ");
	assert_int_equal(cmd_split(line.data, &argc, &argv, &err), 0);
	assert_int_equal(argc, 256);
	free(argv);
	buf_str(&line, "x");
	assert_int_equal(cmd_split(line.data, &argc, &argv, &err), -EINVAL);
	buf_fini(&line);
}

static void random_lines(void **state)
{
	static const char bytes[] = "a'\"\\ #\t\xff\x01";
	unsigned seed = 1;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct vx_err err;
		char line[24], **argv;
		int argc;

		for (size_t k = 0; k < sizeof(line); k++) {
			seed = seed * 1103515245 + 12345;
			line[k] = bytes[(seed >> 16) % sizeof(bytes)];
		}
		line[sizeof(line) - 1] = 0;
		if (!cmd_split(line, &argc, &argv, &err))
			free(argv);
	}
}

/* --- rights and counts --- */

static void argument_counts(void **state)
{
	refused(*state, "allow add", -EINVAL,
		"allow add: usage: allow add CIDR [org NAME] [note TEXT]");
	refused(*state, "stats now", -EINVAL, "stats: usage: stats");
	refused(*state, "set batch", -EINVAL, "set: usage: set NAME VALUE");
	refused(*state, "nat add a b", -EINVAL, "nat add: usage: nat add RULE");
}

static void only_the_owner_changes(void **state)
{
	struct fake *f = *state;
	const struct cmd *cmd;

	for (unsigned i = 0; (cmd = cmd_at(i)); i++) {
		char line[64], error[160];

		if (!(cmd->flags & (CMD_WRITE | CMD_ENDS | CMD_OWNER)))
			continue;
		snprintf(line, sizeof(line), "%s", cmd->name);
		for (int k = 0; k < cmd->min; k++)
			strncat(line, " 1", sizeof(line) - strlen(line) - 1);
		snprintf(error, sizeof(error),
			 "%s: refused: only root and the socket's owner may; try sudo", cmd->name);
		expect_as(f, line, CONFIRMS, -EPERM, error);
		if (!(cmd->flags & CMD_WRITE))
			continue;
		f->o.read_only = true;
		snprintf(error, sizeof(error),
			 "%s: refused: the engine was started with --read-only", cmd->name);
		refused(f, line, -EROFS, error);
		f->o.read_only = false;
	}
	assert_false(f->e.quit);
	assert_string_equal(f->said, "");
}

static void reading_is_for_all(void **state)
{
	struct fake *f = *state;
	const struct cmd *cmd;

	f->o.read_only = true;
	for (unsigned i = 0; (cmd = cmd_at(i)); i++) {
		struct con c;
		char *text;

		if (cmd->flags & (CMD_WRITE | CMD_ENDS | CMD_OWNER) || cmd->min)
			continue;
		/* Those that look at the machine have no answer yet. */
		assert_int_equal(run_with(f, cmd->name, 0, -1, &text, &c),
				 strcmp(cmd->name, "strays") ? 0 : CMD_WAITS);
		cmd_con_fini(&c);
		free(text);
	}
}

/* --- what they answer --- */

static void allow_commands(void **state)
{
	struct fake *f = *state;

	expect(f, "allow add 10.0.0.0/24 note 'a b' org \"Zoom Fiber, LLC\"",
	       "{\"message\":\"added 10.0.0.0/24\"}");
	expect(f, "allow add 10.0.0.1", "{\"message\":\"added 10.0.0.1\"}");
	expect(f, "allow list",
	       "[{\"cidr\":\"10.0.0.0/24\",\"org\":\"Zoom Fiber, LLC\",\"note\":\"a b\","
	       "\"hits\":1234567,\"pps\":10,\"last_seen\":null},"
	       "{\"cidr\":\"10.0.0.1\",\"org\":null,\"note\":null,\"hits\":1234567,\"pps\":10,"
	       "\"last_seen\":null}]");
	expect(f, "allow list nobody", "[]");
	f->many = 1;
	expect(f, "allow list nobody",
	       "[{\"cidr\":\"10.0.0.0\",\"org\":\"An organisation of some length\","
	       "\"note\":null,\"hits\":0,\"pps\":0,"
	       "\"last_seen\":\"2023-11-14T22:13:20Z\"}]");
	expect(f, "allow del 10.0.0.1/32", "{\"message\":\"removed 10.0.0.1\"}");
	expect(f, "allow mode count", "{\"message\":\"allow-mode is count\"}");
	assert_string_equal(f->said, "set allow-mode count");
	expect(f, "allow top",
	       "[{\"addr\":\"172.30.83.192\",\"pps\":41220,\"count\":5,\"admits_pps\":41350,"
	       "\"to_pps\":130,\"senders\":3}]");
	expect(f, "allow admits 10.1.2.0/24",
	       "{\"cidr\":\"10.1.2.0/24\",\"pps\":41350,\"from_pps\":41220,\"to_pps\":130,"
	       "\"peers\":[{\"addr\":\"8.8.8.8\",\"pps\":41350}],"
	       "\"protocols\":[{\"protocol\":\"udp/31765\",\"pps\":41340},"
	       "{\"protocol\":\"icmp\",\"pps\":7},{\"protocol\":\"protocol 47\",\"pps\":3}],"
	       "\"addresses\":2,\"others\":1,\"ruled_pps\":41340,\"unknown_pps\":0,"
	       "\"mode\":\"off\"}");
	expect(f, "allow save", "{\"message\":\"saved the list: 1 entries\"}");
	assert_string_equal(f->said, "allow save own");
	f->saved.adopted = true;
	snprintf(f->o.allowlist, sizeof(f->o.allowlist), "/etc/x.json");
	expect(f, "allow save",
	       "{\"message\":\"saved the list: 1 entries, in /etc/x.json; `save` makes the config "
	       "name it, for the next start\"}");
	f->saved.adopted = false;
	snprintf(f->saved.other, sizeof(f->saved.other), "/etc/x.json~");
	expect(f, "allow save",
	       "{\"message\":\"saved the list: 1 entries; what somebody else had written there is "
	       "now /etc/x.json~\"}");
}

static void allow_refuses(void **state)
{
	static const struct {
		const char *line, *error;
	} row[] = {
		{ "allow admits 10.0.0.1/24", "allow admits: '10.0.0.1/24': host bits are set; the "
					      "prefix is 10.0.0.0/24" },
		{ "allow add 10.0.0.1 org", "allow add: org: a text is missing behind it" },
		{ "allow add 10.0.0.1 org a org b", "allow add: org is given twice" },
		{ "allow add 10.0.0.1 name x",
		  "allow add: name: expected `org NAME` or `note TEXT`" },
		{ "allow add 10.0.0.1 org \xff", "allow add: org: not valid UTF-8" },
		{ "allow load x",
		  "allow load: the caller has to open FILE and pass its descriptor" },
		{ "allow save x", "allow save: the caller has to pass a memory file for FILE" },
		{ "allow mode wrong", "allow mode: allow-mode: 'wrong': expected something else" },
	};
	struct fake *f = *state;
	struct con c;
	char *text;

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		assert_true(run_with(f, row[i].line, OWNER, -1, &text, &c) < 0);
		assert_string_equal(text, row[i].error);
		cmd_con_fini(&c);
		free(text);
	}
	assert_true(run_with(f, "allow add 10.0.0.1/24", OWNER, -1, &text, &c) < 0);
	assert_non_null(strstr(text, "10.0.0.0/24"));
	free(text);
	assert_true(run_with(f, "allow del 10.0.0.1", OWNER, -1, &text, &c) == -ENOENT);
	free(text);
	assert_int_equal(allow_count(f->e.allow), 0);
}

static int file_of(const char *content)
{
	char name[] = "/tmp/vx_test_cmd_XXXXXX";
	int fd = mkstemp(name);

	assert_true(fd >= 0);
	unlink(name);
	assert_int_equal(write(fd, content, strlen(content)), strlen(content));
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static void files_come_as_descriptors(void **state)
{
	struct fake *f = *state;
	int good = file_of("good"), bad = file_of("bad"), memory = memfd_create("t", MFD_CLOEXEC);
	char *text, content[16] = "";
	struct con c;

	assert_int_equal(run_with(f, "allow load L.json", OWNER, good, &text, &c), 0);
	assert_string_equal(text, "{\"message\":\"loaded L.json: 0 entries\"}");
	assert_string_equal(c.warnings.data, "total_ips is 3, the list has 4");
	assert_string_equal(f->said, "good");
	cmd_con_fini(&c);
	free(text);
	assert_int_equal(run_with(f, "allow load L.json", OWNER, bad, &text, &c), -EINVAL);
	assert_string_equal(text, "allow load: L.json: line 7: '10.0.0.1/24'");
	free(text);
	assert_int_equal(run_with(f, "allow save L.json", OWNER, good, &text, &c), -EBADF);
	free(text);
	assert_int_equal(run_with(f, "save C.conf", OWNER, memory, &text, &c), 0);
	assert_string_equal(f->said, "save C.conf");
	assert_int_equal(pread(memory, content, sizeof(content), 0), 8);
	assert_string_equal(content, "content\n");
	cmd_con_fini(&c);
	free(text);
	close(good);
	close(bad);
	close(memory);
}

static void nat_commands(void **state)
{
	struct fake *f = *state;
	struct con c;
	char *text;

	expect(f, "nat add udp/31765=172.30.82.95:8081",
	       "{\"message\":\"added udp/31765=172.30.82.95:8081\"}");
	expect(f, "nat list",
	       "[{\"key\":\"udp/31765\",\"to\":\"172.30.82.95:8081\",\"hits\":5,"
	       "\"next_hop\":\"02:00:00:00:00:01\",\"state\":\"resolved\"}]");
	expect(f, "nat add udp/31765=[2001:db8::5]:8081",
	       "{\"message\":\"added udp/31765=[2001:db8::5]:8081\"}");
	/* as `nat del` takes them */
	expect(f, "nat list",
	       "[{\"key\":\"udp/31765/4\",\"to\":\"172.30.82.95:8081\",\"hits\":5,"
	       "\"next_hop\":\"02:00:00:00:00:01\",\"state\":\"resolved\"},"
	       "{\"key\":\"udp/31765/6\",\"to\":\"[2001:db8::5]:8081\",\"hits\":5,"
	       "\"next_hop\":null,\"state\":\"no_route\"}]");
	expect(f, "nat del udp/31765/6", "{\"message\":\"removed udp/31765/6\"}");
	assert_true(run_with(f, "nat del tcp/1", OWNER, -1, &text, &c) < 0);
	assert_ptr_equal(strstr(text, "nat del: "), text);
	free(text);
}

static void vni_and_sources(void **state)
{
	expect(*state, "vni add 7", "{\"message\":\"added VNI 7\"}");
	expect(*state, "vni del 1", "{\"message\":\"removed VNI 1\"}");
	refused(*state, "vni add 16777216", -EINVAL,
		"vni add: 16777216: expected a number from 0 to 16777215");
	refused(*state, "vni add 0x7", -EINVAL,
		"vni add: 0x7: expected a number from 0 to 16777215");
	refused(*state, "vni add -1", -EINVAL, "vni add: -1: expected a number from 0 to 16777215");
	refused(*state, "vni del ''", -EINVAL, "vni del: : expected a number from 0 to 16777215");
	refused(*state, "vni add 1", -EEXIST, "vni add: 1: is ours already");
	expect(*state, "vni list",
	       "[{\"vni\":1,\"ours\":true,\"packets\":10,\"pps\":2},"
	       "{\"vni\":5569041,\"ours\":false,\"packets\":3,\"pps\":0}]");
	expect(*state, "sources",
	       "[{\"addr\":\"10.0.0.9\",\"vni\":1,\"packets\":9,\"pps\":0,\"bps\":0,"
	       "\"first_seen\":\"2023-11-14T22:13:20Z\",\"last_seen\":null,"
	       "\"truncated\":0,\"allowed\":0}]");
}

#define LEDGER                                                                                     \
	"{\"rx\":18446744073709551615,\"passed\":{\"not_vxlan\":0,\"other_vni\":3,\"outer_"        \
	"fragment\":0},"                                                                           \
	"\"dropped\":{\"other_vni\":4,\"malformed\":0,\"not_ip\":0,\"denied\":9007199254740993,"   \
	"\"truncated\":0,\"no_rule\":0,\"oversize\":0,\"no_neighbour\":0,\"paused\":0,"            \
	"\"internal\":0},"                                                                         \
	"\"ring_full\":0,\"redirected\":0,\"queued\":0,\"sent\":0,\"tx_failed\":{\"ENOBUFS\":7,"   \
	"\"other\":2},"                                                                            \
	"\"frag_unknown\":0,\"in_flight\":0,\"natted\":0,\"unnatted\":0,\"leaked\":0,\"unseen_"    \
	"tx\":0,"                                                                                  \
	"\"balanced\":true,\"slack\":0}"

static void figures(void **state)
{
	struct fake *f = *state;

	expect(f, "ledger", LEDGER);
	expect(f, "stats",
	       "{\"version\":\"9.9\",\"pid\":123456,\"ingress\":\"ens5\",\"egress\":\"ens6\","
	       "\"mode\":\"native\",\"mode_reason\":\"\",\"egress_method\":\"packet\",\"egress_"
	       "reason\":\"\",\"uptime_s\":"
	       "3600,"
	       "\"in_pps\":87234,\"in_bps\":0,\"out_pps\":61870,\"out_bps\":0,\"cpu\":0.0000,"
	       "\"rss_bytes\":0,\"ledger\":" LEDGER "}");
	expect(f, "workers",
	       "[{\"worker\":0,\"cpu\":0,\"tid\":0,\"sent\":0,\"sent_pps\":0,\"errors\":{},"
	       "\"batch_avg\":0.0,\"idle\":0.0000,\"syscalls\":0,\"stalled_ms\":0},"
	       "{\"worker\":1,\"cpu\":3,\"tid\":77777,\"sent\":12345678,\"sent_pps\":0,\"errors\":{"
	       "},"
	       "\"batch_avg\":0.0,\"idle\":0.7150,\"syscalls\":0,\"stalled_ms\":0}]");
	expect(f, "rings",
	       "[{\"ring\":0,\"size\":0,\"used\":0,\"high\":0,\"ms_left\":null,\"full\":0,"
	       "\"late_wakeups\":0},{\"ring\":1,\"size\":0,\"used\":0,\"high\":0,\"ms_left\":412,"
	       "\"full\":0,\"late_wakeups\":0}]");
	expect(f, "latency",
	       "{\"xdp\":{\"p50_ns\":6200,\"p99_ns\":0,\"p999_ns\":0,\"max_ns\":0,\"count\":0},"
	       "\"ring\":{\"p50_ns\":0,\"p99_ns\":0,\"p999_ns\":0,\"max_ns\":0,\"count\":0},"
	       "\"send\":{\"p50_ns\":0,\"p99_ns\":0,\"p999_ns\":0,\"max_ns\":0,\"count\":0},"
	       "\"total\":{\"p50_ns\":0,\"p99_ns\":0,\"p999_ns\":0,\"max_ns\":0,\"count\":0}}");
	assert_int_equal(f->refreshed, 5); /* each a fresh reading */
}

static void selfcheck_says_so(void **state)
{
	struct fake *f = *state;
	struct con c;
	char *text;

	assert_int_equal(run_with(f, "selfcheck", 0, -1, &text, &c), 0);
	assert_string_equal(text, "{\"exact\":true,\"rx\":100,\"rows\":100}");
	assert_int_equal(c.exit, 0);
	free(text);
	f->inexact = true;
	assert_int_equal(run_with(f, "selfcheck", 0, -1, &text, &c), 0);
	assert_string_equal(text, "{\"exact\":false,\"rx\":100,\"rows\":99}");
	assert_int_equal(c.exit, 1);
	assert_true(c.warnings.n > 5);
	cmd_con_fini(&c);
	free(text);
}

/* lo is there, the other device is not: its counters are missing, and a warning says why. */
static void nic_counters(void **state)
{
	struct con c;
	char *text;

	assert_int_equal(run_with(*state, "nic", 0, -1, &text, &c), 0);
	assert_ptr_equal(strstr(text, "[{\"dev\":\"lo\",\"stats\":{\"rx_packets\":"), text);
	assert_non_null(strstr(text, "{\"dev\":\"nosuch0\",\"stats\":{}}]"));
	assert_true(c.warnings.n > 0);
	cmd_con_fini(&c);
	free(text);
}

static void intake_asks_once(void **state)
{
	struct fake *f = *state;

	expect_as(f, "intake off", OWNER, CMD_ASKS,
		  "intake off drops every packet that is ours: 61870 packets/s that are sent now "
		  "would be lost");
	assert_false(f->e.snap.paused);
	expect(f, "intake off",
	       "{\"message\":\"intake is off: every packet that is ours is dropped (row "
	       "paused)\"}");
	assert_true(f->e.snap.paused);
	expect_as(f, "intake off", OWNER, -EALREADY, "intake off: intake is off already");
	expect_as(f, "intake on", OWNER, 0, "{\"message\":\"intake is on\"}");
	refused(f, "intake on", -EALREADY, "intake on: intake is on already");
}

static void settings(void **state)
{
	struct fake *f = *state;
	struct con c;
	char *text;

	expect(f, "set batch 32", "{\"message\":\"batch is 32\"}");
	assert_string_equal(f->said, "set batch 32");
	assert_int_equal(f->e.history->marks, 1);
	expect(f, "set batch same", "{\"message\":\"batch is same already: nothing has changed\"}");
	expect(f, "allow mode same",
	       "{\"message\":\"allow-mode is same already: nothing has changed\"}");
	assert_int_equal(f->e.history->marks, 1);
	refused(f, "set batch wrong", -EINVAL, "set: batch: 'wrong': expected something else");
	assert_int_equal(run_with(f, "show settings", 0, -1, &text, &c), 0);
	assert_ptr_equal(strstr(text, "[{\"name\":\"interface\",\"value\":\"lo\",\"source\":"
				      "\"default\",\"live\":false}"),
			 text);
	assert_non_null(strstr(text, "{\"name\":\"vni\","));
	free(text);
	expect(f, "save", "{\"message\":\"saved the settings\"}");
	assert_string_equal(f->said, "save own");
}

static void help_and_quit(void **state)
{
	struct fake *f = *state;
	struct con c = { .out = out_new(), .fd = -1 };
	char *words[] = { (char *)"help", (char *)"stats" };
	struct vx_err err;

	expect(f, "help intake",
	       "[{\"command\":\"intake off\",\"help\":"
	       "\"drop every packet that is ours; asks first\",\"args\":\"\"},{\"command\":"
	       "\"intake on\",\"help\":\"take packets again\",\"args\":\"\"}]");
	refused(f, "help nosuch", -ENOENT, "help: unknown command: nosuch; `help` lists all");
	/* without an engine: help, and nothing else */
	assert_int_equal(cmd_run(&c, 2, words, &err), 0);
	assert_int_equal(cmd_run(&c, 1, words + 1, &err), -ENOTCONN);
	out_free(c.out);
	f->o.read_only = true; /* stopping changes no setting */
	expect(f, "quit",
	       "{\"message\":\"stopping: nothing new is taken, what is queued is sent\"}");
	assert_true(f->e.quit);
	assert_non_null(f->e.quit_why);
}

int main(void)
{
#define WITH_FAKE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_whole),
		cmocka_unit_test(every_name_is_found),
		cmocka_unit_test(design_commands_are_there),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(quoting),
		cmocka_unit_test(words_are_limited),
		cmocka_unit_test(random_lines),
		WITH_FAKE(argument_counts),
		WITH_FAKE(only_the_owner_changes),
		WITH_FAKE(reading_is_for_all),
		WITH_FAKE(allow_commands),
		WITH_FAKE(allow_refuses),
		WITH_FAKE(files_come_as_descriptors),
		WITH_FAKE(nat_commands),
		WITH_FAKE(vni_and_sources),
		WITH_FAKE(figures),
		WITH_FAKE(selfcheck_says_so),
		WITH_FAKE(nic_counters),
		WITH_FAKE(intake_asks_once),
		WITH_FAKE(settings),
		WITH_FAKE(help_and_quit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
