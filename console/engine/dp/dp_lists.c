/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lists into maps: VNIs, allowlist, NAT rules, next hops, what the leak guard knows. An edit is one
 * map write that a packet sees whole or not at all; a whole allowlist is filled beside the one in
 * force and put in force by one store. [engine]
 */
#include "engine/dp/dp_int.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

union list_key {
	__be32 a4;
	struct vx_addr6 a6;
	struct vx_lpm4_key l4;
	struct vx_lpm6_key l6;
};

static struct bpf_map *outer_map(struct dp *d, enum dp_list l)
{
	switch (l) {
	case DP_ALLOW4:
		return d->vx->maps.vx_allow4;
	case DP_ALLOW6:
		return d->vx->maps.vx_allow6;
	case DP_LPM4:
		return d->vx->maps.vx_lpm4;
	default:
		return d->vx->maps.vx_lpm6;
	}
}

/* Inner maps must be of the kind that the outer map's template has (policy.bpf.h); only their size
 * is free. */
static const struct list_kind {
	const char *name;
	enum bpf_map_type type;
	__u32 key_size;
} list_kind[DP_LISTS] = {
	[DP_ALLOW4] = { "vx_allow4_in", BPF_MAP_TYPE_HASH, sizeof(__be32) },
	[DP_ALLOW6] = { "vx_allow6_in", BPF_MAP_TYPE_HASH, sizeof(struct vx_addr6) },
	[DP_LPM4] = { "vx_lpm4_in", BPF_MAP_TYPE_LPM_TRIE, sizeof(struct vx_lpm4_key) },
	[DP_LPM6] = { "vx_lpm6_in", BPF_MAP_TYPE_LPM_TRIE, sizeof(struct vx_lpm6_key) },
};

static int inner_new(const struct dp *d, enum dp_list l, struct vx_err *err)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_NO_PREALLOC);
	const struct list_kind *k = &list_kind[l];
	int fd = bpf_map_create(k->type, k->name, k->key_size, sizeof(struct vx_allow_val),
				d->allow_max, &opts);

	return fd >= 0 ? fd
		       : vx_err_set(err, fd, "allowlist map of %u entries: %s", d->allow_max,
				    strerror(-fd));
}

static int inner_put(struct dp *d, unsigned slot, enum dp_list l, int fd, struct vx_err *err)
{
	__u32 key = slot;
	int rc = bpf_map_update_elem(bpf_map__fd(outer_map(d, l)), &key, &fd, BPF_ANY);

	if (rc)
		return vx_err_set(err, rc, "allowlist slot: %s", strerror(-rc));
	if (d->list_fd[slot][l] >= 0)
		close(d->list_fd[slot][l]);
	d->list_fd[slot][l] = fd;
	return 0;
}

int dp_lists_init(struct dp *d, struct vx_err *err)
{
	for (int l = 0; l < DP_LISTS; l++) {
		int fd = inner_new(d, (enum dp_list)l, err);

		if (fd < 0)
			return fd;
		int rc = inner_put(d, 0, (enum dp_list)l, fd, err);

		if (rc) {
			close(fd);
			return rc;
		}
	}
	return 0;
}

void dp_lists_fini(struct dp *d)
{
	for (int s = 0; s < 2; s++)
		for (int l = 0; l < DP_LISTS; l++)
			if (d->list_fd[s][l] >= 0)
				close(d->list_fd[s][l]);
}

static enum dp_list list_key(const struct cidr *c, union list_key *k)
{
	memset(k, 0, sizeof(*k));
	if (addr_cidr_single(c)) {
		memcpy(&k->a6, c->addr.b, 16);
		return c->addr.family == VX_IP4 ? DP_ALLOW4 : DP_ALLOW6;
	}
	k->l6.prefixlen = c->len;
	memcpy(k->l6.addr, c->addr.b, 16);
	return c->addr.family == VX_IP4 ? DP_LPM4 : DP_LPM6;
}

static void store_allow_word(struct dp *d, unsigned slot, const uint32_t n[DP_LISTS])
{
	uint32_t has = (n[DP_ALLOW4] ? VX_ALLOW_HAS4 : 0) | (n[DP_ALLOW6] ? VX_ALLOW_HAS6 : 0) |
		       (n[DP_LPM4] ? VX_ALLOW_LPM4 : 0) | (n[DP_LPM6] ? VX_ALLOW_LPM6 : 0);

	dp_store32(&d->cfg->allow_word, VX_ALLOW_WORD(slot, has));
}

int dp_allow_put(struct dp *d, const struct allow_entry *e, struct vx_err *err)
{
	struct vx_allow_val v = { .idx = e->idx };
	union list_key k;
	enum dp_list l = list_key(&e->cidr, &k);
	int rc = bpf_map_update_elem(d->list_fd[d->slot][l], &k, &v, BPF_NOEXIST);

	if (rc)
		return vx_err_set(err, rc, "map: %s", rc == -E2BIG ? "full" : strerror(-rc));
	d->list_n[l]++;
	store_allow_word(d, d->slot, d->list_n);
	return 0;
}

int dp_allow_del(struct dp *d, const struct allow_entry *e, struct vx_err *err)
{
	union list_key k;
	enum dp_list l = list_key(&e->cidr, &k);
	int rc = bpf_map_delete_elem(d->list_fd[d->slot][l], &k);

	if (rc)
		return vx_err_set(err, rc, "map: %s", strerror(-rc));
	d->list_n[l]--;
	store_allow_word(d, d->slot, d->list_n);
	return 0;
}

struct fill {
	struct dp *d;
	int fd[DP_LISTS];
	uint32_t n[DP_LISTS];
	int rc;
};

static void fill_one(void *ctx, const struct allow_entry *e)
{
	struct fill *f = ctx;
	struct vx_allow_val v = { .idx = e->idx };
	union list_key k;
	enum dp_list l = list_key(&e->cidr, &k);

	if (f->rc)
		return;
	f->rc = bpf_map_update_elem(f->fd[l], &k, &v, BPF_NOEXIST);
	f->n[l]++;
}

int dp_allow_swap(struct dp *d, const struct allow *list, struct vx_err *err)
{
	struct fill f = { .d = d, .fd = { -1, -1, -1, -1 } };
	unsigned slot = !d->slot;
	int rc = 0;

	for (int l = 0; l < DP_LISTS && !rc; l++) {
		f.fd[l] = inner_new(d, (enum dp_list)l, err);
		rc = f.fd[l] < 0 ? f.fd[l] : 0;
	}
	if (!rc) {
		allow_foreach(list, fill_one, &f);
		if (f.rc)
			rc = vx_err_set(err, f.rc, "filling the allowlist map: %s",
					strerror(-f.rc));
	}
	for (int l = 0; l < DP_LISTS && !rc; l++) {
		rc = inner_put(d, slot, (enum dp_list)l, f.fd[l], err);
		if (!rc)
			f.fd[l] = -1;
	}
	for (int l = 0; l < DP_LISTS; l++)
		if (f.fd[l] >= 0)
			close(f.fd[l]);
	if (rc)
		return rc;
	store_allow_word(d, slot, f.n);
	memcpy(d->list_n, f.n, sizeof(f.n));
	d->slot = slot;
	return 0;
}

int dp_vni_set(struct dp *d, uint32_t vni, bool ours, struct vx_err *err)
{
	int fd = bpf_map__fd(d->vx->maps.vx_vnis);
	int rc;

	if (ours) {
		memset(d->scratch, 0, d->n_cpus * sizeof(struct vx_vni_val));
		rc = bpf_map_update_elem(fd, &vni, d->scratch, BPF_NOEXIST);
	} else {
		rc = bpf_map_delete_elem(fd, &vni);
	}
	return rc ? vx_err_set(err, rc, "VNI %u: map: %s", vni, strerror(-rc)) : 0;
}

static struct vx_nat_target nat_target(const struct nat_rule *r)
{
	struct vx_nat_target t = { .port = htons(r->to_port),
				   .nexthop = r->nexthop,
				   .idx = r->idx };

	memcpy(t.addr, r->to.b, 16);
	return t;
}

static int prefix_sync(struct dp *d, const struct nat *n, const struct nat_key *key)
{
	int fd = bpf_map__fd(d->vx->maps.vx_nat_lpm);
	struct vx_nat_lpm_key k = { .prefixlen = 32u + key->prefix.len,
				    .dport = htons(key->port),
				    .proto = key->proto,
				    .family = key->family };

	memcpy(k.addr, key->prefix.addr.b, 16);
	for (uint32_t i = 0; nat_at(n, i); i++) {
		const struct nat_rule *r = nat_at(n, i);

		if (r->key.has_prefix && r->key.proto == key->proto && r->key.port == key->port &&
		    !addr_cidr_cmp(&r->key.prefix, &key->prefix)) {
			struct vx_nat_target t = nat_target(r);

			return bpf_map_update_elem(fd, &k, &t, BPF_ANY);
		}
	}
	int rc = bpf_map_delete_elem(fd, &k);

	return rc == -ENOENT ? 0 : rc;
}

static int plain_sync(struct dp *d, const struct nat *n, const struct nat_key *key)
{
	int fd = bpf_map__fd(d->vx->maps.vx_nat);
	struct vx_nat_key k = { .dport = htons(key->port),
				.proto = key->proto,
				.family = key->family };
	const struct nat_rule *plain = nat_plain(n, key->family, key->proto, key->port);
	struct vx_nat_val v = { .flags = plain ? VX_NAT_PLAIN : 0 };

	if (nat_has_prefix(n, key->family, key->proto, key->port))
		v.flags |= VX_NAT_PREFIX;
	if (plain)
		v.to = nat_target(plain);
	if (v.flags)
		return bpf_map_update_elem(fd, &k, &v, BPF_ANY);
	int rc = bpf_map_delete_elem(fd, &k);

	return rc == -ENOENT ? 0 : rc;
}

int dp_nat_sync(struct dp *d, const struct nat *n, const struct nat_key *key, struct vx_err *err)
{
	int rc;

	/* The prefix goes in before the flag that makes the program ask for it, and comes out
	 * after. */
	if (key->has_prefix && nat_has_prefix(n, key->family, key->proto, key->port)) {
		rc = prefix_sync(d, n, key);
		rc = rc ? rc : plain_sync(d, n, key);
	} else {
		rc = plain_sync(d, n, key);
		if (!rc && key->has_prefix)
			rc = prefix_sync(d, n, key);
	}
	return rc ? vx_err_set(err, rc, "NAT map: %s",
			       rc == -E2BIG || rc == -ENOSPC ? "full" : strerror(-rc))
		  : 0;
}

/* One store: the program and the workers never see half of an address (a map update is a memcpy).
 */
void dp_nexthop(struct dp *d, uint16_t slot, const uint8_t mac[6], bool ok)
{
	struct vx_nexthop nh = { .ok = ok };
	uint64_t word;

	if (mac)
		memcpy(nh.mac, mac, 6);
	memcpy(&word, &nh, sizeof(word));
	__atomic_store_n(&d->nexthops[slot], word, __ATOMIC_SEQ_CST);
}

static int set_member(struct bpf_map *map, const void *key, bool there)
{
	__u8 one = 1;

	if (there)
		return bpf_map_update_elem(bpf_map__fd(map), key, &one, BPF_ANY);
	return bpf_map_delete_elem(bpf_map__fd(map), key);
}

int dp_own_addr(struct dp *d, const struct addr *a, bool own)
{
	struct vx_addr_key k = { .family = a->family };

	memcpy(k.addr, a->b, 16);
	return set_member(d->leak->maps.vx_own, &k, own);
}

int dp_target(struct dp *d, const struct nat_rule *r, bool there)
{
	struct vx_target_key k = { .port = htons(r->to_port),
				   .proto = r->key.proto,
				   .family = r->key.family };

	memcpy(k.addr, r->to.b, 16);
	return set_member(d->leak->maps.vx_targets, &k, there);
}

int dp_frag(struct dp *d, const struct vx_frag_key *key, struct vx_frag_val *val,
	    struct vx_nexthop *nh)
{
	struct timespec ts;
	uint64_t now, word;

	if (bpf_map_lookup_elem(bpf_map__fd(d->vx->maps.vx_frags), key, val))
		return 0;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
	if (now > val->ns && now - val->ns > VX_FRAG_NS)
		return 0;
	word = __atomic_load_n(&d->nexthops[val->to.nexthop], __ATOMIC_RELAXED);
	memcpy(nh, &word, sizeof(*nh));
	return 1;
}
