// SPDX-License-Identifier: GPL-2.0-only
/*
 * A result as text for people: objects as "key: value", arrays of rows as tables with headings,
 * thousands separated. Foreign strings are escaped, so that a note in a file cannot drive the
 * terminal.
 */
#include <math.h>
#include <string.h>

#include "log.h"
#include "proto/out_int.h"

#define MAX_COLUMNS 24

static void escaped(struct buf *b, const char *s)
{
	size_t from = b->n, most = strlen(s) * 4;

	buf_pad(b, ' ', most);
	if (b->failed)
		return;
	log_escape(s, b->data + from, most + 1);
	b->n = from + strlen(b->data + from);
}

static void scaled(struct buf *b, double v, double step, const char *const unit[], unsigned n)
{
	unsigned i = 0;

	while (i + 1 < n && v >= step) {
		v /= step;
		i++;
	}
	buf_printf(b, i && v < 100 ? "%.1f %s" : "%.0f %s", v, unit[i]);
}

static void duration(struct buf *b, uint64_t ns)
{
	static const char *const unit[] = { "ns", "us", "ms", "s" };

	scaled(b, (double)ns, 1000, unit, 4);
}

static void bytes(struct buf *b, uint64_t v)
{
	static const char *const unit[] = { "B", "KiB", "MiB", "GiB", "TiB" };

	scaled(b, (double)v, 1024, unit, 5);
}

static void real(struct buf *b, double v, const char *after)
{
	if (isfinite(v))
		buf_printf(b, "%.1f%s", v, after);
	else
		buf_char(b, '-');
}

/* Item i, or the first one behind it that is for people, too. */
static uint32_t shown(const struct out *o, uint32_t i)
{
	while (o->item[i].json_only)
		i = out_next(o, i);
	return i;
}

static uint32_t next_shown(const struct out *o, uint32_t i)
{
	return shown(o, out_next(o, i));
}

static void cell(const struct out *o, uint32_t i, struct buf *b);

/* A container within a cell: "ENOBUFS=3 EAGAIN=1". */
static void inline_cell(const struct out *o, uint32_t i, struct buf *b)
{
	uint32_t end = (uint32_t)o->item[i].u;

	if (i + 1 == end)
		buf_char(b, '-');
	for (uint32_t k = shown(o, i + 1); k < end; k = next_shown(o, k)) {
		if (k != shown(o, i + 1))
			buf_char(b, ' ');
		if (o->item[k].key)
			buf_printf(b, "%s=", o->item[k].key);
		cell(o, k, b);
	}
}

static void cell(const struct out *o, uint32_t i, struct buf *b)
{
	const struct out_item *it = &o->item[i];
	char time[OUT_TIME_TEXT];

	switch (it->kind) {
	case OUT_U64:
		buf_thousands(b, it->u);
		break;
	case OUT_I64:
		if (it->i < 0)
			buf_char(b, '-');
		buf_thousands(b, it->i < 0 ? 0 - (uint64_t)it->i : (uint64_t)it->i);
		break;
	case OUT_ID:
		buf_u64(b, it->u);
		break;
	case OUT_BYTES:
		bytes(b, it->u);
		break;
	case OUT_NS:
		duration(b, it->u);
		break;
	case OUT_NUMBER:
		real(b, it->d, "");
		break;
	case OUT_RATIO:
		real(b, it->d * 100, " %");
		break;
	case OUT_BOOL:
		buf_str(b, it->u ? "yes" : "no");
		break;
	case OUT_STR:
		escaped(b, *it->s ? it->s : "-");
		break;
	case OUT_TIME:
		buf_str(b, out_time_text(it->i, time));
		break;
	case OUT_OBJECT:
	case OUT_ARRAY:
	case OUT_BLOCKS:
		inline_cell(o, i, b);
		break;
	default:
		buf_char(b, '-');
	}
}

static bool is_figure(enum out_kind kind)
{
	return kind >= OUT_U64 && kind <= OUT_RATIO;
}

/* Columns on a terminal, one a character. */
static size_t width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static void padded(struct buf *b, const char *s, size_t cols, bool right)
{
	size_t w = width(s), pad = w < cols ? cols - w : 0;

	if (right)
		buf_pad(b, ' ', pad);
	buf_str(b, s);
	if (!right)
		buf_pad(b, ' ', pad);
}

static const char *text_of(const struct out *o, uint32_t i, struct buf *tmp)
{
	tmp->n = 0;
	cell(o, i, tmp);
	return tmp->failed ? "" : tmp->data;
}

struct column {
	const char *key; /* NULL: the rows' own */
	size_t width;
	bool right;
	char title[40];
};

struct table {
	struct column col[MAX_COLUMNS];
	unsigned n;
	bool keyed; /* the first column is the row's own key */
};

static void title(struct column *c, const char *key)
{
	size_t len = strlen(key);

	c->key = key;
	if (len > 3 && !strcmp(key + len - 3, "_ns"))
		len -= 3;
	if (len >= sizeof(c->title))
		len = sizeof(c->title) - 1;
	for (size_t i = 0; i < len; i++)
		c->title[i] = key[i] == '_'		       ? ' '
			      : key[i] >= 'a' && key[i] <= 'z' ? (char)(key[i] - 32)
							       : key[i];
	c->title[len] = 0;
	c->width = len;
}

/* NULL: there are too many. */
static struct column *column_of(struct table *t, const char *key)
{
	for (unsigned c = t->keyed; c < t->n; c++)
		if (!strcmp(t->col[c].key, key))
			return &t->col[c];
	if (t->n == MAX_COLUMNS)
		return NULL;
	title(&t->col[t->n], key);
	return &t->col[t->n++];
}

static void measure_row(const struct out *o, uint32_t row, struct table *t, struct buf *tmp)
{
	if (t->keyed && width(o->item[row].key) > t->col[0].width)
		t->col[0].width = width(o->item[row].key);
	for (uint32_t i = shown(o, row + 1); o->item[i].kind != OUT_END; i = next_shown(o, i)) {
		size_t w = width(text_of(o, i, tmp));
		struct column *c = column_of(t, o->item[i].key);

		if (!c)
			continue;
		if (w > c->width)
			c->width = w;
		c->right |= is_figure(o->item[i].kind);
	}
}

/* Blanks wait for what comes behind them, so that no line ends in some. */
static void put_cell(struct buf *b, const struct column *c, const char *s, size_t *blanks)
{
	size_t w = width(s), pad = w < c->width ? c->width - w : 0;

	*blanks += c->right ? pad : 0;
	if (*s) {
		buf_pad(b, ' ', *blanks);
		buf_str(b, s);
		*blanks = 0;
	}
	*blanks += (c->right ? 0 : pad) + 2;
}

/* "" where the row has nothing of that name: rows need not all have the same. */
static const char *text_in(const struct out *o, uint32_t row, const char *key, struct buf *tmp)
{
	uint32_t i = shown(o, row + 1);

	while (o->item[i].kind != OUT_END && strcmp(o->item[i].key, key) != 0)
		i = next_shown(o, i);
	return o->item[i].kind == OUT_END ? "" : text_of(o, i, tmp);
}

static void put_row(const struct out *o, uint32_t row, const struct table *t, size_t blanks,
		    struct buf *tmp, struct buf *b)
{
	for (unsigned c = 0; c < t->n; c++)
		put_cell(b, &t->col[c],
			 t->col[c].key ? text_in(o, row, t->col[c].key, tmp) : o->item[row].key,
			 &blanks);
	buf_char(b, '\n');
}

static void put_titles(const struct table *t, size_t blanks, struct buf *b)
{
	for (unsigned c = 0; c < t->n; c++)
		put_cell(b, &t->col[c], t->col[c].title, &blanks);
	buf_char(b, '\n');
}

static void table(const struct out *o, uint32_t at, bool keyed, unsigned indent, struct buf *b)
{
	uint32_t end = (uint32_t)o->item[at].u;
	struct table t = { .keyed = keyed, .n = keyed };
	struct buf tmp = { 0 };

	for (uint32_t row = at + 1; row < end; row = out_next(o, row))
		measure_row(o, row, &t, &tmp);
	if (at + 1 == end)
		buf_printf(b, "%*snone\n", (int)indent, "");
	else
		put_titles(&t, indent, b);
	for (uint32_t row = at + 1; row < end; row = out_next(o, row))
		put_row(o, row, &t, indent, &tmp, b);
	b->failed |= tmp.failed;
	buf_fini(&tmp);
}

static void object(const struct out *o, uint32_t at, unsigned indent, struct buf *b);

static void member(const struct out *o, uint32_t i, unsigned indent, size_t cols, size_t figures,
		   struct buf *tmp, struct buf *b)
{
	const struct out_item *it = &o->item[i];

	buf_printf(b, "%*s%s:", (int)indent, "", it->key);
	if (it->kind == OUT_OBJECT && i + 1 != it->u) {
		buf_char(b, '\n');
		object(o, i, indent + 2, b);
	} else if (out_is_container(it) && it->kind != OUT_OBJECT) {
		buf_char(b, '\n');
		table(o, i, false, indent + 2, b);
	} else {
		buf_pad(b, ' ', cols - width(it->key) + 1);
		padded(b, text_of(o, i, tmp), is_figure(it->kind) ? figures : 0, true);
		buf_char(b, '\n');
	}
}

/* Values stand below each other; figures to the right. */
static void object(const struct out *o, uint32_t at, unsigned indent, struct buf *b)
{
	uint32_t end = (uint32_t)o->item[at].u;
	size_t cols = 0, figures = 0;
	struct buf tmp = { 0 };

	for (uint32_t i = shown(o, at + 1); i < end; i = next_shown(o, i)) {
		size_t w = width(o->item[i].key);

		cols = w > cols ? w : cols;
		w = is_figure(o->item[i].kind) ? width(text_of(o, i, &tmp)) : 0;
		figures = w > figures ? w : figures;
	}
	for (uint32_t i = shown(o, at + 1); i < end; i = next_shown(o, i))
		member(o, i, indent, cols, figures, &tmp, b);
	b->failed |= tmp.failed;
	buf_fini(&tmp);
}

static void blocks(const struct out *o, uint32_t at, struct buf *b)
{
	for (uint32_t row = at + 1; row < o->item[at].u; row = out_next(o, row)) {
		if (row != at + 1)
			buf_char(b, '\n');
		object(o, row, 0, b);
	}
}

static bool is_flat(const struct out *o, uint32_t at)
{
	if (o->item[at].kind != OUT_OBJECT || o->item[at].u == at + 1)
		return false;
	for (uint32_t i = at + 1; i < o->item[at].u; i++)
		if (out_is_container(&o->item[i]))
			return false;
	return true;
}

/* Only objects of scalars: {"xdp":{"p50_ns":1},"ring":{"p50_ns":2}} reads best as a table. */
static bool is_grid(const struct out *o, uint32_t at)
{
	for (uint32_t i = at + 1; i < o->item[at].u; i = out_next(o, i))
		if (!is_flat(o, i))
			return false;
	return o->item[at].u > at + 1;
}

static bool is_message(const struct out *o)
{
	return o->n == 3 && o->item[1].kind == OUT_STR && !strcmp(o->item[1].key, "message");
}

void out_text(const struct out *o, struct buf *b)
{
	if (o->notes_only) {
		/* all is said below */
	} else if (o->n && is_message(o)) {
		escaped(b, o->item[1].s);
		buf_char(b, '\n');
	} else if (o->n && o->item[0].kind == OUT_BLOCKS) {
		blocks(o, 0, b);
	} else if (o->n && o->item[0].kind == OUT_ARRAY) {
		table(o, 0, false, 0, b);
	} else if (o->n && is_grid(o, 0)) {
		table(o, 0, true, 0, b);
	} else if (o->n) {
		object(o, 0, 0, b);
	}
	for (size_t i = 0; i < o->notes.n; i += strlen(o->notes.data + i) + 1) {
		escaped(b, o->notes.data + i);
		buf_char(b, '\n');
	}
}
