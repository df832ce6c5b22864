/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lines of a config file, for reading (opt_config.c) and writing (opt_render.c). Only for
 * console/opt*.c.
 */
#ifndef CONSOLE_OPT_SCAN_H
#define CONSOLE_OPT_SCAN_H

#include "opt_int.h"

#define OPT_SCAN_KEY   64 /* bytes of a key, NUL included */
#define OPT_SCAN_PARTS 3  /* SOURCE_PORT, NAT_IP, NAT_PORT */

/* One pass over the lines. Offsets are in text. */
struct opt_scan {
	const char *text;
	size_t len, next;
	unsigned line;		    /* of the line below, from 1 */
	size_t begin, end;	    /* the line, without its end */
	char key[OPT_SCAN_KEY];	    /* "" for a line without one */
	size_t value_at, value_end; /* the value with its quotes */
	char *value;		    /* without them */
};

int opt_scan_open(struct opt_scan *s, const char *text, size_t len, struct vx_err *err)
	__attribute__((warn_unused_result));
void opt_scan_close(struct opt_scan *s);
/* 1: a line; 0: the end; -EINVAL with what was expected, without the number of the line. */
int opt_scan_next(struct opt_scan *s, struct vx_err *err) __attribute__((warn_unused_result));

int opt_scan_key_id(const char *key); /* enum opt_id, by its name or the older one; -ENOENT */
int opt_scan_part(const char *key);   /* which of the three; -ENOENT */
/* The rule that the three make; false when one is missing or empty. */
bool opt_scan_parts_rule(char *const part[OPT_SCAN_PARTS], char *buf, size_t size);

#endif
