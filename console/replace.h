/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file that is replaced as a whole: whoever looks sees the old one or the new one, after a power
 * cut too. Both sides of the socket use it.
 */
#ifndef CONSOLE_REPLACE_H
#define CONSOLE_REPLACE_H

#include <stddef.h>

#include "vx_err.h"

/*
 * Replaces path by data: temporary in the same directory (O_EXCL|O_NOFOLLOW), fsync, rename, fsync
 * of the directory; mode and owner of the old file kept (a symlink's target is replaced, not the
 * link); new files 0644. What it was before is path~ from then on. A file that has these bytes
 * already is left alone, and its path~ too. A failure leaves the old file, and says why.
 */
int replace_file(const char *path, const void *data, size_t len, struct vx_err *err)
	__attribute__((warn_unused_result));

#endif
