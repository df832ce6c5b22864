// SPDX-License-Identifier: GPL-2.0-only
/* From a request to the command table and back. [engine] */
#include "engine/serve/request.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/cmd/cmd.h"
#include "proto/out.h"
#include "proto/stream.h"

static int run(struct con *c, const struct wire_request *request, struct vx_err *err)
{
	char **argv;
	int argc, r;

	if (request->argv)
		return cmd_run(c, request->argc, request->argv, err);
	r = cmd_split(request->line, &argc, &argv, err);
	if (r < 0)
		return r;
	r = cmd_run(c, argc, argv, err);
	free(argv);
	return r;
}

void request_complete(struct eng *e, const struct wire_request *request, struct buf *reply)
{
	struct stream_choices choices; /* 14 KiB */

	cmd_complete(e, request->complete, &choices);
	stream_put_choices(reply, &choices);
}

bool request_run(struct eng *e, struct request_from *from, const struct wire_request *request,
		 struct buf *reply)
{
	struct con c = { .e = e,
			 .out = out_new(),
			 .yes = request->yes,
			 .confirm = request->confirm,
			 .may_write = from->may_write,
			 .read_only = from->read_only,
			 .uid = from->uid,
			 .user = from->user,
			 .fd = from->fd,
			 .ticket = from->ticket };
	struct vx_err err = { 0 };
	int r = c.out ? run(&c, request, &err) : vx_err_set(&err, -ENOMEM, "no memory");

	from->ticket = c.ticket;
	if (r == CMD_WAITS)
		; /* nothing yet */
	else if (r < 0)
		wire_put_error(reply, err.msg);
	else if (r == CMD_ASKS)
		wire_put_ask(reply, c.question, c.answer[0] ? c.answer : NULL);
	else
		wire_put_ok(reply, c.out, request->json, c.exit, &c.warnings);
	if (reply->failed) {
		buf_fini(reply);
		wire_put_error(reply, "no memory for the answer");
	}
	cmd_con_fini(&c);
	out_free(c.out);
	return r != CMD_WAITS;
}
