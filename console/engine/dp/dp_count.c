/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counters out of maps: the ledger's two sets, hits, the leak guard, and the LRU tables of what was
 * seen. [engine]
 */
#include "engine/dp/dp_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static int set_fd(struct dp *d, unsigned set)
{
	return bpf_map__fd(set ? d->vx->maps.vx_set_b : d->vx->maps.vx_set_a);
}

/* row[] += the set's rows over all CPUs. */
static int add_set(struct dp *d, unsigned set, uint64_t row[VX_L_N], struct vx_err *err)
{
	const struct vx_set *v = d->scratch;
	__u32 zero = 0;
	int rc = bpf_map_lookup_elem(set_fd(d, set), &zero, d->scratch);

	if (rc)
		return vx_err_set(err, rc, "reading the counters: %s", strerror(-rc));
	for (unsigned c = 0; c < d->n_cpus; c++)
		for (int i = 0; i < VX_L_N; i++)
			row[i] += v[c].row[i];
	return 0;
}

int dp_ledger(struct dp *d, struct dp_ledger *out, struct vx_err *err)
{
	uint64_t row[VX_L_N];
	int rc = 0;

	memset(out, 0, sizeof(*out));
	/* Three readings: the rows of the middle one lie between the entries of the first and the
	 * last. */
	for (int pass = 0; pass < 3 && !rc; pass++) {
		memset(row, 0, sizeof(row));
		rc = add_set(d, 0, row, err);
		rc = rc ? rc : add_set(d, 1, row, err);
		if (pass == 0)
			out->rx_before = row[VX_L_RX];
		else if (pass == 1)
			memcpy(out->row, row, sizeof(row));
		else
			out->rx_after = row[VX_L_RX];
	}
	return rc;
}

int dp_swap_sets(struct dp *d, struct dp_set *retired, struct vx_err *err)
{
	unsigned next = !d->set;
	int fd = set_fd(d, next);
	__u32 zero = 0;
	/* The kernel waits for running programs before this returns (maybe_wait_bpf_programs). */
	int rc = bpf_map_update_elem(bpf_map__fd(d->vx->maps.vx_ledger), &zero, &fd, BPF_ANY);

	if (rc)
		return vx_err_set(err, rc, "swapping the counter sets: %s", strerror(-rc));
	memset(retired, 0, sizeof(*retired));
	retired->id = d->set;
	d->set = next;
	return add_set(d, retired->id, retired->row, err);
}

int dp_leak(struct dp *d, struct dp_leak *out)
{
	const struct vx_leak *v = d->scratch;
	__u32 zero = 0;
	int rc = bpf_map_lookup_elem(bpf_map__fd(d->leak->maps.vx_leak), &zero, d->scratch);

	memset(out, 0, sizeof(*out));
	for (unsigned c = 0; c < d->n_cpus && !rc; c++) {
		out->frames += v[c].frames;
		out->leaked += v[c].leaked;
	}
	return rc;
}

static void add_hits(const struct vx_hits *cpu, unsigned n_cpus, struct vx_hits *out)
{
	memset(out, 0, sizeof(*out));
	for (unsigned c = 0; c < n_cpus; c++) {
		out->packets += cpu[c].packets;
		if (cpu[c].last_ns > out->last_ns)
			out->last_ns = cpu[c].last_ns;
	}
}

/*
 * Adds a CPU's hits. Mapped for as long as it takes: what is mapped counts as resident, and a
 * machine may have hundreds of CPUs.
 */
static int add_allow_hits(struct dp *d, unsigned cpu, uint32_t n, struct vx_hits *out)
{
	off_t at = (off_t)cpu * d->allow_room * (off_t)sizeof(struct vx_hits);
	size_t size = n * sizeof(struct vx_hits);
	const struct vx_hits *hits =
		mmap(NULL, size, PROT_READ, MAP_SHARED, bpf_map__fd(d->vx->maps.vx_allow_hits), at);

	if (hits == MAP_FAILED)
		return -errno;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t last = __atomic_load_n(&hits[i].last_ns, __ATOMIC_RELAXED);

		out[i].packets += __atomic_load_n(&hits[i].packets, __ATOMIC_RELAXED);
		if (last > out[i].last_ns)
			out[i].last_ns = last;
	}
	munmap((void *)hits, size);
	return 0;
}

static int allow_hits(struct dp *d, uint32_t n, struct vx_hits *out)
{
	int rc = 0;

	memset(out, 0, n * sizeof(*out));
	for (unsigned c = 0; c < d->n_cpus && n && !rc; c++)
		rc = add_allow_hits(d, c, n, out);
	return rc;
}

static int nat_hits(struct dp *d, uint32_t n, struct vx_hits *out)
{
	int fd = bpf_map__fd(d->vx->maps.vx_nat_hits);
	const struct vx_hits *v = d->scratch;
	__u32 keys[DP_BATCH], next, count;

	for (__u32 i = 0; i < n;) {
		count = n - i < DP_BATCH ? n - i : DP_BATCH;
		__u32 prev = i - 1;
		int rc = bpf_map_lookup_batch(fd, i ? &prev : NULL, &next, keys, d->scratch, &count,
					      NULL);

		if (rc && rc != -ENOENT)
			return rc;
		for (__u32 k = 0; k < count; k++)
			add_hits(v + (size_t)k * d->n_cpus, d->n_cpus, &out[i + k]);
		if (!count)
			return -EIO;
		i += count;
	}
	return 0;
}

int dp_hits(struct dp *d, bool nat, uint32_t n, struct vx_hits *out)
{
	return nat ? nat_hits(d, n, out) : allow_hits(d, n, out);
}

static void allow_hits_clear(struct dp *d, uint32_t idx)
{
	const struct vx_hits none = { 0 };

	for (__u32 c = 0; c < d->n_cpus; c++) {
		__u32 at = c * d->allow_room + idx;

		bpf_map_update_elem(bpf_map__fd(d->vx->maps.vx_allow_hits), &at, &none, BPF_ANY);
	}
}

static void nat_hits_clear(struct dp *d, uint32_t idx)
{
	memset(d->scratch, 0, d->n_cpus * sizeof(struct vx_hits));
	bpf_map_update_elem(bpf_map__fd(d->vx->maps.vx_nat_hits), &idx, d->scratch, BPF_ANY);
}

void dp_hits_clear(struct dp *d, bool nat, uint32_t idx)
{
	if (nat)
		nat_hits_clear(d, idx);
	else
		allow_hits_clear(d, idx);
}

uint64_t dp_oversize_largest(struct dp *d)
{
	const __u64 *v = d->scratch;
	uint64_t most = 0;
	__u32 zero = 0;

	if (bpf_map_lookup_elem(bpf_map__fd(d->vx->maps.vx_oversize), &zero, d->scratch))
		return 0;
	for (unsigned c = 0; c < d->n_cpus; c++)
		most = v[c] > most ? v[c] : most;
	return most;
}

uint64_t dp_sum(struct dp *d, int map_fd)
{
	const __u64 *v = d->scratch;
	uint64_t sum = 0;
	__u32 zero = 0;

	if (bpf_map_lookup_elem(map_fd, &zero, d->scratch))
		return 0;
	for (unsigned c = 0; c < d->n_cpus; c++)
		sum += v[c];
	return sum;
}

uint64_t dp_foreign(struct dp *d)
{
	return dp_sum(d, bpf_map__fd(d->vx->maps.vx_foreign));
}

/*
 * Calls fn(ctx, key, value of all CPUs) for each element of a hash. An entry that is replaced while
 * we read may be missed or come twice; these are tables to look at, not a ledger.
 */
typedef void (*each_fn)(struct dp *d, void *ctx, const void *key, const void *value);

static void each(struct dp *d, struct bpf_map *map, size_t value_all_cpus, each_fn fn, void *ctx)
{
	size_t key_size = bpf_map__key_size(map);
	int fd = bpf_map__fd(map);
	char *keys = malloc(key_size * DP_BATCH);
	/* A batch is whole buckets: one that does not fit is ENOSPC, so a bucket must be able to
	 * fit. */
	__u32 in = 0, out = 0, count;
	bool first = true;
	int rc = 0;

	while (keys && !rc) {
		count = DP_BATCH;
		rc = bpf_map_lookup_batch(fd, first ? NULL : &in, &out, keys, d->scratch, &count,
					  NULL);
		if (rc && rc != -ENOENT)
			break;
		for (__u32 i = 0; i < count; i++)
			fn(d, ctx, keys + i * key_size, (char *)d->scratch + i * value_all_cpus);
		in = out;
		first = false;
	}
	free(keys);
}

struct each_ctx {
	union {
		dp_source_fn source;
		dp_vni_fn vni;
		dp_denied_fn denied;
		dp_flow_fn flow;
		dp_port_fn port;
	} fn;
	void *ctx;
	bool ours;
};

static void one_source(struct dp *d, void *ctx, const void *key, const void *value)
{
	const struct vx_source_val *v = value;
	struct vx_source_val sum = { 0 };
	struct each_ctx *e = ctx;

	for (unsigned c = 0; c < d->n_cpus; c++) {
		sum.packets += v[c].packets;
		sum.bytes += v[c].bytes;
		sum.truncated += v[c].truncated;
		sum.allowed += v[c].allowed;
		if (v[c].first_ns && (!sum.first_ns || v[c].first_ns < sum.first_ns))
			sum.first_ns = v[c].first_ns;
		if (v[c].last_ns > sum.last_ns)
			sum.last_ns = v[c].last_ns;
	}
	e->fn.source(e->ctx, key, &sum);
}

void dp_sources(struct dp *d, dp_source_fn fn, void *ctx)
{
	struct each_ctx e = { .fn.source = fn, .ctx = ctx };

	each(d, d->vx->maps.vx_sources, d->n_cpus * sizeof(struct vx_source_val), one_source, &e);
}

static void one_vni(struct dp *d, void *ctx, const void *key, const void *value)
{
	const struct vx_vni_val *v = value;
	struct vx_vni_val sum = { 0 };
	struct each_ctx *e = ctx;
	__u32 vni;

	memcpy(&vni, key, sizeof(vni));
	for (unsigned c = 0; c < d->n_cpus; c++) {
		sum.packets += v[c].packets;
		if (v[c].last_ns > sum.last_ns)
			sum.last_ns = v[c].last_ns;
	}
	e->fn.vni(e->ctx, vni, e->ours, &sum);
}

void dp_vnis(struct dp *d, dp_vni_fn fn, void *ctx)
{
	struct each_ctx e = { .fn.vni = fn, .ctx = ctx, .ours = true };

	each(d, d->vx->maps.vx_vnis, d->n_cpus * sizeof(struct vx_vni_val), one_vni, &e);
	e.ours = false;
	each(d, d->vx->maps.vx_vni_seen, d->n_cpus * sizeof(struct vx_vni_val), one_vni, &e);
}

static void one_denied(struct dp *d, void *ctx, const void *key, const void *value)
{
	struct each_ctx *e = ctx;

	(void)d;
	e->fn.denied(e->ctx, key, value);
}

void dp_denied(struct dp *d, dp_denied_fn fn, void *ctx)
{
	struct each_ctx e = { .fn.denied = fn, .ctx = ctx };

	each(d, d->vx->maps.vx_denied, sizeof(struct vx_hits), one_denied, &e);
}

static void one_flow(struct dp *d, void *ctx, const void *key, const void *value)
{
	struct each_ctx *e = ctx;

	(void)d;
	e->fn.flow(e->ctx, key, value);
}

void dp_flows(struct dp *d, dp_flow_fn fn, void *ctx)
{
	struct each_ctx e = { .fn.flow = fn, .ctx = ctx };

	each(d, d->vx->maps.vx_deny_flows, sizeof(struct vx_hits), one_flow, &e);
}

static void one_port(struct dp *d, void *ctx, const void *key, const void *value)
{
	struct each_ctx *e = ctx;
	struct vx_hits sum;

	add_hits(value, d->n_cpus, &sum);
	e->fn.port(e->ctx, key, &sum);
}

void dp_ports(struct dp *d, dp_port_fn fn, void *ctx)
{
	struct each_ctx e = { .fn.port = fn, .ctx = ctx };

	each(d, d->vx->maps.vx_ports, d->n_cpus * sizeof(struct vx_hits), one_port, &e);
}
