/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Asking a neighbour whether it is there, as the kernel does of one that it knows already: ARP or a
 * neighbour solicitation to its MAC address. The frames, and their answers. Pure.
 */
#ifndef ENGINE_MODEL_ASK_H
#define ENGINE_MODEL_ASK_H

#include "engine/model/addr.h"

#define ASK_MAX 96

struct ask {
	struct addr whom, from; /* of one family; from may be none (family 0) */
	uint8_t whom_mac[6], from_mac[6];
};

/* Returns the frame's length. */
uint32_t ask_build(const struct ask *a, uint8_t out[static ASK_MAX]);
/* Is this frame its answer? Any bytes will do. */
bool ask_answered(const uint8_t *frame, uint32_t len, const struct addr *whom);

#endif
