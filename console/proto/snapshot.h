/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All figures of one instant. The engine fills it each tick; commands, the status line, the report
 * and screens read it and nothing else, so that whoever looks sees the same numbers. Both sides of
 * the socket include it.
 */
#ifndef PROTO_SNAPSHOT_H
#define PROTO_SNAPSHOT_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vx_abi.h"
#include "vx_err.h"

#define SNAP_WORKERS VX_MAX_RINGS
#define SNAP_ERRNOS  16
#define SNAP_STAGES  4 /* xdp, ring, send, total */

struct snap_errno {
	int err; /* 0: unused; -1: all others */
	uint64_t n;
};

/* design: the ledger. row[] by enum vx_ledger_id; the rest is counted by workers or walked. */
struct snap_ledger {
	uint64_t row[VX_L_N];
	uint64_t sent, sent_bytes, frag_unknown, in_flight;
	uint64_t tx_failed;
	struct snap_errno errors[SNAP_ERRNOS]; /* sum over workers */
	uint64_t natted, unnatted;	       /* XDP's and the workers' (held fragments) */
	uint64_t leaked, unseen_tx;
	bool balanced;	/* this reading fits, and the last exact check was equal */
	uint64_t slack; /* packets that were inside the program while the counters were read */
};

struct snap_worker {
	int cpu, tid;
	uint64_t sent, sent_pps, tx_failed, frag_unknown;
	struct snap_errno errors[SNAP_ERRNOS];
	double batch_avg; /* records per batch, since the last tick */
	double idle;	  /* 0..1, since the last tick */
	uint64_t syscalls;
	uint64_t stalled_ms; /* time without progress while there is work; 0 when it moves */
};

struct snap_ring {
	uint64_t size, used, high; /* bytes */
	uint64_t ms_left; /* until full at the present rate of bytes in, were nothing taken;
			     UINT64_MAX = no traffic */
	uint64_t full; /* of all rings: ring_full is counted by XDP for all; per ring where known */
	uint64_t late_wakeups;
};

struct snap_latency {
	uint64_t p50_ns, p99_ns, p999_ns, max_ns, count;
};

#define SNAP_TOP 8 /* organisations, addresses */
#define SNAP_NAT 8 /* rules */

struct snap_top {
	char name[64];
	uint64_t pps;
};

struct snap_nat {
	char key[64], to[64];
	char state[16]; /* of its next hop: "resolved", ... */
	uint64_t hits, pps;
};

/* X(ID, "NAME") */
#define SNAP_LIGHTS(X)                                                                             \
	X(LEAK, "LEAK")                                                                            \
	X(LEDGER, "LEDGER")                                                                        \
	X(RING, "RING")                                                                            \
	X(EGRESS, "EGRESS")                                                                        \
	X(NEXT_HOP, "NEXT HOP")                                                                    \
	X(ALLOW, "ALLOW")
enum snap_light_id {
#define SNAP_LIGHT_ID(id, name) LIGHT_##id,
	SNAP_LIGHTS(SNAP_LIGHT_ID)
#undef SNAP_LIGHT_ID
		SNAP_N_LIGHTS
};
enum snap_light_state { LIGHT_OK, LIGHT_WARN, LIGHT_BAD };

/* A light latches: what was worst, and from when to when, stays until it is acknowledged (`ack`).
 */
struct snap_light {
	uint32_t state;	  /* now: enum snap_light_state */
	char text[40];	  /* "3% (412 ms)", "1/1", "enforce" */
	uint32_t latched; /* the worst state since the last ack; LIGHT_OK: nothing is latched */
	char latched_text[40];
	int64_t from_real_ns,
		to_real_ns; /* of the latch; it lasts still where state is not LIGHT_OK */
};

/* The figures when `mark` was last given (at the start: all 0), to be subtracted from those of the
 * ledger. */
struct snap_mark {
	int64_t real_ns; /* 0: never */
	uint64_t row[VX_L_N];
	uint64_t sent, tx_failed, frag_unknown;
};

/* The list on disk is another one than the one in force: what `allow load` would do. */
struct snap_offer {
	int64_t real_ns; /* since when it is known; 0: it is the same */
	uint32_t added, removed, relabelled;
	uint64_t pps; /* that would be denied */
};

/* Changes that another run made and did not save, to be made again or dropped: `journal`. */
struct snap_kept {
	int64_t real_ns; /* of the last one */
	uint32_t n;	 /* 0: there are none */
	bool partly;	 /* later ones are missing */
};

struct snapshot {
	uint64_t seq;
	uint64_t mono_ns; /* CLOCK_MONOTONIC of the reading */
	int64_t real_ns;  /* CLOCK_REALTIME */
	char version[32];
	int pid;
	char ingress[IFNAMSIZ], egress[IFNAMSIZ];
	uint32_t prog_id;	/* of our XDP program */
	char mode[16];		/* "native", "generic" */
	char mode_reason[200];	/* why not native, or "asked for" */
	char egress_method[16]; /* "packet", "xdp+packet", ... */
	char egress_reason[320];
	uint64_t uptime_ns;
	uint64_t in_pps, in_bps, out_pps, out_bps; /* bits/s of frames: outer in, inner out */
	uint64_t in_pps_peak, out_pps_peak;
	uint64_t tx_failed_pps;
	uint64_t row_pps[VX_L_N];
	double cpu; /* of the engine process, 1.0 = one core */
	uint64_t rss_bytes;
	uint64_t oversize_largest; /* IP bytes */
	bool paused;
	uint32_t allow_entries, allow_orgs, nat_rules;
	uint32_t next_hops, next_hops_ok;
	bool egress_up;
	uint32_t allow_mode; /* enum vx_allow_mode */

	uint32_t unsaved;	    /* changes since settings and lists were loaded or saved */
	uint32_t threads;	    /* of the engine's process */
	uint64_t map_bytes;	    /* memory of the engine's BPF maps, rings included */
	double syscalls_per_packet; /* of the workers, over the last second; 0 when nothing was sent
				     */
	struct snap_mark mark;
	struct snap_offer offer;
	struct snap_kept kept;
	struct snap_light light[SNAP_N_LIGHTS];
	unsigned n_top_orgs, n_top_addrs,
		n_nat; /* how many there are of the following; n_nat: of nat_rules */
	struct snap_top top_org[SNAP_TOP],
		top_addr[SNAP_TOP];    /* by packets/s, busiest first; none without traffic */
	struct snap_nat nat[SNAP_NAT]; /* in order of addition */

	struct snap_ledger ledger;
	unsigned n_workers;
	struct snap_worker worker[SNAP_WORKERS];
	struct snap_ring ring[SNAP_WORKERS]; /* n_workers of them */
	struct snap_latency latency[SNAP_STAGES];
	char status[240]; /* what is wrong now, in words; "" when nothing is */
	char fix[160];	  /* the command line that mends it, see proto/fix.h; "": none is known */
};

const char *snapshot_light_name(enum snap_light_id id); /* "NEXT HOP" */
/* The stream form: one JSON object without newline; caller frees. NULL: no memory. */
char *snapshot_to_json(const struct snapshot *s);
/* -EINVAL with what is missing. */
int snapshot_from_json(const char *text, size_t len, struct snapshot *out, struct vx_err *err)
	__attribute__((warn_unused_result));

#endif
