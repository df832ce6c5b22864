/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a crash must not lose: changes that are not saved yet, on disk before they are answered. A
 * file per ingress and network namespace, a JSON object a line; each line has the state that the
 * change left, so that nothing need be known of what was before. What another run left is the
 * offer, read as hostile. [engine]
 */
#ifndef ENGINE_SYS_KEPT_H
#define ENGINE_SYS_KEPT_H

#include <stdio.h>

#include "engine/model/addr.h"

#define KEPT_DIR     "/var/lib/vxconsole" /* or $STATE_DIRECTORY, which systemd sets */
#define KEPT_BYTES   (64u << 20)	  /* of a file, at most */
#define KEPT_LINES   20000u		  /* that one run writes, at most */
#define KEPT_COMMAND 1024		  /* of a command: as shown */

/* --- changes as lines: kept_line.c --- */
/* The first line. Of one length, so that the one can be written over the other on a full disk. */
#define KEPT_HEAD_WHOLE	 "{\"vxconsole-journal\":1,\"whole\":true }\n"
#define KEPT_HEAD_PARTLY "{\"vxconsole-journal\":1,\"whole\":false}\n"
#define KEPT_HEAD_LEN	 (sizeof(KEPT_HEAD_WHOLE) - 1)
/* Can a file that has no whole line be the beginning of a journal? */
bool kept_is_begun(const char *text, size_t len);

enum kept_kind { KEPT_PUT, KEPT_DEL, KEPT_SET, KEPT_RULES, KEPT_INTAKE, KEPT_LIST };

struct kept_item {
	enum kept_kind kind;
	struct cidr cidr; /* PUT, DEL */
	bool on;	  /* INTAKE; SET: it is the default, which no file names */
	char *a;	  /* PUT: organisation; SET: name; LIST: JSON */
	char *b;	  /* PUT: note; SET: value */
	char **rule;	  /* RULES: all of them */
	uint32_t n_rules;
};

enum kept_how { KEPT_DONE, KEPT_UNDONE, KEPT_REDONE };
extern const char *const kept_how_names[]; /* by enum kept_how */

struct kept_change {
	uint64_t id; /* of the run that made it */
	enum kept_how how;
	int64_t real_ns;
	char *user, *command;
	struct kept_item *item;
	uint32_t n;
	unsigned run; /* which of the runs that the file tells of */
};

struct kept {
	struct kept_change *change; /* that are in force and saved nowhere, in order */
	uint32_t n;
	unsigned runs;
	bool partly; /* later ones could not be written, or not whole */
};

/* A line, in parts. */
void kept_line_open(FILE *f, const struct kept_change *c);
void kept_line_item(FILE *f, const struct kept_item *item, bool more);
void kept_line_close(FILE *f);
/* All lines of a file. -EINVAL: "line N: ..." */
int kept_parse(const char *text, size_t len, struct kept **out, struct vx_err *err)
	__attribute__((warn_unused_result));
void kept_free(struct kept *k);
/* Does a change behind change i set what this item of it sets? Then it is of no use. */
bool kept_overtaken(const struct kept *k, uint32_t i, const struct kept_item *it);

/* --- the file: kept_file.c --- */
struct kept_file {
	int dir; /* -1: nothing is kept */
	int fd;	 /* -1: not begun */
	uint64_t len;
	uint32_t lines;
	bool partly; /* a line is missing: said in the file, too */
	bool hold;   /* lines need not be on the disk before kept_release() */
	char name[64], offer[64];
};

/* Takes over what the last run left: *text is that, NULL: nothing. On failure f keeps nothing, or
 * begins anew where only the offer is bad; that one stays under a name that ends in ".bad". */
int kept_open(struct kept_file *f, const char *ingress, bool first_netns, char **text, size_t *len,
	      struct vx_err *err) __attribute__((warn_unused_result));
void kept_close(struct kept_file *f); /* the file stays */
/* A whole line with its newline, to the disk. On failure the file is as it was, but for partly. */
int kept_append(struct kept_file *f, const char *line, size_t len, struct vx_err *err)
	__attribute__((warn_unused_result));
/* What was appended while the file was held is on the disk when this returns; -errno. */
int kept_release(struct kept_file *f);
void kept_clear(struct kept_file *f);	   /* nothing of this run is unsaved any more */
void kept_drop_offer(struct kept_file *f); /* taken, or not wanted */
void kept_set_bad(struct kept_file *f);	   /* the offer is no use */

#endif
