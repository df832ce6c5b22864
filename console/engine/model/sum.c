/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The Internet checksum and its incremental update. The sender sums every packet that it builds and
 * the sink every packet that it sees, so the inner loop takes eight bytes at a time.
 */
#include "engine/model/sum.h"

#include <arpa/inet.h>
#include <string.h>

uint64_t sum_add(uint64_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t word;
	uint16_t last = 0;

	for (; len >= 8; len -= 8, p += 8) {
		memcpy(&word, p, 8);
		sum += (word >> 32) + (word & 0xffffffff);
	}
	for (; len >= 2; len -= 2, p += 2) {
		memcpy(&last, p, 2);
		sum += last;
	}
	if (len) {
		last = 0;
		memcpy(&last, p, 1);
		sum += last;
	}
	return sum;
}

uint16_t sum_fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

uint64_t sum_pseudo(const uint8_t *src, const uint8_t *dst, unsigned int alen, uint8_t proto,
		    uint32_t l4_len)
{
	uint32_t tail[2] = { htonl(l4_len), htonl(proto) };

	return sum_add(sum_add(sum_add(0, src, alen), dst, alen), tail, sizeof(tail));
}

void sum_patch16(uint16_t *field, uint16_t old, uint16_t new)
{
	uint32_t sum = (uint16_t) ~*field;

	sum += (uint16_t)~old;
	sum += new;
	*field = (uint16_t)~sum_fold(sum);
}
