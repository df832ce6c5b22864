/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * JSON written to a FILE by hand. For sys/store*. Errors stay in the FILE until it is closed.
 */
#ifndef ENGINE_SYS_JSON_OUT_H
#define ENGINE_SYS_JSON_OUT_H

#include <stdio.h>

#include "engine/sys/json.h"

struct json_out {
	FILE *f;
	bool more; /* something stands before in this object or list */
	unsigned depth;
};

void json_out_open(struct json_out *o, char c); /* '[' or '{' */
void json_out_close(struct json_out *o, char c);
void json_out_line(struct json_out *o); /* before each element; a key does it itself */
void json_out_key(struct json_out *o, const char *key);
void json_out_text(struct json_out *o, const char *text); /* UTF-8; quotes and escapes are added */
/* A value, or the key of one, as it is spelt in j. */
void json_out_old(struct json_out *o, const struct json *j, uint32_t v);
void json_out_old_key(struct json_out *o, const struct json *j, uint32_t v);

#endif
