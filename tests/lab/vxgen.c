/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vxgen: a generator of mirrored (VXLAN) traffic and a sink that verifies what a pipeline made of
 * it. This file has main alone: the command line, signals, and the exit code.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "send.h"

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static void catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}

int main(int argc, char **argv)
{
	static struct conf conf;
	struct vx_err err = { 0 };
	int ret = cli_parse(&conf, argc, argv, &err);

	if (ret > 0) {
		cli_help(stdout);
		return EXIT_OK;
	}
	if (ret) {
		fprintf(stderr, "vxgen: %s\nvxgen --help says more.\n", err.msg);
		return EXIT_USAGE;
	}
	catch_signals();
	ret = conf.command == CONF_SEND ? send_run(&conf, &stop, &err)
					: sink_run(&conf, &stop, &err);
	if (ret == EXIT_CANNOT)
		fprintf(stderr, "vxgen: %s\n", err.msg);
	return ret;
}
