/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What reading and writing of allowlists share. Only for sys/store*.c. [engine]
 */
#ifndef ENGINE_SYS_STORE_INT_H
#define ENGINE_SYS_STORE_INT_H

#include <stddef.h>

#include "engine/model/allow.h"
#include "engine/sys/json.h"

#define STORE_ALLOW_BYTES (64u << 20)

/* The text itself: it is what must survive, and far smaller than any tree made of it. */
struct store_doc {
	char *text;
	size_t len;
	uint32_t max_values;
};

/* The prefix that a string, or a key, spells; -EINVAL with the value, without its line. */
int store_cidr(const struct json *j, uint32_t v, bool key, struct cidr *out, struct vx_err *err);
/* Writes data to fd and syncs it; name is for messages. */
int store_write_fd(int fd, const char *name, const void *data, size_t len, struct vx_err *err)
	__attribute__((warn_unused_result));

#endif
