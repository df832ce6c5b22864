// SPDX-License-Identifier: GPL-2.0-only
/*
 * Addresses and prefixes, text <-> struct. What does not parse is said with what was expected; a
 * prefix with host bits set is answered with the prefix that was probably meant. Pure. Any thread.
 */
#include "engine/model/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/model/text.h"

static unsigned bits(uint8_t family)
{
	return family == VX_IP4 ? 32 : 128;
}

static int bad_addr(const char *text, struct vx_err *err)
{
	char shown[TEXT_SHOWN];

	return vx_err_set(err, -EINVAL, "'%s': expected an IPv4 or IPv6 address",
			  text_escape(shown, sizeof(shown), text, strlen(text)));
}

int addr_parse(const char *text, struct addr *out, struct vx_err *err)
{
	struct addr a = { 0 };

	if (inet_pton(AF_INET, text, a.b) == 1)
		a.family = VX_IP4;
	else if (inet_pton(AF_INET6, text, a.b) == 1)
		a.family = VX_IP6;
	else
		return bad_addr(text, err);
	*out = a;
	return 0;
}

struct cidr addr_cidr_mask(const struct addr *a, uint8_t len)
{
	struct cidr c = { .addr = *a, .len = len };
	unsigned left = len, i;

	for (i = 0; i < sizeof(c.addr.b); i++) {
		if (left >= 8) {
			left -= 8;
			continue;
		}
		c.addr.b[i] &= (uint8_t)(0xff00u >> left);
		left = 0;
	}
	return c;
}

/* "0".."128", digits only and no leading zero. -1 if it is anything else. */
static int prefix_len(const char *s)
{
	int n = 0;
	size_t i;

	for (i = 0; s[i]; i++) {
		if (s[i] < '0' || s[i] > '9' || i == 3)
			return -1;
		n = n * 10 + (s[i] - '0');
	}
	return i == 0 || (i > 1 && s[0] == '0') ? -1 : n;
}

int addr_cidr_parse(const char *text, struct cidr *out, struct vx_err *err)
{
	char host[INET6_ADDRSTRLEN], shown[TEXT_SHOWN], right[ADDR_TEXT];
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	struct addr a;
	struct cidr c;
	int len;

	if (n >= sizeof(host))
		return bad_addr(text, err);
	memcpy(host, text, n);
	host[n] = 0;
	if (addr_parse(host, &a, NULL))
		return bad_addr(text, err);
	len = slash ? prefix_len(slash + 1) : (int)bits(a.family);
	text_escape(shown, sizeof(shown), text, strlen(text));
	if (len < 0 || (unsigned)len > bits(a.family))
		return vx_err_set(err, -EINVAL, "'%s': expected a prefix length of 0-%u", shown,
				  bits(a.family));
	c = addr_cidr_mask(&a, (uint8_t)len);
	if (!addr_equal(&c.addr, &a))
		return vx_err_set(err, -EINVAL, "'%s': host bits are set; the prefix is %s", shown,
				  addr_cidr_format(&c, right));
	*out = c;
	return 0;
}

const char *addr_format(const struct addr *a, char buf[static ADDR_TEXT])
{
	if (a->family == 0 ||
	    !inet_ntop(a->family == VX_IP4 ? AF_INET : AF_INET6, a->b, buf, ADDR_TEXT))
		snprintf(buf, ADDR_TEXT, "-");
	return buf;
}

const char *addr_cidr_format(const struct cidr *c, char buf[static ADDR_TEXT])
{
	size_t n;

	addr_format(&c->addr, buf);
	if (addr_cidr_single(c))
		return buf;
	n = strlen(buf);
	snprintf(buf + n, ADDR_TEXT - n, "/%u", c->len);
	return buf;
}

const char *addr_format_port(const struct addr *a, uint16_t port, char buf[static ADDR_TEXT])
{
	char host[ADDR_TEXT];

	addr_format(a, host);
	/* the precision is for the compiler: an address has at most 45 characters */
	snprintf(buf, ADDR_TEXT, a->family == VX_IP6 ? "[%.45s]:%u" : "%.45s:%u", host, port);
	return buf;
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && !memcmp(a->b, b->b, sizeof(a->b));
}

int addr_cidr_cmp(const struct cidr *a, const struct cidr *b)
{
	int d = (int)a->addr.family - (int)b->addr.family;

	if (!d)
		d = memcmp(a->addr.b, b->addr.b, sizeof(a->addr.b));
	return d ? d : (int)a->len - (int)b->len;
}

bool addr_cidr_single(const struct cidr *c)
{
	return c->len == bits(c->addr.family);
}

bool addr_cidr_contains(const struct cidr *c, const struct addr *a)
{
	struct cidr m;

	if (a->family != c->addr.family)
		return false;
	m = addr_cidr_mask(a, c->len);
	return addr_equal(&m.addr, &c->addr);
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int addr_mac_parse(const char *text, uint8_t mac[static 6], struct vx_err *err)
{
	char shown[TEXT_SHOWN];
	uint8_t m[6];
	unsigned i;

	for (i = 0; i < 6; i++) {
		const char *p = text + 3 * i;

		/* a short text ends in a byte that fails here, before anything after it is read */
		if (hex(p[0]) < 0 || hex(p[1]) < 0 || p[2] != (i < 5 ? ':' : 0))
			return vx_err_set(err, -EINVAL,
					  "'%s': expected a MAC address like 02:00:00:00:00:01",
					  text_escape(shown, sizeof(shown), text, strlen(text)));
		m[i] = (uint8_t)(hex(p[0]) << 4 | hex(p[1]));
	}
	memcpy(mac, m, 6);
	return 0;
}

const char *addr_mac_format(const uint8_t mac[static 6], char buf[static ADDR_TEXT])
{
	snprintf(buf, ADDR_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
		 mac[4], mac[5]);
	return buf;
}
