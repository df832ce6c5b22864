/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The injector: threads that take frames out of BPF ring buffers in place and send them.
 * Used by the engine and by tests. Knows no curses, JSON or libbpf.
 */
#ifndef INJECTOR_INJ_H
#define INJECTOR_INJ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vx_abi.h"
#include "vx_err.h"

#define INJ_MAX_WORKERS VX_MAX_RINGS
#define INJ_MAX_BATCH	64
#define INJ_HELD_SLOTS	256	/* fragments that wait for their first, over all workers */
#define INJ_HELD_NS	5000000 /* how long */
#define INJ_ERRNOS	16 /* different errnos that are told apart; the last slot takes the rest */

enum inj_dispatch { INJ_FLOW, INJ_SPREAD };
enum inj_egress_kind {
	INJ_EGRESS_PACKET,
	INJ_EGRESS_NULL,
	INJ_EGRESS_XDP,
	INJ_EGRESS_AUTO, /* xdp where it can be had, else packet */
};

/*
 * What became of a held fragment's first. Called by a worker: must not block for long, allocate or
 * log. Returns 1 and fills out when the verdict is known and young enough, 0 when not (yet).
 */
struct inj_frag_answer {
	uint32_t verdict;    /* enum vx_frag_verdict */
	uint8_t new_dst[16]; /* VX_FRAG_NAT: the new address, network order */
	uint8_t dst_mac[6], src_mac[6];
	bool nexthop_ok; /* false: counted as tx_failed EHOSTUNREACH */
};
typedef int (*inj_frag_fn)(void *ctx, const struct vx_frag_key *key, struct inj_frag_answer *out);

struct egress_ops;

struct inj_cfg {
	unsigned n_workers;  /* 1..INJ_MAX_WORKERS; as many rings */
	const int *ring_fds; /* BPF_MAP_TYPE_RINGBUF, n_workers of them; the injector maps them */
	const int *wake_fds; /* what to wait on when ring_fds cannot be polled (plain files, in
				tests); NULL: ring_fds */
	const size_t *ring_sizes; /* data bytes of each, powers of two */
	struct vx_wake *wake;	  /* [VX_MAX_RINGS], shared with the program */
	enum inj_dispatch dispatch;
	unsigned batch;	 /* 1..INJ_MAX_BATCH */
	bool busy_poll;	 /* workers never sleep */
	const int *cpus; /* n_cpus of them, worker i is pinned to cpus[i % n_cpus]; n_cpus 0: not
			    pinned */
	unsigned n_cpus;
	enum inj_egress_kind egress;
	const struct egress_ops
		*egress_ops; /* egress.h: one that is not in the enum; NULL: by egress */
	int egress_ifindex;
	bool qdisc_bypass;
	bool zerocopy;	  /* of xdp, for good */
	inj_frag_fn frag; /* NULL: a held fragment is frag_unknown after INJ_HELD_NS */
	void *frag_ctx;
};

/* Counters of one worker; only ever grow. [inj-N -> engine, relaxed] */
struct inj_stats {
	uint64_t sent, sent_bytes;
	uint64_t tx_failed; /* sum of errors[] */
	uint64_t frag_unknown;
	uint64_t done[2]; /* sent + tx_failed + frag_unknown, by the counter set of the record */
	uint64_t held_natted,
		held_unnatted; /* held fragments sent, by verdict (XDP counts all others) */
	struct {
		int err;
		uint64_t n;
	} errors[INJ_ERRNOS]; /* err 0: unused slot; the last: -1 = others */
	uint64_t batches, syscalls, retries;
	uint64_t late_wakeups; /* the safety net found work that nobody had woken it for */
	uint64_t idle_ns, busy_ns;
	uint64_t last_progress_ns; /* CLOCK_MONOTONIC, when a batch was last completed or the ring
				      was empty */
	uint64_t pending; /* now: taken out of the ring, without a row yet (held fragments) */
	int cpu, tid;
	int xdp_err; /* why its AF_XDP socket is of no use any more and it sends by packet
			(ETIMEDOUT: the queue is silent), until the next inj_set_egress; 0 */
	bool stuck;  /* has work and made no progress for > 1 s */
};

/* One ring as its memory tells it. [read by the engine] */
struct inj_ring_stats {
	uint64_t size, used, high; /* bytes; high = highest seen by claimers and readers, since the
				      start */
	uint64_t bytes_consumed; /* ring bytes, headers included, since the start: for "ms left" */
	uint64_t late_wakeups;
};

/* Log-linear histogram: 2^5 steps an octave; bucket i of a value by inj_hist_bucket(). */
#define INJ_HIST_BUCKETS 1024
unsigned inj_hist_bucket(uint64_t ns);
enum inj_stage { INJ_ST_XDP, INJ_ST_RING, INJ_ST_SEND, INJ_ST_TOTAL, INJ_STAGES };
struct inj_hist {
	uint64_t count, max_ns;
	uint64_t bucket[INJ_HIST_BUCKETS];
};

/* The send result of a traced frame (VX_REC_TRACED). */
struct inj_trace_result {
	uint32_t trace_id;
	uint32_t worker;
	int err; /* 0: sent; an errno; INJ_TRACE_FRAG_UNKNOWN */
};
#define INJ_TRACE_FRAG_UNKNOWN (-1)

struct inj;

/* Maps the rings and opens the egresses; no thread runs yet. */
int inj_new(struct inj **out, const struct inj_cfg *cfg, struct vx_err *err)
	__attribute__((warn_unused_result));
int inj_start(struct inj *inj, struct vx_err *err) __attribute__((warn_unused_result));

/*
 * Takes what is in the rings, for at most drain_ms, then stops the threads and joins them, within a
 * further second. Returns 0, or -ETIMEDOUT with the number of a worker that did not stop in the
 * message, or -EAGAIN when records were left in a ring (they stay in_flight). The program must be
 * detached before.
 */
int inj_stop(struct inj *inj, unsigned drain_ms, struct vx_err *err)
	__attribute__((warn_unused_result));
void inj_free(struct inj *inj); /* after inj_stop; NULL is fine */

void inj_worker_stats(const struct inj *inj, unsigned worker, struct inj_stats *out);
void inj_ring_stats(const struct inj *inj, unsigned ring, struct inj_ring_stats *out);
/* Records that have no row yet: those of all rings (not DISCARDed) and what is pending at the
 * workers. May be too high by what moved meanwhile, never too low. */
uint64_t inj_in_flight(const struct inj *inj);
void inj_hist(const struct inj *inj, enum inj_stage stage,
	      struct inj_hist *out);				/* sum over workers */
uint64_t inj_hist_quantile(const struct inj_hist *h, double q); /* ns; 0 when empty */
/* Positions of a ring in bytes since the start; done = everything before it has its row. For the
 * exact check. */
void inj_ring_pos(const struct inj *inj, unsigned ring, uint64_t *done, uint64_t *producer);
/* Records of counter set 0 or 1 that have their row; *out: those that an egress still has, zero
 * only if done is complete. After inj_ring_pos(). */
uint64_t inj_set_rows(const struct inj *inj, unsigned set, uint64_t *out);
/* Pops one result; 0 when there is none. */
int inj_trace_pop(struct inj *inj, struct inj_trace_result *out);

/* Live changes, none loses a record. */
void inj_set_batch(struct inj *inj, unsigned batch);
void inj_set_busy_poll(struct inj *inj, bool on);
void inj_set_dispatch(struct inj *inj, enum inj_dispatch dispatch);
int inj_set_cpus(struct inj *inj, const int *cpus, unsigned n, struct vx_err *err);
/* Opens the new egress for every worker before any leaves the old; on failure the old one stays.
 * Also used when the egress interface came back with another ifindex, and for qdisc_bypass. */
int inj_set_egress(struct inj *inj, enum inj_egress_kind kind, int ifindex, bool qdisc_bypass,
		   struct vx_err *err) __attribute__((warn_unused_result));

/* What the last inj_new or inj_set_egress that worked came to. */
struct inj_egress_now {
	enum inj_egress_kind kind; /* never INJ_EGRESS_AUTO */
	unsigned n_packet;	   /* xdp: workers that send by packet all the same ... */
	char why[240];		   /* ... why; auto that took packet: why not xdp; else "" */
};
const struct inj_egress_now *inj_egress_now(const struct inj *inj);

/*
 * Whether the egress has carrier. Without, the kernel takes frames and drops them unseen; so while
 * it is told "down" every frame fails with ENETDOWN. mtu: of the egress, 0 for not known; an IP
 * packet that is longer fails with EMSGSIZE. Up at inj_new, of no known MTU.
 */
void inj_set_link(struct inj *inj, bool up, uint32_t mtu);

/*
 * Which CPUs the workers get: those of the egress NIC's NUMA node first, never one that takes an
 * interrupt of the ingress if another is free; one is left to the ingress, unless each takes some.
 * A pure function of a sysfs tree (root "/sys", "/proc" for interrupts; tests plant their own).
 * Fills cpus, returns how many (= n_workers, or fewer if there are fewer CPUs for them).
 */
struct inj_cpu_query {
	const char *sys_root, *proc_root;
	const char *ingress, *egress;
	unsigned n_workers;
};
int inj_cpu_choose(const struct inj_cpu_query *q, int *cpus, unsigned max, struct vx_err *err)
	__attribute__((warn_unused_result));
/* min(4, CPUs - 1), at least 1; CPUs as sched_getaffinity sees them. */
unsigned inj_default_workers(void);

#endif
