// SPDX-License-Identifier: GPL-2.0-only
/* Where things go, at every size from 1x1 to 300 columns by 100 rows: inside the screen, none on
 * another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "screen/layout.h"

static void inside(const struct rect *r, int rows, int cols)
{
	assert_true(r->rows >= 0 && r->cols >= 0 && r->y >= 0 && r->x >= 0);
	assert_true(!r->rows || (r->y + r->rows <= rows && r->x + r->cols <= cols));
}

static int apart(const struct rect *a, const struct rect *b)
{
	return !a->rows || !b->rows || !a->cols || !b->cols || a->y + a->rows <= b->y ||
	       b->y + b->rows <= a->y || a->x + a->cols <= b->x || b->x + b->cols <= a->x;
}

static void all_inside(const struct rect *part, int n, int rows, int cols)
{
	for (int i = 0; i < n; i++) {
		inside(&part[i], rows, cols);
		for (int k = 0; k < i; k++)
			assert_true(apart(&part[i], &part[k]));
	}
}

static void screen_at_any_size(void **state)
{
	struct layout l;

	(void)state;
	for (int rows = 0; rows <= 100; rows++)
		for (int cols = 0; cols <= 300; cols++) {
			layout_screen(rows, cols, &l);
			const struct rect part[] = { l.header, l.trouble, l.body,
						     l.said,   l.footer,  l.prompt };

			all_inside(part, 6, rows, cols);
			assert_int_equal(l.too_small,
					 rows < LAYOUT_MIN_ROWS || cols < LAYOUT_MIN_COLS);
			if (!l.too_small) /* nothing is left unused */
				assert_int_equal(l.header.rows + l.trouble.rows + l.body.rows +
							 l.said.rows + l.footer.rows +
							 l.prompt.rows,
						 rows);
		}
}

static void overview_at_any_size(void **state)
{
	struct rect part[PARTS];

	(void)state;
	for (int rows = 1; rows <= 100; rows++)
		for (int cols = 1; cols <= 300; cols++) {
			layout_overview(rows, cols, part);
			all_inside(part, PARTS, rows, cols);
			assert_int_equal(part[PART_RIGHT].rows > 0,
					 cols >= 160 && part[PART_LEDGER].rows > 0);
		}
}

static void overview_at_80x24(void **state)
{
	struct rect part[PARTS];
	struct layout l;

	(void)state;
	layout_screen(24, 80, &l);
	layout_overview(l.body.rows, l.body.cols, part);
	assert_int_equal(part[PART_GRAPH].rows, 2);
	assert_int_equal(part[PART_LEDGER].rows, 13);
	assert_int_equal(part[PART_MIDDLE].cols, 35);
	assert_int_equal(part[PART_EVENTS].rows, 1);
}

static void rows_are_shared(void **state)
{
	static const struct layout_want want[] = { { 5, 9 }, { 2, 5 }, { 2, 2 } };
	int got[3];

	(void)state;
	for (int rows = 0; rows < 30; rows++) {
		layout_share(rows, want, 3, got);
		assert_true(got[0] + got[1] + got[2] <= rows);
		for (int i = 0; i < 3; i++)
			assert_true(!got[i] || (got[i] >= want[i].least && got[i] <= want[i].want));
	}
	layout_share(9, want, 3, got);
	assert_int_equal(got[0], 5);
	assert_int_equal(got[2], 2);
	layout_share(4, want, 3, got); /* the first has no room: the others may */
	assert_int_equal(got[0], 0);
	assert_int_equal(got[1], 2);
}

static void cursor_is_seen(void **state)
{
	(void)state;
	for (int window = 1; window < 12; window++)
		for (int total = 0; total < 30; total++)
			for (int cursor = 0; cursor < total; cursor++) {
				int top = layout_top(window, total, cursor);

				assert_true(top >= 0 && top <= cursor && cursor < top + window);
				assert_true(total <= window ? !top : top + window <= total);
			}
	assert_int_equal(layout_top(0, 5, 3), 0);
	assert_int_equal(layout_top(-3, 5, 3), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(screen_at_any_size), cmocka_unit_test(overview_at_any_size),
		cmocka_unit_test(overview_at_80x24),  cmocka_unit_test(rows_are_shared),
		cmocka_unit_test(cursor_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
