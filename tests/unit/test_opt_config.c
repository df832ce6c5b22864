// SPDX-License-Identifier: GPL-2.0-only
/* The config file: an older .env as it is, grammar, precedence, refusals with their line, and
 * writing it back. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "opt.h"

#define OLDER "tests/unit/data/older.env"

static char warnings[8192];

static void warn(void *ctx, const char *text)
{
	size_t n = strlen(warnings);

	(void)ctx;
	snprintf(warnings + n, sizeof(warnings) - n, "%s\n", text);
}

static int apply_n(struct opts *o, const char *text, size_t len, struct vx_err *err)
{
	/* an exact allocation, so that a read past the end is seen by the sanitizer */
	char *copy = malloc(len + (len == 0));
	int rc;

	memcpy(copy, text, len);
	warnings[0] = 0;
	memset(err, 0, sizeof(*err));
	rc = opt_config_apply(o, "f.conf", copy, len, warn, NULL, err);
	free(copy);
	return rc;
}

static int apply(struct opts *o, const char *text, struct vx_err *err)
{
	return apply_n(o, text, strlen(text), err);
}

static const char *value(const struct opts *o, enum opt_id id)
{
	static char buf[OPT_VALUE_MAX];

	return opt_value(o, id, buf, sizeof(buf));
}

static void an_older_env_needs_no_arguments(void **state)
{
	char *argv[] = { (char *)"vxconsole", (char *)"-c", (char *)OLDER, NULL };
	struct vx_err err = { 0 };
	struct opts o;

	(void)state;
	warnings[0] = 0;
	if (opt_parse(&o, 3, argv, warn, NULL, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(o.verb, OPT_CONSOLE);
	assert_string_equal(o.ingress, "ens5");
	assert_string_equal(o.egress_dev, "ens6");
	assert_int_equal(o.egress, OPT_EG_AUTO);
	assert_int_equal(o.n_nat_rules, 1);
	assert_string_equal(o.nat_rules[0], "udp/31765=172.30.82.95:8081");
	assert_int_equal(o.port, 4789);
	assert_string_equal(value(&o, OPT_VNI), "5569041");
	assert_int_equal(o.mode, OPT_MODE_NATIVE);
	assert_int_equal(o.debug, 1);
	assert_int_equal(o.target_pps, 85000);
	assert_int_equal(o.performance_threshold, 80000);
	assert_string_equal(value(&o, OPT_INTERVAL), "5");
	assert_string_equal(value(&o, OPT_MONITOR_REFRESH_RATE), "2");
	assert_string_equal(o.log, "/var/log/vx #1.log");
	assert_false(o.colors);
	assert_int_equal(o.source[OPT_VNI], OPT_BY_CONFIG);
	assert_int_equal(o.source[OPT_BATCH], OPT_BY_DEFAULT);
	assert_string_equal(warnings, OLDER ": line 2: unknown key PROJECT_NAME: ignored\n" OLDER
					    ": line 20: unknown key RING_BUFFER_SIZE: ignored\n");
	opt_fini(&o);
}

static void the_command_line_wins(void **state)
{
	char *argv[] = { (char *)"vxconsole", (char *)"-c",   (char *)OLDER,
			 (char *)"--vni=7",   (char *)"-n",   (char *)"tcp/1=1.2.3.4:5",
			 (char *)"eth0",      (char *)"eth1", NULL };
	struct vx_err err = { 0 };
	struct opts o;

	(void)state;
	assert_int_equal(opt_parse(&o, 8, argv, warn, NULL, &err), 0);
	assert_string_equal(o.ingress, "eth0");
	assert_string_equal(o.egress_dev, "eth1");
	assert_string_equal(value(&o, OPT_VNI), "7");
	assert_string_equal(value(&o, OPT_NAT_RULE), "tcp/1=1.2.3.4:5");
	assert_string_equal(value(&o, OPT_INTERVAL), "5");
	assert_string_equal(opt_source_name(o.source[OPT_VNI]), "command line");
	assert_string_equal(opt_source_name(o.source[OPT_INTERVAL]), "config");
	opt_fini(&o);
}

static void the_sample_of_share(void **state)
{
	char *argv[] = { (char *)"vxconsole", (char *)"-c", (char *)"share/vxconsole.conf", NULL };
	struct vx_err err = { 0 };
	struct opts o;

	(void)state;
	warnings[0] = 0;
	if (opt_parse(&o, 3, argv, warn, NULL, &err))
		fail_msg("%s", err.msg);
	assert_string_equal(warnings, "");
	opt_fini(&o);
}

static void a_config_that_is_named_must_be_there(void **state)
{
	char *argv[] = { (char *)"vxconsole", (char *)"-c", (char *)"/nowhere/x.conf",
			 (char *)"a",	      (char *)"b",  NULL };
	struct vx_err err = { 0 };
	struct opts o;

	(void)state;
	assert_int_equal(opt_parse(&o, 5, argv, warn, NULL, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "/nowhere/x.conf: open: No such file"));
	argv[2] = (char *)"/dev/shm";
	assert_int_equal(opt_parse(&o, 5, argv, warn, NULL, &err), -EISDIR);
}

static void grammar(void **state)
{
	static const struct {
		const char *text, *log; /* what LOG is then */
	} rows[] = {
		{ "LOG=/a", "/a" },
		{ "LOG=/a\n", "/a" },
		{ "LOG=/a\r\n", "/a" },
		{ "LOG=\"/a\"\r\n", "/a" },
		{ "\xef\xbb\xbfLOG=/a", "/a" },
		{ "  LOG  =  /a  ", "/a" },
		{ "\tLOG=/a\t# b", "/a" },
		{ "export LOG=/a", "/a" },
		{ "LOG=/a#b", "/a#b" },
		{ "LOG=/a #b", "/a" },
		{ "LOG=/a b", "/a b" },
		{ "LOG=/a \"b\"", "/a \"b\"" },
		{ "LOG=\"/a # b\" # c", "/a # b" },
		{ "LOG='/a \"b\" \\n'", "/a \"b\" \\n" },
		{ "LOG=\"/a \\\"b\\\" \\\\ \\$x \\n\"", "/a \"b\" \\ $x \\n" },
		{ "LOG=\"/ü\"", "/ü" },
		{ "LOG=\"  /a  \"", "  /a  " },
		{ "LOG=", "" },
		{ "LOG=\"\"", "" },
		{ "LOG= # nothing", "" },
		{ "LOG=/b\nLOG=", "" },
		{ "LOG==a=b", "=a=b" },
		{ "", "" },
		{ "\n\n   \n\t\n# LOG=/a\n  # b", "" },
		{ "LOG=\"/a\"# c", "/a" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct vx_err err;
		struct opts o;

		assert_int_equal(opt_init(&o, &err), 0);
		if (apply(&o, rows[i].text, &err))
			fail_msg("%s: %s", rows[i].text, err.msg);
		assert_string_equal(o.log, rows[i].log);
		opt_fini(&o);
	}
}

static void any_option_by_its_name(void **state)
{
	static const char text[] =
		"INTERFACE=a\nTARGET_INTERFACE=b\nALLOWLIST=/l\nNAT_RULE=udp/"
		"1=1.2.3.4:5\nPORT=1\nVNI=any\n"
		"OTHER_VNI=drop\nALLOW_MODE=count\nMATCH=src\nUNMATCHED=forward\nTRUNCATED="
		"forward\nMODE=generic\n"
		"EGRESS=packet\nZEROCOPY=on\nQDISC_BYPASS=true\nBUSY_POLL=on\nWORKERS=2\nDISPATCH="
		"spread\nRING="
		"1M\nBATCH=8\nCPUS=1\n"
		"NEXT_HOP_MAC=02:00:00:00:00:01\nSOCKET=/"
		"s\nREAD_ONLY=yes\nWATCH=1\nJSON=on\nINTERVAL=2\nDEBUG=3\n"
		"LOG=/x\nALLOW_MAX=9\nDRAIN_TIMEOUT=1\nTARGET_PPS=2\nPERFORMANCE_THRESHOLD=1\n"
		"MONITOR_REFRESH_RATE=3\nENABLE_COLORS=off\n";
	struct vx_err err;
	struct opts o;

	(void)state;
	assert_int_equal(opt_init(&o, &err), 0);
	assert_int_equal(apply(&o, text, &err), 0);
	assert_string_equal(warnings, "");
	for (int id = 0; id < OPT_N; id++)
		assert_int_equal(o.source[id], id == OPT_CONFIG ? OPT_BY_DEFAULT : OPT_BY_CONFIG);
	/* the method, while TARGET_INTERFACE is the device */
	assert_int_equal(o.egress, OPT_EG_PACKET);
	assert_string_equal(o.egress_dev, "b");
	opt_fini(&o);
}

static void warnings_have_lines(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "\nFOO=1\n", "f.conf: line 2: unknown key FOO: ignored\n" },
		{ "vni=3", "f.conf: line 1: unknown key vni: ignored\n" },
		{ "CONFIG=/x", "f.conf: line 1: unknown key CONFIG: ignored\n" },
		{ "VNI=3\n\nVNI=4",
		  "f.conf: line 3: VNI is there twice, first at line 1: the last wins\n" },
		{ "VNI=3\nTARGET_VNI=4",
		  "f.conf: line 2: TARGET_VNI and VNI (line 1) are one option: the last wins\n" },
		{ "NAT_RULE=udp/1=1.2.3.4:5\nNAT_RULE=udp/1=1.2.3.4:6",
		  "f.conf: line 2: the rule udp/1 is there twice, first at line 1: the last "
		  "wins\n" },
		{ "NAT_RULE=udp/1=1.2.3.4:5\nNAT_RULE=tcp/1=1.2.3.4:6\nNAT_RULE=udp/"
		  "1=[2001:db8::1]:5",
		  "" },
		{ "SOURCE_PORT=1\nNAT_IP=1.2.3.4\n", "f.conf: line 2: no NAT rule: expected all of "
						     "SOURCE_PORT, NAT_IP and NAT_PORT\n" },
		{ "SOURCE_PORT=1\nNAT_IP=\nNAT_PORT=2", "f.conf: line 3: no NAT rule: expected all "
							"of SOURCE_PORT, NAT_IP and NAT_PORT\n" },
		{ "SOURCE_PORT=1\nNAT_IP=1.2.3.4\nNAT_PORT=2\nSOURCE_PORT=3",
		  "f.conf: line 4: SOURCE_PORT is there twice, first at line 1: the last wins\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct vx_err err;
		struct opts o;

		assert_int_equal(opt_init(&o, &err), 0);
		assert_int_equal(apply(&o, rows[i].text, &err), 0);
		assert_string_equal(warnings, rows[i].want);
		opt_fini(&o);
	}
}

static void the_last_rule_of_a_key(void **state)
{
	static const struct {
		const char *text, *rules;
	} rows[] = {
		{ "NAT_RULE=udp/1=1.2.3.4:5\nNAT_RULE=udp/1=1.2.3.4:6", "udp/1=1.2.3.4:6" },
		{ "SOURCE_PORT=1\nNAT_IP=1.2.3.4\nNAT_PORT=5\nNAT_RULE=udp/1=1.2.3.4:6",
		  "udp/1=1.2.3.4:6" },
		{ "NAT_RULE=udp/1=1.2.3.4:6\nSOURCE_PORT=1\nNAT_IP=1.2.3.4\nNAT_PORT=5",
		  "udp/1=1.2.3.4:5" },
		{ "SOURCE_PORT=1\nNAT_IP=2001:db8::5\nNAT_PORT=5\nNAT_RULE=udp/1=1.2.3.4:6",
		  "udp/1=1.2.3.4:6, udp/1=[2001:db8::5]:5" },
		{ "NAT_RULE=\"udp/1=1.2.3.4:6, udp/2=1.2.3.4:6\"",
		  "udp/1=1.2.3.4:6, udp/2=1.2.3.4:6" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct vx_err err;
		struct opts o;

		assert_int_equal(opt_init(&o, &err), 0);
		assert_int_equal(apply(&o, rows[i].text, &err), 0);
		assert_string_equal(value(&o, OPT_NAT_RULE), rows[i].rules);
		opt_fini(&o);
	}
}

static void refusals_name_the_line_and_change_nothing(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "LOG=/b\nVNI=16777216",
		  "f.conf: line 2: VNI: '16777216': expected VNIs of 0-16777215" },
		{ "LOG=/b\n\nVXLAN_PORT=0",
		  "f.conf: line 3: VXLAN_PORT: '0': expected a number of 1-65535" },
		{ "XDP_MODE=fast",
		  "line 1: XDP_MODE: 'fast': expected one of auto, native, generic" },
		{ "EGRESS=ens6", "line 1: EGRESS: 'ens6': expected one of" },
		{ "NAT_RULE=udp/1", "line 1: NAT_RULE: 'udp/1': expected a rule like" },
		{ "SOURCE_PORT=0\nNAT_IP=1.2.3.4\nNAT_PORT=1",
		  "line 3: SOURCE_PORT, NAT_IP, NAT_PORT: 'udp/0': expected" },
		{ "SOURCE_PORT=1\nNAT_IP=host\nNAT_PORT=1",
		  "'host': expected an IPv4 or IPv6 address" },
		{ "LOG=/b\nnonsense", "line 2: 'nonsense': expected KEY=\"VALUE\" or a # comment" },
		{ "=x", "line 1: '=x': expected KEY" },
		{ "1A=x", "line 1: '1A=x': expected KEY" },
		{ "A-B=x", "expected KEY" },
		{ "LOG=\"/b", "line 1: 'LOG=\"/b': expected a closing \"" },
		{ "LOG='/b\nVNI=1'", "line 1: 'LOG='/b': expected a closing '" },
		{ "LOG=\"/b\\\"", "expected a closing \"" },
		{ "LOG=\"/b\" /c",
		  "line 1: '/c': expected nothing but a # comment after the quotes" },
		{ "\033[2J", "line 1: '\\x1b[2J': expected KEY" },
		{ "INTERFACE=\"\033[2J\"", "line 1: INTERFACE: '\\x1b[2J': expected the name" },
	};
	struct vx_err err;
	struct opts o;

	(void)state;
	assert_int_equal(opt_init(&o, &err), 0);
	assert_int_equal(apply(&o, "LOG=/a\nNAT_RULE=udp/9=1.2.3.4:9\nVNI=9", &err), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int rc = apply(&o, rows[i].text, &err);

		if (rc != -EBADMSG || !strstr(err.msg, rows[i].want))
			fail_msg("%s: %d '%s' lacks '%s'", rows[i].text, rc, err.msg, rows[i].want);
		assert_string_equal(o.log, "/a");
		assert_string_equal(value(&o, OPT_VNI), "9");
		assert_string_equal(value(&o, OPT_NAT_RULE), "udp/9=1.2.3.4:9");
	}
	assert_int_equal(apply_n(&o, "LOG=/b\0", 7, &err), -EBADMSG);
	assert_non_null(strstr(err.msg, "found a NUL byte"));
	opt_fini(&o);
}

/* SIGHUP: what is gone from the file is the default again; what the command line said stays. */
static void reading_again(void **state)
{
	struct vx_err err;
	struct opts o;

	(void)state;
	assert_int_equal(opt_init(&o, &err), 0);
	assert_int_equal(opt_set(&o, OPT_BATCH, "7", OPT_BY_CLI, &err), 0);
	assert_int_equal(apply(&o,
			       "VNI=5\nBATCH=8\nINTERVAL=3\nALLOWLIST=/l\nNAT_RULE=udp/1=1.2.3.4:5",
			       &err),
			 0);
	assert_int_equal(o.batch, 7);
	assert_int_equal(o.allow_mode, VX_ALLOW_ENFORCE);
	assert_int_equal(opt_set(&o, OPT_MATCH, "src", OPT_BY_SET, &err), 0);
	assert_int_equal(opt_set(&o, OPT_INTERVAL, "9", OPT_BY_SET, &err), 0);
	assert_int_equal(apply(&o, "BATCH=oops is not even read\nINTERVAL=4", &err), 0);
	assert_int_equal(o.batch, 7);
	assert_string_equal(value(&o, OPT_VNI), "1");
	assert_int_equal(o.source[OPT_VNI], OPT_BY_DEFAULT);
	assert_string_equal(value(&o, OPT_NAT_RULE), "");
	assert_int_equal(o.match, VX_MATCH_SRC);
	assert_string_equal(value(&o, OPT_INTERVAL), "4");
	assert_int_equal(o.allow_mode, VX_ALLOW_OFF);
	opt_fini(&o);
}

static char *read_older(size_t *len)
{
	FILE *f = fopen(OLDER, "r");
	char *text = calloc(1, 8192);

	assert_non_null(f);
	*len = fread(text, 1, 8191, f);
	fclose(f);
	return text;
}

static void beginnings_and_mutations(void **state)
{
	static const char bytes[] = "\"'\\#= \n\r\t\0\xff,/A_0";
	char *text, *copy;
	struct vx_err err;
	size_t len;

	(void)state;
	text = read_older(&len);
	copy = malloc(len);
	srand(3);
	for (size_t i = 0; i < len + 5000; i++) {
		size_t n = i < len ? i : len;
		char *out = NULL;
		size_t out_len;
		struct opts o;

		memcpy(copy, text, len);
		for (int k = rand() % 4; i >= len && k >= 0; k--)
			copy[(size_t)rand() % n] = bytes[(size_t)rand() % (sizeof(bytes) - 1)];
		assert_int_equal(opt_init(&o, &err), 0);
		if (apply_n(&o, copy, n, &err))
			assert_non_null(strstr(err.msg, "f.conf: line "));
		else if (!opt_config_render(&o, copy, n, o.nat_rules, o.n_nat_rules, &out, &out_len,
					    &err))
			assert_true(out_len + 1 > 0);
		free(out);
		opt_fini(&o);
	}
	free(copy);
	free(text);
}

static char *render(const struct opts *o, const char *text, size_t len)
{
	struct vx_err err = { 0 };
	size_t out_len;
	char *out;

	if (opt_config_render(o, text, len, o->nat_rules, o->n_nat_rules, &out, &out_len, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(strlen(out), out_len);
	return out;
}

static void set(struct opts *o, const char *name, const char *text)
{
	struct vx_err err;

	assert_int_equal(opt_set(o, (enum opt_id)opt_find(name), text, OPT_BY_SET, &err), 0);
}

/* What did not change is not touched, in whatever spelling. */
static void a_save_without_changes_is_the_same_bytes(void **state)
{
	struct vx_err err;
	struct opts o;
	char *text, *out;
	size_t len;

	(void)state;
	text = read_older(&len);
	assert_int_equal(opt_init(&o, &err), 0);
	assert_int_equal(apply_n(&o, text, len, &err), 0);
	out = render(&o, text, len);
	assert_string_equal(out, text);
	free(out);
	free(text);
	opt_fini(&o);
}

static void saves(void **state)
{
	static const struct {
		const char *before, *name, *value, *after;
	} rows[] = {
		{ "VNI=\"1\"   # ours\n", "vni", "5,7", "VNI=\"5,7\"   # ours\n" },
		{ "TARGET_VNI=1 # ours", "vni", "5", "TARGET_VNI=\"5\" # ours" },
		{ "XDP_MODE=driver\n", "mode", "native", "XDP_MODE=driver\n" },
		{ "XDP_MODE=driver\r\n", "mode", "generic", "XDP_MODE=\"generic\"\r\n" },
		{ "A=1\r\n", "batch", "8", "A=1\r\nBATCH=\"8\"\r\n" },
		{ "A=1", "batch", "8", "A=1\nBATCH=\"8\"\n" },
		{ "", "batch", "8", "BATCH=\"8\"\n" },
		{ "\xef\xbb\xbf# x\n", "batch", "8", "\xef\xbb\xbf# x\nBATCH=\"8\"\n" },
		{ "BATCH=1\nBATCH=2\n", "batch", "8", "BATCH=1\nBATCH=\"8\"\n" },
		{ "BATCH=1\n", "batch", "64", "BATCH=\"64\"\n" },
		{ "LOG_FILE=/a # b\n", "log", "", "LOG_FILE=\"\" # b\n" },
		{ "LOG=/a\n", "log", "/b \"c\" \\ $d `e` #f",
		  "LOG=\"/b \\\"c\\\" \\\\ \\$d \\`e\\` #f\"\n" },
		{ "# x\n", "json", "on", "# x\n" },
		{ "JSON=off\n", "json", "on", "JSON=\"on\"\n" },
		{ "# x\n", "nat-rule", "udp/1=1.2.3.4:5 tcp/1=1.2.3.4:5",
		  "# x\nNAT_RULE=\"udp/1=1.2.3.4:5\"\nNAT_RULE=\"tcp/1=1.2.3.4:5\"\n" },
		{ "NAT_RULE=udp/1=1.2.3.4:5 # keep\nVNI=1\n", "nat-rule", "udp/1=1.2.3.4:5",
		  "NAT_RULE=udp/1=1.2.3.4:5 # keep\nVNI=1\n" },
		{ "NAT_RULE=udp/1=1.2.3.4:5 # old\nVNI=1\n", "nat-rule", "udp/1=1.2.3.4:6",
		  "NAT_RULE=\"udp/1=1.2.3.4:6\"\nVNI=1\n" },
		{ "NAT_RULE=udp/1=1.2.3.4:5\nVNI=1\nNAT_RULE=udp/2=1.2.3.4:5", "nat-rule",
		  "udp/2=1.2.3.4:5 udp/3=1.2.3.4:5",
		  "VNI=1\nNAT_RULE=udp/2=1.2.3.4:5\nNAT_RULE=\"udp/3=1.2.3.4:5\"\n" },
		{ "NAT_RULE=\"udp/1=1.2.3.4:5,udp/2=1.2.3.4:5\" # two\n", "nat-rule",
		  "udp/2=1.2.3.4:5", "NAT_RULE=\"udp/2=1.2.3.4:5\" # two\n" },
		{ "SOURCE_PORT=1\nNAT_IP=1.2.3.4 # x\nNAT_PORT=5\n", "nat-rule", "udp/1=1.2.3.4:5",
		  "SOURCE_PORT=1\nNAT_IP=1.2.3.4 # x\nNAT_PORT=5\n" },
		{ "SOURCE_PORT=1\nNAT_IP=1.2.3.4 # x\nNAT_PORT=5\n", "nat-rule", "udp/1=1.2.3.9:5",
		  "# SOURCE_PORT=1\n# NAT_IP=1.2.3.4 # x\n# "
		  "NAT_PORT=5\nNAT_RULE=\"udp/1=1.2.3.9:5\"\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct vx_err err;
		struct opts o, again;
		char *out, *twice;

		assert_int_equal(opt_init(&o, &err), 0);
		assert_int_equal(apply(&o, rows[i].before, &err), 0);
		set(&o, rows[i].name, rows[i].value);
		out = render(&o, rows[i].before, strlen(rows[i].before));
		assert_string_equal(out, rows[i].after);
		assert_int_equal(opt_init(&again, &err), 0);
		assert_int_equal(apply(&again, out, &err), 0);
		if (strcmp(rows[i].name, "json"))
			assert_string_equal(value(&again, (enum opt_id)opt_find(rows[i].name)),
					    strcmp(rows[i].name, "nat-rule")
						    ? rows[i].value
						    : value(&again, OPT_NAT_RULE));
		twice = render(&o, out, strlen(out));
		assert_string_equal(twice, out);
		free(twice);
		free(out);
		opt_fini(&again);
		opt_fini(&o);
	}
}

/* Only a start reads these: a line that this one has not read is for the next. Of live ones the
 * value in force counts. */
static void what_nobody_told_it_stays(void **state)
{
	static const char text[] = "ALLOWLIST=/x\nLOG=/l\nPORT=5000 # soon\nBATCH=7\n";
	struct vx_err err;
	struct opts o;
	char *out;

	(void)state;
	assert_int_equal(opt_init(&o, &err), 0);
	out = render(&o, text, strlen(text));
	assert_string_equal(out, "ALLOWLIST=/x\nLOG=/l\nPORT=5000 # soon\nBATCH=\"64\"\n");
	free(out);
	assert_int_equal(apply(&o, text, &err), 0);
	set(&o, "allowlist", "/y");
	out = render(&o, text, strlen(text));
	assert_string_equal(out, "ALLOWLIST=\"/y\"\nLOG=/l\nPORT=5000 # soon\nBATCH=7\n");
	free(out);
	opt_fini(&o);
}

/* A mode that nobody gave is off without a list; with one, a start would make it enforce. */
static void a_mode_that_a_list_would_change_is_saved(void **state)
{
	struct vx_err err;
	struct opts o;
	char *out;

	(void)state;
	assert_int_equal(opt_init(&o, &err), 0);
	assert_int_equal(apply(&o, "", &err), 0);
	assert_int_equal(o.allow_mode, VX_ALLOW_OFF);
	set(&o, "allowlist", "/y");
	out = render(&o, "", 0);
	assert_string_equal(out, "ALLOWLIST=\"/y\"\nALLOW_MODE=\"off\"\n");
	free(out);
	opt_fini(&o);
}

static void a_broken_file_is_not_written_over(void **state)
{
	char *none[] = { NULL }, *out;
	struct vx_err err;
	struct opts o;
	size_t len;

	(void)state;
	assert_int_equal(opt_init(&o, &err), 0);
	assert_int_equal(opt_config_render(&o, "VNI=1\nnonsense\n", 15, none, 0, &out, &len, &err),
			 -EINVAL);
	assert_non_null(strstr(err.msg, "line 2: 'nonsense': expected KEY"));
	assert_null(out);
	opt_fini(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_older_env_needs_no_arguments),
		cmocka_unit_test(the_command_line_wins),
		cmocka_unit_test(the_sample_of_share),
		cmocka_unit_test(a_config_that_is_named_must_be_there),
		cmocka_unit_test(grammar),
		cmocka_unit_test(any_option_by_its_name),
		cmocka_unit_test(warnings_have_lines),
		cmocka_unit_test(the_last_rule_of_a_key),
		cmocka_unit_test(refusals_name_the_line_and_change_nothing),
		cmocka_unit_test(reading_again),
		cmocka_unit_test(beginnings_and_mutations),
		cmocka_unit_test(a_save_without_changes_is_the_same_bytes),
		cmocka_unit_test(saves),
		cmocka_unit_test(what_nobody_told_it_stays),
		cmocka_unit_test(a_mode_that_a_list_would_change_is_saved),
		cmocka_unit_test(a_broken_file_is_not_written_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
