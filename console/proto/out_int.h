/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The inside of a result, for out*.c only: a flat list of items in the order they were said.
 */
#ifndef PROTO_OUT_INT_H
#define PROTO_OUT_INT_H

#include "proto/out.h"

enum out_kind {
	OUT_OBJECT,
	OUT_ARRAY,
	OUT_BLOCKS,
	OUT_END,
	OUT_U64,
	OUT_I64,
	OUT_ID,
	OUT_BYTES,
	OUT_NS,
	OUT_NUMBER,
	OUT_RATIO,
	OUT_BOOL,
	OUT_STR,
	OUT_NULL,
	OUT_TIME,
};

struct out_item {
	enum out_kind kind;
	bool json_only; /* a scalar that is for programs */
	const char *key;
	union {
		uint64_t u; /* of a container: the index of its OUT_END */
		int64_t i;
		double d;
		const char *s;
	};
};

#define OUT_DEPTH 8

struct out_chunk;
struct out {
	struct out_item *item;
	uint32_t n, size;
	uint32_t open[OUT_DEPTH]; /* containers that are not ended yet */
	unsigned depth;
	bool failed;
	struct out_chunk *chunks; /* texts */
	struct buf notes;	  /* lines */
	bool notes_only;
};

static inline bool out_is_container(const struct out_item *it)
{
	return it->kind <= OUT_BLOCKS;
}

/* The item after this one and all that it contains. */
static inline uint32_t out_next(const struct out *o, uint32_t i)
{
	return out_is_container(&o->item[i]) ? (uint32_t)o->item[i].u + 1 : i + 1;
}

#endif
