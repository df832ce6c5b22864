/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Assembling one instance, in the order that makes it safe, and taking it apart: lock, quiet
 * sockets, datapath, network, lists, workers, attach. Whatever is half made when something fails is
 * undone in reverse. [engine]
 */
#include "engine/run_int.h"

#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "proto/sockpath.h"

#define RING_AUTO_FRAME 1514 /* bytes; `auto` holds 100 ms of these at the target rate */
#define RING_MIN	65536

uint64_t eng_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
}

int64_t eng_real_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

void eng_warn(void *ctx, const char *text)
{
	(void)ctx;
	vx_warn("%s", text);
}

/* Of each ring: the total divided, rounded up to a power of two. */
static size_t ring_size(const struct opts *o, unsigned n_rings)
{
	uint64_t total = o->ring_bytes ? o->ring_bytes : o->target_pps * RING_AUTO_FRAME / 10;
	size_t size = RING_MIN;

	while (size * n_rings < total && size < ((size_t)1 << 30))
		size *= 2;
	return size;
}

static struct vx_cfg first_cfg(const struct eng *e)
{
	const struct opts *o = e->o;

	return (struct vx_cfg){
		.allow_mode = o->allow_mode,
		.match = o->match,
		.unmatched = o->unmatched,
		.truncated = o->truncated,
		.other_vni = o->other_vni,
		.vni_any = o->vnis.any,
		.out = VX_OUT_RING,
		.n_rings = e->run->n_workers,
		.port = o->port,
	};
}

static int open_datapath(struct eng *e, struct vx_err *err)
{
	struct dp_cfg cfg = { .ingress = e->o->ingress,
			      .ingress_ifindex = (int)if_nametoindex(e->o->ingress),
			      .mode = (enum dp_mode)e->o->mode,
			      .n_rings = e->run->n_workers,
			      .ring_size = e->run->ring_size,
			      .allow_max = e->o->allow_max,
			      .init = first_cfg(e) };
	int rc = e->dp->open(&e->d, &cfg, err);

	for (uint32_t i = 0; !rc && !e->o->vnis.any && i < e->o->vnis.n; i++)
		rc = e->dp->vni_set(e->d, e->o->vnis.vni[i], true, err);
	return rc;
}

static int open_network(struct eng *e, struct vx_err *err)
{
	struct vx_cfg *c = e->dp->cfg(e->d);
	const struct net_link *out;
	int rc = net_open(&e->net, e->o->ingress, e->o->egress_dev, &eng_net_events, e, err);

	if (rc)
		return rc;
	out = net_link(e->net, NET_EGRESS);
	dp_store_mac(c, out->mac);
	dp_store32(&c->egress_mtu, out->mtu);
	dp_store32(&c->egress_ifindex, (uint32_t)out->ifindex);
	if (e->o->has_next_hop_mac)
		net_nexthop_override(e->net, e->o->next_hop_mac);
	net_nexthop_follow_default(e->net, VX_NH_UNNAT4, VX_IP4);
	net_nexthop_follow_default(e->net, VX_NH_UNNAT6, VX_IP6);
	return 0;
}

/* A name that is given from here, from the root; as it is where that does not fit. */
static void from_root(const char *name, char *buf, size_t size)
{
	char dir[PATH_MAX];

	if (name[0] == '/' || !getcwd(dir, sizeof(dir)) ||
	    (size_t)snprintf(buf, size, "%s/%s", dir, name) >= size)
		snprintf(buf, size, "%s", name);
}

/* `save` writes the name of a list given from here into a file that is read from elsewhere. */
static void name_list(struct opts *o)
{
	char path[sizeof(o->allowlist)];

	if (o->source[OPT_ALLOWLIST] != OPT_BY_CLI)
		return;
	from_root(o->allowlist, path, sizeof(path));
	snprintf(o->allowlist, sizeof(o->allowlist), "%s", path);
}

static int load_lists(struct eng *e, struct vx_err *err)
{
	int rc = 0, fd;

	if (e->o->allowlist[0]) {
		name_list(e->o);
		fd = store_open(e->o->allowlist, err);
		if (fd >= 0)
			eng_watch_know(e, fd);
		rc = fd < 0 ? fd : eng_allow_load(e, fd, e->o->allowlist, eng_warn, NULL, err);
		if (fd >= 0)
			close(fd);
	} else if (e->o->source[OPT_ALLOW_MODE] == OPT_BY_DEFAULT) {
		vx_warn("no allowlist given: every address is let through (allow-mode off)");
	}
	if (!rc && e->o->allow_mode == VX_ALLOW_ENFORCE && !allow_count(e->allow))
		vx_warn("allow-mode enforce, and %s: EVERY PACKET WILL BE DENIED; add addresses "
			"(allow add CIDR, allow load FILE), %slet all through: allow mode count",
			e->o->allowlist[0] ? "the allowlist is empty" : "no allowlist is given",
			e->o->allowlist[0] ? "or " : "start with -a FILE (ALLOWLIST=), or ");
	if (e->o->watch && !e->o->allowlist[0])
		vx_warn("--watch has nothing to watch: no allowlist is given (-a FILE)");
	for (int i = 0; !rc && i < e->o->n_nat_rules; i++) {
		rc = eng_rule_add(e, e->o->nat_rules[i], err);
		if (rc)
			vx_err_prefix(err, "NAT rule %s", e->o->nat_rules[i]);
	}
	if (!rc)
		eng_nexthops_push(e);
	return rc;
}

/* A worker asks for the verdict of a fragment's first; see inj.h. */
static int ask_frag(void *ctx, const struct vx_frag_key *key, struct inj_frag_answer *out)
{
	struct eng *e = ctx;
	struct vx_frag_val val;
	struct vx_nexthop nh;

	if (!e->dp->frag(e->d, key, &val, &nh))
		return 0;
	out->verdict = val.verdict;
	memcpy(out->new_dst, val.to.addr, 16);
	memcpy(out->dst_mac, nh.mac, 6);
	dp_load_mac(e->dp->cfg(e->d), out->src_mac);
	out->nexthop_ok = nh.ok;
	return 1;
}

static int start_workers(struct eng *e, struct vx_err *err)
{
	int cpus[INJ_MAX_WORKERS], fds[INJ_MAX_WORKERS];
	size_t sizes[INJ_MAX_WORKERS];
	const struct net_link *out = net_link(e->net, NET_EGRESS);
	struct inj_cfg cfg = {
		.n_workers = e->run->n_workers,
		.ring_fds = fds,
		.ring_sizes = sizes,
		.wake = e->dp->wake(e->d),
		.dispatch = e->o->spread ? INJ_SPREAD : INJ_FLOW,
		.batch = e->o->batch,
		.busy_poll = e->o->busy_poll,
		.cpus = cpus,
		.egress = eng_egress_kind(e->o->egress),
		.egress_ifindex = out->ifindex,
		.qdisc_bypass = e->o->qdisc_bypass,
		.zerocopy = e->o->zerocopy,
		.frag = ask_frag,
		.frag_ctx = e,
	};
	int rc, n = eng_cpus(e->o, cfg.n_workers, cpus, INJ_MAX_WORKERS, err);

	if (n < 0)
		return n;
	for (unsigned i = 0; i < cfg.n_workers; i++) {
		fds[i] = e->dp->ring_fd(e->d, i);
		sizes[i] = e->run->ring_size;
	}
	cfg.n_cpus = (unsigned)n;
	rc = inj_new(&e->inj, &cfg, err);
	if (rc)
		return rc;
	eng_egress_say(e, e->o);
	eng_busy_poll_say(e, e->o);
	inj_set_link(e->inj, out->up && out->running, out->mtu);
	return inj_start(e->inj, err);
}

static int open_quiet(struct eng *e, struct vx_err *err)
{
	int rc = quiet_open(&e->quiet, e->o->port, err);

	for (int i = 0; i < 2 && !rc; i++)
		if (e->quiet.in_use[i])
			vx_warn("UDP port %u is in use by somebody else (a vxlan device, another "
				"vxconsole?) for IPv%d: what passes to the kernel goes there; see: "
				"ss -ulnp sport = :%u",
				e->o->port, i ? 6 : 4, e->o->port);
	return rc;
}

static void first_snapshot(struct eng *e)
{
	struct snapshot *s = &e->snap;

	snprintf(s->version, sizeof(s->version), "%s", VX_VERSION);
	s->pid = getpid();
	memcpy(s->ingress, e->o->ingress, sizeof(s->ingress));
	memcpy(s->egress, e->o->egress_dev, sizeof(s->egress));
	snprintf(s->mode, sizeof(s->mode), "%s", e->run->how.native ? "native" : "generic");
	snprintf(s->mode_reason, sizeof(s->mode_reason), "%s", e->run->how.reason);
	s->prog_id = e->run->how.prog_id;
	s->n_workers = e->run->n_workers;
	eng_second(e);
}

/* The socket to be, from the root where it is given from here; NULL: the usual one. */
static const char *own_socket(const struct eng *e, char buf[static SOCKPATH_MAX])
{
	char usual[SOCKPATH_MAX];

	if (!e->o->socket[0])
		return NULL;
	sockpath_default(e->o->ingress, usual);
	from_root(e->o->socket, buf, SOCKPATH_MAX);
	return strcmp(buf, usual) ? buf : NULL;
}

/* Who is not root hears of it by the first file that is root's. */
static int needs_root(int rc, struct vx_err *err)
{
	const struct vx_err was = *err;

	if (geteuid() == 0 || rc == -EBUSY)
		return rc;
	return vx_err_set(err, rc, "%.180s; an engine needs root: use sudo", was.msg);
}

static int start(struct eng *e, struct vx_err *err)
{
	char socket[SOCKPATH_MAX];
	struct vx_err later;
	int ifindex = (int)if_nametoindex(e->o->ingress);
	int rc;

	if (!ifindex)
		return vx_err_set(err, -ENODEV, "ingress %s: no such interface; see: ip link",
				  e->o->ingress);
	e->lock_fd = lock_take(e->o->ingress, ifindex, own_socket(e, socket), err);
	if (e->lock_fd < 0)
		return needs_root(e->lock_fd, err);
	rc = eng_rows_init(e, err);
	rc = rc ? rc : eng_observe_init(e, err);
	rc = rc ? rc : allow_new(&e->allow, e->o->allow_max, err);
	rc = rc ? rc : nat_new(&e->nat, err);
	/* Before the leak guard, or it would see the errors that the kernel sends until then. */
	rc = rc ? rc : open_quiet(e, err);
	rc = rc ? rc : open_datapath(e, err);
	rc = rc ? rc : open_network(e, err);
	rc = rc ? rc : load_lists(e, err);
	rc = rc ? rc : start_workers(e, err);
	rc = rc || e->o->egress != OPT_EG_REDIRECT ? rc : eng_redirect_on(e, err);
	if (rc)
		return rc;
	rc = e->dp->attach(e->d, &e->run->how, err);
	if (rc) {
		if (inj_stop(e->inj, 0, &later))
			vx_error("%s", later.msg);
		return rc == -EBUSY || rc == -EEXIST ? eng_strays_explain(e, err) : rc;
	}
	first_snapshot(e);
	rc = journal_new(&e->journal, store_doc_free, JOURNAL_BYTES, err);
	if (!rc)
		eng_keep_open(e);
	rc = rc ? rc : serve_open(&e->run->serve, e, err);
	if (rc)
		eng_stop(e);
	return rc;
}

int eng_new(struct eng **out, struct opts *o, const struct dp_ops *dp, struct vx_err *err)
{
	struct eng *e = calloc(1, sizeof(*e));
	int rc;

	if (e) {
		e->run = calloc(1, sizeof(*e->run));
		e->history = calloc(1, sizeof(*e->history));
	}
	if (!e || !e->run || !e->history) {
		if (e) {
			free(e->history);
			free(e->run);
		}
		free(e);
		return vx_err_set(err, -ENOMEM, "out of memory");
	}
	e->o = o;
	e->dp = dp;
	e->lock_fd = -1;
	e->run->strays.job.fd = -1;
	e->run->keep.file = (struct kept_file){ .dir = -1, .fd = -1 };
	e->quiet.fd[0] = e->quiet.fd[1] = -1;
	e->run->epoll_fd = e->run->signal_fd = e->run->timer_fd = -1;
	for (int id = 0; id < OPT_N; id++)
		e->run->by_cli[id] = o->source[id] == OPT_BY_CLI;
	e->run->start_ns = eng_now_ns();
	e->run->start_real_ns = eng_real_ns();
	e->run->n_workers = o->workers ? o->workers : inj_default_workers();
	e->run->ring_size = ring_size(o, e->run->n_workers);
	rc = start(e, err);
	if (rc) {
		eng_free(e);
		return rc;
	}
	*out = e;
	return 0;
}

/* The workers have stopped, so that this is to the packet: what they had no time for is counted
 * too, as in flight. */
static bool queue_closes(const struct snap_ledger *l)
{
	return l->row[VX_L_QUEUED] == l->sent + l->tx_failed + l->frag_unknown + l->in_flight;
}

int eng_stop(struct eng *e)
{
	struct eng_selfcheck check = { 0 };
	struct vx_err err;
	int rc;

	eng_keep_end(e);
	e->dp->detach(e->d);
	rc = inj_stop(e->inj, (unsigned)(e->o->drain_timeout_s * 1000), &err);
	if (rc)
		vx_error("stopping the workers: %s", err.msg);
	e->run->stuck = rc == -ETIMEDOUT;
	if (eng_selfcheck(e, &check, &err))
		vx_error("%s", err.msg);
	eng_refresh(e);
	e->run->final_check = check;
	if (!check.exact || !queue_closes(&e->snap.ledger)) {
		e->run->final_check.exact = false;
		vx_error("the final check is unequal: %s",
			 check.what[0] ? check.what
				       : "queued packets are neither sent nor counted");
		e->run->exit_code = 1;
	}
	return e->run->exit_code;
}

void eng_free(struct eng *e)
{
	if (!e)
		return;
	if (e->inj && inj_stop(e->inj, 0, NULL) == -ETIMEDOUT) /* of a start that failed */
		e->run->stuck = true;
	/* A worker that would not stop still uses this memory; the process ends. */
	if (!e->run->stuck) {
		inj_free(e->inj);
		if (e->d)
			e->dp->close(e->d);
	}
	eng_strays_fini(e);
	net_close(e->net);
	quiet_close(&e->quiet);
	allow_free(e->allow);
	store_doc_free(e->allow_doc);
	nat_free(e->nat);
	journal_free(e->journal);
	eng_keep_fini(e);
	eng_rows_fini(e);
	eng_observe_fini(e);
	if (e->lock_fd >= 0)
		lock_release(e->lock_fd, (int)if_nametoindex(e->o->ingress));
	serve_close(
		e->run->serve); /* last: `ctl quit` waits for it, and the next start may follow */
	if (e->run->epoll_fd >= 0)
		close(e->run->epoll_fd);
	if (e->run->signal_fd >= 0)
		close(e->run->signal_fd);
	if (e->run->timer_fd >= 0)
		close(e->run->timer_fd);
	free(e->history);
	free(e->run);
	free(e);
}
