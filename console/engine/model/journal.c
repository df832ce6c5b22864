// SPDX-License-Identifier: GPL-2.0-only
/* The list of changes. The oldest go when there are too many or when they hold too much memory.
 * Pure. [engine] */
#include "engine/model/journal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct journal {
	void (*doc_free)(struct store_doc *);
	size_t most_bytes, bytes;
	struct journal_change **change; /* a ring of JOURNAL_CHANGES */
	uint32_t first, n;
	uint64_t next_id, cut;
	struct journal_item *staged;
	unsigned n_staged, room;
};

int journal_new(struct journal **out, void (*doc_free)(struct store_doc *), size_t most_bytes,
		struct vx_err *err)
{
	struct journal *j = calloc(1, sizeof(*j));

	*out = NULL;
	if (j)
		j->change = calloc(JOURNAL_CHANGES, sizeof(struct journal_change *));
	if (!j || !j->change) {
		free(j);
		return vx_err_set(err, -ENOMEM, "out of memory for the journal");
	}
	j->doc_free = doc_free;
	j->most_bytes = most_bytes;
	j->next_id = 1;
	*out = j;
	return 0;
}

static void item_fini(const struct journal *j, struct journal_item *item)
{
	switch (item->kind) {
	case JOURNAL_ENTRY:
		free(item->entry.org);
		free(item->entry.note);
		break;
	case JOURNAL_LIST:
		allow_free(item->list.allow);
		j->doc_free(item->list.doc);
		break;
	case JOURNAL_RULES:
		free(item->rules.rule);
		break;
	case JOURNAL_SETTING:
		free(item->setting.value);
		break;
	case JOURNAL_INTAKE:
		break;
	}
}

static size_t weight(const struct journal_change *c)
{
	size_t bytes = sizeof(*c) + (c->command ? strlen(c->command) : 0);

	for (unsigned i = 0; i < c->n; i++)
		bytes += sizeof(c->item[i]) + c->item[i].bytes;
	return bytes;
}

static void weigh(struct journal *j, struct journal_change *c)
{
	j->bytes -= c->bytes;
	c->bytes = weight(c);
	j->bytes += c->bytes;
}

/* What it takes to undo it is not needed any more; what it was, is shown still. */
static void make_final(struct journal *j, struct journal_change *c)
{
	for (unsigned i = 0; i < c->n; i++) {
		item_fini(j, &c->item[i]);
		c->item[i].kind = JOURNAL_INTAKE; /* has nothing but its texts */
		c->item[i].bytes = 0;
	}
	c->final = true;
	weigh(j, c);
}

static void change_free(struct journal *j, struct journal_change *c)
{
	if (!c)
		return;
	j->bytes -= c->bytes;
	for (unsigned i = 0; i < c->n; i++)
		item_fini(j, &c->item[i]);
	free(c->item);
	free(c->command);
	free(c);
}

void journal_free(struct journal *j)
{
	if (!j)
		return;
	journal_unstage(j);
	for (uint32_t i = 0; i < j->n; i++)
		change_free(j, journal_at(j, i));
	free(j->staged);
	free(j->change);
	free(j);
}

int journal_reserve(struct journal *j, struct vx_err *err)
{
	unsigned room = j->room ? 2 * j->room : 8;
	struct journal_item *more;

	if (j->n_staged < j->room)
		return 0;
	more = realloc(j->staged, room * sizeof(*more));
	if (!more)
		return vx_err_set(err, -ENOMEM, "out of memory for the journal");
	j->staged = more;
	j->room = room;
	return 0;
}

void journal_stage(struct journal *j, const struct journal_item *item)
{
	j->staged[j->n_staged++] = *item;
}

void journal_unstage(struct journal *j)
{
	while (j->n_staged)
		item_fini(j, &j->staged[--j->n_staged]);
}

unsigned journal_staged(const struct journal *j)
{
	return j->n_staged;
}

struct journal_item *journal_staged_at(const struct journal *j, unsigned i)
{
	return &j->staged[i];
}

void journal_no_redo(struct journal *j)
{
	struct journal_change *c;

	while ((c = journal_redo_next(j)))
		make_final(j, c);
}

static struct journal_change **slot(const struct journal *j, uint32_t i)
{
	return &j->change[(j->first + i) % JOURNAL_CHANGES];
}

static void drop_oldest(struct journal *j)
{
	change_free(j, *slot(j, 0));
	j->first = (j->first + 1) % JOURNAL_CHANGES;
	j->n--;
	j->cut++;
}

static struct journal_change *change_new(struct journal *j, const char *user, const char *command)
{
	struct journal_change *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->command = strdup(command);
	c->item = calloc(j->n_staged, sizeof(*c->item));
	if (!c->command || !c->item) {
		free(c->command);
		free(c->item);
		free(c);
		return NULL;
	}
	memcpy(c->item, j->staged, j->n_staged * sizeof(*c->item));
	c->n = j->n_staged;
	c->id = j->next_id++;
	snprintf(c->user, sizeof(c->user), "%s", user);
	j->n_staged = 0;
	return c;
}

/* An older change cannot be undone when a later one cannot: nothing is then left to undo. */
static void forget_all(struct journal *j)
{
	while (j->n)
		drop_oldest(j);
}

struct journal_change *journal_commit(struct journal *j, const char *user, const char *command)
{
	struct journal_change *c;

	if (!j->n_staged)
		return NULL;
	journal_no_redo(j);
	c = change_new(j, user, command);
	if (!c) {
		journal_unstage(j);
		forget_all(j);
		j->cut++;
		return NULL;
	}
	if (j->n == JOURNAL_CHANGES)
		drop_oldest(j);
	*slot(j, j->n++) = c;
	weigh(j, c);
	while (j->bytes > j->most_bytes && j->n > 1)
		drop_oldest(j);
	return c;
}

struct journal_change *journal_undo_next(const struct journal *j)
{
	for (uint32_t i = j->n; i-- > 0;)
		if (!journal_at(j, i)->undone)
			return journal_at(j, i);
	return NULL;
}

struct journal_change *journal_redo_next(const struct journal *j)
{
	struct journal_change *next = NULL, *c;

	for (uint32_t i = j->n; i-- > 0;) {
		c = journal_at(j, i);
		if (!c->undone)
			break;
		if (!c->final)
			next = c;
	}
	return next;
}

void journal_turned(struct journal *j, struct journal_change *c)
{
	c->undone = !c->undone;
	weigh(j, c); /* it holds the other of two states now */
}

uint32_t journal_count(const struct journal *j)
{
	return j->n;
}

struct journal_change *journal_at(const struct journal *j, uint32_t i)
{
	return i < j->n ? *slot(j, i) : NULL;
}

uint64_t journal_cut(const struct journal *j)
{
	return j->cut;
}
