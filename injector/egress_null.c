/* SPDX-License-Identifier: GPL-2.0-only */
/* The egress that goes nowhere and calls it sent: for tests, and benches of everything before it.
 */
#include "egress.h"

#include <errno.h>
#include <stdlib.h>

static int null_open(struct egress **out, const struct egress_cfg *cfg, struct vx_err *err)
{
	(void)cfg;
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : vx_err_set(err, -ENOMEM, "egress null: no memory");
}

static void null_send(struct egress *e, const struct egress_frame *f, unsigned n)
{
	egress_sent(e, f, n);
}

static void null_close(struct egress *e)
{
	free(e);
}

const struct egress_ops egress_null = {
	.name = "null",
	.open = null_open,
	.send = null_send,
	.close = null_close,
};
