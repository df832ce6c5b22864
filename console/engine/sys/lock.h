/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One instance per ingress and network namespace: flock on /run/vxconsole/lock.<netns
 * inode>.<ifindex>, which holds pid, start time and the socket where that is not the usual one. It
 * makes the message; the exclusion itself is the kernel's EBUSY. [engine]
 */
#ifndef ENGINE_SYS_LOCK_H
#define ENGINE_SYS_LOCK_H

#include <stdint.h>

#include "vx_err.h"

#define LOCK_DIR "/run/vxconsole"

/* fd >= 0, kept open for life. -EBUSY: "ens5 is held by vxconsole pid 1234 since
 * 2026-01-02T03:04:05Z; watch it with: vxconsole attach ens5", or "attach ens5 --socket PATH".
 * socket: our own, when it is not the usual one, else NULL. Makes LOCK_DIR (0755) when missing;
 * refuses one that is not root's or is a symlink. */
int lock_take(const char *ifname, int ifindex, const char *socket, struct vx_err *err)
	__attribute__((warn_unused_result));
/* Removes the file while the lock is still held; fd -1: nothing. */
void lock_release(int fd, int ifindex);
uint64_t lock_netns_inode(void); /* of this process's network namespace; 0: unknown */

#endif
