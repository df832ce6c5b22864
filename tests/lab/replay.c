/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rewriting of recorded frames. The inner checksum is told of the one word that changed; the outer
 * one (unless it is 0: none) of the difference between its bytes' sum before and after.
 */
#include "replay.h"

#include <netinet/in.h>
#include <string.h>

#include "conf.h"
#include "engine/model/parse.h"
#include "engine/model/sum.h"

#define VXLAN_HEADERS 16 /* UDP and VXLAN */

static bool is_vxlan(const struct parse_pkt *p, uint16_t port)
{
	const uint8_t *udp = p->frame + p->l4;

	return p->version && p->proto == IPPROTO_UDP && !p->frag &&
	       p->end - p->l4 >= VXLAN_HEADERS && parse_be16(udp + 2) == port && (udp[8] & 0x08);
}

/* Patches the checksum at field as if old became new; in UDP 0 means none, and is never made. */
static void patch(uint8_t *field, uint16_t old, uint16_t new, bool udp)
{
	uint16_t sum;

	memcpy(&sum, field, 2);
	if (udp && !sum)
		return;
	sum_patch16(&sum, old, new);
	if (udp && !sum)
		sum = 0xffff;
	memcpy(field, &sum, 2);
}

bool replay_edit_dport(uint8_t *frame, uint32_t len, uint16_t dport)
{
	struct parse_pkt p;
	uint8_t *l4, bytes[2] = { (uint8_t)(dport >> 8), (uint8_t)dport };
	uint16_t old, new;
	uint32_t sum_at;

	if (parse_frame(&p, frame, len) || !p.version || p.frag_off || p.end < p.l4 + 4 ||
	    (p.proto != IPPROTO_UDP && p.proto != IPPROTO_TCP))
		return false;
	l4 = frame + p.l4;
	memcpy(&old, l4 + 2, 2);
	memcpy(&new, bytes, 2);
	memcpy(l4 + 2, bytes, 2);
	sum_at = (uint32_t)parse_sum_offset(&p);
	if (p.l4 + sum_at + 2 <= p.end)
		patch(l4 + sum_at, old, new, p.proto == IPPROTO_UDP);
	return true;
}

bool replay_edit(uint8_t *frame, uint32_t len, const struct replay_edit *e)
{
	struct parse_pkt p;
	uint32_t covered, inner;
	uint16_t before;
	uint8_t *udp;

	if (parse_frame(&p, frame, len) || !is_vxlan(&p, e->port))
		return false;
	udp = frame + p.l4;
	covered = parse_be16(udp + 4);
	if (covered > p.end - p.l4)
		covered = p.end - p.l4;
	before = sum_fold(sum_add(0, udp, covered));
	if (e->vni != CONF_UNSET) {
		udp[12] = (uint8_t)(e->vni >> 16);
		udp[13] = (uint8_t)(e->vni >> 8);
		udp[14] = (uint8_t)e->vni;
	}
	inner = p.l4 + VXLAN_HEADERS;
	if (e->dport != CONF_UNSET)
		replay_edit_dport(frame + inner, p.end - inner, (uint16_t)e->dport);
	patch(udp + 6, before, sum_fold(sum_add(0, udp, covered)), true);
	return true;
}
