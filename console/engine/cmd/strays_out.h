/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * XDP programs of others as results: for the commands of a running engine, and for `vxconsole
 * strays`, which has none.
 */
#ifndef ENGINE_CMD_STRAYS_OUT_H
#define ENGINE_CMD_STRAYS_OUT_H

#include "engine/sys/strays.h"

struct out;
struct strays_ours { /* what is ours: id 0: there is no engine */
	uint32_t id;
	const char *dev;
};
void strays_out(struct out *o, const struct strays *s, const struct strays_ours *ours);
/* What was done, and what there is after it. */
void strays_out_act(struct out *o, const struct strays_result *r, const struct strays_ours *ours);
/* The words of an action into what and which: "detach 17". -EINVAL: they are none. */
int strays_words(int argc, char *const *argv, enum strays_act *act, uint32_t *id,
		 struct vx_err *err) __attribute__((warn_unused_result));
/* 1: question is what has to be answered first; 0: there is nothing to do; -errno: it is refused.
 */
int strays_ask_first(const struct strays *s, enum strays_act act, uint32_t id, char *question,
		     size_t size, struct vx_err *err) __attribute__((warn_unused_result));
/* Of an action that is over: -errno when it was refused, or there was no such program. */
int strays_refused(const struct strays_result *r, enum strays_act act, uint32_t id,
		   struct vx_err *err) __attribute__((warn_unused_result));

#endif
