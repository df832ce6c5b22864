// SPDX-License-Identifier: GPL-2.0-only
/*
 * Incremental checksums against sums over the whole, and the vectors of RFC 1624.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "csum.bpf.h"

static uint16_t be16(unsigned value)
{
	return VX_BE16(value);
}

/* old and new checksum for a change of one word, in the byte order of the RFC. */
static unsigned changed(unsigned sum, unsigned from, unsigned to)
{
	return VX_BE16(csum_apply(be16(sum), csum_word(be16(from), be16(to))));
}

static void holds_the_vectors(void **state)
{
	(void)state;
	assert_int_equal(changed(0xdd2f, 0x5555, 0x3285), 0x0000); /* RFC 1624, section 4 */
	assert_int_equal(changed(0xffff, 0x5555, 0x5555), 0xffff); /* no change, no -0 */
	assert_int_equal(changed(0x0000, 0xffff, 0xffff), 0x0000);
	assert_int_equal(changed(0x1234, 0x7c15, 0x7c15), 0x1234);
}

static void rewrites_an_address(void **state)
{
	const uint8_t from[4] = { 172, 31, 0, 238 }, to[4] = { 172, 30, 82, 95 };
	const uint32_t addr = csum_addr(from, to, 4);
	const uint32_t all = addr + csum_word(be16(31765), be16(8081));

	(void)state;
	assert_int_equal(csum_apply(be16(0x1234), addr), be16(0xc0c3));
	assert_int_equal(csum_apply(be16(0x0001), addr), be16(0xae90));
	assert_int_equal(csum_apply(be16(0x1234), all), be16(0x1d48));
	assert_int_equal(csum_apply(be16(0x0001), all), be16(0x0b15));
}

static void keeps_the_zeros_of_udp(void **state)
{
	(void)state;
	assert_int_equal(csum_apply_udp(0, 12345), 0);
	/* a result of 0 is sent as FFFF */
	assert_int_equal(csum_apply_udp(be16(0xdd2f), csum_word(be16(0x5555), be16(0x3285))),
			 0xffff);
}

/* The checksum over words, from scratch. */
static uint16_t full(const uint16_t *words, unsigned n)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < n; i++)
		sum += words[i];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* 0000 and FFFF are two ways to write the same sum. */
static unsigned same(uint16_t sum)
{
	return sum == 0xffff ? 0 : sum;
}

static void equals_the_full_sum(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (int round = 0; round < 200000; round++) {
		uint16_t words[12], to[8];
		uint16_t sum;

		for (unsigned i = 0; i < 20; i++) {
			uint16_t *word = i < 12 ? &words[i] : &to[i - 12];

			seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
			*word = (uint16_t)(seed >> 40);
			if (seed >> 60 < 3) /* the edges, often */
				*word = seed >> 60 ? 0xffff : 0;
		}
		sum = csum_apply(full(words, 12),
				 csum_addr((const uint8_t *)words, (const uint8_t *)to, 16));
		memcpy(words, to, sizeof(to));
		assert_int_equal(same(sum), same(full(words, 12)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_the_vectors),
		cmocka_unit_test(rewrites_an_address),
		cmocka_unit_test(keeps_the_zeros_of_udp),
		cmocka_unit_test(equals_the_full_sum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
