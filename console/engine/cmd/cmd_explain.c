// SPDX-License-Identifier: GPL-2.0-only
/* `explain`: what would become of a packet, typed or captured. [engine] */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/cmd/cmd_groups.h"
#include "engine/cmd/explain.h"
#include "engine/engine.h"
#include "engine/model/packet.h"
#include "engine/sys/pcap.h"
#include "proto/out.h"

#define RANGE_MAX 1000 /* packets in one answer */
#define WORDS_MAX 15   /* proto N A > B, and five options with their values */

/* Both frames are large, so they are not on the stack. */
struct work {
	uint8_t frame[PACKET_FRAME_MAX];
	struct eng_explained ex;
};

/* cut: bytes that are not in the frame, but were on the wire. */
static int put_frame(struct con *c, struct work *w, uint32_t len, uint32_t cut, uint32_t packet)
{
	int r = eng_explain(c->e, w->frame, len, &w->ex, c->err);

	if (r)
		return r;
	w->ex.cut = cut;
	out_object(c->out, NULL);
	if (packet)
		out_id(c->out, "packet", packet);
	explain_members(c->out, c->e, &w->ex);
	out_end(c->out);
	return 0;
}

static int explain_typed(struct con *c, struct work *w)
{
	const struct opt_vnis *ours = &c->e->o->vnis;
	struct packet p;
	int r = packet_parse(c->argc, c->argv, &p, c->err);

	if (r)
		return r;
	if (!p.has_vni)
		p.vni = ours->any || !ours->n ? 1 : ours->vni[0];
	return put_frame(c, w, packet_build(&p, c->e->o->port, w->frame), 0, 0);
}

/* N, N-M, all. */
static int take_range(const char *text, uint64_t *from, uint64_t *to, struct vx_err *err)
{
	const char *dash = strchr(text, '-');
	char first[16] = "";
	int r = 0;

	*from = 1;
	*to = PCAP_PACKETS_MAX;
	if (!strcmp(text, "all"))
		return 0;
	if (dash && (size_t)(dash - text) < sizeof(first)) {
		memcpy(first, text, (size_t)(dash - text));
		r = cmd_number(first, PCAP_PACKETS_MAX, from, err);
		text = dash + 1;
	}
	r = r ? r : cmd_number(text, PCAP_PACKETS_MAX, to, err);
	if (!*first)
		*from = *to;
	if (!r && (!*from || *from > *to || *to - *from >= RANGE_MAX))
		r = vx_err_set(err, -ERANGE,
			       "packets are counted from 1; a range rises and has at most %d, "
			       "as 1-%d",
			       RANGE_MAX, RANGE_MAX);
	return r;
}

/* Of several packets, those that no test run takes are told of, and the others explained. */
static int put_packet(struct con *c, struct work *w, uint32_t len, const struct pcap *at, bool one)
{
	uint32_t n = at->n;
	int r = put_frame(c, w, len, at->cut, n);

	if (r != -EMSGSIZE || one)
		return r ? vx_err_prefix(c->err, "packet %u", n) : 0;
	out_object(c->out, NULL);
	out_id(c->out, "packet", n);
	out_str(c->out, "error", c->err->msg);
	out_end(c->out);
	return 0;
}

static int walk(struct con *c, struct work *w, uint64_t from, uint64_t to, bool all)
{
	struct pcap pcap;
	uint32_t len;
	int r = pcap_open(&pcap, c->fd, c->err);

	if (r < 0)
		return r;
	while (pcap.n < to) {
		bool wanted = pcap.n + 1 >= from;

		r = pcap_next(&pcap, wanted ? w->frame : NULL, sizeof(w->frame), &len, c->err);
		if (r <= 0)
			break;
		if (all && pcap.n > RANGE_MAX)
			return vx_err_set(c->err, -E2BIG,
					  "has more than %d packets: name a range, as 1-%d",
					  RANGE_MAX, RANGE_MAX);
		r = wanted ? put_packet(c, w, len, &pcap, from == to) : 0;
		if (r < 0)
			break;
	}
	if (r >= 0 && !all && pcap.n < to)
		r = vx_err_set(c->err, -ENOENT, "has %u packets, there is no packet %llu", pcap.n,
			       (unsigned long long)to);
	return r < 0 ? r : 0;
}

static int explain_captured(struct con *c, struct work *w)
{
	const char *which = c->argc > 1 ? c->argv[1] : "1";
	uint64_t from, to;
	bool one;
	int r;

	if (c->argc > 2)
		return vx_err_set(
			c->err, -EINVAL,
			"'%.60s' is taken for a file, and behind it stands N, N-M or all; "
			"a packet begins with udp, tcp, icmp or proto",
			c->argv[0]);
	if (!c->may_write)
		return vx_err_set(c->err, -EPERM,
				  "refused: the engine reads files of root and the socket's owner "
				  "only; a packet may be typed");
	if (c->fd < 0)
		return vx_err_set(c->err, -EBADF,
				  "the caller has to open FILE and pass its descriptor");
	r = take_range(which, &from, &to, c->err);
	if (r)
		return r;
	one = from == to;
	if (!one)
		out_blocks(c->out, NULL);
	r = walk(c, w, from, to, !strcmp(which, "all"));
	if (!one)
		out_end(c->out);
	return r ? vx_err_prefix(c->err, "%.100s", c->argv[0]) : 0;
}

static int explain(struct con *c)
{
	struct work *w = malloc(sizeof(*w));
	int r;

	if (!w)
		return vx_err_set(c->err, -ENOMEM, "no memory");
	r = packet_is_word(c->argv[0]) ? explain_typed(c, w) : explain_captured(c, w);
	free(w);
	return r;
}

static void complete(struct completion *c)
{
	const char *word;
	int ends; /* words up to the second address */

	if (c->argc == 1) {
		for (unsigned i = 0; (word = packet_word(i)); i++)
			cmd_offer(c, word, "a packet");
		return;
	}
	if (!packet_is_word(c->argv[0]))
		return;
	ends = strcmp(c->argv[0], "proto") ? 4 : 5;
	if (c->argc == ends - 1) {
		cmd_offer(c, "to", "the destination");
	} else if (c->argc > ends && (c->argc - ends) % 2) {
		for (unsigned i = 0; (word = packet_option(i)); i++)
			cmd_offer(c, word, "");
	}
}

const struct cmd cmd_explain[] = {
	{ "explain", "udp|tcp A:PORT > B:PORT ... | icmp A > B ... | proto N A > B ... | FILE [N]",
	  1, WORDS_MAX, CMD_RO | CMD_READS | CMD_PACKET, explain,
	  "what would become of a packet, and by which entry and rule", complete },
	{ 0 },
};
