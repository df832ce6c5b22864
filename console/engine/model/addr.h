/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Addresses and prefixes, text <-> struct. Pure; anybody in user space may include it.
 */
#ifndef ENGINE_MODEL_ADDR_H
#define ENGINE_MODEL_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vx_abi.h"
#include "vx_err.h"

#define ADDR_TEXT 64 /* enough for "[v6]:port" and "v6/128", NUL included */

/* Network order; an IPv4 address is in the first 4 bytes, the rest is 0 (so memcmp works). */
struct addr {
	uint8_t family; /* VX_IP4, VX_IP6; 0 = none */
	uint8_t b[16];
};

struct cidr {
	struct addr addr; /* host bits are 0 */
	uint8_t len;	  /* prefix length in bits */
};

/* "10.0.0.1", "2001:db8::1". Nothing else around it. -EINVAL. */
int addr_parse(const char *text, struct addr *out, struct vx_err *err);
/* An address or address/length; host bits set are refused and the right prefix is named. -EINVAL.
 */
int addr_cidr_parse(const char *text, struct cidr *out, struct vx_err *err);
const char *addr_format(const struct addr *a, char buf[static ADDR_TEXT]); /* returns buf */
/* A host prefix (/32, /128) is written without its length. */
const char *addr_cidr_format(const struct cidr *c, char buf[static ADDR_TEXT]);
/* "1.2.3.4:80", "[2001:db8::1]:80"; port in host order. */
const char *addr_format_port(const struct addr *a, uint16_t port, char buf[static ADDR_TEXT]);
bool addr_equal(const struct addr *a, const struct addr *b);
int addr_cidr_cmp(const struct cidr *a, const struct cidr *b); /* by family, address, length */
/* The prefix of that length that a is in. len <= 32 or 128. */
struct cidr addr_cidr_mask(const struct addr *a, uint8_t len);
bool addr_cidr_single(const struct cidr *c); /* /32 or /128 */
bool addr_cidr_contains(const struct cidr *c, const struct addr *a);
/* "02:00:00:00:00:01". -EINVAL. */
int addr_mac_parse(const char *text, uint8_t mac[static 6], struct vx_err *err);
const char *addr_mac_format(const uint8_t mac[static 6], char buf[static ADDR_TEXT]);

#endif
