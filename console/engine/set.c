/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Live settings: `set NAME VALUE`, and `save`. A value is parsed into a copy of the options, put
 * into force, and only then becomes the option. [engine]
 */
#include "engine/run_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "replace.h"

enum inj_egress_kind eng_egress_kind(enum opt_egress egress)
{
	/* With redirect the workers stay for what cannot be redirected: seen by the tap that
	 * verifies it. */
	static const enum inj_egress_kind kinds[] = { [OPT_EG_AUTO] = INJ_EGRESS_AUTO,
						      [OPT_EG_XDP] = INJ_EGRESS_XDP,
						      [OPT_EG_PACKET] = INJ_EGRESS_PACKET,
						      [OPT_EG_REDIRECT] = INJ_EGRESS_PACKET,
						      [OPT_EG_NULL] = INJ_EGRESS_NULL };

	return kinds[egress];
}

int eng_cpus(const struct opts *o, unsigned n_workers, int *cpus, unsigned max, struct vx_err *err)
{
	struct inj_cpu_query q = { .sys_root = "/sys",
				   .proc_root = "/proc",
				   .ingress = o->ingress,
				   .egress = o->egress_dev,
				   .n_workers = n_workers };

	if (!o->n_cpus)
		return inj_cpu_choose(&q, cpus, max, err);
	for (unsigned i = 0; i < o->n_cpus && i < max; i++)
		cpus[i] = o->cpus[i];
	return (int)(o->n_cpus < max ? o->n_cpus : max);
}

static bool has_vni(const struct opt_vnis *v, uint32_t vni)
{
	for (uint32_t i = 0; i < v->n; i++)
		if (v->vni[i] == vni)
			return true;
	return false;
}

/* Those of a that b has not: in or out of the map. Returns how many were done in *done, so that
 * they can be taken back. */
static int vni_difference(struct eng *e, const struct opt_vnis *a, const struct opt_vnis *b,
			  bool ours, uint32_t most, uint32_t *done, struct vx_err *err)
{
	int rc = 0;

	for (uint32_t i = 0; i < a->n && *done < most && !rc; i++) {
		if (has_vni(b, a->vni[i]))
			continue;
		rc = e->dp->vni_set(e->d, a->vni[i], ours, err);
		*done += !rc;
	}
	return rc;
}

static int set_vni(struct eng *e, const struct opts *was, const struct opts *n, struct vx_err *err)
{
	static const struct opt_vnis none;
	const struct opt_vnis *old = was->vnis.any ? &none : &was->vnis;
	const struct opt_vnis *new = n->vnis.any ? &none : &n->vnis;
	uint32_t added = 0, gone = 0, undone = 0;
	int rc = vni_difference(e, new, old, true, UINT32_MAX, &added, err);

	if (rc) {
		if (vni_difference(e, new, old, false, added, &undone, NULL))
			vx_error("set vni: could not take the new ones back");
		return rc;
	}
	dp_store32(&e->dp->cfg(e->d)->vni_any, n->vnis.any);
	if (vni_difference(e, old, new, false, UINT32_MAX, &gone, NULL))
		vx_error("set vni: an old VNI could not be removed");
	return 0;
}

/* A redirect that was given up comes back only when it is itself asked for. */
static int set_egress(struct eng *e, enum opt_id id, const struct opts *n, struct vx_err *err)
{
	const struct net_link *l = net_link(e->net, NET_EGRESS);
	bool was = e->run->redirect.on;
	bool on = n->egress == OPT_EG_REDIRECT && (id == OPT_EGRESS || was);
	int rc = on ? eng_redirect_on(e, err) : 0;

	if (rc)
		return rc;
	rc = inj_set_egress(e->inj, eng_egress_kind(n->egress), l->ifindex, n->qdisc_bypass, err);
	if (rc) {
		if (on && !was)
			eng_redirect_off(e);
		return rc;
	}
	if (n->egress != OPT_EG_REDIRECT)
		eng_redirect_off(e);
	eng_egress_say(e, n);
	return 0;
}

static int set_cpus(struct eng *e, const struct opts *n, struct vx_err *err)
{
	int cpus[INJ_MAX_WORKERS];
	int count = eng_cpus(n, e->run->n_workers, cpus, INJ_MAX_WORKERS, err);
	int rc = count < 0 ? count : inj_set_cpus(e->inj, cpus, (unsigned)count, err);

	if (!rc)
		eng_busy_poll_say(e, n);
	return rc;
}

void eng_busy_poll_say(const struct eng *e, const struct opts *o)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN), taken = (long)e->run->n_workers;
	int list[INJ_MAX_WORKERS];
	int n = eng_cpus(o, e->run->n_workers, list, INJ_MAX_WORKERS, NULL);

	if (n > 0 && n < taken)
		taken = n;
	if (!o->busy_poll)
		return;
	if (taken < (long)e->run->n_workers)
		vx_warn("busy-poll: %u workers share %ld CPUs and wait for each other: "
			"set cpus, or start with fewer --workers",
			e->run->n_workers, taken);
	else if (cpus <= taken)
		vx_warn("busy-poll: %u workers on %ld CPUs leave none for the ingress and for this "
			"process: set busy-poll off%s",
			e->run->n_workers, cpus, cpus > 1 ? ", or start with fewer --workers" : "");
}

int eng_setting_apply(struct eng *e, enum opt_id id, const struct opts *was, const struct opts *n,
		      struct vx_err *err)
{
	struct vx_cfg *c = e->dp->cfg(e->d);

	switch (id) {
	case OPT_VNI:
		return set_vni(e, was, n, err);
	case OPT_OTHER_VNI:
		dp_store32(&c->other_vni, n->other_vni);
		return 0;
	case OPT_ALLOW_MODE:
		dp_store32(&c->allow_mode, n->allow_mode);
		return 0;
	case OPT_MATCH:
		dp_store32(&c->match, n->match);
		return 0;
	case OPT_UNMATCHED:
		dp_store32(&c->unmatched, n->unmatched);
		return 0;
	case OPT_TRUNCATED:
		dp_store32(&c->truncated, n->truncated);
		return 0;
	case OPT_EGRESS:
	case OPT_QDISC_BYPASS:
		return set_egress(e, id, n, err);
	case OPT_DISPATCH:
		inj_set_dispatch(e->inj, n->spread ? INJ_SPREAD : INJ_FLOW);
		return 0;
	case OPT_BATCH:
		inj_set_batch(e->inj, n->batch);
		return 0;
	case OPT_BUSY_POLL:
		inj_set_busy_poll(e->inj, n->busy_poll);
		eng_busy_poll_say(e, n);
		return 0;
	case OPT_CPUS:
		return set_cpus(e, n, err);
	case OPT_NEXT_HOP_MAC:
		net_nexthop_override(e->net, n->has_next_hop_mac ? n->next_hop_mac : NULL);
		return 0;
	case OPT_DEBUG:
		log_set_level(n->debug);
		return 0;
	case OPT_INTERVAL:
		e->run->status_ns = 0;
		return 0;
	default:
		return vx_err_set(err, -EINVAL, "%s", opt_why_fixed(id));
	}
}

static bool same_value(const struct opts *a, const struct opts *b, enum opt_id id)
{
	char was[OPT_VALUE_MAX], is[OPT_VALUE_MAX];

	return !strcmp(opt_value(a, id, was, sizeof(was)), opt_value(b, id, is, sizeof(is)));
}

/* A value that is in force already is put into force again, which brings a redirect back that was
 * given up, but it is no change, and comes from where it came from. */
static int put_value(struct eng *e, enum opt_id id, struct opts *n, bool always, struct vx_err *err)
{
	bool given_up = id == OPT_EGRESS && e->o->egress == OPT_EG_REDIRECT && !e->run->redirect.on;
	bool same = !always && same_value(e->o, n, id);
	int rc = same ? 0 : eng_record_setting(e, id, err);

	rc = rc ? rc : eng_setting_apply(e, id, e->o, n, err);
	if (rc)
		eng_record_forget(e);
	else if (!same)
		*e->o = *n;
	return rc ? rc : same && !given_up;
}

static int set_one(struct eng *e, enum opt_id id, const char *value, bool always,
		   struct vx_err *err)
{
	struct opts *n = malloc(sizeof(*n));
	int rc;

	if (!n)
		return vx_err_set(err, -ENOMEM, "out of memory");
	*n = *e->o; /* only scalar fields are live, so the copy shares what it points to */
	rc = opt_set(n, id, value, OPT_BY_SET, err);
	rc = rc ? rc : put_value(e, id, n, always, err);
	free(n);
	return rc;
}

const char *eng_not_live(enum opt_id id)
{
	return opt_live(id) == OPT_LIVE_RESTART ? "needs a restart: " : "";
}

static int set_named(struct eng *e, const char *name, const char *value, bool always,
		     struct vx_err *err)
{
	int id = opt_find(name);

	if (id < 0)
		return vx_err_set(err, -EINVAL, "%s: no such setting; see: show settings", name);
	if (opt_live((enum opt_id)id) != OPT_LIVE_YES)
		return vx_err_set(err, -EPERM, "%s: %s%s", name, eng_not_live((enum opt_id)id),
				  opt_why_fixed((enum opt_id)id));
	return set_one(e, (enum opt_id)id, value, always, err);
}

int eng_set(struct eng *e, const char *name, const char *value, struct vx_err *err)
{
	return set_named(e, name, value, false, err);
}

int eng_set_anew(struct eng *e, const char *name, const char *value, struct vx_err *err)
{
	return set_named(e, name, value, true, err);
}

char **eng_rule_texts(const struct eng *e, int *n)
{
	uint32_t count = nat_count(e->nat);
	char **texts = calloc(count + 1, sizeof(*texts));
	char buf[NAT_TEXT];

	for (uint32_t i = 0; texts && i < count; i++) {
		texts[i] = strdup(nat_format(nat_at(e->nat, i), buf));
		if (!texts[i])
			count = i;
	}
	*n = (int)count;
	return texts;
}

void eng_rule_texts_free(char **texts, int n)
{
	for (int i = 0; texts && i < n; i++)
		free(texts[i]);
	free(texts);
}

int eng_read_config(const char *path, char **text, size_t *len, struct vx_err *err)
{
	int fd = store_open(path, err);
	int rc = fd < 0 ? fd : store_read_fd(fd, path, 1 << 20, text, len, err);

	if (fd >= 0)
		close(fd);
	return rc;
}

const char *eng_etc(const char *path)
{
	mkdir(ENG_ETC, 0755); /* what fails here shows when the file is written */
	return path;
}

int eng_save(struct eng *e, const char *path, int fd, struct vx_err *err)
{
	const char *to = path		   ? path
			 : e->o->config[0] ? e->o->config
					   : eng_etc(ENG_ETC "/vxconsole.conf");
	char *old = NULL, *out = NULL, **rules;
	size_t old_len = 0, out_len = 0;
	int rc, n_rules;

	rc = fd < 0 ? eng_read_config(to, &old, &old_len, err) : 0;
	if (rc && rc != -ENOENT)
		return rc;
	rules = eng_rule_texts(e, &n_rules);
	rc = rules ? opt_config_render(e->o, old ? old : "", old_len, rules, n_rules, &out,
				       &out_len, err)
		   : vx_err_set(err, -ENOMEM, "out of memory");
	if (!rc && fd < 0)
		rc = replace_file(to, out, out_len, err);
	else if (!rc && write(fd, out, out_len) != (ssize_t)out_len)
		rc = vx_err_set(err, -EIO, "%s: could not write it whole", to);
	eng_rule_texts_free(rules, n_rules);
	free(old);
	free(out);
	return rc;
}
