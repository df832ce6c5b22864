/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside the engine: what its own files share and commands do not need. Only engine/ files at this
 * level include it.
 */
#ifndef ENGINE_RUN_INT_H
#define ENGINE_RUN_INT_H

#include "engine/engine.h"
#include "engine/model/rates.h"
#include "engine/model/redirected.h"
#include "engine/model/unseen.h"
#include "engine/model/watch.h"
#include "engine/serve/serve.h"

#define ENG_TICK_MS   100
#define ENG_ETC	      "/etc/vxconsole"
#define ENG_TRACES    64 /* traces that wait for their send result */
#define ENG_TRACE_PPS 10

/* A NAT target that next hops are followed for; rules to the same address share it. */
struct eng_target {
	struct addr addr;
	unsigned refs; /* 0: free */
};

/* Readings of one second, that rates are made of. */
struct eng_sample {
	uint64_t ns;
	uint64_t row[VX_L_N];
	uint64_t sent, sent_bytes, tx_failed, syscalls;
	uint64_t cpu_ns;
	struct {
		uint64_t sent, batches, done, idle_ns, busy_ns;
	} worker[INJ_MAX_WORKERS];
	uint64_t ring_bytes[INJ_MAX_WORKERS];
};

/* The exact check: see exact.c. */
struct eng_exact {
	bool xdp_bad[2], queue_bad[2]; /* by set; both only grow, so a loss shows for ever */
	uint64_t rx, rows;	       /* of the last retired set */
	uint64_t checked_rx;	       /* rx when it was last swapped */
	bool pending;	 /* a retired set's queued records may still be on their way */
	uint64_t queued; /* of that set */
	unsigned id;
	uint64_t pos[INJ_MAX_WORKERS]; /* everything of it is before these */
};

struct eng_pending_trace {
	struct vx_trace t; /* t.trace_id 0: free */
	uint64_t until_ns;
};

/* Looks at programs of others: see strays.c. Each has a number. */
struct eng_strays_run {
	struct strays_job job;
	uint64_t given, running, done; /* numbers; running 0: none is */
	uint64_t began_ns;
	uint64_t asked_ns, unasked_ns; /* no new one before */
	uint64_t mark, looked_ns;      /* strays_mark() before the last one unasked, and when */
	struct strays_result last;
	int rc; /* of the last; its reason is in err */
	struct vx_err err;
};

/* Changes that a crash must not lose: see keep.c. */
struct eng_keep {
	struct kept_file file;
	struct kept *offer; /* what the run before left; NULL: nothing */
	bool warned;	    /* that the file lacks a change */
};

/* Egress redirect: see redirect.c. */
struct eng_redirect {
	bool on;
	struct redirected judge;
	uint64_t asked;				     /* frames of our own by the same way */
	struct addr whom;			     /* who was asked last; family 0: nobody */
	char why[sizeof(((struct vx_err *)0)->msg)]; /* it was given up; "": it was not */
};

struct eng_run {
	struct eng_keep keep;
	struct eng_strays_run strays;
	int epoll_fd, signal_fd, timer_fd;
	struct serve *serve;
	uint64_t start_ns;
	int64_t start_real_ns;
	struct eng_selfcheck final_check;
	bool stuck; /* a worker did not stop in time */
	int exit_code;
	struct dp_attached how;
	struct eng_redirect redirect;
	unsigned n_workers, dead_sockets;
	size_t ring_size; /* of each */
	struct eng_target target[VX_MAX_NAT];
	unsigned target_next; /* where the search for a free one begins */

	struct eng_sample last;
	uint64_t history_ns;  /* CLOCK_MONOTONIC of second 0 */
	uint64_t maps_ns;     /* when the memory of maps was read */
	struct unseen unseen; /* read once a second */
	struct eng_exact exact;
	struct watch watch; /* the allowlist's file */
	/* The same, as it was read or written last, whatever has been told. */
	struct watch_file own;
	unsigned offered_at; /* e->list_edits when its diff was made */

	struct vx_hits *hits; /* scratch: ALLOW_IDX_END or VX_MAX_NAT of them */
	uint64_t *allow_prev, *nat_prev;
	uint32_t *allow_pps, *nat_pps;
	uint32_t allow_high, nat_high; /* elements below these have been used */
	uint64_t hits_ns;	       /* when prev was read */
	struct observe *observe;       /* observe.c */
	struct rates *denied, *vnis, *sources, *ports, *flows;
	struct eng_port_row top_port; /* busiest of those without a rule; pps 0: none */
	struct admits_flow *flow; /* the denied flows of the last second, VX_MAX_FLOWS at most */
	size_t n_flows;

	struct eng_pending_trace trace[ENG_TRACES];
	uint64_t trace_second;
	uint64_t status_ns; /* next status line */
	bool by_cli[OPT_N]; /* given on the command line, whatever has been set since */
	uint64_t ticks;
};

uint64_t eng_now_ns(void); /* CLOCK_MONOTONIC */
int64_t eng_real_ns(void); /* CLOCK_REALTIME */

/* engine.c */
int eng_new(struct eng **out, struct opts *o, const struct dp_ops *dp, struct vx_err *err)
	__attribute__((warn_unused_result));
/* Detach, drain, exact check. Returns the process's exit code. */
int eng_stop(struct eng *e);
void eng_free(struct eng *e);

/* set.c: what --egress means for the injector. */
enum inj_egress_kind eng_egress_kind(enum opt_egress egress);
/* targets.c: how workers send now, and why so, into the snapshot and the log; o asked for it. */
void eng_egress_read(struct eng *e, const struct opts *o); /* the snapshot alone; a socket's end */
void eng_egress_say(struct eng *e, const struct opts *o);
void eng_busy_poll_say(const struct eng *e, const struct opts *o); /* when it leaves no CPU */
/* redirect.c: packets past the rings. off also forgets that it was given up. */
int eng_redirect_on(struct eng *e, struct vx_err *err) __attribute__((warn_unused_result));
void eng_redirect_off(struct eng *e);
void eng_redirect_link(struct eng *e); /* the egress is another device now */
void eng_redirect_second(struct eng *e);
/* Of the snapshot's egress_reason, when redirect was asked for. */
const char *eng_redirect_reason(const struct eng *e, char *buf, size_t size);

/* cpus of the options, or chosen by the machine; how many. */
int eng_cpus(const struct opts *o, unsigned n_workers, int *cpus, unsigned max, struct vx_err *err)
	__attribute__((warn_unused_result));

/* Puts option id of n into force, where was is in force. set.c */
int eng_setting_apply(struct eng *e, enum opt_id id, const struct opts *was, const struct opts *n,
		      struct vx_err *err) __attribute__((warn_unused_result));
/* eng_set, and where the value comes from is a change, too. */
int eng_set_anew(struct eng *e, const char *name, const char *value, struct vx_err *err)
	__attribute__((warn_unused_result));
/* path, once its directory has been made: what `save` writes to when no file was given. */
const char *eng_etc(const char *path);
/* The rules as texts, NULL without memory. */
char **eng_rule_texts(const struct eng *e, int *n);
void eng_rule_texts_free(char **texts, int n);
/* What stands before opt_why_fixed: "needs a restart: ", or "". */
const char *eng_not_live(enum opt_id id);
int eng_read_config(const char *path, char **text, size_t *len, struct vx_err *err)
	__attribute__((warn_unused_result));

/* journal.c: what was in force, before (eng_record_list: after) it is changed. When a change fails
 * after it was recorded: eng_record_forget. */
int eng_record_room(struct eng *e, struct vx_err *err) __attribute__((warn_unused_result));
int eng_record_entry(struct eng *e, const struct allow_entry *x, bool added, struct vx_err *err)
	__attribute__((warn_unused_result));
void eng_record_list(struct eng *e, struct allow *old, struct store_doc *doc); /* takes both */
int eng_record_rules(struct eng *e, struct vx_err *err) __attribute__((warn_unused_result));
int eng_record_setting(struct eng *e, enum opt_id id, struct vx_err *err)
	__attribute__((warn_unused_result));
int eng_record_intake(struct eng *e, bool on, struct vx_err *err)
	__attribute__((warn_unused_result));
void eng_record_forget(struct eng *e);
void eng_record_second(struct eng *e); /* the rates after a change */
/* keep.c: on disk, until it is saved */
void eng_keep_open(struct eng *e); /* tells what the run before left */
void eng_keep_drop(struct eng *e); /* the offer: taken, or not wanted */
/* The offer was made again: it is in this run's journal now or, where that lacks a line, still on
 * the disk until all is saved. */
void eng_keep_taken(struct eng *e);
void eng_keep_end(struct eng *e);
void eng_keep_fini(struct eng *e);

/* change.c: list is in force then; the old one is the caller's. */
int eng_allow_switch(struct eng *e, struct allow *list, struct vx_err *err)
	__attribute__((warn_unused_result));

/* change.c: the whole list at once. Takes fresh and doc, also when it fails. */
int eng_allow_take(struct eng *e, struct allow *fresh, struct store_doc *doc, struct vx_err *err)
	__attribute__((warn_unused_result));

/* rules.c: eng_nat_add at the start, when no command has changed the rules yet */
int eng_rule_add(struct eng *e, const char *rule, struct vx_err *err)
	__attribute__((warn_unused_result));
/* All rules, want instead of those there are: all of it or nothing. A rule that stays keeps its
 * hits, and one that gets another target is replaced in one write. */
int eng_rules_become(struct eng *e, struct nat_rule *want, uint32_t n, struct vx_err *err)
	__attribute__((warn_unused_result));
/* Are these the rules that are in force, in this order? */
bool eng_rules_are(const struct eng *e, const struct nat_rule *want, uint32_t n);
/* The same as a change of its own; nothing when they are these already. */
int eng_rules_set(struct eng *e, struct nat_rule *want, uint32_t n, struct vx_err *err)
	__attribute__((warn_unused_result));
/* Caller frees *rules; NULL without memory. */
uint32_t eng_rules_copy(const struct eng *e, struct nat_rule **rules);

/* loop.c: until e->quit */
int eng_loop(struct eng *e, struct vx_err *err) __attribute__((warn_unused_result));

/* targets.c: next hops and links into the datapath */
extern const struct net_events eng_net_events;
int eng_target_get(struct eng *e, const struct addr *a, uint16_t *slot, struct vx_err *err)
	__attribute__((warn_unused_result));
void eng_target_put(struct eng *e, uint16_t slot);
void eng_nexthops_push(struct eng *e); /* all of them, again */
/* What is in force in this slot; never NULL. */
const struct net_nexthop *eng_nexthop(const struct eng *e, uint16_t slot);

/* figures.c */
void eng_second(struct eng *e); /* rates, once a second */

/* history.c */
void eng_history_second(struct eng *e); /* its rates, when they are made */

/* top.c: busiest organisations and addresses, first rules */
void eng_top_second(struct eng *e);

/* exact.c */
void eng_exact_tick(struct eng *e, bool second);
bool eng_exact_ok(const struct eng *e);

/* rows.c */
int eng_rows_init(struct eng *e, struct vx_err *err) __attribute__((warn_unused_result));
void eng_rows_fini(struct eng *e);
void eng_rows_second(struct eng *e);
/* A new entry takes an element that an old one may have used: its counter starts at 0. */
void eng_hits_start(struct eng *e, bool nat, uint32_t idx);

/* watch.c */
void eng_watch_second(struct eng *e);
/* Has somebody else written the list's file, at path, since it was known? eng_watch_took tells so
 * after it was replaced: where that is now, "" when nobody had, or when the file was left as it is.
 */
struct stat;
bool eng_watch_other(const struct eng *e, const char *path, struct stat *st);
void eng_watch_took(const char *path, const struct stat *st, char *buf, size_t size);

/* A store_warn_fn that logs. */
void eng_warn(void *ctx, const char *text);

/* admits.c: what is denied, by both addresses */
int eng_admits_init(struct eng *e, struct vx_err *err) __attribute__((warn_unused_result));
void eng_admits_fini(struct eng *e);
void eng_admits_second(struct eng *e, uint64_t now_ns);
/* The flows that are denied as the list and the settings are now; the caller frees *out. 0 when
 * there are none or no memory. */
size_t eng_admits_flows(const struct eng *e, struct admits_flow **out);

/* strays.c */
void eng_strays_tick(struct eng *e);
void eng_strays_second(struct eng *e); /* a look unasked, when it is time */
bool eng_strays_is(const struct eng *e, int fd);
void eng_strays_fini(struct eng *e);
/* The attach failed because the ingress is taken: says by whom. Returns err->code. */
int eng_strays_explain(struct eng *e, struct vx_err *err);

/* trace.c: lines of `set debug 3` */
void eng_trace_tick(struct eng *e);

/* observe.c */
int eng_observe_init(struct eng *e, struct vx_err *err) __attribute__((warn_unused_result));
void eng_observe_fini(struct eng *e);
void eng_diagnose(struct eng *e);	 /* the worst cause, and its fix, into the snapshot */
void eng_diagnose_second(struct eng *e); /* with what is read once a second */

/* status.c */
/* The errno that most frames failed with; 0: one that is not counted apart. */
int eng_worst_errno(const struct snap_ledger *l);
const char *eng_worst_error(const struct snap_ledger *l); /* in words */
void eng_status_line(struct eng *e);

/* report.c */
void eng_status_out(struct eng *e); /* the line, or an object with --json */
void eng_report(struct eng *e);

#endif
