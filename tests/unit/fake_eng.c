// SPDX-License-Identifier: GPL-2.0-only
/* An engine without datapath. struct eng is the first member of struct fake. */
#include "fake_eng.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct fake *fake_of(struct eng *e)
{
	return (struct fake *)e;
}

static void plant(struct snapshot *s)
{
	snprintf(s->version, sizeof(s->version), "9.9");
	s->pid = 123456;
	snprintf(s->ingress, sizeof(s->ingress), "ens5");
	snprintf(s->egress, sizeof(s->egress), "ens6");
	snprintf(s->mode, sizeof(s->mode), "native");
	snprintf(s->egress_method, sizeof(s->egress_method), "packet");
	s->uptime_ns = 3600ULL * 1000000000;
	s->in_pps = 87234;
	s->out_pps = 61870;
	s->ledger.row[VX_L_RX] = UINT64_MAX;
	s->ledger.row[VX_L_DENIED] = (1ULL << 53) + 1;
	s->ledger.row[VX_L_OTHER_VNI_PASS] = 3;
	s->ledger.row[VX_L_OTHER_VNI_DROP] = 4;
	s->ledger.errors[0] = (struct snap_errno){ ENOBUFS, 7 };
	s->ledger.errors[1] = (struct snap_errno){ -1, 2 };
	s->ledger.balanced = true;
	s->n_workers = 2;
	s->worker[1] =
		(struct snap_worker){ .cpu = 3, .tid = 77777, .sent = 12345678, .idle = 0.715 };
	s->ring[0].ms_left = UINT64_MAX;
	s->ring[1].ms_left = 412;
	s->latency[0].p50_ns = 6200;
}

void fake_eng_init(struct fake *f)
{
	struct vx_err err;

	memset(f, 0, sizeof(*f));
	f->e.o = &f->o;
	f->e.lock_fd = -1;
	snprintf(f->o.ingress, sizeof(f->o.ingress), "lo");
	snprintf(f->o.egress_dev, sizeof(f->o.egress_dev), "nosuch0");
	if (allow_new(&f->e.allow, 65536, &err) || nat_new(&f->e.nat, &err))
		abort();
	f->e.history = calloc(1, sizeof(*f->e.history));
	plant(&f->e.snap);
}

void fake_eng_fini(struct fake *f)
{
	allow_free(f->e.allow);
	nat_free(f->e.nat);
	free(f->e.history);
}

void eng_refresh(struct eng *e)
{
	fake_of(e)->refreshed++;
	e->snap.seq++;
}

int eng_allow_add(struct eng *e, const struct cidr *c, const char *org, const char *note,
		  struct vx_err *err)
{
	return allow_add(e->allow, c, org, note, NULL, err);
}

int eng_allow_del(struct eng *e, const struct cidr *c, struct vx_err *err)
{
	return allow_del(e->allow, c, err);
}

/* The file says what happens: "bad" is refused, the rest is taken with a warning. */
int eng_allow_load(struct eng *e, int fd, const char *name, store_warn_fn warn, void *ctx,
		   struct vx_err *err)
{
	struct fake *f = fake_of(e);
	ssize_t n = read(fd, f->said, sizeof(f->said) - 1);

	if (n < 0)
		return vx_err_set(err, -errno, "%s: %s", name, strerror(errno));
	f->said[n] = 0;
	if (!strncmp(f->said, "bad", 3))
		return vx_err_set(err, -EINVAL, "%s: line 7: '10.0.0.1/24'", name);
	warn(ctx, "total_ips is 3, the list has 4");
	return 0;
}

/* As above; "same" is no change. */
int eng_allow_diff(struct eng *e, int fd, const char *name, struct allow_diff *out,
		   struct vx_err *err)
{
	char text[16] = "";

	(void)e;
	memset(out, 0, sizeof(*out));
	if (read(fd, text, sizeof(text) - 1) < 0)
		return vx_err_set(err, -errno, "%s: %s", name, strerror(errno));
	if (!strncmp(text, "bad", 3))
		return vx_err_set(err, -EINVAL, "%s: line 7: '10.0.0.1/24'", name);
	if (!strncmp(text, "same", 4))
		return 0;
	*out = (struct allow_diff){ .added = 2,
				    .removed = 1,
				    .pps = 4980,
				    .added_text = "10.0.0.1, 10.0.0.2",
				    .removed_text = "104.218.88.5" };
	return 0;
}

int eng_allow_diff_rows(struct eng *e, int fd, const char *name, allow_diff_fn fn, void *ctx,
			struct vx_err *err)
{
	struct allow_entry entry = {
		.cidr = { .addr = { .family = VX_IP4, .b = { 10 } }, .len = 8 }, .org = "Lab"
	};

	(void)e, (void)fd, (void)name, (void)err;
	fn(ctx, ALLOW_REMOVED, &entry);
	fn(ctx, ALLOW_ADDED, &entry);
	return 0;
}

void eng_watch_know(struct eng *e, int fd)
{
	(void)e, (void)fd;
}

void eng_watch_forget(struct eng *e)
{
	(void)e;
}

uint64_t eng_allow_pps(const struct eng *e, const struct allow_entry *entry)
{
	(void)e;
	(void)entry;
	return 4980;
}

static int fill(struct eng *e, const char *what, const char *path, int fd, struct vx_err *err)
{
	struct fake *f = fake_of(e);

	snprintf(f->said, sizeof(f->said), "%s %s", what, path ? path : "own");
	if (fd >= 0 && write(fd, "content\n", 8) != 8)
		return vx_err_set(err, -errno, "%s", strerror(errno));
	return 0;
}

int eng_allow_save(struct eng *e, const char *path, int fd, struct eng_list_saved *out,
		   struct vx_err *err)
{
	*out = fake_of(e)->saved;
	return fill(e, "allow save", path, fd, err);
}

int eng_save(struct eng *e, const char *path, int fd, struct vx_err *err)
{
	return fill(e, "save", path, fd, err);
}

int eng_nat_add(struct eng *e, const char *rule, struct vx_err *err)
{
	struct nat_rule r;
	int rc = nat_parse(rule, &r, err);

	return rc ? rc : nat_add(e->nat, &r, err);
}

int eng_nat_del(struct eng *e, const char *key, struct vx_err *err)
{
	struct nat_rule gone;
	struct nat_key k;
	bool family;
	int rc = nat_key_parse(key, &k, &family, err);

	return rc ? rc : nat_del(e->nat, &k, family, &gone, err);
}

int eng_vni_add(struct eng *e, uint32_t vni, struct vx_err *err)
{
	if (vni == 1)
		return vx_err_set(err, -EEXIST, "1: is ours already");
	snprintf(fake_of(e)->said, sizeof(fake_of(e)->said), "vni add %u", vni);
	return 0;
}

int eng_vni_del(struct eng *e, uint32_t vni, struct vx_err *err)
{
	if (vni != 1)
		return vx_err_set(err, -ENOENT, "%u: is not ours", vni);
	snprintf(fake_of(e)->said, sizeof(fake_of(e)->said), "vni del %u", vni);
	return 0;
}

int eng_set(struct eng *e, const char *name, const char *value, struct vx_err *err)
{
	if (!strcmp(value, "wrong"))
		return vx_err_set(err, -EINVAL, "%s: 'wrong': expected something else", name);
	snprintf(fake_of(e)->said, sizeof(fake_of(e)->said), "set %s %s", name, value);
	return !strcmp(value, "same");
}

int eng_intake(struct eng *e, bool on, struct vx_err *err)
{
	if (e->snap.paused != on)
		return vx_err_set(err, -EALREADY, "intake is %s already", on ? "on" : "off");
	e->snap.paused = !on;
	return 0;
}

int eng_selfcheck(struct eng *e, struct eng_selfcheck *out, struct vx_err *err)
{
	struct fake *f = fake_of(e);

	(void)err;
	*out = (struct eng_selfcheck){ .exact = !f->inexact,
				       .rx = 100,
				       .rows = f->inexact ? 99 : 100 };
	return 0;
}

struct lister {
	const char *filter;
	eng_allow_fn fn;
	void *ctx;
};

static void allow_row(void *ctx, const struct allow_entry *entry)
{
	const struct lister *l = ctx;
	struct eng_allow_row row = { .entry = entry, .hits = 1234567, .pps = 10 };

	if (!l->filter || (entry->org && strstr(entry->org, l->filter)))
		l->fn(l->ctx, &row);
}

void eng_allow_rows(struct eng *e, const char *filter, eng_allow_fn fn, void *ctx)
{
	struct lister l = { filter, fn, ctx };
	struct allow_entry more = { .cidr = { .addr = { .family = VX_IP4, .b = { 10 } },
					      .len = 32 },
				    .org = "An organisation of some length" };
	struct eng_allow_row row = { .entry = &more, .last_seen_real_ns = 1700000000000000000 };

	allow_foreach(e->allow, allow_row, &l);
	for (unsigned i = 0; i < fake_of(e)->many; i++) {
		more.cidr.addr.b[2] = (uint8_t)(i >> 8);
		more.cidr.addr.b[3] = (uint8_t)i;
		fn(ctx, &row);
	}
}

void eng_denied_rows(struct eng *e, unsigned most, eng_denied_fn fn, void *ctx)
{
	struct eng_denied_row row = {
		.addr = { .family = VX_IP4, .b = { 172, 30, 83, 192 } },
		.count = 5,
		.pps = 41220,
		.admits = { .pps = 41350, .from_pps = 41220, .to_pps = 130, .senders = 3 }
	};

	(void)e;
	if (most)
		fn(ctx, &row);
}

/* Two flows of two addresses, 10.1.2.3 and 10.1.2.4, whatever is asked about. */
int eng_admits(struct eng *e, const struct cidr *c, struct eng_admits *out, struct vx_err *err)
{
	const struct admits_part peer = { .addr = { .family = VX_IP4, .b = { 8, 8, 8, 8 } },
					  .pps = 41350 };
	const struct admits_part protocol[] = { { .proto = 17, .port = 31765, .pps = 41340 },
						{ .proto = 1, .pps = 7 },
						{ .proto = 47, .pps = 3 } };

	(void)e;
	(void)err;
	*out = (struct eng_admits){ .sum = { .pps = 41350,
					     .from_pps = 41220,
					     .to_pps = 130,
					     .inside = c->len < 32 ? 2 : 1,
					     .others = 1,
					     .n_peers = 1,
					     .n_protocols = 3,
					     .peer = { peer } },
				    .ruled_pps = 41340 };
	memcpy(out->sum.protocol, protocol, sizeof(protocol));
	if (c->len == 8) /* one address of it alone */
		out->sum.inside = 1;
	return 0;
}

void eng_nat_rows(struct eng *e, eng_nat_fn fn, void *ctx)
{
	static const struct net_nexthop up = { .state = NET_NH_RESOLVED,
					       .mac = { 2, 0, 0, 0, 0, 1 } },
					down = { .state = NET_NH_NO_ROUTE,
						 .why = "no route to it" };
	const struct nat_rule *rule;

	for (uint32_t i = 0; (rule = nat_at(e->nat, i)); i++) {
		struct eng_nat_row row = {
			.rule = rule, .hits = 5, .pps = 61870, .nexthop = i ? &down : &up
		};

		fn(ctx, &row);
	}
}

const char *eng_port_key(const struct eng_port_row *row, char *buf, size_t size)
{
	snprintf(buf, size, "udp/%u", row->port);
	return buf;
}

void eng_port_rows(struct eng *e, unsigned most, eng_port_fn fn, void *ctx)
{
	(void)e;
	if (most)
		fn(ctx, &(struct eng_port_row){ .port = 31765, .count = 7, .pps = 1210 });
}

void eng_vni_rows(struct eng *e, eng_vni_fn fn, void *ctx)
{
	(void)e;
	fn(ctx, &(struct eng_vni_row){ .vni = 1, .ours = true, .packets = 10, .pps = 2 });
	fn(ctx, &(struct eng_vni_row){ .vni = 5569041, .packets = 3 });
}

void eng_source_rows(struct eng *e, eng_source_fn fn, void *ctx)
{
	(void)e;
	fn(ctx, &(struct eng_source_row){ .addr = { .family = VX_IP4, .b = { 10, 0, 0, 9 } },
					  .vni = 1,
					  .packets = 9,
					  .first_real_ns = 1700000000000000000 });
}

void eng_diagnose_ack(struct eng *e)
{
	(void)e;
}

const struct diag_cause *eng_cause(const struct eng *e, unsigned i)
{
	const struct fake *f = (const struct fake *)e;

	return i < f->n_causes ? &f->cause[i] : NULL;
}

void eng_egress_mac(const struct eng *e, char buf[static ADDR_TEXT])
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0x82, 0x10 };

	(void)e;
	addr_mac_format(mac, buf);
}

bool eng_record_change(struct eng *e, const char *user, const char *command,
		       const struct journal_change **made)
{
	(void)e;
	(void)user;
	(void)command;
	*made = NULL;
	return true;
}

void eng_keep_change(struct eng *e, const struct journal_change *c, enum kept_how how)
{
	(void)e;
	(void)c;
	(void)how;
}

void eng_keep_saved(struct eng *e, enum eng_part part)
{
	(void)e;
	(void)part;
}

/* Only the number is turned. */
int eng_undo(struct eng *e, bool redo, uint64_t only, uint64_t *id, struct vx_err *err)
{
	struct journal_change *c =
		redo ? journal_redo_next(e->journal) : journal_undo_next(e->journal);

	if (only && only != c->id)
		return vx_err_set(err, -ESTALE, "change %d is not the next", (int)only);
	journal_turned(e->journal, c);
	*id = c->id;
	return 0;
}

const struct kept *eng_kept(const struct eng *e)
{
	return ((const struct fake *)e)->kept;
}

int eng_journal_apply(struct eng *e, unsigned *done, unsigned *same, struct vx_err *err)
{
	(void)err;
	*done = fake_of(e)->kept->n;
	*same = 0;
	return 0;
}

int eng_journal_discard(struct eng *e, unsigned *n, struct vx_err *err)
{
	(void)err;
	*n = fake_of(e)->kept->n;
	return 0;
}

int eng_kept_rules(const struct kept_item *it, struct nat_rule **out, struct vx_err *err)
{
	*out = calloc(it->n_rules + 1, sizeof(**out));
	for (uint32_t i = 0; i < it->n_rules; i++)
		if (nat_parse(it->rule[i], &(*out)[i], err))
			return -EINVAL;
	return 0;
}

int eng_allow_diff_list(struct eng *e, struct allow *packed, struct allow_diff *out,
			struct vx_err *err)
{
	(void)e;
	(void)packed;
	(void)err;
	*out = (struct allow_diff){ .removed = 1, .pps = 4980, .removed_text = "104.218.88.5" };
	return 0;
}

int eng_allow_diff_text(struct eng *e, const char *text, struct allow_diff *out, struct vx_err *err)
{
	(void)text;
	return eng_allow_diff_list(e, NULL, out, err);
}

int eng_explain(struct eng *e, const uint8_t *frame, uint32_t len, struct eng_explained *out,
		struct vx_err *err)
{
	struct fake *f = fake_of(e);

	if (!f->explained || len < 14)
		return vx_err_set(err, -EMSGSIZE, "a frame of %u bytes", len);
	f->frames++;
	f->frame_len = len;
	memcpy(f->frame, frame, len < sizeof(f->frame) ? len : sizeof(f->frame));
	memcpy(out, f->explained, sizeof(*out));
	return 0;
}

/* The first call of each question has no answer yet, as with a real one. */
int eng_strays(struct eng *e, enum strays_act act, uint32_t id, uint64_t *ticket,
	       const struct strays_result **out, struct vx_err *err)
{
	struct fake *f = fake_of(e);

	if (!*ticket) {
		*ticket = 1;
		return 0;
	}
	if (f->strays_fail)
		return vx_err_set(err, -ETIMEDOUT, "not in time");
	if (act != STRAYS_LIST)
		snprintf(f->said, sizeof(f->said), "strays %d %u", (int)act, id);
	*out = &f->strays;
	return 1;
}

const struct strays *eng_strays_last(const struct eng *e)
{
	return &((const struct fake *)e)->strays.list;
}
