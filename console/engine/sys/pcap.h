/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One packet of a capture file: classic pcap, either byte order, micro- or nanoseconds, Ethernet.
 * The file is somebody else's and may say anything. [engine]
 */
#ifndef ENGINE_SYS_PCAP_H
#define ENGINE_SYS_PCAP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "vx_err.h"

/* So that finding a packet takes no more than a fraction of a second. */
#define PCAP_PACKETS_MAX 100000

struct pcap {
	int fd; /* the caller's; read at offsets, its position stays */
	bool swapped;
	off_t at;     /* of the next packet */
	uint32_t n;   /* packets before it */
	uint32_t cut; /* bytes of the last one that the capture left out */
};

/* Reads the file's header. -EINVAL with what the file is instead, and what to do. */
int pcap_open(struct pcap *p, int fd, struct vx_err *err) __attribute__((warn_unused_result));
/* The next packet: its bytes to data when there are at most max, *len how many it has; data NULL:
 * skipped. 1; 0 at the end of the file. */
int pcap_next(struct pcap *p, uint8_t *data, uint32_t max, uint32_t *len, struct vx_err *err)
	__attribute__((warn_unused_result));

#endif
