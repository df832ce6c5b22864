/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The error carrier: a code and a sentence, in the caller's memory. Anybody in user space may
 * include it.
 */
#ifndef INJECTOR_VX_ERR_H
#define INJECTOR_VX_ERR_H

struct vx_err {
	int code; /* -errno */
	char msg[240];
};

/* Sets code (a negative errno) and message, and returns code. err may be NULL. */
int vx_err_set(struct vx_err *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "fmt: " before the message that is there; returns err->code (or -EINVAL when err is NULL).
 */
int vx_err_prefix(struct vx_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
