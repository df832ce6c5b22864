// SPDX-License-Identifier: GPL-2.0-only
/* Tables that came as JSON: their columns are the keys of all rows, in the order in which they were
 * met. Pure. [screen] */
#include "screen/data.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/slice.h"

void data_table_clear(struct data_table *t)
{
	for (size_t i = 0; i < t->rows * t->cols; i++)
		free(t->cell[i]);
	free(t->cell);
	t->cell = NULL;
	t->rows = 0;
	t->cols = 0;
}

static int find_col(const struct data_table *t, struct slice key)
{
	unsigned i = 0;

	while (i < t->cols && !slice_is(key, t->col[i]))
		i++;
	return i < t->cols ? (int)i : -1;
}

/* More keys than there is room for are left out. */
static void add_col(struct data_table *t, struct slice key, struct slice value)
{
	if (t->cols == DATA_CELLS || key.n >= sizeof(t->col[0]) || find_col(t, key) >= 0)
		return;
	memcpy(t->col[t->cols], key.p, key.n);
	t->col[t->cols][key.n] = 0;
	t->number[t->cols++] = value.n && strchr("-0123456789", *value.p) && *value.p;
}

static int scan_row(struct data_table *t, struct slice row)
{
	struct slice in, key, value;
	int r;

	if (slice_open(row, '{', &in) < 0)
		return -EINVAL;
	while ((r = slice_member(&in, &key, &value)) > 0)
		add_col(t, key, value);
	t->rows++;
	return r;
}

static int take_row(struct data_table *t, size_t at, struct slice row)
{
	struct slice in, key, value;

	if (slice_open(row, '{', &in) < 0)
		return -EINVAL;
	while (slice_member(&in, &key, &value) > 0) {
		int col = find_col(t, key);
		char **cell = col < 0 ? NULL : &t->cell[at * t->cols + (size_t)col];

		if (!cell || *cell || slice_is(value, "null"))
			continue;
		*cell = *value.p == '"' ? slice_str(value) : strndup(value.p, value.n);
		if (!*cell)
			return -ENOMEM;
	}
	return 0;
}

/* Each row of an array, or the one object there is. */
static int each_row(struct data_table *t, struct slice text, bool take)
{
	struct slice in, row;
	size_t at = 0;
	int r;

	if (slice_open(text, '[', &in) < 0)
		return take ? take_row(t, 0, text) : scan_row(t, text);
	while ((r = slice_element(&in, &row)) > 0) {
		r = take ? take_row(t, at++, row) : scan_row(t, row);
		if (r < 0)
			return r;
	}
	return r;
}

/* {"programs":[...],...}: the list is the result. */
static struct slice rows_of(struct slice text)
{
	struct slice in, key, value, list, row;

	if (slice_open(text, '{', &in) < 0 || slice_member(&in, &key, &value) <= 0 ||
	    slice_open(value, '[', &list) < 0)
		return text;
	if (slice_element(&list, &row) > 0 && slice_open(row, '{', &in) < 0)
		return text;
	return value;
}

int data_table_fill(struct data_table *t, const char *json, struct vx_err *err)
{
	struct slice text = rows_of((struct slice){ json, strlen(json) });
	size_t rows;
	int r;

	data_table_clear(t);
	t->error[0] = 0;
	r = each_row(t, text, false);
	rows = r < 0 ? 0 : t->rows;
	t->rows = 0;
	t->cell = rows && t->cols ? calloc(rows * t->cols, sizeof(*t->cell)) : NULL;
	if (rows && t->cols && !t->cell)
		r = -ENOMEM;
	if (t->cell) {
		t->rows = rows;
		r = each_row(t, text, true);
	}
	if (r >= 0)
		return 0;
	data_table_clear(t);
	snprintf(t->error, sizeof(t->error), "%s",
		 r == -ENOMEM ? "no memory" : "the answer is not a table");
	return vx_err_set(err, r, "%s: %s", t->name, t->error);
}

int data_col(const struct data_table *t, const char *key)
{
	return find_col(t, (struct slice){ key, strlen(key) });
}

const char *data_cell(const struct data_table *t, size_t row, int col)
{
	const char *cell = NULL;

	if (row < t->rows && col >= 0 && (unsigned)col < t->cols)
		cell = t->cell[row * t->cols + (size_t)col];
	return cell ? cell : "";
}

uint64_t data_u64(const struct data_table *t, size_t row, int col)
{
	const char *cell = data_cell(t, row, col);
	uint64_t v;

	return slice_u64((struct slice){ cell, strlen(cell) }, &v) < 0 ? 0 : v;
}
