// SPDX-License-Identifier: GPL-2.0-only
/*
 * The allowlist's file, while the engine runs: somebody edits it, and the list in force is another
 * one then. That is offered as a diff, or with --watch put in force, but never over edits that were
 * not saved. [engine]
 */
#include "engine/run_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"

static void file_of(const struct stat *st, struct watch_file *f)
{
	f->dev = st->st_dev;
	f->ino = st->st_ino;
	f->size = (uint64_t)st->st_size;
	f->mtime_ns = st->st_mtim.tv_sec * 1000000000LL + st->st_mtim.tv_nsec;
	f->ctime_ns = st->st_ctim.tv_sec * 1000000000LL + st->st_ctim.tv_nsec;
}

static void take_offer_back(struct eng *e)
{
	memset(&e->snap.offer, 0, sizeof(e->snap.offer));
}

void eng_watch_know(struct eng *e, int fd)
{
	struct watch_file f = { 0 };
	struct stat st;

	take_offer_back(e);
	if (fd < 0 ? !stat(e->o->allowlist, &st) : !fstat(fd, &st))
		file_of(&st, &f);
	watch_know(&e->run->watch, &f);
	e->run->own = f;
}

void eng_watch_forget(struct eng *e)
{
	e->run->watch.known = (struct watch_file){ 0 };
	e->run->own = e->run->watch.known;
}

bool eng_watch_other(const struct eng *e, const char *path, struct stat *st)
{
	struct watch_file now = { 0 };

	if (stat(path, st))
		return false;
	file_of(st, &now);
	return !watch_same(&now, &e->run->own);
}

void eng_watch_took(const char *path, const struct stat *st, char *buf, size_t size)
{
	char *real = realpath(path, NULL);
	struct stat now;

	buf[0] = 0;
	if (real && !stat(real, &now) && now.st_ino != st->st_ino)
		snprintf(buf, size, "%s~", real);
	free(real);
}

static void offer(struct eng *e, const struct allow_diff *d)
{
	struct snap_offer *o = &e->snap.offer;

	o->real_ns = e->snap.real_ns;
	o->added = d->added;
	o->removed = d->removed;
	o->relabelled = d->relabelled;
	o->pps = e->o->allow_mode == VX_ALLOW_ENFORCE ? d->pps : 0;
	e->run->offered_at = e->list_edits;
}

static bool differs(const struct allow_diff *d)
{
	return d->added || d->removed || d->relabelled;
}

/* --watch: nobody is asked, so whoever reads the events is told all that the question would say. */
static void apply(struct eng *e, int fd, const struct allow_diff *d)
{
	const char *path = e->o->allowlist;
	struct vx_err err;

	if (eng_allow_load(e, fd, path, eng_warn, NULL, &err)) {
		vx_error("--watch: %s; the list in force stays", err.msg);
		return;
	}
	eng_watch_know(e, fd);
	eng_edited(e, ENG_PARTS, "allowlist changed on disk");
	eng_saved(e, ENG_LIST);
	vx_info("--watch: %s changed on disk and is in force: +%u -%u entries, %u relabelled; "
		"%llu packets/s of those removed",
		path, d->added, d->removed, d->relabelled, (unsigned long long)d->pps);
}

static void on_diff(struct eng *e, int fd, const struct allow_diff *d, bool news)
{
	bool unsaved = eng_unsaved(e, ENG_LIST);

	if (!differs(d)) {
		take_offer_back(e);
		return;
	}
	if (e->o->watch && !unsaved) {
		apply(e, fd, d);
		return;
	}
	offer(e, d);
	if (news)
		vx_warn("%s changed on disk: +%u -%u entries, %u relabelled; `allow diff` shows "
			"it, `allow load` takes it%s",
			e->o->allowlist, d->added, d->removed, d->relabelled,
			e->o->watch ? ". --watch leaves it, as edits are not saved" : "");
}

/* Reads and compares; a file that is refused changes nothing and is told once. */
static void compare(struct eng *e, bool news)
{
	struct allow_diff d;
	struct vx_err err;
	int fd = store_open(e->o->allowlist, &err);
	int rc = fd < 0 ? fd : eng_allow_diff(e, fd, e->o->allowlist, &d, &err);

	if (rc) {
		take_offer_back(e);
		vx_warn("the allowlist changed on disk and cannot be used: %s; the list in force "
			"stays",
			err.msg);
	} else {
		on_diff(e, fd, &d, news);
	}
	if (fd >= 0)
		close(fd);
}

void eng_watch_second(struct eng *e)
{
	struct watch_file now = { 0 };
	struct stat st;

	if (!e->o->allowlist[0])
		return;
	if (!stat(e->o->allowlist, &st))
		file_of(&st, &now);
	switch (watch_look(&e->run->watch, &now)) {
	case WATCH_CHANGED:
		compare(e, true);
		break;
	case WATCH_GONE:
		take_offer_back(e);
		vx_warn("%s is gone; the list in force stays, `allow save` writes it",
			e->o->allowlist);
		break;
	case WATCH_SAME:
		if (e->snap.offer.real_ns && e->run->offered_at != e->list_edits)
			compare(e, false); /* the list in force has come nearer, or moved on */
		break;
	}
}
