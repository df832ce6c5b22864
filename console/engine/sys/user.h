/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who is at the other end of a connection, as a name for the log. Only files of this machine are
 * read: a directory service that does not answer must not stop the engine.
 */
#ifndef ENGINE_SYS_USER_H
#define ENGINE_SYS_USER_H

#include <stddef.h>
#include <sys/types.h>

#define USER_NAME 33

/* The name in /etc/passwd, else "uid N". Returns buf. */
const char *user_name(uid_t uid, char buf[static USER_NAME]);
/* For a peer of uid 0: the user who became root, as the kernel or else sudo knows him.
 * For the log only: root may call itself anything. */
const char *user_of_peer(uid_t uid, pid_t pid, char buf[static USER_NAME]);

#endif
