/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The sink's verifier: what it must find (a wrong checksum, a lost, double, late or strange packet,
 * a missing fragment), and what it must not. The packets come from vxgen's own generator, and are
 * then damaged.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli.h"
#include "gen.h"
#include "stamp.h"
#include "verify.h"

#define MAC "\x02\0\0\0\x82\x95"
#define DST "\xac\x1e\x52\x5f"

/* 172.30.82.95:8081; nothing of the stream was missed before the first packet. */
struct bed {
	struct conf c;
	struct gen *g;
	struct verify v;
	uint8_t buf[70000];
	uint32_t len;
};

static struct bed *bed_new(const char *options)
{
	struct verify_cfg cfg = { .mac = MAC, .dst_len = 4, .dst = DST, .dst_port = 8081 };
	char *argv[40] = { (char *)"vxgen",   (char *)"send",	 (char *)"lo",
			   (char *)"--plain", (char *)"--dport", (char *)"8081" };
	struct bed *b = calloc(1, sizeof(*b));
	uint64_t a_second_ago_ns = (uint64_t)(time(NULL) - 1) * 1000000000u;
	char copy[256], *save = NULL;
	struct vx_err err = { 0 };
	int argc = 6;

	assert_non_null(b);
	cfg.run = stamp_run(a_second_ago_ns, 0);
	snprintf(copy, sizeof(copy), "%s", options);
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	if (cli_parse(&b->c, argc, argv, &err))
		fail_msg("'%s': %s", options, err.msg);
	b->c.mtu = 9001;
	if (b->c.inner == CONF_IP4)
		memcpy(b->c.dst.b, DST, 4);
	else
		cfg.dst_len = 0;
	memcpy(b->c.dmac.b, MAC, 6);
	if (gen_new(&b->g, &b->c, &err))
		fail_msg("%s", err.msg);
	assert_int_equal(verify_init(&b->v, &cfg), 0);
	return b;
}

static void bed_free(struct bed *b)
{
	gen_free(b->g);
	verify_fini(&b->v);
	free(b);
}

static void next(struct bed *b)
{
	b->len = gen_next(b->g, b->buf);
}

/* Hands the present frame over in memory of exactly its size, for the address sanitizer's sake. */
static bool see(struct bed *b)
{
	struct verify_meta meta = { 0 };
	uint8_t *exact = malloc(b->len ? b->len : 1);
	bool counted;

	assert_non_null(exact);
	memcpy(exact, b->buf, b->len);
	counted = verify_frame(&b->v, exact, b->len, &meta);
	free(exact);
	return counted;
}

static struct flowtab_totals totals(const struct bed *b)
{
	struct flowtab_totals t;

	flowtab_sum(b->v.flows, &t);
	return t;
}

static uint64_t faults(const struct bed *b)
{
	struct flowtab_totals t = totals(b);

	return t.lost + t.duplicated + t.reordered + t.untracked + b->v.n.bad_ip_sum +
	       b->v.n.bad_l4_sum + b->v.n.bad_mac + b->v.n.unexpected + b->v.n.frag_duplicated +
	       datagram_incomplete(b->v.datagrams);
}

static void good_packets_are_good(void **state)
{
	static const char *const kinds[] = {
		"",
		"--proto tcp",
		"--proto icmp",
		"--inner 6",
		"--inner 6 --proto tcp",
		"--inner 6 --proto icmp",
		"--frag 3",
		"--frag 3 --reverse",
		"--frag 4 --proto tcp",
		"--inner 6 --frag 3 --reverse",
		"--vlan inner",
		"--size 80-1500 --flows 7",
	};
	size_t k;
	int i;

	(void)state;
	for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		struct bed *b = bed_new(kinds[k]);

		for (i = 0; i < 240; i++) {
			next(b);
			assert_true(see(b));
		}
		if (faults(b))
			fail_msg("'%s': %s", kinds[k], b->v.first_problem);
		assert_int_equal(b->v.n.packets, 240);
		assert_int_equal(b->v.latency.count, 240 / b->c.frag);
		bed_free(b);
	}
}

/* One byte of the IP packet is changed at a time: each must be noticed by a checksum (or, where it
 * makes the packet another one, by being unexpected, truncated or a fragment). */
static void no_changed_byte_goes_unseen(void **state)
{
	static const char *const kinds[] = { "--size 120", "--size 120 --proto tcp",
					     "--size 120 --proto icmp" };
	size_t k;
	uint32_t at;

	(void)state;
	for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		struct bed *b = bed_new(kinds[k]);

		for (at = 14; at < 120; at++) {
			uint64_t before;

			next(b);
			b->buf[at] ^= 0x15;
			before = b->v.n.bad_ip_sum + b->v.n.bad_l4_sum + b->v.n.unexpected;
			see(b);
			if (b->v.n.bad_ip_sum + b->v.n.bad_l4_sum + b->v.n.unexpected == before)
				fail_msg("'%s': byte %u changed, unseen", kinds[k], at);
		}
		bed_free(b);
	}
}

static void a_changed_byte_of_any_fragment_is_seen(void **state)
{
	struct bed *b = bed_new("--frag 3");
	int i;

	(void)state;
	for (i = 0; i < 9; i++) {
		next(b);
		if (i % 3 == i / 3)
			b->buf[b->len - 1] ^= 1;
		see(b);
		assert_int_equal(b->v.n.bad_l4_sum, (i + 1) / 3);
	}
	assert_non_null(strstr(b->v.first_problem, "transport checksum"));
	bed_free(b);
}

static void lost_packets(void **state)
{
	struct bed *b = bed_new("--flows 2");
	int i;

	(void)state;
	for (i = 0; i < 100; i++) {
		next(b);
		if (i != 0 && i != 50 && i != 51 &&
		    i < 98) /* the tail of a flow cannot be missed */
			see(b);
	}
	assert_int_equal(totals(b).lost, 3);
	assert_int_equal(faults(b), 3);
	assert_int_equal(totals(b).flows, 2);
	bed_free(b);
}

static void double_packets(void **state)
{
	struct bed *b = bed_new("--flows 1");
	int i;

	(void)state;
	for (i = 0; i < 10; i++) {
		next(b);
		see(b);
		if (i % 5 == 0)
			see(b);
	}
	assert_int_equal(totals(b).duplicated, 2);
	assert_int_equal(faults(b), 2);
	bed_free(b);
}

static void late_packets_are_reordered_not_lost(void **state)
{
	static uint8_t kept[600];
	struct bed *b = bed_new("--flows 1");
	uint32_t kept_len = 0;
	int i;

	(void)state;
	for (i = 0; i < 20; i++) {
		next(b);
		if (i == 5) {
			memcpy(kept, b->buf, b->len);
			kept_len = b->len;
			continue;
		}
		see(b);
		if (i == 9) {
			assert_int_equal(totals(b).lost, 1);
			memcpy(b->buf, kept, kept_len);
			b->len = kept_len;
			see(b);
		}
	}
	assert_int_equal(totals(b).reordered, 1);
	assert_int_equal(faults(b), 1);
	bed_free(b);
}

/* Any order within the window, some packets twice: compared with a plain list of what was seen. */
static void flowtab_against_a_list(void **state)
{
	static uint8_t seen[20000];
	struct flowtab *t = flowtab_new(0);
	struct flowtab_totals got;
	uint32_t i, top = 0, lost = 0, dup = 0, late = 0;

	(void)state;
	assert_non_null(t);
	srandom(2);
	memset(seen, 0, sizeof(seen));
	for (i = 0; i < 15000; i++) {
		uint32_t seq = i + (uint32_t)random() % 3000;

		dup += seen[seq];
		late += !seen[seq] && seq < top;
		seen[seq] = 1;
		top = seq > top ? seq : top;
		flowtab_seen(t, 5u << STAMP_RUN_PID_BITS, 3, seq);
	}
	for (i = 0; i <= top; i++)
		lost += !seen[i];
	flowtab_sum(t, &got);
	assert_int_equal(got.lost, lost);
	assert_int_equal(got.duplicated, dup);
	assert_int_equal(got.reordered, late);
	assert_int_equal(got.flows, 1);
	flowtab_free(t);
}

static void a_stream_joined_midway_has_lost_nothing(void **state)
{
	uint32_t now = stamp_run(5000000000000, 7), earlier = stamp_run(4000000000000, 1023);
	struct flowtab *t = flowtab_new(now);
	struct flowtab_totals got;

	(void)state;
	flowtab_seen(t, earlier, 0, 1000);
	flowtab_seen(t, earlier, 0, 1001);
	flowtab_sum(t, &got);
	assert_int_equal(got.lost, 0);
	flowtab_seen(t, now, 0, 2); /* this one began under our eyes */
	flowtab_sum(t, &got);
	assert_int_equal(got.lost, 2);
	assert_int_equal(got.flows, 2);
	flowtab_free(t);
}

static void fragments_missing_and_double(void **state)
{
	struct bed *b = bed_new("--frag 3");
	int i;

	(void)state;
	for (i = 0; i < 9; i++) {
		next(b);
		if (i == 4) /* the middle of the second datagram */
			continue;
		see(b);
		if (i == 6)
			see(b);
	}
	assert_int_equal(b->v.n.fragments, 9);
	assert_int_equal(b->v.n.frag_duplicated, 1);
	assert_int_equal(datagram_incomplete(b->v.datagrams), 1);
	assert_int_equal(b->v.n.bad_l4_sum, 0);
	assert_int_equal(b->v.latency.count, 2);
	bed_free(b);
}

static void more_datagrams_than_there_is_room_for(void **state)
{
	struct bed *b = bed_new("--frag 2 --flows 60000 --src 10.0.0.0/8");
	int i;

	(void)state;
	for (i = 0; i < 60000; i++) {
		next(b);
		if (i % 2 == 0)
			see(b);
	}
	assert_int_equal(datagram_incomplete(b->v.datagrams), 30000);
	bed_free(b);
}

static void wrong_address_port_and_mac(void **state)
{
	struct bed *b = bed_new("");

	(void)state;
	next(b);
	b->v.cfg.dst_port = 8082;
	see(b);
	assert_int_equal(b->v.n.unexpected, 1);
	assert_non_null(strstr(b->v.first_problem, "172.30.82.95"));
	b->v.cfg.dst_port = 0;
	b->v.cfg.dst[3]++;
	next(b);
	see(b);
	assert_int_equal(b->v.n.unexpected, 2);
	b->v.cfg.dst[3]--;
	next(b);
	b->buf[0] ^= 1;
	see(b);
	assert_int_equal(b->v.n.bad_mac, 1);
	memcpy(b->v.cfg.src_mac, "\x02\0\0\0\x82\x11", 6);
	next(b);
	see(b);
	assert_int_equal(b->v.n.bad_mac, 2);
	assert_int_equal(faults(b), 4);
	bed_free(b);
}

static void strangers_are_unexpected_unless_any(void **state)
{
	struct bed *b = bed_new("");

	(void)state;
	next(b);
	b->buf[42] ^= 0xff; /* the magic; and the sum is wrong by that */
	see(b);
	assert_int_equal(b->v.n.unexpected, 1);
	b->v.cfg.any = true;
	see(b);
	assert_int_equal(b->v.n.unexpected, 1);
	assert_int_equal(b->v.n.bad_l4_sum, 2);
	memcpy(b->buf + 12, "\x88\xcc", 2); /* LLDP: not IP */
	see(b);
	assert_int_equal(b->v.n.unexpected, 2);
	assert_int_equal(b->v.n.packets, 3);
	bed_free(b);
}

static void noise_is_not_counted(void **state)
{
	static const uint8_t types[] = { 130, 131, 132, 133, 134, 135, 136, 137, 143 };
	struct bed *b = bed_new("--inner 6 --proto icmp");
	size_t i;

	(void)state;
	next(b);
	for (i = 0; i < sizeof(types); i++) {
		b->buf[54] = types[i];
		assert_false(see(b));
	}
	memcpy(b->buf + 12, "\x08\x06", 2);
	assert_false(see(b));
	assert_int_equal(b->v.n.ignored, sizeof(types) + 1);
	assert_int_equal(b->v.n.packets, 0);
	assert_int_equal(faults(b), 0);
	bed_free(b);
}

static void offload_truncation_padding_and_zero_sums(void **state)
{
	struct verify_meta offload = { .sum_not_ready = true, .tagged = true };
	struct bed *b = bed_new("--size 200");

	(void)state;
	next(b);
	b->buf[40] ^= 0xff;
	verify_frame(&b->v, b->buf, b->len, &offload);
	assert_int_equal(b->v.n.sum_not_ready, 1);
	assert_int_equal(b->v.n.tagged, 1);
	assert_int_equal(b->v.n.bad_l4_sum, 0);
	next(b);
	memset(b->buf + 40, 0, 2); /* UDP without a checksum is allowed */
	see(b);
	next(b);
	b->len -= 20;
	see(b);
	assert_int_equal(b->v.n.truncated, 1);
	next(b);
	b->len += 7;
	see(b);
	assert_int_equal(b->v.n.padded, 1);
	assert_int_equal(b->v.n.bad_l4_sum + b->v.n.bad_ip_sum + b->v.n.unexpected, 0);
	bed_free(b);
}

static void cut_frames_do_no_harm(void **state)
{
	static const char *const kinds[] = { "",	 "--proto tcp",	       "--inner 6",
					     "--frag 2", "--inner 6 --frag 2", "--vlan inner" };
	size_t k;
	uint32_t len;

	(void)state;
	for (k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		struct bed *b = bed_new(kinds[k]);

		next(b);
		for (len = b->len; b->len; b->len--)
			see(b);
		assert_int_equal(b->v.n.packets, len);
		bed_free(b);
	}
}

static void random_frames_do_no_harm(void **state)
{
	struct bed *b = bed_new("");
	uint32_t i, n, at;

	(void)state;
	srandom(3);
	for (i = 0; i < 50000; i++) {
		next(b);
		for (n = (uint32_t)random() % 4; n; n--) {
			at = 12 + (uint32_t)random() % 40;
			b->buf[at] = (uint8_t)random();
		}
		b->len = (uint32_t)random() % (b->len + 1);
		see(b);
	}
	bed_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_packets_are_good),
		cmocka_unit_test(no_changed_byte_goes_unseen),
		cmocka_unit_test(a_changed_byte_of_any_fragment_is_seen),
		cmocka_unit_test(lost_packets),
		cmocka_unit_test(double_packets),
		cmocka_unit_test(late_packets_are_reordered_not_lost),
		cmocka_unit_test(flowtab_against_a_list),
		cmocka_unit_test(a_stream_joined_midway_has_lost_nothing),
		cmocka_unit_test(fragments_missing_and_double),
		cmocka_unit_test(more_datagrams_than_there_is_room_for),
		cmocka_unit_test(wrong_address_port_and_mac),
		cmocka_unit_test(strangers_are_unexpected_unless_any),
		cmocka_unit_test(noise_is_not_counted),
		cmocka_unit_test(offload_truncation_padding_and_zero_sums),
		cmocka_unit_test(cut_frames_do_no_harm),
		cmocka_unit_test(random_frames_do_no_harm),
	};

	return cmocka_run_group_tests_name("lab_verify", tests, NULL, NULL);
}
