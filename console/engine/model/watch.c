// SPDX-License-Identifier: GPL-2.0-only
/* A file that changes under us. Pure. [engine] */
#include "engine/model/watch.h"

bool watch_same(const struct watch_file *a, const struct watch_file *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}

void watch_know(struct watch *w, const struct watch_file *f)
{
	w->known = w->last = *f;
}

enum watch_news watch_look(struct watch *w, const struct watch_file *now)
{
	bool quiet = watch_same(now, &w->last);

	w->last = *now;
	if (!quiet || watch_same(now, &w->known))
		return WATCH_SAME;
	w->known = *now;
	return now->ino ? WATCH_CHANGED : WATCH_GONE;
}
