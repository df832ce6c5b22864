/* SPDX-License-Identifier: GPL-2.0-only */
/* An address of a network device. [engine] */
#ifndef ENGINE_SYS_IFADDR_H
#define ENGINE_SYS_IFADDR_H

#include "engine/model/addr.h"

/* The first of that family (VX_IP4, VX_IP6); family 0 when it has none. */
void ifaddr_first(const char *dev, uint8_t family, struct addr *out);

#endif
