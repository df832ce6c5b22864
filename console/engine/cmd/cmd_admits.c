// SPDX-License-Identifier: GPL-2.0-only
/* `allow admits`: what an entry would let through of what is denied now. [engine] */
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>

#include "engine/cmd/cmd.h"
#include "engine/engine.h"
#include "proto/out.h"

static void protocol_text(const struct admits_part *p, char *buf, size_t size)
{
	const char *name = p->proto == IPPROTO_UDP	? "udp"
			   : p->proto == IPPROTO_TCP	? "tcp"
			   : p->proto == IPPROTO_ICMP	? "icmp"
			   : p->proto == IPPROTO_ICMPV6 ? "icmp6"
							: NULL;

	if (name && p->port)
		snprintf(buf, size, "%s/%u", name, p->port);
	else if (name)
		snprintf(buf, size, "%s", name);
	else
		snprintf(buf, size, "protocol %u", p->proto);
}

static void put_parts(struct out *o, const struct admits *a)
{
	char text[ADDR_TEXT];

	out_array(o, "peers");
	for (size_t i = 0; i < a->n_peers; i++) {
		out_object(o, NULL);
		out_str(o, "addr", addr_format(&a->peer[i].addr, text));
		out_u64(o, "pps", a->peer[i].pps);
		out_end(o);
	}
	out_end(o);
	out_array(o, "protocols");
	for (size_t i = 0; i < a->n_protocols; i++) {
		protocol_text(&a->protocol[i], text, sizeof(text));
		out_object(o, NULL);
		out_str(o, "protocol", text);
		out_u64(o, "pps", a->protocol[i].pps);
		out_end(o);
	}
	out_end(o);
}

/* What is denied in count mode is let through, and in mode off nobody looks. */
static void note_mode(struct con *c)
{
	if (c->e->o->allow_mode == VX_ALLOW_COUNT)
		out_note(c->out,
			 "allow-mode is count: they are let through, enforce would deny them");
	else if (c->e->o->allow_mode == VX_ALLOW_OFF)
		out_note(c->out, "allow-mode is off: all is let through, and nothing is known of "
				 "what would be denied");
}

int cmd_admits(struct con *c)
{
	char mode[16];
	struct eng_admits a;
	char text[ADDR_TEXT];
	struct cidr cidr;
	int r = addr_cidr_parse(c->argv[0], &cidr, c->err);

	if (!r)
		r = eng_admits(c->e, &cidr, &a, c->err);
	if (r < 0)
		return r;
	out_object(c->out, NULL);
	out_str(c->out, "cidr", addr_cidr_format(&cidr, text));
	out_u64(c->out, "pps", a.sum.pps);
	out_u64(c->out, "from_pps", a.sum.from_pps);
	out_u64(c->out, "to_pps", a.sum.to_pps);
	put_parts(c->out, &a.sum);
	out_u64(c->out, "addresses", a.sum.inside);
	out_u64(c->out, "others", a.sum.others);
	out_u64(c->out, "ruled_pps", a.ruled_pps);
	out_u64(c->out, "unknown_pps", a.unknown_pps);
	out_str(c->out, "mode", opt_value(c->e->o, OPT_ALLOW_MODE, mode, sizeof(mode)));
	out_end(c->out);
	out_note(c->out,
		 "Of the last second. Denied packets that are 2 ms apart are all seen, more are "
		 "sampled: within 5%% of all that is denied.");
	note_mode(c);
	return 0;
}

int cmd_admits_asks(struct con *c, const struct cidr *cidr)
{
	char text[ADDR_TEXT];
	struct eng_admits a;
	int r;

	if (addr_cidr_single(cidr) || allow_find(c->e->allow, cidr))
		return 0;
	r = eng_admits(c->e, cidr, &a, c->err);
	if (r < 0 || a.sum.inside < 2)
		return r;
	return cmd_ask(c,
		       "%s about %" PRIu64 " packets/s: %" PRIu64 " from and %" PRIu64
		       " to %zu denied addresses in %s, exchanged with %zu other address%s",
		       c->e->o->allow_mode == VX_ALLOW_ENFORCE ? "would admit"
							       : "enforce would then admit",
		       a.sum.pps, a.sum.from_pps, a.sum.to_pps, a.sum.inside,
		       addr_cidr_format(cidr, text), a.sum.others, a.sum.others == 1 ? "" : "es");
}
