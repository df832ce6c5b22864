// SPDX-License-Identifier: GPL-2.0-only
/* NAT rules: grammar, refusals, and the set with its keys of two families. */
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/model/nat.h"

static void rules(void **state)
{
	static const struct {
		const char *text, *want; /* canonical text, or a part of the error */
		int rc;
	} rows[] = {
		{ "udp/31765=172.30.82.95:8081", "udp/31765=172.30.82.95:8081", 0 },
		{ "TCP/1=1.2.3.4:65535", "tcp/1=1.2.3.4:65535", 0 },
		{ "udp/31765@10.0.0.0/8=172.30.82.95:8081",
		  "udp/31765@10.0.0.0/8=172.30.82.95:8081", 0 },
		{ "udp/31765@10.1.2.3/32=172.30.82.95:8081", "udp/31765@10.1.2.3=172.30.82.95:8081",
		  0 },
		{ "udp/5@0.0.0.0/0=172.30.82.95:8081", "udp/5@0.0.0.0/0=172.30.82.95:8081", 0 },
		{ "udp/31765=[2001:db8::5]:8081", "udp/31765=[2001:db8::5]:8081", 0 },
		{ "tcp/443@2001:db8:1::/48=[2001:db8::5]:8443",
		  "tcp/443@2001:db8:1::/48=[2001:db8::5]:8443", 0 },
		{ "udp/31765/4=172.30.82.95:8081", "udp/31765=172.30.82.95:8081", 0 },
		{ "", "expected a rule like", -EINVAL },
		{ "udp/31765", "expected a rule like", -EINVAL },
		{ "icmp/1=1.2.3.4:5", "expected the protocol udp or tcp", -EINVAL },
		{ "udp31765=1.2.3.4:5", "expected protocol/port", -EINVAL },
		{ "udp/0=1.2.3.4:5", "port of 1-65535", -EINVAL },
		{ "udp/65536=1.2.3.4:5", "port of 1-65535", -EINVAL },
		{ "udp/-1=1.2.3.4:5", "port of 1-65535", -EINVAL },
		{ "udp/=1.2.3.4:5", "port of 1-65535", -EINVAL },
		{ "udp/1x=1.2.3.4:5", "port of 1-65535", -EINVAL },
		{ "udp/4294967297=1.2.3.4:5", "port of 1-65535", -EINVAL },
		{ "udp/1=1.2.3.4:0", "target port of 1-65535", -EINVAL },
		{ "udp/1=1.2.3.4:65536", "target port of 1-65535", -EINVAL },
		{ "udp/1=1.2.3.4", "expected address:port", -EINVAL },
		{ "udp/1=:80", "expected address:port", -EINVAL },
		{ "udp/1=2001:db8::5:8081", "expected address:port", -EINVAL },
		{ "udp/1=[1.2.3.4]:80", "expected address:port", -EINVAL },
		{ "udp/1=[2001:db8::5:80", "expected address:port", -EINVAL },
		{ "udp/1=[:80", "expected address:port", -EINVAL },
		{ "udp/1=[]:80", "expected an IPv4 or IPv6 address", -EINVAL },
		{ "udp/1=host:80", "expected an IPv4 or IPv6 address", -EINVAL },
		{ "udp/1@10.0.0.1/8=1.2.3.4:80", "the prefix is 10.0.0.0/8", -EINVAL },
		{ "udp/1@2001:db8::/32=1.2.3.4:80", "same family", -EINVAL },
		{ "udp/1@10.0.0.0/8=[2001:db8::5]:80", "same family", -EINVAL },
		{ "udp/1/6=1.2.3.4:80", "same family", -EINVAL },
		{ "udp/1/5=1.2.3.4:80", "expected 4 or 6", -EINVAL },
		{ "udp/1=0.0.0.0:80", "0.0.0.0 is unspecified", -EINVAL },
		{ "udp/1=127.1.2.3:80", "is loopback", -EINVAL },
		{ "udp/1=224.0.0.1:80", "is multicast", -EINVAL },
		{ "udp/1=239.255.255.255:80", "is multicast", -EINVAL },
		{ "udp/1=255.255.255.255:80", "is broadcast", -EINVAL },
		{ "udp/1=[::]:80", ":: is unspecified", -EINVAL },
		{ "udp/1=[::1]:80", "is loopback", -EINVAL },
		{ "udp/1=[ff02::1]:80", "is multicast", -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct nat_rule r, again;
		struct vx_err err = { 0 };
		char buf[NAT_TEXT];
		int rc = nat_parse(rows[i].text, &r, &err);

		if (rc != rows[i].rc)
			fail_msg("%s: %d %s", rows[i].text, rc, err.msg);
		if (rc) {
			if (!strstr(err.msg, rows[i].want))
				fail_msg("%s: '%s' lacks '%s'", rows[i].text, err.msg,
					 rows[i].want);
			continue;
		}
		assert_string_equal(nat_format(&r, buf), rows[i].want);
		assert_int_equal(nat_parse(buf, &again, NULL), 0);
		assert_true(nat_key_equal(&r.key, &again.key));
	}
}

/* Every beginning of a rule, and every byte of it changed, is refused or is a rule; nothing reads
 * past its end. */
static void hostile_texts(void **state)
{
	static const char text[] = "udp/31765@2001:db8::/32=[2001:db8::5]:8081";
	struct nat_rule r;
	char buf[sizeof(text)];

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++) {
		memcpy(buf, text, n);
		buf[n] = 0;
		(void)!nat_parse(buf, &r, NULL);
		for (int c = 1; c < 256; c++) {
			memcpy(buf, text, sizeof(text));
			if (n + 1 < sizeof(text))
				buf[n] = (char)c;
			(void)!nat_parse(buf, &r, NULL);
		}
	}
}

static struct nat_rule rule(const char *text)
{
	struct nat_rule r;

	assert_int_equal(nat_parse(text, &r, NULL), 0);
	return r;
}

static int add(struct nat *n, const char *text, struct vx_err *err)
{
	struct nat_rule r = rule(text);

	return nat_add(n, &r, err);
}

static int del(struct nat *n, const char *key, struct nat_rule *gone, struct vx_err *err)
{
	struct nat_key k;
	bool family_given;

	assert_int_equal(nat_key_parse(key, &k, &family_given, err), 0);
	return nat_del(n, &k, family_given, gone, err);
}

static void add_del_find(void **state)
{
	struct vx_err err = { 0 };
	struct nat_rule gone;
	char buf[NAT_TEXT];
	struct nat *n;

	(void)state;
	assert_int_equal(nat_new(&n, NULL), 0);
	assert_int_equal(add(n, "udp/1=1.1.1.1:1", &err), 0);
	assert_int_equal(add(n, "udp/1@10.0.0.0/8=1.1.1.2:1", &err), 0);
	assert_int_equal(add(n, "tcp/1=1.1.1.3:1", &err), 0);
	assert_int_equal(add(n, "udp/1=9.9.9.9:9", &err), -EEXIST);
	assert_non_null(strstr(err.msg, "udp/1=1.1.1.1:1"));
	assert_int_equal(add(n, "udp/1@10.0.0.0/8=9.9.9.9:9", &err), -EEXIST);
	assert_int_equal(nat_count(n), 3);
	assert_string_equal(nat_format(nat_at(n, 1), buf), "udp/1@10.0.0.0/8=1.1.1.2:1");
	assert_null(nat_at(n, 3));
	assert_int_equal(nat_plain(n, VX_IP4, IPPROTO_TCP, 1)->to.b[3], 3);
	assert_null(nat_plain(n, VX_IP6, IPPROTO_TCP, 1));
	assert_null(nat_plain(n, VX_IP4, IPPROTO_TCP, 2));
	assert_true(nat_has_prefix(n, VX_IP4, IPPROTO_UDP, 1));
	assert_false(nat_has_prefix(n, VX_IP4, IPPROTO_TCP, 1));
	assert_false(nat_has_prefix(n, VX_IP6, IPPROTO_UDP, 1));
	assert_int_equal(del(n, "udp/2", NULL, &err), -ENOENT);
	assert_int_equal(del(n, "udp/1@10.0.0.0/9", NULL, &err), -ENOENT);
	assert_int_equal(del(n, "udp/1", &gone, &err), 0);
	assert_int_equal(gone.to.b[3], 1);
	assert_int_equal(nat_count(n), 2);
	assert_non_null(nat_plain(n, VX_IP4, IPPROTO_TCP, 1));
	nat_free(n);
}

static void matches_as_the_datapath(void **state)
{
	static const struct {
		const char *dst;
		uint8_t proto;
		uint16_t port;
		int last; /* of the target; 0: none */
	} row[] = {
		{ "10.1.0.1", IPPROTO_UDP, 1, 3 }, { "10.2.0.1", IPPROTO_UDP, 1, 2 },
		{ "11.0.0.1", IPPROTO_UDP, 1, 1 }, { "11.0.0.1", IPPROTO_TCP, 1, 0 },
		{ "11.0.0.1", IPPROTO_UDP, 2, 0 }, { "2001:db8::1", IPPROTO_UDP, 1, 0 },
	};
	struct vx_err err = { 0 };
	struct nat *n;

	(void)state;
	assert_int_equal(nat_new(&n, NULL), 0);
	assert_int_equal(add(n, "udp/1@10.0.0.0/8=1.1.1.2:1", &err), 0);
	assert_int_equal(add(n, "udp/1=1.1.1.1:1", &err), 0);
	assert_int_equal(add(n, "udp/1@10.1.0.0/16=1.1.1.3:1", &err), 0);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		const struct nat_rule *r;
		struct addr dst;

		assert_int_equal(addr_parse(row[i].dst, &dst, &err), 0);
		r = nat_match(n, row[i].proto, row[i].port, &dst);
		assert_int_equal(r ? r->to.b[3] : 0, row[i].last);
	}
	nat_free(n);
}

static void two_families_need_a_word(void **state)
{
	struct vx_err err = { 0 };
	struct nat_rule gone;
	char buf[NAT_TEXT];
	struct nat *n;

	(void)state;
	assert_int_equal(nat_new(&n, NULL), 0);
	assert_int_equal(add(n, "udp/1=1.1.1.1:1", NULL), 0);
	assert_string_equal(nat_key_text(n, &nat_at(n, 0)->key, buf), "udp/1");
	assert_int_equal(add(n, "udp/1=[2001:db8::1]:1", NULL), 0);
	assert_string_equal(nat_key_text(n, &nat_at(n, 0)->key, buf), "udp/1/4");
	assert_string_equal(nat_key_text(n, &nat_at(n, 1)->key, buf), "udp/1/6");
	assert_int_equal(del(n, "udp/1", NULL, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "udp/1/4 or udp/1/6"));
	assert_int_equal(nat_count(n), 2);
	assert_int_equal(del(n, "udp/1/6", &gone, &err), 0);
	assert_int_equal(gone.to.family, VX_IP6);
	assert_int_equal(del(n, "udp/1/6", NULL, &err), -ENOENT);
	assert_int_equal(del(n, "udp/1", &gone, &err), 0);
	assert_int_equal(gone.to.family, VX_IP4);
	nat_free(n);
}

static void full_and_idx(void **state)
{
	struct vx_err err = { 0 };
	struct nat_rule r;
	struct nat *n;
	char buf[64];
	static bool seen[VX_MAX_NAT];

	(void)state;
	assert_int_equal(nat_new(&n, NULL), 0);
	for (int i = 0; i < VX_MAX_NAT; i++) {
		snprintf(buf, sizeof(buf), "udp/%d=1.1.1.1:1", i + 1);
		r = rule(buf);
		assert_int_equal(nat_add(n, &r, NULL), 0);
		assert_true(r.idx < VX_MAX_NAT && !seen[r.idx]);
		seen[r.idx] = true;
	}
	assert_int_equal(add(n, "tcp/1=1.1.1.1:1", &err), -ENOSPC);
	assert_non_null(strstr(err.msg, "limit"));
	assert_int_equal(del(n, "udp/100", &r, NULL), 0);
	assert_int_equal(nat_plain(n, VX_IP4, IPPROTO_UDP, 101)->idx, 100);
	assert_int_equal(add(n, "tcp/1=1.1.1.1:1", NULL), 0);
	assert_int_equal(nat_plain(n, VX_IP4, IPPROTO_TCP, 1)->idx, r.idx);
	nat_free(n);
	nat_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules),
		cmocka_unit_test(hostile_texts),
		cmocka_unit_test(add_del_find),
		cmocka_unit_test(matches_as_the_datapath),
		cmocka_unit_test(two_families_need_a_word),
		cmocka_unit_test(full_and_idx),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
