// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs and links that are pinned in bpf file systems, those of other mount namespaces too,
 * which are reached through /proc/PID/root. Paths in there are other people's: no symbolic link is
 * followed, and what is found must be in a bpf file system. In a process of its own, see
 * strays_job.c.
 */
#define _GNU_SOURCE /* O_PATH */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "engine/sys/strays_int.h"

#define DEPTH	8
#define ENTRIES 4096 /* of all file systems together */

struct walk {
	struct scan *s;
	scan_pin_fn fn;
	void *ctx;
	unsigned entries;
};

static bool known(const struct scan *s, const struct stray_mount *m)
{
	for (unsigned i = 0; i < s->n_mounts; i++)
		if (s->mount[i].at.major == m->major && s->mount[i].at.minor == m->minor)
			return true;
	return false;
}

void scan_mounts_of(struct scan *s, pid_t pid)
{
	char path[64] = "/proc/self/mountinfo", *line = NULL;
	struct stray_mount m;
	size_t size = 0;
	FILE *f;

	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/mountinfo", pid);
	f = fopen(path, "re");
	while (f && getline(&line, &size, f) > 0)
		if (strays_mount_parse(line, &m) && !known(s, &m) && s->n_mounts < SCAN_MOUNTS)
			s->mount[s->n_mounts++] = (struct scan_mount){ m, pid };
	free(line);
	if (f)
		fclose(f);
}

static bool is_bpffs(int fd)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) && fs.f_type == BPF_FS_MAGIC;
}

/* The mount point as a directory, when it is still what the list of mounts said. */
static int open_mount(const struct scan_mount *m)
{
	struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
				.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS };
	char root[32] = "/proc/self/root";
	struct stat st;
	int top, fd;

	if (m->pid)
		snprintf(root, sizeof(root), "/proc/%d/root", m->pid);
	top = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	fd = top < 0 ? -1 : (int)syscall(SYS_openat2, top, m->at.path, &how, sizeof(how));
	if (top >= 0)
		close(top);
	if (fd >= 0 && (!is_bpffs(fd) || fstat(fd, &st) || major(st.st_dev) != m->at.major ||
			minor(st.st_dev) != m->at.minor)) {
		close(fd);
		return -1;
	}
	return fd;
}

static void take_pin(struct walk *w, int dir, const char *name, const char *path)
{
	int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat at, still;
	bool link = false;
	uint32_t id;

	if (fd < 0)
		return;
	id = !fstat(fd, &at) && S_ISREG(at.st_mode) && is_bpffs(fd) ? scan_pinned_prog(fd, &link)
								    : 0;
	if (id && !fstatat(dir, name, &still, AT_SYMLINK_NOFOLLOW) && still.st_ino == at.st_ino &&
	    still.st_dev == at.st_dev)
		w->fn(w->ctx, dir, name, path, link, id);
	close(fd);
}

/* Takes fd. */
static void walk_dir(struct walk *w, int fd, const char *path, unsigned depth)
{
	DIR *d = fdopendir(fd);
	char under[STRAY_PATH];
	struct dirent *entry;
	int sub;

	if (!d) {
		close(fd);
		return;
	}
	while ((entry = readdir(d)) && w->entries++ < ENTRIES && !scan_late(w->s)) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") ||
		    (size_t)snprintf(under, sizeof(under), "%s/%s", path, entry->d_name) >=
			    sizeof(under))
			continue;
		if (entry->d_type != DT_DIR) {
			take_pin(w, dirfd(d), entry->d_name, under);
			continue;
		}
		sub = openat(dirfd(d), entry->d_name,
			     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (sub >= 0 && depth < DEPTH)
			walk_dir(w, sub, under, depth + 1);
		else if (sub >= 0)
			close(sub);
	}
	closedir(d);
}

void scan_pins(struct scan *s, bool foreign, scan_pin_fn fn, void *ctx)
{
	struct walk w = { .s = s, .fn = fn, .ctx = ctx };
	char path[STRAY_PATH];

	for (unsigned i = 0; i < s->n_mounts && !scan_late(s); i++) {
		const struct scan_mount *m = &s->mount[i];
		int fd, len;

		if ((m->pid != 0) != foreign)
			continue;
		fd = open_mount(m);
		if (m->pid)
			len = snprintf(path, sizeof(path), "/proc/%d/root%s", m->pid, m->at.path);
		else
			len = snprintf(path, sizeof(path), "%s", m->at.path);
		if (fd >= 0 && (size_t)len < sizeof(path))
			walk_dir(&w, fd, path, 0);
		else if (fd >= 0)
			close(fd);
	}
}

static void note(void *ctx, int dir, const char *name, const char *path, bool link,
		 uint32_t prog_id)
{
	struct stray *p = scan_prog(ctx, prog_id);
	struct stray_pin *pin;

	(void)dir;
	(void)name;
	if (!p || p->n_pins++ >= STRAY_PINS)
		return;
	pin = &p->pin[p->n_pins - 1];
	pin->link = link;
	snprintf(pin->path, sizeof(pin->path), "%s", path);
}

void scan_note_pins(struct scan *s, bool foreign)
{
	scan_pins(s, foreign, note, s);
}
