// SPDX-License-Identifier: GPL-2.0-only
/* libFuzzer target: any line through the grammar of packets; what it takes is built as a frame. */
#include <string.h>

#include "engine/model/packet.h"

#define WORDS 15
#define LINE  256

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t frame[PACKET_FRAME_MAX];
	char line[LINE], *argv[WORDS], *rest = line, *word;
	struct vx_err err;
	struct packet p;
	uint32_t len;
	int argc = 0;

	size = size < sizeof(line) ? size : sizeof(line) - 1;
	memcpy(line, data, size);
	line[size] = 0;
	while (argc < WORDS && (word = strtok_r(rest, " ", &rest)))
		argv[argc++] = word;
	if (packet_parse(argc, argv, &p, &err))
		return 0;
	len = packet_build(&p, 4789, frame);
	if (len > sizeof(frame) || len < p.len)
		__builtin_trap();
	return 0;
}
