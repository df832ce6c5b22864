/* SPDX-License-Identifier: GPL-2.0-only */
/* The two commands of vxgen. Each returns an exit code, having printed its report on stdout. */
#ifndef LAB_SEND_H
#define LAB_SEND_H

#include <signal.h>

#include "conf.h"
#include "vx_err.h"

enum {
	EXIT_OK = 0,
	EXIT_CANNOT = 1, /* with err set: nothing was sent or seen */
	EXIT_USAGE = 2,
	EXIT_WRONG = 3, /* it ran, and the report has faults in it */
};

/* stop: set by a signal; both end soon after, with their report. */
int send_run(struct conf *c, volatile sig_atomic_t *stop, struct vx_err *err);
int sink_run(struct conf *c, volatile sig_atomic_t *stop, struct vx_err *err);

#endif
