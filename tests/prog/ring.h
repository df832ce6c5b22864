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
int ring_open(struct ring **out, int fd, uint32_t size, struct vx_err *err); /* one that is there */
int ring_fd(const struct ring *r);
/* Takes the oldest record: copies the first n bytes of it; *rest (may be NULL) is what follows, and
 * stays valid until the ring wraps. */
bool ring_pop(struct ring *r, void *head, uint32_t n, const uint8_t **rest);
void ring_clear(struct ring *r);

#endif
