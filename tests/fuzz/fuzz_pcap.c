// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz target: a capture file. Skipping its packets finds those that reading it does, of the same
 * lengths.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/sys/pcap.h"

#define FRAME_MAX 9216

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(int fd)
{
	static uint8_t frame[FRAME_MAX];
	struct pcap read, skip;
	uint32_t len = 0, len2 = 0;

	if (pcap_open(&read, fd, NULL) || pcap_open(&skip, fd, NULL))
		return;
	while (pcap_next(&read, frame, sizeof(frame), &len, NULL) == 1)
		if (pcap_next(&skip, NULL, 0, &len2, NULL) != 1 || len != len2 ||
		    read.at != skip.at)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	walk(fd);
	close(fd);
	return 0;
}
