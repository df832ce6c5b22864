/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A scan while it is made. Only sys/strays*.c include it; all of it runs in the process that
 * strays_job.c forks.
 */
#ifndef ENGINE_SYS_STRAYS_INT_H
#define ENGINE_SYS_STRAYS_INT_H

#include "engine/sys/strays.h"

#define SCAN_NS	    4096 /* namespaces of a kind */
#define SCAN_MOUNTS 256
#define SCAN_LINKS  1024

struct scan_link {
	uint32_t id, prog_id;
	int ifindex;	 /* of an XDP link */
	uint32_t target; /* of a freplace link: the program that it replaces a part of */
};

struct scan_mount {
	struct stray_mount at;
	pid_t pid; /* whose root its path begins at; 0: ours */
};

struct scan {
	struct strays *list;
	uint64_t deadline_ns; /* CLOCK_MONOTONIC */
	bool late;	      /* it has passed: not all was looked at */
	unsigned blind;	      /* processes and namespaces that could not be looked into */
	uint64_t netns;	      /* of who asks */
	int home;	      /* the same, open; -1: this process never left it */
	unsigned n_links, n_netns, n_mntns, n_mounts;
	struct scan_link link[SCAN_LINKS];
	uint64_t netns_seen[SCAN_NS], mntns_seen[SCAN_NS];
	struct scan_mount mount[SCAN_MOUNTS];
};

uint64_t scan_now_ns(void);
/* Has the time gone? Remembered. */
bool scan_late(struct scan *s);
struct stray *scan_prog(struct scan *s, uint32_t id);

/* strays.c: all of it; s->list is filled and judged. tell: called when all but what may hang has
 * been seen. */
int strays_scan(struct scan *s, const struct strays_ask *ask, void (*tell)(void *ctx), void *ctx,
		struct vx_err *err);
/* strays_net.c */
void scan_netns_of(struct scan *s, const char *path, const char *name, pid_t pid);
/* Into the namespace with this inode, by a name or a process in it. */
int scan_enter(const struct scan *s, const struct stray_attached *a);
void scan_go_home(const struct scan *s);
/* strays_proc.c: holders, and the namespaces of processes on the way */
void scan_processes(struct scan *s);
/* Does it still hold the program, or a link to it? */
bool scan_holds(const struct stray_holder *h, uint32_t prog_id);
/* strays_pins.c */
void scan_mounts_of(struct scan *s, pid_t pid);
/* A pin: dir and name are its place, path what to call it. prog_id: of the program, or of the
 * link's. */
typedef void (*scan_pin_fn)(void *ctx, int dir, const char *name, const char *path, bool link,
			    uint32_t prog_id);
/* foreign: mounts that only other mount namespaces have; else only the others. */
void scan_pins(struct scan *s, bool foreign, scan_pin_fn fn, void *ctx);
void scan_note_pins(struct scan *s, bool foreign);
/* The program of what is pinned at this open file; 0: it is no program and no link. */
uint32_t scan_pinned_prog(int fd, bool *link); /* strays.c */
/* Adds the programs that this process holds, itself or by a link. */
void strays_own(struct strays_self *self); /* strays.c */
bool scan_lacks_ptrace(void);		   /* strays_job.c */
/* strays_act.c: r->list is what is there after it */
void strays_act(struct scan *s, const struct strays_ask *ask, struct strays_result *r);

#endif
