/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One rtnetlink request and its answer, over libmnl. For net*.c, nic.c and strays_net.c only.
 * [engine]
 */
#ifndef ENGINE_SYS_NL_H
#define ENGINE_SYS_NL_H

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include "vx_err.h"

#define NL_REQUEST 512	 /* bytes, enough for every request here */
#define NL_ANSWER  32768 /* what the kernel puts into one message of a dump at most */

struct nl {
	struct mnl_socket *sock; /* NULL: closed */
	unsigned seq;
};

int nl_open(struct nl *nl, struct vx_err *err) __attribute__((warn_unused_result));
void nl_close(struct nl *nl);
/* A request in buf (NL_REQUEST bytes) whose payload is a zeroed family header of size bytes. */
struct nlmsghdr *nl_request(void *buf, uint16_t type, uint16_t flags, size_t size);
/* Sends req and calls cb for each message of the answer. 0, or -errno: the kernel's, or -ETIMEDOUT.
 */
int nl_talk(struct nl *nl, struct nlmsghdr *req, mnl_cb_t cb, void *data);

#endif
