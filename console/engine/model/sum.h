/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The Internet checksum (RFC 1071) and its incremental update (RFC 1624). For `explain` and
 * vxgen; pure; knows no packet formats but the pseudo-headers. Sums are held in network byte order,
 * as they lie in memory: one's complement addition does not mind.
 */
#ifndef ENGINE_MODEL_SUM_H
#define ENGINE_MODEL_SUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Adds len bytes at p (an odd last byte is padded with 0) to a running, unfolded sum. */
uint64_t sum_add(uint64_t sum, const void *p, size_t len);

/* Folds a running sum to 16 bits, not complemented; a header with a right checksum gives 0xffff. */
uint16_t sum_fold(uint64_t sum);

/* The pseudo-header: addresses of alen (4 or 16) bytes each, protocol, and L4 length in bytes. */
uint64_t sum_pseudo(const uint8_t *src, const uint8_t *dst, unsigned int alen, uint8_t proto,
		    uint32_t l4_len);

/* RFC 1624 eqn. 3: *field after the 16-bit word old became new; all three as they lie in memory. */
void sum_patch16(uint16_t *field, uint16_t old, uint16_t new);

#endif
