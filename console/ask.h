/* SPDX-License-Identifier: GPL-2.0-only */
/* A question to whoever sits at the terminal. For ctl.c and strays_cli.c. */
#ifndef CONSOLE_ASK_H
#define CONSOLE_ASK_H

#include <stdbool.h>

#include "vx_err.h"

/* 0: yes. may_ask false, or no terminal: -EPERM, "refused without HOW: ...". -ECANCELED: no. */
int ask_user(const char *question, bool may_ask, const char *how, struct vx_err *err)
	__attribute__((warn_unused_result));

#endif
