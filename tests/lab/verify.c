/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Judges one frame: noise or not, then layer by layer. A fragment is judged on its addresses and IP
 * header at once, and on its transport checksum and stamp when its datagram is whole.
 */
#include "verify.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "stamp.h"
#include "engine/model/sum.h"

/* A transport segment, whole: from one packet, or put together from fragments. */
struct segment {
	const struct parse_pkt *pkt; /* for its addresses; its bytes may be of one piece only */
	const uint8_t *head;
	uint32_t head_len;
	uint32_t len;
	uint64_t sum; /* of all len bytes */
};

int verify_init(struct verify *v, const struct verify_cfg *cfg)
{
	memset(v, 0, sizeof(*v));
	v->cfg = *cfg;
	v->flows = flowtab_new(cfg->run);
	v->datagrams = datagram_table_new();
	if (v->flows && v->datagrams)
		return 0;
	verify_fini(v);
	return -ENOMEM;
}

void verify_fini(struct verify *v)
{
	flowtab_free(v->flows);
	datagram_table_free(v->datagrams);
	v->flows = NULL;
	v->datagrams = NULL;
}

static uint16_t port_of(const struct parse_pkt *p, const uint8_t *l4, uint32_t len)
{
	if ((p->proto != IPPROTO_UDP && p->proto != IPPROTO_TCP) || len < 4 || p->frag_off)
		return 0;
	return parse_be16(l4 + 2);
}

/* Counts a fault, and describes the first of all in words. */
static void fault(struct verify *v, uint64_t *counter, const struct parse_pkt *p, const char *what)
{
	char src[INET6_ADDRSTRLEN] = "?", dst[INET6_ADDRSTRLEN] = "?";
	int af = p->version == 4 ? AF_INET : AF_INET6;
	unsigned int port = 0;

	++*counter;
	if (v->first_problem[0])
		return;
	if (p->version) {
		inet_ntop(af, p->src, src, sizeof(src));
		inet_ntop(af, p->dst, dst, sizeof(dst));
		port = port_of(p, p->frame + p->l4, p->end - p->l4);
	}
	snprintf(v->first_problem, sizeof(v->first_problem),
		 "packet %llu (%u bytes, %s > %s, protocol %u, port %u): %s",
		 (unsigned long long)v->n.packets, p->len, src, dst, p->proto, port, what);
}

/* ICMPv6 of neighbour discovery and of multicast listeners (also behind a hop-by-hop header). */
static bool is_noise(const struct parse_pkt *p)
{
	uint8_t type;

	if (p->ethertype == ETH_P_ARP)
		return true;
	if (p->version != 6 || p->proto != IPPROTO_ICMPV6 || p->frag || p->end <= p->l4)
		return false;
	type = p->frame[p->l4];
	return (type >= 130 && type <= 137) || type == 143;
}

static void check_mac(struct verify *v, const struct parse_pkt *p)
{
	static const uint8_t any[6];

	if (memcmp(p->frame, v->cfg.mac, 6))
		fault(v, &v->n.bad_mac, p, "destination MAC is not this interface's");
	else if (memcmp(v->cfg.src_mac, any, 6) && memcmp(p->frame + 6, v->cfg.src_mac, 6))
		fault(v, &v->n.bad_mac, p, "source MAC is not the expected one");
}

static bool right_destination(const struct verify_cfg *cfg, const struct parse_pkt *p)
{
	uint16_t port;

	if (!cfg->dst_len)
		return true;
	if (cfg->dst_len != p->alen || memcmp(cfg->dst, p->dst, p->alen))
		return false;
	port = port_of(p, p->frame + p->l4, p->end - p->l4);
	return !port || !cfg->dst_port || port == cfg->dst_port;
}

/* 1 good, 0 not to be judged (no sum, a protocol without one), -1 bad. */
static int l4_sum(const struct segment *s)
{
	const struct parse_pkt *p = s->pkt;
	int off = parse_sum_offset(p);
	uint64_t sum = s->sum;
	uint32_t len = s->len;

	if (off < 0 || p->odd_pseudo)
		return 0;
	if (s->head_len < (uint32_t)off + 2)
		return -1;
	if (p->proto == IPPROTO_UDP) {
		len = parse_be16(s->head + 4);
		if (!parse_be16(s->head + off))
			return 0;
		if (len < 8 || len > s->len || (len < s->len && p->frag))
			return -1;
		if (len < s->len)
			sum = sum_add(0, s->head, len);
	}
	if (p->proto != IPPROTO_ICMP)
		sum += sum_pseudo(p->src, p->dst, p->alen, p->proto, len);
	return sum_fold(sum) == 0xffff ? 1 : -1;
}

static bool find_stamp(const struct segment *s, struct stamp *st)
{
	uint32_t off = 8;

	if (s->pkt->proto == IPPROTO_TCP)
		off = s->head_len > 12 ? (s->head[12] >> 4) * 4u : 20;
	else if (parse_sum_offset(s->pkt) < 0)
		return false;
	if (s->head_len < off + sizeof(*st))
		return false;
	memcpy(st, s->head + off, sizeof(*st));
	return ntohl(st->magic) == STAMP_MAGIC;
}

static uint64_t stamp_time(const struct stamp *st)
{
	return be64toh(st->time_ns);
}

static void check_segment(struct verify *v, const struct segment *s, const struct verify_meta *meta)
{
	struct stamp st;

	if (meta->sum_not_ready)
		v->n.sum_not_ready++;
	else if (l4_sum(s) < 0)
		fault(v, &v->n.bad_l4_sum, s->pkt, "transport checksum is wrong");
	if (!find_stamp(s, &st)) {
		if (!v->cfg.any)
			fault(v, &v->n.unexpected, s->pkt, "no stamp of vxgen");
		return;
	}
	flowtab_seen(v->flows, ntohl(st.run), ntohs(st.flow), ntohl(st.seq));
	lathist_add(&v->latency,
		    meta->time_ns > stamp_time(&st) ? meta->time_ns - stamp_time(&st) : 0);
}

static void check_fragment(struct verify *v, const struct parse_pkt *p,
			   const struct verify_meta *meta)
{
	const struct datagram *d;
	struct segment s;

	v->n.fragments++;
	switch (datagram_add(v->datagrams, p, &d)) {
	case DATAGRAM_COMPLETE:
		s = (struct segment){ p, d->head, d->head_len, d->total, d->sum };
		check_segment(v, &s, meta);
		break;
	case DATAGRAM_DUPLICATE:
		fault(v, &v->n.frag_duplicated, p, "a fragment came twice");
		break;
	case DATAGRAM_BAD:
		fault(v, &v->n.unexpected, p, "fragments that do not fit together");
		break;
	case DATAGRAM_PART:
		break;
	}
}

static void check_ip(struct verify *v, const struct parse_pkt *p, const struct verify_meta *meta)
{
	struct segment s = { p, p->frame + p->l4, p->end - p->l4, p->end - p->l4, 0 };

	if (p->version == 4 && sum_fold(sum_add(0, p->frame + p->l3, p->l4 - p->l3)) != 0xffff)
		fault(v, &v->n.bad_ip_sum, p, "IP header checksum is wrong");
	v->n.padded += p->end < p->len;
	if (!right_destination(&v->cfg, p))
		fault(v, &v->n.unexpected, p, "not to the expected destination");
	if (p->truncated) {
		v->n.truncated++;
		return;
	}
	if (p->frag) {
		check_fragment(v, p, meta);
		return;
	}
	s.sum = sum_add(0, s.head, s.len);
	check_segment(v, &s, meta);
}

bool verify_frame(struct verify *v, const uint8_t *frame, uint32_t len,
		  const struct verify_meta *meta)
{
	struct parse_pkt p;
	int malformed = parse_frame(&p, frame, len);

	if (!malformed && is_noise(&p)) {
		v->n.ignored++;
		return false;
	}
	v->n.packets++;
	v->n.bytes += len;
	v->n.tagged += meta->tagged || p.tags;
	if (malformed)
		p.version = 0;
	if (len >= ETH_HLEN)
		check_mac(v, &p);
	if (p.version)
		check_ip(v, &p, meta);
	else
		fault(v, &v->n.unexpected, &p, malformed ? "malformed" : "not IP");
	return true;
}
