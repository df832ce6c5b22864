/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * NAT rules, text and set. "udp/31765@10.0.0.0/8=172.30.82.95:8081": protocol, inner destination
 * port, optional inner destination prefix, new address and port of the same family. Pure model.
 * [engine]
 */
#ifndef ENGINE_MODEL_NAT_H
#define ENGINE_MODEL_NAT_H

#include "engine/model/addr.h"

struct nat_key {
	uint8_t proto;	 /* IPPROTO_UDP, IPPROTO_TCP */
	uint16_t port;	 /* host order, 1..65535 */
	uint8_t family;	 /* VX_IP4, VX_IP6: that of the target */
	bool has_prefix; /* prefix is valid */
	struct cidr prefix;
};

struct nat_rule {
	struct nat_key key;
	struct addr to;
	uint16_t to_port; /* host order, 1..65535 */
	uint32_t idx;	  /* element of vx_nat_hits, stable while the rule lives */
	uint16_t nexthop; /* element of vx_nexthops, VX_NH_FIRST.. : one per target address; set by
			     the owner of next hops */
};

#define NAT_TEXT 192

/* -EINVAL with what was expected: unknown protocol, port 0, host bits, families that differ, target
 * that is unspecified, loopback, multicast or broadcast (255.255.255.255). */
int nat_parse(const char *text, struct nat_rule *out, struct vx_err *err)
	__attribute__((warn_unused_result));
/* "udp/31765" or "udp/31765@10.0.0.0/8"; a key without prefix is ambiguous in family only when both
 * families have a rule: then "udp/31765/4" and "udp/31765/6" tell them apart (also accepted
 * always). *family_given says if it was told. */
int nat_key_parse(const char *text, struct nat_key *out, bool *family_given, struct vx_err *err)
	__attribute__((warn_unused_result));
const char *nat_key_format(const struct nat_key *k, char buf[static NAT_TEXT]);
/* The whole rule, parses back. */
const char *nat_format(const struct nat_rule *r, char buf[static NAT_TEXT]);
bool nat_key_equal(const struct nat_key *a, const struct nat_key *b);
/* Do both send to the same address and port? */
bool nat_same_target(const struct nat_rule *a, const struct nat_rule *b);
/* The one of rules, n of them, with this key; NULL: none. */
const struct nat_rule *nat_find(const struct nat_rule *rules, uint32_t n,
				const struct nat_key *key);

struct nat;
int nat_new(struct nat **out, struct vx_err *err) __attribute__((warn_unused_result));
void nat_free(struct nat *n);
uint32_t nat_count(const struct nat *n);
/* -EEXIST when a rule with this key is there (message shows it), -ENOSPC beyond VX_MAX_NAT. Keeps
 * rule->idx where that element is free, else sets it to the lowest that is. */
int nat_add(struct nat *n, struct nat_rule *rule, struct vx_err *err)
	__attribute__((warn_unused_result));
/* -ENOENT; fills gone with what was removed. Key text as nat_key_parse; -EINVAL when ambiguous. */
int nat_del(struct nat *n, const struct nat_key *key, bool family_given, struct nat_rule *gone,
	    struct vx_err *err) __attribute__((warn_unused_result));
/* The shortest text of k that names one rule of n alone: what `nat list` shows and `nat del` takes.
 */
const char *nat_key_text(const struct nat *n, const struct nat_key *k, char buf[static NAT_TEXT]);
/* i-th in order of addition; NULL past the end. Until the next add or del. */
const struct nat_rule *nat_at(const struct nat *n, uint32_t i);
/* The order of want, which has the same keys. */
void nat_order(struct nat *n, const struct nat_rule *want, uint32_t n_want);
/* The pieces that dp writes: is there a plain rule / any rule with a prefix for (family, proto,
 * port)? */
const struct nat_rule *nat_plain(const struct nat *n, uint8_t family, uint8_t proto, uint16_t port);
/* The rule that takes a packet, as the datapath finds it: the longest prefix first. NULL: none. */
const struct nat_rule *nat_match(const struct nat *n, uint8_t proto, uint16_t port,
				 const struct addr *dst);
bool nat_has_prefix(const struct nat *n, uint8_t family, uint8_t proto, uint16_t port);

#endif
