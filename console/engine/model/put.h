/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers into a packet, in network byte order; each returns where the next one goes. Pure. */
#ifndef ENGINE_MODEL_PUT_H
#define ENGINE_MODEL_PUT_H

#include <stdint.h>

static inline uint8_t *put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
	return p + 2;
}

static inline uint8_t *put32(uint8_t *p, uint32_t v)
{
	return put16(put16(p, v >> 16), v);
}

#endif
