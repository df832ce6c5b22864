/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The allowlist's hash tables. One thread writes, with stores that a look-up on another CPU sees in
 * the order in which they stand here (sequentially consistent, which an edit can afford). [engine]
 */
#include "engine/dp/allow_table.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

#define LEAST_BUCKETS 16u
#define MOST_BUCKETS  (1u << 23) /* vx_allow_hash() gives 24 bits */
#define HALF_FULL     (VX_ALLOW_WAYS / 2)

struct key {
	uint64_t hi, lo; /* host order */
	uint32_t tag;
};

static uint64_t be64_at(const uint8_t *b)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | b[i];
	return v;
}

/* The bit of a length, and in which word of lens it is. */
static uint64_t len_bit(const struct cidr *c, uint32_t *w)
{
	uint32_t bits = c->addr.family == VX_IP4 ? 32 : 128, from = bits - c->len;

	/* 2^32, of 0.0.0.0/0, is in the one word of IPv4 */
	*w = bits == 32 ? 0 : from / 64;
	return 1ull << (from - 64 * *w);
}

static struct key key_of(const struct cidr *c)
{
	uint32_t w;
	uint64_t bit = len_bit(c, &w);
	struct key k = { .tag = vx_allow_tag(bit, w) };

	if (c->addr.family == VX_IP4) {
		k.lo = be64_at(c->addr.b) >> 32;
	} else {
		k.hi = be64_at(c->addr.b);
		k.lo = be64_at(c->addr.b + 8);
	}
	return k;
}

static size_t bytes(const struct allow_table *t)
{
	size_t bucket = t->family == VX_IP4 ? sizeof(union vx_allow4) : sizeof(union vx_allow6);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return ((1 + (size_t)t->n_buckets) * bucket + page - 1) & ~(page - 1);
}

/* Ways are counted through all buckets. */
static __u64 *way4(const struct allow_table *t, uint32_t way)
{
	return &t->at.v4[1 + way / VX_ALLOW_WAYS].way[way % VX_ALLOW_WAYS];
}

static struct vx_allow6_way *way6(const struct allow_table *t, uint32_t way)
{
	return &t->at.v6[1 + way / VX_ALLOW_WAYS].way[way % VX_ALLOW_WAYS];
}

/* Tag and index; 0: never used. */
static uint64_t way_read(const struct allow_table *t, uint32_t way, struct key *k)
{
	uint64_t word;

	if (t->family == VX_IP4) {
		word = *way4(t, way);
		*k = (struct key){ .lo = word >> 32 };
		word &= UINT32_MAX;
	} else {
		const struct vx_allow6_way *w = way6(t, way);

		*k = (struct key){ .hi = w->hi, .lo = w->lo };
		word = w->word;
	}
	k->tag = (uint32_t)(word >> VX_ALLOW_TAG);
	return word;
}

static void way_write(struct allow_table *t, uint32_t way, const struct key *k, uint64_t word)
{
	if (t->family == VX_IP4) {
		__atomic_store_n(way4(t, way), k->lo << 32 | word, __ATOMIC_SEQ_CST);
		return;
	}
	struct vx_allow6_way *w = way6(t, way);

	__atomic_store_n(&w->hi, k->hi, __ATOMIC_SEQ_CST);
	__atomic_store_n(&w->lo, k->lo, __ATOMIC_SEQ_CST);
	__atomic_store_n(&w->word, word, __ATOMIC_SEQ_CST);
}

/* The way that has the key, else -1; *free is the first that could take it, -1: none. */
static int64_t find(const struct allow_table *t, const struct key *k, int64_t *free)
{
	uint32_t hash = t->family == VX_IP4 ? vx_allow4_hash((uint32_t)k->lo, k->tag)
					    : vx_allow6_hash(k->hi, k->lo, k->tag);

	*free = -1;
	for (uint32_t i = 0; i < VX_ALLOW_PROBES * VX_ALLOW_WAYS; i++) {
		uint32_t bucket = (hash + i / VX_ALLOW_WAYS) & (t->n_buckets - 1);
		uint32_t way = bucket * VX_ALLOW_WAYS + i % VX_ALLOW_WAYS;
		struct key there;
		uint64_t word = way_read(t, way, &there);

		/* An IPv6 one that is gone may be under the eyes of a look-up, word by word. */
		if (*free < 0 && !there.tag && (!word || t->family == VX_IP4))
			*free = way;
		if (!word)
			break;
		if (there.tag == k->tag && there.hi == k->hi && there.lo == k->lo)
			return way;
	}
	return -1;
}

static void count(struct allow_table *t, const struct cidr *c, bool more)
{
	uint32_t w;
	uint64_t bit = len_bit(c, &w);
	__u64 *lens = t->family == VX_IP4 ? &t->at.v4->head.lens : &t->at.v6->head.lens[w];

	t->n += more ? 1 : -1u;
	t->of_len[c->len] += more ? 1 : -1u;
	if (more && t->of_len[c->len] == 1)
		__atomic_store_n(lens, *lens | bit, __ATOMIC_SEQ_CST);
	else if (!more && !t->of_len[c->len])
		__atomic_store_n(lens, *lens & ~bit, __ATOMIC_SEQ_CST);
}

static int table_new(struct allow_table *t, uint8_t family, uint32_t n_buckets, struct vx_err *err)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE | BPF_F_INNER_MAP);
	bool v4 = family == VX_IP4;

	*t = (struct allow_table){ .fd = -1, .family = family, .n_buckets = n_buckets };
	t->fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, v4 ? "vx_allow4_in" : "vx_allow6_in",
			       sizeof(__u32), v4 ? sizeof(*t->at.v4) : sizeof(*t->at.v6),
			       1 + n_buckets, &opts);
	if (t->fd < 0)
		return vx_err_set(err, t->fd, "allowlist map of %u buckets: %s", n_buckets,
				  strerror(-t->fd));
	t->at.map = mmap(NULL, bytes(t), PROT_READ | PROT_WRITE, MAP_SHARED, t->fd, 0);
	if (t->at.map == MAP_FAILED) {
		int code = -errno;

		t->at.map = NULL;
		allow_table_free(t);
		return vx_err_set(err, code, "mapping the allowlist: %s", strerror(-code));
	}
	if (v4)
		t->at.v4->head.wrap = n_buckets - 1;
	else
		t->at.v6->head.wrap = n_buckets - 1;
	return 0;
}

int allow_table_new(struct allow_table *t, uint8_t family, uint32_t room, struct vx_err *err)
{
	uint32_t n_buckets = LEAST_BUCKETS;

	while (n_buckets < MOST_BUCKETS && n_buckets * HALF_FULL < room)
		n_buckets *= 2;
	return table_new(t, family, n_buckets, err);
}

void allow_table_free(struct allow_table *t)
{
	if (t->fd < 0)
		return;
	if (t->at.map)
		munmap(t->at.map, bytes(t));
	close(t->fd);
	t->fd = -1;
}

int allow_table_put(struct allow_table *t, const struct cidr *c, uint32_t idx)
{
	struct key k = key_of(c);
	int64_t free, there = find(t, &k, &free);

	if (there >= 0)
		return -EEXIST;
	if (idx > VX_ALLOW_IDX)
		return -EINVAL; /* --allow-max ends below */
	if (free < 0 || t->n >= t->n_buckets * HALF_FULL)
		return -ENOSPC;
	way_write(t, (uint32_t)free, &k, (uint64_t)k.tag << VX_ALLOW_TAG | idx);
	count(t, c, true);
	return 0;
}

int allow_table_del(struct allow_table *t, const struct cidr *c)
{
	struct key k = key_of(c);
	int64_t free, there = find(t, &k, &free);

	if (there < 0)
		return -ENOENT;
	count(t, c, false);
	way_write(t, (uint32_t)there, &k, VX_ALLOW_GONE);
	return 0;
}

/* All entries of t. -ENOSPC: too many of them want the same buckets. */
static int copy(const struct allow_table *t, struct allow_table *out)
{
	for (uint32_t way = 0; way < t->n_buckets * VX_ALLOW_WAYS; way++) {
		struct key k;
		uint64_t word = way_read(t, way, &k);
		int64_t free;

		if (!k.tag)
			continue;
		find(out, &k, &free);
		if (free < 0)
			return -ENOSPC;
		way_write(out, (uint32_t)free, &k, word);
	}
	memcpy(out->of_len, t->of_len, sizeof(t->of_len));
	out->n = t->n;
	if (t->family == VX_IP4)
		out->at.v4->head.lens = t->at.v4->head.lens;
	else
		memcpy(out->at.v6->head.lens, t->at.v6->head.lens, sizeof(t->at.v6->head.lens));
	return 0;
}

int allow_table_larger(const struct allow_table *t, const struct cidr *c, uint32_t idx,
		       struct allow_table *out, struct vx_err *err)
{
	bool full = t->n >= t->n_buckets * HALF_FULL;

	for (uint32_t n = full ? 2 * t->n_buckets : t->n_buckets; n <= MOST_BUCKETS; n *= 2) {
		int rc = table_new(out, t->family, n, err);

		if (rc)
			return rc;
		rc = copy(t, out);
		rc = rc ? rc : allow_table_put(out, c, idx);
		if (!rc)
			return 0;
		allow_table_free(out);
		if (rc != -ENOSPC)
			return vx_err_set(err, rc, "allowlist: %s", strerror(-rc));
	}
	return vx_err_set(err, -ENOSPC, "the allowlist map cannot grow any more: remove entries");
}
