/* SPDX-License-Identifier: GPL-2.0-only */
/* Which CPUs the workers get, over planted sysfs and /proc trees. */
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "inj.h"

static char root[64];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int setup(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "/tmp/vx-cpu-XXXXXX");
	assert_non_null(mkdtemp(root));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Writes a file below the root, with the directories on the way. */
static void plant(const char *file, const char *text)
{
	char path[PATH_MAX], *slash;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", root, file);
	for (slash = strchr(path + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		mkdir(path, 0700);
		*slash = '/';
	}
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* Compares the choice with a list like "2 3 1", or the error with a part of its text. */
static void expect(unsigned n_workers, const char *want)
{
	char sys[80], proc[80], got[256] = "";
	struct inj_cpu_query q = { sys, proc, "in0", "out0", n_workers };
	struct vx_err err = { 0 };
	int cpus[64], n, i;

	snprintf(sys, sizeof(sys), "%s/sys", root);
	snprintf(proc, sizeof(proc), "%s/proc", root);
	n = inj_cpu_choose(&q, cpus, 64, &err);
	if (n < 0) {
		assert_non_null(strstr(err.msg, want));
		return;
	}
	for (i = 0; i < n; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%d", i ? " " : "",
			 cpus[i]);
	assert_string_equal(got, want);
}

static void two_nodes(void)
{
	plant("sys/devices/system/cpu/online", "0-7\n");
	plant("sys/devices/system/node/node0/cpulist", "0-3\n");
	plant("sys/devices/system/node/node1/cpulist", "4-7\n");
}

static void the_egress_node_first(void **state)
{
	(void)state;
	two_nodes();
	plant("sys/class/net/out0/device/numa_node", "1\n");
	expect(4, "4 5 6 7");
	expect(6, "4 5 6 7 0 1");
}

static void no_node_then_in_order(void **state)
{
	(void)state;
	two_nodes();
	expect(3, "0 1 2");
	plant("sys/class/net/out0/device/numa_node", "-1\n");
	expect(3, "0 1 2");
}

static void not_where_the_ingress_interrupts(void **state)
{
	(void)state;
	two_nodes();
	plant("sys/class/net/out0/device/numa_node", "1\n");
	plant("sys/class/net/in0/device/msi_irqs/30", "");
	plant("sys/class/net/in0/device/msi_irqs/31", "");
	plant("proc/irq/30/effective_affinity_list", "4\n");
	plant("proc/irq/31/smp_affinity_list", "6\n");
	expect(2, "5 7");
	expect(4, "5 7 0 1");	    /* another node rather than the interrupts */
	expect(8, "5 7 0 1 2 3 4"); /* the last is left to them */
}

static void effective_before_allowed(void **state)
{
	(void)state;
	plant("sys/devices/system/cpu/online", "0-3\n");
	plant("sys/class/net/in0/device/msi_irqs/30", "");
	plant("proc/irq/30/effective_affinity_list", "0\n");
	plant("proc/irq/30/smp_affinity_list", "0-3\n");
	expect(1, "1");
}

/* Interrupts everywhere: where there are fewest. */
static void fewest_interrupts(void **state)
{
	(void)state;
	plant("sys/devices/system/cpu/online", "0-2\n");
	plant("sys/class/net/in0/device/msi_irqs/1", "");
	plant("sys/class/net/in0/device/msi_irqs/2", "");
	plant("sys/class/net/in0/device/msi_irqs/3", "");
	plant("sys/class/net/in0/device/msi_irqs/4", "");
	plant("proc/irq/1/smp_affinity_list", "0\n");
	plant("proc/irq/2/smp_affinity_list", "1\n");
	plant("proc/irq/3/smp_affinity_list", "2\n");
	plant("proc/irq/4/smp_affinity_list", "0,1\n");
	expect(2, "2 0");
	expect(3, "2 0 1"); /* none to be left */
}

/* virtio: the interrupts belong to the PCI device above. */
static void interrupts_one_device_up(void **state)
{
	char from[PATH_MAX], to[PATH_MAX];

	(void)state;
	plant("sys/devices/system/cpu/online", "0-1\n");
	plant("sys/devices/pci0/msi_irqs/9", "");
	plant("sys/devices/pci0/virtio0/vendor", "");
	plant("sys/class/net/in0/operstate", "up\n");
	plant("proc/irq/9/smp_affinity_list", "0\n");
	snprintf(from, sizeof(from), "%s/sys/devices/pci0/virtio0", root);
	snprintf(to, sizeof(to), "%s/sys/class/net/in0/device", root);
	assert_int_equal(symlink(from, to), 0);
	expect(1, "1");
}

static void fewer_allowed_than_asked(void **state)
{
	(void)state;
	two_nodes();
	plant("proc/self/status",
	      "Name:\tx\nCpus_allowed:\t06\nCpus_allowed_list:\t1-2,5\nMems:\t1\n");
	expect(3, "1 2");
	expect(0, "");
}

static void only_online_ones(void **state)
{
	(void)state;
	plant("sys/devices/system/cpu/online", "0,2-3\n");
	plant("proc/self/status", "Cpus_allowed_list:\t0-255\n");
	expect(4, "0 2");
}

static void trees_that_make_no_sense(void **state)
{
	(void)state;
	expect(1, "no list of CPUs");
	plant("sys/devices/system/cpu/online", "\n");
	expect(1, "no list of CPUs");
	plant("sys/devices/system/cpu/online", "3-1\n");
	expect(1, "no list of CPUs");
	plant("sys/devices/system/cpu/online", "0-99999999999\n");
	expect(1, "no list of CPUs");
	plant("sys/devices/system/cpu/online", "0-1\n");
	plant("proc/self/status", "Cpus_allowed_list:\t7\n");
	expect(1, "none is online and allowed");
	plant("proc/self/status", "");
	plant("sys/class/net/out0/device/numa_node", "junk\n");
	plant("sys/class/net/in0/device/msi_irqs/x", "");
	plant("sys/class/net/in0/device/msi_irqs/5", "");
	plant("proc/irq/5/smp_affinity_list", "junk\n");
	expect(1, "0");
}

static void one_is_left_to_the_ingress(void **state)
{
	(void)state;
	plant("sys/devices/system/cpu/online", "0-1\n");
	expect(1, "0");
	expect(4, "0");
	plant("sys/class/net/in0/device/msi_irqs/30", "");
	plant("proc/irq/30/smp_affinity_list", "0\n");
	expect(4, "1");
	plant("proc/irq/30/smp_affinity_list", "0-1\n");
	expect(4, "0 1");
	plant("proc/self/status", "Cpus_allowed_list:\t1\n"); /* the only one */
	plant("proc/irq/30/smp_affinity_list", "0\n");
	expect(4, "1");
	plant("proc/self/status", "Cpus_allowed_list:\t0-1\n");
	plant("proc/irq/30/smp_affinity_list", "2\n"); /* elsewhere: none is to be left */
	expect(4, "0 1");
}

static void default_workers(void **state)
{
	(void)state;
	assert_in_range(inj_default_workers(), 1, 4);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(the_egress_node_first),
		T(no_node_then_in_order),
		T(not_where_the_ingress_interrupts),
		T(effective_before_allowed),
		T(fewest_interrupts),
		T(interrupts_one_device_up),
		T(fewer_allowed_than_asked),
		T(only_online_ones),
		T(one_is_left_to_the_ingress),
		T(trees_that_make_no_sense),
		T(default_workers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
