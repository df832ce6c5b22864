/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An engine without datapath: the functions that commands call, on a real allowlist and real NAT
 * rules, with planted figures. For the tests of commands, the control socket and ctl.
 */
#ifndef TESTS_FAKE_ENG_H
#define TESTS_FAKE_ENG_H

#include "engine/engine.h"
#include "engine/model/diagnose.h"

struct fake {
	struct eng e;
	struct opts o;
	bool inexact;	    /* selfcheck finds a difference */
	unsigned refreshed; /* calls of eng_refresh */
	char said[256];	    /* what the last change was asked to do */
	struct diag_cause cause[4];
	unsigned n_causes;
	struct eng_explained *explained; /* the answer of explain; NULL: it fails */
	uint32_t frames, frame_len;	 /* that were explained; the last one's */
	uint8_t frame[256];		 /* its beginning */
	unsigned many;			 /* this many more rows in the allowlist's listing */
	struct strays_result strays; /* what `strays` and its actions answer; the test's to fill */
	bool strays_fail;
	struct eng_list_saved saved; /* the answer of `allow save` */
	struct kept *kept;	     /* what the run before left; NULL: nothing */
};

void fake_eng_init(struct fake *f);
void fake_eng_fini(struct fake *f);

#endif
