// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel knows of XDP programs: the programs themselves, their maps, the links that attach
 * them. By ids and descriptors only, with libbpf's plain wrappers of the system call. In a process
 * of its own, see strays_job.c.
 */
#include "engine/sys/strays_int.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SCAN_MS	  1500
#define INFO_MAPS 256

static int64_t clock_of(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

uint64_t scan_now_ns(void)
{
	return (uint64_t)clock_of(CLOCK_MONOTONIC);
}

bool scan_late(struct scan *s)
{
	s->late |= scan_now_ns() > s->deadline_ns;
	return s->late;
}

struct stray *scan_prog(struct scan *s, uint32_t id)
{
	return id ? strays_find(s->list, id) : NULL;
}

/* --- programs --- */

static void take_maps(struct stray *p, const uint32_t *ids, uint32_t n)
{
	p->n_maps = n;
	for (unsigned i = 0; i < stray_have(n, STRAY_MAPS); i++) {
		struct bpf_map_info info = { 0 };
		uint32_t len = sizeof(info);
		int fd = bpf_map_get_fd_by_id(ids[i]);

		p->map[i].id = ids[i];
		if (fd < 0)
			continue;
		if (!bpf_obj_get_info_by_fd(fd, &info, &len))
			snprintf(p->map[i].name, sizeof(p->map[i].name), "%s", info.name);
		close(fd);
	}
}

/* The kernel keeps 15 letters of a name; the whole is in the types of the program (BTF). */
static void take_whole_name(struct stray *p, int fd, uint32_t btf_id)
{
	struct bpf_func_info func = { 0 };
	struct bpf_prog_info info = { .nr_func_info = 1,
				      .func_info_rec_size = sizeof(func),
				      .func_info = (uint64_t)(uintptr_t)&func };
	uint32_t len = sizeof(info);
	const struct btf_type *type;
	const char *name = NULL;
	struct btf *btf;

	if (strlen(p->name) < BPF_OBJ_NAME_LEN - 1 || !btf_id ||
	    bpf_obj_get_info_by_fd(fd, &info, &len) || !info.nr_func_info)
		return;
	btf = btf__load_from_kernel_by_id(btf_id);
	type = btf ? btf__type_by_id(btf, func.type_id) : NULL;
	name = type ? btf__name_by_offset(btf, type->name_off) : NULL;
	if (name && !strncmp(name, p->name, strlen(p->name)))
		snprintf(p->name, sizeof(p->name), "%s", name);
	btf__free(btf);
}

static void take_prog(struct scan *s, int fd)
{
	uint32_t maps[INFO_MAPS];
	struct bpf_prog_info info = { .nr_map_ids = INFO_MAPS,
				      .map_ids = (uint64_t)(uintptr_t)maps };
	uint32_t len = sizeof(info);
	struct stray *p;

	if (bpf_obj_get_info_by_fd(fd, &info, &len) ||
	    (info.type != BPF_PROG_TYPE_XDP && info.type != BPF_PROG_TYPE_EXT))
		return;
	if (s->list->n == STRAYS_MAX) {
		s->list->more++;
		return;
	}
	p = &s->list->prog[s->list->n++];
	memset(p, 0, sizeof(*p));
	p->id = info.id;
	p->ext = info.type == BPF_PROG_TYPE_EXT;
	snprintf(p->name, sizeof(p->name), "%s", info.name);
	memcpy(p->tag, info.tag, sizeof(p->tag));
	p->loaded_real_ns =
		clock_of(CLOCK_REALTIME) - clock_of(CLOCK_BOOTTIME) + (int64_t)info.load_time;
	take_whole_name(p, fd, info.btf_id);
	take_maps(p, maps, info.nr_map_ids < INFO_MAPS ? info.nr_map_ids : INFO_MAPS);
}

static int take_progs(struct scan *s, struct vx_err *err)
{
	uint32_t id = 0;
	int rc, fd;

	while (!(rc = bpf_prog_get_next_id(id, &id))) {
		fd = bpf_prog_get_fd_by_id(id);
		if (fd < 0)
			continue; /* gone meanwhile */
		take_prog(s, fd);
		close(fd);
	}
	return rc == -ENOENT ? 0
			     : vx_err_set(err, rc, "the kernel's list of BPF programs: %s",
					  strerror(-rc));
}

/* --- links --- */

static void take_link(struct scan *s, int fd)
{
	struct bpf_link_info info = { 0 };
	uint32_t len = sizeof(info);
	struct scan_link *l = &s->link[s->n_links];
	struct stray *p;

	if (s->n_links == SCAN_LINKS || bpf_obj_get_info_by_fd(fd, &info, &len))
		return;
	p = scan_prog(s, info.prog_id);
	if (!p)
		return;
	s->n_links++;
	*l = (struct scan_link){ .id = info.id, .prog_id = info.prog_id };
	if (info.type == BPF_LINK_TYPE_XDP)
		l->ifindex = (int)info.xdp.ifindex;
	if (info.type != BPF_LINK_TYPE_TRACING || !p->ext)
		return;
	l->target = info.tracing.target_obj_id;
	p->dispatcher = l->target;
	p = scan_prog(s, l->target);
	if (p)
		p->members++;
}

static void take_links(struct scan *s)
{
	uint32_t id = 0;
	int fd;

	while (!bpf_link_get_next_id(id, &id)) {
		fd = bpf_link_get_fd_by_id(id);
		if (fd < 0)
			continue;
		take_link(s, fd);
		close(fd);
	}
}

static int mark_ids(int (*next)(__u32, __u32 *), uint64_t *mark)
{
	__u32 id = 0;
	int rc;

	while (!(rc = next(id, &id)))
		*mark = (*mark ^ id) * 0x100000001b3ULL; /* FNV-1a, a word at a time */
	*mark *= 0x100000001b3ULL; /* where one list ends and the next begins */
	return rc == -ENOENT ? 0 : rc;
}

uint64_t strays_mark(void)
{
	uint64_t mark = 0xcbf29ce484222325ULL;

	if (mark_ids(bpf_prog_get_next_id, &mark) || mark_ids(bpf_link_get_next_id, &mark))
		return 0;
	return mark;
}

/* The program that an open descriptor is, or its link's; 0: neither. */
static uint32_t prog_of(int obj, bool *link)
{
	struct bpf_prog_info prog = { 0 };
	struct bpf_link_info info = { 0 };
	char path[32], what[64];
	uint32_t len;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", obj);
	n = readlink(path, what, sizeof(what) - 1);
	what[n > 0 ? n : 0] = 0;
	*link = strstr(what, "link");
	len = *link ? sizeof(info) : sizeof(prog);
	if (*link && !bpf_obj_get_info_by_fd(obj, &info, &len))
		return info.prog_id;
	if (strstr(what, "prog") && !bpf_obj_get_info_by_fd(obj, &prog, &len))
		return prog.id;
	return 0;
}

uint32_t scan_pinned_prog(int fd, bool *link)
{
	char path[32];
	uint32_t id;
	int obj;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	obj = bpf_obj_get(path);
	if (obj < 0)
		return 0;
	id = prog_of(obj, link);
	close(obj);
	return id;
}

static void add_own(struct strays_self *self, uint32_t id)
{
	for (unsigned i = 0; i < self->n_own; i++)
		if (self->own[i] == id)
			return;
	if (id && self->n_own < STRAYS_OWN)
		self->own[self->n_own++] = id;
}

void strays_own(struct strays_self *self)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *entry;
	bool link;

	while (d && (entry = readdir(d)))
		if (*entry->d_name != '.')
			add_own(self, prog_of((int)strtol(entry->d_name, NULL, 10), &link));
	if (d)
		closedir(d);
}

/* --- all of it --- */

/* What a dispatcher's parts are attached to is what it is attached to itself. */
static void pass_on(struct scan *s)
{
	for (unsigned i = 0; i < s->n_links; i++) {
		struct stray *p = scan_prog(s, s->link[i].prog_id);
		const struct stray *to = scan_prog(s, s->link[i].target);

		if (!p || !to)
			continue;
		p->n_attached = to->n_attached;
		memcpy(p->attached, to->attached, sizeof(p->attached));
		for (unsigned k = 0; k < stray_have(p->n_attached, STRAY_ATTACHED); k++) {
			p->attached[k].how = STRAY_BY_DISPATCHER;
			p->attached[k].link_id = s->link[i].id;
		}
	}
}

static void say_trouble(struct scan *s)
{
	char blind[120] = "";

	if (s->blind)
		snprintf(blind, sizeof(blind),
			 "processes that could not be looked into%s: %u; one of them may hold a "
			 "program",
			 scan_lacks_ptrace() ? " (needs CAP_SYS_PTRACE)" : "", s->blind);
	snprintf(s->list->trouble, sizeof(s->list->trouble), "%s%s%s",
		 s->list->partial ? STRAYS_NOT_ALL " in time"
		 : s->late	  ? "not all was looked at in time"
				  : "",
		 s->late && s->blind ? "; " : "", blind);
}

int strays_scan(struct scan *s, const struct strays_ask *ask, void (*tell)(void *ctx), void *ctx,
		struct vx_err *err)
{
	struct strays *list = s->list;
	int rc;

	s->deadline_ns = scan_now_ns() + SCAN_MS * 1000000ULL;
	s->netns = ask->self.netns;
	s->n_links = s->n_netns = s->n_mntns = s->n_mounts = 0;
	s->late = false;
	s->blind = 0;
	list->n = list->more = 0;
	list->partial = false;
	rc = take_progs(s, err);
	if (rc)
		return rc;
	take_links(s);
	scan_go_home(s);
	scan_netns_of(s, "/proc/self/ns/net", "", 0);
	scan_processes(s);
	pass_on(s);
	scan_note_pins(s, false);
	say_trouble(s);
	if (tell)
		tell(ctx);
	scan_note_pins(s, true);
	say_trouble(s);
	return 0;
}
