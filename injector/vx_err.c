/* SPDX-License-Identifier: GPL-2.0-only */
/* The error carrier: formats once, where the cause is known. No allocation. Any thread, own memory.
 */
#include "vx_err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int vx_err_set(struct vx_err *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return code;
	err->code = code;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	return code;
}

int vx_err_prefix(struct vx_err *err, const char *fmt, ...)
{
	char old[sizeof(err->msg)];
	va_list ap;
	int n;

	if (!err)
		return -EINVAL;
	memcpy(old, err->msg, sizeof(old));
	va_start(ap, fmt);
	n = vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n + 3 > sizeof(err->msg))
		return err->code;
	err->msg[n] = ':';
	err->msg[n + 1] = ' ';
	memccpy(err->msg + n + 2, old, 0, sizeof(err->msg) - (size_t)n - 2);
	err->msg[sizeof(err->msg) - 1] = 0;
	return err->code;
}
