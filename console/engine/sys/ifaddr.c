/* SPDX-License-Identifier: GPL-2.0-only */
/* An address of a network device, to ask neighbours from. [engine] */
#include "engine/sys/ifaddr.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static void take(const struct sockaddr *sa, struct addr *out)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (sa->sa_family == AF_INET) {
		memcpy(&in, sa, sizeof(in));
		memcpy(out->b, &in.sin_addr, 4);
		out->family = VX_IP4;
	} else {
		memcpy(&in6, sa, sizeof(in6));
		memcpy(out->b, &in6.sin6_addr, 16);
		out->family = VX_IP6;
	}
}

void ifaddr_first(const char *dev, uint8_t family, struct addr *out)
{
	int af = family == VX_IP4 ? AF_INET : AF_INET6;
	struct ifaddrs *all, *a;

	memset(out, 0, sizeof(*out));
	if (getifaddrs(&all))
		return;
	for (a = all; a && !out->family; a = a->ifa_next)
		if (a->ifa_addr && a->ifa_addr->sa_family == af && !strcmp(a->ifa_name, dev))
			take(a->ifa_addr, out);
	freeifaddrs(all);
}
