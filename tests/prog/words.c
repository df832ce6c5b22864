// SPDX-License-Identifier: GPL-2.0-only
/*
 * The words of the driver's commands: numbers, addresses, rules, frames.
 */
#include "words.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int words_num(const char *text, unsigned long long max, unsigned long long *out, struct vx_err *err)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end || errno || *out > max)
		return vx_err_set(err, -EINVAL, "'%s': expected 0 to %llu", text, max);
	return 0;
}

int words_word(const char *text, const char *const words[], uint32_t *out, struct vx_err *err)
{
	for (uint32_t i = 0; words[i]; i++) {
		if (!strcmp(words[i], text)) {
			*out = i;
			return 0;
		}
	}
	return vx_err_set(err, -EINVAL, "unknown value '%s'", text);
}

int words_mac(const char *text, struct vx_nexthop *out, struct vx_err *err)
{
	char tail;

	memset(out, 0, sizeof(*out));
	if (!strcmp(text, "none"))
		return 0;
	if (sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx%c", &out->mac[0], &out->mac[1],
		   &out->mac[2], &out->mac[3], &out->mac[4], &out->mac[5], &tail) != 6)
		return vx_err_set(err, -EINVAL, "bad MAC address '%s'", text);
	out->ok = 1;
	return 0;
}

int words_addr(const char *text, uint8_t *family, uint8_t addr[static 16], struct vx_err *err)
{
	memset(addr, 0, 16);
	*family = strchr(text, ':') ? VX_IP6 : VX_IP4;
	if (inet_pton(*family == VX_IP6 ? AF_INET6 : AF_INET, text, addr) != 1)
		return vx_err_set(err, -EINVAL, "bad address '%s'", text);
	return 0;
}

int words_prefix(const char *text, struct kern_prefix *out, struct vx_err *err)
{
	char copy[KERN_RULE_TEXT], *rest = copy, *addr;
	unsigned long long len;
	int rc;

	memset(out, 0, sizeof(*out));
	snprintf(copy, sizeof(copy), "%s", text);
	addr = strsep(&rest, "/");
	rc = words_addr(addr, &out->family, out->addr, err);
	if (rc)
		return rc;
	len = out->family == VX_IP4 ? 32 : 128;
	rc = rest ? words_num(rest, len, &len, err) : 0;
	out->len = (uint8_t)len;
	return rc;
}

/* ADDR:PORT or [ADDR]:PORT */
static int target(char *text, struct kern_nat *out, struct vx_err *err)
{
	char *colon = strrchr(text, ':'), *addr = text;
	unsigned long long port;
	int rc;

	if (!colon)
		return vx_err_set(err, -EINVAL, "nat: no port in '%s'", text);
	*colon = '\0';
	if (*addr == '[' && colon[-1] == ']') {
		addr++;
		colon[-1] = '\0';
	}
	rc = words_addr(addr, &out->family, out->to, err);
	rc = rc ? rc : words_num(colon + 1, 65535, &port, err);
	if (!rc)
		out->to_port = (uint16_t)port;
	return rc;
}

int words_rule(const char *text, struct kern_nat *out, struct vx_err *err)
{
	char copy[KERN_RULE_TEXT], *rest = copy, *key, *proto, *port;
	unsigned long long num;
	int rc;

	memset(out, 0, sizeof(*out));
	snprintf(copy, sizeof(copy), "%s", text);
	key = strsep(&rest, "=");
	snprintf(out->key, sizeof(out->key), "%s", key);
	if (!rest)
		return vx_err_set(err, -EINVAL, "nat: no '=' in '%s'", text);
	rc = target(rest, out, err);
	proto = strsep(&key, "/");
	port = strsep(&key, "@");
	if (rc || !port)
		return rc ? rc : vx_err_set(err, -EINVAL, "nat: no port in '%s'", text);
	out->proto = !strcmp(proto, "tcp") ? IPPROTO_TCP : IPPROTO_UDP;
	rc = words_num(port, 65535, &num, err);
	out->port = rc ? 0 : (uint16_t)num;
	out->has_prefix = key;
	return rc || !key ? rc : words_prefix(key, &out->prefix, err);
}

int words_hex(const char *text, uint8_t *out, size_t max, struct vx_err *err)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;

	for (; text[2 * n] && n < max; n++) {
		const char *hi = strchr(digits, tolower((unsigned char)text[2 * n]));
		const char *lo = strchr(digits, tolower((unsigned char)text[2 * n + 1]));

		if (!hi || !lo || !*lo)
			return vx_err_set(err, -EINVAL, "bad hexadecimal at byte %zu", n);
		out[n] = (uint8_t)((hi - digits) << 4 | (lo - digits));
	}
	if (text[2 * n])
		return vx_err_set(err, -EINVAL, "frame longer than %zu bytes", max);
	return (int)n;
}
