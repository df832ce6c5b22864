// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading the programs once, and setting and clearing what they are asked about: reloading for each
 * test would take most of the time.
 */
#include "kern.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "ring.h"
#include "vx.skel.h"

/* Less than in production: these are walked before and after each packet. */
#define FRAGS_MAX    4096
#define LRU_MAX	     512
#define DENIED_MAX   (2 * VX_DENIED_NEW) /* of which none is evicted, then */
#define FLOWS_MAX    2048
#define VNIS_MAX     64
#define FIRST_RING   (16u << 20)
#define FURTHER_RING (256u << 10)

static int map_update(int fd, const void *key, const void *val, const char *what,
		      struct vx_err *err)
{
	int rc = bpf_map_update_elem(fd, key, val, BPF_ANY);

	return rc ? vx_err_set(err, rc, "%s: %s", what, strerror(-rc)) : 0;
}

/* Puts a table into slot 0, which is the one in force in all tests here. */
static int install(const struct kern *k, const struct allow_table *t, struct vx_err *err)
{
	const struct bpf_map *outer =
		t->family == VX_IP4 ? k->skel->maps.vx_allow4 : k->skel->maps.vx_allow6;
	const uint32_t slot = 0;

	return map_update(bpf_map__fd(outer), &slot, &t->fd, "allowlist slot", err);
}

static int make_tables(struct kern *k, struct vx_err *err)
{
	int rc = 0;

	for (int i = 0; i < 2 && !rc; i++) {
		rc = allow_table_new(&k->table[i], i ? VX_IP6 : VX_IP4, 0, err);
		rc = rc ? rc : install(k, &k->table[i], err);
	}
	return rc;
}

static int set_ids(struct kern *k, struct vx_err *err)
{
	const struct bpf_map *sets[2] = { k->skel->maps.vx_set_a, k->skel->maps.vx_set_b };
	const int cpus = libbpf_num_possible_cpus();
	const uint32_t zero = 0;
	int rc = 0;

	for (uint64_t id = 0; id < 2 && !rc; id++) {
		struct vx_set *set = calloc((size_t)cpus, sizeof(*set));

		if (!set)
			return vx_err_set(err, -ENOMEM, "counter set");
		for (int i = 0; i < cpus; i++)
			set[i].id = id;
		rc = map_update(bpf_map__fd(sets[id]), &zero, set, "counter set", err);
		free(set);
	}
	return rc;
}

static int set_sizes(struct vx *skel)
{
	const uint32_t hits = (uint32_t)libbpf_num_possible_cpus() * KERN_RULES;
	const struct {
		struct bpf_map *map;
		uint32_t n;
	} sizes[] = {
		{ skel->maps.vx_frags, FRAGS_MAX },	 { skel->maps.vx_denied, DENIED_MAX },
		{ skel->maps.vx_sources, LRU_MAX },	 { skel->maps.vx_vni_seen, LRU_MAX },
		{ skel->maps.vx_ports, LRU_MAX },	 { skel->maps.vx_vnis, VNIS_MAX },
		{ skel->maps.vx_deny_flows, FLOWS_MAX }, { skel->maps.vx_allow_hits, hits },
	};
	int rc = 0;

	skel->rodata->vx_allow_room = KERN_RULES;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]) && !rc; i++)
		rc = bpf_map__set_max_entries(sizes[i].map, sizes[i].n);
	return rc;
}

/* Where redirected frames would go: a test run sends none. */
static int set_egress(struct kern *k, struct vx_err *err)
{
	__u32 zero = 0, lo = if_nametoindex("lo");
	int rc = bpf_map_update_elem(bpf_map__fd(k->skel->maps.vx_egress), &zero, &lo, BPF_ANY);

	return rc ? vx_err_set(err, rc, "vx_egress: %s", strerror(-rc)) : 0;
}

int kern_open(struct kern *k, struct vx_err *err)
{
	int rc;

	k->skel = vx__open();
	if (!k->skel)
		return vx_err_set(err, -errno, "open: %s", strerror(errno));
	rc = set_sizes(k->skel);
	rc = rc ? rc : vx__load(k->skel);
	if (rc)
		return vx_err_set(err, rc, "load: %s", strerror(-rc));
	k->cfg = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE, MAP_SHARED,
		      bpf_map__fd(k->skel->maps.vx_cfg), 0);
	if (k->cfg == MAP_FAILED)
		return vx_err_set(err, -errno, "map vx_cfg: %s", strerror(errno));
	rc = set_egress(k, err);
	rc = rc ? rc : set_ids(k, err);
	return rc ? rc : make_tables(k, err);
}

/* Deletes every element; key_size <= 64. */
static int clear_map(int fd, struct vx_err *err)
{
	unsigned char key[64];

	while (!bpf_map_get_next_key(fd, NULL, key)) {
		int rc = bpf_map_delete_elem(fd, key);

		if (rc && rc != -ENOENT)
			return vx_err_set(err, rc, "delete: %s", strerror(-rc));
	}
	return 0;
}

static int clear_allow_hits(const struct kern *k, struct vx_err *err)
{
	const uint32_t end = (uint32_t)libbpf_num_possible_cpus() * KERN_RULES;
	const struct vx_hits none = { 0 };
	int rc = 0;

	for (uint32_t cpu = 0; cpu < end; cpu += KERN_RULES)
		for (uint32_t i = cpu; i < cpu + k->n_allow && !rc; i++)
			rc = map_update(bpf_map__fd(k->skel->maps.vx_allow_hits), &i, &none, "hits",
					err);
	return rc;
}

static int clear_hits(const struct bpf_map *map, uint32_t n, struct vx_err *err)
{
	struct vx_hits *zero = calloc((size_t)libbpf_num_possible_cpus(), sizeof(*zero));
	int rc = 0;

	if (!zero)
		return vx_err_set(err, -ENOMEM, "hits");
	for (uint32_t i = 0; i < n && !rc; i++)
		rc = map_update(bpf_map__fd(map), &i, zero, "hits", err);
	free(zero);
	return rc;
}

static int clear_policy(struct kern *k, struct vx_err *err)
{
	const struct bpf_map *maps[] = { k->skel->maps.vx_nat,	     k->skel->maps.vx_nat_lpm,
					 k->skel->maps.vx_vnis,	     k->skel->maps.vx_frags,
					 k->skel->maps.vx_denied,    k->skel->maps.vx_sources,
					 k->skel->maps.vx_vni_seen,  k->skel->maps.vx_ports,
					 k->skel->maps.vx_deny_flows };
	int rc = 0;

	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]) && !rc; i++)
		rc = clear_map(bpf_map__fd(maps[i]), err);
	for (uint32_t i = 0; i < k->n_allow && !rc; i++)
		rc = k->allow[i].text[0] ? kern_unallow(k, &k->allow[i].prefix, err) : 0;
	rc = rc ? rc : clear_allow_hits(k, err);
	rc = rc ? rc : clear_hits(k->skel->maps.vx_nat_hits, k->n_nat, err);
	k->n_allow = k->n_nat = 0;
	return rc;
}

/* What a CPU keeps from packet to packet: a block of denied ones that is not over. */
static int clear_scratch(const struct kern *k, struct vx_err *err)
{
	const struct bpf_map *map = k->skel->maps.vx_pkt;
	const uint32_t zero = 0;
	void *none = calloc((size_t)libbpf_num_possible_cpus(),
			    (bpf_map__value_size(map) + 7u) & ~(size_t)7);
	int rc = none ? map_update(bpf_map__fd(map), &zero, none, "vx_pkt", err) : -ENOMEM;

	free(none);
	return rc;
}

static const struct vx_cfg defaults = {
	.allow_mode = VX_ALLOW_OFF,
	.match = VX_MATCH_ANY,
	.unmatched = VX_UNMATCHED_DROP,
	.truncated = VX_TRUNC_DROP,
	.other_vni = VX_OTHER_PASS,
	.egress_mtu = 9001,
	.n_rings = 1,
	.port = 4789,
};

int kern_reset(struct kern *k, struct vx_err *err)
{
	const struct vx_nexthop none = { 0 };
	int rc = clear_policy(k, err);

	rc = rc ? rc : clear_scratch(k, err);
	*k->cfg = defaults;
	k->linear = 0;
	rc = rc ? rc : kern_set_rings(k, 1, err);
	rc = rc ? rc : kern_add_vni(k, 1, err);
	rc = rc ? rc : kern_set_nexthop(k, VX_NH_UNNAT4, &none, err);
	rc = rc ? rc : kern_set_nexthop(k, VX_NH_UNNAT6, &none, err);
	kern_drop_records(k);
	return rc;
}

/* Rings once made are kept. */
int kern_set_rings(struct kern *k, uint32_t n, struct vx_err *err)
{
	if (n < 1 || n > VX_MAX_RINGS)
		return vx_err_set(err, -EINVAL, "rings: 1 to %d", VX_MAX_RINGS);
	for (uint32_t i = 0; i < n; i++) {
		int fd, rc;

		if (k->rings[i])
			continue;
		rc = ring_new(&k->rings[i], i ? FURTHER_RING : FIRST_RING, err);
		if (rc)
			return rc;
		fd = ring_fd(k->rings[i]);
		rc = map_update(bpf_map__fd(k->skel->maps.vx_rings), &i, &fd, "ring slot", err);
		if (rc)
			return rc;
	}
	k->cfg->n_rings = n;
	return 0;
}

int kern_take_record(struct kern *k, struct vx_record *rec, const uint8_t **frame)
{
	for (int i = 0; i < VX_MAX_RINGS && k->rings[i]; i++)
		if (ring_pop(k->rings[i], rec, sizeof(*rec), frame))
			return i;
	return -1;
}

void kern_drop_records(struct kern *k)
{
	for (uint32_t i = 0; i < VX_MAX_RINGS && k->rings[i]; i++)
		ring_clear(k->rings[i]);
}

int kern_add_vni(struct kern *k, uint32_t vni, struct vx_err *err)
{
	struct vx_vni_val *val = calloc((size_t)libbpf_num_possible_cpus(), sizeof(*val));
	int rc;

	if (!val)
		return vx_err_set(err, -ENOMEM, "vni");
	rc = map_update(bpf_map__fd(k->skel->maps.vx_vnis), &vni, val, "vni", err);
	free(val);
	return rc;
}

int kern_clear_vnis(struct kern *k, struct vx_err *err)
{
	return clear_map(bpf_map__fd(k->skel->maps.vx_vnis), err);
}

int kern_set_nexthop(struct kern *k, uint32_t idx, const struct vx_nexthop *hop, struct vx_err *err)
{
	return map_update(bpf_map__fd(k->skel->maps.vx_nexthops), &idx, hop, "next hop", err);
}

static struct cidr cidr_of(const struct kern_prefix *prefix)
{
	struct cidr c = { .addr.family = prefix->family, .len = prefix->len };

	memcpy(c.addr.b, prefix->addr, sizeof(c.addr.b));
	return c;
}

int kern_allow(struct kern *k, const char *text, const struct kern_prefix *prefix,
	       struct vx_err *err)
{
	const struct cidr c = cidr_of(prefix);
	struct allow_table *t = &k->table[prefix->family == VX_IP6], larger;
	int rc;

	if (k->n_allow == KERN_RULES)
		return vx_err_set(err, -ENOSPC, "allow: at most %d entries", KERN_RULES);
	rc = allow_table_put(t, &c, k->n_allow);
	if (rc == -ENOSPC) {
		rc = allow_table_larger(t, &c, k->n_allow, &larger, err);
		rc = rc ? rc : install(k, &larger, err);
		if (rc)
			return rc;
		allow_table_free(t);
		*t = larger;
	} else if (rc) {
		return vx_err_set(err, rc, "allow: %s", strerror(-rc));
	}
	snprintf(k->allow[k->n_allow].text, KERN_RULE_TEXT, "%s", text);
	k->allow[k->n_allow++].prefix = *prefix;
	return 0;
}

int kern_unallow(struct kern *k, const struct kern_prefix *prefix, struct vx_err *err)
{
	const struct cidr c = cidr_of(prefix);
	int rc = allow_table_del(&k->table[prefix->family == VX_IP6], &c);

	if (rc)
		return vx_err_set(err, rc, "unallow: %s", strerror(-rc));
	for (uint32_t i = 0; i < k->n_allow; i++)
		if (!memcmp(&k->allow[i].prefix, prefix, sizeof(*prefix)))
			k->allow[i].text[0] = '\0';
	return 0;
}

static int add_nat_prefix(struct kern *k, const struct kern_nat *rule,
			  const struct vx_nat_target *to, struct vx_err *err)
{
	struct vx_nat_lpm_key key = {
		.prefixlen = 32u + rule->prefix.len,
		.dport = (__be16)__builtin_bswap16(rule->port),
		.proto = rule->proto,
		.family = rule->family,
	};

	memcpy(key.addr, rule->prefix.addr, sizeof(key.addr));
	return map_update(bpf_map__fd(k->skel->maps.vx_nat_lpm), &key, to, "nat", err);
}

int kern_add_nat(struct kern *k, const struct kern_nat *rule, struct vx_err *err)
{
	struct vx_nat_key key = {
		.dport = (__be16)__builtin_bswap16(rule->port),
		.proto = rule->proto,
		.family = rule->family,
	};
	struct vx_nat_target to = {
		.port = (__be16)__builtin_bswap16(rule->to_port),
		.nexthop = (__u16)(VX_NH_FIRST + k->n_nat),
		.idx = k->n_nat,
	};
	const int fd = bpf_map__fd(k->skel->maps.vx_nat);
	struct vx_nat_val val = { 0 };
	int rc;

	if (k->n_nat == KERN_RULES)
		return vx_err_set(err, -ENOSPC, "nat: at most %d rules", KERN_RULES);
	memcpy(to.addr, rule->to, sizeof(to.addr));
	rc = kern_set_nexthop(k, to.nexthop, &rule->hop, err);
	bpf_map_lookup_elem(fd, &key, &val); /* not there: val stays 0 */
	if (rule->has_prefix) {
		val.flags |= VX_NAT_PREFIX;
		rc = rc ? rc : add_nat_prefix(k, rule, &to, err);
	} else {
		val.flags |= VX_NAT_PLAIN;
		val.to = to;
	}
	rc = rc ? rc : map_update(fd, &key, &val, "nat", err);
	if (!rc)
		k->nat[k->n_nat++] = *rule;
	return rc;
}

/* Keys first: an element that is updated moves in its bucket, and the walk would meet it again. */
int kern_age_frags(struct kern *k, uint64_t ns, struct vx_err *err)
{
	const int fd = bpf_map__fd(k->skel->maps.vx_frags);
	static struct vx_frag_key keys[FRAGS_MAX];
	const void *from = NULL;
	struct vx_frag_val val;
	uint32_t n = 0;

	while (n < FRAGS_MAX && !bpf_map_get_next_key(fd, from, &keys[n]))
		from = &keys[n++];
	for (uint32_t i = 0; i < n; i++) {
		int rc = bpf_map_lookup_elem(fd, &keys[i], &val);

		val.ns -= ns;
		rc = rc ? rc : bpf_map_update_elem(fd, &keys[i], &val, BPF_EXIST);
		if (rc)
			return vx_err_set(err, rc, "age: %s", strerror(-rc));
	}
	return 0;
}
