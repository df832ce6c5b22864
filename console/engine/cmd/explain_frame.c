// SPDX-License-Identifier: GPL-2.0-only
/* The frame that would leave, decoded. Its inside is somebody else's: every offset is checked. */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/cmd/explain.h"
#include "engine/model/parse.h"
#include "engine/model/sum.h"
#include "engine/model/trace.h"
#include "proto/out.h"

static void put_sum(struct out *o, const char *key, const char *right_key, const uint8_t *field,
		    int right)
{
	char text[8];

	snprintf(text, sizeof(text), "0x%02x%02x", field[0], field[1]);
	out_str(o, key, text);
	if (right < 0)
		out_null(o, right_key);
	else
		out_bool(o, right_key, right);
}

/* 1 right, 0 wrong, -1: cannot be told from this frame alone, or there is none. */
static int l4_right(const struct parse_pkt *p, const uint8_t *field)
{
	uint32_t len = p->end - p->l4;
	uint64_t sum;

	if (p->frag || p->truncated || p->odd_pseudo)
		return -1;
	if (p->proto == IPPROTO_UDP) {
		uint32_t stated = parse_be16(p->frame + p->l4 + 4);

		if ((!field[0] && !field[1]) || stated > len)
			return -1;
		len = stated;
	}
	sum = sum_add(0, p->frame + p->l4, len);
	if (p->proto != IPPROTO_ICMP)
		sum += sum_pseudo(p->src, p->dst, p->alen, p->proto, len);
	return sum_fold(sum) == 0xffff;
}

static void put_l4(struct out *o, const struct parse_pkt *p)
{
	int at = p->frag_off ? -1 : parse_sum_offset(p);

	if (at < 0 || p->end - p->l4 < (uint32_t)at + 2)
		return;
	if (p->proto == IPPROTO_UDP || p->proto == IPPROTO_TCP) {
		out_id(o, "sport", parse_be16(p->frame + p->l4));
		out_id(o, "dport", parse_be16(p->frame + p->l4 + 2));
	}
	put_sum(o, "l4_sum", "l4_sum_right", p->frame + p->l4 + at,
		l4_right(p, p->frame + p->l4 + at));
}

static struct addr addr_at(const struct parse_pkt *p, const uint8_t *b)
{
	struct addr a = { .family = p->version };

	for (unsigned i = 0; i < p->alen; i++)
		a.b[i] = b[i];
	return a;
}

static void put_ip(struct out *o, const struct parse_pkt *p)
{
	const uint8_t *ip = p->frame + p->l3;
	struct addr src = addr_at(p, p->src), dst = addr_at(p, p->dst);
	char text[ADDR_TEXT], proto[TRACE_PROTO];

	out_str(o, "src", addr_format(&src, text));
	out_str(o, "dst", addr_format(&dst, text));
	out_str(o, "proto", trace_proto(p->proto, proto));
	out_id(o, "ttl", p->version == 4 ? ip[8] : ip[7]);
	out_u64(o, "ip_len", p->version == 4 ? parse_be16(ip + 2) : 40u + parse_be16(ip + 4));
	if (p->version == 4)
		put_sum(o, "ip_sum", "ip_sum_right", ip + 10,
			sum_fold(sum_add(0, ip, (ip[0] & 15u) * 4)) == 0xffff);
	if (p->frag) {
		snprintf(text, sizeof(text), "%u:%u%s", p->id, p->frag_off, p->more ? "+" : "");
		out_str(o, "frag", text);
	}
	put_l4(o, p);
}

static void put_hex(struct out *o, const uint8_t *frame, uint32_t len)
{
	static const char digit[] = "0123456789abcdef";
	char *hex = malloc(2 * (size_t)len + 1);

	for (uint32_t i = 0; hex && i < len; i++) {
		hex[2 * i] = digit[frame[i] >> 4];
		hex[2 * i + 1] = digit[frame[i] & 15];
	}
	if (hex)
		hex[2 * (size_t)len] = 0;
	out_str(o, "hex", hex);
	free(hex);
}

void explain_frame(struct out *o, const uint8_t *frame, uint32_t len)
{
	char mac[ADDR_TEXT];
	struct parse_pkt p;

	if (!len) {
		out_null(o, "frame");
		return;
	}
	out_object(o, "frame");
	out_u64(o, "len", len);
	if (!parse_frame(&p, frame, len)) {
		out_str(o, "dst_mac", addr_mac_format(frame, mac));
		out_str(o, "src_mac", addr_mac_format(frame + 6, mac));
		if (p.version)
			put_ip(o, &p);
	}
	put_hex(o, frame, len);
	out_end(o);
}
