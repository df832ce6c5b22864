// SPDX-License-Identifier: GPL-2.0-only
/* What an entry of the allowlist would admit of the flows that are denied. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/model/admits.h"

#define N(x) (sizeof(x) / sizeof((x)[0]))

static struct addr address(const char *text)
{
	struct vx_err err;
	struct addr a;

	assert_int_equal(addr_parse(text, &a, &err), 0);
	return a;
}

static struct cidr prefix(const char *text)
{
	struct vx_err err;
	struct cidr c;

	assert_int_equal(addr_cidr_parse(text, &c, &err), 0);
	return c;
}

/* The mix that all tests look at. */
static size_t mix(struct admits_flow f[static 16])
{
	static const struct {
		const char *src, *dst;
		uint8_t proto;
		uint16_t port;
		uint64_t pps;
	} row[] = {
		{ "10.1.2.3", "8.8.8.8", IPPROTO_UDP, 53, 1000 },
		{ "10.1.2.3", "8.8.8.8", IPPROTO_TCP, 80, 200 },
		{ "10.1.2.3", "9.9.9.9", IPPROTO_UDP, 53, 30 },
		{ "8.8.8.8", "10.1.2.3", IPPROTO_UDP, 5000, 7 },
		{ "7.7.7.7", "10.1.2.3", IPPROTO_ICMP, 0, 5 },
		{ "10.1.2.4", "10.1.2.3", IPPROTO_UDP, 53, 3 }, /* both in the /24 */
		{ "10.1.2.4", "8.8.8.8", IPPROTO_UDP, 0, 2 },	/* a later fragment */
		{ "10.1.3.4", "8.8.8.8", IPPROTO_UDP, 53, 40000 },
		{ "2001:db8::1", "2001:db8::2", IPPROTO_UDP, 53, 11 },
	};

	for (size_t i = 0; i < N(row); i++)
		f[i] = (struct admits_flow){ address(row[i].src), address(row[i].dst), row[i].proto,
					     row[i].port, row[i].pps };
	return N(row);
}

static void sums(void **state)
{
	static const struct {
		const char *cidr;
		enum vx_match match;
		uint64_t from, to;
		size_t inside, others, senders;
	} row[] = {
		{ "10.1.2.3", VX_MATCH_ANY, 1230, 15, 1, 4, 3 },
		{ "10.1.2.3", VX_MATCH_SRC, 1230, 0, 1, 2, 0 },
		{ "10.1.2.3", VX_MATCH_DST, 0, 15, 1, 3, 3 },
		{ "10.1.2.0/24", VX_MATCH_ANY, 1235, 12, 2, 3,
		  2 }, /* what is within it counts once */
		{ "10.1.2.0/24", VX_MATCH_SRC, 1235, 0, 2, 2, 0 },
		{ "10.1.2.0/24", VX_MATCH_DST, 0, 15, 1, 2, 3 },
		{ "8.8.8.8", VX_MATCH_ANY, 7, 41202, 1, 3, 3 },
		{ "0.0.0.0/0", VX_MATCH_ANY, 41247, 0, 6, 0, 0 },
		{ "0.0.0.0/0", VX_MATCH_DST, 0, 41247, 3, 0, 5 },
		{ "2001:db8::/32", VX_MATCH_ANY, 11, 0, 2, 0, 0 },
		{ "2001:db8::2", VX_MATCH_ANY, 0, 11, 1, 1, 1 },
		{ "10.1.2.9", VX_MATCH_ANY, 0, 0, 0, 0, 0 },
	};
	struct admits_flow f[16];
	size_t n = mix(f);

	(void)state;
	for (size_t i = 0; i < N(row); i++) {
		struct cidr c = prefix(row[i].cidr);
		struct admits a;

		assert_int_equal(admits_sum(f, n, &c, row[i].match, &a), 0);
		if (a.from_pps != row[i].from || a.to_pps != row[i].to ||
		    a.pps != row[i].from + row[i].to || a.inside != row[i].inside ||
		    a.others != row[i].others || a.senders != row[i].senders)
			fail_msg(
				"row %zu (%s): from %llu to %llu inside %zu others %zu senders %zu",
				i, row[i].cidr, (unsigned long long)a.from_pps,
				(unsigned long long)a.to_pps, a.inside, a.others, a.senders);
	}
}

static void the_busiest(void **state)
{
	struct cidr c = prefix("10.1.2.3");
	struct admits_flow f[16];
	size_t n = mix(f);
	struct addr first = address("8.8.8.8"), second = address("9.9.9.9");
	struct admits a;

	(void)state;
	assert_int_equal(admits_sum(f, n, &c, VX_MATCH_ANY, &a), 0);
	assert_int_equal(a.n_peers, 4);
	assert_true(addr_equal(&a.peer[0].addr, &first));
	assert_int_equal(a.peer[0].pps, 1207);
	assert_true(addr_equal(&a.peer[1].addr, &second));
	assert_int_equal(a.peer[1].pps, 30);
	assert_int_equal(a.n_protocols, 4);
	assert_int_equal(a.protocol[0].proto, IPPROTO_UDP);
	assert_int_equal(a.protocol[0].port, 53);
	assert_int_equal(a.protocol[0].pps, 1033);
	assert_int_equal(a.protocol[1].proto, IPPROTO_TCP);
	assert_int_equal(a.protocol[3].proto, IPPROTO_ICMP);
	assert_int_equal(a.protocol[3].pps, 5);
}

static void only_so_many(void **state)
{
	static struct admits_flow f[4000];
	struct cidr c = prefix("10.0.0.0/8");
	struct admits a;

	(void)state;
	for (unsigned i = 0; i < N(f); i++) {
		f[i] = (struct admits_flow){ address("10.0.0.1"), address("8.0.0.0"), IPPROTO_UDP,
					     (uint16_t)(i % 100 + 1), 1 };
		f[i].dst.b[2] = (uint8_t)(i % 1000 >> 8);
		f[i].dst.b[3] = (uint8_t)(i % 1000);
	}
	f[77].pps = 50;
	assert_int_equal(admits_sum(f, N(f), &c, VX_MATCH_ANY, &a), 0);
	assert_int_equal(a.pps, 4049);
	assert_int_equal(a.others, 1000);
	assert_int_equal(a.n_peers, ADMITS_MOST);
	assert_int_equal(a.peer[0].pps, 53);
	assert_int_equal(a.peer[0].addr.b[3], 77);
	assert_int_equal(a.n_protocols, ADMITS_MOST);
	assert_int_equal(a.protocol[0].port, 78);
	assert_int_equal(admits_sum(NULL, 0, &c, VX_MATCH_ANY, &a), 0);
	assert_int_equal(a.pps + a.others + a.inside + a.n_peers, 0);
}

/* What is on the list by now is not denied, whatever was so when it was sampled. */
static void what_stays_denied(void **state)
{
	static const struct {
		const char *cidr;
		enum vx_match match;
		size_t left;
	} row[] = {
		{ "10.1.2.3", VX_MATCH_ANY, 3 }, { "10.1.2.3", VX_MATCH_SRC, 6 },
		{ "10.1.2.3", VX_MATCH_DST, 6 }, { "0.0.0.0/0", VX_MATCH_ANY, 1 },
		{ "::/0", VX_MATCH_ANY, 8 },	 { "1.1.1.1", VX_MATCH_ANY, 9 },
	};

	(void)state;
	for (size_t i = 0; i < N(row); i++) {
		struct cidr c = prefix(row[i].cidr);
		struct admits_flow f[16];
		size_t n = mix(f);
		struct allow *list;
		struct vx_err err;

		assert_int_equal(allow_new(&list, 10, &err), 0);
		assert_int_equal(admits_denied(f, n, list, row[i].match), n);
		assert_int_equal(allow_add(list, &c, NULL, NULL, NULL, &err), 0);
		assert_int_equal(admits_denied(f, n, list, row[i].match), row[i].left);
		allow_free(list);
	}
}

static void what_rules_take(void **state)
{
	static const char *const rules[] = { "udp/53=1.2.3.4:1", "tcp/80@9.0.0.0/8=1.2.3.4:1" };
	struct cidr c = prefix("10.1.2.0/24");
	struct admits_flow f[16];
	size_t n = mix(f);
	uint64_t unknown;
	struct vx_err err;
	struct nat *nat;

	(void)state;
	assert_int_equal(nat_new(&nat, &err), 0);
	for (size_t i = 0; i < N(rules); i++) {
		struct nat_rule r;

		assert_int_equal(nat_parse(rules[i], &r, &err), 0);
		assert_int_equal(nat_add(nat, &r, &err), 0);
	}
	assert_int_equal(admits_ruled(f, n, &c, VX_MATCH_ANY, nat, &unknown), 1033);
	assert_int_equal(unknown, 2);
	nat_free(nat);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums),
		cmocka_unit_test(the_busiest),
		cmocka_unit_test(only_so_many),
		cmocka_unit_test(what_stays_denied),
		cmocka_unit_test(what_rules_take),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
