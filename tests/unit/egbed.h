/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of the egresses share: a veth pair in a network namespace of the test's own (root,
 * or root of a user namespace), numbered frames, and a sink that sees their order.
 *
 *     v0 (sends)  -------------  v1 (receives; a packet socket for our EtherType)
 */
#ifndef TESTS_UNIT_EGBED_H
#define TESTS_UNIT_EGBED_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "egress.h"

#define EGBED_TYPE 0x88b5 /* EtherType, for local experiments */

extern struct stats egbed_st;
extern struct egress_env egbed_env;

bool egbed_possible(void);		  /* whether this process may make a network namespace */
int egbed_setup(void **state);		  /* a new namespace, with the pair, counters at 0 */
void egbed_veth(void);			  /* makes the pair (again) */
void egbed_sink_from_0(void);		  /* numbers begin anew */
void egbed_run(const char *const argv[]); /* a command, which must work */
#define RUN(...) egbed_run((const char *const[]){ __VA_ARGS__, NULL })
void egbed_wait_carrier(bool up);

struct egress *egbed_open(const struct egress_ops *ops, const char *dev, bool qdisc_bypass,
			  struct egress *current);
/* Sends n numbered frames in batches; frame i of them has lens[i % n_lens] bytes. */
void egbed_send(struct egress *e, unsigned n, const uint32_t *lens, unsigned n_lens);
void egbed_send_small(struct egress *e, unsigned n);
/* Takes what has arrived: numbers only go up. Returns how many. */
unsigned egbed_take(void);
unsigned egbed_take_for(unsigned want, unsigned ms);
/* What came but found no room in the sink: its buffer is small when we are not really root. */
unsigned egbed_sink_drops(void);
uint64_t egbed_errors(int err);

#endif
