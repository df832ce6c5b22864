/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The stream of frames. A datagram is made once, in `whole`, and given out in pieces: with --frag
 * the inner one is cut and each piece wrapped, with --outer-frag the wrapped one is cut.
 */
#include "gen.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "capture.h"
#include "frame.h"
#include "engine/model/parse.h"
#include "replay.h"

#define FIRST_INNER_PORT 20000u
#define INNER_PORTS	 40000u
#define FIRST_OUTER_PORT 65408u /* AWS: 65408-65535 */
#define OUTER_PORT_BITS	 7

struct gen {
	const struct conf *c;
	struct capture cap;
	uint32_t run;
	uint64_t i; /* datagrams begun, or frames of the capture given */
	uint64_t random;
	uint32_t key;
	uint32_t piece, pieces; /* the next of the present datagram; all given: a new one begins */
	uint32_t len;		/* of whole */
	uint8_t whole[FRAME_MAX + FRAME_OUTER_MAX];
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint32_t mix(uint32_t v)
{
	v = (v ^ v >> 16) * 0x85ebca6bu;
	v = (v ^ v >> 13) * 0xc2b2ae35u;
	return v ^ v >> 16;
}

/* The n-th address of the first prefix, whatever it is there. */
void gen_host(const struct conf_cidrs *src, uint32_t n, uint8_t *out)
{
	uint32_t alen = src->c[0].addr.len, low;

	memcpy(out, src->c[0].addr.b, alen);
	low = htonl(parse_be32(out + alen - 4) + n);
	memcpy(out + alen - 4, &low, 4);
}

/* The next of a fixed sequence of numbers below n: each run draws the same. */
static uint32_t draw(struct gen *g, uint64_t n)
{
	g->random = g->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((g->random >> 32) * n >> 32);
}

void gen_source(const struct conf_cidrs *src, uint32_t flow, uint8_t *out)
{
	const struct conf_cidr *c = &src->c[flow % src->n];
	uint32_t alen = c->addr.len, host_bits = alen * 8 - c->prefix, host = flow / src->n, low;

	memcpy(out, c->addr.b, alen);
	if (!host_bits)
		return;
	if (host_bits > 31)
		host_bits = 31;
	/* Not the network's and the broadcast address, where there are such. */
	if (host_bits > 1)
		host = 1 + host % ((1u << host_bits) - 2);
	else
		host %= 2;
	low = parse_be32(out + alen - 4) | host;
	low = htonl(low);
	memcpy(out + alen - 4, &low, 4);
}

uint32_t gen_longest(const struct gen *g)
{
	uint32_t len = g->c->pcap ? g->cap.longest : (uint32_t)g->c->size.max;

	if (!g->c->pcap || g->c->wrap)
		len += frame_outer_len(g->c);
	return len + 8; /* an IPv6 fragment header */
}

uint32_t gen_key(const struct gen *g)
{
	return g->key;
}

bool gen_datagram_done(const struct gen *g)
{
	return g->piece == g->pieces;
}

static uint16_t outer_port(uint32_t key)
{
	return (uint16_t)(FIRST_OUTER_PORT + (mix(key) >> (32 - OUTER_PORT_BITS)));
}

/* Where the IP header begins that is to be cut: the inner one's, or (--outer-frag) the outer's. */
static uint32_t l3_of(const uint8_t *frame)
{
	return parse_be16(frame + 12) == ETH_P_8021Q ? 18 : 14;
}

static void make_datagram(struct gen *g)
{
	const struct conf *c = g->c;
	struct frame_inner in = { .id = (uint32_t)g->i };
	uint32_t flow = (uint32_t)(g->i % c->flows), size = (uint32_t)c->size.min, outer = 0;

	if (c->size.max > c->size.min)
		size += mix((uint32_t)g->i) % (uint32_t)(c->size.max - c->size.min + 1);
	if (c->hosts == CONF_UNSET)
		gen_source(&c->src, flow, in.src);
	else
		gen_host(&c->src, draw(g, c->hosts), in.src);
	in.sport = (uint16_t)(FIRST_INNER_PORT + flow % INNER_PORTS);
	in.dport = (uint16_t)(c->dport.min + g->i % (c->dport.max - c->dport.min + 1));
	in.stamp = (struct stamp){ htonl(STAMP_MAGIC), htonl(g->run), htons((uint16_t)flow),
				   htonl((uint32_t)(g->i / c->flows)), htobe64(now_ns()) };
	g->key = flow;
	if (c->outer_frag > 1) {
		outer = frame_outer_len(c);
		frame_outer(c, outer_port(flow), size, g->whole);
	}
	frame_inner(c, &in, size, g->whole + outer);
	g->len = outer + size;
	g->i++;
}

/* Piece k of the datagram, complete with outer headers. */
static uint32_t give_piece(struct gen *g, uint32_t k, uint8_t *buf)
{
	uint32_t outer = g->c->outer_frag > 1 ? 0 : frame_outer_len(g->c), len;

	len = frame_cut(g->whole, g->len, l3_of(g->whole), k, g->pieces, (uint32_t)g->i,
			buf + outer);
	if (outer)
		frame_outer(g->c, outer_port(g->key), len, buf);
	return outer + len;
}

static uint32_t next_generated(struct gen *g, uint8_t *buf)
{
	const struct conf *c = g->c;
	uint32_t k;

	if (g->piece == g->pieces) {
		g->pieces = (uint32_t)(c->outer_frag > 1 ? c->outer_frag : c->frag);
		g->piece = 0;
		make_datagram(g);
	}
	k = g->piece++;
	return give_piece(g, c->reverse ? g->pieces - 1 - k : k, buf);
}

/* A number for the flow of a recorded frame: of its addresses, so that fragments stay together. */
static uint32_t key_of(const uint8_t *frame, uint32_t len)
{
	struct parse_pkt p;
	uint32_t key = 0, i;

	if (parse_frame(&p, frame, len) || !p.version)
		return 0;
	for (i = 0; i < p.alen; i += 4)
		key = mix(key ^ parse_be32(p.src + i) ^ parse_be32(p.dst + i));
	return key;
}

static uint32_t next_recorded(struct gen *g, uint8_t *buf)
{
	const struct conf *c = g->c;
	const struct capture_frame *f = &g->cap.frame[g->i % g->cap.n];
	struct replay_edit e = { (uint16_t)c->port, c->set_vni, c->set_dport };
	uint32_t outer = c->wrap ? frame_outer_len(c) : 0;

	if (g->i >= g->cap.n && c->count == CONF_UNSET && c->ms == CONF_UNSET)
		return 0;
	g->i++;
	memcpy(buf + outer, g->cap.file + f->off, f->len);
	g->key = key_of(buf + outer, f->len);
	if (!c->wrap) {
		replay_edit(buf, f->len, &e);
		if (c->dmac.len && f->len >= ETH_ALEN)
			memcpy(buf, c->dmac.b, ETH_ALEN);
		return f->len;
	}
	if (c->set_dport != CONF_UNSET)
		replay_edit_dport(buf + outer, f->len, (uint16_t)c->set_dport);
	frame_outer(c, outer_port(g->key), f->len, buf);
	return outer + f->len;
}

uint32_t gen_next(struct gen *g, uint8_t *buf)
{
	return g->c->pcap ? next_recorded(g, buf) : next_generated(g, buf);
}

/* Frames of a capture may be too long for the interface: each then fails by itself, counted. */
static int check_sizes(const struct conf *c, struct vx_err *err)
{
	uint32_t least = frame_min_size(c), longest;
	uint64_t pieces = c->outer_frag > 1 ? c->outer_frag : c->frag;

	if (c->size.min < least)
		return vx_err_set(err, -EINVAL, "--size %llu: these packets need at least %u bytes",
				  (unsigned long long)c->size.min, least);
	if (c->frag > 1 && c->outer_frag > 1)
		return vx_err_set(err, -EINVAL, "--frag and --outer-frag exclude each other");
	if (c->outer_frag > 1 && c->plain)
		return vx_err_set(err, -EINVAL, "--plain has no outer headers to fragment");
	longest = frame_outer_len(c) + (uint32_t)c->size.max - 14;
	if (pieces > 1) /* the last piece is longer; each has headers */
		longest =
			longest / (uint32_t)pieces + frame_outer_len(c) + 48 + 8 * (uint32_t)pieces;
	if (longest > c->mtu + 4) /* a tag does not count */
		return vx_err_set(err, -EMSGSIZE,
				  "--size %llu: IP packets of %u bytes, but %s has MTU %u",
				  (unsigned long long)c->size.max, longest, c->ifname, c->mtu);
	return 0;
}

int gen_new(struct gen **out, const struct conf *c, struct vx_err *err)
{
	struct gen *g = calloc(1, sizeof(*g));
	int ret;

	if (!g)
		return vx_err_set(err, -ENOMEM, "no memory");
	g->c = c;
	g->run = stamp_run(now_ns(), (uint32_t)getpid());
	ret = c->pcap ? capture_load(&g->cap, c->pcap, err) : check_sizes(c, err);
	if (ret) {
		free(g);
		return ret;
	}
	*out = g;
	return 0;
}

void gen_free(struct gen *g)
{
	if (g)
		capture_free(&g->cap);
	free(g);
}
