/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The datapath as the engine drives it: load, attach, settings and lists into maps, counters out of
 * them. Only the files beside this one see the skeletons; the unit tests have fake_eng.c instead.
 * [engine]
 */
#ifndef ENGINE_DP_H
#define ENGINE_DP_H

#include "engine/model/allow.h"
#include "engine/model/nat.h"
#include "engine/model/packet.h"
#include "engine/sys/net.h"

enum dp_mode { DP_AUTO, DP_NATIVE, DP_GENERIC };

struct dp_cfg {
	const char *ingress;
	int ingress_ifindex;
	enum dp_mode mode;
	unsigned n_rings;
	size_t ring_size; /* bytes of each, a power of two */
	uint32_t allow_max;
	struct vx_cfg init; /* what vx_cfg starts with */
};

struct dp_attached {
	bool native;
	uint32_t prog_id;
	char reason[200]; /* why generic: the kernel's own words, or "asked for" */
};

struct dp_ledger {
	uint64_t row[VX_L_N];	      /* sum over CPUs and both sets */
	uint64_t rx_before, rx_after; /* rx read before and after the rows */
};

struct dp_set { /* a retired counter set */
	uint64_t row[VX_L_N];
	unsigned id; /* 0 or 1: vx_record.set */
};

struct dp_leak {
	uint64_t frames, leaked;
};

/* What vx_explain answers about a frame. */
struct dp_explained {
	struct vx_trace trace;
	uint32_t len; /* of the frame that would leave; 0: none */
	uint8_t frame[PACKET_FRAME_MAX];
};

typedef void (*dp_source_fn)(void *ctx, const struct vx_source_key *k,
			     const struct vx_source_val *v);
typedef void (*dp_vni_fn)(void *ctx, uint32_t vni, bool ours, const struct vx_vni_val *v);
typedef void (*dp_denied_fn)(void *ctx, const struct vx_addr_key *k, const struct vx_hits *v);
typedef void (*dp_flow_fn)(void *ctx, const struct vx_flow_key *k, const struct vx_hits *v);
typedef void (*dp_port_fn)(void *ctx, const struct vx_nat_key *k, const struct vx_hits *v);
typedef void (*dp_trace_fn)(void *ctx, const struct vx_trace *t);

struct dp;
struct dp_ops {
	/* Loads; nothing is attached yet. The rings, the wake map and the leak guard exist after
	 * it. */
	int (*open)(struct dp **out, const struct dp_cfg *cfg, struct vx_err *err);
	int (*attach)(struct dp *d, struct dp_attached *how, struct vx_err *err);
	/* Nothing enters after it has returned (waits for running programs). */
	void (*detach)(struct dp *d);
	void (*close)(struct dp *d);
	int (*ring_fd)(const struct dp *d, unsigned i);
	struct vx_wake *(*wake)(const struct dp *d);
	/* The live settings in the map: change a field with one store (dp_store32 and friends). */
	struct vx_cfg *(*cfg)(const struct dp *d);

	int (*vni_set)(struct dp *d, uint32_t vni, bool ours, struct vx_err *err);
	int (*allow_put)(struct dp *d, const struct allow_entry *e, struct vx_err *err);
	int (*allow_del)(struct dp *d, const struct allow_entry *e, struct vx_err *err);
	/* The whole list at once: filled beside the one in force, then put in force by one store.
	 */
	int (*allow_swap)(struct dp *d, const struct allow *list, struct vx_err *err);
	/* Makes the maps agree with n for this key, after an add or a del in the model. */
	int (*nat_sync)(struct dp *d, const struct nat *n, const struct nat_key *key,
			struct vx_err *err);
	void (*nexthop)(struct dp *d, uint16_t slot, const uint8_t mac[6], bool ok);
	int (*own_addr)(struct dp *d, const struct addr *a, bool own);	   /* for the leak guard */
	int (*target)(struct dp *d, const struct nat_rule *r, bool there); /* for the leak guard */

	int (*ledger)(struct dp *d, struct dp_ledger *out, struct vx_err *err);
	/* Puts the other counter set in force, waits for running programs, returns the retired one.
	 */
	int (*swap_sets)(struct dp *d, struct dp_set *retired, struct vx_err *err);
	int (*leak)(struct dp *d, struct dp_leak *out);
	/* The first n elements of vx_allow_hits or vx_nat_hits, summed over CPUs. */
	int (*hits)(struct dp *d, bool nat, uint32_t n, struct vx_hits *out);
	void (*hits_clear)(struct dp *d, bool nat,
			   uint32_t idx); /* when an entry gives its element back */
	uint64_t (*ring_full)(const struct dp *d, unsigned ring);
	uint64_t (*oversize_largest)(struct dp *d);
	uint64_t (*foreign)(struct dp *d); /* ours, to another MAC than vx_cfg.own_mac */
	void (*sources)(struct dp *d, dp_source_fn fn, void *ctx);
	void (*vnis)(struct dp *d, dp_vni_fn fn, void *ctx);
	void (*denied)(struct dp *d, dp_denied_fn fn, void *ctx);
	void (*flows)(struct dp *d, dp_flow_fn fn, void *ctx);	 /* that are denied, by samples */
	void (*ports)(struct dp *d, dp_port_fn fn, void *ctx);	 /* that no rule matches */
	void (*traces)(struct dp *d, dp_trace_fn fn, void *ctx); /* takes what has arrived */
	/* What would become of this frame now; nothing is counted, remembered or sent. */
	int (*explain)(struct dp *d, const uint8_t *frame, uint32_t len, struct dp_explained *out,
		       struct vx_err *err);
	/* Asked by workers (any thread): the remembered verdict of a first fragment with its next
	 * hop; 1 found, 0 not. */
	int (*frag)(struct dp *d, const struct vx_frag_key *key, struct vx_frag_val *val,
		    struct vx_nexthop *nh);

	/* Where packets are redirected to while cfg.out says so, with a tap on it; 0: nowhere. */
	int (*egress)(struct dp *d, int ifindex, struct vx_err *err);
	uint64_t (*egress_seen)(struct dp *d); /* frames that the tap saw leaving; only grows */
	/* A frame of our own by the way that redirected ones take; -errno. */
	int (*egress_send)(struct dp *d, const uint8_t *frame, uint32_t len);
	/* The next answer of a neighbour there; its length, 0 when there is none. */
	uint32_t (*egress_answer)(struct dp *d, uint8_t buf[static VX_ANSWER_MAX]);
};

extern const struct dp_ops dp_real;

/* The egress MAC, as one 8-byte store. */
static inline void dp_store_mac(struct vx_cfg *cfg, const uint8_t mac[6])
{
	uint64_t word = 0;

	__builtin_memcpy(&word, mac, 6);
	__atomic_store_n((uint64_t *)(void *)cfg->src_mac, word, __ATOMIC_SEQ_CST);
}

static inline void dp_load_mac(const struct vx_cfg *cfg, uint8_t mac[6])
{
	uint64_t word =
		__atomic_load_n((const uint64_t *)(const void *)cfg->src_mac, __ATOMIC_RELAXED);

	__builtin_memcpy(mac, &word, 6);
}

/* One store of the field's natural size; whoever enters later sees it. */
static inline void dp_store32(uint32_t *field, uint32_t value)
{
	__atomic_store_n(field, value, __ATOMIC_SEQ_CST);
}

#endif
