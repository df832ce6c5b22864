/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command line. Each row of the table says where a value goes, what it may be, what it is when
 * not given and what --help says; both the parser and the help read nothing else.
 */
#include "cli.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"

enum kind { FLAG, NUMBER, SECONDS, RANGE, CHOICE, MAC, ADDR, CIDRS, ENDPOINT, TEXT };

struct option_row {
	const char *name;
	const char *arg; /* of a CHOICE: the words, with | between them */
	const char *def; /* parsed like an argument; NULL: unset */
	const char *help;
	int commands;
	enum kind kind;
	size_t at; /* in struct conf */
	uint64_t min, max;
};

#define AT(field) offsetof(struct conf, field)
#define BOTH	  (CONF_SEND | CONF_SINK)

/* clang-format off */
static const struct option_row rows[] = {
	{ "rate", "N", "1000", "packets (datagrams) a second; 0: as fast as possible",
	  CONF_SEND, NUMBER, AT(rate), 0, 100000000 },
	{ "count", "N", NULL, "send so many and end; sink: end when so many came",
	  BOTH, NUMBER, AT(count), 1, UINT64_MAX - 1 },
	{ "seconds", "S", NULL, "end after so long, at the latest", BOTH, SECONDS, AT(ms), 0, 0 },
	{ "spin", NULL, NULL, "keep a CPU between packets: evenly spaced ones, none in bursts",
	  CONF_SEND, FLAG, AT(spin), 0, 0 },
	{ "size", "N|MIN-MAX", "512", "length of the inner frame, bytes",
	  CONF_SEND, RANGE, AT(size), 60, FRAME_MAX - 18 },
	{ "flows", "N", "16", "inner flows, taken in turn", CONF_SEND, NUMBER, AT(flows), 1, 65536 },
	{ "vni", "N", "1", "VXLAN network identifier", CONF_SEND, NUMBER, AT(vni), 0, 0xffffff },
	{ "port", "N", "4789", "outer UDP destination port", CONF_SEND, NUMBER, AT(port), 1, 65535 },
	{ "src", "CIDR[,CIDR...]", NULL, "inner sources, flows spread over them "
	  "(198.51.100.0/24, 2001:db8:5::/64)", CONF_SEND, CIDRS, AT(src), 0, 0 },
	{ "dst", "ADDR", NULL, "inner destination (172.30.74.144, 2001:db8:74::144)",
	  CONF_SEND, ADDR, AT(dst), 0, 0 },
	{ "hosts", "N", NULL, "a source at random for each packet, of the first N addresses of --src",
	  CONF_SEND, NUMBER, AT(hosts), 1, 1u << 31 },
	{ "dport", "N|MIN-MAX", "31765", "inner destination port; of a range, each in turn",
	  CONF_SEND, RANGE, AT(dport), 0, 65535 },
	{ "proto", "udp|tcp|icmp", "udp", "inner protocol", CONF_SEND, CHOICE, AT(proto), 0, 0 },
	{ "inner", "4|6", "4", "inner IP version", CONF_SEND, CHOICE, AT(inner), 0, 0 },
	{ "outer", "4|6", "4", "outer IP version", CONF_SEND, CHOICE, AT(outer), 0, 0 },
	{ "outer-src", "ADDR", NULL, "outer source (the first address of IF)",
	  CONF_SEND, ADDR, AT(outer_src), 0, 0 },
	{ "outer-dst", "ADDR", NULL, "outer destination (172.30.74.144, 2001:db8:74::144)",
	  CONF_SEND, ADDR, AT(outer_dst), 0, 0 },
	{ "dmac", "MAC", NULL, "outer destination MAC (of the next hop to --outer-dst)",
	  CONF_SEND, MAC, AT(dmac), 0, 0 },
	{ "frag", "N", "1", "each inner packet in N fragments", CONF_SEND, NUMBER, AT(frag), 1, 64 },
	{ "outer-frag", "N", "1", "each outer packet in N fragments",
	  CONF_SEND, NUMBER, AT(outer_frag), 1, 64 },
	{ "reverse", NULL, NULL, "the last fragment of a datagram first",
	  CONF_SEND, FLAG, AT(reverse), 0, 0 },
	{ "vlan", "outer|inner|both", NULL, "802.1Q tags: 100 outside, 200 inside",
	  CONF_SEND, CHOICE, AT(vlan), 0, 0 },
	{ "pcap", "FILE", NULL, "send the frames of a capture, once if there is no other limit",
	  CONF_SEND, TEXT, AT(pcap), 0, 0 },
	{ "set-vni", "N", NULL, "of the capture's VXLAN: another VNI",
	  CONF_SEND, NUMBER, AT(set_vni), 0, 0xffffff },
	{ "set-dport", "N", NULL, "of its inner UDP and TCP: another destination port",
	  CONF_SEND, NUMBER, AT(set_dport), 0, 65535 },
	{ "wrap", NULL, NULL, "the capture's frames are the inner ones: put outer headers on",
	  CONF_SEND, FLAG, AT(wrap), 0, 0 },
	{ "plain", NULL, NULL, "no outer headers, the inner frames alone",
	  CONF_SEND, FLAG, AT(plain), 0, 0 },
	{ "via", "xdp|packet", NULL, "AF_XDP or AF_PACKET (xdp where it can be had)",
	  CONF_SEND, CHOICE, AT(via), 0, 0 },
	{ "expect-dst", "ADDR[:PORT]", NULL, "where packets must be going; IPv6: [ADDR]:PORT",
	  CONF_SINK, ENDPOINT, AT(expect_dst), 0, 0 },
	{ "expect-smac", "MAC", NULL, "the source MAC that they must have",
	  CONF_SINK, MAC, AT(expect_smac), 0, 0 },
	{ "any", NULL, NULL, "packets that vxgen did not make are welcome too (of a capture)",
	  CONF_SINK, FLAG, AT(any), 0, 0 },
	{ "idle", "S", NULL, "end when, after the first packet, none came for so long",
	  CONF_SINK, SECONDS, AT(idle_ms), 0, 0 },
	{ "json", NULL, NULL, "the report as JSON, on one line", BOTH, FLAG, AT(json), 0, 0 },
};
/* clang-format on */

#define ROWS	  (sizeof(rows) / sizeof(rows[0]))
#define FIRST_VAL 1000 /* getopt's values for the rows */

static bool number(const char *s, uint64_t min, uint64_t max, uint64_t *out)
{
	char *end;

	if (*s < '0' || *s > '9')
		return false;
	errno = 0;
	*out = strtoull(s, &end, 0);
	return !errno && !*end && *out >= min && *out <= max;
}

static bool seconds(const char *s, uint64_t *ms)
{
	char *end;
	double v = strtod(s, &end);

	if (end == s || *end || !(v > 0) || v > 1e9)
		return false;
	*ms = (uint64_t)(v * 1000 + 0.5);
	return true;
}

static bool range(const char *s, uint64_t min, uint64_t max, struct conf_range *out)
{
	char low[24];
	const char *dash = strchr(s, '-');
	size_t n = dash ? (size_t)(dash - s) : strlen(s);

	if (n >= sizeof(low))
		return false;
	memcpy(low, s, n);
	low[n] = 0;
	return number(low, min, max, &out->min) &&
	       number(dash ? dash + 1 : low, out->min, max, &out->max);
}

static bool choice(const char *s, const char *words, uint64_t *out)
{
	size_t len = strlen(s), n;

	for (*out = 0;; ++*out, words += n + 1) {
		n = strcspn(words, "|");
		if (n == len && !memcmp(words, s, n))
			return true;
		if (!words[n])
			return false;
	}
}

static bool mac(const char *s, struct conf_addr *out)
{
	unsigned int i;
	char *end;

	for (i = 0; i < 6; i++, s = end + 1) {
		unsigned long v = strtoul(s, &end, 16);

		if (end == s || end > s + 2 || *end != (i < 5 ? ':' : 0))
			return false;
		out->b[i] = (uint8_t)v;
	}
	out->len = 6;
	return true;
}

static bool addr(const char *s, struct conf_addr *out)
{
	out->len = inet_pton(AF_INET, s, out->b) == 1 ? 4 : 0;
	if (!out->len)
		out->len = inet_pton(AF_INET6, s, out->b) == 1 ? 16 : 0;
	return out->len;
}

static bool cidr(char *s, struct conf_cidr *out)
{
	char *slash = strchr(s, '/');
	uint64_t prefix = 0;
	uint32_t bit;

	if (slash)
		*slash = 0;
	if (!addr(s, &out->addr))
		return false;
	if (slash && !number(slash + 1, 0, out->addr.len * 8u, &prefix))
		return false;
	out->prefix = slash ? (uint8_t)prefix : (uint8_t)(out->addr.len * 8);
	for (bit = out->prefix; bit < out->addr.len * 8u; bit++)
		out->addr.b[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	return true;
}

/* All of one family. */
static bool cidrs(const char *s, struct conf_cidrs *out)
{
	char one[64];
	size_t n;

	for (out->n = 0;; s += n + 1) {
		n = strcspn(s, ",");
		if (n >= sizeof(one) || out->n == CONF_MAX_SRC)
			return false;
		memcpy(one, s, n);
		one[n] = 0;
		if (!cidr(one, &out->c[out->n]) || out->c[out->n].addr.len != out->c[0].addr.len)
			return false;
		out->n++;
		if (!s[n])
			return true;
	}
}

/* ADDR, A.B.C.D:PORT or [V6]:PORT. */
static bool endpoint(const char *s, struct conf_endpoint *out)
{
	bool bracket = *s == '[';
	const char *end, *port;
	char host[64];
	size_t n;

	out->port = 0;
	if (addr(s, &out->addr))
		return true;
	s += bracket;
	end = strchr(s, bracket ? ']' : ':');
	n = end ? (size_t)(end - s) : sizeof(host);
	if (n >= sizeof(host))
		return false;
	memcpy(host, s, n);
	host[n] = 0;
	port = end + bracket;
	return addr(host, &out->addr) && *port == ':' && number(port + 1, 1, 65535, &out->port);
}

static bool set(struct conf *c, const struct option_row *r, const char *s)
{
	void *at = (char *)c + r->at;

	switch (r->kind) {
	case FLAG:
		return *(bool *)at = true;
	case NUMBER:
		return number(s, r->min, r->max, at);
	case SECONDS:
		return seconds(s, at);
	case RANGE:
		return range(s, r->min, r->max, at);
	case CHOICE:
		return choice(s, r->arg, at);
	case MAC:
		return mac(s, at);
	case ADDR:
		return addr(s, at);
	case CIDRS:
		return cidrs(s, at);
	case ENDPOINT:
		return endpoint(s, at);
	case TEXT:
		*(const char **)at = s;
		return true;
	}
	return false;
}

static void set_defaults(struct conf *c)
{
	size_t i;

	memset(c, 0, sizeof(*c));
	c->count = c->ms = c->idle_ms = c->set_vni = c->set_dport = c->hosts = CONF_UNSET;
	c->vlan = CONF_VLAN_NONE;
	c->via = CONF_VIA_AUTO;
	for (i = 0; i < ROWS; i++)
		if (rows[i].def)
			set(c, &rows[i], rows[i].def);
}

static bool holds(const struct conf_cidrs *src, uint64_t hosts)
{
	uint32_t bits = src->c[0].addr.len * 8u - src->c[0].prefix;

	return src->n == 1 && (bits > 31 || hosts <= 1ull << bits);
}

/* Defaults and contradictions that depend on more than one option. */
static int settle(struct conf *c, struct vx_err *err)
{
	uint8_t inner = c->inner == CONF_IP4 ? 4 : 16, outer = c->outer == CONF_IP4 ? 4 : 16;

	if (!c->src.n)
		cidrs(inner == 4 ? "198.51.100.0/24" : "2001:db8:5::/64", &c->src);
	if (!c->dst.len)
		addr(inner == 4 ? "172.30.74.144" : "2001:db8:74::144", &c->dst);
	if (!c->outer_dst.len) {
		/* Without outer headers the inner destination is the one to find a MAC for. */
		addr(outer == 4 ? "172.30.74.144" : "2001:db8:74::144", &c->outer_dst);
		if (c->plain)
			c->outer_dst = c->dst;
	}
	if (c->src.c[0].addr.len != inner || c->dst.len != inner)
		return vx_err_set(err, -EINVAL, "--src and --dst must be IPv%d, as --inner is",
				  inner == 4 ? 4 : 6);
	if (!c->plain &&
	    (c->outer_dst.len != outer || (c->outer_src.len && c->outer_src.len != outer)))
		return vx_err_set(err, -EINVAL,
				  "--outer-src and --outer-dst must be IPv%d, as --outer is",
				  outer == 4 ? 4 : 6);
	if (c->hosts != CONF_UNSET && !holds(&c->src, c->hosts))
		return vx_err_set(err, -EINVAL, "--hosts: one prefix of --src must hold them all");
	if ((c->wrap || c->set_vni != CONF_UNSET || c->set_dport != CONF_UNSET) && !c->pcap)
		return vx_err_set(err, -EINVAL, "--wrap, --set-vni and --set-dport go with --pcap");
	if (c->wrap && c->set_vni != CONF_UNSET)
		return vx_err_set(err, -EINVAL, "--wrap makes new outer headers: use --vni");
	return 0;
}

static int take(struct conf *c, const struct option_row *r, const char *value, struct vx_err *err)
{
	if (!(r->commands & (int)c->command))
		return vx_err_set(err, -EINVAL, "--%s is no option of vxgen %s", r->name,
				  c->command == CONF_SEND ? "send" : "sink");
	if (set(c, r, value))
		return 0;
	if (r->kind == NUMBER && r->max < UINT64_MAX - 1)
		return vx_err_set(err, -EINVAL, "--%s: '%s' is no number from %llu to %llu",
				  r->name, value, (unsigned long long)r->min,
				  (unsigned long long)r->max);
	return vx_err_set(err, -EINVAL, "--%s: '%s' is no %s", r->name, value, r->arg);
}

static int parse_options(struct conf *c, int argc, char **argv, struct vx_err *err)
{
	struct option longs[ROWS + 2] = { { "help", no_argument, NULL, 'h' } };
	size_t i;
	int opt, ret;

	for (i = 0; i < ROWS; i++)
		longs[i + 1] = (struct option){ rows[i].name, rows[i].arg ? 1 : 0, NULL,
						FIRST_VAL + (int)i };
	opterr = 0;
	optind = 1;
	while ((opt = getopt_long(argc, argv, ":h", longs, NULL)) != -1) {
		if (opt == 'h')
			return 1;
		if (opt == '?' || opt == ':')
			return vx_err_set(err, -EINVAL, "%s: %s", argv[optind - 1],
					  opt == '?' ? "unknown or ambiguous option"
						     : "needs a value");
		ret = take(c, &rows[opt - FIRST_VAL], optarg, err);
		if (ret)
			return ret;
	}
	return 0;
}

/* The command, then IF, then options; getopt also finds options before IF. */
int cli_parse(struct conf *c, int argc, char **argv, struct vx_err *err)
{
	int ret;

	set_defaults(c);
	if (argc > 1 && (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help")))
		return 1;
	if (argc > 1 && !strcmp(argv[1], "send"))
		c->command = CONF_SEND;
	else if (argc > 1 && !strcmp(argv[1], "sink"))
		c->command = CONF_SINK;
	else
		return vx_err_set(err, -EINVAL, "say 'send' or 'sink' first");
	argc--;
	argv++;
	ret = parse_options(c, argc, argv, err);
	if (ret)
		return ret;
	if (argc - optind != 1)
		return vx_err_set(err, -EINVAL,
				  optind == argc ? "name an interface" : "one interface, not more");
	if (strlen(argv[optind]) >= sizeof(c->ifname))
		return vx_err_set(err, -EINVAL, "%s: no interface has such a long name",
				  argv[optind]);
	memcpy(c->ifname, argv[optind], strlen(argv[optind]) + 1);
	return settle(c, err);
}

static void help_of(FILE *out, int command)
{
	char left[64];
	size_t i;

	for (i = 0; i < ROWS; i++) {
		const struct option_row *r = &rows[i];

		if (!(r->commands & command))
			continue;
		snprintf(left, sizeof(left), "--%s%s%s", r->name, r->arg ? " " : "",
			 r->arg ? r->arg : "");
		fprintf(out, "  %-26s %s", left, r->help);
		fprintf(out, r->def ? " (%s)\n" : "\n", r->def);
	}
}

void cli_help(FILE *out)
{
	fprintf(out,
		"vxgen makes traffic like that of AWS Traffic Mirroring, and verifies what comes "
		"out.\n\n"
		"vxgen send IF [OPTIONS]    (defaults in brackets)\n");
	help_of(out, CONF_SEND);
	fprintf(out, "\nvxgen sink IF [OPTIONS]\n");
	help_of(out, CONF_SINK);
	fprintf(out, "\nExit: 0 all is well, 1 it cannot run, 2 usage, 3 it ran and something was "
		     "wrong.\n");
}
