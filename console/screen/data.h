/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All that a screen knows of its engine: the last snapshot, the history for graphs, events, and
 * tables that views asked for. Filled from the control socket alone. Views read it and change
 * nothing. [screen]
 */
#ifndef SCREEN_DATA_H
#define SCREEN_DATA_H

#include "proto/snapshot.h"

#define DATA_CELLS  16
#define DATA_EVENTS 512

/*
 * A command's JSON result as rows and columns: an array of objects, or one object (one row); of an
 * object that begins with an array of objects, those.
 * Missing cells and null are ""; what is itself an object or an array is its JSON text, for
 * slice.h.
 */
struct data_table {
	char name[32]; /* the command: "allow list" */
	unsigned cols;
	char col[DATA_CELLS][24]; /* keys: "cidr", "hits" */
	bool number[DATA_CELLS];
	size_t rows;
	char **cell;	  /* rows * cols, text; numbers in decimal */
	uint64_t mono_ns; /* when it came; 0: not yet */
	char error[160];  /* why it did not */
};

/* Fills t (its rows are replaced) from a result's JSON. -EINVAL, -ENOMEM: t is empty and says why.
 */
int data_table_fill(struct data_table *t, const char *json, struct vx_err *err)
	__attribute__((warn_unused_result));
void data_table_clear(struct data_table *t); /* frees the rows; the name stays */
/* Column of a key, or -1. */
int data_col(const struct data_table *t, const char *key);
const char *data_cell(const struct data_table *t, size_t row, int col); /* "" when col < 0 */
uint64_t data_u64(const struct data_table *t, size_t row, int col);

struct data_event {
	uint64_t id;
	int64_t real_ns;
	int level; /* enum log_level */
	char text[256];
};

struct data {
	struct snapshot snap; /* the one to draw: frozen with the display */
	struct snapshot live; /* the last one that came: clock, LEAK and LEDGER lights */
	struct snapshot_history *history;     /* proto/history.h */
	struct data_event event[DATA_EVENTS]; /* ring, oldest overwritten */
	uint64_t events;		      /* how many ever came */
	uint64_t now_ns; /* CLOCK_MONOTONIC of this frame; snapshot older than 2 s is stale */
	bool connected, may_write, frozen;
	char host[64];	/* this machine's name */
	char said[240]; /* the last answer or error of a command, one line */
	bool said_error;
};

#endif
