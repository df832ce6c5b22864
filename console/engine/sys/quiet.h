/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The quiet sockets: UDP, IPv4 and IPv6, bound to the VXLAN port with a filter that drops
 * everything, so that the kernel does not answer passed VXLAN with ICMP port unreachable out of the
 * ingress. [engine]
 */
#ifndef ENGINE_SYS_QUIET_H
#define ENGINE_SYS_QUIET_H

#include <stdbool.h>
#include <stdint.h>

#include "vx_err.h"

struct quiet {
	int fd[2];	/* IPv4, IPv6; -1: not ours */
	bool in_use[2]; /* somebody else has the port (a kernel vxlan device): no unreachables
			   either */
};

/* port in host order. A port that is already bound is not an error (in_use). IPv6 switched off is
 * not an error. */
int quiet_open(struct quiet *q, uint16_t port, struct vx_err *err)
	__attribute__((warn_unused_result));
/* Takes the port where somebody else had it, if he has left it. */
void quiet_retry(struct quiet *q, uint16_t port);
void quiet_close(struct quiet *q);

#endif
