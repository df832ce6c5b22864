/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pieces of a struct vx_trace as text: for the lines of `set debug 3` and for `explain`. Pure.
 */
#ifndef ENGINE_MODEL_TRACE_H
#define ENGINE_MODEL_TRACE_H

#include "engine/model/addr.h"

#define TRACE_PROTO 8
/* "udp", "icmp6", "ip/47". Returns buf or a literal. */
const char *trace_proto(uint8_t proto, char buf[static TRACE_PROTO]);
/* Both ends of the inner packet, before NAT, with its ports where they are known; "-" where they
 * are not. */
const char *trace_src(const struct vx_trace *t, char buf[static ADDR_TEXT]);
const char *trace_dst(const struct vx_trace *t, char buf[static ADDR_TEXT]);
const char *trace_to(const struct vx_trace *t, char buf[static ADDR_TEXT]); /* after NAT */
struct addr trace_addr(uint8_t family, const uint8_t b[static 16]);

#endif
