// SPDX-License-Identifier: GPL-2.0-only
/* The ledger's arithmetic: which rows make up rx, when a reading balances. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/model/ledger.h"

static void every_row_has_name_and_help(void **state)
{
	(void)state;
	for (int i = 0; i < VX_L_N; i++) {
		assert_true(strlen(ledger_name((enum vx_ledger_id)i)) > 1);
		assert_true(strlen(ledger_help((enum vx_ledger_id)i)) > 10);
	}
}

/* Every row that a packet can leave by counts once; entries and notes do not. */
static void exits_are_the_rows_of_the_sum(void **state)
{
	uint64_t row[VX_L_N] = { 0 };

	(void)state;
	row[VX_L_RX] = 1000;
	row[VX_L_NATTED] = row[VX_L_UNNATTED] = row[VX_L_RX_BYTES] = row[VX_L_WOULD_DENY] = 1000;
	assert_int_equal(ledger_exits(row), 0);
	for (int i = VX_L_NOT_VXLAN; i <= VX_L_QUEUED; i++)
		row[i] = 1;
	assert_int_equal(ledger_exits(row), VX_L_QUEUED - VX_L_NOT_VXLAN + 1);
}

static struct ledger_reading balanced(void)
{
	struct ledger_reading r = { .done0 = 60,
				    .rx_before = 100,
				    .rx_after = 100,
				    .in_flight = 10,
				    .done1 = 60,
				    .n_cpus = 2 };

	r.row[VX_L_RX] = 100;
	r.row[VX_L_DENIED] = 30;
	r.row[VX_L_QUEUED] = 70;
	return r;
}

static void a_quiet_reading_balances(void **state)
{
	struct ledger_reading r = balanced();

	(void)state;
	assert_true(ledger_balanced(&r));
	assert_int_equal(ledger_slack(&r), 0);
}

static void one_packet_a_cpu_may_be_inside(void **state)
{
	struct ledger_reading r = balanced();

	(void)state;
	r.rx_before = r.rx_after = 102;
	assert_true(ledger_balanced(&r));
	assert_int_equal(ledger_slack(&r), 2);
	r.rx_before = r.rx_after = 103;
	assert_false(ledger_balanced(&r));
}

static void packets_that_enter_while_reading_are_no_alarm(void **state)
{
	struct ledger_reading r = balanced();

	(void)state;
	r.rx_after = 5000;
	assert_true(ledger_balanced(&r));
}

static void a_row_without_an_entry_is_an_alarm(void **state)
{
	struct ledger_reading r = balanced();

	(void)state;
	r.row[VX_L_DENIED]++;
	assert_false(ledger_balanced(&r));
}

static void a_queued_packet_without_a_row_is_an_alarm(void **state)
{
	struct ledger_reading r = balanced();

	(void)state;
	r.in_flight = 9;
	assert_false(ledger_balanced(&r));
	r.done1 = 61;
	assert_true(ledger_balanced(&r));
}

static void more_done_than_queued_is_an_alarm(void **state)
{
	struct ledger_reading r = balanced();

	(void)state;
	r.done0 = r.done1 = 72;
	r.in_flight = 0;
	assert_true(ledger_balanced(&r)); /* sent before the program counted its row */
	r.done0 = r.done1 = 73;
	assert_false(ledger_balanced(&r));
}

static void success_is_what_was_to_be_sent(void **state)
{
	uint64_t row[VX_L_N] = { 0 };

	(void)state;
	assert_true(ledger_success(row, 0) < 0);
	row[VX_L_QUEUED] = 80;
	row[VX_L_RING_FULL] = 10;
	row[VX_L_NO_NEIGHBOUR] = 10;
	row[VX_L_DENIED] = 1000; /* not to be sent */
	assert_true(ledger_success(row, 75) > 0.7499 && ledger_success(row, 75) < 0.7501);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_has_name_and_help),
		cmocka_unit_test(exits_are_the_rows_of_the_sum),
		cmocka_unit_test(a_quiet_reading_balances),
		cmocka_unit_test(one_packet_a_cpu_may_be_inside),
		cmocka_unit_test(packets_that_enter_while_reading_are_no_alarm),
		cmocka_unit_test(a_row_without_an_entry_is_an_alarm),
		cmocka_unit_test(a_queued_packet_without_a_row_is_an_alarm),
		cmocka_unit_test(more_done_than_queued_is_an_alarm),
		cmocka_unit_test(success_is_what_was_to_be_sent),
	};

	return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
