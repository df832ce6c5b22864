// SPDX-License-Identifier: GPL-2.0-only
/*
 * The snapshot as JSON and back. One table a struct says which fields there are, so that both ways
 * agree. Keys that are not known are skipped (a newer engine), keys that are missing are an error.
 * Pure; either side of the socket.
 */
#include "proto/snapshot.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "proto/buf.h"
#include "proto/slice.h"

enum kind { U64, U32, I64, INT, BOOL, DOUBLE, TEXT, U64S, ERRNOS, STRUCT, STRUCTS };

struct field {
	const char *name;
	enum kind kind;
	size_t off, size;	/* size: of the whole member */
	const struct table *of; /* STRUCT, STRUCTS */
	size_t count; /* STRUCTS: offset of the member of snapshot that says how many; 0: all of
			 them */
};

struct table {
	const struct field *field;
	size_t n, size;
};

/* clang-format off */
#define S(type, member, kind, table) \
	{#member, kind, offsetof(struct type, member), sizeof(((struct type *)0)->member), table, 0}
#define F(type, member, kind) S(type, member, kind, NULL)
#define N(member, n_member, table) \
	{#member, STRUCTS, offsetof(struct snapshot, member), \
	 sizeof(((struct snapshot *)0)->member), table, offsetof(struct snapshot, n_member)}
#define TABLE(type, fields) {fields, sizeof(fields) / sizeof((fields)[0]), sizeof(struct type)}
/* clang-format on */

static const struct field ledger_fields[] = {
	F(snap_ledger, row, U64S),	 F(snap_ledger, sent, U64),
	F(snap_ledger, sent_bytes, U64), F(snap_ledger, frag_unknown, U64),
	F(snap_ledger, in_flight, U64),	 F(snap_ledger, tx_failed, U64),
	F(snap_ledger, errors, ERRNOS),	 F(snap_ledger, natted, U64),
	F(snap_ledger, unnatted, U64),	 F(snap_ledger, leaked, U64),
	F(snap_ledger, unseen_tx, U64),	 F(snap_ledger, balanced, BOOL),
	F(snap_ledger, slack, U64),
};
static const struct field worker_fields[] = {
	F(snap_worker, cpu, INT),	 F(snap_worker, tid, INT),
	F(snap_worker, sent, U64),	 F(snap_worker, sent_pps, U64),
	F(snap_worker, tx_failed, U64),	 F(snap_worker, frag_unknown, U64),
	F(snap_worker, errors, ERRNOS),	 F(snap_worker, batch_avg, DOUBLE),
	F(snap_worker, idle, DOUBLE),	 F(snap_worker, syscalls, U64),
	F(snap_worker, stalled_ms, U64),
};
static const struct field ring_fields[] = {
	F(snap_ring, size, U64),    F(snap_ring, used, U64), F(snap_ring, high, U64),
	F(snap_ring, ms_left, U64), F(snap_ring, full, U64), F(snap_ring, late_wakeups, U64),
};
static const struct field latency_fields[] = {
	F(snap_latency, p50_ns, U64), F(snap_latency, p99_ns, U64), F(snap_latency, p999_ns, U64),
	F(snap_latency, max_ns, U64), F(snap_latency, count, U64),
};
static const struct field top_fields[] = {
	F(snap_top, name, TEXT),
	F(snap_top, pps, U64),
};
static const struct field nat_fields[] = {
	F(snap_nat, key, TEXT), F(snap_nat, to, TEXT), F(snap_nat, state, TEXT),
	F(snap_nat, hits, U64), F(snap_nat, pps, U64),
};
static const struct field light_fields[] = {
	F(snap_light, state, U32),	  F(snap_light, text, TEXT),
	F(snap_light, latched, U32),	  F(snap_light, latched_text, TEXT),
	F(snap_light, from_real_ns, I64), F(snap_light, to_real_ns, I64),
};
static const struct field mark_fields[] = {
	F(snap_mark, real_ns, I64),   F(snap_mark, row, U64S),	       F(snap_mark, sent, U64),
	F(snap_mark, tx_failed, U64), F(snap_mark, frag_unknown, U64),
};
static const struct field offer_fields[] = {
	F(snap_offer, real_ns, I64),	F(snap_offer, added, U32), F(snap_offer, removed, U32),
	F(snap_offer, relabelled, U32), F(snap_offer, pps, U64),
};
static const struct field kept_fields[] = {
	F(snap_kept, real_ns, I64),
	F(snap_kept, n, U32),
	F(snap_kept, partly, BOOL),
};
static const struct table kept_table = TABLE(snap_kept, kept_fields);
static const struct table offer_table = TABLE(snap_offer, offer_fields);
static const struct table top_table = TABLE(snap_top, top_fields);
static const struct table nat_table = TABLE(snap_nat, nat_fields);
static const struct table light_table = TABLE(snap_light, light_fields);
static const struct table mark_table = TABLE(snap_mark, mark_fields);
static const struct table ledger_table = TABLE(snap_ledger, ledger_fields);
static const struct table worker_table = TABLE(snap_worker, worker_fields);
static const struct table ring_table = TABLE(snap_ring, ring_fields);
static const struct table latency_table = TABLE(snap_latency, latency_fields);

/* A number of elements stands before them. */
static const struct field snapshot_fields[] = {
	F(snapshot, seq, U64),
	F(snapshot, mono_ns, U64),
	F(snapshot, real_ns, I64),
	F(snapshot, version, TEXT),
	F(snapshot, pid, INT),
	F(snapshot, ingress, TEXT),
	F(snapshot, egress, TEXT),
	F(snapshot, mode, TEXT),
	F(snapshot, prog_id, U32),
	F(snapshot, mode_reason, TEXT),
	F(snapshot, egress_method, TEXT),
	F(snapshot, egress_reason, TEXT),
	F(snapshot, uptime_ns, U64),
	F(snapshot, in_pps, U64),
	F(snapshot, in_bps, U64),
	F(snapshot, out_pps, U64),
	F(snapshot, out_bps, U64),
	F(snapshot, in_pps_peak, U64),
	F(snapshot, out_pps_peak, U64),
	F(snapshot, tx_failed_pps, U64),
	F(snapshot, row_pps, U64S),
	F(snapshot, cpu, DOUBLE),
	F(snapshot, rss_bytes, U64),
	F(snapshot, oversize_largest, U64),
	F(snapshot, paused, BOOL),
	F(snapshot, allow_entries, U32),
	F(snapshot, allow_orgs, U32),
	F(snapshot, nat_rules, U32),
	F(snapshot, next_hops, U32),
	F(snapshot, next_hops_ok, U32),
	F(snapshot, egress_up, BOOL),
	F(snapshot, allow_mode, U32),
	F(snapshot, unsaved, U32),
	F(snapshot, threads, U32),
	F(snapshot, map_bytes, U64),
	F(snapshot, syscalls_per_packet, DOUBLE),
	S(snapshot, mark, STRUCT, &mark_table),
	S(snapshot, offer, STRUCT, &offer_table),
	S(snapshot, kept, STRUCT, &kept_table),
	S(snapshot, light, STRUCTS, &light_table),
	F(snapshot, n_top_orgs, U32),
	F(snapshot, n_top_addrs, U32),
	F(snapshot, n_nat, U32),
	N(top_org, n_top_orgs, &top_table),
	N(top_addr, n_top_addrs, &top_table),
	N(nat, n_nat, &nat_table),
	S(snapshot, ledger, STRUCT, &ledger_table),
	F(snapshot, n_workers, U32),
	N(worker, n_workers, &worker_table),
	N(ring, n_workers, &ring_table),
	S(snapshot, latency, STRUCTS, &latency_table),
	F(snapshot, status, TEXT),
	F(snapshot, fix, TEXT),
};
static const struct table snapshot_table = TABLE(snapshot, snapshot_fields);
_Static_assert(sizeof(unsigned) == sizeof(uint32_t), "numbers of elements are written as U32");
_Static_assert(sizeof(snapshot_fields) / sizeof(snapshot_fields[0]) <= 64, "a bit for each");

/* Elements of a STRUCTS member; never more than there is room for. */
static size_t elements(const struct snapshot *s, const struct field *f)
{
	size_t room = f->size / f->of->size;
	uint32_t n;

	if (!f->count)
		return room;
	memcpy(&n, (const char *)s + f->count, sizeof(n));
	return n < room ? n : room;
}

const char *snapshot_light_name(enum snap_light_id id)
{
	static const char *const name[] = {
#define LIGHT_NAME(id, text) text,
		SNAP_LIGHTS(LIGHT_NAME)
#undef LIGHT_NAME
	};

	return id < SNAP_N_LIGHTS ? name[id] : "?";
}

/* --- to JSON --- */

static void put_table(struct buf *b, const struct snapshot *s, const struct table *t,
		      const char *base);

static void put_errnos(struct buf *b, const struct snap_errno *e)
{
	buf_char(b, '[');
	for (size_t i = 0; i < SNAP_ERRNOS; i++) {
		if (!e[i].err)
			continue;
		buf_json_key(b, NULL);
		buf_printf(b, "[%d,%" PRIu64 "]", e[i].err, e[i].n);
	}
	buf_char(b, ']');
}

static void put_u64s(struct buf *b, const uint64_t *v, size_t n)
{
	buf_char(b, '[');
	for (size_t i = 0; i < n; i++)
		buf_printf(b, "%s%" PRIu64, i ? "," : "", v[i]);
	buf_char(b, ']');
}

static void put_structs(struct buf *b, const struct snapshot *s, const struct field *f,
			const char *at)
{
	buf_char(b, '[');
	for (size_t i = 0; i < elements(s, f); i++) {
		buf_json_key(b, NULL);
		put_table(b, s, f->of, at + i * f->of->size);
	}
	buf_char(b, ']');
}

static void put_field(struct buf *b, const struct snapshot *s, const struct field *f,
		      const void *at)
{
	switch (f->kind) {
	case U64:
		buf_printf(b, "%" PRIu64, *(const uint64_t *)at);
		break;
	case U32:
		buf_printf(b, "%" PRIu32, *(const uint32_t *)at);
		break;
	case I64:
		buf_printf(b, "%" PRId64, *(const int64_t *)at);
		break;
	case INT:
		buf_printf(b, "%d", *(const int *)at);
		break;
	case BOOL:
		buf_str(b, *(const bool *)at ? "true" : "false");
		break;
	case DOUBLE:
		buf_printf(b, "%.6g", isfinite(*(const double *)at) ? *(const double *)at : 0.0);
		break;
	case TEXT:
		buf_json_str(b, at);
		break;
	case U64S:
		put_u64s(b, at, f->size / sizeof(uint64_t));
		break;
	case ERRNOS:
		put_errnos(b, at);
		break;
	case STRUCT:
		put_table(b, s, f->of, at);
		break;
	case STRUCTS:
		put_structs(b, s, f, at);
		break;
	}
}

static void put_table(struct buf *b, const struct snapshot *s, const struct table *t,
		      const char *base)
{
	buf_char(b, '{');
	for (size_t i = 0; i < t->n; i++) {
		buf_json_key(b, t->field[i].name);
		put_field(b, s, &t->field[i], base + t->field[i].off);
	}
	buf_char(b, '}');
}

char *snapshot_to_json(const struct snapshot *s)
{
	struct buf b = { 0 };

	put_table(&b, s, &snapshot_table, (const char *)s);
	return buf_take(&b);
}

/* --- from JSON --- */

static int get_table(struct snapshot *s, const struct table *t, char *base, struct slice text,
		     struct vx_err *err);

static int get_u32(struct slice v, uint32_t *out)
{
	uint64_t wide;

	if (slice_u64(v, &wide) < 0 || wide > UINT32_MAX)
		return -EINVAL;
	*out = (uint32_t)wide;
	return 0;
}

static int get_int(struct slice v, int *out)
{
	int64_t wide;

	if (slice_i64(v, &wide) < 0 || wide < INT32_MIN || wide > INT32_MAX)
		return -EINVAL;
	*out = (int)wide;
	return 0;
}

/* Too long for the member: cut. */
static int get_text(struct slice v, char *out, size_t size)
{
	char *text = slice_str(v);
	size_t len;

	if (!text)
		return -EINVAL;
	len = strnlen(text, size - 1);
	memcpy(out, text, len);
	out[len] = 0;
	free(text);
	return 0;
}

static int get_u64s(struct slice v, uint64_t *out, size_t n)
{
	struct slice in, element;
	size_t i = 0;
	int r;

	if (slice_open(v, '[', &in) < 0)
		return -EINVAL;
	while ((r = slice_element(&in, &element)) > 0)
		if (i >= n || slice_u64(element, &out[i++]) < 0)
			return -EINVAL;
	return r < 0 || i != n ? -EINVAL : 0;
}

static int get_errnos(struct slice v, struct snap_errno *out)
{
	struct slice in, pair, inside, element;
	size_t i = 0;
	int r;

	if (slice_open(v, '[', &in) < 0)
		return -EINVAL;
	for (; (r = slice_element(&in, &pair)) > 0; i++) {
		if (i >= SNAP_ERRNOS || slice_open(pair, '[', &inside) < 0 ||
		    slice_element(&inside, &element) != 1 || get_int(element, &out[i].err) < 0 ||
		    slice_element(&inside, &element) != 1 || slice_u64(element, &out[i].n) < 0)
			return -EINVAL;
	}
	return r;
}

static int get_structs(struct snapshot *s, const struct field *f, char *at, struct slice v,
		       struct vx_err *err)
{
	size_t i = 0, n = elements(s, f);
	struct slice in, element;
	int r;

	if (slice_open(v, '[', &in) < 0)
		return -EINVAL;
	for (; (r = slice_element(&in, &element)) > 0; i++) {
		if (i >= n)
			return -EINVAL;
		r = get_table(s, f->of, at + i * f->of->size, element, err);
		if (r < 0)
			return r;
	}
	return r < 0 || i != n ? -EINVAL : 0;
}

static int get_field(struct snapshot *s, const struct field *f, void *at, struct slice v,
		     struct vx_err *err)
{
	switch (f->kind) {
	case U64:
		return slice_u64(v, at);
	case U32:
		return get_u32(v, at);
	case I64:
		return slice_i64(v, at);
	case INT:
		return get_int(v, at);
	case BOOL:
		return slice_bool(v, at);
	case DOUBLE:
		return slice_double(v, at);
	case TEXT:
		return get_text(v, at, f->size);
	case U64S:
		return get_u64s(v, at, f->size / sizeof(uint64_t));
	case ERRNOS:
		return get_errnos(v, at);
	case STRUCT:
		return get_table(s, f->of, at, v, err);
	case STRUCTS:
		return get_structs(s, f, at, v, err);
	}
	return -EINVAL;
}

static int find(const struct table *t, struct slice key)
{
	for (size_t i = 0; i < t->n; i++)
		if (slice_is(key, t->field[i].name))
			return (int)i;
	return -1;
}

static int get_table(struct snapshot *s, const struct table *t, char *base, struct slice text,
		     struct vx_err *err)
{
	struct slice in, key, value;
	uint64_t seen = 0;
	int r;

	if (slice_open(text, '{', &in) < 0)
		return vx_err_set(err, -EINVAL, "snapshot: not an object");
	while ((r = slice_member(&in, &key, &value)) > 0) {
		int i = find(t, key);

		if (i < 0)
			continue;
		if (get_field(s, &t->field[i], base + t->field[i].off, value, err) < 0)
			return vx_err_set(err, -EINVAL, "snapshot: bad value of '%s'",
					  t->field[i].name);
		seen |= 1ULL << i;
	}
	if (r < 0)
		return vx_err_set(err, -EINVAL, "snapshot: not JSON");
	for (size_t i = 0; i < t->n; i++)
		if (!(seen & 1ULL << i))
			return vx_err_set(err, -EINVAL, "snapshot: '%s' is missing",
					  t->field[i].name);
	return 0;
}

/* Who reads a snapshot may trust its numbers of elements. */
static int check_numbers(struct snapshot *s, struct vx_err *err)
{
	if (s->n_workers > SNAP_WORKERS || s->n_top_orgs > SNAP_TOP || s->n_top_addrs > SNAP_TOP ||
	    s->n_nat > SNAP_NAT) {
		s->n_workers = s->n_top_orgs = s->n_top_addrs = s->n_nat = 0;
		return vx_err_set(err, -EINVAL, "snapshot: more elements than there may be");
	}
	return 0;
}

int snapshot_from_json(const char *text, size_t len, struct snapshot *out, struct vx_err *err)
{
	int r;

	memset(out, 0, sizeof(*out));
	r = get_table(out, &snapshot_table, (char *)out, (struct slice){ text, len }, err);
	return r < 0 ? r : check_numbers(out, err);
}
