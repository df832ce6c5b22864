// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who holds a program: all descriptors of all processes. On the way their network and mount
 * namespaces are met. Thousands of processes take a while, so there is a deadline. In a process of
 * its own, see strays_job.c.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/sys/strays_int.h"

#define HELD	  64 /* programs of one process that are counted */
#define LOCK_PATH "/run/vxconsole/lock."

struct process {
	struct stray_holder who;
	int dir; /* /proc/PID */
	unsigned n;
	uint32_t prog[HELD];
};

/* The first bytes of a small file, terminated. */
static bool read_at(int dir, const char *name, char *buf, size_t size)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	if (fd >= 0)
		close(fd);
	buf[n > 0 ? n : 0] = 0;
	return n > 0;
}

static void take_fd(struct process *p, const char *name)
{
	struct stray_fdinfo info;
	char path[32], what[64], text[1024];
	ssize_t n;

	snprintf(path, sizeof(path), "fd/%.16s", name);
	n = readlinkat(p->dir, path, what, sizeof(what) - 1);
	what[n > 0 ? n : 0] = 0;
	if (!strstr(what, "bpf") && strncmp(what, LOCK_PATH, strlen(LOCK_PATH)) != 0)
		return;
	snprintf(path, sizeof(path), "fdinfo/%.16s", name);
	if (!read_at(p->dir, path, text, sizeof(text)))
		return;
	strays_fdinfo_parse(text, &info);
	p->who.engine |= info.lock && !strncmp(what, LOCK_PATH, strlen(LOCK_PATH));
	for (unsigned i = 0; i < p->n; i++)
		if (p->prog[i] == info.prog_id)
			return;
	if (info.prog_id && p->n < HELD && !strncmp(what, "anon_inode:", 11))
		p->prog[p->n++] = info.prog_id;
}

static DIR *open_dir_at(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	if (fd >= 0 && !d)
		close(fd);
	return d;
}

/* Those of a process that may not be looked into are not seen; asking for its namespace tells. */
static void take_fds(struct process *p)
{
	DIR *d = open_dir_at(p->dir, "fd");
	struct dirent *entry;

	while (d && (entry = readdir(d)))
		if (isdigit((unsigned char)*entry->d_name))
			take_fd(p, entry->d_name);
	if (d)
		closedir(d);
}

static void name_it(struct process *p)
{
	char text[1024];

	if (read_at(p->dir, "comm", text, sizeof(text))) {
		text[strcspn(text, "\n")] = 0;
		snprintf(p->who.comm, sizeof(p->who.comm), "%.15s", text);
	}
	if (read_at(p->dir, "stat", text, sizeof(text)))
		p->who.start = strays_start_parse(text);
}

static void note_holder(struct scan *s, struct process *p)
{
	if (p->n)
		name_it(p);
	p->who.progs = p->n;
	for (unsigned i = 0; i < p->n; i++) {
		struct stray *prog = scan_prog(s, p->prog[i]);

		if (prog && prog->n_holders++ < STRAY_HOLDERS)
			prog->holder[prog->n_holders - 1] = p->who;
	}
}

static bool open_process(struct process *p, pid_t pid)
{
	char path[32];

	memset(p, 0, sizeof(*p));
	p->who.pid = pid;
	snprintf(path, sizeof(path), "/proc/%d", pid);
	p->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return p->dir >= 0;
}

static void note_mntns(struct scan *s, const char *path, pid_t pid)
{
	struct stat st;

	if (stat(path, &st))
		return;
	for (unsigned i = 0; i < s->n_mntns; i++)
		if (s->mntns_seen[i] == (uint64_t)st.st_ino)
			return;
	if (s->n_mntns == SCAN_NS)
		return;
	s->mntns_seen[s->n_mntns++] = (uint64_t)st.st_ino;
	scan_mounts_of(s, pid);
}

static void take_process(struct scan *s, pid_t pid)
{
	struct process p;
	char path[64];

	/* This one holds what it looks at. */
	if (pid == getpid() || !open_process(&p, pid))
		return;
	take_fds(&p);
	note_holder(s, &p);
	close(p.dir);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	scan_netns_of(s, path, "", pid);
	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
	note_mntns(s, path, pid);
}

static void take_named_netns(struct scan *s)
{
	DIR *d = opendir("/run/netns");
	struct dirent *entry;
	char path[300];

	while (d && (entry = readdir(d)) && !scan_late(s)) {
		snprintf(path, sizeof(path), "/run/netns/%s", entry->d_name);
		if (*entry->d_name != '.')
			scan_netns_of(s, path, entry->d_name, 0);
	}
	if (d)
		closedir(d);
}

void scan_processes(struct scan *s)
{
	DIR *d = opendir("/proc");
	struct dirent *entry = NULL;

	take_named_netns(s);
	note_mntns(s, "/proc/self/ns/mnt", 0);
	while (d && (entry = readdir(d)) && !scan_late(s))
		if (isdigit((unsigned char)*entry->d_name))
			take_process(s, (pid_t)strtol(entry->d_name, NULL, 10));
	s->list->partial = !d || entry;
	if (d)
		closedir(d);
}

bool scan_holds(const struct stray_holder *h, uint32_t prog_id)
{
	struct process p;
	bool holds = false;

	if (!open_process(&p, h->pid))
		return false;
	take_fds(&p);
	name_it(&p);
	close(p.dir);
	for (unsigned i = 0; i < p.n; i++)
		holds |= p.prog[i] == prog_id;
	return holds && p.who.start == h->start;
}
