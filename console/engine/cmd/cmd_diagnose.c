// SPDX-License-Identifier: GPL-2.0-only
/* `diagnose`: what is the matter, and what mends it; what to look at elsewhere when nothing is.
 * [engine] */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/cmd/cmd_groups.h"
#include "engine/engine.h"
#include "engine/model/diagnose.h"
#include "engine/model/text.h"
#include "proto/fix.h"
#include "proto/out.h"

static void put_cause(struct out *o, const struct diag_cause *c)
{
	char since[OUT_TIME_TEXT];

	out_object(o, NULL);
	out_str(o, "id", diag_name(c->id));
	out_str(o, "severity", c->bad ? "bad" : "warn");
	out_time(o, "since", c->since_real_ns);
	out_u64(o, "pps", c->pps);
	out_str(o, "text", c->text);
	out_array(o, "fix");
	for (unsigned i = 0; i < c->n_fix; i++)
		out_str(o, NULL, c->fix[i]);
	out_end(o);
	out_end(o);
	out_note(o, "%-4s  %-16s since %s", c->bad ? "bad" : "warn", diag_name(c->id),
		 out_time_text(c->since_real_ns, since));
	out_note(o, "      %s", c->text);
	for (unsigned i = 0; i < c->n_fix; i++)
		out_note(o, "      %s %s%s",
			 i ? "  or:" : "mend:", fix_is_shell(c->fix[i]) ? "$ " : "", c->fix[i]);
}

/* The target that most packets go to, in the last second or, with none then, ever. */
struct busiest {
	struct eng_nat_row row; /* row.rule NULL: there is none */
	unsigned others;	/* rules to other targets that had packets in the last second */
};

static void find_busiest(void *ctx, const struct eng_nat_row *row)
{
	struct busiest *b = ctx;

	if (!b->row.rule || row->pps > b->row.pps ||
	    (row->pps == b->row.pps && row->hits > b->row.hits))
		b->row = *row;
}

static void count_others(void *ctx, const struct eng_nat_row *row)
{
	struct busiest *b = ctx;

	b->others += row->pps && !nat_same_target(row->rule, b->row.rule);
}

/* "172.30.82.95:80", and how many rules lead elsewhere */
static void target_text(const struct busiest *b, char *buf, size_t size)
{
	char rule[NAT_TEXT];
	const char *to = strchr(nat_format(b->row.rule, rule), '=');
	int n = snprintf(buf, size, "%s", to ? to + 1 : rule);

	if (b->others && n > 0 && (size_t)n < size)
		snprintf(buf + n, size - (size_t)n, ", most of them; %u other rule%s elsewhere",
			 b->others, b->others == 1 ? " leads" : "s lead");
}

struct lines {
	char line[8][280];
	unsigned n;
};

__attribute__((format(printf, 2, 3))) static void add(struct lines *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(l->line[l->n++], sizeof(l->line[0]), fmt, ap);
	va_end(ap);
}

/* Nothing here is wrong: what lies beyond, and the command that looks at each of it. */
static void beyond(struct eng *e, struct lines *l)
{
	const struct snapshot *s = &e->snap;
	char own[ADDR_TEXT], mac[ADDR_TEXT] = "", to[NAT_TEXT + 48] = "";
	const struct net_nexthop *hop;
	struct busiest b = { .others = 0 };
	struct buf pps = { 0 };

	eng_nat_rows(e, find_busiest, &b);
	if (b.row.rule) {
		eng_nat_rows(e, count_others, &b);
		target_text(&b, to, sizeof(to));
	}
	hop = b.row.nexthop;
	if (hop && hop->state == NET_NH_RESOLVED)
		addr_mac_format(hop->mac, mac);
	eng_egress_mac(e, own);
	buf_thousands(&pps, s->out_pps);
	add(l, "all is right here: %s packets/s leave %s%s%s%s%s", pps.failed ? "" : pps.data,
	    s->egress,
	    mac[0] ? " to MAC "
	    : hop  ? ""
		   : ", by no NAT rule",
	    mac, hop ? " for " : "", to);
	buf_fini(&pps);
	add(l, "if the target sees none, look there:");
	add(l,
	    "source/destination check and security groups of the egress ENI: aws ec2 "
	    "describe-network-interfaces --filters Name=mac-address,Values=%s --query "
	    "'NetworkInterfaces[].[NetworkInterfaceId,SourceDestCheck,Groups]'",
	    own);
	add(l, "what leaves here: tcpdump -eni %s -c 20", text_word(s->egress).text);
	if (b.row.rule)
		add(l, "what comes there: tcpdump -ni any -c 20 port %u", b.row.rule->to_port);
	add(l, "rp_filter there (2 or 0 lets foreign sources in): sysctl -a -r '\\.rp_filter$'");
	if (b.row.rule)
		add(l, "the listener there: ss -lntup sport = :%u", b.row.rule->to_port);
}

/* Before the causes, of which there are none: a list that is empty is no table. */
static void put_beyond(struct con *c)
{
	struct lines l = { .n = 0 };

	beyond(c->e, &l);
	out_array(c->out, "beyond");
	for (unsigned i = 0; i < l.n; i++) {
		out_str(c->out, NULL, l.line[i]);
		out_note(c->out, "%s%s", i > 1 ? "  " : "", l.line[i]);
	}
	out_end(c->out);
}

static int diagnose(struct con *c)
{
	const struct diag_cause *cause;

	eng_refresh(c->e);
	out_notes_only(c->out);
	out_object(c->out, NULL);
	if (!eng_cause(c->e, 0))
		put_beyond(c);
	out_array(c->out, "causes");
	for (unsigned i = 0; (cause = eng_cause(c->e, i)); i++)
		put_cause(c->out, cause);
	out_end(c->out);
	out_end(c->out);
	return 0;
}

const struct cmd cmd_diagnose[] = {
	{ "diagnose", "", 0, 0, CMD_RO, diagnose,
	  "what is the matter, worst first, and what mends it", NULL },
	{ 0 },
};
