/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel vxlan devices: who else has the VXLAN port of this network namespace. [engine] */
#ifndef ENGINE_SYS_NET_VXLAN_H
#define ENGINE_SYS_NET_VXLAN_H

#include <net/if.h>
#include <stdint.h>

/* The first vxlan device that is up on this port (host order); "" when there is none, or the kernel
 * does not say. */
void net_vxlan_holder(uint16_t port, char name[static IFNAMSIZ]);

#endif
