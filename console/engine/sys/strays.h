/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * XDP programs of others: looking for them all over the machine, and taking them away. All of it
 * runs in a process of its own: it enters namespaces, walks thousands of processes and may hang on
 * a file system, and none of that may touch who asked. [engine; the command line]
 */
#ifndef ENGINE_SYS_STRAYS_H
#define ENGINE_SYS_STRAYS_H

#include "engine/model/strays.h"

#define STRAYS_SAID 2048

struct strays_ask {
	enum strays_act act;
	uint32_t id;  /* of detach and stop */
	bool unasked; /* nobody waits: at the lowest priority */
	struct strays_self self;
};

struct strays_result {
	struct strays list;	/* what there is now; strays_result_fini */
	struct stray subject;	/* of detach and stop, as it was; id 0: there was no such program */
	bool done;		/* nothing that was aimed at is left */
	char said[STRAYS_SAID]; /* what was done and what failed, a line each */
};
void strays_result_fini(struct strays_result *r);

struct strays_job {
	pid_t pid; /* 0: none runs */
	int fd;	   /* readable: call strays_job_read; -1: its answer is complete */
	uint64_t deadline_ns;
	char *buf;
	size_t n, size;
};

/* -EPERM when this process may not: names the capability, and the command that has it. */
int strays_may(enum strays_act act, uint32_t id, struct vx_err *err)
	__attribute__((warn_unused_result));
/* Forks. */
int strays_job_start(struct strays_job *j, const struct strays_ask *ask, struct vx_err *err)
	__attribute__((warn_unused_result));
/* Takes what has come, without waiting. 1: j has ended and r is filled; 0: not yet; -errno: it
 * ended without an answer. */
int strays_job_read(struct strays_job *j, struct strays_result *r, struct vx_err *err)
	__attribute__((warn_unused_result));
/* Ends it, whatever it does. */
void strays_job_end(struct strays_job *j);
/* Start, wait, read: for who has nothing else to do. */
int strays_run(const struct strays_ask *ask, struct strays_result *r, struct vx_err *err)
	__attribute__((warn_unused_result));
/* Another number whenever a program or link has come or gone; 0: this process may not know. A
 * program that was there and is attached by netlink changes nothing here. */
uint64_t strays_mark(void);

#endif
