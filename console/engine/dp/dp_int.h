/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Inside the real datapath: what its files share. Only dp*.c include it.
 */
#ifndef ENGINE_DP_INT_H
#define ENGINE_DP_INT_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "engine/dp/allow_table.h"
#include "engine/dp/dp.h"
#include "leak.skel.h"
#include "vx.skel.h"

enum dp_family { DP_IP4, DP_IP6, DP_FAMILIES };

struct dp {
	struct vx *vx;
	struct leak *leak;
	int link_fd; /* -1: not attached */
	struct ring_buffer *traces;
	dp_trace_fn trace_fn;
	void *trace_ctx;
	int leak_sock;
	int tap_sock; /* on the egress; -1: nothing is redirected */
	int ifindex;
	char ingress[IFNAMSIZ];
	enum dp_mode mode;
	unsigned n_rings;
	int ring_fd[VX_MAX_RINGS];
	struct vx_wake *wake;
	struct vx_cfg *cfg;
	uint32_t allow_room; /* elements of vx_allow_hits that each CPU has: whole pages */
	uint64_t *nexthops;  /* VX_NH_MAX of struct vx_nexthop, as words: read and written whole */
	unsigned n_cpus;
	void *scratch; /* one per-CPU value of the largest kind, all CPUs */

	struct allow_table allow[DP_FAMILIES]; /* in force */
	unsigned slot;			       /* that they are in */
	unsigned set;			       /* counter set in force */
};

#define DP_BATCH 256 /* elements a batch lookup */

/* dp_attach.c */
int dp_attach(struct dp *d, struct dp_attached *how, struct vx_err *err);
void dp_detach(struct dp *d);
void dp_print_init(void);
/* What libbpf said last, "" when nothing; cleared by the call. */
const char *dp_print_take(char *buf, size_t size);

/* dp_lists.c */
int dp_lists_init(struct dp *d, struct vx_err *err);
void dp_lists_fini(struct dp *d);
int dp_vni_set(struct dp *d, uint32_t vni, bool ours, struct vx_err *err);
int dp_allow_put(struct dp *d, const struct allow_entry *e, struct vx_err *err);
int dp_allow_del(struct dp *d, const struct allow_entry *e, struct vx_err *err);
int dp_allow_swap(struct dp *d, const struct allow *list, struct vx_err *err);
int dp_nat_sync(struct dp *d, const struct nat *n, const struct nat_key *key, struct vx_err *err);
void dp_nexthop(struct dp *d, uint16_t slot, const uint8_t mac[6], bool ok);
int dp_own_addr(struct dp *d, const struct addr *a, bool own);
int dp_target(struct dp *d, const struct nat_rule *r, bool there);
int dp_frag(struct dp *d, const struct vx_frag_key *key, struct vx_frag_val *val,
	    struct vx_nexthop *nh);

/* dp_explain.c */
int dp_explain(struct dp *d, const uint8_t *frame, uint32_t len, struct dp_explained *out,
	       struct vx_err *err);

/* dp_redirect.c */
int dp_egress(struct dp *d, int ifindex, struct vx_err *err);
uint64_t dp_egress_seen(struct dp *d);
int dp_egress_send(struct dp *d, const uint8_t *frame, uint32_t len);
uint32_t dp_egress_answer(struct dp *d, uint8_t buf[static VX_ANSWER_MAX]);

/* dp_count.c */
int dp_ledger(struct dp *d, struct dp_ledger *out, struct vx_err *err);
int dp_swap_sets(struct dp *d, struct dp_set *retired, struct vx_err *err);
int dp_leak(struct dp *d, struct dp_leak *out);
int dp_hits(struct dp *d, bool nat, uint32_t n, struct vx_hits *out);
void dp_hits_clear(struct dp *d, bool nat, uint32_t idx);
uint64_t dp_oversize_largest(struct dp *d);
uint64_t dp_foreign(struct dp *d);
void dp_sources(struct dp *d, dp_source_fn fn, void *ctx);
void dp_vnis(struct dp *d, dp_vni_fn fn, void *ctx);
void dp_denied(struct dp *d, dp_denied_fn fn, void *ctx);
void dp_flows(struct dp *d, dp_flow_fn fn, void *ctx);
void dp_ports(struct dp *d, dp_port_fn fn, void *ctx);

/* dp_count.c: the one counter of a map per CPU, of all CPUs; 0 when it cannot be read. */
uint64_t dp_sum(struct dp *d, int map_fd);

#endif
