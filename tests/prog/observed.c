// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading what the pipeline observes.
 */
#include "observed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "outcome.h"
#include "ring.h"
#include "vx.skel.h"

#define KEY_MAX	 64
#define NAME_MAX 128

/* Names a key, and prints what stands behind it. */
typedef void (*name_fn)(const void *key, char name[static NAME_MAX]);
typedef void (*value_fn)(const void *vals, int cpus);

static void name_addr(const void *key, char name[static NAME_MAX])
{
	const struct vx_addr_key *k = key;

	inet_ntop(k->family == VX_IP4 ? AF_INET : AF_INET6, k->addr, name, NAME_MAX);
}

static void name_source(const void *key, char name[static NAME_MAX])
{
	const struct vx_source_key *k = key;
	char addr[INET6_ADDRSTRLEN];

	inet_ntop(k->family == VX_IP4 ? AF_INET : AF_INET6, k->addr, addr, sizeof(addr));
	snprintf(name, NAME_MAX, "%s/%u", addr, k->vni);
}

static void name_vni(const void *key, char name[static NAME_MAX])
{
	snprintf(name, NAME_MAX, "%u", *(const uint32_t *)key);
}

static void name_port(const void *key, char name[static NAME_MAX])
{
	const struct vx_nat_key *k = key;

	snprintf(name, NAME_MAX, "%u/%u/%u", k->proto, ntohs(k->dport), k->family);
}

static void name_flow(const void *key, char name[static NAME_MAX])
{
	const struct vx_flow_key *k = key;
	const int af = k->family == VX_IP4 ? AF_INET : AF_INET6;
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];

	inet_ntop(af, k->src, src, sizeof(src));
	inet_ntop(af, k->dst, dst, sizeof(dst));
	snprintf(name, NAME_MAX, "%s>%s/%u/%u", src, dst, k->proto, ntohs(k->dport));
}

static void value_all_hits(const void *vals, int cpus)
{
	const struct vx_hits *val = vals;
	unsigned long long n = 0;

	for (int i = 0; i < cpus; i++)
		n += val[i].packets;
	printf("%llu", n);
}

static void value_hits(const void *vals, int cpus)
{
	(void)cpus; /* one for all */
	printf("%llu", (unsigned long long)((const struct vx_hits *)vals)->packets);
}

static void value_vni(const void *vals, int cpus)
{
	const struct vx_vni_val *val = vals;
	unsigned long long n = 0;

	for (int i = 0; i < cpus; i++)
		n += val[i].packets;
	printf("%llu", n);
}

static void value_source(const void *vals, int cpus)
{
	const struct vx_source_val *val = vals;
	struct vx_source_val sum = { 0 };
	bool order = true;

	for (int i = 0; i < cpus; i++) {
		sum.packets += val[i].packets;
		sum.bytes += val[i].bytes;
		sum.truncated += val[i].truncated;
		sum.allowed += val[i].allowed;
		order = order && !val[i].packets == !val[i].first_ns;
		order = order && val[i].first_ns <= val[i].last_ns;
	}
	printf("{\"packets\":%llu,\"bytes\":%llu,\"truncated\":%llu,\"allowed\":%llu,\"order\":%s}",
	       (unsigned long long)sum.packets, (unsigned long long)sum.bytes,
	       (unsigned long long)sum.truncated, (unsigned long long)sum.allowed,
	       order ? "true" : "false");
}

static int print_map(const char *label, const struct bpf_map *map, name_fn name, value_fn value)
{
	const int cpus = libbpf_num_possible_cpus();
	const int fd = bpf_map__fd(map);
	void *vals = calloc((size_t)cpus, (bpf_map__value_size(map) + 7u) & ~(size_t)7);
	unsigned char key[KEY_MAX];
	const void *from = NULL;
	char text[NAME_MAX];
	int rc = 0;

	if (!vals)
		return -ENOMEM;
	printf("\"%s\":{", label);
	for (; !rc && !bpf_map_get_next_key(fd, from, key); from = key) {
		rc = bpf_map_lookup_elem(fd, key, vals);
		name(key, text);
		printf("%s\"%s\":", from ? "," : "", text);
		value(vals, cpus);
	}
	printf("},");
	free(vals);
	return rc;
}

static int print_oversize(const struct bpf_map *map)
{
	const int cpus = libbpf_num_possible_cpus();
	uint64_t *vals = calloc((size_t)cpus, sizeof(*vals)), max = 0;
	const uint32_t zero = 0;
	int rc = vals ? bpf_map_lookup_elem(bpf_map__fd(map), &zero, vals) : -ENOMEM;

	for (int i = 0; !rc && i < cpus; i++)
		max = vals[i] > max ? vals[i] : max;
	printf("\"oversize\":%llu}\n", (unsigned long long)max);
	free(vals);
	return rc;
}

int observed_print(struct kern *k, struct vx_err *err)
{
	const struct vx *s = k->skel;
	int rc;

	putchar('{');
	rc = print_map("denied", s->maps.vx_denied, name_addr, value_hits);
	rc = rc ? rc : print_map("flows", s->maps.vx_deny_flows, name_flow, value_hits);
	rc = rc ? rc : print_map("sources", s->maps.vx_sources, name_source, value_source);
	rc = rc ? rc : print_map("vnis", s->maps.vx_vnis, name_vni, value_vni);
	rc = rc ? rc : print_map("vni_seen", s->maps.vx_vni_seen, name_vni, value_vni);
	rc = rc ? rc : print_map("ports", s->maps.vx_ports, name_port, value_all_hits);
	rc = rc ? rc : print_oversize(s->maps.vx_oversize);
	return rc ? vx_err_set(err, rc, "observed: %s", strerror(-rc)) : 0;
}

int observed_traces(struct kern *k, struct vx_err *err)
{
	static struct ring *ring;
	struct vx_trace trace;
	const char *sep = "";

	if (!ring) {
		int rc = ring_open(&ring, bpf_map__fd(k->skel->maps.vx_traces),
				   bpf_map__max_entries(k->skel->maps.vx_traces), err);

		if (rc)
			return rc;
	}
	putchar('[');
	while (ring_pop(ring, &trace, sizeof(trace), NULL)) {
		printf("%s{\"id\":%u,\"row\":\"%s\",\"step\":%u,\"flags\":%u,\"vni\":%u}", sep,
		       trace.trace_id, outcome_rows[trace.row % VX_L_N], trace.step, trace.flags,
		       trace.vni);
		sep = ",";
	}
	puts("]");
	return 0;
}

int observed_swap(struct kern *k, struct vx_err *err)
{
	const struct bpf_map *sets[2] = { k->skel->maps.vx_set_a, k->skel->maps.vx_set_b };
	const int fd = bpf_map__fd(sets[!k->set]);
	const uint32_t zero = 0;
	uint64_t row[VX_L_N], rows = 0;
	int rc;

	rc = bpf_map_update_elem(bpf_map__fd(k->skel->maps.vx_ledger), &zero, &fd, BPF_ANY);
	if (rc)
		return vx_err_set(err, rc, "swap: %s", strerror(-rc));
	rc = kern_read_set(k, k->set, row, err);
	if (rc)
		return rc;
	for (int i = VX_L_RX + 1; i <= VX_L_QUEUED; i++)
		rows += row[i];
	printf("{\"set\":%u,\"rx\":%llu,\"rows\":%llu}\n", k->set, (unsigned long long)row[VX_L_RX],
	       (unsigned long long)rows);
	k->set = !k->set;
	return 0;
}
