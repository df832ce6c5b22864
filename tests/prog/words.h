/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The words of the driver's commands. For tests/prog only. All return 0, or -EINVAL with the reason
 * in err.
 */
#ifndef TESTS_PROG_WORDS_H
#define TESTS_PROG_WORDS_H

#include "kern.h"

int words_num(const char *text, unsigned long long max, unsigned long long *out,
	      struct vx_err *err);
/* Which of the words (NULL ends) it is. */
int words_word(const char *text, const char *const words[], uint32_t *out, struct vx_err *err);
int words_mac(const char *text, struct vx_nexthop *out, struct vx_err *err); /* or "none" */
int words_addr(const char *text, uint8_t *family, uint8_t addr[static 16], struct vx_err *err);
int words_prefix(const char *text, struct kern_prefix *out, struct vx_err *err);
/* PROTO/PORT[@CIDR]=ADDR:PORT; the next hop is left unresolved. */
int words_rule(const char *text, struct kern_nat *out, struct vx_err *err);
/* Returns the number of bytes. */
int words_hex(const char *text, uint8_t *out, size_t max, struct vx_err *err);

#endif
