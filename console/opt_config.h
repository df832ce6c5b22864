/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lines of a config file, for reading (opt_config.c) and writing (opt_render.c). Only for
 * console/opt*.c.
 */
#ifndef CONSOLE_OPT_CONFIG_H
#define CONSOLE_OPT_CONFIG_H

#include "opt_int.h"

#define CONFIG_KEY   64 /* bytes of a key, NUL included */
#define CONFIG_PARTS 3	/* SOURCE_PORT, NAT_IP, NAT_PORT */

/* One pass over the lines. Offsets are in text. */
struct config_scan {
	const char *text;
	size_t len, next;
	unsigned line;		    /* of the line below, from 1 */
	size_t begin, end;	    /* the line, without its end */
	char key[CONFIG_KEY];	    /* "" for a line without one */
	size_t value_at, value_end; /* the value with its quotes */
	char *value;		    /* without them */
};

int config_open(struct config_scan *s, const char *text, size_t len, struct vx_err *err)
	__attribute__((warn_unused_result));
void config_close(struct config_scan *s);
/* 1: a line; 0: the end; -EINVAL with what was expected, without the number of the line. */
int config_next(struct config_scan *s, struct vx_err *err) __attribute__((warn_unused_result));

int config_key_id(const char *key);   /* enum opt_id, by its name or the older one; -ENOENT */
int config_key_part(const char *key); /* which of the three; -ENOENT */
/* The rule that the three make; false when one is missing or empty. */
bool config_parts_rule(char *const part[CONFIG_PARTS], char *buf, size_t size);

#endif
