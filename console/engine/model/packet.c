// SPDX-License-Identifier: GPL-2.0-only
/* The grammar of packets. Whatever is typed here comes from outside: every number has its bounds.
 */
#include "engine/model/packet.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "engine/model/text.h"

#define HEADERS	     (14 + 40 + 8 + 8 + 14) /* the most that stands before the inner packet */
#define LEN_MAX	     (PACKET_FRAME_MAX - HEADERS)
#define DATAGRAM_MAX 65535

static int refuse(const char *text, const char *expected, struct vx_err *err)
{
	char shown[TEXT_SHOWN];

	return vx_err_set(err, -EINVAL, "'%s': expected %s",
			  text_escape(shown, sizeof(shown), text, strlen(text)), expected);
}

/* The digits at *at, moved behind them. */
static int number(const char **at, uint32_t max, uint32_t *out)
{
	uint64_t v = 0;
	const char *s = *at;

	for (; *s >= '0' && *s <= '9'; s++) {
		v = v * 10 + (uint64_t)(*s - '0');
		if (v > max)
			return -ERANGE;
	}
	if (s == *at)
		return -EINVAL;
	*at = s;
	*out = (uint32_t)v;
	return 0;
}

static int whole_number(const char *text, uint32_t max, uint32_t *out)
{
	int r = number(&text, max, out);

	return r ? r : *text ? -EINVAL : 0;
}

/* ADDRESS, ADDRESS:PORT, [ADDRESS], [ADDRESS]:PORT. A bare IPv6 address has no port. */
static int take_end(const char *text, struct addr *a, uint16_t *port, bool *has_port,
		    struct vx_err *err)
{
	static const char expected[] = "an address as in 10.1.2.3:5000 or [2001:db8::1]:5000";
	const char *host = text, *end, *colon = strchr(text, ':');
	char copy[ADDR_TEXT];
	uint32_t n = 0;

	if (*text == '[') {
		host++;
		end = strchr(host, ']');
		if (!end || (end[1] && end[1] != ':'))
			return refuse(text, expected, err);
		colon = end[1] ? end + 1 : NULL;
	} else {
		if (colon && strchr(colon + 1, ':'))
			colon = NULL;
		end = colon ? colon : text + strlen(text);
	}
	if ((size_t)(end - host) >= sizeof(copy))
		return refuse(text, expected, err);
	memcpy(copy, host, (size_t)(end - host));
	copy[end - host] = 0;
	if (addr_parse(copy, a, NULL) || (*text == '[' && a->family != VX_IP6))
		return refuse(text, expected, err);
	*has_port = colon;
	if (colon && whole_number(colon + 1, 65535, &n))
		return refuse(text, "a port of 0-65535 after the address", err);
	*port = (uint16_t)n;
	return 0;
}

/* ID:OFFSET, with + when more follow. */
static int take_frag(const char *text, struct packet *p, struct vx_err *err)
{
	uint32_t id_max = p->src.family == VX_IP6 ? UINT32_MAX : 65535;
	const char *s = text;

	if (number(&s, id_max, &p->frag_id) || *s++ != ':' || number(&s, 65528, &p->frag_off))
		return refuse(text, "a fragment as in 7:1480+ (ID:OFFSET, + when more follow)",
			      err);
	p->more = *s == '+';
	s += p->more;
	if (*s || p->frag_off % 8)
		return refuse(text, "an offset that is a multiple of 8, then + or nothing", err);
	if (!p->more && !p->frag_off)
		return refuse(text, "+ after offset 0: else the packet is whole", err);
	p->frag = true;
	return 0;
}

static int take_vni(const char *text, struct packet *p, struct vx_err *err)
{
	p->has_vni = true;
	return whole_number(text, 0xffffff, &p->vni) ? refuse(text, "a VNI of 0-16777215", err) : 0;
}

static int take_len(const char *text, struct packet *p, struct vx_err *err)
{
	return whole_number(text, LEN_MAX, &p->len) || !p->len
		       ? refuse(text,
				"bytes of the inner IP packet, at most 65451: longer frames no "
				"test run of the kernel takes",
				err)
		       : 0;
}

static int take_ttl(const char *text, struct packet *p, struct vx_err *err)
{
	uint32_t n;

	if (whole_number(text, 255, &n))
		return refuse(text, "a TTL of 0-255", err);
	p->ttl = (uint8_t)n;
	return 0;
}

static int take_from(const char *text, struct packet *p, struct vx_err *err)
{
	return addr_parse(text, &p->from, err);
}

_Static_assert(LEN_MAX == 65451, "the number in the message of take_len");

static const struct {
	const char *name;
	int (*take)(const char *text, struct packet *p, struct vx_err *err);
} options[] = {
	{ "vni", take_vni }, { "len", take_len },   { "frag", take_frag },
	{ "ttl", take_ttl }, { "from", take_from },
};
#define N_OPTIONS (sizeof(options) / sizeof(options[0]))

const char *packet_option(unsigned i)
{
	return i < N_OPTIONS ? options[i].name : NULL;
}

static int take_options(int argc, char *const *argv, struct packet *p, struct vx_err *err)
{
	unsigned seen = 0;

	for (int i = 0; i < argc; i += 2) {
		size_t k = 0;
		int r;

		while (k < N_OPTIONS && strcmp(argv[i], options[k].name) != 0)
			k++;
		if (k == N_OPTIONS)
			return refuse(argv[i], "vni, len, frag, ttl or from", err);
		if (i + 1 == argc)
			return vx_err_set(err, -EINVAL, "%s: its value is missing",
					  options[k].name);
		if (seen & 1u << k)
			return vx_err_set(err, -EINVAL, "%s: is there twice", options[k].name);
		seen |= 1u << k;
		r = options[k].take(argv[i + 1], p, err);
		if (r)
			return r;
	}
	return 0;
}

static const struct {
	const char *name;
	uint8_t proto;
} words[] = {
	{ "udp", IPPROTO_UDP },
	{ "tcp", IPPROTO_TCP },
	{ "icmp", IPPROTO_ICMP },
	{ "proto", 0 },
};

const char *packet_word(unsigned i)
{
	return i < sizeof(words) / sizeof(words[0]) ? words[i].name : NULL;
}

bool packet_is_word(const char *word)
{
	const char *w;

	for (unsigned i = 0; (w = packet_word(i)); i++)
		if (!strcmp(w, word))
			return true;
	return false;
}

/* The protocol; how many words it took. */
static int take_proto(int argc, char *const *argv, struct packet *p, struct vx_err *err)
{
	uint32_t n;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(argv[0], words[i].name))
			p->proto = words[i].proto;
	if (strcmp(argv[0], "proto") != 0)
		return 1;
	if (argc < 2 || whole_number(argv[1], 255, &n))
		return refuse(argc < 2 ? "proto" : argv[1], "proto and a number of 0-255", err);
	if (n == IPPROTO_UDP || n == IPPROTO_TCP)
		return refuse(argv[1], "udp or tcp for a protocol with ports", err);
	p->proto = (uint8_t)n;
	return 2;
}

static bool has_ports(const struct packet *p)
{
	return p->proto == IPPROTO_UDP || p->proto == IPPROTO_TCP;
}

static int take_ends(char *const *argv, struct packet *p, struct vx_err *err)
{
	bool from, to;
	int r = take_end(argv[0], &p->src, &p->sport, &from, err);

	if (!r && strcmp(argv[1], ">") != 0 && strcmp(argv[1], "to") != 0)
		r = refuse(argv[1], "> or to between the addresses", err);
	r = r ? r : take_end(argv[2], &p->dst, &p->dport, &to, err);
	if (!r && p->src.family != p->dst.family)
		r = refuse(argv[2], "an address of the same family as the first", err);
	if (!r && !has_ports(p) && (from || to))
		r = refuse(from ? argv[0] : argv[2], "no port: only udp and tcp have them", err);
	if (!r && has_ports(p) && from != to)
		r = refuse(from ? argv[2] : argv[0], "a port, as the other address has one", err);
	return r ? r : from;
}

uint32_t packet_ip_bytes(const struct packet *p)
{
	if (p->src.family == VX_IP4)
		return 20;
	return p->frag ? 48 : 40;
}

/* What must follow the IP headers at least. */
static uint32_t l4_bytes(const struct packet *p)
{
	if (p->frag_off)
		return 8;
	return p->proto == IPPROTO_TCP ? 20 : 8;
}

static int settle_len(struct packet *p, struct vx_err *err)
{
	uint32_t head = packet_ip_bytes(p), least = l4_bytes(p), data;

	if (p->more)
		least = (least + 7) / 8 * 8;
	if (!p->len)
		p->len = head + least;
	if (p->len < head + least)
		return vx_err_set(err, -EINVAL, "len %u: at least %u bytes of headers are in it",
				  p->len, head + least);
	data = p->len - head;
	if (p->more && data % 8)
		return vx_err_set(err, -EINVAL,
				  "len %u: a fragment that others follow has a multiple of 8 "
				  "bytes behind its IP header, as with len %u",
				  p->len, head + data / 8 * 8);
	if (p->frag_off + data > DATAGRAM_MAX)
		return vx_err_set(err, -EINVAL, "frag: offset %u and %u bytes are beyond 65,535",
				  p->frag_off, data);
	return 0;
}

int packet_parse(int argc, char *const *argv, struct packet *out, struct vx_err *err)
{
	struct packet p = { .ttl = 64 };
	int n = argc ? take_proto(argc, argv, &p, err) : -EINVAL, ports, r;

	if (n < 0)
		return argc ? n : refuse("", "udp, tcp, icmp or proto", err);
	if (argc < n + 3)
		return vx_err_set(err, -EINVAL, "%s: expected A > B, or A to B, behind it",
				  argv[0]);
	ports = take_ends(argv + n, &p, err);
	if (ports < 0)
		return ports;
	if (p.proto == IPPROTO_ICMP && p.src.family == VX_IP6 && !strcmp(argv[0], "icmp"))
		p.proto = IPPROTO_ICMPV6;
	addr_parse(p.src.family == VX_IP4 ? "192.0.2.1" : "2001:db8::1", &p.from, NULL);
	r = take_options(argc - n - 3, argv + n + 3, &p, err);
	if (!r && has_ports(&p) && !ports && !p.frag_off)
		r = refuse(argv[n], "a port, as in 10.1.2.3:5000: only later fragments have none",
			   err);
	r = r ? r : settle_len(&p, err);
	if (!r)
		*out = p;
	return r;
}
