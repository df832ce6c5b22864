/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * min_ring.bpf.c on an interface, and one worker of the injector behind it: the ring path without
 * anything to decide or to count. Says "ready", runs until SIGTERM.
 *
 *	min_ring OBJECT generic|native INGRESS EGRESS
 */
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "inj.h"

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "min_ring: %s: %s\n", what, why);
	return 1;
}

static struct inj *injector(const struct bpf_object *o, int egress, struct vx_err *err)
{
	struct bpf_map *ring = bpf_object__find_map_by_name(o, "frames"),
		       *wake = bpf_object__find_map_by_name(o, "wake");
	int fd = bpf_map__fd(ring), cpu = 0; /* the generator has the last */
	size_t size = bpf_map__max_entries(ring);
	struct inj_cfg cfg = { .n_workers = 1,
			       .ring_fds = &fd,
			       .ring_sizes = &size,
			       .batch = 32,
			       .cpus = &cpu,
			       .n_cpus = 1,
			       .egress = INJ_EGRESS_XDP,
			       .egress_ifindex = egress };
	struct inj *inj = NULL;
	int rc;

	cfg.wake = mmap(NULL, VX_MAX_RINGS * sizeof(*cfg.wake), PROT_READ | PROT_WRITE, MAP_SHARED,
			bpf_map__fd(wake), 0);
	if (cfg.wake == MAP_FAILED) {
		vx_err_set(err, -errno, "mapping wake: %s", strerror(errno));
		return NULL;
	}
	rc = inj_new(&inj, &cfg, err);
	return rc || inj_start(inj, err) ? NULL : inj;
}

int main(int argc, char **argv)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts);
	struct bpf_object *o;
	struct vx_err err = { 0 };
	struct inj *inj;
	sigset_t until;
	int link, got;

	if (argc != 5)
		return fail("usage", "OBJECT generic|native INGRESS EGRESS");
	sigemptyset(&until);
	sigaddset(&until, SIGTERM);
	sigprocmask(SIG_BLOCK, &until, NULL); /* threads too */
	opts.flags = strcmp(argv[2], "native") ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;
	o = bpf_object__open_file(argv[1], NULL);
	if (!o || bpf_object__load(o))
		return fail(argv[1], strerror(errno));
	inj = injector(o, (int)if_nametoindex(argv[4]), &err);
	if (!inj)
		return fail(argv[4], err.msg);
	link = bpf_link_create(bpf_program__fd(bpf_object__find_program_by_name(o, "min_ring")),
			       (int)if_nametoindex(argv[3]), BPF_XDP, &opts);
	if (link < 0)
		return fail(argv[3], strerror(-link));
	puts("ready");
	fflush(stdout);
	sigwait(&until, &got);
	close(link);
	return inj_stop(inj, 1000, &err) ? fail("worker", err.msg) : 0;
}
