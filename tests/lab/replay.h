/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rewrites a recorded VXLAN frame in place before it is sent again: another VNI, another inner
 * destination port. Checksums are patched incrementally, so a wrong one stays wrong by as much.
 */
#ifndef LAB_REPLAY_H
#define LAB_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

struct replay_edit {
	uint16_t port;	     /* the UDP port that carries VXLAN */
	uint64_t vni, dport; /* CONF_UNSET: leave it */
};

/* true when the frame is VXLAN of that port (I bit set) and was rewritten as far as asked. */
bool replay_edit(uint8_t *frame, uint32_t len, const struct replay_edit *e);

/* The same rewriting of the destination port for an inner frame on its own (to be wrapped). */
bool replay_edit_dport(uint8_t *frame, uint32_t len, uint16_t dport);

#endif
