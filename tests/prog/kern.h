/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel side as the test driver holds it: both programs loaded, their maps set, one packet
 * run. For tests/prog only. Independent of the engine, so that a mistake there is no mistake here;
 * but for the allowlist's tables, of which there is one maker: the model judges what comes of them.
 */
#ifndef TESTS_PROG_KERN_H
#define TESTS_PROG_KERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/dp/allow_table.h"
#include "vx_abi.h"
#include "vx_err.h"

#define KERN_RULES     1024 /* most allowlist entries, and most NAT rules */
#define KERN_FRAME_MAX 65535
#define KERN_RULE_TEXT 160

struct vx;
struct ring;

struct kern_prefix {
	uint8_t family; /* VX_IP4, VX_IP6 */
	uint8_t len;
	uint8_t addr[16];
};

struct kern_allow {
	char text[KERN_RULE_TEXT]; /* as the user wrote it; "": unused */
	struct kern_prefix prefix;
};

struct kern_nat {
	char key[KERN_RULE_TEXT]; /* the rule's text before '=' */
	uint8_t proto;
	uint8_t family;
	uint16_t port, to_port; /* host order */
	bool has_prefix;
	struct kern_prefix prefix;
	uint8_t to[16];
	struct vx_nexthop hop;
};

struct kern {
	struct vx *skel;
	struct vx_cfg *cfg;	     /* mapped */
	struct allow_table table[2]; /* IPv4, IPv6: the allowlist, in slot 0 */
	uint32_t n_allow, n_nat;
	struct kern_allow allow[KERN_RULES];
	struct kern_nat nat[KERN_RULES];
	struct ring *rings[VX_MAX_RINGS];
	uint32_t set;	 /* which counter set is in force */
	uint32_t linear; /* bytes of a frame in the linear part; 0: as the kernel likes */
};

struct kern_run {
	uint32_t action;	      /* XDP_* */
	uint8_t data[KERN_FRAME_MAX]; /* the buffer after the run */
	uint32_t len;
};

/* Functions that can fail return 0 or -errno with the reason in err. */
int kern_open(struct kern *k, struct vx_err *err);
int kern_reset(struct kern *k, struct vx_err *err);
int kern_set_rings(struct kern *k, uint32_t n, struct vx_err *err);
int kern_add_vni(struct kern *k, uint32_t vni, struct vx_err *err);
int kern_clear_vnis(struct kern *k, struct vx_err *err);
int kern_set_nexthop(struct kern *k, uint32_t idx, const struct vx_nexthop *hop,
		     struct vx_err *err);
int kern_allow(struct kern *k, const char *text, const struct kern_prefix *prefix,
	       struct vx_err *err);
int kern_unallow(struct kern *k, const struct kern_prefix *prefix, struct vx_err *err);
int kern_add_nat(struct kern *k, const struct kern_nat *rule, struct vx_err *err);
int kern_age_frags(struct kern *k, uint64_t ns, struct vx_err *err);

/* One test run of vx_explain or vx_pipeline; ns (may be NULL): what it took on average of repeat.
 */
int kern_test_run(struct kern *k, bool explain, const uint8_t *frame, uint32_t len, uint32_t repeat,
		  struct kern_run *out, uint32_t *ns, struct vx_err *err);
/* The oldest record of the first ring that has one, removed; returns the ring's number, -1 when all
 * are empty. *frame is valid until the next run. */
int kern_take_record(struct kern *k, struct vx_record *rec, const uint8_t **frame);
void kern_drop_records(struct kern *k);

int kern_read_set(struct kern *k, uint32_t set, uint64_t row[static VX_L_N], struct vx_err *err);
/* The sum of both sets. */
int kern_read_rows(struct kern *k, uint64_t row[static VX_L_N], struct vx_err *err);
int kern_read_hits(struct kern *k, bool nat, uint32_t idx, uint64_t *packets, struct vx_err *err);
int kern_read_trace(struct kern *k, struct vx_trace *out, struct vx_err *err);
/* A hash over every counter, hit and LRU element: equal before and after when nothing was written.
 */
int kern_fingerprint(struct kern *k, uint64_t *out, struct vx_err *err);

#endif
