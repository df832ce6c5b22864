// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer target: any bytes through the kernel side's parser.
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -Ibpf -Itests/unit tests/fuzz/fuzz_parse.c
 */
#include "host_load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vx_pkt p;

	memset(&p, 0, sizeof(p));
	if (!host_parse(data, (uint32_t)size, 4789, &p) && !host_is_sane(&p))
		__builtin_trap();
	return 0;
}
