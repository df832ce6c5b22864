/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's side of a BPF ring buffer in user space: reserve, commit, discard, and the wake-up
 * protocol of vx_wake. One producing thread a ring. For the injector's tests.
 */
#ifndef TESTS_UNIT_RING_EMU_H
#define TESTS_UNIT_RING_EMU_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vx_abi.h"

struct emu {
	int fd;	     /* the pages as ring_open() maps them; not pollable */
	int wake_fd; /* what stands in for polling the ring */
	size_t size; /* data bytes */
	void *map;   /* consumer page, producer page, data, data again */
	size_t map_len;
	_Atomic uint64_t *consumer, *producer;
	unsigned char *data;
	_Atomic uint32_t *sleepers, *woken; /* NULL: nobody is woken */
	bool late; /* as if every worker had said only after the first look that it sleeps */
};

void emu_open(struct emu *e, size_t size, struct vx_wake *wake); /* aborts when it cannot */
void emu_close(struct emu *e);

/* len bytes, BUSY until committed or discarded; NULL when the ring is full. */
void *emu_reserve(struct emu *e, size_t len);
void emu_commit(struct emu *e, void *p, bool discard);
/* Writes len bytes (a multiple of 8) the way the kernel's memory is written: a stale reader may
 * look. */
void emu_copy(void *to, const void *from, size_t len);

#endif
