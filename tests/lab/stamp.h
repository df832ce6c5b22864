/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What vxgen puts at the start of each payload, so that the sink knows the packet again. 22 bytes:
 * with them a UDP/IPv4 packet still fits a 64-byte inner frame. Big-endian on the wire.
 */
#ifndef LAB_STAMP_H
#define LAB_STAMP_H

#include <stdint.h>

#define STAMP_MAGIC 0x56584731u /* "VXG1" */

struct stamp {
	uint32_t magic;
	uint32_t run;	  /* which send this is: stamp_run() of its start */
	uint16_t flow;	  /* 0 .. --flows - 1 */
	uint32_t seq;	  /* per flow, from 0 */
	uint64_t time_ns; /* CLOCK_REALTIME of its building; the kernel's receive time is too */
} __attribute__((packed));

_Static_assert(sizeof(struct stamp) == 22, "the smallest frames depend on it");

#define STAMP_RUN_PID_BITS 10

/* Tenths of a second (22 bits: they wrap after 4.8 days) and the low bits of the sender's pid. */
static inline uint32_t stamp_run(uint64_t start_ns, uint32_t pid)
{
	return (uint32_t)(start_ns / 100000000u) << STAMP_RUN_PID_BITS |
	       (pid & ((1u << STAMP_RUN_PID_BITS) - 1));
}

/* Did run a start (in whole tenths of a second) before b? Right within 2.4 days either way. */
static inline int stamp_run_before(uint32_t a, uint32_t b)
{
	uint32_t mask = ~((1u << STAMP_RUN_PID_BITS) - 1);

	return (int32_t)((a & mask) - (b & mask)) < 0;
}

#endif
