// SPDX-License-Identifier: GPL-2.0-only
/* A question to whoever sits at the terminal; where nobody does, the answer is no. */
#include "ask.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "log.h"

int ask_user(const char *question, bool may_ask, const char *how, struct vx_err *err)
{
	char answer[16], safe[1024];

	if (!may_ask || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return vx_err_set(err, -EPERM, "refused without `%s`: %s", how, question);
	fprintf(stderr, "%s. Go on? [y/N] ", log_escape(question, safe, sizeof(safe)));
	if (fgets(answer, sizeof(answer), stdin) && (*answer == 'y' || *answer == 'Y'))
		return 0;
	return vx_err_set(err, -ECANCELED, "cancelled, nothing was changed");
}
