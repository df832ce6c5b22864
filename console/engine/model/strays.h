/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * XDP programs in the kernel that are not ours: what a scan finds, what each means for us, and what
 * can be done about it. Plain structs without pointers but one, so that a scan in another process
 * can hand them over. Pure.
 */
#ifndef ENGINE_MODEL_STRAYS_H
#define ENGINE_MODEL_STRAYS_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "vx_err.h"

#define STRAYS_MAX     512 /* programs that are listed */
#define STRAY_MAPS     32
#define STRAY_ATTACHED 8
#define STRAY_HOLDERS  8
#define STRAY_PINS     4
#define STRAY_NAME     64
#define STRAY_PATH     256

/* The order is that of the list. */
enum stray_why { STRAY_BLOCKS, STRAY_DUPLICATE, STRAY_INSTANCE, STRAY_UNRELATED };
enum stray_how { STRAY_BY_NETLINK, STRAY_BY_LINK, STRAY_BY_DISPATCHER };
enum stray_mode { STRAY_NATIVE, STRAY_GENERIC, STRAY_OFFLOADED };

struct stray_map {
	uint32_t id;
	char name[16];
};

struct stray_attached {
	char dev[IFNAMSIZ];
	int ifindex;
	uint64_t netns;	     /* its inode */
	char netns_name[32]; /* as ip-netns calls it; "": it has no name */
	pid_t netns_pid;     /* a process in it; 0: none was seen */
	bool here;	     /* the namespace of who looked */
	enum stray_mode mode;
	enum stray_how how;
	uint32_t link_id; /* 0: by netlink */
};

struct stray_holder {
	pid_t pid;
	uint64_t start; /* of the process, in ticks since boot: with pid it names one process */
	char comm[16];
	bool engine;	/* it holds the lock of an instance */
	unsigned progs; /* BPF programs of all kinds that it holds */
	unsigned other; /* of them, such as are no duplicates (strays_judge) */
};

struct stray_pin {
	bool link; /* of a link, else of the program */
	char path[STRAY_PATH];
};

struct stray {
	uint32_t id;
	bool ext; /* BPF_PROG_TYPE_EXT: a part of libxdp's dispatcher */
	char name[STRAY_NAME];
	uint8_t tag[8];
	int64_t loaded_real_ns;
	uint32_t dispatcher; /* ext: id of the program that it is a part of; 0: none */
	unsigned members;    /* parts that a dispatcher has */
	unsigned n_maps, n_attached, n_holders,
		n_pins; /* all there are; the arrays have the first */
	struct stray_map map[STRAY_MAPS];
	struct stray_attached attached[STRAY_ATTACHED];
	struct stray_holder holder[STRAY_HOLDERS];
	struct stray_pin pin[STRAY_PINS];
	enum stray_why why;
	bool duplicate; /* also where why is STRAY_BLOCKS */
	bool unseen;	/* no holder was seen, and not all were looked at: it is not judged */
};

struct strays {
	unsigned n, more; /* more: those that did not fit */
	struct stray *prog;
	bool partial;	   /* the time was up before all processes were looked at */
	char trouble[240]; /* what could not be seen, and why; "": all was */
};

#define STRAYS_OWN 16

/* Who asks. */
struct strays_self {
	pid_t pid;	/* of the engine; 0: none */
	int ifindex;	/* of its ingress; 0: none */
	uint64_t netns; /* that this is in */
	unsigned n_own; /* programs that it holds, by its own descriptors */
	uint32_t own[STRAYS_OWN];
};

enum strays_act { STRAYS_LIST, STRAYS_DETACH, STRAYS_STOP, STRAYS_CLEAN };

/* How many of the n there are the arrays have. */
static inline unsigned stray_have(unsigned n, unsigned most)
{
	return n < most ? n : most;
}

/* Says of each why it is listed, leaves out ours, and sorts: what blocks, duplicates, the rest. */
void strays_judge(struct strays *s, const struct strays_self *self);
struct stray *strays_find(const struct strays *s, uint32_t id); /* NULL: not there */
/* The first that is attached to the ingress of who asks, judged or not; NULL: none. */
const struct stray *strays_on(const struct strays *s, const struct strays_self *self);
/* Would `clean` do something about it? */
static inline bool stray_is_cleaned(const struct stray *p)
{
	return p->duplicate && p->why != STRAY_INSTANCE;
}
/* Is it another engine's, attached in the namespace of who looked? */
bool stray_is_beside(const struct stray *p);
/* Would `clean` ask it to end? Not who has other programs in hand. */
bool stray_may_end(const struct stray_holder *h);
/* How many of the list clean aims at; and how many of them it can get hold of. */
unsigned strays_duplicates(const struct strays *s);
unsigned strays_in_reach(const struct strays *s);
/* How many clean would aim at, too, were it known that no live engine holds them. */
unsigned strays_unseen(const struct strays *s);
#define STRAYS_NOT_ALL "not all holders could be looked at"
/* -EPERM and why when act must not be done to p. */
int stray_refused(const struct stray *p, enum strays_act act, struct vx_err *err)
	__attribute__((warn_unused_result));
/* Is nothing left that act aims at? p NULL: it has gone. */
bool stray_is_done(const struct stray *p, enum strays_act act);

/* --- in words; each returns buf --- */
#define STRAY_TEXT 240
const char *stray_where(const struct stray *p, char buf[static STRAY_TEXT]); /* "ens5 (generic)" */
const char *stray_how(const struct stray *p, char buf[static STRAY_TEXT]);   /* "netlink" */
const char *stray_held(const struct stray *p, char buf[static STRAY_TEXT]);  /* "pid 17 loader" */
const char *stray_matters(const struct stray *p, char buf[static STRAY_TEXT]); /* "blocks us ..." */
/* The command that does something about it; "": none. */
const char *stray_fix(const struct stray *p, char buf[static STRAY_TEXT]);
/* "vxlan_pipeline_main id 2236 (generic, by netlink), held by nobody": who has taken the ingress.
 */
const char *stray_sentence(const struct stray *p, char buf[static STRAY_TEXT]);
/* What act would do, as a question. */
void strays_question(const struct strays *s, const struct stray *p, enum strays_act act, char *buf,
		     size_t size);
const char *stray_why_name(enum stray_why why);
const char *stray_mode_name(enum stray_mode mode);
const char *stray_how_name(enum stray_how how);

/* --- files of /proc --- */
struct stray_fdinfo {
	uint32_t prog_id, link_id; /* 0: not in it */
	bool lock;		   /* a flock is held by it */
};
void strays_fdinfo_parse(const char *text, struct stray_fdinfo *out);

struct stray_mount {
	unsigned major, minor;
	char path[STRAY_PATH];
};
/* A line of mountinfo: is it a bpf file system, with a path that is not too long? */
bool strays_mount_parse(const char *line, struct stray_mount *out);
/* The start time in the text of /proc/PID/stat; 0: it is none. */
uint64_t strays_start_parse(const char *stat);

#endif
