/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The real datapath: one BPF object, loaded once, held by file descriptors, never found by name.
 * Opening it makes the rings, the counter sets and the leak guard; attaching is dp_attach.c.
 * [engine]
 */
#include "engine/dp/dp_int.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static size_t page_round(size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (n + page - 1) & ~(page - 1);
}

static void *map_words(struct bpf_map *map, size_t size)
{
	void *p = mmap(NULL, page_round(size), PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map),
		       0);

	return p == MAP_FAILED ? NULL : p;
}

/* How many hits each CPU has room for: whole pages, so that each can be mapped for itself. */
static int size_allow_hits(struct dp *d, uint32_t allow_max, struct vx_err *err)
{
	uint64_t room = page_round(ALLOW_IDX_END(allow_max) * sizeof(struct vx_hits)) /
			sizeof(struct vx_hits);
	int rc;

	if (room * d->n_cpus > UINT32_MAX)
		return vx_err_set(err, -E2BIG,
				  "--allow-max %u on %u CPUs is more than a map holds: at most %u",
				  allow_max, d->n_cpus, UINT32_MAX / d->n_cpus / 2);
	d->allow_room = (uint32_t)room;
	d->vx->rodata->vx_allow_room = d->allow_room;
	rc = bpf_map__set_max_entries(d->vx->maps.vx_allow_hits, d->n_cpus * d->allow_room);
	return rc ? vx_err_set(err, rc, "vx_allow_hits: %s", strerror(-rc)) : 0;
}

static int load_vx(struct dp *d, const struct dp_cfg *cfg, struct vx_err *err)
{
	char said[200];
	int rc;

	d->vx = vx__open();
	if (!d->vx)
		return vx_err_set(err, -errno, "opening the BPF object: %s", strerror(errno));
	rc = size_allow_hits(d, cfg->allow_max, err);
	if (rc)
		return rc;
	rc = vx__load(d->vx);
	if (!rc)
		return 0;
	dp_print_take(said, sizeof(said));
	return vx_err_set(err, rc,
			  "loading the XDP program: %s (needs root, or CAP_BPF, CAP_NET_ADMIN, "
			  "CAP_NET_RAW and "
			  "CAP_PERFMON; and kernel >= 5.18): %s",
			  strerror(-rc), said);
}

static int make_rings(struct dp *d, const struct dp_cfg *cfg, struct vx_err *err)
{
	for (__u32 i = 0; i < cfg->n_rings; i++) {
		int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "vx_ring", 0, 0,
					(__u32)cfg->ring_size, NULL);
		int rc;

		if (fd < 0)
			return vx_err_set(err, fd, "ring of %zu bytes: %s", cfg->ring_size,
					  strerror(-fd));
		d->ring_fd[i] = fd;
		d->n_rings = i + 1;
		rc = bpf_map_update_elem(bpf_map__fd(d->vx->maps.vx_rings), &i, &fd, BPF_ANY);
		if (rc)
			return vx_err_set(err, rc, "ring %u: %s", i, strerror(-rc));
	}
	return 0;
}

/* Each set knows its number, on every CPU; set 0 is in force. */
static int number_sets(struct dp *d, struct vx_err *err)
{
	struct vx_set *v = d->scratch;
	__u32 zero = 0;

	for (unsigned s = 0; s < 2; s++) {
		int fd = bpf_map__fd(s ? d->vx->maps.vx_set_b : d->vx->maps.vx_set_a);
		int rc;

		memset(v, 0, d->n_cpus * sizeof(*v));
		for (unsigned c = 0; c < d->n_cpus; c++)
			v[c].id = s;
		rc = bpf_map_update_elem(fd, &zero, v, BPF_ANY);
		if (!rc && s == 0)
			rc = bpf_map_update_elem(bpf_map__fd(d->vx->maps.vx_ledger), &zero, &fd,
						 BPF_ANY);
		if (rc)
			return vx_err_set(err, rc, "counter set %u: %s", s, strerror(-rc));
	}
	return 0;
}

/* The guard is an object of its own, because it is a program of another kind; it looks into the
 * same maps, by fd. */
static int load_guard(struct dp *d, struct vx_err *err)
{
	int rc = 0;

	d->leak = leak__open();
	if (!d->leak)
		return vx_err_set(err, -errno, "opening the leak guard: %s", strerror(errno));
#define SHARE(name)                                                                                \
	rc = rc ? rc : bpf_map__reuse_fd(d->leak->maps.name, bpf_map__fd(d->vx->maps.name))
	SHARE(vx_cfg);
	SHARE(vx_vnis);
	SHARE(vx_allow4);
	SHARE(vx_allow6);
	SHARE(vx_nat);
	SHARE(vx_nat_lpm);
#undef SHARE
	rc = rc ? rc : leak__load(d->leak);
	return rc ? vx_err_set(err, rc, "loading the leak guard: %s", strerror(-rc)) : 0;
}

static int start_guard(struct dp *d, struct vx_err *err)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET,
				  .sll_protocol = htons(ETH_P_ALL),
				  .sll_ifindex = d->ifindex };
	int prog = bpf_program__fd(d->leak->progs.vx_leak_guard);

	d->leak_sock = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (d->leak_sock < 0 ||
	    setsockopt(d->leak_sock, SOL_SOCKET, SO_ATTACH_BPF, &prog, sizeof(prog)) ||
	    bind(d->leak_sock, (struct sockaddr *)&at, sizeof(at)))
		return vx_err_set(err, -errno, "leak guard on %s: %s", d->ingress, strerror(errno));
	return 0;
}

static int on_trace(void *ctx, void *data, size_t size)
{
	struct dp *d = ctx;

	if (size >= sizeof(struct vx_trace) && d->trace_fn)
		d->trace_fn(d->trace_ctx, data);
	return 0;
}

static void dp_traces(struct dp *d, dp_trace_fn fn, void *ctx)
{
	d->trace_fn = fn;
	d->trace_ctx = ctx;
	ring_buffer__consume(d->traces);
}

static void dp_close(struct dp *d)
{
	if (!d)
		return;
	if (d->vx && d->link_fd >= 0)
		dp_detach(d);
	if (d->leak_sock >= 0)
		close(d->leak_sock);
	if (d->tap_sock >= 0)
		close(d->tap_sock);
	ring_buffer__free(d->traces);
	for (unsigned i = 0; i < d->n_rings; i++)
		close(d->ring_fd[i]);
	if (d->cfg)
		munmap(d->cfg, page_round(sizeof(*d->cfg)));
	if (d->wake)
		munmap(d->wake, page_round(VX_MAX_RINGS * sizeof(*d->wake)));
	if (d->nexthops)
		munmap(d->nexthops, page_round(VX_NH_MAX * sizeof(*d->nexthops)));
	dp_lists_fini(d);
	leak__destroy(d->leak);
	vx__destroy(d->vx);
	free(d->scratch);
	free(d);
}

static int map_memory(struct dp *d, const struct dp_cfg *cfg, struct vx_err *err)
{
	d->cfg = map_words(d->vx->maps.vx_cfg, sizeof(*d->cfg));
	d->wake = map_words(d->vx->maps.vx_wake, VX_MAX_RINGS * sizeof(*d->wake));
	d->nexthops = map_words(d->vx->maps.vx_nexthops, VX_NH_MAX * sizeof(*d->nexthops));
	d->traces = ring_buffer__new(bpf_map__fd(d->vx->maps.vx_traces), on_trace, d, NULL);
	if (!d->cfg || !d->wake || !d->nexthops || !d->traces)
		return vx_err_set(err, -errno, "mapping the settings: %s", strerror(errno));
	*d->cfg = cfg->init;
	return 0;
}

static int dp_open(struct dp **out, const struct dp_cfg *cfg, struct vx_err *err)
{
	struct dp *d = calloc(1, sizeof(*d));
	int rc, cpus = libbpf_num_possible_cpus();

	if (!d || cpus < 1) {
		free(d);
		return vx_err_set(err, -ENOMEM, "datapath: out of memory");
	}
	for (int f = 0; f < DP_FAMILIES; f++)
		d->allow[f].fd = -1;
	d->link_fd = -1;
	d->leak_sock = -1;
	d->tap_sock = -1;
	d->n_cpus = (unsigned)cpus;
	d->ifindex = cfg->ingress_ifindex;
	memcpy(d->ingress, cfg->ingress, strnlen(cfg->ingress, IFNAMSIZ - 1));
	d->mode = cfg->mode;
	/* The largest per-CPU values: a counter set, and a batch of source rows. */
	d->scratch =
		calloc(d->n_cpus, sizeof(struct vx_set) + DP_BATCH * sizeof(struct vx_source_val));
	dp_print_init();
	rc = d->scratch ? load_vx(d, cfg, err)
			: vx_err_set(err, -ENOMEM, "datapath: out of memory");
	rc = rc ? rc : map_memory(d, cfg, err);
	rc = rc ? rc : number_sets(d, err);
	rc = rc ? rc : make_rings(d, cfg, err);
	rc = rc ? rc : dp_lists_init(d, err);
	rc = rc ? rc : load_guard(d, err);
	rc = rc ? rc : start_guard(d, err);
	if (rc) {
		dp_close(d);
		return rc;
	}
	*out = d;
	return 0;
}

static int dp_ring_fd(const struct dp *d, unsigned i)
{
	return d->ring_fd[i];
}

static struct vx_wake *dp_wake(const struct dp *d)
{
	return d->wake;
}

static uint64_t dp_ring_full(const struct dp *d, unsigned ring)
{
	return __atomic_load_n(&d->wake[ring].full, __ATOMIC_RELAXED);
}

static struct vx_cfg *dp_cfg(const struct dp *d)
{
	return d->cfg;
}

const struct dp_ops dp_real = {
	.open = dp_open,
	.attach = dp_attach,
	.detach = dp_detach,
	.close = dp_close,
	.ring_fd = dp_ring_fd,
	.wake = dp_wake,
	.cfg = dp_cfg,
	.vni_set = dp_vni_set,
	.allow_put = dp_allow_put,
	.allow_del = dp_allow_del,
	.allow_swap = dp_allow_swap,
	.nat_sync = dp_nat_sync,
	.nexthop = dp_nexthop,
	.own_addr = dp_own_addr,
	.target = dp_target,
	.ledger = dp_ledger,
	.swap_sets = dp_swap_sets,
	.leak = dp_leak,
	.hits = dp_hits,
	.hits_clear = dp_hits_clear,
	.ring_full = dp_ring_full,
	.oversize_largest = dp_oversize_largest,
	.foreign = dp_foreign,
	.sources = dp_sources,
	.vnis = dp_vnis,
	.denied = dp_denied,
	.flows = dp_flows,
	.ports = dp_ports,
	.traces = dp_traces,
	.explain = dp_explain,
	.frag = dp_frag,
	.egress = dp_egress,
	.egress_seen = dp_egress_seen,
	.egress_send = dp_egress_send,
	.egress_answer = dp_egress_answer,
};
