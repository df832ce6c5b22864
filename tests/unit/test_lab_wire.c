/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vxgen's frames: checksums against vectors and against a plain sum, the outer shape byte by byte,
 * fragments, source addresses, and the rewriting of recorded frames.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "frame.h"
#include "gen.h"
#include "engine/model/parse.h"
#include "replay.h"
#include "engine/model/sum.h"

/* A configuration as the command line would give it; text is split at blanks. */
static struct conf conf_of(const char *text)
{
	static char copy[512];
	char *argv[40] = { (char *)"vxgen", (char *)"send", (char *)"lo" }, *save = NULL;
	struct vx_err err = { 0 };
	struct conf c;
	int argc = 3;

	snprintf(copy, sizeof(copy), "%s", text);
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	if (cli_parse(&c, argc, argv, &err))
		fail_msg("'%s': %s", text, err.msg);
	c.mtu = 9001;
	memcpy(c.mac, "\x02\0\0\0\x74\x10", 6);
	memcpy(c.dmac.b, "\x02\0\0\0\x74\x44", 6);
	if (!c.outer_src.len)
		memcpy(c.outer_src.b, "\xac\x1e\x4a\x0a", 4);
	return c;
}

static struct gen *gen_of(struct conf *c)
{
	struct vx_err err = { 0 };
	struct gen *g;

	if (gen_new(&g, c, &err))
		fail_msg("%s", err.msg);
	return g;
}

static uint16_t plain_sum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)sum);
}

/* The transport checksum of a whole packet, as a receiver judges it. */
static bool l4_good(const struct parse_pkt *p)
{
	uint32_t len = p->end - p->l4;
	uint64_t sum = sum_add(0, p->frame + p->l4, len);

	if (p->proto != IPPROTO_ICMP)
		sum += sum_pseudo(p->src, p->dst, p->alen, p->proto, len);
	return sum_fold(sum) == 0xffff;
}

static void sums_of_any_length_and_alignment(void **state)
{
	uint8_t buf[300];
	size_t i, off, len;

	(void)state;
	srandom(1);
	for (i = 0; i < sizeof(buf); i++)
		buf[i] = (uint8_t)random();
	for (off = 0; off < 9; off++)
		for (len = 0; len + off <= sizeof(buf); len++)
			assert_int_equal(sum_fold(sum_add(0, buf + off, len)),
					 plain_sum(buf + off, len));
}

/* Old destination 172.31.0.238 or 10.0.0.2, port 31765, becomes 172.30.82.95, port 8081. */
static void patches_match_vectors(void **state)
{
	static const struct {
		uint16_t old_addr[2], before, ip, l4;
	} v[] = {
		{ { 0xac1f, 0x00ee }, 0x1234, 0xc0c3, 0x1d48 },
		{ { 0xac1f, 0x00ee }, 0x0001, 0xae90, 0x0b15 },
		{ { 0x0a00, 0x0002 }, 0x1234, 0x1db8, 0x7a3c },
	};
	uint16_t sum;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		sum = htons(v[i].before);
		sum_patch16(&sum, htons(v[i].old_addr[0]), htons(0xac1e));
		sum_patch16(&sum, htons(v[i].old_addr[1]), htons(0x525f));
		assert_int_equal(ntohs(sum), v[i].ip);
		sum_patch16(&sum, htons(31765), htons(8081));
		assert_int_equal(ntohs(sum), v[i].l4);
	}
}

static void outer_headers_as_aws(void **state)
{
	struct conf c = conf_of("--size 100 --vni 5569041 --flows 500");
	uint8_t buf[256], seen[128] = { 0 };
	struct gen *g = gen_of(&c);
	uint32_t i, ports = 0;

	(void)state;
	for (i = 0; i < 500; i++) {
		assert_int_equal(gen_next(g, buf), 150);
		assert_memory_equal(buf, "\x02\0\0\0\x74\x44\x02\0\0\0\x74\x10\x08\0", 14);
		assert_memory_equal(buf + 14, "\x45\0\0\x88\0\0\0\0\xff\x11", 10);
		assert_int_equal(plain_sum(buf + 14, 20), 0xffff);
		assert_memory_equal(buf + 26, "\xac\x1e\x4a\x0a\xac\x1e\x4a\x90", 8);
		assert_in_range(parse_be16(buf + 34), 65408, 65535);
		seen[parse_be16(buf + 34) - 65408] = 1;
		assert_memory_equal(buf + 36, "\x12\xb5\0\x74\0\0", 6);
		assert_memory_equal(buf + 42, "\x08\0\0\0\x54\xfa\x11\0", 8);
	}
	for (i = 0; i < 128; i++)
		ports += seen[i];
	assert_in_range(ports, 100, 128);
	gen_free(g);
}

static void every_inner_kind_has_good_sums(void **state)
{
	static const char *const kinds[] = {
		"--proto udp",
		"--proto tcp",
		"--proto icmp",
		"--inner 6 --proto udp",
		"--inner 6 --proto tcp",
		"--inner 6 --proto icmp",
		"--vlan inner",
		"--vlan both",
		"--outer 6 --outer-src 2001:db8::1 --inner 6 --vlan outer",
	};
	uint8_t buf[2048];
	size_t k;
	int i;

	(void)state;
	for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		struct conf c = conf_of(kinds[k]);
		struct parse_pkt p;
		struct gen *g;

		c.size.min = frame_min_size(&c);
		c.size.max = 1600;
		g = gen_of(&c);
		for (i = 0; i < 200; i++) {
			uint32_t len = gen_next(g, buf), outer = frame_outer_len(&c);

			assert_int_equal(parse_frame(&p, buf + outer, len - outer), 0);
			assert_int_equal(p.version, c.inner == CONF_IP4 ? 4 : 6);
			assert_int_equal(p.end, len - outer);
			if (!l4_good(&p))
				fail_msg("%s: bad checksum, packet %d", kinds[k], i);
		}
		gen_free(g);
	}
}

/* Pieces join to the datagram, for every number of pieces and a range of lengths. */
static void cut_pieces_cover_everything(void **state)
{
	uint8_t whole[2048], joined[2048], piece[2100];
	const char *const families[] = { "--plain", "--plain --inner 6" };
	uint32_t n, k, len, size, f;

	(void)state;
	for (f = 0; f < 2; f++) {
		struct conf c = conf_of(families[f]);
		struct frame_inner in = { .id = 77 };

		for (n = 2; n <= 9; n++)
			for (size = 600; size < 640; size++) {
				struct parse_pkt p;
				uint32_t data = 0;

				frame_inner(&c, &in, size, whole);
				for (k = 0; k < n; k++) {
					len = frame_cut(whole, size, 14, k, n, 99, piece);
					assert_int_equal(parse_frame(&p, piece, len), 0);
					assert_true(p.frag);
					assert_int_equal(p.more, k < n - 1);
					assert_int_equal(p.frag_off, data);
					assert_int_equal(p.end, len);
					memcpy(joined + data, piece + p.l4, p.end - p.l4);
					data += p.end - p.l4;
				}
				assert_int_equal(data, size - (f ? 54 : 34));
				assert_memory_equal(joined, whole + (f ? 54 : 34), data);
			}
	}
}

static void sources_spread_over_prefixes(void **state)
{
	static const struct {
		const char *src;
		uint32_t flow;
		const char *want;
	} v[] = {
		{ "192.0.2.0/24", 0, "192.0.2.1" },
		{ "192.0.2.0/24", 253, "192.0.2.254" },
		{ "192.0.2.0/24", 254, "192.0.2.1" },
		{ "192.0.2.77/24", 0, "192.0.2.1" },
		{ "192.0.2.7", 5, "192.0.2.7" },
		{ "192.0.2.6/31", 1, "192.0.2.7" },
		{ "192.0.2.7,10.0.0.0/8", 1, "10.0.0.1" },
		{ "192.0.2.7,10.0.0.0/8", 3, "10.0.0.2" },
		{ "0.0.0.0/0", 0, "0.0.0.1" },
	};
	uint8_t got[16], want[4];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		char text[64];
		struct conf c;

		snprintf(text, sizeof(text), "--src %s", v[i].src);
		c = conf_of(text);
		gen_source(&c.src, v[i].flow, got);
		inet_pton(AF_INET, v[i].want, want);
		assert_memory_equal(got, want, 4);
	}
}

/* All hosts are met, and no other; so are the ports; and a run is like the one before. */
static void hosts_at_random(void **state)
{
	struct conf c = conf_of("--src 10.0.255.240/27 --hosts 20 --flows 3 --dport 7-9");
	struct gen *g = gen_of(&c), *again = gen_of(&c);
	uint32_t i, seen[20] = { 0 };
	uint8_t buf[1024], other[1024];

	(void)state;
	for (i = 0; i < 2000; i++) {
		uint32_t n;

		gen_next(g, buf);
		gen_next(again, other);
		assert_memory_equal(buf + 76, other + 76, 4); /* 50 outside, 14, 12 */
		n = parse_be32(buf + 76) - 0x0a00ffe0;
		assert_in_range(n, 0, 19);
		seen[n]++;
		assert_int_equal(parse_be16(buf + 86), 7 + i % 3);
	}
	for (i = 0; i < 20; i++)
		assert_in_range(seen[i], 50, 150);
	gen_free(g);
	gen_free(again);
}

/* Rewrites a generated frame whose outer checksum is made right first: all must stay right. */
static void replay_keeps_checksums(void **state)
{
	static const char *const kinds[] = { "--proto udp", "--proto tcp", "--inner 6",
					     "--vlan inner" };
	struct replay_edit e = { 4789, 0xabcdef, 8081 };
	uint8_t buf[1024];
	size_t k;

	(void)state;
	for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		struct conf c = conf_of(kinds[k]);
		struct gen *g = gen_of(&c);
		uint32_t len = gen_next(g, buf);
		struct parse_pkt outer, inner;
		uint16_t sum;

		parse_frame(&outer, buf, len);
		sum = (uint16_t)~sum_fold(
			sum_add(0, buf + outer.l4, outer.end - outer.l4) +
			sum_pseudo(outer.src, outer.dst, 4, 17, outer.end - outer.l4));
		memcpy(buf + outer.l4 + 6, &sum, 2);
		assert_true(l4_good(&outer));
		assert_true(replay_edit(buf, len, &e));
		assert_true(l4_good(&outer));
		assert_memory_equal(buf + outer.l4 + 12, "\xab\xcd\xef", 3);
		parse_frame(&inner, buf + 50, len - 50);
		assert_int_equal(parse_be16(buf + 50 + inner.l4 + 2), 8081);
		assert_true(l4_good(&inner));
		gen_free(g);
	}
}

static void replay_leaves_zero_and_wrong_sums(void **state)
{
	struct replay_edit e = { 4789, 7, CONF_UNSET };
	struct conf c = conf_of("");
	struct gen *g = gen_of(&c);
	uint8_t buf[1024], copy[1024];
	uint32_t len = gen_next(g, buf);

	(void)state;
	assert_true(replay_edit(buf, len, &e));
	assert_memory_equal(buf + 40, "\0\0", 2);
	memset(buf + 50 + 40, 0, 2); /* an inner UDP without a sum stays so */
	e.dport = 80;
	assert_true(replay_edit(buf, len, &e));
	assert_memory_equal(buf + 50 + 40, "\0\0", 2);
	buf[42] = 0; /* no I bit: not VXLAN, nothing is touched */
	memcpy(copy, buf, len);
	e.vni = 9;
	assert_false(replay_edit(buf, len, &e));
	assert_memory_equal(buf, copy, len);
	gen_free(g);
}

/* With the address sanitizer a read beyond the frame is an error. */
static void replay_of_cut_frames(void **state)
{
	static const char *const kinds[] = { "", "--proto tcp", "--inner 6 --vlan both",
					     "--outer 6 --outer-src 2001:db8::1" };
	struct replay_edit e = { 4789, 1, 1 };
	size_t k;

	(void)state;
	for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		struct conf c = conf_of(kinds[k]);
		struct gen *g = gen_of(&c);
		uint8_t buf[1024];
		uint32_t len = gen_next(g, buf), cut;

		for (cut = 0; cut <= len; cut++) {
			uint8_t *exact = malloc(cut ? cut : 1);

			assert_non_null(exact);
			memcpy(exact, buf, cut);
			replay_edit(exact, cut, &e);
			free(exact);
		}
		gen_free(g);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_of_any_length_and_alignment),
		cmocka_unit_test(patches_match_vectors),
		cmocka_unit_test(outer_headers_as_aws),
		cmocka_unit_test(every_inner_kind_has_good_sums),
		cmocka_unit_test(cut_pieces_cover_everything),
		cmocka_unit_test(sources_spread_over_prefixes),
		cmocka_unit_test(hosts_at_random),
		cmocka_unit_test(replay_keeps_checksums),
		cmocka_unit_test(replay_leaves_zero_and_wrong_sums),
		cmocka_unit_test(replay_of_cut_frames),
	};

	return cmocka_run_group_tests_name("lab_wire", tests, NULL, NULL);
}
