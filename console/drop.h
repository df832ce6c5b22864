/* SPDX-License-Identifier: GPL-2.0-only */
/* Giving up root for good. For main.c, before the screen. */
#ifndef CONSOLE_DROP_H
#define CONSOLE_DROP_H

#include "vx_err.h"

/*
 * From root to SUDO_UID and SUDO_GID, else to nobody; anybody else stays who it is. In every case:
 * no capability, none to be got, no new privileges by exec. HOME becomes the user's. It looks
 * afterwards whether it is so. -errno: do not go on.
 */
int drop_root(struct vx_err *err) __attribute__((warn_unused_result));

#endif
