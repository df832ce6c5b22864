// SPDX-License-Identifier: GPL-2.0-only
/* What `explain` says of the datapath's answer, on a fake engine that plants the answers. */
#include <arpa/inet.h>
#include <errno.h>
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
#include "engine/cmd/explain.h"
#include "engine/model/packet.h"
#include "fake_eng.h"
#include "proto/out.h"
#include "proto/stream.h"

static struct fake fake;
static struct eng_explained answer;
static struct net_nexthop hop;
static struct cidr permitted;

/* udp 10.1.2.3:5000 > 172.30.74.144:31765, permitted, NATed, sent. */
static void plant(void)
{
	static const uint8_t src[4] = { 10, 1, 2, 3 }, dst[4] = { 172, 30, 74, 144 },
			     to[4] = { 172, 30, 82, 95 }, from[4] = { 192, 0, 2, 1 },
			     mac[6] = { 2, 0, 0, 0, 0x82, 0x95 };
	struct vx_trace *t = &answer.x.trace;

	memset(&answer, 0, sizeof(answer));
	*t = (struct vx_trace){ .row = VX_L_QUEUED,
				.step = VX_STEP_OUT,
				.flags = VX_T_HAS_PORTS | VX_T_NAT_HIT | VX_T_ALLOW_HIT,
				.vni = 1,
				.ip_len = 28,
				.frame_len = 42,
				.sport = htons(5000),
				.dport = htons(31765),
				.outer_family = VX_IP4,
				.family = VX_IP4,
				.proto = 17,
				.to.port = htons(8081) };
	memcpy(t->src, src, 4);
	memcpy(t->dst, dst, 4);
	memcpy(t->to.addr, to, 4);
	memcpy(t->outer_src, from, 4);
	memcpy(t->mac, mac, 6);
	answer.cfg = (struct vx_cfg){
		.allow_mode = VX_ALLOW_ENFORCE, .egress_mtu = 9001, .n_rings = 2, .port = 4789
	};
	answer.rule = nat_at(fake.e.nat, 0);
	answer.hop = &hop;
	answer.entry = allow_find(fake.e.allow, &permitted);
	hop = (struct net_nexthop){ .state = NET_NH_RESOLVED,
				    .via = { VX_IP4, { 172, 30, 82, 95 } } };
	fake.explained = &answer;
}

static int setup(void **state)
{
	struct vx_err err;

	(void)state;
	fake_eng_init(&fake);
	if (opt_init(&fake.o, &err) || addr_cidr_parse("10.1.2.0/24", &permitted, &err) ||
	    allow_add(fake.e.allow, &permitted, "Zoom Fiber, LLC", NULL, NULL, &err) ||
	    eng_nat_add(&fake.e, "udp/31765=172.30.82.95:8081", &err))
		return -1;
	fake.o.allow_mode = VX_ALLOW_ENFORCE;
	snprintf(fake.o.egress_dev, sizeof(fake.o.egress_dev), "ens6");
	snprintf(fake.o.ingress, sizeof(fake.o.ingress), "ens5");
	plant();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_eng_fini(&fake);
	opt_fini(&fake.o);
	return 0;
}

/* What the line answers, as JSON or text, or the error; until the next. */
static const char *said(const char *line, int fd, bool owner, bool json)
{
	static struct buf b;
	struct con c = { .e = &fake.e, .out = out_new(), .may_write = owner, .fd = fd };
	struct vx_err err = { 0 };
	char **argv;
	int argc;

	buf_fini(&b);
	assert_int_equal(cmd_split(line, &argc, &argv, &err), 0);
	if (cmd_run(&c, argc, argv, &err))
		buf_str(&b, err.msg);
	else if (json)
		out_json(c.out, &b);
	else
		out_text(c.out, &b);
	free(argv);
	cmd_con_fini(&c);
	out_free(c.out);
	return b.data;
}

#define TYPED "explain udp 10.1.2.3:5000 > 172.30.74.144:31765"

static void has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no %s in %s", part, text);
}

static void one_that_is_sent(void **state)
{
	static const uint8_t frame[42] = { 2,	 0,    0,    0,	  0x82, 0x95, 2,    0,	  0,
					   0,	 0x82, 0x10, 8,	  0,	69,   0,    0,	  28,
					   0,	 0,    0,    0,	  64,	17,   0x70, 0x50, 10,
					   1,	 2,    3,    172, 30,	82,   95,   0x13, 0x88,
					   0x1f, 0x91, 0,    8,	  0xc2, 0x43 };

	(void)state;
	memcpy(answer.x.frame, frame, sizeof(frame));
	answer.x.len = sizeof(frame);
	assert_string_equal(
		said(TYPED, -1, false, true),
		"{\"verdict\":\"send\",\"row\":\"queued\",\"help\":\"Handed to a worker through "
		"its ring\",\"todo\":null,\"step\":\"out\",\"steps\":["
		"{\"step\":\"outer\",\"verdict\":\"ok\",\"by\":\"VNI 1 from 192.0.2.1 is ours\"},"
		"{\"step\":\"inner\",\"verdict\":\"ok\",\"by\":\"udp 10.1.2.3 > 172.30.74.144, "
		"28 bytes\"},"
		"{\"step\":\"allow\",\"verdict\":\"ok\",\"by\":\"10.1.2.0/24, Zoom Fiber, LLC "
		"permits its source\"},"
		"{\"step\":\"l4\",\"verdict\":\"ok\",\"by\":\"ports 5000 > 31765\"},"
		"{\"step\":\"nat\",\"verdict\":\"ok\",\"by\":\"rule udp/31765 sends it to "
		"172.30.82.95:8081\"},"
		"{\"step\":\"l2\",\"verdict\":\"ok\",\"by\":\"28 of 9001 bytes, to "
		"02:00:00:00:82:95, 172.30.82.95, resolved\"},"
		"{\"step\":\"out\",\"verdict\":\"send\",\"by\":\"ring 0 of 2, 42 bytes to "
		"ens6\"}],"
		"\"frame\":{\"len\":42,\"dst_mac\":\"02:00:00:00:82:95\",\"src_mac\":\"02:00:00:00:"
		"82:"
		"10\",\"src\":\"10.1.2.3\",\"dst\":\"172.30.82.95\",\"proto\":\"udp\",\"ttl\":64,"
		"\"ip_len\":28,\"ip_sum\":\"0x7050\",\"ip_sum_right\":true,\"sport\":5000,"
		"\"dport\":8081,\"l4_sum\":\"0xc243\",\"l4_sum_right\":true,\"hex\":"
		"\"0200000082950200"
		"0000821008004500001c00000000401170500a010203ac1e525f13881f910008c243\"}}");
	/* What the frame says of itself is looked at, not believed. */
	answer.x.frame[40] ^= 1;
	answer.x.frame[25] ^= 1;
	has(said(TYPED, -1, false, true), "\"ip_sum_right\":false");
	has(said(TYPED, -1, false, true), "\"l4_sum_right\":false");
	answer.x.frame[40] = answer.x.frame[41] = 0;
	has(said(TYPED, -1, false, true), "\"l4_sum\":\"0x0000\",\"l4_sum_right\":null");
	for (uint32_t len = 14; len < 42; len++) {
		answer.x.len = len; /* whatever it is, nothing beyond is read */
		has(said(TYPED, -1, false, true), "\"hex\":\"");
		assert_null(strstr(said(TYPED, -1, false, true), "l4_sum"));
	}
	has(said(TYPED, -1, false, false), "\n  l4     ok       ports 5000 > 31765\n");
}

/* The row and the step in which it ends, and what is said of them. */
static void each_way_to_end(void **state)
{
	static const struct {
		enum vx_ledger_id row;
		enum vx_step step;
		uint32_t clear, set;
		const char *verdict, *by, *todo;
	} c[] = {
		{ VX_L_NOT_VXLAN, VX_STEP_OUTER, 0, 0, "pass",
		  "not UDP to port 4789 with a VXLAN header that has its I bit set",
		  "nothing, if it is no mirrored packet; else the option --port" },
		{ VX_L_OUTER_FRAGMENT, VX_STEP_OUTER, 0, 0, "pass",
		  "a fragment of an outer UDP packet",
		  "a larger MTU between the mirror source and ens5" },
		{ VX_L_OTHER_VNI_PASS, VX_STEP_OUTER, 0, 0, "pass",
		  "VNI 1 from 192.0.2.1 is not ours (other-vni pass)", "vni add 1" },
		{ VX_L_OTHER_VNI_DROP, VX_STEP_OUTER, 0, 0, "drop",
		  "VNI 1 from 192.0.2.1 is not ours (other-vni pass)", "vni add 1" },
		{ VX_L_MALFORMED, VX_STEP_INNER, 0, 0, "drop",
		  "its Ethernet or IP header is cut or contradicts itself",
		  "nothing: it is so at its source" },
		{ VX_L_NOT_IP, VX_STEP_INNER, 0, 0, "drop", "neither IPv4 nor IPv6",
		  "nothing: it is so at its source" },
		{ VX_L_PAUSED, VX_STEP_INNER, 0, 0, "drop", "intake is off", "intake on" },
		{ VX_L_DENIED, VX_STEP_ALLOW, VX_T_ALLOW_HIT, 0, "drop",
		  "no entry (match any, allow-mode enforce)", "allow add 10.1.2.3" },
		{ VX_L_TRUNCATED, VX_STEP_L4, 0, VX_T_TRUNCATED, "drop",
		  "fewer bytes than its IP length (truncated drop)",
		  "a larger packet length of the mirror session, or set truncated forward" },
		{ VX_L_MALFORMED, VX_STEP_L4, 0, 0, "drop",
		  "its udp header is cut or contradicts itself",
		  "nothing: it is so at its source" },
		{ VX_L_MALFORMED, VX_STEP_L4, 0, VX_T_TRUNCATED, "drop",
		  "its udp header is cut or contradicts itself",
		  "a larger packet length of the mirror session, or set truncated forward" },
		{ VX_L_NO_RULE, VX_STEP_NAT, VX_T_NAT_HIT, 0, "drop",
		  "no rule for udp/31765 (unmatched drop)",
		  "nat add udp/31765=ADDRESS:PORT, or set unmatched forward" },
		{ VX_L_NO_RULE, VX_STEP_NAT, VX_T_NAT_HIT | VX_T_HAS_PORTS, 0, "drop",
		  "no rule, without ports (unmatched drop)", "set unmatched forward" },
		{ VX_L_NO_RULE, VX_STEP_NAT, VX_T_NAT_HIT | VX_T_HAS_PORTS,
		  VX_T_FRAG | VX_T_FRAG_HIT, "drop", "its first fragment had no rule",
		  "set unmatched forward" },
		{ VX_L_OVERSIZE, VX_STEP_L2, 0, 0, "drop",
		  "28 bytes, more than the MTU of ens6, 9001",
		  "ip link set ens6 mtu 28, or smaller packets at their source" },
		{ VX_L_NO_NEIGHBOUR, VX_STEP_L2, 0, 0, "drop", "next hop 172.30.82.95: resolved",
		  "nat list shows the next hops, --next-hop-mac sets one" },
		{ VX_L_INTERNAL, VX_STEP_OUT, 0, 0, "drop", "the frame cannot be written",
		  "a restart; if it stays so, report it" },
		{ VX_L_QUEUED, VX_STEP_OUT, VX_T_NAT_HIT | VX_T_HAS_PORTS, VX_T_FRAG | VX_T_HELD,
		  "hold", "ring 0 of 2, 42 bytes to ens6",
		  "nothing, if its first fragment comes within 5 ms or came before" },
	};
	char want[400];

	(void)state;
	for (size_t i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		struct vx_trace *t = &answer.x.trace;
		const char *text;

		plant();
		t->row = c[i].row;
		t->step = c[i].step;
		t->flags = (t->flags & ~c[i].clear) | c[i].set;
		if (!(t->flags & VX_T_NAT_HIT))
			answer.rule = NULL;
		if (!(t->flags & VX_T_ALLOW_HIT))
			answer.entry = NULL;
		text = said(TYPED, -1, false, true);
		snprintf(want, sizeof(want), "\"verdict\":\"%s\",\"by\":\"%s\"}]", c[i].verdict,
			 c[i].by);
		has(text, want);
		snprintf(want, sizeof(want), "{\"verdict\":\"%s\",\"row\":", c[i].verdict);
		has(text, want);
		snprintf(want, sizeof(want), "\"todo\":\"%s\"", c[i].todo);
		has(text, want);
		has(text, "\"frame\":null");
	}
	has(said(TYPED, -1, false, true), "\"row\":\"frag_unknown\"");
	has(said(TYPED, -1, false, true),
	    "\"step\":\"frag\",\"verdict\":\"ok\",\"by\":\"its first "
	    "fragment is not known: a worker waits up to 5 ms for it\"");
}

/* The same row by other settings and circumstances. */
static void what_decided(void **state)
{
	struct vx_trace *t = &answer.x.trace;

	(void)state;
	answer.cfg.allow_mode = VX_ALLOW_OFF;
	has(said(TYPED, -1, false, true), "\"by\":\"not asked: allow-mode off\"");
	plant();
	answer.entry = NULL;
	fake.o.allow_mode = VX_ALLOW_COUNT;
	has(said(TYPED, -1, false, true), "\"by\":\"no entry (match any, allow-mode count)\"");
	plant();
	answer.cfg.match = VX_MATCH_DST;
	has(said(TYPED, -1, false, true), "LLC permits its destination");
	t->row = VX_L_DENIED;
	t->step = VX_STEP_ALLOW;
	has(said(TYPED, -1, false, true), "\"todo\":\"allow add 172.30.74.144\"");
	plant();
	answer.rule = NULL; /* a remembered verdict that outlived its rule */
	has(said(TYPED, -1, false, true),
	    "a rule that has gone since sends it to 172.30.82.95:8081");
	plant();
	answer.cfg.vni_any = 1;
	has(said(TYPED, -1, false, true), "is ours, as any is");
	hop.override = true;
	hop.via.family = 0;
	has(said(TYPED, -1, false, true), "to 02:00:00:00:82:95, next-hop-mac");
	plant();
	t->row = VX_L_NO_NEIGHBOUR;
	t->step = VX_STEP_L2;
	hop.state = NET_NH_NO_ROUTE;
	snprintf(hop.why, sizeof(hop.why), "no route to 172.30.82.95");
	has(said(TYPED, -1, false, true), "\"todo\":\"no route to 172.30.82.95; nat list shows");
	t->row = VX_L_OVERSIZE;
	t->ip_len = 9203;
	answer.cfg.egress_mtu = 65535;
	has(said(TYPED, -1, false, true), "9203 bytes, more than 9202 in one frame");
	has(said(TYPED, -1, false, true), "nothing: frames of more than 9216 bytes are never sent");
}

/* The frame that the datapath is asked about: the VNI that is ours, the port. */
static void what_is_asked(void **state)
{
	(void)state;
	fake.o.port = 4790;
	fake.o.vnis.n = 2;
	fake.o.vnis.vni[0] = 7;
	said(TYPED, -1, false, true);
	assert_int_equal(fake.frame_len, 14 + 20 + 16 + 14 + 28);
	assert_int_equal(fake.frame[36] << 8 | fake.frame[37], 4790);
	assert_int_equal(fake.frame[48], 7);
	said(TYPED " vni 9", -1, false, true);
	assert_int_equal(fake.frame[48], 9);
	fake.o.vnis.any = true;
	said(TYPED, -1, false, true);
	assert_int_equal(fake.frame[48], 1);
	assert_int_equal(fake.frames, 3);
	assert_string_equal(said("explain udp 10.1.2.3 > 1.2.3.4", -1, false, true),
			    "explain: '10.1.2.3': expected a port, as in 10.1.2.3:5000: only later "
			    "fragments have none");
	assert_int_equal(fake.frames, 3);
}

/* A capture of n packets of 14 bytes, but for the second, which has 8; of the third it lacks 100.
 */
static int capture(uint32_t n)
{
	const uint32_t head[6] = { 0xa1b2c3d4, 0, 0, 0, 65535, 1 };
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_int_equal(write(fd, head, sizeof(head)), sizeof(head));
	for (uint32_t i = 1; i <= n; i++) {
		const uint32_t len = i == 2 ? 8 : 14, whole = i == 3 ? len + 100 : len;
		const uint32_t rec[4] = { 0, 0, len, whole };
		uint8_t data[14] = { (uint8_t)i };

		assert_int_equal(write(fd, rec, sizeof(rec)), sizeof(rec));
		assert_int_equal(write(fd, data, len), len);
	}
	return fd;
}

static void captures(void **state)
{
	int fd = capture(3);

	(void)state;
	answer.x.trace.row = VX_L_NOT_VXLAN;
	answer.x.trace.step = VX_STEP_OUTER;
	has(said("explain a.pcap", fd, true, true), "{\"packet\":1,\"verdict\":\"pass\"");
	assert_int_equal(fake.frame[0], 1);
	has(said("explain a.pcap 3", fd, true, true), "{\"packet\":3,\"verdict\":\"pass\"");
	assert_int_equal(fake.frame[0], 3);
	assert_string_equal(said("explain a.pcap 2", fd, true, true),
			    "explain: a.pcap: packet 2: a frame of 8 bytes");
	has(said("explain a.pcap all", fd, true, true),
	    "{\"packet\":2,\"error\":\"a frame of 8 bytes\"},{\"packet\":3,");
	has(said("explain a.pcap 2-3", fd, true, true), "[{\"packet\":2,");
	answer.x.trace.row = VX_L_TRUNCATED;
	answer.x.trace.flags = VX_T_TRUNCATED;
	has(said("explain a.pcap 3", fd, true, true),
	    "\"todo\":\"a capture of whole packets (tcpdump -s 0): 100 bytes of this one are not "
	    "in it\"");
	has(said("explain a.pcap 1", fd, true, true),
	    "\"todo\":\"a larger packet length of the mirror");
	assert_string_equal(said("explain a.pcap 4", fd, true, true),
			    "explain: a.pcap: has 3 packets, there is no packet 4");
	assert_string_equal(said("explain a.pcap 1-4", fd, true, true),
			    "explain: a.pcap: has 3 packets, there is no packet 4");
	assert_string_equal(said("explain a.pcap 1", -1, true, true),
			    "explain: the caller has to open FILE and pass its descriptor");
	assert_string_equal(said("explain a.pcap 1", fd, false, true),
			    "explain: refused: the engine reads files of root and the socket's "
			    "owner only; a packet may be typed");
	close(fd);
}

static void ranges(void **state)
{
	static const char *const bad[] = { "0", "0-1", "2-1", "1-1001", "100001-100001" };
	static const char *const worse[] = { "-1", "1-", "-", "1-2-3",
					     "x",  "+1", "",  "11111111111111111-2" };
	int fd = capture(1001);
	char line[64];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(line, sizeof(line), "explain a.pcap %s", bad[i]);
		has(said(line, fd, true, true), i < 4 ? "packets are counted from 1; a range rises "
							"and has at most 1000, as 1-1000"
						      : "expected a number from 0 to 100000");
	}
	for (size_t i = 0; i < sizeof(worse) / sizeof(worse[0]); i++) {
		snprintf(line, sizeof(line), "explain a.pcap '%s'", worse[i]);
		has(said(line, fd, true, true), "expected a number from 0 to 100000");
	}
	has(said("explain a.pcap 2-1001", fd, true, true), "{\"packet\":1001,");
	has(said("explain a.pcap all", fd, true, true),
	    "has more than 1000 packets: name a range, as 1-1000");
	has(said("explain a.pcap 1 2", fd, true, true),
	    "'a.pcap' is taken for a file, and behind it stands N, N-M or all; a packet begins "
	    "with "
	    "udp, tcp, icmp or proto");
	close(fd);
}

static void completes(const char *line, const char *want)
{
	struct stream_choices choices;
	char got[200] = "";

	cmd_complete(&fake.e, line, &choices);
	for (unsigned i = 0; i < choices.n; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s ",
			 choices.choice[i].word);
	assert_string_equal(got, want);
}

static void words_complete(void **state)
{
	(void)state;
	completes("exp", "explain ");
	completes("explain ", "udp tcp icmp proto ");
	completes("explain t", "tcp ");
	completes("explain udp 1.2.3.4:5 ", "to ");
	completes("explain udp 1.2.3.4:5 to ", "");
	completes("explain udp 1.2.3.4:5 > 1.2.3.5:6 ", "vni len frag ttl from ");
	completes("explain udp 1.2.3.4:5 > 1.2.3.5:6 vni ", "");
	completes("explain udp 1.2.3.4:5 > 1.2.3.5:6 vni 7 f", "frag from ");
	completes("explain proto 47 1.2.3.4 ", "to ");
	completes("explain proto 47 1.2.3.4 to 1.2.3.5 l", "len ");
	completes("explain a.pcap ", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_that_is_sent, setup, teardown),
		cmocka_unit_test_setup_teardown(each_way_to_end, setup, teardown),
		cmocka_unit_test_setup_teardown(what_decided, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_asked, setup, teardown),
		cmocka_unit_test_setup_teardown(captures, setup, teardown),
		cmocka_unit_test_setup_teardown(ranges, setup, teardown),
		cmocka_unit_test_setup_teardown(words_complete, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
