// SPDX-License-Identifier: GPL-2.0-only
/*
 * Running a packet through the programs, and reading what they wrote.
 */
#include "kern.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "vx.skel.h"

int kern_test_run(struct kern *k, bool explain, const uint8_t *frame, uint32_t len, uint32_t repeat,
		  struct kern_run *out, uint32_t *ns, struct vx_err *err)
{
	struct xdp_md ctx = { .data_end = k->linear };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = len,
		    .data_out = out->data, .data_size_out = sizeof(out->data),
		    .repeat = (int)repeat);
	const struct bpf_program *prog =
		explain ? k->skel->progs.vx_explain : k->skel->progs.vx_pipeline;
	int rc;

	if (k->linear && k->linear < len) {
		opts.ctx_in = &ctx;
		opts.ctx_size_in = sizeof(ctx);
	}
	rc = bpf_prog_test_run_opts(bpf_program__fd(prog), &opts);
	if (rc)
		return vx_err_set(err, rc, "test run: %s", strerror(-rc));
	out->action = opts.retval;
	out->len = opts.data_size_out;
	if (ns)
		*ns = opts.duration;
	return 0;
}

int kern_read_set(struct kern *k, uint32_t set, uint64_t row[static VX_L_N], struct vx_err *err)
{
	const struct bpf_map *map = set ? k->skel->maps.vx_set_b : k->skel->maps.vx_set_a;
	const int cpus = libbpf_num_possible_cpus();
	struct vx_set *vals = calloc((size_t)cpus, sizeof(*vals));
	const uint32_t zero = 0;
	int rc;

	if (!vals)
		return vx_err_set(err, -ENOMEM, "counter set");
	memset(row, 0, VX_L_N * sizeof(row[0]));
	rc = bpf_map_lookup_elem(bpf_map__fd(map), &zero, vals);
	for (int cpu = 0; cpu < cpus; cpu++)
		for (int i = 0; i < VX_L_N; i++)
			row[i] += vals[cpu].row[i];
	free(vals);
	return rc ? vx_err_set(err, rc, "counter set: %s", strerror(-rc)) : 0;
}

int kern_read_rows(struct kern *k, uint64_t row[static VX_L_N], struct vx_err *err)
{
	uint64_t other[VX_L_N];
	int rc = kern_read_set(k, 0, row, err);

	rc = rc ? rc : kern_read_set(k, 1, other, err);
	for (int i = 0; i < VX_L_N && !rc; i++)
		row[i] += other[i];
	return rc;
}

static int read_allow_hits(struct kern *k, uint32_t idx, uint64_t *packets, struct vx_err *err)
{
	const uint32_t cpus = (uint32_t)libbpf_num_possible_cpus();
	int rc = 0;

	*packets = 0;
	for (uint32_t c = 0; c < cpus && !rc; c++) {
		uint32_t at = c * KERN_RULES + idx;
		struct vx_hits hits = { 0 };

		rc = bpf_map_lookup_elem(bpf_map__fd(k->skel->maps.vx_allow_hits), &at, &hits);
		*packets += hits.packets;
	}
	return rc ? vx_err_set(err, rc, "hits: %s", strerror(-rc)) : 0;
}

static int read_nat_hits(struct kern *k, uint32_t idx, uint64_t *packets, struct vx_err *err)
{
	const struct bpf_map *map = k->skel->maps.vx_nat_hits;
	const int cpus = libbpf_num_possible_cpus();
	struct vx_hits *hits = calloc((size_t)cpus, sizeof(*hits));
	int rc;

	if (!hits)
		return vx_err_set(err, -ENOMEM, "hits");
	*packets = 0;
	rc = bpf_map_lookup_elem(bpf_map__fd(map), &idx, hits);
	for (int i = 0; i < cpus; i++)
		*packets += hits[i].packets;
	free(hits);
	return rc ? vx_err_set(err, rc, "hits: %s", strerror(-rc)) : 0;
}

int kern_read_hits(struct kern *k, bool nat, uint32_t idx, uint64_t *packets, struct vx_err *err)
{
	return nat ? read_nat_hits(k, idx, packets, err) : read_allow_hits(k, idx, packets, err);
}

int kern_read_trace(struct kern *k, struct vx_trace *out, struct vx_err *err)
{
	const uint32_t zero = 0;
	int rc = bpf_map_lookup_elem(bpf_map__fd(k->skel->maps.vx_explain_out), &zero, out);

	return rc ? vx_err_set(err, rc, "trace: %s", strerror(-rc)) : 0;
}

/* FNV-1a, a word at a time where there is one. */
static uint64_t hash_bytes(uint64_t hash, const void *data, size_t n)
{
	const unsigned char *b = data;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ b[i]) * 0x100000001b3ULL;
	return hash;
}

/* Bytes of one value of a map, of all CPUs where each has its own. */
static size_t value_bytes(const struct bpf_map *map)
{
	const enum bpf_map_type type = bpf_map__type(map);
	const bool percpu = type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_HASH ||
			    type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
	const size_t one = (bpf_map__value_size(map) + 7u) & ~(size_t)7;

	return percpu ? one * (size_t)libbpf_num_possible_cpus() : one;
}

/* At least n bytes, kept for the next call; NULL without memory. */
static unsigned char *room(size_t n)
{
	static unsigned char *kept;
	static size_t size;

	if (n > size) {
		free(kept);
		kept = malloc(n);
		size = kept ? n : 0;
	}
	return kept;
}

/* All elements in one call: one for each would take most of a test's time. */
static int hash_map(const struct bpf_map *map, uint64_t *hash)
{
	const size_t key = bpf_map__key_size(map), value = value_bytes(map);
	uint32_t n = bpf_map__max_entries(map), at;
	unsigned char *values = room(n * (key + value)), *keys = values + n * value;
	int rc;

	if (!values)
		return -ENOMEM;
	rc = bpf_map_lookup_batch(bpf_map__fd(map), NULL, &at, keys, values, &n, NULL);
	if (rc != -ENOENT) /* that is: none behind these */
		return rc ? rc : -E2BIG;
	*hash = hash_bytes(*hash, keys, n * key);
	*hash = hash_bytes(*hash, values, n * value);
	return 0;
}

static int hash_array(const struct bpf_map *map, uint32_t first, uint32_t n, uint64_t *hash)
{
	const size_t size = value_bytes(map);
	void *val = calloc(1, size);
	int rc = val ? 0 : -ENOMEM;

	for (uint32_t i = first; i < first + n && !rc; i++) {
		rc = bpf_map_lookup_elem(bpf_map__fd(map), &i, val);
		*hash = hash_bytes(*hash, val, size);
	}
	free(val);
	return rc;
}

int kern_fingerprint(struct kern *k, uint64_t *out, struct vx_err *err)
{
	const struct vx *s = k->skel;
	const struct bpf_map *maps[] = { s->maps.vx_frags,     s->maps.vx_denied,
					 s->maps.vx_sources,   s->maps.vx_vni_seen,
					 s->maps.vx_vnis,      s->maps.vx_ports,
					 s->maps.vx_deny_flows };
	int rc = 0;

	*out = 0xcbf29ce484222325ULL;
	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]) && !rc; i++)
		rc = hash_map(maps[i], out);
	rc = rc ? rc : hash_array(s->maps.vx_set_a, 0, 1, out);
	rc = rc ? rc : hash_array(s->maps.vx_set_b, 0, 1, out);
	rc = rc ? rc : hash_array(s->maps.vx_oversize, 0, 1, out);
	for (uint32_t c = 0; c < (uint32_t)libbpf_num_possible_cpus() && !rc; c++)
		rc = hash_array(s->maps.vx_allow_hits, c * KERN_RULES, k->n_allow, out);
	rc = rc ? rc : hash_array(s->maps.vx_nat_hits, 0, k->n_nat, out);
	return rc ? vx_err_set(err, rc, "fingerprint: %s", strerror(-rc)) : 0;
}
