// SPDX-License-Identifier: GPL-2.0-only
/* Packets as they are typed, and the frames that are built of them: judged by the parsers of the
 * XDP program and by vxgen's. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/cmd/cmd.h"
#include "engine/model/packet.h"
#include "engine/model/parse.h"
#include "engine/model/sum.h"
#include "parse.bpf.h"

struct host_frame {
	const uint8_t *b;
	uint32_t len;
};

static inline int vx_load(void *ctx, __u32 off, void *to, __u32 n)
{
	const struct host_frame *f = ctx;

	if (off + n > f->len)
		return -1;
	memcpy(to, f->b + off, n);
	return 0;
}

static int parse(const char *line, struct packet *p, struct vx_err *err)
{
	char **argv;
	int argc, r;

	assert_int_equal(cmd_split(line, &argc, &argv, err), 0);
	r = packet_parse(argc, argv, p, err);
	free(argv);
	return r;
}

static void refused(const char *line, const char *message)
{
	struct vx_err err = { 0 };
	struct packet p;

	assert_int_equal(parse(line, &p, &err), -EINVAL);
	assert_string_equal(err.msg, message);
}

static void what_is_refused(void **state)
{
	static const char end[] = "an address as in 10.1.2.3:5000 or [2001:db8::1]:5000";
	char text[200];
	const char *const ends[] = { "10.1.2",	   "10.1.2.3.4:1", "[::1",	  "[10.1.2.3]:5",
				     "::1:2:3:4x", ":80",	   "[]:80",	  "[::1]x80",
				     "[::1]80",	   "a.b:80",	   "10.1.2.3/8:1" };

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		char line[100];

		snprintf(line, sizeof(line), "udp %s > 10.0.0.1:1", ends[i]);
		snprintf(text, sizeof(text), "'%s': expected %s", ends[i], end);
		refused(line, text);
	}
	refused("udp 10.0.0.1:65536 > 10.0.0.2:1",
		"'10.0.0.1:65536': expected a port of 0-65535 after the address");
	refused("udp 10.0.0.1: > 10.0.0.2:1",
		"'10.0.0.1:': expected a port of 0-65535 after the address");
	refused("udp 10.0.0.1:+1 > 10.0.0.2:1",
		"'10.0.0.1:+1': expected a port of 0-65535 after the address");
	refused("udp 10.0.0.1:18446744073709551617 > 10.0.0.2:1",
		"'10.0.0.1:18446744073709551617': expected a port of 0-65535 after the address");
	refused("udp 10.0.0.1 > 10.0.0.2",
		"'10.0.0.1': expected a port, as in 10.1.2.3:5000: only later fragments have none");
	refused("udp 10.0.0.1:1 > 10.0.0.2",
		"'10.0.0.2': expected a port, as the other address has one");
	refused("icmp 10.0.0.1:1 > 10.0.0.2",
		"'10.0.0.1:1': expected no port: only udp and tcp have them");
	refused("udp 10.0.0.1:1 > [::1]:1",
		"'[::1]:1': expected an address of the same family as the first");
	refused("udp 10.0.0.1:1 - 10.0.0.2:1", "'-': expected > or to between the addresses");
	refused("udp 10.0.0.1:1 >", "udp: expected A > B, or A to B, behind it");
	refused("proto", "'proto': expected proto and a number of 0-255");
	refused("proto 256 10.0.0.1 > 10.0.0.2", "'256': expected proto and a number of 0-255");
	refused("proto 6 10.0.0.1 > 10.0.0.2",
		"'6': expected udp or tcp for a protocol with ports");
#define BASE "udp 10.0.0.1:1 > 10.0.0.2:1 "
	refused(BASE "color red", "'color': expected vni, len, frag, ttl or from");
	refused(BASE "vni", "vni: its value is missing");
	refused(BASE "vni 1 vni 2", "vni: is there twice");
	refused(BASE "vni 16777216", "'16777216': expected a VNI of 0-16777215");
	refused(BASE "vni -1", "'-1': expected a VNI of 0-16777215");
	refused(BASE "ttl 256", "'256': expected a TTL of 0-255");
	refused(BASE "len 27", "len 27: at least 28 bytes of headers are in it");
	refused(BASE "len 65452", "'65452': expected bytes of the inner IP packet, at most 65451: "
				  "longer frames no test run of the kernel takes");
	refused(BASE "frag 7", "'7': expected a fragment as in 7:1480+ (ID:OFFSET, + when more "
			       "follow)");
	refused(BASE "frag 65536:8", "'65536:8': expected a fragment as in 7:1480+ (ID:OFFSET, + "
				     "when more follow)");
	refused(BASE "frag 7:9", "'7:9': expected an offset that is a multiple of 8, then + or "
				 "nothing");
	refused(BASE "frag 7:8-", "'7:8-': expected an offset that is a multiple of 8, then + or "
				  "nothing");
	refused(BASE "frag 7:0", "'7:0': expected + after offset 0: else the packet is whole");
	refused(BASE "frag 7:8+ len 37", "len 37: a fragment that others follow has a multiple of "
					 "8 bytes behind its IP header, as with len 36");
	refused(BASE "frag 7:65528", "frag: offset 65528 and 8 bytes are beyond 65,535");
	refused(BASE "from 10.0.0.300", "'10.0.0.300': expected an IPv4 or IPv6 address");
	refused("udp 10.0.0.1\033:1 > 10.0.0.2:1",
		"'10.0.0.1\\x1b:1': expected an address as in 10.1.2.3:5000 or [2001:db8::1]:5000");
}

static void nothing_typed(void **state)
{
	struct vx_err err = { 0 };
	struct packet p;

	(void)state;
	assert_int_equal(packet_parse(0, NULL, &p, &err), -EINVAL);
	assert_true(packet_is_word("proto"));
	assert_false(packet_is_word("udp.pcap"));
	assert_false(packet_is_word(""));
}

/* The frame as the program reads it. */
static void judge(const char *line, struct packet *p, struct vx_pkt *v, uint8_t *frame,
		  uint16_t port)
{
	struct host_frame f = { .b = frame };
	struct vx_err err = { 0 };

	if (parse(line, p, &err))
		fail_msg("%s: %s", line, err.msg);
	f.len = packet_build(p, port, frame);
	memset(v, 0, sizeof(*v));
	vx_pkt_init(v, f.len);
	assert_int_equal(parse_outer(&f, v, port), 0);
	assert_int_equal(parse_inner(&f, v), 0);
	assert_int_equal(parse_l4(&f, v), 0);
	assert_int_equal(v->t.ip_len, p->len);
	assert_int_equal(v->end, f.len);
	assert_false(v->t.flags & VX_T_TRUNCATED);
}

/* All sums of the inner frame, by the parser of vxgen's sink. */
static void check_sums(const uint8_t *frame, uint32_t len, uint32_t l3, bool l4)
{
	struct parse_pkt p;
	uint64_t sum;

	assert_int_equal(parse_frame(&p, frame + l3 - 14, len - (l3 - 14)), 0);
	if (p.version == 4)
		assert_int_equal(sum_fold(sum_add(0, p.frame + 14, 20)), 0xffff);
	if (!l4)
		return;
	sum = sum_add(0, p.frame + p.l4, p.end - p.l4);
	if (p.proto != IPPROTO_ICMP)
		sum += sum_pseudo(p.src, p.dst, p.alen, p.proto, p.end - p.l4);
	assert_int_equal(sum_fold(sum), 0xffff);
}

static void what_is_built(void **state)
{
	static const struct {
		const char *line;
		uint32_t len, vni, flags;
		uint8_t proto, family, outer;
		bool sum;
	} cases[] = {
		{ "udp 10.1.2.3:5000 > 172.30.74.144:31765", 28, 0, VX_T_HAS_PORTS, 17, 4, 4, 1 },
		{ "udp 10.1.2.3:5000 to 172.30.74.144:31765 len 1501 vni 16777215 ttl 0", 1501,
		  16777215, VX_T_HAS_PORTS, 17, 4, 4, 1 },
		{ "tcp [2001:db8::1]:5000 > [2001:db8::2]:31765 from 10.0.0.9", 60, 0,
		  VX_T_HAS_PORTS, 6, 6, 4, 1 },
		{ "tcp 10.1.2.3:5000 > 10.1.2.4:31765 from 2001:db8::9 len 65451", 65451, 0,
		  VX_T_HAS_PORTS, 6, 4, 6, 1 },
		{ "icmp 10.1.2.3 > 10.1.2.4", 28, 0, 0, 1, 4, 4, 1 },
		{ "icmp 2001:db8::1 > [2001:db8::2]", 48, 0, 0, 58, 6, 6, 1 },
		{ "proto 47 10.1.2.3 > 10.1.2.4 len 100", 100, 0, 0, 47, 4, 4, 0 },
		{ "udp 10.1.2.3:5000 > 10.1.2.4:31765 frag 7:0+", 28, 0,
		  VX_T_HAS_PORTS | VX_T_FRAG | VX_T_FIRST, 17, 4, 4, 0 },
		{ "tcp 10.1.2.3:5000 > 10.1.2.4:31765 frag 7:0+", 44, 0,
		  VX_T_HAS_PORTS | VX_T_FRAG | VX_T_FIRST, 6, 4, 4, 0 },
		{ "udp 10.1.2.3 > 10.1.2.4 frag 65535:1480 len 33", 33, 0, VX_T_FRAG, 17, 4, 4, 0 },
		{ "udp [::1]:1 > [::2]:2 frag 4294967295:65000+", 56, 0, VX_T_FRAG, 17, 6, 6, 0 },
	};
	static uint8_t frame[PACKET_FRAME_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vx_pkt v;
		struct packet p;

		memset(frame, 0xee, sizeof(frame)); /* what is not written shows */
		judge(cases[i].line, &p, &v, frame, 4790);
		assert_int_equal(p.len, cases[i].len);
		assert_int_equal(v.t.vni, cases[i].vni);
		assert_int_equal(v.t.flags, cases[i].flags);
		assert_int_equal(v.t.proto, cases[i].proto);
		assert_int_equal(v.t.family, cases[i].family);
		assert_memory_equal(v.t.src, p.src.b, 16);
		assert_memory_equal(v.t.dst, p.dst.b, 16);
		assert_memory_equal(v.t.outer_src, p.from.b, 16);
		check_sums(frame, v.end, v.l3, cases[i].sum);
		if (p.frag)
			assert_int_equal(v.t.family == VX_IP4 ? VX_BE16((uint16_t)v.frag_id)
							      : VX_BE32(v.frag_id),
					 p.frag_id);
		if (cases[i].flags & VX_T_HAS_PORTS)
			assert_int_equal(VX_BE16(v.t.dport), 31765);
	}
}

/* The outer IPv4 header's sum is right, the UDP sum 0, the TTL of both as said. */
static void the_outer_headers(void **state)
{
	static uint8_t frame[PACKET_FRAME_MAX];
	struct packet p;
	struct vx_pkt v;

	(void)state;
	judge("udp 10.1.2.3:5000 > 10.1.2.4:31765 ttl 7", &p, &v, frame, 4789);
	assert_int_equal(sum_fold(sum_add(0, frame + 14, 20)), 0xffff);
	assert_int_equal(frame[34 + 6] | frame[34 + 7], 0);
	assert_int_equal(frame[v.l3 + 8], 7);
	assert_int_equal(p.ttl, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_refused),
		cmocka_unit_test(nothing_typed),
		cmocka_unit_test(what_is_built),
		cmocka_unit_test(the_outer_headers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
