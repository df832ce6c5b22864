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

static int outer_put(const struct dp *d, unsigned slot, const struct allow_table *t,
		     struct vx_err *err)
{
	const struct bpf_map *outer =
		t->family == VX_IP4 ? d->vx->maps.vx_allow4 : d->vx->maps.vx_allow6;
	__u32 key = slot;
	int rc = bpf_map_update_elem(bpf_map__fd(outer), &key, &t->fd, BPF_ANY);

	return rc ? vx_err_set(err, rc, "allowlist slot: %s", strerror(-rc)) : 0;
}

/* Puts both tables in force, by one store; what was there is freed. */
static int put_in_force(struct dp *d, const struct allow_table fresh[DP_FAMILIES],
			struct vx_err *err)
{
	unsigned slot = !d->slot;

	for (int f = 0; f < DP_FAMILIES; f++) {
		int rc = outer_put(d, slot, &fresh[f], err);

		if (rc)
			return rc;
	}
	dp_store32(&d->cfg->allow_slot, slot);
	d->slot = slot;
	for (int f = 0; f < DP_FAMILIES; f++) {
		if (d->allow[f].fd != fresh[f].fd)
			allow_table_free(&d->allow[f]);
		d->allow[f] = fresh[f];
	}
	return 0;
}

static void free_tables(struct allow_table t[DP_FAMILIES])
{
	for (int f = 0; f < DP_FAMILIES; f++)
		allow_table_free(&t[f]);
}

static int new_tables(struct allow_table t[DP_FAMILIES], const uint32_t room[DP_FAMILIES],
		      struct vx_err *err)
{
	int rc = 0;

	for (int f = 0; f < DP_FAMILIES; f++)
		t[f].fd = -1;
	for (int f = 0; f < DP_FAMILIES && !rc; f++)
		rc = allow_table_new(&t[f], f == DP_IP4 ? VX_IP4 : VX_IP6, room[f], err);
	return rc;
}

int dp_lists_init(struct dp *d, struct vx_err *err)
{
	const uint32_t none[DP_FAMILIES] = { 0 };
	struct allow_table fresh[DP_FAMILIES];
	int rc = new_tables(fresh, none, err);

	rc = rc ? rc : put_in_force(d, fresh, err);
	if (rc)
		free_tables(fresh);
	return rc;
}

void dp_lists_fini(struct dp *d)
{
	free_tables(d->allow);
}

static enum dp_family family_of(const struct allow_entry *e)
{
	return e->cidr.addr.family == VX_IP4 ? DP_IP4 : DP_IP6;
}

/* Room for one more: a larger table takes the place of the one in force. */
static int put_larger(struct dp *d, const struct allow_entry *e, struct vx_err *err)
{
	enum dp_family f = family_of(e);
	struct allow_table fresh[DP_FAMILIES];
	int rc;

	memcpy(fresh, d->allow, sizeof(fresh));
	rc = allow_table_larger(&d->allow[f], &e->cidr, e->idx, &fresh[f], err);
	if (rc)
		return rc;
	rc = put_in_force(d, fresh, err);
	if (rc)
		allow_table_free(&fresh[f]);
	return rc;
}

int dp_allow_put(struct dp *d, const struct allow_entry *e, struct vx_err *err)
{
	int rc = allow_table_put(&d->allow[family_of(e)], &e->cidr, e->idx);

	if (rc == -ENOSPC)
		return put_larger(d, e, err);
	return rc ? vx_err_set(err, rc, "map: %s", strerror(-rc)) : 0;
}

int dp_allow_del(struct dp *d, const struct allow_entry *e, struct vx_err *err)
{
	int rc = allow_table_del(&d->allow[family_of(e)], &e->cidr);

	return rc ? vx_err_set(err, rc, "map: %s", strerror(-rc)) : 0;
}

struct fill {
	struct allow_table table[DP_FAMILIES];
	uint32_t n[DP_FAMILIES];
	struct vx_err *err;
	int rc;
};

static void count_one(void *ctx, const struct allow_entry *e)
{
	struct fill *f = ctx;

	f->n[family_of(e)]++;
}

static void fill_one(void *ctx, const struct allow_entry *e)
{
	struct fill *f = ctx;
	struct allow_table *t = &f->table[family_of(e)], larger;

	if (f->rc)
		return;
	f->rc = allow_table_put(t, &e->cidr, e->idx);
	if (f->rc == -ENOSPC) {
		f->rc = allow_table_larger(t, &e->cidr, e->idx, &larger, f->err);
		if (f->rc)
			return;
		allow_table_free(t);
		*t = larger;
	} else if (f->rc) {
		vx_err_set(f->err, f->rc, "filling the allowlist map: %s", strerror(-f->rc));
	}
}

int dp_allow_swap(struct dp *d, const struct allow *list, struct vx_err *err)
{
	struct fill f = { .err = err };

	allow_foreach(list, count_one, &f);
	f.rc = new_tables(f.table, f.n, err);
	if (!f.rc)
		allow_foreach(list, fill_one, &f);
	if (!f.rc)
		f.rc = put_in_force(d, f.table, err);
	if (f.rc)
		free_tables(f.table);
	return f.rc;
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
