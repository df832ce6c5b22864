/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A BPF ring buffer with one reader, as simple as can be. For tests/prog only; the injector's is
 * another one on purpose.
 */
#ifndef TESTS_PROG_RING_H
#define TESTS_PROG_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "vx_abi.h"
#include "vx_err.h"

struct ring;

int ring_new(struct ring **out, uint32_t size, struct vx_err *err);
int ring_fd(const struct ring *r);
/* Takes the oldest record; *frame stays valid until the ring wraps. */
bool ring_pop(struct ring *r, struct vx_record *rec, const uint8_t **frame);
void ring_clear(struct ring *r);

#endif
