// SPDX-License-Identifier: GPL-2.0-only
/* Pieces of a trace as text. */
#include "engine/model/trace.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

const char *trace_proto(uint8_t proto, char buf[static TRACE_PROTO])
{
	switch (proto) {
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_ICMPV6:
		return "icmp6";
	default:
		snprintf(buf, TRACE_PROTO, "ip/%u", proto);
		return buf;
	}
}

struct addr trace_addr(uint8_t family, const uint8_t b[static 16])
{
	struct addr a = { .family = family };

	memcpy(a.b, b, sizeof(a.b));
	return a;
}

static const char *end(const uint8_t b[static 16], uint8_t family, bool ports, __be16 port,
		       char buf[static ADDR_TEXT])
{
	struct addr a = trace_addr(family, b);

	return ports ? addr_format_port(&a, ntohs(port), buf) : addr_format(&a, buf);
}

const char *trace_src(const struct vx_trace *t, char buf[static ADDR_TEXT])
{
	return end(t->src, t->family, t->flags & VX_T_HAS_PORTS, t->sport, buf);
}

const char *trace_dst(const struct vx_trace *t, char buf[static ADDR_TEXT])
{
	return end(t->dst, t->family, t->flags & VX_T_HAS_PORTS, t->dport, buf);
}

const char *trace_to(const struct vx_trace *t, char buf[static ADDR_TEXT])
{
	return t->flags & VX_T_NAT_HIT ? end(t->to.addr, t->family, true, t->to.port, buf) : "-";
}
