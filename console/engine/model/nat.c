// SPDX-License-Identifier: GPL-2.0-only
/*
 * NAT rules: their text, and the set of them. A few dozen rules at most, so the set is an array in
 * order of addition; idx comes from a table of its own, because an array element moves when an
 * earlier rule goes. [engine]
 */
#include "engine/model/nat.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/model/text.h"

struct nat {
	uint32_t n, cap;
	struct nat_rule *rules;
	bool used[VX_MAX_NAT]; /* by idx */
};

static int refuse(const char *text, const char *expected, struct vx_err *err)
{
	char shown[TEXT_SHOWN];

	return vx_err_set(err, -EINVAL, "'%s': expected %s",
			  text_escape(shown, sizeof(shown), text, strlen(text)), expected);
}

/* Copies n bytes as a string; false when they do not fit. */
static bool cut(char *dst, size_t size, const char *src, size_t n)
{
	if (n >= size)
		return false;
	memcpy(dst, src, n);
	dst[n] = 0;
	return true;
}

static bool port_parse(const char *s, uint16_t *out)
{
	unsigned long v = 0;
	size_t i;

	for (i = 0; s[i]; i++) {
		if (s[i] < '0' || s[i] > '9' || i == 5)
			return false;
		v = v * 10 + (unsigned long)(s[i] - '0');
	}
	if (i == 0 || v < 1 || v > 65535)
		return false;
	*out = (uint16_t)v;
	return true;
}

static int proto_parse(const char *text, const char *name, uint8_t *out, struct vx_err *err)
{
	if (!strcasecmp(name, "udp"))
		*out = IPPROTO_UDP;
	else if (!strcasecmp(name, "tcp"))
		*out = IPPROTO_TCP;
	else
		return refuse(text, "the protocol udp or tcp, as in udp/31765", err);
	return 0;
}

int nat_key_parse(const char *text, struct nat_key *out, bool *family_given, struct vx_err *err)
{
	const char *at = strchr(text, '@');
	struct nat_key k = { 0 };
	char buf[NAT_TEXT], *port, *family;
	int rc;

	*family_given = false;
	if (!cut(buf, sizeof(buf), text, at ? (size_t)(at - text) : strlen(text)))
		return refuse(text, "a key like udp/31765 or udp/31765@10.0.0.0/8", err);
	port = strchr(buf, '/');
	if (!port)
		return refuse(text, "protocol/port, as in udp/31765", err);
	*port++ = 0;
	family = strchr(port, '/');
	if (family)
		*family++ = 0;
	rc = proto_parse(text, buf, &k.proto, err);
	if (rc)
		return rc;
	if (!port_parse(port, &k.port))
		return refuse(text, "an inner destination port of 1-65535", err);
	if (family) {
		if (strcmp(family, "4") && strcmp(family, "6"))
			return refuse(text, "4 or 6 after the port, or nothing", err);
		k.family = family[0] == '4' ? VX_IP4 : VX_IP6;
	}
	if (at) {
		rc = addr_cidr_parse(at + 1, &k.prefix, err);
		if (rc)
			return rc;
		if (k.family && k.family != k.prefix.addr.family)
			return refuse(text, "a prefix of the family that is named", err);
		k.family = k.prefix.addr.family;
		k.has_prefix = true;
	}
	*family_given = k.family != 0;
	*out = k;
	return 0;
}

static int target_check(const struct addr *a, struct vx_err *err)
{
	static const uint8_t zero[16], loop6[16] = { [15] = 1 }, bcast[4] = { 255, 255, 255, 255 };
	bool v4 = a->family == VX_IP4;
	const char *what = NULL;
	char buf[ADDR_TEXT];

	if (!memcmp(a->b, zero, sizeof(zero)))
		what = "unspecified";
	else if (v4 ? a->b[0] == 127 : !memcmp(a->b, loop6, sizeof(loop6)))
		what = "loopback";
	else if (v4 ? (a->b[0] & 0xf0) == 224 : a->b[0] == 0xff)
		what = "multicast";
	else if (v4 && !memcmp(a->b, bcast, sizeof(bcast)))
		what = "broadcast";
	if (!what)
		return 0;
	return vx_err_set(err, -EINVAL, "the target %s is %s: expected a unicast address",
			  addr_format(a, buf), what);
}

/* "172.30.82.95:8081" or "[2001:db8::5]:8081" */
static int target_parse(const char *text, const char *s, struct nat_rule *r, struct vx_err *err)
{
	static const char want[] = "address:port or [IPv6 address]:port after '='";
	const char *colon = strrchr(s, ':');
	char host[ADDR_TEXT];
	size_t n;
	int rc;

	if (!colon || colon == s)
		return refuse(text, want, err);
	n = (size_t)(colon - s);
	if (s[0] == '[') {
		if (s[n - 1] != ']' || !cut(host, sizeof(host), s + 1, n - 2))
			return refuse(text, want, err);
	} else if (!cut(host, sizeof(host), s, n)) {
		return refuse(text, want, err);
	}
	rc = addr_parse(host, &r->to, err);
	if (rc)
		return rc;
	if ((s[0] == '[') != (r->to.family == VX_IP6))
		return refuse(text, want, err);
	if (!port_parse(colon + 1, &r->to_port))
		return refuse(text, "a target port of 1-65535", err);
	return target_check(&r->to, err);
}

int nat_parse(const char *text, struct nat_rule *out, struct vx_err *err)
{
	const char *eq = strchr(text, '=');
	struct nat_rule r = { 0 };
	char key[NAT_TEXT];
	bool family_given;
	int rc;

	if (!eq || !cut(key, sizeof(key), text, (size_t)(eq - text)))
		return refuse(text, "a rule like udp/31765=172.30.82.95:8081", err);
	rc = nat_key_parse(key, &r.key, &family_given, err);
	if (!rc)
		rc = target_parse(text, eq + 1, &r, err);
	if (rc)
		return rc;
	if (family_given && r.key.family != r.to.family)
		return refuse(text, "a target of the same family as the key", err);
	r.key.family = r.to.family;
	*out = r;
	return 0;
}

const char *nat_key_format(const struct nat_key *k, char buf[static NAT_TEXT])
{
	char prefix[ADDR_TEXT] = "";

	if (k->has_prefix)
		addr_cidr_format(&k->prefix, prefix);
	snprintf(buf, NAT_TEXT, "%s/%u%s%s", k->proto == IPPROTO_TCP ? "tcp" : "udp", k->port,
		 k->has_prefix ? "@" : "", prefix);
	return buf;
}

const char *nat_format(const struct nat_rule *r, char buf[static NAT_TEXT])
{
	char to[ADDR_TEXT];
	size_t n;

	nat_key_format(&r->key, buf);
	n = strlen(buf);
	snprintf(buf + n, NAT_TEXT - n, "=%s", addr_format_port(&r->to, r->to_port, to));
	return buf;
}

bool nat_key_equal(const struct nat_key *a, const struct nat_key *b)
{
	return a->proto == b->proto && a->port == b->port && a->family == b->family &&
	       a->has_prefix == b->has_prefix &&
	       (!a->has_prefix || !addr_cidr_cmp(&a->prefix, &b->prefix));
}

bool nat_same_target(const struct nat_rule *a, const struct nat_rule *b)
{
	return a->to_port == b->to_port && addr_equal(&a->to, &b->to);
}

const struct nat_rule *nat_find(const struct nat_rule *rules, uint32_t n, const struct nat_key *key)
{
	for (uint32_t i = 0; i < n; i++)
		if (nat_key_equal(&rules[i].key, key))
			return &rules[i];
	return NULL;
}

int nat_new(struct nat **out, struct vx_err *err)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : vx_err_set(err, -ENOMEM, "out of memory");
}

void nat_free(struct nat *n)
{
	if (!n)
		return;
	free(n->rules);
	free(n);
}

uint32_t nat_count(const struct nat *n)
{
	return n->n;
}

static uint32_t find(const struct nat *n, const struct nat_key *k)
{
	uint32_t i;

	for (i = 0; i < n->n; i++)
		if (nat_key_equal(&n->rules[i].key, k))
			break;
	return i;
}

static bool grow(struct nat *n)
{
	uint32_t cap = n->cap ? 2 * n->cap : 16;
	struct nat_rule *r;

	if (n->n < n->cap)
		return true;
	r = realloc(n->rules, cap * sizeof(*r));
	if (!r)
		return false;
	n->rules = r;
	n->cap = cap;
	return true;
}

int nat_add(struct nat *n, struct nat_rule *rule, struct vx_err *err)
{
	char buf[NAT_TEXT];
	uint32_t i = find(n, &rule->key), idx = 0;

	if (i < n->n)
		return vx_err_set(err, -EEXIST, "there is a rule with this key: %s",
				  nat_format(&n->rules[i], buf));
	if (n->n == VX_MAX_NAT)
		return vx_err_set(err, -ENOSPC, "there are %u rules, and that is the limit", n->n);
	if (!grow(n))
		return vx_err_set(err, -ENOMEM, "out of memory");
	if (rule->idx < VX_MAX_NAT && !n->used[rule->idx])
		idx = rule->idx;
	while (n->used[idx])
		idx++;
	n->used[idx] = true;
	rule->idx = idx;
	n->rules[n->n++] = *rule;
	return 0;
}

/* The plain rule for a key whose family is not told; n->n when there is none or there are two. */
static int find_any_family(const struct nat *n, const struct nat_key *key, uint32_t *at,
			   struct vx_err *err)
{
	struct nat_key k4 = *key, k6 = *key;
	char buf[NAT_TEXT];
	uint32_t i4, i6;

	k4.family = VX_IP4;
	k6.family = VX_IP6;
	i4 = find(n, &k4);
	i6 = find(n, &k6);
	nat_key_format(key, buf);
	if (i4 < n->n && i6 < n->n)
		return vx_err_set(err, -EINVAL, "%s is ambiguous: expected %s/4 or %s/6", buf, buf,
				  buf);
	*at = i4 < n->n ? i4 : i6;
	return 0;
}

int nat_del(struct nat *n, const struct nat_key *key, bool family_given, struct nat_rule *gone,
	    struct vx_err *err)
{
	char buf[NAT_TEXT];
	uint32_t i = n->n;
	int rc = 0;

	if (family_given)
		i = find(n, key);
	else
		rc = find_any_family(n, key, &i, err);
	if (rc)
		return rc;
	if (i == n->n)
		return vx_err_set(err, -ENOENT, "there is no rule %s", nat_key_format(key, buf));
	if (gone)
		*gone = n->rules[i];
	n->used[n->rules[i].idx] = false;
	n->n--;
	memmove(&n->rules[i], &n->rules[i + 1], (n->n - i) * sizeof(*n->rules));
	return 0;
}

void nat_order(struct nat *n, const struct nat_rule *want, uint32_t n_want)
{
	struct nat_rule r;
	uint32_t at = 0, i;

	for (uint32_t k = 0; k < n_want; k++) {
		i = find(n, &want[k].key);
		if (i == n->n || i < at)
			continue;
		r = n->rules[i];
		memmove(&n->rules[at + 1], &n->rules[at], (i - at) * sizeof(r));
		n->rules[at++] = r;
	}
}

const struct nat_rule *nat_at(const struct nat *n, uint32_t i)
{
	return i < n->n ? &n->rules[i] : NULL;
}

const struct nat_rule *nat_plain(const struct nat *n, uint8_t family, uint8_t proto, uint16_t port)
{
	struct nat_key k = { .proto = proto, .port = port, .family = family };

	return nat_at(n, find(n, &k));
}

bool nat_has_prefix(const struct nat *n, uint8_t family, uint8_t proto, uint16_t port)
{
	uint32_t i;

	for (i = 0; i < n->n; i++) {
		const struct nat_key *k = &n->rules[i].key;

		if (k->has_prefix && k->family == family && k->proto == proto && k->port == port)
			return true;
	}
	return false;
}

const struct nat_rule *nat_match(const struct nat *n, uint8_t proto, uint16_t port,
				 const struct addr *dst)
{
	const struct nat_rule *best = NULL;

	for (uint32_t i = 0; i < n->n; i++) {
		const struct nat_key *k = &n->rules[i].key;

		if (k->family != dst->family || k->proto != proto || k->port != port)
			continue;
		if (!k->has_prefix ? !best
				   : addr_cidr_contains(&k->prefix, dst) &&
					     (!best || !best->key.has_prefix ||
					      best->key.prefix.len < k->prefix.len))
			best = &n->rules[i];
	}
	return best;
}

const char *nat_key_text(const struct nat *n, const struct nat_key *k, char buf[static NAT_TEXT])
{
	size_t len;

	nat_key_format(k, buf);
	if (k->has_prefix ||
	    !nat_plain(n, k->family == VX_IP4 ? VX_IP6 : VX_IP4, k->proto, k->port))
		return buf;
	len = strlen(buf);
	snprintf(buf + len, NAT_TEXT - len, "/%u", k->family);
	return buf;
}
