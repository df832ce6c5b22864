/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The engine: everything that one instance owns, and the changes that can be made to it. A change
 * checks first, then writes the datapath, then the model; when it fails nothing has changed.
 * Commands call these and format what comes back. [engine]
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "engine/dp/dp.h"
#include "engine/model/admits.h"
#include "engine/model/allow.h"
#include "engine/model/allow_diff.h"
#include "engine/model/journal.h"
#include "engine/model/nat.h"
#include "engine/sys/kept.h"
#include "engine/sys/lock.h"
#include "engine/sys/net.h"
#include "engine/sys/quiet.h"
#include "engine/sys/store.h"
#include "engine/sys/strays.h"
#include "inj.h"
#include "opt.h"
#include "proto/history.h"
#include "proto/snapshot.h"

enum eng_part { ENG_LIST, ENG_SETTINGS, ENG_PARTS }; /* what is saved on its own */

/* XDP programs of others, as the last look found them (strays.c). */
struct eng_strays {
	uint64_t mono_ns;	     /* when that was; 0: there was none */
	unsigned blocks, duplicates; /* duplicates: what `strays clean` takes away */
	bool beside; /* another engine works in this network namespace, on another ingress */
	char worst[STRAY_TEXT]; /* "vxlan_pipeline_main id 2236 (...), held by ..."; "": none */
	char fix[STRAY_TEXT];	/* the command: "strays clean" */
};

struct eng {
	struct opts *o;
	const struct dp_ops *dp;
	struct dp *d;
	struct inj *inj;
	struct net *net;
	struct allow *allow;
	struct store_doc *allow_doc; /* the file that allow came from; NULL: none */
	struct nat *nat;
	struct quiet quiet;
	int lock_fd;
	char socket_path[108];
	struct snapshot snap;		  /* the last tick's */
	struct snapshot_history *history; /* history.c; NULL: none is kept */
	struct {
		unsigned off; /* changes that cannot be undone to where it was loaded or saved, */
		int since;    /* and those since then; negative: undone beyond it */
	} unsaved[ENG_PARTS];
	bool adopted; /* `allow save` has chosen the list's file, and no config names it yet: one of
			 the unsaved settings, but nothing that the journal could make again */
	struct journal *journal; /* NULL: nothing is recorded */
	const char *user;	 /* who makes the change that is under way; NULL: the engine */
	unsigned list_edits;	 /* changes to the allowlist, ever */
	uint64_t leaked_seen, unseen_seen; /* what the light LEAK has been acknowledged for */
	struct eng_strays strays;
	struct eng_run *run; /* loop, timers, baselines: engine/run_int.h */
	bool quit;	     /* asked to stop: drain, then end */
	bool quit_drops;     /* what is not saved is not wanted */
	const char *quit_why;
};

struct diag_cause;
/* i-th of what is the matter, the worst first; NULL past the end. observe.c */
const struct diag_cause *eng_cause(const struct eng *e, unsigned i);
void eng_diagnose_ack(struct eng *e); /* what fell silent has been seen */
void eng_egress_mac(const struct eng *e, char buf[static ADDR_TEXT]);

/* A fresh reading of all figures, not only the last tick's. */
void eng_refresh(struct eng *e);

/* --- what is told of changes: history.c, lights.c --- */
/* What was recorded since the last one is one change: *made, NULL when it could not be kept. false:
 * nothing was. */
bool eng_record_change(struct eng *e, const char *user, const char *command,
		       const struct journal_change **made);
/* keep.c: on disk before it is answered, until it is saved; whatever fails is told once. c NULL:
 * one that could not be recorded. */
void eng_keep_change(struct eng *e, const struct journal_change *c, enum kept_how how);
void eng_keep_saved(struct eng *e, enum eng_part part);
void eng_turned(struct eng *e, const struct journal_change *c); /* undone or redone */
/* A change was made: counted for its part (ENG_PARTS: for none, it is not saved) and marked in the
 * history. */
void eng_edited(struct eng *e, enum eng_part part, const char *text);
unsigned eng_unsaved(const struct eng *e, enum eng_part part);
void eng_saved(struct eng *e, enum eng_part part); /* or loaded: files and engine agree */
void eng_mark(struct eng *e);	/* counts since now; the caller has just called eng_refresh */
void eng_ack(struct eng *e);	/* latched lights have been seen */
void eng_lights(struct eng *e); /* from the other figures of e->snap */

/* watch.c: what the allowlist's file holds now is known: in force, saved, or judged. fd: that file
 * as it was read, before it was read; -1: as it is. */
void eng_watch_know(struct eng *e, int fd);
void eng_watch_forget(struct eng *e); /* it was read, and is not in force: looked at again */

/* --- changes --- */
int eng_allow_add(struct eng *e, const struct cidr *c, const char *org, const char *note,
		  struct vx_err *err) __attribute__((warn_unused_result));
int eng_allow_del(struct eng *e, const struct cidr *c, struct vx_err *err)
	__attribute__((warn_unused_result));
/* fd is read; name is for messages. Replaces the list as one. warn: the loader's warnings. */
int eng_allow_load(struct eng *e, int fd, const char *name, store_warn_fn warn, void *ctx,
		   struct vx_err *err) __attribute__((warn_unused_result));
/* What eng_allow_load would do, entry by entry; fd is read. */
int eng_allow_diff_rows(struct eng *e, int fd, const char *name, allow_diff_fn fn, void *ctx,
			struct vx_err *err) __attribute__((warn_unused_result));
/* The same in numbers. */
int eng_allow_diff(struct eng *e, int fd, const char *name, struct allow_diff *out,
		   struct vx_err *err) __attribute__((warn_unused_result));
/* The same of a list that the journal keeps, and of the text of one. */
int eng_allow_diff_list(struct eng *e, struct allow *packed, struct allow_diff *out,
			struct vx_err *err) __attribute__((warn_unused_result));
int eng_allow_diff_text(struct eng *e, const char *text, struct allow_diff *out, struct vx_err *err)
	__attribute__((warn_unused_result));
struct eng_list_saved {
	bool adopted; /* there was no file of the list: this one is from now on, and `save` is due
		       */
	char other[4096]; /* what somebody else had written there is in this file now; "": nobody
			     had */
};
/* path NULL: the -a file, else /etc/vxconsole/allowlist.json. fd >= 0: write there instead (a
 * client's). */
int eng_allow_save(struct eng *e, const char *path, int fd, struct eng_list_saved *out,
		   struct vx_err *err) __attribute__((warn_unused_result));
int eng_nat_add(struct eng *e, const char *rule, struct vx_err *err)
	__attribute__((warn_unused_result));
int eng_nat_del(struct eng *e, const char *key, struct vx_err *err)
	__attribute__((warn_unused_result));
int eng_vni_add(struct eng *e, uint32_t vni, struct vx_err *err)
	__attribute__((warn_unused_result)); /* -EEXIST when there, or any */
int eng_vni_del(struct eng *e, uint32_t vni, struct vx_err *err)
	__attribute__((warn_unused_result));
int eng_set(struct eng *e, const char *name, const char *value, struct vx_err *err)
	__attribute__((warn_unused_result)); /* 1: it has that value, and nothing has changed */
int eng_intake(struct eng *e, bool on, struct vx_err *err)
	__attribute__((warn_unused_result)); /* -EALREADY when it is so */
/* Writes the config (path NULL: the -c file, else /etc/vxconsole/vxconsole.conf). */
int eng_save(struct eng *e, const char *path, int fd, struct vx_err *err)
	__attribute__((warn_unused_result));
/* The last change, whole or not at all. only: -ESTALE when it is another one; 0: whichever. id:
 * which it was. journal.c */
int eng_undo(struct eng *e, bool redo, uint64_t only, uint64_t *id, struct vx_err *err)
	__attribute__((warn_unused_result));
/* What the run before this one did not save: NULL: nothing. reapply.c */
const struct kept *eng_kept(const struct eng *e);
/* All of it or none. done: changes that were made; same: that were so already. */
int eng_journal_apply(struct eng *e, unsigned *done, unsigned *same, struct vx_err *err)
	__attribute__((warn_unused_result));
int eng_journal_discard(struct eng *e, unsigned *n, struct vx_err *err)
	__attribute__((warn_unused_result));
/* The rules of an item; the caller frees *out. */
int eng_kept_rules(const struct kept_item *it, struct nat_rule **out, struct vx_err *err)
	__attribute__((warn_unused_result));
/* SIGHUP: config and lists again. */
int eng_reload(struct eng *e, struct vx_err *err) __attribute__((warn_unused_result));

/* --- programs of others: strays.c --- */
/*
 * What `strays` and its actions ask for, without waiting. *ticket is 0 at the first call, and the
 * caller's to keep: 0: not yet, call again; 1: *out is the answer, until the next call; -errno.
 */
int eng_strays(struct eng *e, enum strays_act act, uint32_t id, uint64_t *ticket,
	       const struct strays_result **out, struct vx_err *err)
	__attribute__((warn_unused_result));
const struct strays *eng_strays_last(const struct eng *e); /* NULL: none yet */

/* --- questions --- */
struct eng_selfcheck {
	bool exact;
	uint64_t rx, rows;
	char what[160]; /* which term is off, "" when exact */
};
int eng_selfcheck(struct eng *e, struct eng_selfcheck *out, struct vx_err *err)
	__attribute__((warn_unused_result));

/* What would become of a frame that arrived now, and by what. Nothing is counted or sent. */
struct eng_explained {
	struct dp_explained x;
	struct vx_cfg cfg;		 /* as it was judged by */
	const struct allow_entry *entry; /* that permits it; NULL: none, or not reached */
	const struct nat_rule *rule;	 /* that it obeys */
	const struct net_nexthop *hop;	 /* that it would go to; NULL: not reached */
	uint32_t cut; /* bytes of the frame that who asks does not have; the caller sets it */
};
int eng_explain(struct eng *e, const uint8_t *frame, uint32_t len, struct eng_explained *out,
		struct vx_err *err) __attribute__((warn_unused_result));

struct eng_allow_row {
	const struct allow_entry *entry;
	uint64_t hits, pps;
	int64_t last_seen_real_ns; /* 0: never */
};
uint64_t eng_allow_pps(const struct eng *e,
		       const struct allow_entry *entry); /* at the last second */
typedef void (*eng_allow_fn)(void *ctx, const struct eng_allow_row *row);
void eng_allow_rows(struct eng *e,
		    const char *filter /* NULL: all; substring of address, org, note, any case */,
		    eng_allow_fn fn, void *ctx);

struct eng_denied_row {
	struct addr addr;
	uint64_t count, pps;
	struct admits admits; /* what an entry for it would admit, by samples */
};
typedef void (*eng_denied_fn)(void *ctx, const struct eng_denied_row *row);
void eng_denied_rows(struct eng *e, unsigned most, eng_denied_fn fn,
		     void *ctx); /* most denied first */

/* What an entry would admit, by samples of the last second; ruled_pps of it would a NAT rule take,
 * of unknown_pps the port is not known. -ENOMEM. */
struct eng_admits {
	struct admits sum;
	uint64_t ruled_pps, unknown_pps;
};
int eng_admits(struct eng *e, const struct cidr *c, struct eng_admits *out, struct vx_err *err)
	__attribute__((warn_unused_result));

/* Where packets go that are allowed and that no rule matches, busiest first. */
struct eng_port_row {
	uint8_t proto, family; /* IPPROTO_*, VX_IP4 or VX_IP6 */
	uint16_t port;	       /* inner destination, host order */
	uint64_t count, pps;
};
typedef void (*eng_port_fn)(void *ctx, const struct eng_port_row *row);
void eng_port_rows(struct eng *e, unsigned most, eng_port_fn fn, void *ctx);
/* "udp/31765", "tcp/80/6": the key of the rule that would match it. Returns buf. */
const char *eng_port_key(const struct eng_port_row *row, char *buf, size_t size);

struct eng_nat_row {
	const struct nat_rule *rule;
	uint64_t hits, pps;
	const struct net_nexthop *nexthop;
};
typedef void (*eng_nat_fn)(void *ctx, const struct eng_nat_row *row);
void eng_nat_rows(struct eng *e, eng_nat_fn fn, void *ctx);

struct eng_vni_row {
	uint32_t vni;
	bool ours;
	uint64_t packets, pps;
};
typedef void (*eng_vni_fn)(void *ctx, const struct eng_vni_row *row);
void eng_vni_rows(struct eng *e, eng_vni_fn fn, void *ctx); /* ours, then the 16 largest others */

struct eng_source_row {
	struct addr addr;
	uint32_t vni;
	uint64_t packets, pps, bps, truncated, allowed;
	int64_t first_real_ns, last_real_ns;
};
typedef void (*eng_source_fn)(void *ctx, const struct eng_source_row *row);
void eng_source_rows(struct eng *e, eng_source_fn fn, void *ctx); /* busiest first */

#endif
