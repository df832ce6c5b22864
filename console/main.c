/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which of engine and ctl this process is, and its exit code: 0 ok, 1 a failure that is explained, 2 usage.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "engine/run_int.h"
#include "log.h"
#include "opt.h"

static void warn(void *ctx, const char *text)
{
	(void)ctx;
	vx_warn("%s", text);
}

/* Blocked before the first thread starts, so that every thread has them blocked; the loop reads them by signalfd. */
static void block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

/* Whatever --debug says: an exit code of 1 is always explained. */
static int start_failed(const struct vx_err *err)
{
	vx_error("%s", err->msg);
	if (log_level() < LOG_ERROR)
		log_say("error: %s\n", err->msg);
	log_close();
	return 1;
}

static int headless(struct opts *o)
{
	struct vx_err err = { 0 };
	struct eng *e;
	int rc;

	block_signals();
	if (log_open(o->log, true, o->debug, &err) || eng_new(&e, o, &dp_real, &err))
		return start_failed(&err);
	if (o->zerocopy)
		vx_warn("--zerocopy has no effect: it is for AF_XDP, and packets are sent by %s",
			e->snap.egress_method);
	log_say("ready: %s -> %s, %s mode (%s), egress %s (%s), %u worker%s, socket %s\n",
		o->ingress, o->egress_dev, e->snap.mode, e->snap.mode_reason, e->snap.egress_method,
		e->snap.egress_reason, e->snap.n_workers, e->snap.n_workers == 1 ? "" : "s", e->socket_path);
	if (eng_loop(e, &err)) {
		vx_error("%s", err.msg);
		e->run->exit_code = 1;
	}
	vx_info("ending: %s", e->quit_why ? e->quit_why : "the event loop failed");
	rc = eng_stop(e);
	eng_report(e);
	eng_free(e);
	log_close();
	return rc;
}

static int not_here(const char *what)
{
	fprintf(stderr, "vxconsole: %s is not part of this version; use --headless, and ctl\n", what);
	return 1;
}

int main(int argc, char **argv)
{
	static struct opts o;
	struct vx_err err = { 0 };
	int rc = opt_parse(&o, argc, argv, warn, NULL, &err);

	if (rc) {
		fprintf(stderr, "vxconsole: %s\n", err.msg);
		if (rc == -EINVAL)
			fprintf(stderr, "Try: vxconsole --help\n");
		return rc == -EINVAL ? 2 : 1;
	}
	switch (o.verb) {
	case OPT_HELP:
		opt_usage(stdout);
		break;
	case OPT_VERSION:
		printf("vxconsole %s\n", VX_VERSION);
		break;
	case OPT_CTL:
		rc = ctl_main(&o);
		break;
	case OPT_HEADLESS:
		rc = o.clean ? not_here("--clean") : headless(&o);
		break;
	case OPT_CONSOLE:
	case OPT_ATTACH:
		rc = not_here("the screen");
		break;
	case OPT_STRAYS:
		rc = not_here("strays");
		break;
	case OPT_DOCTOR:
		rc = not_here("doctor");
		break;
	}
	opt_fini(&o);
	return rc;
}
