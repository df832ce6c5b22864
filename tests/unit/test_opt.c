// SPDX-License-Identifier: GPL-2.0-only
/* Options: the table itself, each kind of value, and the command line as other programs use it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "opt_int.h"

static char warnings[4096];

static void warn(void *ctx, const char *text)
{
	size_t n = strlen(warnings);

	(void)ctx;
	snprintf(warnings + n, sizeof(warnings) - n, "%s\n", text);
}

/* Parses a command line given as one text, words separated by single spaces. */
static int parse(struct opts *o, const char *line, struct vx_err *err)
{
	static char copy[1024];
	static char *argv[64];
	int argc = 1;
	char *p;

	argv[0] = (char *)"vxconsole";
	snprintf(copy, sizeof(copy), "%s", line);
	warnings[0] = 0;
	memset(err, 0, sizeof(*err));
	for (p = copy; p && *p; argc++) {
		argv[argc] = p;
		p = strchr(p, ' ');
		if (p)
			*p++ = 0;
	}
	argv[argc] = NULL;
	return opt_parse(o, argc, argv, warn, NULL, err);
}

/* The default config of this machine must not get in: an empty one is named. */
#define NO_CONFIG "-c /dev/shm/vx-test-opt.conf "

static int set_up(void **state)
{
	FILE *f = fopen("/dev/shm/vx-test-opt.conf", "w");

	(void)state;
	return f ? fclose(f) : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return unlink("/dev/shm/vx-test-opt.conf");
}

static void the_table_is_complete(void **state)
{
	(void)state;
	for (int i = 0; i < OPT_N; i++) {
		enum opt_id id = (enum opt_id)i;

		assert_true(strlen(opt_name(id)) > 2);
		assert_true(strlen(opt_defs[i].help) > 10);
		assert_int_equal(opt_find(opt_name(id)), i);
		if (opt_live(id) == OPT_LIVE_YES)
			assert_null(opt_why_fixed(id));
		else
			assert_true(strlen(opt_why_fixed(id)) > 10);
		for (int k = 0; k < i; k++) {
			assert_string_not_equal(opt_name(id), opt_name((enum opt_id)k));
			assert_string_not_equal(opt_defs[i].help, opt_defs[k].help);
		}
	}
	assert_int_equal(opt_find("no-such"), -ENOENT);
	assert_int_equal(opt_find("PORT"), -ENOENT);
}

static void defaults(void **state)
{
	static const struct {
		enum opt_id id;
		const char *value;
	} rows[] = {
		{ OPT_PORT, "4789" },	     { OPT_VNI, "1" },
		{ OPT_OTHER_VNI, "pass" },   { OPT_MATCH, "any" },
		{ OPT_UNMATCHED, "drop" },   { OPT_TRUNCATED, "drop" },
		{ OPT_MODE, "auto" },	     { OPT_EGRESS, "auto" },
		{ OPT_ZEROCOPY, "off" },     { OPT_QDISC_BYPASS, "off" },
		{ OPT_BUSY_POLL, "off" },    { OPT_WORKERS, "auto" },
		{ OPT_DISPATCH, "flow" },    { OPT_RING, "auto" },
		{ OPT_BATCH, "64" },	     { OPT_CPUS, "auto" },
		{ OPT_NEXT_HOP_MAC, "" },    { OPT_SOCKET, "" },
		{ OPT_INTERVAL, "1" },	     { OPT_DEBUG, "2" },
		{ OPT_ALLOW_MAX, "65536" },  { OPT_DRAIN_TIMEOUT, "5" },
		{ OPT_TARGET_PPS, "85000" }, { OPT_ENABLE_COLORS, "on" },
		{ OPT_ALLOW_MODE, "off" },
	};
	char buf[OPT_VALUE_MAX];
	struct vx_err err;
	struct opts o;

	(void)state;
	assert_int_equal(parse(&o, NO_CONFIG "ens5 ens6", &err), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_string_equal(opt_value(&o, rows[i].id, buf, sizeof(buf)), rows[i].value);
		assert_int_equal(o.source[rows[i].id], OPT_BY_DEFAULT);
	}
	opt_fini(&o);
}

static void values(void **state)
{
	static const struct {
		const char *name, *value,
			*want; /* as it comes back; NULL: refused, expected says how */
		const char *expected;
	} rows[] = {
		{ "port", "1", "1", NULL },
		{ "port", "65535", "65535", NULL },
		{ "port", "0", NULL, "a number of 1-65535" },
		{ "port", "65536", NULL, "a number of 1-65535" },
		{ "port", "-1", NULL, "a number of 1-65535" },
		{ "port", "4789x", NULL, "a number of 1-65535" },
		{ "port", "0x12", NULL, "a number of 1-65535" },
		{ "port", " 1", NULL, "a number of 1-65535" },
		{ "port", "", NULL, "expected N" },
		{ "port", "99999999999999999999", NULL, "a number of 1-65535" },
		{ "vni", "0", "0", NULL },
		{ "vni", "16777215", "16777215", NULL },
		{ "vni", "16777216", NULL, "VNIs of 0-16777215" },
		{ "vni", "5,1, 3,1", "1,3,5", NULL },
		{ "vni", "any", "any", NULL },
		{ "vni", "ANY", "any", NULL },
		{ "vni", "1,", NULL, "VNIs of 0-16777215" },
		{ "vni", ",1", NULL, "VNIs of 0-16777215" },
		{ "vni", "1;2", NULL, "VNIs of 0-16777215" },
		{ "vni", "any,1", NULL, "VNIs of 0-16777215" },
		{ "other-vni", "drop", "drop", NULL },
		{ "other-vni", "keep", NULL, "one of pass, drop" },
		{ "allow-mode", "count", "count", NULL },
		{ "allow-mode", "on", NULL, "one of enforce, count, off" },
		{ "match", "SRC", "src", NULL },
		{ "mode", "native", "native", NULL },
		{ "mode", "driver", "native", NULL },
		{ "mode", "skb", "generic", NULL },
		{ "mode", "offload", NULL, "one of auto, native, generic" },
		{ "egress", "redirect", "redirect", NULL },
		{ "egress", "ens6", NULL, "one of auto, xdp, packet, redirect, null" },
		{ "dispatch", "spread", "spread", NULL },
		{ "zerocopy", "yes", "on", NULL },
		{ "zerocopy", "0", "off", NULL },
		{ "zerocopy", "maybe", NULL, "one of off, on" },
		{ "workers", "64", "64", NULL },
		{ "workers", "auto", "auto", NULL },
		{ "workers", "0", NULL, "a number of 1-64 or auto" },
		{ "workers", "65", NULL, "a number of 1-64 or auto" },
		{ "batch", "1", "1", NULL },
		{ "batch", "65", NULL, "a number of 1-64" },
		{ "batch", "0", NULL, "a number of 1-64" },
		{ "debug", "3", "3", NULL },
		{ "debug", "4", NULL, "a number of 0-3" },
		{ "ring", "65536", "64K", NULL },
		{ "ring", "64k", "64K", NULL },
		{ "ring", "16M", "16M", NULL },
		{ "ring", "1g", "1G", NULL },
		{ "ring", "16G", "16G", NULL },
		{ "ring", "100000", "100000", NULL },
		{ "ring", "auto", "auto", NULL },
		{ "ring", "17G", NULL, "a size of 64K-16G" },
		{ "ring", "1K", NULL, "a size of 64K-16G" },
		{ "ring", "16MB", NULL, "a size of 64K-16G" },
		{ "ring", "1T", NULL, "a size of 64K-16G" },
		{ "ring", "M", NULL, "a size of 64K-16G" },
		{ "ring", "99999999999999999G", NULL, "a size of 64K-16G" },
		{ "interval", "0.1", "0.1", NULL },
		{ "interval", "3600", "3600", NULL },
		{ "interval", "2.50", "2.5", NULL },
		{ "interval", "0.05", NULL, "seconds, 0.1-3600" },
		{ "interval", "3600.1", NULL, "seconds, 0.1-3600" },
		{ "interval", "inf", NULL, "seconds" },
		{ "interval", "1e1", NULL, "seconds" },
		{ "interval", "1.", NULL, "seconds" },
		{ "interval", ".5", NULL, "seconds" },
		{ "interval", "1,5", NULL, "seconds" },
		{ "drain-timeout", "0", "0", NULL },
		{ "cpus", "0-2,5", "0-2,5", NULL },
		{ "cpus", "3,1,3", "3,1", NULL },
		{ "cpus", "auto", "auto", NULL },
		{ "cpus", "2-1", NULL, "CPUs like 0-2,5" },
		{ "cpus", "0-", NULL, "CPUs like 0-2,5" },
		{ "cpus", "0,,1", NULL, "CPUs like 0-2,5" },
		{ "cpus", "99999", NULL, "CPUs like 0-2,5" },
		{ "cpus", "0-8000", NULL, "fewer CPUs" },
		{ "next-hop-mac", "02:00:00:00:00:0A", "02:00:00:00:00:0a", NULL },
		{ "next-hop-mac", "auto", "", NULL },
		{ "next-hop-mac", "", "", NULL },
		{ "next-hop-mac", "01:00:5e:00:00:01", NULL, "one host" },
		{ "next-hop-mac", "ff:ff:ff:ff:ff:ff", NULL, "one host" },
		{ "next-hop-mac", "00:00:00:00:00:00", NULL, "one host" },
		{ "next-hop-mac", "02:00:00", NULL, "a MAC address" },
		{ "interface", "ens5", "ens5", NULL },
		{ "interface", "a/b", NULL, "name of a network interface" },
		{ "interface", "..", NULL, "name of a network interface" },
		{ "interface", "sixteen-letters-", NULL, "name of a network interface" },
		{ "interface", "a b", NULL, "name of a network interface" },
		{ "interface", "\033[2J", NULL, "'\\x1b[2J'" },
		{ "allow-max", "0", NULL, "a number of 1-4194304" },
		{ "allow-max", "1000000", "1000000", NULL },
		{ "nat-rule", "udp/1=1.2.3.4:5", "udp/1=1.2.3.4:5", NULL },
		{ "nat-rule", "udp/1=1.2.3.4:5, tcp/2=1.2.3.4:5",
		  "udp/1=1.2.3.4:5, tcp/2=1.2.3.4:5", NULL },
		{ "nat-rule", "udp/0=1.2.3.4:5", NULL, "port of 1-65535" },
		{ "nat-rule", "udp/1=1.2.3.4:5 nonsense", NULL, "expected a rule like" },
		{ "log", "/var/log/ü x.log", "/var/log/ü x.log", NULL },
		{ "socket",
		  "/a/very/long/path/of/more/than/one/hundred/and/seven/characters/which/does/not/"
		  "fit/into/the/address/of/a/socket/x",
		  NULL, "at most 107 characters" },
	};
	static char was[OPT_VALUE_MAX], is[OPT_VALUE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int found = opt_find(rows[i].name), rc;
		enum opt_id id = (enum opt_id)found;
		struct vx_err err = { 0 };
		struct opts o;

		assert_true(found >= 0);
		assert_int_equal(opt_init(&o, &err), 0);
		opt_value(&o, id, was, sizeof(was));
		rc = opt_set(&o, id, rows[i].value, OPT_BY_SET, &err);
		opt_value(&o, id, is, sizeof(is));
		if (rc != (rows[i].want ? 0 : -EINVAL))
			fail_msg("%s %s: %d %s", rows[i].name, rows[i].value, rc, err.msg);
		if (rows[i].want) {
			assert_string_equal(is, rows[i].want);
			assert_int_equal(o.source[id], OPT_BY_SET);
			/* what is shown is what is read */
			assert_int_equal(opt_set(&o, id, is, OPT_BY_CLI, &err), 0);
			assert_string_equal(opt_value(&o, id, was, sizeof(was)), is);
		} else {
			if (!strstr(err.msg, rows[i].expected) ||
			    strncmp(err.msg, rows[i].name, strlen(rows[i].name)))
				fail_msg("%s: '%s' lacks '%s'", rows[i].value, err.msg,
					 rows[i].expected);
			assert_string_equal(is, was);
			assert_int_equal(o.source[id], OPT_BY_DEFAULT);
		}
		opt_fini(&o);
	}
}

static void many_vnis(void **state)
{
	static char list[16 * VX_MAX_VNIS], back[OPT_VALUE_MAX];
	struct vx_err err;
	struct opts o;
	size_t at = 0;

	(void)state;
	for (int i = 0; i < VX_MAX_VNIS; i++)
		at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%d", i ? "," : "",
				       16000000 + i);
	assert_int_equal(opt_init(&o, &err), 0);
	assert_int_equal(opt_set(&o, OPT_VNI, list, OPT_BY_CLI, &err), 0);
	assert_int_equal(o.vnis.n, VX_MAX_VNIS);
	assert_string_equal(opt_value(&o, OPT_VNI, back, sizeof(back)), list);
	/* a buffer that is too small is filled, and no more */
	memset(back, 'x', 20);
	assert_int_equal(strlen(opt_value(&o, OPT_VNI, back, 10)), 9);
	assert_int_equal(back[10], 'x');
	snprintf(list + at, sizeof(list) - at, ",1");
	assert_int_equal(opt_set(&o, OPT_VNI, list, OPT_BY_CLI, &err), -EINVAL);
	assert_int_equal(o.vnis.n, VX_MAX_VNIS);
	opt_fini(&o);
}

static void verbs(void **state)
{
	static const struct {
		const char *line;
		enum opt_verb verb;
		const char *words; /* joined by | */
	} rows[] = {
		{ NO_CONFIG "ens5 ens6", OPT_CONSOLE, "" },
		{ NO_CONFIG "--headless ens5 ens6", OPT_HEADLESS, "" },
		{ NO_CONFIG "ens5 --headless ens6", OPT_HEADLESS, "" },
		{ NO_CONFIG "ens5 ens6 --headless", OPT_HEADLESS, "" },
		{ NO_CONFIG "--headless -- ens5 ens6", OPT_HEADLESS, "" },
		{ NO_CONFIG "-- ctl attach", OPT_CONSOLE, "" },
		{ NO_CONFIG "--interface ens5 --target-interface=ens6", OPT_CONSOLE, "" },
		{ NO_CONFIG "--clean -y ens5 ens6", OPT_CONSOLE, "" },
		{ "attach", OPT_ATTACH, "" },
		{ "attach ens5", OPT_ATTACH, "ens5" },
		{ "attach --read-only ens5", OPT_ATTACH, "ens5" },
		{ "attach ens5 --socket /tmp/own.sock", OPT_ATTACH, "ens5" },
		{ "attach -- ctl", OPT_ATTACH, "ctl" },
		{ "ctl stats", OPT_CTL, "stats" },
		{ "--json ctl stats", OPT_CTL, "stats" },
		{ "ctl --json -s /run/x.sock allow add 10.0.0.0/8 --json -y", OPT_CTL,
		  "allow|add|10.0.0.0/8|--json|-y" },
		{ "ctl -", OPT_CTL, "-" },
		{ "ctl --json - x", OPT_CTL, "-|x" },
		{ "ctl -- -s x", OPT_CTL, "-s|x" },
		{ "ctl set vni --", OPT_CTL, "set|vni|--" },
		{ "ctl ctl --help", OPT_CTL, "ctl|--help" },
		{ "strays", OPT_STRAYS, "" },
		{ "strays --json list", OPT_STRAYS, "list" },
		{ "strays detach 17 -y", OPT_STRAYS, "detach|17" },
		{ "strays stop 17", OPT_STRAYS, "stop|17" },
		{ "--version", OPT_VERSION, "" },
		{ "ctl --help", OPT_HELP, "" },
		{ "-h --bogus", OPT_HELP, "" },
		{ "--help --vni x", OPT_HELP, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char words[200] = "";
		struct vx_err err;
		struct opts o;

		if (parse(&o, rows[i].line, &err))
			fail_msg("%s: %s", rows[i].line, err.msg);
		assert_int_equal(o.verb, rows[i].verb);
		for (int w = 0; w < o.n_words; w++) {
			size_t n = strlen(words);

			snprintf(words + n, sizeof(words) - n, "%s%s", w ? "|" : "", o.words[w]);
		}
		assert_string_equal(words, rows[i].words);
		if (o.verb == OPT_CONSOLE || o.verb == OPT_HEADLESS) {
			assert_true(o.ingress[0] && o.egress_dev[0]);
			assert_int_equal(o.source[OPT_INTERFACE], OPT_BY_CLI);
		}
		opt_fini(&o);
	}
}

static void usage_errors(void **state)
{
	static const struct {
		const char *line, *want;
	} rows[] = {
		{ NO_CONFIG, "INGRESS is missing: expected vxconsole [OPTIONS] [INGRESS EGRESS]" },
		{ NO_CONFIG "--headless", "INGRESS is missing" },
		{ NO_CONFIG "ens5", "'ens5': expected INGRESS and EGRESS, two interfaces, got 1" },
		{ NO_CONFIG "ens5 ens6 ens7",
		  "'ens7': expected INGRESS and EGRESS, two interfaces, got 3" },
		{ NO_CONFIG "--interface ens5", "EGRESS is missing" },
		{ NO_CONFIG "--target-interface ens6", "INGRESS is missing" },
		{ NO_CONFIG "ens5 ens5", "INGRESS and EGRESS are both ens5" },
		{ NO_CONFIG "ens5 a/b", "EGRESS: 'a/b': expected the name of a network interface" },
		{ NO_CONFIG "ens5 a-name-that-is-too-long",
		  "EGRESS: 'a-name-that-is-too-long': expected" },
		{ "--bogus ens5 ens6", "unknown option --bogus" },
		{ "-x ens5 ens6", "unknown option -x" },
		{ "--allow-m off ens5 ens6",
		  "--allow-m is ambiguous: it could be --allow-mode, --allow-max" },
		{ "--vni", "--vni: expected N[,N...]|any" },
		{ "-n", "--nat-rule: expected RULE" },
		{ "--headless=yes", "--headless takes no value" },
		{ "--vni 16777216 ens5 ens6", "--vni: '16777216': expected VNIs" },
		{ "--vni= ens5 ens6", "--vni: expected N[,N...]|any" },
		{ "-n udp/0=1.2.3.4:5 ens5 ens6",
		  "--nat-rule: 'udp/0': expected an inner destination port" },
		{ "--zerocopy=perhaps ens5 ens6",
		  "--zerocopy: 'perhaps': expected one of off, on" },
		{ "ctl", "ctl: expected vxconsole ctl [--json] [-s SOCKET] COMMAND..." },
		{ "ctl --vni 3 stats", "--vni has no meaning here: expected vxconsole ctl" },
		{ "ctl --headless stats", "--headless has no meaning here" },
		{ "attach ens5 ens6", "attach: 'ens6' is too much" },
		{ "attach ../x", "attach: '../x': expected the name" },
		{ "attach --watch", "--watch has no meaning here: expected vxconsole attach" },
		{ "strays detach 1 2", "strays: '2' is too much" },
		{ NO_CONFIG "doctor ens5 ens6", "'ens6': expected INGRESS and EGRESS" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct vx_err err;
		struct opts o;
		int rc = parse(&o, rows[i].line, &err);

		if (rc != -EINVAL || !strstr(err.msg, rows[i].want))
			fail_msg("%s: %d '%s' lacks '%s'", rows[i].line, rc, err.msg, rows[i].want);
	}
}

static void fields(void **state)
{
	struct vx_err err;
	struct opts o;

	(void)state;
	assert_int_equal(
		parse(&o,
		      NO_CONFIG
		      "--headless -a /etc/a.json -n udp/31765=172.30.82.95:8081 "
		      "-n tcp/1=[2001:db8::5]:2 --vni 7,5 --vni 9,8 --egress packet --zerocopy "
		      "--qdisc-bypass=off --dispatch spread --ring 32M --cpus 1,0 --read-only "
		      "--next-hop-mac 02:00:00:00:00:01 --interval 0.5 ens5 ens6",
		      &err),
		0);
	assert_string_equal(o.ingress, "ens5");
	assert_string_equal(o.egress_dev, "ens6");
	assert_string_equal(o.allowlist, "/etc/a.json");
	assert_int_equal(o.allow_mode, VX_ALLOW_ENFORCE); /* a list is given */
	assert_int_equal(o.source[OPT_ALLOW_MODE], OPT_BY_DEFAULT);
	assert_int_equal(o.n_nat_rules, 2);
	assert_string_equal(o.nat_rules[1], "tcp/1=[2001:db8::5]:2");
	assert_int_equal(o.vnis.n, 2); /* the last wins */
	assert_int_equal(o.vnis.vni[0], 8);
	assert_int_equal(o.egress, OPT_EG_PACKET);
	assert_true(o.zerocopy && !o.qdisc_bypass && o.spread && o.read_only && o.has_next_hop_mac);
	assert_int_equal(o.ring_bytes, 32 << 20);
	assert_int_equal(o.n_cpus, 2);
	assert_int_equal(o.cpus[0], 1);
	assert_true(o.interval_s > 0.49 && o.interval_s < 0.51);
	opt_fini(&o);
	opt_fini(&o); /* harmless */
}

static void copies_share_nothing(void **state)
{
	struct vx_err err;
	struct opts o, c;

	(void)state;
	assert_int_equal(parse(&o, "ctl -s /x a b", &err), 0);
	assert_int_equal(opt_set(&o, OPT_NAT_RULE, "udp/1=1.2.3.4:5", OPT_BY_CLI, &err), 0);
	assert_int_equal(opt_copy(&c, &o, &err), 0);
	opt_fini(&o);
	assert_int_equal(c.n_words, 2);
	assert_string_equal(c.words[1], "b");
	assert_string_equal(c.nat_rules[0], "udp/1=1.2.3.4:5");
	opt_fini(&c);
}

static void help_has_every_option_and_fits(void **state)
{
	char *text, *line, *next, name[64];
	size_t len;
	FILE *f = open_memstream(&text, &len);

	(void)state;
	opt_usage(f);
	fclose(f);
	for (int i = 0; i < OPT_N; i++) {
		snprintf(name, sizeof(name), "--%s", opt_name((enum opt_id)i));
		assert_non_null(strstr(text, name));
	}
	assert_non_null(strstr(text, "vxconsole ctl [--json] [-s SOCKET] COMMAND..."));
	for (line = text; *line; line = next) {
		next = strchr(line, '\n') + 1;
		if (next - line > 81)
			fail_msg("wider than 80: %.*s", (int)(next - line - 1), line);
		assert_false(next - line > 1 && next[-2] == ' ');
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_complete),
		cmocka_unit_test(defaults),
		cmocka_unit_test(values),
		cmocka_unit_test(many_vnis),
		cmocka_unit_test(verbs),
		cmocka_unit_test(usage_errors),
		cmocka_unit_test(fields),
		cmocka_unit_test(copies_share_nothing),
		cmocka_unit_test(help_has_every_option_and_fits),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
