/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pieces of a JSON text, found without building a tree: integers of 64 bits stay exact (cJSON has
 * doubles only), and a reply of megabytes is not copied. For what the other side of the socket
 * sends; never reads past the end.
 */
#ifndef PROTO_SLICE_H
#define PROTO_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slice {
	const char *p; /* not terminated */
	size_t n;
};

/* Opens an object '{' or an array '[': in is what stands inside. -EINVAL when text is something
 * else. */
int slice_open(struct slice text, char kind, struct slice *in) __attribute__((warn_unused_result));
/* Takes the next member off in: 1; 0 when there is none; -EINVAL. key has no quotes and is not
 * unescaped. */
int slice_member(struct slice *in, struct slice *key, struct slice *value);
int slice_element(struct slice *in, struct slice *value);
bool slice_is(struct slice s, const char *text);
/* -EINVAL when it is not exactly that. */
int slice_u64(struct slice s, uint64_t *out);
int slice_i64(struct slice s, int64_t *out);
int slice_double(struct slice s, double *out);
int slice_bool(struct slice s, bool *out);
/* A string, unescaped; caller frees. NULL: not a string, or no memory. */
char *slice_str(struct slice s);

#endif
