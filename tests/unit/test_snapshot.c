// SPDX-License-Identifier: GPL-2.0-only
/* The snapshot through JSON and back, whole, in pieces and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "proto/snapshot.h"

static uint64_t seed = 88172645463325252ULL;

static uint64_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static void fill_errors(struct snap_errno *e)
{
	for (int i = 0; i < 3; i++)
		e[i] = (struct snap_errno){ i == 2 ? -1 : i + 1, rnd() };
}

/* Every member gets a value that no other has. */
static void fill(struct snapshot *s)
{
	memset(s, 0, sizeof(*s));
	s->seq = rnd();
	s->mono_ns = UINT64_MAX;
	s->real_ns = INT64_MIN;
	strncpy(s->version, "1.2.3", sizeof(s->version) - 1);
	s->pid = 4242;
	strncpy(s->ingress, "ens5", sizeof(s->ingress) - 1);
	strncpy(s->egress, "e\"\\\033", sizeof(s->egress) - 1);
	strncpy(s->mode, "native", sizeof(s->mode) - 1);
	memset(s->mode_reason, 'x', sizeof(s->mode_reason) - 1);
	strncpy(s->egress_method, "packet", sizeof(s->egress_method) - 1);
	strncpy(s->egress_reason, "Böhm", sizeof(s->egress_reason) - 1);
	for (uint64_t *v = &s->uptime_ns; v <= &s->tx_failed_pps; v++)
		*v = rnd();
	for (int i = 0; i < VX_L_N; i++) {
		s->row_pps[i] = rnd();
		s->ledger.row[i] = rnd();
	}
	s->cpu = 0.25;
	s->rss_bytes = rnd();
	s->oversize_largest = 9001;
	s->paused = s->egress_up = true;
	s->allow_entries = UINT32_MAX;
	s->allow_orgs = 16;
	s->nat_rules = 2;
	s->next_hops = 3;
	s->next_hops_ok = 1;
	s->allow_mode = VX_ALLOW_ENFORCE;
	s->ledger.sent = rnd();
	s->ledger.sent_bytes = rnd();
	s->ledger.tx_failed = rnd();
	s->ledger.leaked = 1;
	s->ledger.balanced = true;
	s->ledger.slack = 2;
	fill_errors(s->ledger.errors);
	s->unsaved = 3;
	s->threads = 5;
	s->map_bytes = rnd();
	s->syscalls_per_packet = 0.015625;
	s->mark = (struct snap_mark){
		.real_ns = 5, .sent = rnd(), .tx_failed = rnd(), .frag_unknown = rnd()
	};
	s->offer = (struct snap_offer){ 7, 3, 1, 2, rnd() };
	for (int i = 0; i < VX_L_N; i++)
		s->mark.row[i] = rnd();
	for (unsigned i = 0; i < SNAP_N_LIGHTS; i++) {
		s->light[i] = (struct snap_light){ .state = i % 3,
						   .latched = LIGHT_BAD,
						   .from_real_ns = -1,
						   .to_real_ns = INT64_MAX };
		strncpy(s->light[i].text, "3% (412 ms)", sizeof(s->light[i].text) - 1);
		strncpy(s->light[i].latched_text, "100%", sizeof(s->light[i].latched_text) - 1);
	}
	s->n_top_orgs = SNAP_TOP;
	s->n_top_addrs = 3;
	s->n_nat = 1;
	for (unsigned i = 0; i < s->n_top_orgs; i++) {
		strncpy(s->top_org[i].name, "Zoom Fiber, \"LLC\"", sizeof(s->top_org[i].name) - 1);
		s->top_org[i].pps = rnd();
	}
	s->top_addr[2].pps = rnd();
	s->nat[0].hits = rnd();
	strncpy(s->nat[0].key, "udp/31765", sizeof(s->nat[0].key) - 1);
	s->n_workers = SNAP_WORKERS;
	for (unsigned i = 0; i < SNAP_WORKERS; i++) {
		s->worker[i].cpu = (int)i - 1;
		s->worker[i].sent = rnd();
		s->worker[i].batch_avg = 0.5 * i;
		s->worker[i].idle = 0.75;
		fill_errors(s->worker[i].errors);
		s->ring[i].size = rnd();
		s->ring[i].ms_left = UINT64_MAX;
	}
	for (int i = 0; i < SNAP_STAGES; i++)
		s->latency[i] = (struct snap_latency){ rnd(), rnd(), rnd(), rnd(), rnd() };
	strncpy(s->status, "all is lost", sizeof(s->status) - 1);
	strncpy(s->fix, "nat add udp/31765=", sizeof(s->fix) - 1);
}

static void there_and_back(void **state)
{
	static struct snapshot in, out;
	struct vx_err err = { 0 };
	char *json;

	(void)state;
	fill(&in);
	json = snapshot_to_json(&in);
	assert_non_null(json);
	assert_null(strchr(json, '\n'));
	assert_int_equal(snapshot_from_json(json, strlen(json), &out, &err), 0);
	assert_memory_equal(&in, &out, sizeof(in));
	free(json);
}

static void no_workers(void **state)
{
	static struct snapshot in, out;
	struct vx_err err = { 0 };
	char *json;

	(void)state;
	memset(&in, 0, sizeof(in));
	json = snapshot_to_json(&in);
	assert_int_equal(snapshot_from_json(json, strlen(json), &out, &err), 0);
	assert_memory_equal(&in, &out, sizeof(in));
	free(json);
}

/* The length that is given counts, not a NUL: a copy without one, of the exact size, so that a
 * sanitizer sees more. */
static int parse(const char *text, size_t len, struct vx_err *err)
{
	static struct snapshot out;
	char *copy = malloc(len ? len : 1);
	int r;

	memcpy(copy, text, len);
	r = snapshot_from_json(copy, len, &out, err);
	free(copy);
	assert_true(out.n_workers <= SNAP_WORKERS || r < 0);
	return r;
}

static void cut_anywhere(void **state)
{
	static struct snapshot in;
	struct vx_err err = { 0 };
	char *json;

	(void)state;
	fill(&in);
	in.n_workers = 2;
	json = snapshot_to_json(&in);
	for (size_t len = 0; len < strlen(json); len++)
		assert_int_equal(parse(json, len, &err), -22);
	free(json);
}

static void damaged_anywhere(void **state)
{
	static const char bytes[] = "{}[],:\"\\0-9e.tfn\0\xff ";
	static struct snapshot in;
	struct vx_err err;
	char *json;
	size_t len;

	(void)state;
	fill(&in);
	in.n_workers = 3;
	json = snapshot_to_json(&in);
	len = strlen(json);
	for (int i = 0; i < 20000; i++) {
		size_t at = rnd() % len;
		char was = json[at];

		json[at] = bytes[rnd() % (sizeof(bytes) - 1)];
		if (parse(json, len, &err) < 0)
			assert_true(strlen(err.msg) > 10);
		json[at] = was;
	}
	free(json);
}

static void says_what_is_wrong(void **state)
{
	static const struct snapshot empty;
	static char text[65536];
	char *json;
	struct vx_err err = { 0 };

	(void)state;
	assert_int_equal(parse("[]", 2, &err), -22);
	assert_string_equal(err.msg, "snapshot: not an object");
	assert_int_equal(parse("{}", 2, &err), -22);
	assert_string_equal(err.msg, "snapshot: 'seq' is missing");
	assert_int_equal(parse("{\"later\":[{}],\"seq\":-1}", 23, &err), -22);
	assert_string_equal(err.msg, "snapshot: bad value of 'seq'");
	snprintf(text, sizeof(text), "%s", json = snapshot_to_json(&empty));
	*strstr(text, "\"n_workers\":0") = 0;
	snprintf(text + strlen(text), sizeof(text) - strlen(text), "\"n_workers\":65%s",
		 strstr(json, "\"n_workers\":0") + strlen("\"n_workers\":0"));
	free(json);
	assert_int_equal(parse(text, strlen(text), &err), -22);
	assert_string_equal(err.msg, "snapshot: bad value of 'worker'");
	/* said again, behind the elements */
	json = snapshot_to_json(&empty);
	json[strlen(json) - 1] = 0;
	snprintf(text, sizeof(text), "%s,\"n_nat\":9}", json);
	free(json);
	assert_int_equal(parse(text, strlen(text), &err), -22);
	assert_string_equal(err.msg, "snapshot: more elements than there may be");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),     cmocka_unit_test(no_workers),
		cmocka_unit_test(cut_anywhere),	      cmocka_unit_test(damaged_anywhere),
		cmocka_unit_test(says_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
