// SPDX-License-Identifier: GPL-2.0-only
/*
 * Running one frame through both programs, and the answer as JSON.
 */
#include "outcome.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>

const char *const outcome_rows[VX_L_N] = {
#define ROW_NAME(id, name, group, help) [VX_L_##id] = name,
	VX_LEDGER(ROW_NAME)
#undef ROW_NAME
};

static const enum vx_ledger_group row_groups[VX_L_N] = {
#define ROW_GROUP(id, name, group, help) [VX_L_##id] = VX_G_##group,
	VX_LEDGER(ROW_GROUP)
#undef ROW_GROUP
};

static void print_hex(const uint8_t *data, uint32_t n)
{
	static const char digits[] = "0123456789abcdef";

	putchar('"');
	for (uint32_t i = 0; i < n; i++) {
		putchar(digits[data[i] >> 4]);
		putchar(digits[data[i] & 15]);
	}
	putchar('"');
}

/* The rows that moved, by name; the entry row only when it did not move by exactly one. */
static void print_moved(const uint64_t *before, const uint64_t *after)
{
	const char *sep = "";

	putchar('"');
	for (int i = 0; i < VX_L_N; i++) {
		uint64_t by = after[i] - before[i];

		if (row_groups[i] == VX_G_NOTE || by == (row_groups[i] == VX_G_ENTRY))
			continue;
		printf("%s%s", sep, outcome_rows[i]);
		if (by != 1)
			printf("*%llu", (unsigned long long)by);
		sep = ",";
	}
	putchar('"');
}

static void print_action(uint32_t action)
{
	if (action == XDP_PASS)
		printf("{\"action\":\"pass\"");
	else if (action == XDP_DROP)
		printf("{\"action\":\"drop\"");
	else if (action == XDP_REDIRECT)
		printf("{\"action\":\"redirect\"");
	else
		printf("{\"action\":\"other:%u\"", action);
}

static const char *truth(bool b)
{
	return b ? "true" : "false";
}

static bool leaves(const struct outcome *o)
{
	return o->trace.row == VX_L_QUEUED || o->trace.row == VX_L_REDIRECTED;
}

static int run_explain(struct kern *k, struct outcome *o, struct vx_err *err)
{
	uint64_t before, after;
	int rc = kern_fingerprint(k, &before, err);

	rc = rc ? rc : kern_test_run(k, true, o->frame, o->len, 1, &o->dry, NULL, err);
	rc = rc ? rc : kern_fingerprint(k, &after, err);
	rc = rc ? rc : kern_read_trace(k, &o->trace, err);
	if (rc)
		return rc;
	if (o->trace.row >= VX_L_N)
		return vx_err_set(err, -ERANGE, "explain: row %u", o->trace.row);
	o->touched = before != after;
	/* A frame that does not leave stays as it is. */
	if (!leaves(o) && (o->dry.len != o->len || memcmp(o->dry.data, o->frame, o->len)))
		o->touched = true;
	return 0;
}

static int run_pipeline(struct kern *k, struct outcome *o, struct vx_err *err)
{
	int rc = kern_read_rows(k, o->before, err);

	rc = rc ? rc : kern_test_run(k, false, o->frame, o->len, 1, &o->real, NULL, err);
	return rc ? rc : kern_read_rows(k, o->after, err);
}

static void print_record(struct kern *k, const struct outcome *o)
{
	const bool sent = o->after[VX_L_QUEUED] != o->before[VX_L_QUEUED];
	const uint8_t *frame;
	struct vx_record rec;
	int ring = kern_take_record(k, &rec, &frame);

	printf(",\"out\":");
	if (ring < 0 && o->after[VX_L_REDIRECTED] != o->before[VX_L_REDIRECTED]) {
		print_hex(o->real.data, o->real.len);
		printf(",\"held\":false%s", sent ? ",\"error\":\"queued and redirected\"" : "");
		return;
	}
	if (ring < 0) {
		printf("null,\"held\":false%s", sent ? ",\"error\":\"queued, but no record\"" : "");
		return;
	}
	print_hex(frame, rec.len);
	printf(",\"held\":%s,\"ring\":%d,\"frag\":%s", truth(rec.flags & VX_REC_HELD), ring,
	       truth(rec.flags & VX_REC_FRAG));
	if (!sent || kern_take_record(k, &rec, &frame) >= 0)
		printf(",\"error\":\"a record that no row counts\"");
}

void outcome_print(struct kern *k, const struct outcome *o)
{
	print_action(o->real.action);
	printf(",\"row\":");
	print_moved(o->before, o->after);
	printf(",\"natted\":%s", truth(o->after[VX_L_NATTED] != o->before[VX_L_NATTED]));
	printf(",\"unnatted\":%s", truth(o->after[VX_L_UNNATTED] != o->before[VX_L_UNNATTED]));
	printf(",\"unchanged\":%s",
	       truth(o->real.len == o->len && !memcmp(o->real.data, o->frame, o->len)));
	print_record(k, o);
	printf(",\"explain\":{\"row\":\"%s\",\"out\":", outcome_rows[o->trace.row]);
	if (leaves(o))
		print_hex(o->dry.data, o->dry.len);
	else
		printf("null");
	printf("},\"explain_touched\":%s}\n", truth(o->touched));
}

int outcome_run(struct kern *k, struct outcome *o, struct vx_err *err)
{
	int rc = run_explain(k, o, err);

	return rc ? rc : run_pipeline(k, o, err);
}
