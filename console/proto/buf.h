/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A growing byte buffer, with what it takes to write JSON into it. When memory runs out it goes to
 * `failed` and stays there, so that callers check once, at the end. Both sides of the socket
 * include it.
 */
#ifndef PROTO_BUF_H
#define PROTO_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	char *data; /* NUL after the last byte, once anything was added */
	size_t n, size;
	bool failed;
};

void buf_fini(struct buf *b); /* frees, and leaves an empty buffer */
void buf_add(struct buf *b, const void *data, size_t len);
void buf_str(struct buf *b, const char *s);
void buf_u64(struct buf *b, uint64_t v); /* decimal; lists are full of them, so not by printf */
void buf_char(struct buf *b, char c);
void buf_pad(struct buf *b, char c, size_t times);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* s as a JSON string with its quotes; a byte that is not UTF-8 becomes U+FFFD. */
void buf_json_str(struct buf *b, const char *s);
/* "key": ; a comma before it unless an object or array has just been opened */
void buf_json_key(struct buf *b, const char *key);
/* The bytes, to be freed by the caller, or NULL when failed; b is empty then. */
char *buf_take(struct buf *b);

/* Bytes of the UTF-8 sequence at s, which is terminated by NUL: 1..4, 0 at the end and where it is
 * not valid. */
size_t buf_utf8(const char *s);
bool buf_utf8_valid(const char *s);
void buf_thousands(struct buf *b, uint64_t v); /* "1,234,567" */

#endif
