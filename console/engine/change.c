/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changes to the allowlist, the VNIs and the intake: the model and the datapath change together or
 * not at all. NAT rules are in rules.c, settings in set.c. [engine]
 */
#include "engine/run_int.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"

int eng_allow_add(struct eng *e, const struct cidr *c, const char *org, const char *note,
		  struct vx_err *err)
{
	const struct allow_entry *entry;
	int rc = allow_add(e->allow, c, org, note, &entry, err);

	if (rc)
		return rc;
	eng_hits_start(e, false, entry->idx);
	rc = e->dp->allow_put(e->d, entry, err);
	if (!rc) {
		rc = eng_record_entry(e, entry, true, err);
		if (rc && e->dp->allow_del(e->d, entry, NULL))
			vx_error("allow add: could not take the entry out of the map");
	}
	if (rc && allow_del(e->allow, c, NULL))
		vx_error("allow add: could not take the entry back");
	return rc;
}

int eng_allow_del(struct eng *e, const struct cidr *c, struct vx_err *err)
{
	const struct allow_entry *entry = allow_find(e->allow, c);
	int rc;

	if (!entry)
		return allow_del(e->allow, c, err); /* its message */
	rc = eng_record_entry(e, entry, false, err);
	rc = rc ? rc : e->dp->allow_del(e->d, entry, err);
	rc = rc ? rc : allow_del(e->allow, c, err);
	if (rc)
		eng_record_forget(e);
	return rc;
}

struct started {
	struct eng *e;
	const struct allow *old;
};

static void start_new(void *ctx, const struct allow_entry *entry)
{
	struct started *s = ctx;

	if (!allow_find(s->old, &entry->cidr))
		eng_hits_start(s->e, false, entry->idx);
}

int eng_allow_switch(struct eng *e, struct allow *list, struct vx_err *err)
{
	struct started s = { e, e->allow };
	int rc;

	allow_foreach(list, start_new, &s);
	rc = e->dp->allow_swap(e->d, list, err);
	if (!rc)
		e->allow = list;
	return rc;
}

int eng_allow_take(struct eng *e, struct allow *fresh, struct store_doc *doc, struct vx_err *err)
{
	struct store_doc *old_doc = e->allow_doc;
	struct allow *old = e->allow;
	int rc = eng_record_room(e, err);

	if (!rc) {
		allow_adopt_idx(fresh, old);
		rc = eng_allow_switch(e, fresh, err);
	}
	if (rc) {
		allow_free(fresh);
		store_doc_free(doc);
		return rc;
	}
	e->allow_doc = doc;
	eng_record_list(e, old, old_doc);
	return 0;
}

int eng_allow_load(struct eng *e, int fd, const char *name, store_warn_fn warn, void *ctx,
		   struct vx_err *err)
{
	struct store_doc *doc;
	struct allow *fresh;
	int rc = store_allow_read(fd, name, e->o->allow_max, &fresh, &doc, warn, ctx, err);

	return rc ? rc : eng_allow_take(e, fresh, doc, err);
}

static uint64_t rate_of(void *ctx, const struct allow_entry *entry)
{
	return eng_allow_pps(ctx, entry);
}

static void no_warning(void *ctx, const char *text)
{
	(void)ctx;
	(void)text;
}

/* Another list, to be compared and freed; its warnings are told when it is put in force. */
static int read_other(struct eng *e, int fd, const char *name, struct allow **out,
		      struct vx_err *err)
{
	struct store_doc *doc;
	int rc = store_allow_read(fd, name, e->o->allow_max, out, &doc, no_warning, NULL, err);

	if (!rc)
		store_doc_free(doc);
	return rc;
}

int eng_allow_diff_rows(struct eng *e, int fd, const char *name, allow_diff_fn fn, void *ctx,
			struct vx_err *err)
{
	struct allow *other;
	int rc = read_other(e, fd, name, &other, err);

	if (rc)
		return rc;
	allow_diff_rows(e->allow, other, fn, ctx);
	allow_free(other);
	return 0;
}

int eng_allow_diff(struct eng *e, int fd, const char *name, struct allow_diff *out,
		   struct vx_err *err)
{
	struct allow *other;
	int rc = read_other(e, fd, name, &other, err);

	if (rc)
		return rc;
	allow_diff(e->allow, other, rate_of, e, out);
	allow_free(other);
	return 0;
}

int eng_allow_diff_list(struct eng *e, struct allow *packed, struct allow_diff *out,
			struct vx_err *err)
{
	int rc = allow_unpack(packed, err);

	if (rc)
		return rc;
	allow_diff(e->allow, packed, rate_of, e, out);
	allow_pack(packed);
	return 0;
}

int eng_allow_diff_text(struct eng *e, const char *text, struct allow_diff *out, struct vx_err *err)
{
	struct store_doc *doc;
	struct allow *other;
	int rc = store_allow_parse(text, strlen(text), "its list", e->o->allow_max, &other, &doc,
				   no_warning, NULL, err);

	if (rc)
		return rc;
	allow_diff(e->allow, other, rate_of, e, out);
	allow_free(other);
	store_doc_free(doc);
	return 0;
}

/* The file that was written is the list's from now on. A mode that nobody gave is off for want of a
 * list: it stays so, where a config that names the list alone would make it enforce. */
static void adopt(struct eng *e, const char *path)
{
	struct opts *o = e->o;

	snprintf(o->allowlist, sizeof(o->allowlist), "%s", path);
	o->source[OPT_ALLOWLIST] = OPT_BY_SET;
	if (o->source[OPT_ALLOW_MODE] == OPT_BY_DEFAULT)
		o->source[OPT_ALLOW_MODE] = OPT_BY_SET;
	e->unsaved[ENG_SETTINGS].off++;
	e->adopted = true;
}

int eng_allow_save(struct eng *e, const char *path, int fd, struct eng_list_saved *out,
		   struct vx_err *err)
{
	const char *own = e->o->allowlist;
	struct stat st;
	bool other;
	int rc;

	*out = (struct eng_list_saved){ .adopted = false };
	if (fd >= 0)
		return store_allow_write_fd(fd, path ? path : "the client's file", e->allow,
					    e->allow_doc, err);
	if (!path)
		path = *own ? own : eng_etc(ENG_ETC "/allowlist.json");
	other = eng_watch_other(e, path, &st);
	rc = store_allow_write(path, e->allow, e->allow_doc, err);
	if (rc)
		return rc;
	if (other)
		eng_watch_took(path, &st, out->other, sizeof(out->other));
	out->adopted = !*own;
	if (out->adopted)
		adopt(e, path);
	return 0;
}

static uint32_t *vni_at(struct opt_vnis *v, uint32_t vni)
{
	for (uint32_t i = 0; i < v->n; i++)
		if (v->vni[i] >= vni)
			return &v->vni[i];
	return &v->vni[v->n];
}

int eng_vni_add(struct eng *e, uint32_t vni, struct vx_err *err)
{
	struct opt_vnis *v = &e->o->vnis;
	uint32_t *at = vni_at(v, vni);
	size_t after = (size_t)(v->vni + v->n - at);
	int rc;

	if (v->any)
		return vx_err_set(err, -EEXIST,
				  "VNI %u: any VNI is taken already; choose some with: "
				  "set vni N[,N...]",
				  vni);
	if (after && *at == vni)
		return vx_err_set(err, -EEXIST, "VNI %u is ours already", vni);
	if (v->n == VX_MAX_VNIS)
		return vx_err_set(err, -ENOSPC, "VNI %u: %d VNIs are the most; use: set vni any",
				  vni, VX_MAX_VNIS);
	rc = eng_record_setting(e, OPT_VNI, err);
	rc = rc ? rc : e->dp->vni_set(e->d, vni, true, err);
	if (rc) {
		eng_record_forget(e);
		return rc;
	}
	memmove(at + 1, at, after * sizeof(*at));
	*at = vni;
	v->n++;
	e->o->source[OPT_VNI] = OPT_BY_SET;
	return 0;
}

int eng_vni_del(struct eng *e, uint32_t vni, struct vx_err *err)
{
	struct opt_vnis *v = &e->o->vnis;
	uint32_t *at = vni_at(v, vni);
	size_t after = (size_t)(v->vni + v->n - at);
	int rc;

	if (v->any)
		return vx_err_set(err, -ENOENT,
				  "VNI %u: any VNI is taken; choose some with: set vni "
				  "N[,N...]",
				  vni);
	if (!after || *at != vni)
		return vx_err_set(err, -ENOENT, "VNI %u is not ours", vni);
	if (v->n == 1)
		return vx_err_set(err, -EINVAL,
				  "VNI %u is the last one: nothing would be ours; to stop "
				  "taking packets use: intake off",
				  vni);
	rc = eng_record_setting(e, OPT_VNI, err);
	rc = rc ? rc : e->dp->vni_set(e->d, vni, false, err);
	if (rc) {
		eng_record_forget(e);
		return rc;
	}
	memmove(at, at + 1, (after - 1) * sizeof(*at));
	v->n--;
	e->o->source[OPT_VNI] = OPT_BY_SET;
	return 0;
}

int eng_intake(struct eng *e, bool on, struct vx_err *err)
{
	uint32_t *paused = &e->dp->cfg(e->d)->paused;

	if (!*paused == on)
		return vx_err_set(err, -EALREADY, "intake is %s already", on ? "on" : "off");
	if (eng_record_intake(e, on, err))
		return -ENOMEM;
	dp_store32(paused, !on);
	vx_info("intake %s", on ? "on" : "OFF: every packet that is ours is dropped (row paused)");
	return 0;
}
