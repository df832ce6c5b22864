/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A strict JSON reader for files that people edit: every value knows its line, numbers and strings
 * keep their spelling (so that what we do not know survives a save byte for byte), doubled keys are
 * refused. For sys/store*.
 */
#ifndef ENGINE_SYS_JSON_H
#define ENGINE_SYS_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vx_err.h"

#define JSON_DEPTH 16 /* arrays and objects within each other */

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_value {
	uint32_t off, len;     /* its text as it stands in the file; a string without its quotes */
	uint32_t key, key_len; /* the same of its key, when it is a member of an object */
	uint32_t line;	       /* from 1 */
	uint32_t child, next;  /* elements or members, in order; JSON_NONE ends */
	uint8_t type;	       /* enum json_type */
};

#define JSON_NONE 0u
#define JSON_ROOT 1u

struct json {
	const char *text; /* the caller's, must outlive this */
	struct json_value *v;
	uint32_t n, cap, max;
};

/* Reads the whole text (< 4 GiB, at most max_values values). -EINVAL with "line N: ..."; j is freed
 * then. */
int json_parse(struct json *j, const char *text, size_t len, uint32_t max_values,
	       struct vx_err *err) __attribute__((warn_unused_result));
void json_fini(struct json *j);

/* The member of that name, or JSON_NONE. */
uint32_t json_member(const struct json *j, uint32_t object, const char *name);
/* The string (or key) with its escapes resolved, NUL added. Its length, or -EMSGSIZE when it does
 * not fit. */
int json_string(const struct json *j, uint32_t value, char *buf, size_t size)
	__attribute__((warn_unused_result));
int json_key(const struct json *j, uint32_t value, char *buf, size_t size)
	__attribute__((warn_unused_result));
const char *json_type_name(const struct json *j, uint32_t value); /* "a string", "a list", ... */

#endif
