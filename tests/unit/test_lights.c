// SPDX-License-Identifier: GPL-2.0-only
/* Lights from planted figures, their latches, and what is told of changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_eng.h"

#define SECOND 1000000000LL

static int setup(void **state)
{
	struct fake *f = malloc(sizeof(*f));
	struct snapshot *s = &f->e.snap;

	fake_eng_init(f);
	s->egress_up = true;
	s->next_hops = s->next_hops_ok = 1;
	s->allow_mode = VX_ALLOW_ENFORCE;
	s->row_pps[VX_L_DENIED] = 5;
	s->row_pps[VX_L_QUEUED] = 61870;
	for (unsigned i = 0; i < s->n_workers; i++)
		s->ring[i].size = 1000;
	s->ring[1].used = 30;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	fake_eng_fini(*state);
	free(*state);
	return 0;
}

static void judge(struct fake *f, int64_t seconds)
{
	f->e.snap.real_ns = seconds * SECOND;
	eng_lights(&f->e);
}

static void shows(struct fake *f, enum snap_light_id id, enum snap_light_state state,
		  const char *text)
{
	const struct snap_light *l = &f->e.snap.light[id];

	judge(f, 100);
	assert_string_equal(l->text, text);
	assert_int_equal(l->state, state);
}

static void all_is_well(void **state)
{
	struct fake *f = *state;

	shows(f, LIGHT_LEAK, LIGHT_OK, "0 ok");
	shows(f, LIGHT_LEDGER, LIGHT_OK, "ok");
	shows(f, LIGHT_RING, LIGHT_OK, "3% (412 ms)");
	shows(f, LIGHT_EGRESS, LIGHT_OK, "up");
	shows(f, LIGHT_NEXT_HOP, LIGHT_OK, "1/1");
	shows(f, LIGHT_ALLOW, LIGHT_OK, "enforce");
	for (int i = 0; i < SNAP_N_LIGHTS; i++)
		assert_int_equal(f->e.snap.light[i].latched, LIGHT_OK);
}

static void each_in_its_states(void **state)
{
	struct fake *f = *state;
	struct snapshot *s = &f->e.snap;

	s->ring[0].ms_left = s->ring[1].ms_left = UINT64_MAX;
	shows(f, LIGHT_RING, LIGHT_OK, "3%");
	s->ring[0].used = 500;
	shows(f, LIGHT_RING, LIGHT_WARN, "50%");
	s->ring[0].used = 1000;
	shows(f, LIGHT_RING, LIGHT_BAD, "100%");
	s->row_pps[VX_L_RING_FULL] = 1234;
	shows(f, LIGHT_RING, LIGHT_BAD, "100%, 1234 pps lost");
	s->tx_failed_pps = 3;
	shows(f, LIGHT_EGRESS, LIGHT_WARN, "3 errors/s");
	s->worker[1].stalled_ms = 1000;
	shows(f, LIGHT_EGRESS, LIGHT_BAD, "worker 1 stalled");
	s->egress_up = false;
	shows(f, LIGHT_EGRESS, LIGHT_BAD, "down");
	s->next_hops = 2;
	shows(f, LIGHT_NEXT_HOP, LIGHT_WARN, "1/2");
	s->next_hops_ok = 0;
	shows(f, LIGHT_NEXT_HOP, LIGHT_BAD, "0/2");
	s->next_hops = 0;
	shows(f, LIGHT_NEXT_HOP, LIGHT_OK, "none");
	s->row_pps[VX_L_QUEUED] = s->row_pps[VX_L_RING_FULL] = 0;
	shows(f, LIGHT_ALLOW, LIGHT_WARN, "enforce, nothing passes");
	s->allow_mode = VX_ALLOW_COUNT;
	shows(f, LIGHT_ALLOW, LIGHT_OK, "count");
	s->allow_mode = VX_ALLOW_OFF;
	shows(f, LIGHT_ALLOW, LIGHT_WARN, "off");
	s->paused = true;
	shows(f, LIGHT_ALLOW, LIGHT_BAD, "intake off");
	s->ledger.unseen_tx = 2;
	shows(f, LIGHT_LEAK, LIGHT_WARN, "2 unseen");
	s->ledger.leaked = 1;
	shows(f, LIGHT_LEAK, LIGHT_BAD, "1 leaked");
	s->ledger.balanced = false;
	shows(f, LIGHT_LEDGER, LIGHT_BAD, "not balanced");
}

/* The time that is left is told where it tells something: of a ring that is all but empty it is the
 * chance of the last second, and beyond a second it is enough. */
static void time_left_is_steady(void **state)
{
	struct fake *f = *state;
	struct snapshot *s = &f->e.snap;

	s->ring[1].ms_left = 2400;
	shows(f, LIGHT_RING, LIGHT_OK, "3% (>1 s)");
	s->ring[1].ms_left = 999;
	shows(f, LIGHT_RING, LIGHT_OK, "3% (999 ms)");
	s->ring[1].used = 19;
	shows(f, LIGHT_RING, LIGHT_OK, "1%");
	s->ring[1].used = 0;
	shows(f, LIGHT_RING, LIGHT_OK, "0%");
}

static void a_light_latches_until_acknowledged(void **state)
{
	struct fake *f = *state;
	struct snapshot *s = &f->e.snap;
	const struct snap_light *l = &s->light[LIGHT_RING];

	judge(f, 1);
	s->ring[0].used = 600;
	judge(f, 2);
	s->ring[0].used = 1000;
	judge(f, 3);
	s->ring[0].used = 700;
	judge(f, 4);
	s->ring[0].used = 0;
	judge(f, 5);
	judge(f, 6);
	assert_int_equal(l->state, LIGHT_OK);
	assert_int_equal(l->latched, LIGHT_BAD);
	assert_string_equal(l->latched_text, "100% (412 ms)");
	assert_int_equal(l->from_real_ns, 2 * SECOND);
	assert_int_equal(l->to_real_ns, 4 * SECOND);
	eng_ack(&f->e);
	assert_int_equal(l->latched, LIGHT_OK);
	assert_int_equal(l->from_real_ns, 0);
	assert_string_equal(l->latched_text, "");
	judge(f, 7);
	assert_int_equal(l->latched, LIGHT_OK);
}

/* Denied packets, and nothing is sent: but the list let some through, and what became of those is
 * another light's business. */
static void what_passed_the_list_clears_it(void **state)
{
	static const enum vx_ledger_id passed[] = { VX_L_TRUNCATED, VX_L_NO_RULE,
						    VX_L_OVERSIZE,  VX_L_NO_NEIGHBOUR,
						    VX_L_RING_FULL, VX_L_QUEUED,
						    VX_L_REDIRECTED };
	struct fake *f = *state;
	struct snapshot *s = &f->e.snap;

	s->out_pps = 0;
	s->egress_up = false;
	s->row_pps[VX_L_QUEUED] = 0;
	for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++) {
		s->row_pps[passed[i]] = 1;
		shows(f, LIGHT_ALLOW, LIGHT_OK, "enforce");
		assert_int_equal(s->light[LIGHT_ALLOW].latched, LIGHT_OK);
		s->row_pps[passed[i]] = 0;
	}
	s->out_pps = 7; /* the last of what came before */
	shows(f, LIGHT_ALLOW, LIGHT_WARN, "enforce, nothing passes");
}

/* What is still so when it is acknowledged latches again; a leak that was seen does not. */
static void acknowledged_while_it_lasts(void **state)
{
	struct fake *f = *state;
	struct snapshot *s = &f->e.snap;

	s->egress_up = false;
	s->ledger.leaked = 5;
	judge(f, 8);
	eng_ack(&f->e);
	assert_int_equal(s->light[LIGHT_EGRESS].latched, LIGHT_BAD);
	assert_int_equal(s->light[LIGHT_EGRESS].from_real_ns, 8 * SECOND);
	assert_int_equal(s->light[LIGHT_LEAK].state, LIGHT_OK);
	assert_string_equal(s->light[LIGHT_LEAK].text, "5 ok");
	s->ledger.leaked = 6;
	judge(f, 9);
	assert_int_equal(s->light[LIGHT_LEAK].latched, LIGHT_BAD);
}

static void the_start_is_let_pass(void **state)
{
	struct fake *f = *state;

	f->e.snap.uptime_ns = 2 * SECOND;
	f->e.snap.next_hops_ok = 0;
	judge(f, 1);
	assert_int_equal(f->e.snap.light[LIGHT_NEXT_HOP].state, LIGHT_BAD);
	assert_int_equal(f->e.snap.light[LIGHT_NEXT_HOP].latched, LIGHT_OK);
}

static void names(void **state)
{
	(void)state;
	assert_string_equal(snapshot_light_name(LIGHT_LEAK), "LEAK");
	assert_string_equal(snapshot_light_name(LIGHT_NEXT_HOP), "NEXT HOP");
	assert_string_equal(snapshot_light_name(SNAP_N_LIGHTS), "?");
}

static void edits_are_counted_and_marked(void **state)
{
	struct fake *f = *state;
	struct eng *e = &f->e;

	eng_edited(e, ENG_LIST, "allow add 10.0.0.1");
	eng_edited(e, ENG_SETTINGS, "set match src");
	eng_edited(e, ENG_PARTS, "intake off");
	assert_int_equal(e->snap.unsaved, 2);
	assert_int_equal(e->history->marks, 3);
	assert_string_equal(history_mark_at(e->history, 0)->text, "intake off");
	eng_saved(e, ENG_SETTINGS);
	assert_int_equal(e->snap.unsaved, 1);
	eng_saved(e, ENG_LIST);
	assert_int_equal(e->snap.unsaved, 0);
}

static void a_mark_is_a_baseline(void **state)
{
	struct fake *f = *state;
	struct snapshot *s = &f->e.snap;

	s->ledger.sent = 77;
	s->real_ns = 5;
	eng_mark(&f->e);
	assert_int_equal(s->mark.real_ns, 5);
	assert_int_equal(s->mark.sent, 77);
	assert_true(s->mark.row[VX_L_DENIED] == s->ledger.row[VX_L_DENIED]);
	assert_int_equal(s->unsaved, 0);
	assert_string_equal(history_mark_at(f->e.history, 0)->text, "mark");
}

int main(void)
{
#define WITH_FAKE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH_FAKE(all_is_well),
		WITH_FAKE(each_in_its_states),
		WITH_FAKE(time_left_is_steady),
		WITH_FAKE(a_light_latches_until_acknowledged),
		WITH_FAKE(what_passed_the_list_clears_it),
		WITH_FAKE(acknowledged_while_it_lasts),
		WITH_FAKE(the_start_is_let_pass),
		cmocka_unit_test(names),
		WITH_FAKE(edits_are_counted_and_marked),
		WITH_FAKE(a_mark_is_a_baseline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
