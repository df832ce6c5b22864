/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Options: one table feeds getopt, --help, the config file, `show settings`, `set` and the man
 * page. Precedence: command line, config file, defaults.
 */
#ifndef CONSOLE_OPT_H
#define CONSOLE_OPT_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vx_abi.h"
#include "vx_err.h"

enum opt_verb { OPT_CONSOLE, OPT_HEADLESS, OPT_ATTACH, OPT_CTL, OPT_STRAYS, OPT_VERSION, OPT_HELP };
enum opt_source { OPT_BY_DEFAULT, OPT_BY_CONFIG, OPT_BY_CLI, OPT_BY_SET /* by `set` */ };
enum opt_mode { OPT_MODE_AUTO, OPT_MODE_NATIVE, OPT_MODE_GENERIC };
enum opt_egress { OPT_EG_AUTO, OPT_EG_XDP, OPT_EG_PACKET, OPT_EG_REDIRECT, OPT_EG_NULL };

/* X(ID, "name", liveness): liveness of `set`: LIVE, RESTART ("needs a restart"), FIXED (says why
 * not). The table in opt_table.c adds short option, argument, default, help and the field. */
#define OPT_SETTINGS(X)                                                                            \
	X(INTERFACE, "interface", FIXED)                                                           \
	X(TARGET_INTERFACE, "target-interface", FIXED)                                             \
	X(CONFIG, "config", FIXED)                                                                 \
	X(ALLOWLIST, "allowlist", FIXED)                                                           \
	X(NAT_RULE, "nat-rule", FIXED)                                                             \
	X(PORT, "port", RESTART)                                                                   \
	X(VNI, "vni", LIVE)                                                                        \
	X(OTHER_VNI, "other-vni", LIVE)                                                            \
	X(ALLOW_MODE, "allow-mode", LIVE)                                                          \
	X(MATCH, "match", LIVE)                                                                    \
	X(UNMATCHED, "unmatched", LIVE)                                                            \
	X(TRUNCATED, "truncated", LIVE)                                                            \
	X(MODE, "mode", RESTART)                                                                   \
	X(EGRESS, "egress", LIVE)                                                                  \
	X(ZEROCOPY, "zerocopy", RESTART)                                                           \
	X(QDISC_BYPASS, "qdisc-bypass", LIVE)                                                      \
	X(WORKERS, "workers", RESTART)                                                             \
	X(DISPATCH, "dispatch", LIVE)                                                              \
	X(RING, "ring", RESTART)                                                                   \
	X(BATCH, "batch", LIVE)                                                                    \
	X(BUSY_POLL, "busy-poll", LIVE)                                                            \
	X(CPUS, "cpus", LIVE)                                                                      \
	X(NEXT_HOP_MAC, "next-hop-mac", LIVE)                                                      \
	X(SOCKET, "socket", FIXED)                                                                 \
	X(READ_ONLY, "read-only", FIXED)                                                           \
	X(WATCH, "watch", FIXED)                                                                   \
	X(JSON, "json", FIXED)                                                                     \
	X(INTERVAL, "interval", LIVE)                                                              \
	X(DEBUG, "debug", LIVE)                                                                    \
	X(LOG, "log", FIXED)                                                                       \
	X(ALLOW_MAX, "allow-max", RESTART)                                                         \
	X(DRAIN_TIMEOUT, "drain-timeout", FIXED)                                                   \
	X(TARGET_PPS, "target-pps", RESTART)                                                       \
	X(PERFORMANCE_THRESHOLD, "performance-threshold", FIXED)                                   \
	X(MONITOR_REFRESH_RATE, "monitor-refresh-rate", FIXED)                                     \
	X(ENABLE_COLORS, "enable-colors", FIXED)

enum opt_id {
#define OPT_ID(id, name, live) OPT_##id,
	OPT_SETTINGS(OPT_ID)
#undef OPT_ID
		OPT_N
};

enum opt_live { OPT_LIVE_YES, OPT_LIVE_RESTART, OPT_LIVE_FIXED };

struct opt_vnis {
	bool any;
	uint32_t n;
	uint32_t vni[VX_MAX_VNIS]; /* sorted, unique; unused with any */
};

struct opts {
	enum opt_verb verb;
	bool clean, yes; /* --clean, -y */
	/* verb ctl, strays, attach: the words that follow */
	char **words;
	int n_words;

	char ingress[IFNAMSIZ], egress_dev[IFNAMSIZ];
	char config[4096], allowlist[4096], socket[108], log[4096];
	char **nat_rules; /* texts that nat_parse takes; two may still have the same key */
	int n_nat_rules;
	uint16_t port;
	struct opt_vnis vnis;
	uint32_t other_vni, match, unmatched, truncated; /* enums of vx_abi.h */
	uint32_t allow_mode; /* source OPT_BY_DEFAULT: enforce when a list is given, else off; the
				warning is the engine's */
	enum opt_mode mode;
	enum opt_egress egress;
	bool zerocopy, qdisc_bypass, busy_poll, read_only, watch, json, colors;
	unsigned workers;    /* 0 = auto */
	bool spread;	     /* dispatch */
	uint64_t ring_bytes; /* total; 0 = auto */
	unsigned batch;	     /* 1..64, default 64 */
	int cpus[VX_MAX_RINGS * 4];
	unsigned n_cpus; /* 0 = auto */
	bool has_next_hop_mac;
	uint8_t next_hop_mac[6];
	double interval_s; /* status line; default 1 */
	unsigned debug;	   /* 0-3: none, errors, information, packets; default 2 */
	uint32_t allow_max;
	double drain_timeout_s;
	uint64_t target_pps, performance_threshold; /* threshold 0 = no low-rate warning */
	double refresh_rate_s;

	enum opt_source source[OPT_N];
};

typedef void (*opt_warn_fn)(void *ctx, const char *text);

#define OPT_VALUE_MAX 40960 /* room for any value as text but NAT rules */

/* All defaults. */
int opt_init(struct opts *o, struct vx_err *err) __attribute__((warn_unused_result));
/* Fills o from defaults, the config file and the command line. 0; -EINVAL (usage: exit 2) or
 * another -errno (exit 1). A missing default config file is no error. Unknown config keys and
 * doubled options are warnings with their line. */
int opt_parse(struct opts *o, int argc, char **argv, opt_warn_fn warn, void *ctx,
	      struct vx_err *err) __attribute__((warn_unused_result));
void opt_fini(struct opts *o);
/* A copy of its own; opt_fini it. to is not read before. */
int opt_copy(struct opts *to, const struct opts *from, struct vx_err *err)
	__attribute__((warn_unused_result));
/* Reads a config file's text over o, where the source of an option is not the command line (SIGHUP,
 * too: an option that has gone from the file is the default again). All or nothing. -EBADMSG with
 * "name: line N: KEY: ..." (exit 1: -EINVAL is a bad command line). An empty value unsets. */
int opt_config_apply(struct opts *o, const char *name, const char *text, size_t len,
		     opt_warn_fn warn, void *ctx, struct vx_err *err)
	__attribute__((warn_unused_result));
/* Parses one value into o (source says who). -EINVAL with what was expected; o unchanged then. */
int opt_set(struct opts *o, enum opt_id id, const char *value, enum opt_source source,
	    struct vx_err *err) __attribute__((warn_unused_result));
int opt_find(const char *name); /* enum opt_id of "other-vni", or -ENOENT */
const char *opt_name(enum opt_id id);
/* The i-th word that a setting may be ("drop", "off"); NULL past the last, and for one that takes
 * other values. */
const char *opt_word(enum opt_id id, unsigned i);
enum opt_live opt_live(enum opt_id id);
const char *opt_why_fixed(enum opt_id id);	/* for RESTART and FIXED: a sentence for `set` */
const char *opt_source_name(enum opt_source s); /* "default" "config" "command line" "live" */
/* The value as text that opt_set reads back. "" for unset. Returns buf. */
const char *opt_value(const struct opts *o, enum opt_id id, char *buf, size_t size);
/* Whole help text, written to out (a FILE, so that tests may catch it). */
struct _IO_FILE;
void opt_usage(struct _IO_FILE *out);
/* The config file `text` with the values of o for the keys in it (its own lines, comments and
 * unknown keys stay; keys that differ from the default and are not there are appended; NAT_RULE
 * lines are replaced by rules[]; the three lines SOURCE_PORT, NAT_IP, NAT_PORT of a rule that has
 * gone are commented out; a line of an option that only a start can change stays, where this one
 * was not given it; --json, --read-only and --watch belong to one run and are not appended).
 * -EINVAL when text is no config. Caller frees. */
int opt_config_render(const struct opts *o, const char *text, size_t len, char *const *rules,
		      int n_rules, char **out, size_t *out_len, struct vx_err *err)
	__attribute__((warn_unused_result));

#endif
