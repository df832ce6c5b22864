/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Cheap figures of this process and machine. A file that cannot be read gives a harmless figure,
 * not an error: these are for display. The count of possible CPUs is the kernel's own, as per-CPU
 * maps use it.
 */
#include "engine/sys/proc.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The first bytes of a small file, terminated; false when there is nothing. */
static bool proc_read(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, buf, size - 1);
	close(fd);
	if (n <= 0)
		return false;
	buf[n] = 0;
	return true;
}

uint64_t proc_cpu_ns(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t))
		return 0;
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t proc_rss_bytes(void)
{
	char buf[128], *p;

	if (!proc_read("/proc/self/statm", buf, sizeof(buf)))
		return 0;
	strtoull(buf, &p, 10); /* the first field is the virtual size */
	return strtoull(p, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

unsigned proc_threads(void)
{
	char buf[512], *p;

	if (!proc_read("/proc/self/stat", buf, sizeof(buf)))
		return 0;
	p = strrchr(buf, ')'); /* the name may have blanks in it */
	for (int i = 0; p && i < 18; i++)
		p = strchr(p + 1, ' ');
	return p ? (unsigned)strtoul(p, NULL, 10) : 0;
}

#define MAPS_MAX 512

/* The number behind a key of fdinfo; false: it has no such line. */
static bool fdinfo_number(const char *text, const char *key, uint64_t *out)
{
	const char *p = strstr(text, key);

	if (!p)
		return false;
	*out = strtoull(p + strlen(key), NULL, 10);
	return true;
}

static bool seen_before(uint64_t *ids, unsigned *n, uint64_t id)
{
	for (unsigned i = 0; i < *n; i++)
		if (ids[i] == id)
			return true;
	if (*n < MAPS_MAX)
		ids[(*n)++] = id;
	return false;
}

uint64_t proc_map_bytes(void)
{
	uint64_t ids[MAPS_MAX], id, bytes, sum = 0;
	DIR *d = opendir("/proc/self/fdinfo");
	char path[300], text[1024];
	struct dirent *entry;
	unsigned n = 0;

	while (d && (entry = readdir(d))) {
		snprintf(path, sizeof(path), "/proc/self/fdinfo/%s", entry->d_name);
		if (*entry->d_name != '.' && proc_read(path, text, sizeof(text)) &&
		    fdinfo_number(text, "\nmap_id:", &id) &&
		    fdinfo_number(text, "\nmemlock:", &bytes) && !seen_before(ids, &n, id))
			sum += bytes;
	}
	if (d)
		closedir(d);
	return sum;
}

/* "0-3,8-11\n" -> 8. */
static unsigned proc_count_list(const char *p)
{
	unsigned n = 0;

	for (;;) {
		char *end;
		unsigned long first = strtoul(p, &end, 10), last = first;

		if (end == p)
			return n;
		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		if (last >= first)
			n += (unsigned)(last - first) + 1;
		if (*end != ',')
			return n;
		p = end + 1;
	}
}

unsigned proc_cpus_possible(void)
{
	char buf[4096];
	long conf;
	unsigned n = 0;

	if (proc_read("/sys/devices/system/cpu/possible", buf, sizeof(buf)))
		n = proc_count_list(buf);
	if (n)
		return n;
	conf = sysconf(_SC_NPROCESSORS_CONF);
	return conf > 0 ? (unsigned)conf : 1;
}
