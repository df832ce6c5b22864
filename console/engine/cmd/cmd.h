/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command table: pane, `ctl` and scripts are served by it. Also included by the ctl client,
 * which looks up which argument is a file and answers `help` by itself. Knows the engine by name
 * only.
 */
#ifndef ENGINE_CMD_CMD_H
#define ENGINE_CMD_CMD_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/buf.h"
#include "vx_err.h"

struct eng;
struct out;
struct stream_choices;

/* Who runs a command and what comes back. The caller makes it, with out, and frees what is in it
 * (cmd_con_fini). */
struct con {
	struct eng *e; /* NULL: there is no engine; only CMD_LOCAL commands */
	struct out *out;
	bool yes;	/* the question has been answered */
	bool confirm;	/* there is somebody to be asked about what reduces what is sent */
	bool may_write; /* root or the owner of the socket */
	bool read_only; /* of a screen that was opened so */
	unsigned uid;
	const char *user; /* who, in the log; NULL: "uid N" */
	int fd;		  /* the caller's file, -1: none; stays the caller's */
	bool same;	  /* set by the command: it ran, and nothing has changed */
	int exit;	  /* what ctl exits with although the command ran: 0 or 1 */
	int argc;	  /* of the command that runs: what follows its name */
	char **argv;
	struct vx_err *err;
	uint64_t ticket;     /* of what it waits for (CMD_WAITS); 0: of nothing yet */
	struct buf warnings; /* strings, each with its NUL */
	char question[240];  /* set when cmd_run returned CMD_ASKS */
	char answer[32];     /* the line that is run with yes then; "": the same again */
};

enum {
	CMD_RO = 0,
	CMD_WRITE = 1,	/* root or owner; refused with --read-only */
	CMD_ENDS = 2,	/* root or owner; the engine ends, and then closes the connection */
	CMD_LOCAL = 4,	/* needs no engine */
	CMD_READS = 8,	/* the first argument is a file of the caller: c->fd reads it */
	CMD_FILLS = 16, /* the first argument, if given, is a file of the caller: c->fd is a memory
			   file to fill */
	CMD_OWNER = 32, /* root or owner, also with --read-only: nothing of the data path changes */
	CMD_LIST = 64,	/* changes the allowlist: `allow save` is due */
	CMD_CONF = 128, /* changes rules or settings: `save` is due */
	CMD_LOOKS = 256,  /* changes nothing: no line in the log */
	CMD_PACKET = 512, /* the first argument may be a packet's first word instead of a file */
	CMD_TURNS = 1024, /* undoes or redoes: is no change of its own */
};

#define CMD_ASKS 1 /* nothing was done: c->question has to be answered first */
#define CMD_WAITS                                                                                  \
	2 /* not yet: to be run again, with the same ticket, when what it waits for may be there   \
	   */

/* 0, CMD_ASKS, CMD_WAITS, or -errno with the reason in c->err. */
typedef int (*cmd_fn)(struct con *c);

/* A line that is being typed: the arguments so far, the last of them perhaps not whole. */
struct completion {
	struct eng *e;
	int argc; /* at least 1 */
	char **argv;
	const char *word; /* the last argument */
	struct stream_choices *out;
};
/* Offers (cmd_offer) what the last argument may be. */
typedef void (*cmd_complete_fn)(struct completion *c);
struct cmd {
	const char *name; /* one or two words */
	const char *args; /* "" for none */
	int min, max;	  /* number of arguments */
	unsigned flags;
	cmd_fn exec;
	const char *help;
	cmd_complete_fn complete; /* NULL: nothing is known of its arguments */
};

/* i-th of the table; NULL past the end. */
const struct cmd *cmd_at(unsigned i);
unsigned cmd_words(const struct cmd *cmd); /* of its name */
/* Could these words, prefixes too, mean cmd? Words that are missing fit anything. */
bool cmd_fits(const struct cmd *cmd, int argc, char *const *argv);
/* The command that the words begin with; a unique prefix of each word is enough. NULL: unknown or
 * ambiguous, and err says what it could be. */
const struct cmd *cmd_find(int argc, char *const *argv, struct vx_err *err);
/* Looks up, checks rights and number of arguments, runs. Errors begin with the command's name. */
int cmd_run(struct con *c, int argc, char **argv, struct vx_err *err)
	__attribute__((warn_unused_result));
void cmd_con_fini(struct con *c);

/* The file of the caller that these words of a command name; NULL: none. */
const char *cmd_file(const struct cmd *cmd, int argc, char *const *argv);

/* What the last word of a line may become: commands and their arguments; at most STREAM_CHOICES. */
void cmd_complete(struct eng *e, const char *line, struct stream_choices *out);

/*
 * Splits a line as a shell would: blanks, '...', "..." (with \" and \\), \x, and # at the start of
 * a word up to the end. argv (one allocation, free it) ends with NULL; argc may be 0. -EINVAL: a
 * quote that is not closed, too many words.
 */
int cmd_split(const char *line, int *argc, char ***argv, struct vx_err *err)
	__attribute__((warn_unused_result));

/* For the commands themselves. */
/* Whether to ask first: there is somebody, and he has not said yes. */
static inline bool cmd_must_ask(const struct con *c)
{
	return c->confirm && !c->yes;
}
/* Adds word if it begins with what was typed, is not there yet and there is room. */
void cmd_offer(struct completion *c, const char *word, const char *help);
int cmd_ask(struct con *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void cmd_warn(void *con, const char *text); /* a store_warn_fn */
/* What the commands ask before they do it: CMD_ASKS, or 0 when nothing less would be sent. */
struct allow_entry;
struct allow_diff;
struct nat_rule;
int cmd_allow_del_asks(struct con *c, const struct allow_entry *entry);
int cmd_allow_load_asks(struct con *c, const struct allow_diff *d, unsigned lost);
int cmd_nat_add_asks(struct con *c, const struct nat_rule *rule);
int cmd_nat_del_asks(struct con *c, const struct nat_rule *rule);
int cmd_intake_off_asks(struct con *c);
/* Asks about a new value of a setting when that may reduce what is sent: CMD_ASKS; 0: it does not.
 */
int cmd_set_asks(struct con *c, const char *name, const char *value);
/* cmd_set.c: sets it, and says so; 0 or -errno. */
int cmd_set_value(struct con *c, const char *name, const char *value);
/* cmd_admits.c: `allow admits`; and what a prefix for more than one denied address asks before it
 * is added: CMD_ASKS, 0 or -errno. */
struct cidr;
int cmd_admits(struct con *c);
int cmd_admits_asks(struct con *c, const struct cidr *cidr);
int cmd_number(const char *text, uint64_t max, uint64_t *out, struct vx_err *err)
	__attribute__((warn_unused_result)); /* decimal digits only */
/* c->fd is memory, so that writing can neither block nor touch a file. */
int cmd_check_fill(const struct con *c, struct vx_err *err) __attribute__((warn_unused_result));

#endif
