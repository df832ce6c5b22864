// SPDX-License-Identifier: GPL-2.0-only
/* Programs of others in words: for tables, questions and messages. Pure. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/model/strays.h"
#include "engine/model/text.h"

__attribute__((format(printf, 3, 4))) static void add(char *buf, size_t size, const char *fmt, ...)
{
	size_t n = strlen(buf);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf + n, size - n, fmt, ap);
	va_end(ap);
}

const char *stray_why_name(enum stray_why why)
{
	static const char *const name[] = { "blocks", "duplicate", "instance", "unrelated" };

	return name[why];
}

const char *stray_mode_name(enum stray_mode mode)
{
	static const char *const name[] = { "native", "generic", "offloaded" };

	return name[mode];
}

const char *stray_how_name(enum stray_how how)
{
	static const char *const name[] = { "netlink", "link", "dispatcher" };

	return name[how];
}

const char *stray_where(const struct stray *p, char buf[static STRAY_TEXT])
{
	unsigned n = stray_have(p->n_attached, STRAY_ATTACHED);

	buf[0] = 0;
	for (unsigned i = 0; i < n; i++) {
		const struct stray_attached *a = &p->attached[i];

		add(buf, STRAY_TEXT, "%s%s (%s)", i ? ", " : "", a->dev, stray_mode_name(a->mode));
		if (!a->here && a->netns_name[0])
			add(buf, STRAY_TEXT, " netns %s", a->netns_name);
		else if (!a->here)
			add(buf, STRAY_TEXT, " netns of pid %d", a->netns_pid);
	}
	if (p->n_attached > n)
		add(buf, STRAY_TEXT, " and %u more", p->n_attached - n);
	if (!p->n_attached)
		add(buf, STRAY_TEXT, "no");
	return buf;
}

const char *stray_how(const struct stray *p, char buf[static STRAY_TEXT])
{
	const struct stray_attached *a = &p->attached[0];

	if (p->dispatcher || p->members)
		snprintf(buf, STRAY_TEXT, "libxdp");
	else if (!p->n_attached)
		snprintf(buf, STRAY_TEXT, "-");
	else if (a->how == STRAY_BY_LINK)
		snprintf(buf, STRAY_TEXT, "link %u", a->link_id);
	else
		snprintf(buf, STRAY_TEXT, "%s", stray_how_name(a->how));
	return buf;
}

const char *stray_held(const struct stray *p, char buf[static STRAY_TEXT])
{
	unsigned holders = stray_have(p->n_holders, STRAY_HOLDERS);

	buf[0] = 0;
	for (unsigned i = 0; i < holders && i < 3; i++)
		add(buf, STRAY_TEXT, "%spid %d %s", i ? ", " : "", p->holder[i].pid,
		    p->holder[i].comm);
	if (p->n_holders > 3)
		add(buf, STRAY_TEXT, " and %u more", p->n_holders - 3);
	for (unsigned i = 0; i < stray_have(p->n_pins, 1); i++)
		add(buf, STRAY_TEXT, "%spin %s", *buf ? ", " : "", p->pin[i].path);
	if (p->n_pins > 1)
		add(buf, STRAY_TEXT, " and %u more", p->n_pins - 1);
	if (!*buf)
		add(buf, STRAY_TEXT, "%s",
		    p->unseen	    ? STRAYS_NOT_ALL
		    : p->n_attached ? "nobody (outlived its loader)"
				    : "nobody that can be seen");
	return buf;
}

const char *stray_matters(const struct stray *p, char buf[static STRAY_TEXT])
{
	const char *kind = p->duplicate ? "duplicate" : "another tool's";

	if (p->unseen)
		snprintf(buf, STRAY_TEXT, "not judged: " STRAYS_NOT_ALL);
	else if (p->why == STRAY_BLOCKS)
		snprintf(buf, STRAY_TEXT, "blocks our ingress; %s", kind);
	else if (p->why == STRAY_INSTANCE)
		snprintf(buf, STRAY_TEXT, "another vxconsole's: leave it");
	else if (p->why == STRAY_DUPLICATE && !p->n_attached)
		snprintf(buf, STRAY_TEXT,
			 "duplicate, loaded and not attached: its maps are not ours");
	else if (p->why == STRAY_DUPLICATE)
		snprintf(buf, STRAY_TEXT, "duplicate: what we set is not in its maps");
	else
		snprintf(buf, STRAY_TEXT, "another tool's: leave it");
	return buf;
}

/* "ip netns exec NAME " where the device is elsewhere. */
static void enter(const struct stray_attached *a, char *buf)
{
	if (a->here)
		return;
	if (a->netns_name[0])
		add(buf, STRAY_TEXT, "ip netns exec %s ", text_word(a->netns_name).text);
	else if (a->netns_pid)
		add(buf, STRAY_TEXT, "nsenter -t %d -n ", a->netns_pid);
}

const char *stray_fix(const struct stray *p, char buf[static STRAY_TEXT])
{
	buf[0] = 0;
	if (p->why == STRAY_INSTANCE)
		return buf;
	if ((p->dispatcher || p->members) && p->n_attached) {
		enter(&p->attached[0], buf);
		add(buf, STRAY_TEXT, "xdp-loader unload %s ", text_word(p->attached[0].dev).text);
		if (p->members)
			add(buf, STRAY_TEXT, "--all");
		else
			add(buf, STRAY_TEXT, "--id %u", p->id);
	} else if (p->unseen) {
		return buf;
	} else if (p->n_attached || p->n_pins) {
		add(buf, STRAY_TEXT, "strays detach %u", p->id);
	} else if (p->n_holders) {
		add(buf, STRAY_TEXT, "strays stop %u", p->id);
	}
	return buf;
}

const char *stray_sentence(const struct stray *p, char buf[static STRAY_TEXT])
{
	char held[STRAY_TEXT], how[STRAY_TEXT];

	snprintf(buf, STRAY_TEXT, "%s id %u (%s%s%s), %s%.90s", p->name, p->id,
		 p->n_attached ? stray_mode_name(p->attached[0].mode) : "not attached",
		 p->n_attached ? ", by " : "", p->n_attached ? stray_how(p, how) : "",
		 p->unseen && !p->n_pins ? "" : "held by ",
		 p->n_holders || p->n_pins || p->unseen ? stray_held(p, held) : "nobody");
	return buf;
}

/* "pid 12 bpfman, which holds 3 other BPF programs too" */
static void ask_holders(const struct stray *p, char *buf, size_t size)
{
	unsigned n = stray_have(p->n_holders, STRAY_HOLDERS);

	add(buf, size, "asks to end (SIGTERM):");
	for (unsigned i = 0; i < n; i++) {
		const struct stray_holder *h = &p->holder[i];

		if (h->pid <= 1)
			continue;
		add(buf, size, " pid %d %s", h->pid, h->comm);
		if (h->other)
			add(buf, size, " (it holds %u other BPF programs too: a service?)",
			    h->other);
	}
}

static void ask_clean(const struct strays *s, char *buf, size_t size)
{
	unsigned listed = 0, ended = 0;

	add(buf, size, "takes %u duplicate%s away:", strays_in_reach(s),
	    strays_in_reach(s) == 1 ? "" : "s");
	for (unsigned i = 0; i < s->n; i++) {
		const struct stray *p = &s->prog[i];

		if (!stray_is_cleaned(p) || (!p->n_attached && !p->n_holders && !p->n_pins))
			continue;
		if (listed++ < 4)
			add(buf, size, " %u", p->id);
		for (unsigned k = 0; k < stray_have(p->n_holders, STRAY_HOLDERS); k++)
			ended += stray_may_end(&p->holder[k]);
	}
	if (listed > 4)
		add(buf, size, " ...");
	add(buf, size, " (detaches, unpins%s)",
	    ended ? ", asks the processes that hold them to end by SIGTERM" : "");
}

void strays_question(const struct strays *s, const struct stray *p, enum strays_act act, char *buf,
		     size_t size)
{
	char where[STRAY_TEXT];

	buf[0] = 0;
	if (act == STRAYS_CLEAN) {
		ask_clean(s, buf, size);
		return;
	}
	if (act == STRAYS_STOP) {
		ask_holders(p, buf, size);
		return;
	}
	add(buf, size, "detaches %s id %u", p->name, p->id);
	if (p->n_attached)
		add(buf, size, " from %.100s", stray_where(p, where));
	if (p->n_pins)
		add(buf, size, ", removes %u pin%s", p->n_pins, p->n_pins == 1 ? "" : "s");
	if (p->unseen)
		add(buf, size, "; " STRAYS_NOT_ALL);
	else if (p->why == STRAY_UNRELATED)
		add(buf, size, "; it is another tool's");
}
