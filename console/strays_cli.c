// SPDX-License-Identifier: GPL-2.0-only
/* `vxconsole strays`, and --clean before a start: the commands of the same name without an engine.
 */
#include "strays_cli.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "engine/cmd/strays_out.h"
#include "engine/sys/lock.h"
#include "log.h"
#include "opt.h"
#include "proto/out.h"
#include "proto/wire.h"

static int fail(const struct opts *o, const struct vx_err *err)
{
	struct buf json = { 0 };
	char safe[4 * sizeof(err->msg)];

	if (o->json)
		wire_put_error(&json, err->msg);
	if (o->json && !json.failed)
		fputs(json.data, stderr);
	else
		fprintf(stderr, "vxconsole: strays: %s\n",
			log_escape(err->msg, safe, sizeof(safe)));
	buf_fini(&json);
	return 1;
}

static int print(const struct opts *o, const struct out *out, FILE *to)
{
	struct buf text = { 0 };
	struct vx_err err;
	int rc;

	if (o->json)
		out_json(out, &text);
	else
		out_text(out, &text);
	if (o->json)
		buf_char(&text, '\n');
	rc = text.failed || out_failed(out) || fputs(text.data ? text.data : "", to) < 0 ||
	     fflush(to);
	buf_fini(&text);
	if (rc) {
		vx_err_set(&err, -EIO, "the answer could not be written: %s", strerror(errno));
		fail(o, &err);
	}
	return rc;
}

static struct strays_ask ask_of(const struct opts *o, enum strays_act act, uint32_t id)
{
	return (struct strays_ask){
		.act = act,
		.id = id,
		.self = { .ifindex = o->ingress[0] ? (int)if_nametoindex(o->ingress) : 0,
			  .netns = lock_netns_inode() },
	};
}

static int list(const struct opts *o)
{
	const struct strays_ask ask = ask_of(o, STRAYS_LIST, 0);
	const struct strays_ours none = { 0 };
	struct strays_result r;
	struct vx_err err;
	struct out *out;
	int rc;

	if (strays_may(STRAYS_LIST, 0, &err) || strays_run(&ask, &r, &err))
		return fail(o, &err);
	out = out_new();
	if (out)
		strays_out(out, &r.list, &none);
	rc = out ? print(o, out, stdout) : 1;
	out_free(out);
	strays_result_fini(&r);
	return rc;
}

/* 1: it is to be done; 0: there is nothing to do; -errno. */
static int agreed(const struct opts *o, enum strays_act act, uint32_t id, const char *how,
		  struct vx_err *err)
{
	const struct strays_ask ask = ask_of(o, STRAYS_LIST, 0);
	struct strays_result r;
	char question[512];
	int rc = strays_may(act, id, err);

	rc = rc ? rc : strays_run(&ask, &r, err);
	if (rc)
		return rc;
	rc = strays_ask_first(&r.list, act, id, question, sizeof(question), err);
	strays_result_fini(&r);
	if (rc <= 0 || o->yes)
		return rc;
	rc = ask_user(question, true, how, err);
	return rc ? rc : 1;
}

/* The exit code; what was done goes to `to`. */
static int act(const struct opts *o, enum strays_act what, uint32_t id, FILE *to)
{
	const struct strays_ask ask = ask_of(o, what, id);
	const struct strays_ours none = { 0 };
	struct strays_result r;
	struct vx_err err;
	struct out *out;
	int rc;

	if (strays_run(&ask, &r, &err))
		return fail(o, &err);
	rc = strays_refused(&r, what, id, &err);
	if (rc)
		fail(o, &err);
	out = rc ? NULL : out_new();
	if (out)
		strays_out_act(out, &r, &none);
	rc = !out || print(o, out, to) || !r.done;
	out_free(out);
	strays_result_fini(&r);
	return rc;
}

int strays_cli_main(const struct opts *o)
{
	enum strays_act what;
	struct vx_err err;
	uint32_t id;
	int rc = strays_words(o->n_words, o->words, &what, &id, &err);

	if (rc) {
		fail(o, &err);
		return 2;
	}
	if (what == STRAYS_LIST)
		return list(o);
	rc = agreed(o, what, id, "vxconsole strays -y", &err);
	if (rc < 0)
		return fail(o, &err);
	if (rc)
		return act(o, what, id, stdout);
	puts(o->json ? "{\"message\":\"no duplicates: nothing to do\"}"
		     : "no duplicates: nothing to do");
	return 0;
}

/* What is left is said, and the start goes on: it says itself whether that is in its way. */
int strays_cli_clean(const struct opts *o)
{
	struct vx_err err;
	int rc = agreed(o, STRAYS_CLEAN, 0, "--clean -y", &err);

	if (rc < 0)
		return fail(o, &err);
	if (rc)
		act(o, STRAYS_CLEAN, 0, stderr);
	return 0;
}
