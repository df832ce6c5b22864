// SPDX-License-Identifier: GPL-2.0-only
/* Rates over time in three rings, and their way through JSON. Pure; either side of the socket. */
#include "proto/history.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "proto/buf.h"
#include "proto/slice.h"

#define SPAN_MAX     (HISTORY_5MIN_CELLS * 300) /* s: what a gap can fill */
#define FOLLOW_MAX   600			/* s: what is sent second by second */
#define CELL_NUMBERS 4

static const struct scale {
	const char *name;
	unsigned seconds;
	size_t cells, off;
} scales[HISTORY_SCALES] = {
	{ "s1", 1, HISTORY_1S_CELLS, offsetof(struct snapshot_history, s1) },
	{ "s10", 10, HISTORY_10S_CELLS, offsetof(struct snapshot_history, s10) },
	{ "s300", 300, HISTORY_5MIN_CELLS, offsetof(struct snapshot_history, s300) },
};

static struct history_cell *ring(struct snapshot_history *h, const struct scale *s)
{
	return (struct history_cell *)(void *)((char *)h + s->off);
}

static const struct history_cell *ring_of(const struct snapshot_history *h, const struct scale *s)
{
	return (const struct history_cell *)(const void *)((const char *)h + s->off);
}

static struct history_cell mean(const struct history_sum *sum, uint64_t seconds)
{
	return (struct history_cell){
		.in_bps = sum->in_bps / seconds,
		.out_bps = sum->out_bps / seconds,
		.in_pps = (uint32_t)(sum->in_pps / seconds),
		.out_pps = (uint32_t)(sum->out_pps / seconds),
	};
}

static void add_second(struct snapshot_history *h, const struct history_cell *rates)
{
	h->seconds++;
	for (unsigned i = 0; i < HISTORY_SCALES; i++) {
		const struct scale *s = &scales[i];
		struct history_sum *sum = &h->sum[i];

		sum->in_bps += rates->in_bps;
		sum->out_bps += rates->out_bps;
		sum->in_pps += rates->in_pps;
		sum->out_pps += rates->out_pps;
		if (h->seconds % s->seconds)
			continue;
		ring(h, s)[(h->seconds / s->seconds - 1) % s->cells] = mean(sum, s->seconds);
		memset(sum, 0, sizeof(*sum));
	}
}

void history_add(struct snapshot_history *h, int64_t real_ns, uint64_t seconds,
		 const struct history_cell *rates)
{
	if (seconds > SPAN_MAX)
		seconds = SPAN_MAX;
	while (seconds--)
		add_second(h, rates);
	h->real_ns = real_ns;
}

/* Cut between characters. */
static void copy_text(char *out, size_t size, const char *text)
{
	size_t n = 0, len;

	while ((len = buf_utf8(text + n)) && n + len < size)
		n += len;
	memset(out, 0, size);
	memcpy(out, text, n);
}

void history_add_mark(struct snapshot_history *h, int64_t real_ns, const char *text)
{
	struct history_mark *m = &h->mark[h->marks++ % HISTORY_MARKS];

	m->second = h->seconds;
	m->real_ns = real_ns;
	copy_text(m->text, sizeof(m->text), text);
}

size_t history_cells(const struct snapshot_history *h, enum history_scale scale)
{
	const struct scale *s = &scales[scale];
	uint64_t n = (h->seconds + s->seconds - 1) / s->seconds;

	return n < s->cells ? (size_t)n : s->cells;
}

struct history_cell history_at(const struct snapshot_history *h, enum history_scale scale,
			       size_t ago)
{
	const struct scale *s = &scales[scale];
	uint64_t full = h->seconds / s->seconds, part = h->seconds % s->seconds;

	if (ago >= history_cells(h, scale))
		return (struct history_cell){ 0 };
	if (part && !ago)
		return mean(&h->sum[scale], part);
	return ring_of(h, s)[(full - 1 - (ago - !!part)) % s->cells];
}

const struct history_mark *history_mark_at(const struct snapshot_history *h, size_t i)
{
	if (i >= h->marks || i >= HISTORY_MARKS)
		return NULL;
	return &h->mark[(h->marks - 1 - i) % HISTORY_MARKS];
}

size_t history_mark_ago(const struct snapshot_history *h, enum history_scale scale,
			const struct history_mark *m)
{
	unsigned seconds = scales[scale].seconds;

	if (m->second >= h->seconds)
		return 0;
	return (size_t)((h->seconds - 1) / seconds - m->second / seconds);
}

/* --- to JSON --- */

static void put_cell(struct buf *b, const struct history_cell *c)
{
	buf_json_key(b, NULL);
	buf_printf(b, "%" PRIu32 ",%" PRIu64 ",%" PRIu32 ",%" PRIu64, c->in_pps, c->in_bps,
		   c->out_pps, c->out_bps);
}

/* The newest n full cells of a scale, oldest first. */
static void put_cells(struct buf *b, const char *key, const struct snapshot_history *h,
		      const struct scale *s, uint64_t n)
{
	uint64_t full = h->seconds / s->seconds;

	buf_json_key(b, key);
	buf_char(b, '[');
	for (uint64_t i = full - n; i < full; i++)
		put_cell(b, &ring_of(h, s)[i % s->cells]);
	buf_char(b, ']');
}

static void put_all(struct buf *b, const struct snapshot_history *h)
{
	for (unsigned i = 0; i < HISTORY_SCALES; i++) {
		uint64_t full = h->seconds / scales[i].seconds;

		put_cells(b, scales[i].name, h, &scales[i],
			  full < scales[i].cells ? full : scales[i].cells);
	}
	buf_json_key(b, "sum");
	buf_char(b, '[');
	for (unsigned i = 0; i < HISTORY_SCALES; i++)
		buf_printf(b, "%s%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64, i ? "," : "",
			   h->sum[i].in_pps, h->sum[i].in_bps, h->sum[i].out_pps,
			   h->sum[i].out_bps);
	buf_char(b, ']');
}

static void put_marks(struct buf *b, const struct snapshot_history *h, uint64_t after)
{
	uint64_t first = h->marks > HISTORY_MARKS ? h->marks - HISTORY_MARKS : 0;

	buf_printf(b, ",\"marks\":%" PRIu64 ",\"mark\":[", h->marks);
	for (uint64_t i = after > first ? after : first; i < h->marks; i++) {
		const struct history_mark *m = &h->mark[i % HISTORY_MARKS];

		buf_json_key(b, NULL);
		buf_printf(b, "[%" PRIu64 ",%" PRId64 ",", m->second, m->real_ns);
		buf_json_str(b, m->text);
		buf_char(b, ']');
	}
	buf_char(b, ']');
}

char *history_to_json(const struct snapshot_history *h, uint64_t seconds, uint64_t marks)
{
	bool whole = seconds > h->seconds || h->seconds - seconds > FOLLOW_MAX || marks > h->marks;
	struct buf b = { 0 };

	buf_printf(&b, "{\"seconds\":%" PRIu64 ",\"real_ns\":%" PRId64, h->seconds, h->real_ns);
	if (whole)
		put_all(&b, h);
	else
		put_cells(&b, "add", h, &scales[HISTORY_1S], h->seconds - seconds);
	put_marks(&b, h, whole ? 0 : marks);
	buf_char(&b, '}');
	return buf_take(&b);
}

/* --- from JSON --- */

/* The next four numbers of an array: 1; 0 at its end. */
static int get_four(struct slice *in, uint64_t v[static CELL_NUMBERS])
{
	struct slice element;
	int r;

	for (unsigned i = 0; i < CELL_NUMBERS; i++) {
		r = slice_element(in, &element);
		if (r <= 0)
			return r < 0 || i ? -EINVAL : 0;
		if (slice_u64(element, &v[i]) < 0)
			return -EINVAL;
	}
	return 1;
}

static int get_cell(struct slice *in, struct history_cell *c)
{
	uint64_t v[CELL_NUMBERS];
	int r = get_four(in, v);

	if (r <= 0)
		return r;
	if (v[0] > UINT32_MAX || v[2] > UINT32_MAX)
		return -EINVAL;
	*c = (struct history_cell){
		.in_pps = (uint32_t)v[0], .in_bps = v[1], .out_pps = (uint32_t)v[2], .out_bps = v[3]
	};
	return 1;
}

/* seconds is known: they are the newest full cells. */
static int get_cells(struct snapshot_history *h, const struct scale *s, struct slice text)
{
	uint64_t full = h->seconds / s->seconds, n = full < s->cells ? full : s->cells;
	struct slice in, more;
	int r = slice_open(text, '[', &in);

	for (uint64_t i = full - n; !r && i < full; i++)
		r = get_cell(&in, &ring(h, s)[i % s->cells]) == 1 ? 0 : -EINVAL;
	return r < 0 || slice_element(&in, &more) ? -EINVAL : 0;
}

static int get_sums(struct snapshot_history *h, struct slice text)
{
	uint64_t v[CELL_NUMBERS];
	struct slice in;

	if (slice_open(text, '[', &in) < 0)
		return -EINVAL;
	for (unsigned i = 0; i < HISTORY_SCALES; i++) {
		if (get_four(&in, v) != 1)
			return -EINVAL;
		h->sum[i] = (struct history_sum){ v[0], v[1], v[2], v[3] };
	}
	return 0;
}

static int get_added(struct snapshot_history *h, uint64_t seconds, struct slice text)
{
	struct history_cell c;
	struct slice in;
	int r;

	if (slice_open(text, '[', &in) < 0)
		return -EINVAL;
	while ((r = get_cell(&in, &c)) > 0)
		add_second(h, &c);
	return r < 0 || h->seconds != seconds ? -EINVAL : 0;
}

static int get_mark(struct slice pair, struct history_mark *m)
{
	struct slice in, second, real, text;
	char *copy;

	if (slice_open(pair, '[', &in) < 0 || slice_element(&in, &second) != 1 ||
	    slice_element(&in, &real) != 1 || slice_element(&in, &text) != 1 ||
	    slice_u64(second, &m->second) < 0 || slice_i64(real, &m->real_ns) < 0)
		return -EINVAL;
	copy = slice_str(text);
	if (!copy)
		return -EINVAL;
	copy_text(m->text, sizeof(m->text), copy);
	free(copy);
	return 0;
}

/* They are the newest ones. */
static int get_marks(struct snapshot_history *h, uint64_t marks, struct slice text)
{
	struct slice in, pair;
	uint64_t n = 0;
	int r;

	if (slice_open(text, '[', &in) < 0)
		return -EINVAL;
	for (struct slice count = in; (r = slice_element(&count, &pair)) > 0;)
		n++;
	if (r < 0 || n > marks || n > HISTORY_MARKS)
		return -EINVAL;
	for (h->marks = marks - n; h->marks < marks; h->marks++)
		if (slice_element(&in, &pair) != 1 ||
		    get_mark(pair, &h->mark[h->marks % HISTORY_MARKS]) < 0)
			return -EINVAL;
	return 0;
}

/* The members stand in the order in which they were written: numbers before what they count. */
static int get_member(struct snapshot_history *h, struct slice key, struct slice value,
		      uint64_t *seconds, uint64_t *marks)
{
	if (slice_is(key, "seconds"))
		return slice_u64(value, seconds);
	if (slice_is(key, "real_ns"))
		return slice_i64(value, &h->real_ns);
	if (slice_is(key, "add"))
		return get_added(h, *seconds, value);
	if (slice_is(key, "sum"))
		return get_sums(h, value);
	if (slice_is(key, "marks"))
		return slice_u64(value, marks);
	if (slice_is(key, "mark"))
		return get_marks(h, *marks, value);
	for (unsigned i = 0; i < HISTORY_SCALES; i++) {
		if (!slice_is(key, scales[i].name))
			continue;
		h->seconds = *seconds;
		return get_cells(h, &scales[i], value);
	}
	return 0;
}

int history_from_json(const char *text, size_t len, struct snapshot_history *h, struct vx_err *err)
{
	struct snapshot_history *fresh = malloc(sizeof(*fresh));
	uint64_t seconds = 0, marks = 0;
	struct slice in, key, value;
	int r;

	if (!fresh)
		return vx_err_set(err, -ENOMEM, "history: no memory");
	*fresh = *h;
	r = slice_open((struct slice){ text, len }, '{', &in);
	while (!r && (r = slice_member(&in, &key, &value)) > 0)
		r = get_member(fresh, key, value, &seconds, &marks);
	if (!r && (fresh->seconds != seconds || fresh->marks != marks))
		r = -EINVAL;
	if (!r)
		*h = *fresh;
	free(fresh);
	return r < 0 ? vx_err_set(err, r, "history: not one, or not the next piece of it") : 0;
}
