// SPDX-License-Identifier: GPL-2.0-only
/* `allow`: the list of addresses whose packets go on. [engine] */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/cmd/cmd_groups.h"
#include "engine/engine.h"
#include "engine/model/text.h"
#include "proto/out.h"

#define TOP_MOST 50

/* Pairs of "org NAME" and "note TEXT" after the address. */
static int take_labels(int argc, char **argv, const char **org, const char **note,
		       struct vx_err *err)
{
	for (int i = 0; i < argc; i += 2) {
		const char **to = !strcmp(argv[i], "org")    ? org
				  : !strcmp(argv[i], "note") ? note
							     : NULL;

		if (!to)
			return vx_err_set(err, -EINVAL, "%.60s: expected `org NAME` or `note TEXT`",
					  argv[i]);
		if (*to)
			return vx_err_set(err, -EINVAL, "%s is given twice", argv[i]);
		if (i + 1 == argc)
			return vx_err_set(err, -EINVAL, "%s: a text is missing behind it", argv[i]);
		if (!buf_utf8_valid(argv[i + 1]))
			return vx_err_set(err, -EINVAL, "%s: not valid UTF-8", argv[i]);
		*to = argv[i + 1];
	}
	return 0;
}

static int add(struct con *c)
{
	const char *org = NULL, *note = NULL;
	char text[ADDR_TEXT];
	struct cidr cidr;
	int r;

	r = addr_cidr_parse(c->argv[0], &cidr, c->err);
	if (!r)
		r = take_labels(c->argc - 1, c->argv + 1, &org, &note, c->err);
	if (!r && cmd_must_ask(c))
		r = cmd_admits_asks(c, &cidr);
	if (r)
		return r;
	r = eng_allow_add(c->e, &cidr, org, note, c->err);
	if (r < 0)
		return r;
	out_message(c->out, "added %s", addr_cidr_format(&cidr, text));
	return 0;
}

int cmd_allow_del_asks(struct con *c, const struct allow_entry *entry)
{
	const struct allow_entry *left = allow_wider(c->e->allow, &entry->cidr);
	char text[ADDR_TEXT], round[ADDR_TEXT];
	uint64_t pps = eng_allow_pps(c->e, entry);

	addr_cidr_format(&entry->cidr, text);
	if (left)
		return cmd_ask(c, "%s stays permitted by %s; only its own count and note go", text,
			       addr_cidr_format(&left->cidr, round));
	if (c->e->o->allow_mode != VX_ALLOW_ENFORCE)
		return cmd_ask(c,
			       "%s would be on no list (%" PRIu64
			       " packets/s); allow-mode lets it through still",
			       text, pps);
	return cmd_ask(c, "would deny %" PRIu64 " packets/s of %s%s%.60s", pps, text,
		       entry->org ? ", " : "", entry->org ? entry->org : "");
}

static int del(struct con *c)
{
	const struct allow_entry *entry;
	char text[ADDR_TEXT];
	struct cidr cidr;
	int r;

	r = addr_cidr_parse(c->argv[0], &cidr, c->err);
	entry = r || !cmd_must_ask(c) ? NULL : allow_find(c->e->allow, &cidr);
	if (entry)
		return cmd_allow_del_asks(c, entry);
	if (!r)
		r = eng_allow_del(c->e, &cidr, c->err);
	if (r < 0)
		return r;
	out_message(c->out, "removed %s", addr_cidr_format(&cidr, text));
	return 0;
}

static void list_row(void *ctx, const struct eng_allow_row *row)
{
	struct out *o = ctx;
	char text[ADDR_TEXT];

	out_object(o, NULL);
	out_str(o, "cidr", addr_cidr_format(&row->entry->cidr, text));
	out_str(o, "org", row->entry->org);
	out_str(o, "note", row->entry->note);
	out_u64(o, "hits", row->hits);
	out_u64(o, "pps", row->pps);
	out_time(o, "last_seen", row->last_seen_real_ns);
	out_end(o);
}

static int list(struct con *c)
{
	char mode[16];

	out_array(c->out, NULL);
	eng_allow_rows(c->e, c->argc ? c->argv[0] : NULL, list_row, c->out);
	out_end(c->out);
	out_note(c->out, "entries: %u, organisations: %u, mode: %s", allow_count(c->e->allow),
		 allow_orgs(c->e->allow), opt_value(c->e->o, OPT_ALLOW_MODE, mode, sizeof(mode)));
	return 0;
}

/* FILE, which the caller has opened, or the list's own file, which the engine may open itself. */
static int open_list(const struct con *c, const char **name, struct vx_err *err)
{
	*name = c->argc ? c->argv[0] : c->e->o->allowlist;
	if (!c->argc && !**name)
		return vx_err_set(err, -EINVAL,
				  "no list was given at the start (-a FILE): name a FILE");
	if (!c->argc)
		return store_open(*name, err);
	if (c->fd < 0)
		return vx_err_set(err, -EBADF,
				  "the caller has to open FILE and pass its descriptor");
	return c->fd;
}

static void close_list(const struct con *c, int fd)
{
	if (fd >= 0 && fd != c->fd)
		close(fd);
}

/* The effect of a list that is not in force yet: counts of entries, some by name, and packets/s. */
int cmd_allow_load_asks(struct con *c, const struct allow_diff *d, unsigned lost)
{
	char unsaved[48] = "", text[ALLOW_DIFF_TEXT];

	if (!d->added && !d->removed && d->relabelled + lost < 2)
		return 0; /* nothing changes for any packet */
	if (lost)
		snprintf(unsaved, sizeof(unsaved), "; unsaved edits are lost: %u", lost);
	return cmd_ask(c, "%s: would deny %" PRIu64 " packets/s%s", allow_diff_text(d, text),
		       c->e->o->allow_mode == VX_ALLOW_ENFORCE ? d->pps : 0, unsaved);
}

static int ask_load(struct con *c, int fd, const char *name)
{
	struct allow_diff d;
	int r = eng_allow_diff(c->e, fd, name, &d, c->err);

	if (!r)
		r = cmd_allow_load_asks(c, &d, eng_unsaved(c->e, ENG_LIST));
	if (!r && lseek(fd, 0, SEEK_SET) < 0)
		r = vx_err_set(c->err, -errno, "%s: cannot be read twice", name);
	return r;
}

static int load(struct con *c)
{
	const char *name;
	int fd = open_list(c, &name, c->err);
	int r = fd < 0 ? fd : cmd_must_ask(c) ? ask_load(c, fd, name) : 0;

	if (!r) {
		if (!strcmp(name, c->e->o->allowlist))
			eng_watch_know(c->e, fd);
		r = eng_allow_load(c->e, fd, name, cmd_warn, c, c->err);
		if (r && !strcmp(name, c->e->o->allowlist))
			eng_watch_forget(c->e);
	}
	close_list(c, fd);
	if (r)
		return r;
	out_message(c->out, "loaded %s: %u entries", name, allow_count(c->e->allow));
	return 0;
}

static void diff_row(void *ctx, enum allow_change change, const struct allow_entry *entry)
{
	static const char *const word[] = { "add", "remove", "relabel" };
	struct con *c = ctx;
	char text[ADDR_TEXT];

	out_object(c->out, NULL);
	out_str(c->out, "change", word[change]);
	out_str(c->out, "cidr", addr_cidr_format(&entry->cidr, text));
	out_str(c->out, "org", entry->org);
	out_str(c->out, "note", entry->note);
	/* Only an entry that is in force has a rate. */
	if (change == ALLOW_REMOVED)
		out_u64(c->out, "pps", eng_allow_pps(c->e, entry));
	else
		out_str(c->out, "pps", NULL);
	out_end(c->out);
}

static int diff(struct con *c)
{
	const char *name;
	int fd = open_list(c, &name, c->err), r;

	if (fd < 0)
		return fd;
	out_array(c->out, NULL);
	r = eng_allow_diff_rows(c->e, fd, name, diff_row, c, c->err);
	out_end(c->out);
	close_list(c, fd);
	return r;
}

static void say_saved(const struct con *c, const struct eng_list_saved *saved)
{
	char where[200] = "", other[200] = "", path[120];

	if (saved->adopted)
		snprintf(where, sizeof(where),
			 ", in %s; `save` makes the config name it, for the next start",
			 text_escape(path, sizeof(path), c->e->o->allowlist,
				     strlen(c->e->o->allowlist)));
	if (saved->other[0])
		snprintf(other, sizeof(other), "; what somebody else had written there is now %s",
			 text_escape(path, sizeof(path), saved->other, strlen(saved->other)));
	out_message(c->out, "saved the list: %u entries%s%s", allow_count(c->e->allow), where,
		    other);
}

static int save(struct con *c)
{
	struct eng_list_saved saved;
	int r = c->argc ? cmd_check_fill(c, c->err) : 0;

	if (!r)
		r = eng_allow_save(c->e, c->argc ? c->argv[0] : NULL, c->argc ? c->fd : -1, &saved,
				   c->err);
	if (r < 0)
		return r;
	if (!c->argc) /* else the caller writes the file, after this, and may fail */
		eng_saved(c->e, ENG_LIST);
	if (!c->argc)
		eng_watch_know(c->e, -1);
	say_saved(c, &saved);
	return 0;
}

static int mode(struct con *c)
{
	return cmd_set_value(c, "allow-mode", c->argv[0]);
}

static void top_row(void *ctx, const struct eng_denied_row *row)
{
	struct out *o = ctx;
	char text[ADDR_TEXT];

	out_object(o, NULL);
	out_str(o, "addr", addr_format(&row->addr, text));
	out_u64(o, "pps", row->pps);
	out_u64(o, "count", row->count);
	out_u64(o, "admits_pps", row->admits.pps);
	out_u64(o, "to_pps", row->admits.to_pps);
	out_u64(o, "senders", row->admits.senders);
	out_end(o);
}

static int top(struct con *c)
{
	out_array(c->out, NULL);
	eng_denied_rows(c->e, TOP_MOST, top_row, c->out);
	out_end(c->out);
	return 0;
}

/* --- completion --- */

static void offer_entry(void *ctx, const struct allow_entry *entry)
{
	char text[ADDR_TEXT];

	cmd_offer(ctx, addr_cidr_format(&entry->cidr, text), entry->org);
}

static void offer_org(void *ctx, const struct allow_entry *entry)
{
	if (entry->org)
		cmd_offer(ctx, entry->org, "");
}

static void offer_denied(void *ctx, const struct eng_denied_row *row)
{
	char text[ADDR_TEXT], help[64];

	snprintf(help, sizeof(help), "%" PRIu64 " packets/s denied", row->pps);
	cmd_offer(ctx, addr_format(&row->addr, text), help);
}

static void complete_admits(struct completion *c)
{
	eng_denied_rows(c->e, TOP_MOST, offer_denied, c);
}

static void complete_add(struct completion *c)
{
	if (c->argc == 1) {
		complete_admits(c);
	} else if (c->argc % 2 == 0) {
		cmd_offer(c, "org", "NAME");
		cmd_offer(c, "note", "TEXT");
	} else if (!strcmp(c->argv[c->argc - 2], "org")) {
		allow_foreach(c->e->allow, offer_org, c);
	}
}

static void complete_del(struct completion *c)
{
	allow_foreach(c->e->allow, offer_entry, c);
}

static void complete_list(struct completion *c)
{
	allow_foreach(c->e->allow, offer_org, c);
	allow_foreach(c->e->allow, offer_entry, c);
}

static void complete_mode(struct completion *c)
{
	const char *word;

	for (unsigned i = 0; (word = opt_word(OPT_ALLOW_MODE, i)); i++)
		cmd_offer(c, word, "");
}

const struct cmd cmd_allow[] = {
	{ "allow add", "CIDR [org NAME] [note TEXT]", 1, 5, CMD_WRITE | CMD_LIST, add,
	  "permit an address or a prefix", complete_add },
	{ "allow del", "CIDR", 1, 1, CMD_WRITE | CMD_LIST, del, "remove an entry from the list",
	  complete_del },
	{ "allow list", "[FILTER]", 0, 1, CMD_RO, list,
	  "the entries with their hits; FILTER: part of address, organisation or note",
	  complete_list },
	{ "allow load", "[FILE]", 0, 1, CMD_WRITE | CMD_READS | CMD_LIST, load,
	  "replace the whole list by that of a JSON file, without FILE of the one it came from",
	  NULL },
	{ "allow diff", "[FILE]", 0, 1, CMD_OWNER | CMD_READS | CMD_LOOKS, diff,
	  "what `allow load` would add, remove and relabel", NULL },
	{ "allow save", "[FILE]", 0, 1, CMD_WRITE | CMD_FILLS, save,
	  "write the list as JSON, without FILE to the one it came from", NULL },
	{ "allow mode", "enforce|count|off", 1, 1, CMD_WRITE | CMD_CONF, mode,
	  "drop what is not on the list, only count it, or do not look", complete_mode },
	{ "allow top", "", 0, 0, CMD_RO, top, "the addresses that are denied most", NULL },
	{ "allow admits", "CIDR", 1, 1, CMD_RO, cmd_admits,
	  "what an entry would let through of what is denied now", complete_admits },
	{ 0 },
};
