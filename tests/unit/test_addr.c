// SPDX-License-Identifier: GPL-2.0-only
/* Addresses and prefixes: what parses, what is refused and with which words, and that text comes
 * back. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/model/addr.h"
#include "engine/model/text.h"

struct row {
	const char *text, *want; /* want: canonical text, or a part of the error */
	int rc;
};

static void prefixes(void **state)
{
	static const struct row rows[] = {
		{ "10.0.0.1", "10.0.0.1", 0 },
		{ "10.0.0.1/32", "10.0.0.1", 0 },
		{ "10.0.0.0/8", "10.0.0.0/8", 0 },
		{ "0.0.0.0/0", "0.0.0.0/0", 0 },
		{ "255.255.255.254/31", "255.255.255.254/31", 0 },
		{ "2001:DB8::1", "2001:db8::1", 0 },
		{ "2001:db8::/32", "2001:db8::/32", 0 },
		{ "2001:db8:0:0:0:0:0:1/128", "2001:db8::1", 0 },
		{ "::/0", "::/0", 0 },
		{ "::ffff:1.2.3.4", "::ffff:1.2.3.4", 0 },
		{ "10.0.0.1/8", "the prefix is 10.0.0.0/8", -EINVAL },
		{ "104.218.88.5/24", "the prefix is 104.218.88.0/24", -EINVAL },
		{ "192.168.1.255/25", "the prefix is 192.168.1.128/25", -EINVAL },
		{ "10.0.0.1/0", "the prefix is 0.0.0.0/0", -EINVAL },
		{ "2001:db8::1/127", "the prefix is 2001:db8::/127", -EINVAL },
		{ "10.0.0.0/33", "expected a prefix length of 0-32", -EINVAL },
		{ "2001:db8::/129", "expected a prefix length of 0-128", -EINVAL },
		{ "10.0.0.0/", "expected a prefix length", -EINVAL },
		{ "10.0.0.0/08", "expected a prefix length", -EINVAL },
		{ "10.0.0.0/+8", "expected a prefix length", -EINVAL },
		{ "10.0.0.0/ 8", "expected a prefix length", -EINVAL },
		{ "10.0.0.0/8/8", "expected a prefix length", -EINVAL },
		{ "10.0.0.0/8000000000", "expected a prefix length", -EINVAL },
		{ "", "expected an IPv4 or IPv6 address", -EINVAL },
		{ "/8", "expected an IPv4 or IPv6 address", -EINVAL },
		{ "10.0.0", "expected an IPv4 or IPv6 address", -EINVAL },
		{ "10.0.0.256", "expected an IPv4 or IPv6 address", -EINVAL },
		{ "010.0.0.1", "expected an IPv4 or IPv6 address", -EINVAL },
		{ " 10.0.0.1", "expected an IPv4 or IPv6 address", -EINVAL },
		{ "10.0.0.1 ", "expected an IPv4 or IPv6 address", -EINVAL },
		{ "10.0.0.1:80", "expected an IPv4 or IPv6 address", -EINVAL },
		{ "[2001:db8::1]", "expected an IPv4 or IPv6 address", -EINVAL },
		{ "fe80::1%eth0", "expected an IPv4 or IPv6 address", -EINVAL },
		{ "localhost", "expected an IPv4 or IPv6 address", -EINVAL },
		{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:0000:1111:2222", "expected an IPv4",
		  -EINVAL },
		{ "\033[31m10.0.0.1", "'\\x1b[31m10.0.0.1'", -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cidr c, again, before;
		struct vx_err err = { 0 };
		char buf[ADDR_TEXT];

		memset(&c, 0x5a, sizeof(c));
		before = c;
		assert_int_equal(addr_cidr_parse(rows[i].text, &c, &err), rows[i].rc);
		if (rows[i].rc) {
			if (!strstr(err.msg, rows[i].want))
				fail_msg("%s: '%s' lacks '%s'", rows[i].text, err.msg,
					 rows[i].want);
			assert_memory_equal(&c, &before, sizeof(c));
			continue;
		}
		assert_string_equal(addr_cidr_format(&c, buf), rows[i].want);
		assert_int_equal(addr_cidr_parse(buf, &again, NULL), 0);
		assert_int_equal(addr_cidr_cmp(&c, &again), 0);
	}
}

static struct cidr cidr(const char *text)
{
	struct cidr c;

	assert_int_equal(addr_cidr_parse(text, &c, NULL), 0);
	return c;
}

static void containment(void **state)
{
	static const struct {
		const char *prefix, *addr;
		bool in;
	} rows[] = {
		{ "10.0.0.0/8", "10.255.255.255", true },
		{ "10.0.0.0/8", "11.0.0.0", false },
		{ "10.0.0.1", "10.0.0.1", true },
		{ "10.0.0.1", "10.0.0.2", false },
		{ "10.0.0.0/31", "10.0.0.1", true },
		{ "10.0.0.0/31", "10.0.0.2", false },
		{ "0.0.0.0/0", "203.0.113.9", true },
		{ "0.0.0.0/0", "2001:db8::1", false },
		{ "::/0", "2001:db8::1", true },
		{ "::/0", "203.0.113.9", false },
		{ "2001:db8::/33", "2001:db8:7fff::", true },
		{ "2001:db8::/33", "2001:db8:8000::", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cidr c = cidr(rows[i].prefix);
		struct addr a = cidr(rows[i].addr).addr;

		if (addr_cidr_contains(&c, &a) != rows[i].in)
			fail_msg("%s in %s should be %d", rows[i].addr, rows[i].prefix, rows[i].in);
	}
}

static void masks_of_every_length(void **state)
{
	struct addr a;

	(void)state;
	memset(&a, 0xff, sizeof(a));
	a.family = VX_IP6;
	for (unsigned len = 0; len <= 128; len++) {
		struct cidr c = addr_cidr_mask(&a, (uint8_t)len);
		unsigned ones = 0;

		for (unsigned bit = 0; bit < 128; bit++)
			ones += c.addr.b[bit / 8] >> (7 - bit % 8) & 1;
		assert_int_equal(ones, len);
		assert_int_equal(c.len, len);
	}
}

static void order(void **state)
{
	static const char *const sorted[] = {
		"0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/9", "10.0.0.0",
		"10.0.0.1",  "::/0",	   "2001:db8::", "2001:db8::1"
	};

	(void)state;
	for (size_t i = 1; i < sizeof(sorted) / sizeof(sorted[0]); i++) {
		struct cidr a = cidr(sorted[i - 1]), b = cidr(sorted[i]);

		assert_true(addr_cidr_cmp(&a, &b) < 0);
		assert_true(addr_cidr_cmp(&b, &a) > 0);
	}
}

static void ports_and_macs(void **state)
{
	static const char *const bad[] = { "",
					   "02",
					   "02:00:00:00:00",
					   "02:00:00:00:00:0",
					   "02:00:00:00:00:01:",
					   "02:00:00:00:00:0g",
					   "2:0:0:0:0:1",
					   "02-00-00-00-00-01",
					   "02:00:00:00:00:01 ",
					   "020000000001" };
	struct addr v4 = cidr("192.0.2.1").addr, v6 = cidr("2001:db8::1").addr;
	char buf[ADDR_TEXT];
	struct vx_err err;
	uint8_t mac[6];

	(void)state;
	assert_string_equal(addr_format_port(&v4, 80, buf), "192.0.2.1:80");
	assert_string_equal(addr_format_port(&v6, 65535, buf), "[2001:db8::1]:65535");
	assert_int_equal(addr_mac_parse("02:aB:00:ff:00:01", mac, NULL), 0);
	assert_string_equal(addr_mac_format(mac, buf), "02:ab:00:ff:00:01");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		/* an exact allocation, so that a read past the end is seen by the sanitizer */
		char *text = strdup(bad[i]);

		assert_int_equal(addr_mac_parse(text, mac, &err), -EINVAL);
		assert_non_null(strstr(err.msg, "expected a MAC address"));
		free(text);
	}
}

static void foreign_text_is_escaped(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "plain", "plain" },
		{ "Zürich", "Zürich" },
		{ "a\033]0;x\007b", "a\\x1b]0;x\\x07b" },
		{ "\xc2\x9b"
		  "31m",
		  "\\xc2\\x9b31m" },
		{ "\xff\xfe", "\\xff\\xfe" },
		{ "a\nb\tc\x7f", "a\\x0ab\\x09c\\x7f" },
		{ "\xe2\x80\xae"
		  "abc",
		  "\\xe2\\x80\\xae"
		  "abc" },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },
		{ "\xc0\xaf", "\\xc0\\xaf" },
		{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
		{ "\xe2\x82", "\\xe2\\x82" },
	};
	char buf[64], small[8];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(text_escape(buf, sizeof(buf), rows[i].in, strlen(rows[i].in)),
				    rows[i].out);
	assert_string_equal(text_escape(small, sizeof(small), "1234567", 7), "1234567");
	assert_string_equal(text_escape(small, sizeof(small), "12345678", 8), "1234...");
	assert_string_equal(text_escape(small, sizeof(small), "123\x01", 4), "123\\x01");
	assert_string_equal(text_escape(small, sizeof(small), "123\x01\x01", 5), "123...");
	assert_string_equal(text_escape(small, sizeof(small), "1234\x01", 5), "1234...");
	assert_string_equal(text_escape(small, sizeof(small), "", 0), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prefixes),
		cmocka_unit_test(containment),
		cmocka_unit_test(masks_of_every_length),
		cmocka_unit_test(order),
		cmocka_unit_test(ports_and_macs),
		cmocka_unit_test(foreign_text_is_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
