/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How frames leave: a small vtable with two kinds, AF_PACKET (tx_packet.c) and AF_XDP (tx_xdp.c).
 * A frame that is pushed is copied, so the caller may use its buffer again. One thread.
 */
#ifndef LAB_TX_H
#define LAB_TX_H

#include <stdbool.h>
#include <stdint.h>

#include "vx_err.h"

#define TX_BATCH 64 /* frames gathered before they are handed to the kernel unasked */

struct tx_stats {
	uint64_t sent, bytes; /* AF_XDP: bytes of refused frames too */
	uint64_t errors;      /* frames given up, or refused by the kernel */
	int last_errno;	      /* of the last such frame, 0 when there was none */
};

struct tx;

struct tx_ops {
	const char *name;
	/* key: frames of the same key stay in order (and, with several queues, on one queue). */
	void (*push)(struct tx *tx, uint32_t key, const uint8_t *frame, uint32_t len);
	/* Hands over what is gathered; then the kernel has each frame, or it is counted. */
	void (*flush)(struct tx *tx);
	/* Flushes, waits (at most 2 s) for the kernel's word on the last frames, and frees. */
	void (*close)(struct tx *tx, struct tx_stats *out);
};

struct tx {
	const struct tx_ops *ops;
	struct tx_stats stats;
};

struct tx_cfg {
	const char *ifname;
	unsigned int ifindex;
	uint32_t longest; /* bytes; longer frames are refused by push */
};

int tx_packet_open(struct tx **out, const struct tx_cfg *cfg, struct vx_err *err);

/* -EMSGSIZE for frames beyond a chunk, -EOPNOTSUPP when not built in, else what bind says. */
int tx_xdp_open(struct tx **out, const struct tx_cfg *cfg, struct vx_err *err);

#endif
