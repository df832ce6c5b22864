// SPDX-License-Identifier: GPL-2.0-only
/*
 * What `explain` says: of each step its verdict and by what, the row of the ledger in which the
 * packet ends, and what to do about it. The steps are those of vx_decide() in bpf/vx.bpf.c.
 * [engine]
 */
#include "engine/cmd/explain.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "engine/model/ledger.h"
#include "engine/model/trace.h"
#include "opt.h"
#include "proto/out.h"

#define IP_MAX (VX_MAX_FRAME - 14)
#define BY     400

/* One step of one packet. */
struct step {
	const struct eng *e;
	const struct eng_explained *ex;
	const struct vx_trace *t;
	enum vx_ledger_id row; /* VX_L_RX: it went on */
	char *by;
	size_t size;
};

/* The settings are those of vx_cfg; only they know their words. */
#define SETTING 24
static const char *setting(const struct step *s, enum opt_id id, char buf[static SETTING])
{
	return opt_value(s->e->o, id, buf, SETTING);
}

#define SAY(s, ...) snprintf((s)->by, (s)->size, __VA_ARGS__)

static void by_outer(struct step *s)
{
	const struct vx_trace *t = s->t;
	struct addr from = trace_addr(t->outer_family, t->outer_src);
	char text[ADDR_TEXT], word[SETTING];

	addr_format(&from, text);
	if (s->row == VX_L_NOT_VXLAN)
		SAY(s, "not UDP to port %u with a VXLAN header that has its I bit set",
		    s->ex->cfg.port);
	else if (s->row == VX_L_OUTER_FRAGMENT)
		SAY(s, "a fragment of an outer UDP packet");
	else if (s->row)
		SAY(s, "VNI %u from %s is not ours (other-vni %s)", t->vni, text,
		    setting(s, OPT_OTHER_VNI, word));
	else
		SAY(s, "VNI %u from %s is ours%s", t->vni, text,
		    s->ex->cfg.vni_any ? ", as any is" : "");
}

static void by_inner(struct step *s)
{
	const struct vx_trace *t = s->t;
	struct addr src = trace_addr(t->family, t->src), dst = trace_addr(t->family, t->dst);
	char a[ADDR_TEXT], b[ADDR_TEXT], proto[TRACE_PROTO];
	bool frag = t->flags & VX_T_FRAG;

	if (s->row == VX_L_MALFORMED)
		SAY(s, "its Ethernet or IP header is cut or contradicts itself");
	else if (s->row == VX_L_NOT_IP)
		SAY(s, "neither IPv4 nor IPv6");
	else if (s->row == VX_L_PAUSED)
		SAY(s, "intake is off");
	else
		SAY(s, "%s %s > %s, %u bytes%s%s%s", trace_proto(t->proto, proto),
		    addr_format(&src, a), addr_format(&dst, b), t->ip_len,
		    frag && t->flags & VX_T_FIRST ? ", a first fragment"
		    : frag			  ? ", a later fragment"
						  : "",
		    t->flags & VX_T_TRUNCATED ? ", truncated" : "",
		    t->tags ? ", its tags are taken off" : "");
}

static void by_allow(struct step *s)
{
	const struct allow_entry *entry = s->ex->entry;
	struct addr src = trace_addr(s->t->family, s->t->src);
	char text[ADDR_TEXT], match[SETTING], mode[SETTING];

	if (s->ex->cfg.allow_mode == VX_ALLOW_OFF)
		SAY(s, "not asked: allow-mode off");
	else if (entry)
		SAY(s, "%s%s%.200s permits its %s", addr_cidr_format(&entry->cidr, text),
		    entry->org ? ", " : "", entry->org ? entry->org : "",
		    s->ex->cfg.match != VX_MATCH_DST && addr_cidr_contains(&entry->cidr, &src)
			    ? "source"
			    : "destination");
	else
		SAY(s, "no entry (match %s, allow-mode %s)", setting(s, OPT_MATCH, match),
		    setting(s, OPT_ALLOW_MODE, mode));
}

static void by_l4(struct step *s)
{
	const struct vx_trace *t = s->t;
	char proto[TRACE_PROTO];

	if (s->row == VX_L_TRUNCATED)
		SAY(s, "fewer bytes than its IP length (truncated drop)");
	else if (s->row)
		SAY(s, "its %s header is cut or contradicts itself", trace_proto(t->proto, proto));
	else if (t->flags & VX_T_HAS_PORTS)
		SAY(s, "ports %u > %u", ntohs(t->sport), ntohs(t->dport));
	else if (t->flags & VX_T_FRAG && !(t->flags & VX_T_FIRST))
		SAY(s, "no ports: they are in the first fragment");
	else
		SAY(s, "%s has no ports", trace_proto(t->proto, proto));
}

static void by_frag(struct step *s)
{
	uint32_t flags = s->t->flags;

	if (flags & VX_T_HELD)
		SAY(s, "its first fragment is not known: a worker waits up to 5 ms for it");
	else if (flags & VX_T_FRAG_HIT)
		SAY(s, "takes the remembered verdict of its first fragment");
	else if (flags & VX_T_FIRST && flags & VX_T_HAS_PORTS)
		SAY(s, "a first fragment: the later ones take its verdict");
	else
		SAY(s, "without ports: each fragment is judged alone");
}

static void by_nat(struct step *s)
{
	const struct vx_trace *t = s->t;
	const struct nat_rule *rule = s->ex->rule;
	char to[ADDR_TEXT], text[NAT_TEXT], proto[TRACE_PROTO], word[SETTING];

	if (t->flags & VX_T_HELD)
		SAY(s, "as its first fragment, when that is known");
	else if (s->row == VX_L_INTERNAL)
		SAY(s, "the verdict cannot be remembered");
	else if (rule)
		SAY(s, "rule %s sends it to %s", nat_key_text(s->e->nat, &rule->key, text),
		    trace_to(t, to));
	else if (t->flags & VX_T_NAT_HIT)
		SAY(s, "a rule that has gone since sends it to %s", trace_to(t, to));
	else if (t->flags & VX_T_FRAG_HIT)
		SAY(s, "its first fragment had no rule");
	else if (t->flags & VX_T_HAS_PORTS)
		SAY(s, "no rule for %s/%u (unmatched %s)", trace_proto(t->proto, proto),
		    ntohs(t->dport), setting(s, OPT_UNMATCHED, word));
	else
		SAY(s, "no rule, without ports (unmatched %s)", setting(s, OPT_UNMATCHED, word));
}

static uint32_t limit(const struct eng_explained *ex)
{
	uint32_t mtu = ex->cfg.egress_mtu;

	return mtu && mtu < IP_MAX && !(ex->x.trace.flags & VX_T_HELD) ? mtu : IP_MAX;
}

static void by_l2(struct step *s)
{
	const struct net_nexthop *hop = s->ex->hop;
	char via[ADDR_TEXT], mac[ADDR_TEXT];
	bool known = hop && hop->via.family;

	if (s->row == VX_L_OVERSIZE && limit(s->ex) == IP_MAX)
		SAY(s, "%u bytes, more than %u in one frame", s->t->ip_len, IP_MAX);
	else if (s->row == VX_L_OVERSIZE)
		SAY(s, "%u bytes, more than the MTU of %s, %u", s->t->ip_len, s->e->o->egress_dev,
		    limit(s->ex));
	else if (!hop)
		SAY(s, "%u bytes; its next hop as that of its first fragment", s->t->ip_len);
	else if (s->row)
		SAY(s, "next hop%s%s: %s", known ? " " : "",
		    known ? addr_format(&hop->via, via) : "", net_nh_state_name(hop->state));
	else
		SAY(s, "%u of %u bytes, to %s%s%s, %s", s->t->ip_len, limit(s->ex),
		    addr_mac_format(s->t->mac, mac), known ? ", " : "",
		    known ? addr_format(&hop->via, via) : "",
		    hop->override ? "next-hop-mac" : net_nh_state_name(hop->state));
}

static void by_out(struct step *s)
{
	if (s->row == VX_L_INTERNAL)
		SAY(s, "the frame cannot be written");
	else
		SAY(s, "ring %u of %u, %u bytes to %s", s->t->ring, s->ex->cfg.n_rings,
		    s->t->frame_len, s->e->o->egress_dev);
}

static const struct {
	const char *name;
	void (*by)(struct step *s);
} steps[] = {
	[VX_STEP_OUTER] = { "outer", by_outer }, [VX_STEP_INNER] = { "inner", by_inner },
	[VX_STEP_ALLOW] = { "allow", by_allow }, [VX_STEP_L4] = { "l4", by_l4 },
	[VX_STEP_FRAG] = { "frag", by_frag },	 [VX_STEP_NAT] = { "nat", by_nat },
	[VX_STEP_L2] = { "l2", by_l2 },		 [VX_STEP_OUT] = { "out", by_out },
};

static const char *verdict_of(const struct vx_trace *t)
{
	switch (ledger_group((enum vx_ledger_id)t->row)) {
	case VX_G_PASS:
		return "pass";
	case VX_G_DROP:
		return "drop";
	default:
		return t->flags & VX_T_HELD ? "hold" : "send";
	}
}

static void put_steps(struct out *o, const struct eng *e, const struct eng_explained *ex)
{
	const struct vx_trace *t = &ex->x.trace;

	out_array(o, "steps");
	for (uint32_t i = 0; i <= t->step && i <= VX_STEP_OUT; i++) {
		bool last = i == t->step;
		char by[BY];
		struct step s = { .e = e, .ex = ex, .t = t, .by = by, .size = sizeof(by) };

		if (i == VX_STEP_FRAG && !(t->flags & VX_T_FRAG))
			continue;
		s.row = last ? (enum vx_ledger_id)t->row : VX_L_RX;
		steps[i].by(&s);
		out_object(o, NULL);
		out_str(o, "step", steps[i].name);
		out_str(o, "verdict", last ? verdict_of(t) : "ok");
		out_str(o, "by", by);
		out_end(o);
	}
	out_end(o);
}

/* --- what to do --- */

static void todo_denied(struct step *s)
{
	const uint8_t *b = s->ex->cfg.match == VX_MATCH_DST ? s->t->dst : s->t->src;
	struct addr a = trace_addr(s->t->family, b);
	char text[ADDR_TEXT];

	SAY(s, "allow add %s", addr_format(&a, text));
}

static void todo_no_rule(struct step *s)
{
	char proto[TRACE_PROTO];

	if (s->t->flags & VX_T_HAS_PORTS)
		SAY(s, "nat add %s/%u=ADDRESS:PORT, or set unmatched forward",
		    trace_proto(s->t->proto, proto), ntohs(s->t->dport));
	else
		SAY(s, "set unmatched forward");
}

static void todo_oversize(struct step *s)
{
	if (s->t->ip_len > IP_MAX)
		SAY(s, "nothing: frames of more than %u bytes are never sent", VX_MAX_FRAME);
	else
		SAY(s, "ip link set %s mtu %u, or smaller packets at their source",
		    s->e->o->egress_dev, s->t->ip_len);
}

static void todo_no_neighbour(struct step *s)
{
	const char *why = s->ex->hop ? s->ex->hop->why : "";

	SAY(s, "%s%snat list shows the next hops, --next-hop-mac sets one", why, *why ? "; " : "");
}

/* The packet ends early: in the capture that was read, in the mirror, or where it was made. */
static void todo_short(struct step *s)
{
	bool forward = s->ex->cfg.truncated == VX_TRUNC_FORWARD;

	if (s->ex->cut)
		SAY(s,
		    "a capture of whole packets (tcpdump -s 0): %u bytes of this one are not in it",
		    s->ex->cut);
	else if (s->t->flags & VX_T_TRUNCATED)
		SAY(s, "a larger packet length of the mirror session%s",
		    forward ? "" : ", or set truncated forward");
	else
		SAY(s, "nothing: it is so at its source");
}

static void todo(struct step *s)
{
	switch (s->t->row) {
	case VX_L_NOT_VXLAN:
		SAY(s, "nothing, if it is no mirrored packet; else the option --port");
		break;
	case VX_L_OTHER_VNI_PASS:
	case VX_L_OTHER_VNI_DROP:
		SAY(s, "vni add %u", s->t->vni);
		break;
	case VX_L_OUTER_FRAGMENT:
		SAY(s, "a larger MTU between the mirror source and %s", s->e->o->ingress);
		break;
	case VX_L_MALFORMED:
	case VX_L_TRUNCATED:
		todo_short(s);
		break;
	case VX_L_NOT_IP:
		SAY(s, "nothing: it is so at its source");
		break;
	case VX_L_DENIED:
		todo_denied(s);
		break;
	case VX_L_NO_RULE:
		todo_no_rule(s);
		break;
	case VX_L_OVERSIZE:
		todo_oversize(s);
		break;
	case VX_L_NO_NEIGHBOUR:
		todo_no_neighbour(s);
		break;
	case VX_L_PAUSED:
		SAY(s, "intake on");
		break;
	case VX_L_REDIRECTED:
		break;
	case VX_L_QUEUED:
		if (s->t->flags & VX_T_HELD)
			SAY(s, "nothing, if its first fragment comes within 5 ms or came before");
		break;
	default:
		SAY(s, "a restart; if it stays so, report it");
	}
}

void explain_members(struct out *o, const struct eng *e, const struct eng_explained *ex)
{
	const struct vx_trace *t = &ex->x.trace;
	bool held = t->flags & VX_T_HELD && t->row == VX_L_QUEUED;
	char text[BY] = "";
	struct step s = { .e = e, .ex = ex, .t = t, .by = text, .size = sizeof(text) };

	out_str(o, "verdict", verdict_of(t));
	out_str(o, "row", held ? "frag_unknown" : ledger_name((enum vx_ledger_id)t->row));
	out_str(o, "help",
		held ? "A later fragment whose first one does not come within 5 ms"
		     : ledger_help((enum vx_ledger_id)t->row));
	todo(&s);
	out_str(o, "todo", *text ? text : NULL);
	out_str(o, "step", t->step <= VX_STEP_OUT ? steps[t->step].name : NULL);
	put_steps(o, e, ex);
	explain_frame(o, ex->x.frame, held ? 0 : ex->x.len);
}
