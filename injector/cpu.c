/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which CPUs the workers run on, from what sysfs and /proc say: a pure function of those trees.
 * Order: fewest interrupts of the ingress first, then the egress NIC's NUMA node, then the lower
 * number. The last is left to the ingress, unless each CPU takes of its interrupts, or none
 * of these does.
 */
#include "inj.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CPUS CPU_SETSIZE

struct ranked {
	int cpu;
	unsigned irqs;
	bool far; /* not on the egress NIC's node */
};

static bool read_line(char *buf, size_t size, const char *path)
{
	FILE *f = fopen(path, "re");
	bool ok;

	if (!f)
		return false;
	ok = fgets(buf, (int)size, f) != NULL;
	fclose(f);
	return ok;
}

/* "0-3,8,10-11" into set; false when it is something else, or names no CPU. */
static bool parse_list(const char *s, cpu_set_t *set)
{
	CPU_ZERO(set);
	while (isdigit((unsigned char)*s)) {
		char *end;
		unsigned long a = strtoul(s, &end, 10), b = a;

		if (*end == '-')
			b = strtoul(end + 1, &end, 10);
		if (b >= MAX_CPUS || a > b)
			return false;
		for (; a <= b; a++)
			CPU_SET(a, set);
		s = end + (*end == ',');
	}
	return (*s == '\n' || !*s) && CPU_COUNT(set) > 0;
}

static bool read_list(cpu_set_t *set, const char *path)
{
	char line[4096];

	return read_line(line, sizeof(line), path) && parse_list(line, set);
}

/* The CPUs that this process may use. */
static bool read_allowed(const struct inj_cpu_query *q, cpu_set_t *set)
{
	static const char key[] = "Cpus_allowed_list:";
	char path[PATH_MAX], line[4096];
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "%s/self/status", q->proc_root);
	f = fopen(path, "re");
	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, sizeof(key) - 1))
			found = parse_list(line + strspn(line + sizeof(key) - 1, " \t") +
						   sizeof(key) - 1,
					   set);
	fclose(f);
	return found;
}

static int usable(const struct inj_cpu_query *q, cpu_set_t *set, struct vx_err *err)
{
	cpu_set_t allowed;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/devices/system/cpu/online", q->sys_root);
	if (!read_list(set, path))
		return vx_err_set(err, -ENOENT, "cpus: %s: no list of CPUs", path);
	if (read_allowed(q, &allowed))
		CPU_AND(set, set, &allowed);
	if (!CPU_COUNT(set))
		return vx_err_set(err, -ENOENT, "cpus: none is online and allowed");
	return 0;
}

/* The egress NIC's node; false when it has none (one node only, or a virtual device). */
static bool near_cpus(const struct inj_cpu_query *q, cpu_set_t *set)
{
	char path[PATH_MAX], line[32], *end;
	long node;

	snprintf(path, sizeof(path), "%s/class/net/%s/device/numa_node", q->sys_root, q->egress);
	if (!read_line(line, sizeof(line), path))
		return false;
	node = strtol(line, &end, 10);
	if (end == line || node < 0)
		return false;
	snprintf(path, sizeof(path), "%s/devices/system/node/node%ld/cpulist", q->sys_root, node);
	return read_list(set, path);
}

/* Adds one interrupt to the CPUs that take it. */
static void count_irq(const struct inj_cpu_query *q, const char *irq, unsigned *irqs)
{
	static const char *const files[] = { "effective_affinity_list", "smp_affinity_list" };
	char path[PATH_MAX];
	cpu_set_t set;
	unsigned i;

	CPU_ZERO(&set);
	for (i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/irq/%s/%s", q->proc_root, irq, files[i]);
		if (read_list(&set, path))
			break;
	}
	for (i = 0; i < MAX_CPUS && CPU_COUNT(&set); i++)
		irqs[i] += CPU_ISSET(i, &set) ? 1U : 0U;
}

/* The interrupts of the ingress: a NIC's own, or for virtio those of the device one above. */
static void count_irqs(const struct inj_cpu_query *q, unsigned *irqs)
{
	static const char *const dirs[] = { "device/msi_irqs", "device/../msi_irqs" };
	char path[PATH_MAX];
	struct dirent *de;
	unsigned i;
	DIR *d = NULL;

	for (i = 0; i < 2 && !d; i++) {
		snprintf(path, sizeof(path), "%s/class/net/%s/%s", q->sys_root, q->ingress,
			 dirs[i]);
		d = opendir(path);
	}
	if (!d)
		return;
	while ((de = readdir(d)))
		if (isdigit((unsigned char)de->d_name[0]))
			count_irq(q, de->d_name, irqs);
	closedir(d);
}

static int by_rank(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->irqs != y->irqs)
		return x->irqs < y->irqs ? -1 : 1;
	if (x->far != y->far)
		return x->far ? 1 : -1;
	return x->cpu - y->cpu;
}

int inj_cpu_choose(const struct inj_cpu_query *q, int *cpus, unsigned max, struct vx_err *err)
{
	unsigned irqs[MAX_CPUS] = { 0 }, want = q->n_workers < max ? q->n_workers : max;
	struct ranked ranked[MAX_CPUS];
	cpu_set_t set, near;
	bool has_node, known = false;
	unsigned i, n = 0;
	int code = usable(q, &set, err);

	if (code)
		return code;
	has_node = near_cpus(q, &near);
	count_irqs(q, irqs);
	for (i = 0; i < MAX_CPUS; i++) {
		known |= irqs[i] > 0;
		if (CPU_ISSET(i, &set))
			ranked[n++] = (struct ranked){ (int)i, irqs[i],
						       has_node && !CPU_ISSET(i, &near) };
	}
	qsort(ranked, n, sizeof(*ranked), by_rank);
	if (n > 1 && !ranked[0].irqs && (ranked[n - 1].irqs || !known))
		n--;
	for (i = 0; i < n && i < want; i++)
		cpus[i] = ranked[i].cpu;
	return (int)i;
}

unsigned inj_default_workers(void)
{
	cpu_set_t set;
	int n;

	if (sched_getaffinity(0, sizeof(set), &set))
		return 1;
	n = CPU_COUNT(&set) - 1;
	return n < 1 ? 1 : n > 4 ? 4 : (unsigned)n;
}
