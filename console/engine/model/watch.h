/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When has a file changed that we have read? Decided from what stat says of it, once a second: it
 * is another one than the one that is known, and has stayed as it is between two looks, so that
 * half of a file that is being written is not taken. Pure. [engine]
 */
#ifndef ENGINE_MODEL_WATCH_H
#define ENGINE_MODEL_WATCH_H

#include <stdbool.h>
#include <stdint.h>

struct watch_file { /* all 0: there is none */
	uint64_t dev, ino, size;
	int64_t mtime_ns, ctime_ns;
};

struct watch {
	struct watch_file known; /* what was read or written last, or has been told of */
	struct watch_file last;	 /* at the last look */
};

enum watch_news {
	WATCH_SAME,
	WATCH_CHANGED, /* told once */
	WATCH_GONE,    /* told once */
};

bool watch_same(const struct watch_file *a, const struct watch_file *b);
void watch_know(struct watch *w, const struct watch_file *f);
enum watch_news watch_look(struct watch *w, const struct watch_file *now);

#endif
