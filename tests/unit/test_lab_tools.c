/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parts of vxgen that have nothing to do with packets: pacing, the latency histogram, the
 * command line, and capture files, good and broken.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture.h"
#include "cli.h"
#include "lathist.h"
#include "pace.h"

#define SEC 1000000000ull

/* A clock that moves by `step`, or to the time the next packet is due: the count must be right. */
static void pace_keeps_the_rate(void **state)
{
	static const uint64_t rates[] = { 1, 3, 999, 85000, 1000000 };
	static const uint64_t steps[] = { 1000, 100000, 3333333 };
	size_t r, s;

	(void)state;
	for (r = 0; r < sizeof(rates) / sizeof(rates[0]); r++)
		for (s = 0; s < sizeof(steps) / sizeof(steps[0]); s++) {
			uint64_t now = 12345, end = now + 10 * SEC, sent = 0;
			struct pace p;

			pace_init(&p, rates[r], now);
			for (; now < end; now += steps[s])
				sent += pace_due(&p, now, UINT64_MAX);
			assert_in_range(sent, rates[r] * 10 - rates[r] / 100 - 1,
					rates[r] * 10 + 1);
		}
}

static void pace_pays_debts_at_twice_the_rate(void **state)
{
	uint64_t now = 0, sent = 0;
	struct pace p;

	(void)state;
	pace_init(&p, 1000, 0);
	assert_int_equal(pace_due(&p, now, 64), 1);
	assert_false(pace_behind(&p, now));
	now = 10 * SEC; /* held up for ten seconds */
	assert_int_equal(sent += 1 + pace_due(&p, now, 64), 65);
	assert_true(pace_behind(&p, now));
	for (; now < 15 * SEC; now += 100000)
		sent += pace_due(&p, now, 64);
	assert_in_range(sent, 9800, 10100);
	for (; now < 25 * SEC; now += 100000)
		sent += pace_due(&p, now, 64);
	assert_in_range(sent, 24990, 25001);
}

static void pace_without_limit(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 0, 5);
	assert_int_equal(pace_due(&p, 5, 64), 64);
	assert_int_equal(pace_due(&p, 5, 64), 64);
	assert_int_equal(pace_next_ns(&p), 0);
}

static void histogram_percentiles(void **state)
{
	struct lathist *h = calloc(1, sizeof(*h));
	uint64_t i;

	(void)state;
	assert_non_null(h);
	assert_int_equal(lathist_percentile(h, 500), 0);
	for (i = 1; i <= 100000; i++)
		lathist_add(h, i);
	assert_in_range(lathist_percentile(h, 500), 50000, 51700);
	assert_in_range(lathist_percentile(h, 990), 99000, 100000);
	assert_int_equal(lathist_percentile(h, 1000), 100000);
	lathist_add(h, UINT64_MAX);
	assert_true(h->max_ns == UINT64_MAX);
	assert_in_range(lathist_percentile(h, 500), 50000, 51700);
	free(h);
}

static void small_values_are_exact(void **state)
{
	struct lathist h;
	uint64_t i;

	(void)state;
	for (i = 0; i < 64; i++) {
		memset(&h, 0, sizeof(h));
		lathist_add(&h, i);
		assert_int_equal(lathist_percentile(&h, 500), i);
	}
}

static int parse(struct conf *c, const char *text, struct vx_err *err)
{
	static char copy[512];
	char *argv[40] = { (char *)"vxgen" }, *save = NULL;
	int argc = 1;

	snprintf(copy, sizeof(copy), "%s", text);
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	return cli_parse(c, argc, argv, err);
}

static void command_lines_that_are_right(void **state)
{
	struct vx_err err;
	struct conf c;

	(void)state;
	assert_int_equal(parse(&c, "send ens5", &err), 0);
	assert_string_equal(c.ifname, "ens5");
	assert_int_equal(c.rate, 1000);
	assert_true(c.count == CONF_UNSET && c.ms == CONF_UNSET);
	assert_int_equal(c.vni, 1);
	assert_int_equal(c.port, 4789);
	assert_int_equal(c.dport.min, 31765);
	assert_int_equal(c.dport.max, 31765);
	assert_memory_equal(c.dst.b, "\xac\x1e\x4a\x90", 4);
	assert_int_equal(c.via, CONF_VIA_AUTO);
	assert_int_equal(parse(&c,
			       "send --size 100-200 x --seconds 1.5 --src 10.0.0.1,10.1.0.0/16 "
			       "--vlan both --via packet --proto icmp --dmac 02:0:0:0:a:ff",
			       &err),
			 0);
	assert_int_equal(c.size.min, 100);
	assert_int_equal(c.size.max, 200);
	assert_int_equal(c.ms, 1500);
	assert_int_equal(c.src.n, 2);
	assert_int_equal(c.src.c[0].prefix, 32);
	assert_int_equal(c.vlan, CONF_VLAN_BOTH);
	assert_int_equal(c.via, CONF_VIA_PACKET);
	assert_int_equal(c.proto, CONF_ICMP);
	assert_memory_equal(c.dmac.b, "\x02\0\0\0\x0a\xff", 6);
	assert_int_equal(
		parse(&c, "sink e --expect-dst [2001:db8::5]:8081 --count 5 --idle 0.2", &err), 0);
	assert_int_equal(c.expect_dst.addr.len, 16);
	assert_int_equal(c.expect_dst.port, 8081);
	assert_int_equal(c.idle_ms, 200);
	assert_int_equal(parse(&c, "sink e --expect-dst 172.30.82.95:8081", &err), 0);
	assert_int_equal(c.expect_dst.port, 8081);
	assert_int_equal(parse(&c, "sink e --expect-dst 2001:db8::5", &err), 0);
	assert_int_equal(c.expect_dst.port, 0);
	assert_int_equal(parse(&c, "--help", &err), 1);
	assert_int_equal(parse(&c, "send --help", &err), 1);
}

static void command_lines_that_are_wrong(void **state)
{
	static const struct {
		const char *line, *names; /* a word that the message must have in it */
	} v[] = {
		{ "", "send" },
		{ "sned ens5", "send" },
		{ "send", "interface" },
		{ "send a b", "one interface" },
		{ "send an-interface-name-too-long", "an-interface-name-too-long" },
		{ "send e --rate x", "--rate" },
		{ "send e --rate -1", "--rate" },
		{ "send e --rate", "--rate" },
		{ "send e --rate 10x", "'10x'" },
		{ "send e --count 0", "--count" },
		{ "send e --count 99999999999999999999", "--count" },
		{ "send e --seconds 0", "--seconds" },
		{ "send e --seconds nan", "--seconds" },
		{ "send e --size 200-100", "--size" },
		{ "send e --size 10", "--size" },
		{ "send e --vni 16777216", "16777215" },
		{ "send e --port 65536", "--port" },
		{ "send e --src 10.0.0.0/33", "--src" },
		{ "send e --src 10.0.0.1,", "--src" },
		{ "send e --hosts 257", "--hosts" }, /* the default is a /24 */
		{ "send e --hosts 2 --src 10.0.0.0/24,10.0.1.0/24", "--hosts" },
		{ "send e --dport 9-8", "--dport" },
		{ "send e --dport 1-65536", "--dport" },
		{ "send e --src 10.0.0.1,2001:db8::1", "--src" },
		{ "send e --src 2001:db8::1", "IPv4" },
		{ "send e --inner 6 --dst 10.0.0.1", "IPv6" },
		{ "send e --outer 6 --outer-dst 10.0.0.1", "IPv6" },
		{ "send e --proto sctp", "udp|tcp|icmp" },
		{ "send e --proto ud", "udp|tcp|icmp" },
		{ "send e --dmac 02:00:00:00:00", "--dmac" },
		{ "send e --dmac 02:00:00:00:00:00:01", "--dmac" },
		{ "send e --frag 65", "--frag" },
		{ "send e --set-vni 1", "--pcap" },
		{ "send e --pcap f --wrap --set-vni 1", "--vni" },
		{ "send e --nosuch", "--nosuch" },
		{ "send e --expect-dst 10.0.0.1", "vxgen send" },
		{ "sink e --rate 5", "vxgen sink" },
		{ "sink e --expect-dst 10.0.0.1:0", "--expect-dst" },
		{ "sink e --expect-dst [::1", "--expect-dst" },
		{ "sink e --expect-dst [::1]x", "--expect-dst" },
		{ "sink e --expect-dst :80", "--expect-dst" },
	};
	struct vx_err err;
	struct conf c;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		memset(&err, 0, sizeof(err));
		if (parse(&c, v[i].line, &err) >= 0)
			fail_msg("'%s' is accepted", v[i].line);
		if (!strstr(err.msg, v[i].names))
			fail_msg("'%s': message '%s' lacks '%s'", v[i].line, err.msg, v[i].names);
	}
}

/* --- capture files --- */

static int load(struct capture *c, const void *bytes, size_t len, struct vx_err *err)
{
	char path[] = "/tmp/test_lab_XXXXXX";
	int fd = mkstemp(path), ret;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
	ret = capture_load(c, path, err);
	unlink(path);
	return ret;
}

/* clang-format off */
#define LE32(a) (a), 0, 0, 0
static const uint8_t classic[] = { 0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, LE32(0), LE32(0), LE32(255),
				   LE32(1), /* first record: */ LE32(0), LE32(0), LE32(3), LE32(9),
				   'a', 'b', 'c', /* second: */ LE32(0), LE32(0), LE32(1), LE32(1), 'd' };
static const uint8_t swapped[] = { 0xa1, 0xb2, 0x3c, 0x4d, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0,
				   0, 0, 0, 255, 0, 0, 0, 1, /* record: */ 0, 0, 0, 0, 0, 0, 0, 0,
				   0, 0, 0, 2, 0, 0, 0, 2, 'x', 'y' };
static const uint8_t ng[] = {
	/* section header */ 0x0a, 0x0d, 0x0d, 0x0a, LE32(28), 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, LE32(28),
	/* interface */ LE32(1), LE32(20), 1, 0, 0, 0, LE32(0), LE32(20),
	/* a block to skip */ LE32(5), LE32(12), LE32(12),
	/* enhanced packet */ LE32(6), LE32(36), LE32(0), LE32(0), LE32(0), LE32(2), LE32(2), 'p', 'q',
	0, 0, LE32(36),
	/* simple packet */ LE32(3), LE32(20), LE32(4), 'r', 's', 't', 'u', LE32(20)
};
/* clang-format on */

static void captures_are_read(void **state)
{
	struct vx_err err = { 0 };
	struct capture c;

	(void)state;
	assert_int_equal(load(&c, classic, sizeof(classic), &err), 0);
	assert_int_equal(c.n, 2);
	assert_int_equal(c.longest, 3);
	assert_memory_equal(c.file + c.frame[0].off, "abc", 3);
	assert_memory_equal(c.file + c.frame[1].off, "d", 1);
	capture_free(&c);
	assert_int_equal(load(&c, swapped, sizeof(swapped), &err), 0);
	assert_memory_equal(c.file + c.frame[0].off, "xy", 2);
	capture_free(&c);
	assert_int_equal(load(&c, ng, sizeof(ng), &err), 0);
	assert_int_equal(c.n, 2);
	assert_memory_equal(c.file + c.frame[0].off, "pq", 2);
	assert_int_equal(c.frame[1].len, 4);
	assert_memory_equal(c.file + c.frame[1].off, "rstu", 4);
	capture_free(&c);
}

/* Cut at every length, and with every byte spoiled: an error with the file's name, or a list of
 * frames that lie within the file. */
static void broken_captures(void **state)
{
	static const struct {
		const uint8_t *bytes;
		size_t len;
	} files[] = { { classic, sizeof(classic) },
		      { swapped, sizeof(swapped) },
		      { ng, sizeof(ng) } };
	uint8_t copy[256];
	size_t f, len, at;
	uint32_t i;

	(void)state;
	for (f = 0; f < 3; f++)
		for (len = 0; len <= files[f].len; len++)
			for (at = len == files[f].len ? 0 : len; at <= len; at++) {
				struct vx_err err = { 0 };
				struct capture c;

				memcpy(copy, files[f].bytes, len);
				if (at < len)
					copy[at] ^= 0xff;
				if (load(&c, copy, len, &err)) {
					assert_non_null(strstr(err.msg, "/tmp/test_lab_"));
					continue;
				}
				for (i = 0; i < c.n; i++)
					assert_true(c.frame[i].off + c.frame[i].len <= len);
				capture_free(&c);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pace_keeps_the_rate),
		cmocka_unit_test(pace_pays_debts_at_twice_the_rate),
		cmocka_unit_test(pace_without_limit),
		cmocka_unit_test(histogram_percentiles),
		cmocka_unit_test(small_values_are_exact),
		cmocka_unit_test(command_lines_that_are_right),
		cmocka_unit_test(command_lines_that_are_wrong),
		cmocka_unit_test(captures_are_read),
		cmocka_unit_test(broken_captures),
	};

	return cmocka_run_group_tests_name("lab_tools", tests, NULL, NULL);
}
