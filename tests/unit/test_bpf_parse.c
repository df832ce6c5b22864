// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel side's parser, compiled on the host: what the test runs in the kernel cannot show.
 * Frames too long for a test run, and every read held to the frame by the sanitizers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host_load.h"

#define PORT 4789

/* Outer IPv4, UDP, VXLAN with VNI 1, inner Ethernet with a tag, IPv4, UDP to 31765, 4 bytes. */
static const uint8_t udp4[] = {
	2,    0,   0,	 0,    0,    1,	  2,	0,    0,    0,	  0, 2,	 0x08, 0x00, /* Ethernet */
	0x45, 0,   0,	 86,   0,    0,	  0,	0,    255,  17,	  0, 0,	 172,  30,
	83,   192, 172,	 30,   83,   100, 0xff, 0x80, 0x12, 0xb5, 0, 66, 0,    0, /* UDP */
	0x08, 0,   0,	 0,    0,    0,	  1,	0,				  /* VXLAN */
	2,    0,   0,	 0,    0,    3,	  2,	0,    0,    0,	  0, 4,	 0x81, 0x00,
	0,    7,   0x08, 0x00, 0x45, 0,	  0,	32,   0,    1,	  0, 0,	 64,   17,
	0,    0,   10,	 1,    2,    3,	  172,	31,   0,    238,  0, 53, 0x7c, 0x15,
	0,    12,  0xab, 0xcd, 'a',  'b', 'c',	'd',
};
#define UDP4_L3 68

/* Outer IPv6, UDP, VXLAN, inner IPv6 with a fragment header (the first one), TCP with 20 bytes. */
static const uint8_t tcp6[] = {
	2,    0,    0,	  0,	0, 1,  2,  0,  0,    0,	   0,	 2,    0x86, 0xdd, /* Ethernet */
	0x60, 0,    0,	  0,	0, 98, 17, 64, 0x20, 1,	   0xd,	 0xb8, 0,    0,	   0,
	0,    0,    0,	  0,	0, 0,  0,  0,  0xa,  0x20, 1,	 0xd,  0xb8, 0,	   0,
	0,    0,    0,	  0,	0, 0,  0,  0,  0,    0xb,  0xff, 0x80, 0x12, 0xb5, 0,
	98,   0,    0,								   /* UDP */
	0x08, 0,    0,	  0,	0, 0,  1,  0,					   /* VXLAN */
	2,    0,    0,	  0,	0, 3,  2,  0,  0,    0,	   0,	 4,    0x86, 0xdd, /* Ethernet */
	0x60, 0,    0,	  0,	0, 28, 44, 64, 0x20, 1,	   0xd,	 0xb8, 0,    1,	   0,
	0,    0,    0,	  0,	0, 0,  0,  0,  5,    0x20, 1,	 0xd,  0xb8, 0,	   2,
	0,    0,    0,	  0,	0, 0,  0,  0,  0,    6,	   6,	 0,    0,    1,	   0xde,
	0xad, 0xbe, 0xef, /* fragment header */
	0x30, 0x39, 0x7c, 0x15, 0, 0,  0,  1,  0,    0,	   0,	 0,    0x50, 2,	   0x20,
	0,    0x12, 0x34, 0,	0,
};

static void parses_udp4(void **state)
{
	struct vx_pkt p = { 0 };

	(void)state;
	assert_int_equal(host_parse(udp4, sizeof(udp4), PORT, &p), 0);
	assert_true(host_is_sane(&p));
	assert_int_equal(p.t.vni, 1);
	assert_int_equal(p.t.tags, 1);
	assert_int_equal(p.l3, UDP4_L3);
	assert_int_equal(p.l4, UDP4_L3 + 20);
	assert_int_equal(p.t.ip_len, 32);
	assert_memory_equal(p.t.outer_src, ((uint8_t[]){ 172, 30, 83, 192 }), 4);
	assert_memory_equal(p.t.src, ((uint8_t[]){ 10, 1, 2, 3 }), 4);
	assert_memory_equal(p.t.dst, ((uint8_t[]){ 172, 31, 0, 238 }), 4);
	assert_int_equal(p.t.dport, VX_BE16(31765));
	assert_int_equal(p.t.flags, VX_T_HAS_PORTS);
}

static void parses_first_fragment_tcp6(void **state)
{
	struct vx_pkt p = { 0 };

	(void)state;
	assert_int_equal(host_parse(tcp6, sizeof(tcp6), PORT, &p), 0);
	assert_true(host_is_sane(&p));
	assert_int_equal(p.t.outer_family, VX_IP6);
	assert_int_equal(p.t.family, VX_IP6);
	assert_int_equal(p.t.flags, VX_T_FRAG | VX_T_FIRST | VX_T_HAS_PORTS);
	assert_int_equal(p.frag_id, VX_BE32(0xdeadbeef));
	assert_int_equal(p.frag_proto, IPPROTO_TCP);
	assert_int_equal(p.l4, p.l3 + 48);
	assert_int_equal(p.l4_sum, VX_BE16(0x1234));
}

/* A copy of its own size, so that the sanitizer sees one byte too many. */
static int parse_copy(const uint8_t *data, size_t len, struct vx_pkt *p)
{
	uint8_t *copy = malloc(len ? len : 1);
	int row;

	assert_non_null(copy);
	memcpy(copy, data, len);
	row = host_parse(copy, (uint32_t)len, PORT, p);
	free(copy);
	return row;
}

static void stays_inside_when_cut(void **state)
{
	struct vx_pkt p = { 0 };

	(void)state;
	for (size_t len = 0; len < sizeof(udp4); len++) {
		int row = parse_copy(udp4, len, &p);

		/* 14 + 20 + 8 + 8 bytes make it VXLAN, 18 + 20 more a packet, 8 more ports */
		if (len < 50)
			assert_int_equal(row, VX_L_NOT_VXLAN);
		else if (len < UDP4_L3 + 28)
			assert_int_equal(row, VX_L_MALFORMED);
		else
			assert_int_equal(row, 0);
		if (len >= UDP4_L3 + 20)
			assert_true(p.t.flags & VX_T_TRUNCATED);
	}
	for (size_t len = 0; len < sizeof(tcp6); len++)
		if (!parse_copy(tcp6, len, &p))
			assert_true(host_is_sane(&p));
}

static uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(*state >> 33);
}

static void stays_inside_when_spoiled(void **state)
{
	uint64_t seed = 20261123;
	unsigned whole = 0;

	(void)state;
	for (int round = 0; round < 200000; round++) {
		const uint8_t *base = round & 1 ? udp4 : tcp6;
		const uint32_t size = round & 1 ? sizeof(udp4) : sizeof(tcp6);
		struct vx_pkt p = { 0 };
		uint8_t frame[sizeof(tcp6)];

		memcpy(frame, base, size);
		for (uint32_t n = next_random(&seed) % 4; n; n--)
			frame[next_random(&seed) % size] = (uint8_t)next_random(&seed);
		if (parse_copy(frame, size - next_random(&seed) % 8, &p))
			continue;
		assert_true(host_is_sane(&p));
		whole++;
	}
	assert_true(whole > 10000); /* or the test shows nothing */
}

/* Frames that some hosts hand over before they are cut up for the wire: lengths of 0 in both
 * headers. */
static void leaves_big_tcp_alone(void **state)
{
	const uint32_t len = 80000;
	uint8_t *frame = calloc(1, len);
	struct vx_pkt p = { 0 };

	(void)state;
	assert_non_null(frame);
	memcpy(frame, udp4, sizeof(udp4));
	memset(frame + 16, 0, 2);
	assert_int_equal(host_parse(frame, len, PORT, &p), VX_L_NOT_VXLAN);
	memcpy(frame, udp4, sizeof(udp4));
	memset(frame + 38, 0, 2);
	assert_int_equal(host_parse(frame, len, PORT, &p), VX_L_NOT_VXLAN);
	memcpy(frame, tcp6, sizeof(tcp6));
	memset(frame + 18, 0, 2);
	assert_int_equal(host_parse(frame, len, PORT, &p), VX_L_NOT_VXLAN);
	free(frame);
}

/* The only packet of a pcap file (little-endian); NULL when there is no such file. */
static uint8_t *read_capture(const char *dir, const char *name, uint32_t *len)
{
	uint8_t *frame = NULL;
	uint32_t head[4];
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "rb");
	if (!f)
		return NULL;
	if (!fseek(f, 24, SEEK_SET) && fread(head, sizeof(head), 1, f) == 1) {
		*len = head[2];
		frame = malloc(*len);
		assert_non_null(frame);
		assert_int_equal(fread(frame, 1, *len, f), *len);
	}
	fclose(f);
	return frame;
}

static void leaves_captured_big_tcp_alone(void **state)
{
	static const char *const names[] = {
		"tcpdump_bigtcp-ipv4-vxlan-ipv4.pcap",
		"tcpdump_bigtcp-ipv4-vxlan-ipv6.pcap",
		"tcpdump_bigtcp-ipv6-vxlan-ipv4.pcap",
		"tcpdump_bigtcp-ipv6-vxlan-ipv6.pcap",
	};
	const char *dir = getenv("VX_CAPTURES");
	struct vx_pkt p = { 0 };
	unsigned seen = 0;

	(void)state;
	if (!dir)
		skip();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		uint32_t len = 0;
		uint8_t *frame = read_capture(dir, names[i], &len);

		if (!frame)
			continue;
		assert_true(len > 65536);
		assert_int_equal(host_parse(frame, len, PORT, &p), VX_L_NOT_VXLAN);
		free(frame);
		seen++;
	}
	assert_true(seen >= 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_udp4),
		cmocka_unit_test(parses_first_fragment_tcp6),
		cmocka_unit_test(stays_inside_when_cut),
		cmocka_unit_test(stays_inside_when_spoiled),
		cmocka_unit_test(leaves_big_tcp_alone),
		cmocka_unit_test(leaves_captured_big_tcp_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
