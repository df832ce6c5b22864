/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A screen's row as text with attributes. Views build rows, paint.c draws them; nobody else knows
 * curses. Foreign text goes in through line_str only, which makes control bytes harmless and cuts
 * by columns, not bytes. [screen]
 */
#ifndef SCREEN_LINE_H
#define SCREEN_LINE_H

#include <stdbool.h>
#include <stdint.h>

/* What a piece of text means; paint.c decides how it looks with 0, 8, 16 or 256 colours. */
enum line_look {
	LOOK_PLAIN,
	LOOK_DIM,  /* units, rules, what is not in use */
	LOOK_BOLD, /* figures that matter */
	LOOK_HEAD, /* headings of columns and panels */
	LOOK_GOOD,
	LOOK_WARN,
	LOOK_BAD,    /* loud */
	LOOK_CURSOR, /* the selected row */
	LOOK_KEY,    /* a key one may press */
	LOOK_IN,     /* the graph of what comes in */
	LOOK_OUT,
	LOOK_STALE, /* older than 2 s */
	LOOKS
};

#define LINE_COLS  512 /* columns at most */
#define LINE_BYTES (LINE_COLS * 4)

struct line {
	char text[LINE_BYTES + 1]; /* UTF-8, valid, no control bytes */
	uint16_t bytes, cols;	   /* used so far */
	uint16_t width;		   /* columns that there are */
	uint16_t runs;
	struct {
		uint16_t byte;
		uint8_t look;
	} run[64]; /* look from this byte on */
};

void line_init(struct line *l, int width); /* empty, LOOK_PLAIN */
/* Appends; a row that is full ends with "…". Foreign text is fine. */
void line_str(struct line *l, enum line_look look, const char *s);
void line_fmt(struct line *l, enum line_look look, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Text in a field of so many columns: left or right aligned, cut with "…" (or "~" in ASCII). */
void line_left(struct line *l, enum line_look look, int cols, const char *s);
void line_right(struct line *l, enum line_look look, int cols, const char *s);
void line_pad_to(struct line *l, int col); /* spaces up to a column */
void line_rule(struct line *l);		   /* a horizontal rule to the end */
void line_number(struct line *l, enum line_look look, int cols,
		 uint64_t v); /* 1,234,567, right aligned; SI (12.3M) when it does not fit */
void line_rate(struct line *l, enum line_look look, int cols, uint64_t v,
	       const char *unit); /* "691 Mb/s" */
/* Appends another row's text with its looks (panels beside each other). */
void line_join(struct line *l, const struct line *piece);
/* Whole row in one look (cursor). */
void line_all(struct line *l, enum line_look look);
/* ASCII only (no UTF-8 locale): graphs, rules and dots are drawn otherwise. Set once. */
void line_set_ascii(bool ascii);
bool line_ascii(void);
/* "12:03:04Z" and the like are in when.h; columns of a string: */
int line_cols(const char *utf8);

#endif
