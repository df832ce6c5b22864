/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which of engine, screen and ctl this process is, and its exit code: 0 ok, 1 a failure that is
 * explained, 2 usage.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "drop.h"
#include "log.h"
#include "opt.h"
#include "proto/wire.h"
#include "screen/screen.h"
#include "screen/term.h"
#include "start.h"
#include "strays_cli.h"

/* What is wrong with the command line. Whoever asked for JSON answers gets this as one. */
static int refuse(const struct opts *o, int rc, const struct vx_err *err)
{
	struct buf json = { 0 };

	if (o->json && (o->verb == OPT_CTL || o->verb == OPT_STRAYS))
		wire_put_error(&json, err->msg);
	if (json.data && !json.failed)
		fputs(json.data, stderr);
	else
		fprintf(stderr, "vxconsole: %s\n%s", err->msg,
			rc == -EINVAL ? "Try: vxconsole --help\n" : "");
	buf_fini(&json);
	return rc == -EINVAL ? 2 : 1;
}

static void warn(void *ctx, const char *text)
{
	(void)ctx;
	vx_warn("%s", text);
}

static int fail(const struct vx_err *err, int code)
{
	fprintf(stderr, "vxconsole: %s\n", err->msg);
	return code;
}

/* The screen on the engine of this socket. Root is needed to connect, and for nothing after that.
 */
static int screen(const struct opts *o, const char *socket, struct start *own)
{
	struct link l = { .fd = -1 };
	struct vx_err err = { 0 };
	int end = link_open(&l, socket, &err);

	if (o->verb == OPT_ATTACH && o->read_only) { /* else the engine has it */
		l.read_only = true;
		l.may_write = false;
	}
	end = end < 0 ? end : drop_root(&err);
	end = end < 0 ? end : screen_run(&l, o, &err);
	if (end < 0)
		fail(&err, 1);
	if (end == SCREEN_LEFT)
		printf("The engine runs on (pid %d). To come back: vxconsole attach --socket %s\n",
		       l.pid, l.path);
	link_close(&l);
	if (own && (end == SCREEN_STOPPED || end == -EPIPE))
		return start_report(own) || end < 0;
	return end < 0;
}

static int console(struct opts *o)
{
	struct vx_err err = { 0 };
	struct start s;

	if (term_find(&err) < 0)
		return fail(&err, 2);
	if (o->clean && strays_cli_clean(o))
		return 1;
	return start_engine(o, &s) ? 1 : screen(o, s.socket, &s);
}

static int attach(struct opts *o)
{
	struct vx_err err = { 0 };

	if (term_find(&err) < 0)
		return fail(&err, 2);
	return screen(o, o->socket[0] ? o->socket : o->words[0], NULL);
}

/* Whatever is opened next would become stdin, stdout or stderr where one of them is closed: a lock
 * that status lines are written to. In their place comes what cannot be read or written, so that
 * whoever tries is told so. */
static int fill_std_fds(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			return -1;
	return 0;
}

static int flush_stdout(void)
{
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	fprintf(stderr, "vxconsole: stdout: %s\n", strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	static struct opts o;
	struct vx_err err = { 0 };
	int rc;

	if (fill_std_fds()) {
		fprintf(stderr, "vxconsole: /dev/null: %s\n", strerror(errno));
		return 1;
	}
	rc = opt_parse(&o, argc, argv, warn, NULL, &err);

	if (rc)
		return refuse(&o, rc, &err);
	switch (o.verb) {
	case OPT_HELP:
		opt_usage(stdout);
		rc = flush_stdout();
		break;
	case OPT_VERSION:
		printf("vxconsole %s\n", VX_VERSION);
		rc = flush_stdout();
		break;
	case OPT_CTL:
		rc = ctl_main(&o);
		break;
	case OPT_HEADLESS:
		rc = (o.clean && strays_cli_clean(&o)) || start_headless(&o);
		break;
	case OPT_CONSOLE:
		rc = console(&o);
		break;
	case OPT_ATTACH:
		rc = attach(&o);
		break;
	case OPT_STRAYS:
		rc = strays_cli_main(&o);
		break;
	}
	opt_fini(&o);
	return rc;
}
