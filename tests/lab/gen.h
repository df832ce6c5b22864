/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The stream of frames of one send: generated, or replayed from a capture (as it is, or wrapped in
 * outer headers). One thread; gen_next() allocates nothing.
 */
#ifndef LAB_GEN_H
#define LAB_GEN_H

#include <stdbool.h>
#include <stdint.h>

#include "conf.h"
#include "vx_err.h"

struct gen;

/* Loads the capture if there is one, and checks that sizes and fragments are possible. */
int gen_new(struct gen **out, const struct conf *c, struct vx_err *err);
void gen_free(struct gen *g);

/* The longest frame that gen_next() can give, bytes. */
uint32_t gen_longest(const struct gen *g);

/* Writes the next frame into buf (of gen_longest() bytes) and returns its length; 0 at the end of
 * a capture that is not repeated. */
uint32_t gen_next(struct gen *g, uint8_t *buf);

/* Of the frame last given: a number that is the same for all frames of its flow, and whether it
 * was the last one of its datagram. */
uint32_t gen_key(const struct gen *g);
bool gen_datagram_done(const struct gen *g);

/* The source address of a flow: flows go round the CIDRs, and in each round its hosts. */
void gen_source(const struct conf_cidrs *src, uint32_t flow, uint8_t *out);

/* Address n (from 0) of the first CIDR, as --hosts counts them. */
void gen_host(const struct conf_cidrs *src, uint32_t n, uint8_t *out);

#endif
