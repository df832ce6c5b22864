/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads a capture file (pcap of either byte order and time unit, or pcapng) into memory, as a list
 * of Ethernet frames. Files are not trusted: every length is checked.
 */
#ifndef LAB_CAPTURE_H
#define LAB_CAPTURE_H

#include <stdint.h>

#include "vx_err.h"

struct capture_frame {
	uint32_t off; /* into capture.file */
	uint32_t len; /* bytes captured, which may be fewer than were on the wire */
};

struct capture {
	uint8_t *file;
	uint32_t file_len;
	uint32_t n;
	uint32_t longest;
	struct capture_frame *frame;
};

/* 0, or a negative errno: cannot be read, not a capture, not Ethernet, broken (at which byte). */
int capture_load(struct capture *c, const char *path, struct vx_err *err);
void capture_free(struct capture *c);

#endif
