// SPDX-License-Identifier: GPL-2.0-only
/* What each program that a scan found means for us, and what may be done about it. Pure. */
#include "engine/model/strays.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define KERNEL_NAME 15 /* letters of a program's name that the kernel keeps */

/* Programs of ours that no live engine holds, and those of the loader that came before us. */
static const char *const own_progs[] = { "vx_pipeline", "vx_explain", "vxlan_pipeline_main" };
static const char *const older_maps[] = { "ip_allowlist" };

#define N(a) (sizeof(a) / sizeof(*(a)))

/* A name as long as the kernel's longest may have been cut. */
static bool is_named(const char *have, const char *name)
{
	return !strcmp(have, name) ||
	       (strlen(have) == KERNEL_NAME && !strncmp(have, name, KERNEL_NAME));
}

static bool is_duplicate(const struct stray *p)
{
	for (size_t i = 0; i < N(own_progs); i++)
		if (is_named(p->name, own_progs[i]))
			return true;
	for (unsigned m = 0; m < stray_have(p->n_maps, STRAY_MAPS); m++)
		for (size_t i = 0; i < N(older_maps); i++)
			if (!strcmp(p->map[m].name, older_maps[i]))
				return true;
	return false;
}

static bool is_held_by(const struct stray *p, pid_t pid)
{
	for (unsigned i = 0; i < stray_have(p->n_holders, STRAY_HOLDERS); i++)
		if (p->holder[i].pid == pid)
			return true;
	return false;
}

static bool is_instance(const struct stray *p)
{
	for (unsigned i = 0; i < stray_have(p->n_holders, STRAY_HOLDERS); i++)
		if (p->holder[i].engine)
			return true;
	return false;
}

static bool is_on(const struct stray *p, const struct strays_self *self)
{
	for (unsigned i = 0; i < stray_have(p->n_attached, STRAY_ATTACHED); i++)
		if (p->attached[i].ifindex == self->ifindex &&
		    p->attached[i].netns == self->netns && self->ifindex)
			return true;
	return false;
}

static bool is_ours(const struct stray *p, const struct strays_self *self)
{
	for (unsigned i = 0; i < self->n_own; i++)
		if (p->id == self->own[i])
			return true;
	return self->pid && is_held_by(p, self->pid);
}

bool stray_is_beside(const struct stray *p)
{
	for (unsigned i = 0; i < stray_have(p->n_attached, STRAY_ATTACHED); i++)
		if (p->why == STRAY_INSTANCE && p->attached[i].here)
			return true;
	return false;
}

/* Of one whose holder was not seen nobody knows that it is no live engine's. */
static void judge(struct stray *p, const struct strays_self *self, bool partial)
{
	bool instance = is_instance(p);

	p->unseen = partial && !p->n_holders;
	p->duplicate = !instance && !p->unseen && is_duplicate(p);
	p->why = p->unseen	  ? STRAY_UNRELATED
		 : is_on(p, self) ? STRAY_BLOCKS
		 : instance	  ? STRAY_INSTANCE
		 : p->duplicate	  ? STRAY_DUPLICATE
				  : STRAY_UNRELATED;
}

/* What else the holders of duplicates have in hand. */
static void count_other(const struct strays *s, struct stray_holder *h)
{
	unsigned same = 0;

	for (unsigned i = 0; i < s->n; i++)
		same += s->prog[i].duplicate && is_held_by(&s->prog[i], h->pid);
	h->other = h->progs > same ? h->progs - same : 0;
}

static int by_why(const void *a, const void *b)
{
	const struct stray *x = a, *y = b;

	if (x->why != y->why)
		return x->why < y->why ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

void strays_judge(struct strays *s, const struct strays_self *self)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < s->n; i++) {
		if (is_ours(&s->prog[i], self))
			continue;
		if (kept != i)
			s->prog[kept] = s->prog[i];
		judge(&s->prog[kept++], self, s->partial);
	}
	s->n = kept;
	for (unsigned i = 0; i < s->n; i++)
		for (unsigned k = 0; k < stray_have(s->prog[i].n_holders, STRAY_HOLDERS); k++)
			count_other(s, &s->prog[i].holder[k]);
	if (s->n)
		qsort(s->prog, s->n, sizeof(*s->prog), by_why);
}

const struct stray *strays_on(const struct strays *s, const struct strays_self *self)
{
	for (unsigned i = 0; i < s->n; i++)
		if (is_on(&s->prog[i], self))
			return &s->prog[i];
	return NULL;
}

struct stray *strays_find(const struct strays *s, uint32_t id)
{
	for (unsigned i = 0; i < s->n; i++)
		if (s->prog[i].id == id)
			return &s->prog[i];
	return NULL;
}

bool stray_may_end(const struct stray_holder *h)
{
	return h->pid > 1 && !h->engine && !h->other;
}

unsigned strays_duplicates(const struct strays *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->n; i++)
		n += stray_is_cleaned(&s->prog[i]);
	return n;
}

unsigned strays_in_reach(const struct strays *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->n; i++)
		n += stray_is_cleaned(&s->prog[i]) &&
		     (s->prog[i].n_attached || s->prog[i].n_holders || s->prog[i].n_pins);
	return n;
}

unsigned strays_unseen(const struct strays *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->n; i++)
		n += s->prog[i].unseen && is_duplicate(&s->prog[i]);
	return n;
}

static int refuse_instance(const struct stray *p, struct vx_err *err)
{
	unsigned i = 0;

	while (!p->holder[i].engine)
		i++;
	return vx_err_set(err, -EPERM,
			  "program %u belongs to a live vxconsole (pid %d): end that with its own "
			  "`vxconsole ctl quit`",
			  p->id, p->holder[i].pid);
}

static int refuse_stop(const struct stray *p, struct vx_err *err)
{
	for (unsigned i = 0; i < stray_have(p->n_holders, STRAY_HOLDERS); i++)
		if (p->holder[i].pid > 1)
			return 0;
	return vx_err_set(err, -EPERM,
			  "program %u is held by no process that could be asked to end%s", p->id,
			  p->n_attached || p->n_pins ? "; `strays detach` takes it away" : "");
}

static int refuse_detach(const struct stray *p, struct vx_err *err)
{
	char fix[STRAY_TEXT], held[STRAY_TEXT];

	if (p->members || p->dispatcher)
		return vx_err_set(err, -EPERM,
				  "program %u is libxdp's: its own tool takes it away: %s", p->id,
				  stray_fix(p, fix));
	if (p->n_attached || p->n_pins)
		return 0;
	return vx_err_set(
		err, -EPERM, "program %u is not attached and not pinned, only loaded, held by %s%s",
		p->id, stray_held(p, held), p->n_holders ? "; `strays stop` asks that to end" : "");
}

/* A link that is not pinned lives as long as somebody holds it: so does a live engine's, and where
 * the holder was not seen nobody knows that it is one. */
static bool is_held_unseen(const struct stray *p)
{
	bool by_link = false;

	for (unsigned i = 0; i < stray_have(p->n_attached, STRAY_ATTACHED); i++)
		by_link |= p->attached[i].how == STRAY_BY_LINK;
	return by_link && !p->n_holders && !p->n_pins && !p->dispatcher && !p->members;
}

int stray_refused(const struct stray *p, enum strays_act act, struct vx_err *err)
{
	if (is_instance(p))
		return refuse_instance(p, err);
	if (is_held_unseen(p))
		return vx_err_set(err, -EPERM,
				  "program %u is attached by a link whose holder was not seen (no "
				  "CAP_SYS_PTRACE, another PID namespace, or too many processes): "
				  "it may be a live vxconsole's; look again as root of the host",
				  p->id);
	if (act == STRAYS_STOP)
		return refuse_stop(p, err);
	return act == STRAYS_DETACH ? refuse_detach(p, err) : 0;
}

bool stray_is_done(const struct stray *p, enum strays_act act)
{
	if (!p)
		return true;
	if (act == STRAYS_STOP)
		return !p->n_holders;
	return act == STRAYS_DETACH && !p->n_attached && !p->n_pins;
}
