// SPDX-License-Identifier: GPL-2.0-only
/*
 * The engine's looks at programs of others. One process at a time does them; commands wait for it
 * without holding up anything, and now and then one is made unasked, seldom enough to cost less
 * than a hundredth of a CPU. [engine]
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "engine/run_int.h"
#include "log.h"

#define EVERY_NS    3000000000ULL /* between two looks unasked, at least */
#define SHARE	    100		  /* so many times what the last one took */
#define AGAIN_NS    250000000ULL  /* between two that were asked for, at least */
#define SHARE_ASKED 4
#define BACK_OFF_NS 300000000000ULL
#define STALE_NS    30000000000ULL /* what the mark does not tell of is found after so long */

static struct strays_self self_of(const struct eng *e)
{
	return (struct strays_self){ .pid = getpid(),
				     .ifindex = (int)if_nametoindex(e->o->ingress),
				     .netns = lock_netns_inode() };
}

static int start(struct eng *e, enum strays_act act, uint32_t id, bool unasked, struct vx_err *err)
{
	struct eng_strays_run *s = &e->run->strays;
	struct strays_ask ask = { .act = act, .id = id, .unasked = unasked, .self = self_of(e) };
	struct epoll_event ev = { .events = EPOLLIN };
	int rc = strays_may(act, id, err);

	rc = rc ? rc : strays_job_start(&s->job, &ask, err);
	if (rc)
		return rc;
	ev.data.fd = s->job.fd;
	epoll_ctl(e->run->epoll_fd, EPOLL_CTL_ADD, s->job.fd, &ev); /* else the next tick sees it */
	s->began_ns = eng_now_ns();
	s->running = ++s->given;
	return 0;
}

/* Of a look that saw all holders; what it found stands until the next such one. */
static void sum_up(struct eng *e)
{
	const struct strays *list = &e->run->strays.last.list;
	struct eng_strays *to = &e->strays;
	char text[STRAY_TEXT], fix[STRAY_TEXT];

	*to = (struct eng_strays){ .mono_ns = eng_now_ns() };
	for (unsigned i = 0; i < list->n; i++) {
		to->blocks += list->prog[i].why == STRAY_BLOCKS;
		to->duplicates += stray_is_cleaned(&list->prog[i]);
		to->beside |= stray_is_beside(&list->prog[i]);
	}
	if (!to->blocks && !to->duplicates)
		return;
	snprintf(to->worst, sizeof(to->worst), "%s", stray_sentence(&list->prog[0], text));
	snprintf(to->fix, sizeof(to->fix), "%s",
		 to->duplicates ? "strays clean" : stray_fix(&list->prog[0], fix));
}

static void ended(struct eng *e, int rc)
{
	struct eng_strays_run *s = &e->run->strays;
	uint64_t now = eng_now_ns(), took = now - s->began_ns;

	s->done = s->running;
	s->running = 0;
	s->rc = rc < 0 ? rc : 0;
	s->asked_ns = now + (took * SHARE_ASKED > AGAIN_NS ? took * SHARE_ASKED : AGAIN_NS);
	s->unasked_ns = now + (rc < 0			 ? BACK_OFF_NS
			       : took * SHARE > EVERY_NS ? took * SHARE
							 : EVERY_NS);
	if (rc > 0 && s->last.list.partial)
		s->mark = 0; /* so the next one is made, whatever has changed */
	else if (rc > 0)
		sum_up(e);
}

void eng_strays_tick(struct eng *e)
{
	struct eng_strays_run *s = &e->run->strays;
	struct strays_result fresh;
	int rc;

	if (!s->running)
		return;
	rc = strays_job_read(&s->job, &fresh, &s->err);
	if (!rc)
		return;
	if (rc > 0) {
		strays_result_fini(&s->last);
		s->last = fresh;
	}
	ended(e, rc);
}

bool eng_strays_is(const struct eng *e, int fd)
{
	return e->run->strays.running && e->run->strays.job.fd == fd;
}

void eng_strays_second(struct eng *e)
{
	struct eng_strays_run *s = &e->run->strays;
	uint64_t now = eng_now_ns(), mark;
	struct vx_err err;

	if (s->running || now < s->unasked_ns)
		return;
	mark = strays_mark();
	if (mark && mark == s->mark && now - s->looked_ns < STALE_NS) {
		s->unasked_ns = now + EVERY_NS;
		return;
	}
	s->mark = mark;
	s->looked_ns = now;
	s->unasked_ns = now + BACK_OFF_NS;
	if (start(e, STRAYS_LIST, 0, true, &err))
		vx_dbg("strays: %s", err.msg);
}

int eng_strays(struct eng *e, enum strays_act act, uint32_t id, uint64_t *ticket,
	       const struct strays_result **out, struct vx_err *err)
{
	struct eng_strays_run *s = &e->run->strays;
	bool list = act == STRAYS_LIST;
	int rc = 0;

	if (!*ticket && list)
		*ticket = s->given + 1; /* one that begins after the question */
	if (*ticket && s->done >= *ticket) {
		*out = &s->last;
		return s->rc ? vx_err_set(err, s->rc, "%s", s->err.msg) : 1;
	}
	if (s->running || (list && eng_now_ns() < s->asked_ns) || (*ticket && !list))
		return 0;
	rc = start(e, act, id, false, err);
	if (!rc)
		*ticket = s->running;
	return rc;
}

const struct strays *eng_strays_last(const struct eng *e)
{
	return e->run && e->run->strays.last.list.prog ? &e->run->strays.last.list : NULL;
}

void eng_strays_fini(struct eng *e)
{
	strays_job_end(&e->run->strays.job);
	strays_result_fini(&e->run->strays.last);
}

/* The ingress is taken: by whom, and the way out. err is what the kernel said. */
int eng_strays_explain(struct eng *e, struct vx_err *err)
{
	struct strays_ask ask = { .act = STRAYS_LIST, .self = self_of(e) };
	char sentence[STRAY_TEXT], fix[STRAY_TEXT];
	const struct stray *p;
	struct strays_result r;
	struct vx_err ignored;

	if (strays_may(STRAYS_LIST, 0, &ignored) || strays_run(&ask, &r, &ignored))
		return err->code;
	p = strays_on(&r.list, &ask.self);
	if (p && !*stray_fix(p, fix))
		vx_err_set(err, -EBUSY, "%s is taken: XDP program %s; see: vxconsole strays",
			   e->o->ingress, stray_sentence(p, sentence));
	else if (p)
		vx_err_set(err, -EBUSY, "%s is taken: XDP program %s; to detach it: %s%.100s%s",
			   e->o->ingress, stray_sentence(p, sentence),
			   strncmp(fix, "strays", 6) == 0 ? "vxconsole " : "", fix,
			   p->duplicate && !p->members ? ", or start with --clean" : "");
	strays_result_fini(&r);
	return err->code;
}
