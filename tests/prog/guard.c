// SPDX-License-Identifier: GPL-2.0-only
/*
 * The leak guard as the engine holds it: a packet socket bound to an interface, with the filter.
 */
#include "guard.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "leak.skel.h"
#include "vx.skel.h"

static struct leak *guard;

static int share_maps(const struct vx *vx, struct vx_err *err)
{
	const struct {
		struct bpf_map *mine;
		const struct bpf_map *theirs;
	} shared[] = {
		{ guard->maps.vx_cfg, vx->maps.vx_cfg },
		{ guard->maps.vx_vnis, vx->maps.vx_vnis },
		{ guard->maps.vx_allow4, vx->maps.vx_allow4 },
		{ guard->maps.vx_allow6, vx->maps.vx_allow6 },
		{ guard->maps.vx_nat, vx->maps.vx_nat },
		{ guard->maps.vx_nat_lpm, vx->maps.vx_nat_lpm },
	};

	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++) {
		int rc = bpf_map__reuse_fd(shared[i].mine, bpf_map__fd(shared[i].theirs));

		if (rc)
			return vx_err_set(err, rc, "guard: map %s: %s",
					  bpf_map__name(shared[i].mine), strerror(-rc));
	}
	return 0;
}

static int attach(const char *iface, struct vx_err *err)
{
	const struct sockaddr_ll at = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(iface),
	};
	/* Protocol 0: no frame reaches it before it is bound and filtered. */
	const int fd = socket(AF_PACKET, SOCK_RAW, 0);
	const int prog = bpf_program__fd(guard->progs.vx_leak_guard);

	if (!at.sll_ifindex || fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_ATTACH_BPF, &prog, sizeof(prog)) ||
	    bind(fd, (const struct sockaddr *)&at, sizeof(at)))
		return vx_err_set(err, -errno, "guard: %s: %s", iface, strerror(errno));
	return 0;
}

static int add_targets(const struct kern *k, struct vx_err *err)
{
	for (uint32_t i = 0; i < k->n_nat; i++) {
		const struct kern_nat *rule = &k->nat[i];
		const uint8_t yes = 1;
		struct vx_target_key key = {
			.port = htons(rule->to_port),
			.proto = rule->proto,
			.family = rule->family,
		};
		int rc;

		memcpy(key.addr, rule->to, sizeof(key.addr));
		rc = bpf_map_update_elem(bpf_map__fd(guard->maps.vx_targets), &key, &yes, BPF_ANY);
		if (rc)
			return vx_err_set(err, rc, "guard: target: %s", strerror(-rc));
	}
	return 0;
}

int guard_open(struct kern *k, const char *iface, struct vx_err *err)
{
	int rc;

	guard = leak__open();
	if (!guard)
		return vx_err_set(err, -errno, "guard: open: %s", strerror(errno));
	rc = share_maps(k->skel, err);
	if (rc)
		return rc;
	rc = leak__load(guard);
	if (rc)
		return vx_err_set(err, rc, "guard: load: %s", strerror(-rc));
	rc = add_targets(k, err);
	return rc ? rc : attach(iface, err);
}

int guard_own(const struct vx_addr_key *key, struct vx_err *err)
{
	const uint8_t yes = 1;
	int rc = guard ? bpf_map_update_elem(bpf_map__fd(guard->maps.vx_own), key, &yes, BPF_ANY)
		       : -ENOENT;

	return rc ? vx_err_set(err, rc, "own: %s", strerror(-rc)) : 0;
}

int guard_read(struct vx_leak *sum, struct vx_err *err)
{
	const int cpus = libbpf_num_possible_cpus();
	struct vx_leak *vals = calloc((size_t)cpus, sizeof(*vals));
	const uint32_t zero = 0;
	int rc = -ENOMEM;

	memset(sum, 0, sizeof(*sum));
	if (vals && guard)
		rc = bpf_map_lookup_elem(bpf_map__fd(guard->maps.vx_leak), &zero, vals);
	for (int i = 0; !rc && i < cpus; i++) {
		sum->frames += vals[i].frames;
		sum->leaked += vals[i].leaked;
	}
	free(vals);
	return rc ? vx_err_set(err, rc, "leaks: %s", strerror(-rc)) : 0;
}
