/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parser and the strings share. Only for sys/json*.c.
 */
#ifndef ENGINE_SYS_JSON_INT_H
#define ENGINE_SYS_JSON_INT_H

#include "engine/sys/json.h"

/* The character that the escape sequence at s (a backslash) stands for, and its length in *used. -1
 * when it is none: unknown, cut off, half of a pair. 0 for \u0000. */
int32_t json_unescape(const char *s, size_t n, size_t *used);
bool json_keys_equal(const struct json *j, uint32_t a, uint32_t b);
/* Equal for keys that stand for the same characters. Pieces of the key each begin with the hash of
 * those before. */
uint32_t json_key_hash(const struct json *j, uint32_t v);

#endif
