/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rates per key between two looks at a table of counters (denied addresses and flows, VNIs,
 * sources). Pure. [engine]
 */
#ifndef ENGINE_MODEL_RATES_H
#define ENGINE_MODEL_RATES_H

#include <stddef.h>
#include <stdint.h>

#define RATES_KEY 40 /* longest key, bytes */

struct rates;

struct rates *rates_new(size_t max_keys); /* NULL: no memory */
void rates_free(struct rates *r);
/* One look: begin, then put each key with its two counters. Keys that were not put are forgotten.
 */
void rates_begin(struct rates *r, uint64_t now_ns);
void rates_put(struct rates *r, const void *key, size_t len, uint64_t a, uint64_t b);
/* Per second between the last two looks; a new key counts from 0, an unknown one is 0. b may be
 * NULL. */
uint64_t rates_get(const struct rates *r, const void *key, size_t len, uint64_t *b);

#endif
