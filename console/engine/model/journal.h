/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was changed, in order, each change with what it takes to put it back exactly. An item holds
 * the state that is not in force; undo and redo both exchange it with the one that is, so that
 * neither computes anything. Pure: who exchanges is the engine. [engine]
 */
#ifndef ENGINE_MODEL_JOURNAL_H
#define ENGINE_MODEL_JOURNAL_H

#include "engine/model/allow.h"
#include "engine/model/nat.h"

#define JOURNAL_CHANGES 10000u	    /* kept at most, */
#define JOURNAL_BYTES	(64u << 20) /* and as much as this; the oldest go first */
#define JOURNAL_USER	40
#define JOURNAL_TEXT	160 /* before, after */

struct store_doc;

enum journal_kind { JOURNAL_ENTRY, JOURNAL_LIST, JOURNAL_RULES, JOURNAL_SETTING, JOURNAL_INTAKE };

struct journal_item {
	enum journal_kind kind;
	char before[JOURNAL_TEXT], after[JOURNAL_TEXT]; /* for people; "": nothing was there */
	size_t bytes;					/* of what the pointers lead to */
	union {
		struct {
			bool put; /* exchanging puts it on the list; else takes it off */
			struct allow_place place;
			struct cidr cidr;
			char *org, *note;
		} entry;
		struct {
			struct allow *allow; /* packed */
			struct store_doc *doc;
		} list;
		struct {
			struct nat_rule *rule;
			uint32_t n;
			int source; /* of the setting nat-rule */
		} rules;
		struct {
			int id, source;
			char *value;
		} setting;
		bool intake_on;
	};
};

struct journal_change {
	uint64_t id; /* from 1 */
	int64_t real_ns;
	uint64_t mono_ns;
	char user[JOURNAL_USER];
	char *command;
	uint64_t pps_before, pps_after;
	bool measured; /* pps_after is there */
	bool undone;
	bool final;   /* it can be neither undone nor redone: others were made instead */
	size_t bytes; /* as counted */
	struct journal_item *item;
	unsigned n;
};

struct journal;
/* doc_free: for the documents of lists. */
int journal_new(struct journal **out, void (*doc_free)(struct store_doc *), size_t most_bytes,
		struct vx_err *err) __attribute__((warn_unused_result));
void journal_free(struct journal *j);

/* Room for one more staged item, so that what follows cannot fail. */
int journal_reserve(struct journal *j, struct vx_err *err) __attribute__((warn_unused_result));
/* Takes what the item points to. There is room. */
void journal_stage(struct journal *j, const struct journal_item *item);
/* The staged items become one change; NULL when there are none (or no memory: then the staged are
 * dropped and journal_cut counts one). What was undone is final then. */
struct journal_change *journal_commit(struct journal *j, const char *user, const char *command);
void journal_unstage(struct journal *j);	  /* forgets what is staged */
unsigned journal_staged(const struct journal *j); /* how many items */
struct journal_item *journal_staged_at(const struct journal *j, unsigned i);
void journal_no_redo(struct journal *j); /* what is undone is final */

/* What would be undone, redone next; NULL: nothing. */
struct journal_change *journal_undo_next(const struct journal *j);
struct journal_change *journal_redo_next(const struct journal *j);
/* It has been undone or redone. */
void journal_turned(struct journal *j, struct journal_change *c);

uint32_t journal_count(const struct journal *j);
struct journal_change *journal_at(const struct journal *j, uint32_t i); /* oldest first */
uint64_t journal_cut(const struct journal *j); /* so many older ones were let go */

#endif
