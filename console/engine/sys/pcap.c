// SPDX-License-Identifier: GPL-2.0-only
/* A capture file, record by record. Nothing that it says is believed before it has been checked. */
#include "engine/sys/pcap.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC_US   0xa1b2c3d4
#define MAGIC_NS   0xa1b23c4d
#define MAGIC_NG   0x0a0d0d0a
#define LINK_ETHER 1
#define LINK_SLL   113
#define LINK_SLL2  276
/* What libpcap takes for the largest packet. The limit that the file states is no bound: files
 * are about that have more, and files that state 0. */
#define CAPTURED_MAX 262144

struct file_header {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, sigfigs, snaplen, link;
};

struct record {
	uint32_t seconds, fraction, captured, length;
};

static uint32_t order(const struct pcap *p, uint32_t v)
{
	return p->swapped ? __builtin_bswap32(v) : v;
}

/* n bytes at the offset; fewer only at the end of the file. */
static ssize_t read_at(const struct pcap *p, off_t at, void *to, size_t n, struct vx_err *err)
{
	size_t got = 0;

	while (got < n) {
		ssize_t r = pread(p->fd, (char *)to + got, n - got, at + (off_t)got);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return vx_err_set(err, -errno, "reading the file: %s", strerror(errno));
		if (!r)
			break;
		got += (size_t)r;
	}
	return (ssize_t)got;
}

static int check_magic(struct pcap *p, uint32_t magic, struct vx_err *err)
{
	if (magic == MAGIC_NG)
		return vx_err_set(err, -EINVAL,
				  "is a pcapng file: editcap -F pcap FILE NEW.pcap makes it one "
				  "that can be read");
	p->swapped = magic == __builtin_bswap32(MAGIC_US) || magic == __builtin_bswap32(MAGIC_NS);
	if (!p->swapped && magic != MAGIC_US && magic != MAGIC_NS)
		return vx_err_set(err, -EINVAL, "is no capture: expected a pcap file");
	return 0;
}

static int check_link(uint32_t link, struct vx_err *err)
{
	link &= 0xffff; /* the upper half tells of a frame check sequence */
	if (link == LINK_SLL || link == LINK_SLL2)
		return vx_err_set(
			err, -EINVAL,
			"is a \"Linux cooked\" capture, without Ethernet headers: capture "
			"on one interface, tcpdump -i ens5, not -i any");
	if (link != LINK_ETHER)
		return vx_err_set(err, -EINVAL, "has link type %u: expected Ethernet, 1", link);
	return 0;
}

int pcap_open(struct pcap *p, int fd, struct vx_err *err)
{
	struct file_header h = { 0 };
	struct stat st;
	ssize_t n;
	int r;

	*p = (struct pcap){ .fd = fd, .at = sizeof(h) };
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return vx_err_set(err, -EINVAL, "is not a regular file");
	n = read_at(p, 0, &h, sizeof(h), err);
	if (n < 0)
		return (int)n;
	r = check_magic(p, h.magic, err);
	if (!r && n < (ssize_t)sizeof(h))
		r = vx_err_set(err, -EINVAL, "ends within its header, after %zd bytes", n);
	r = r ? r : check_link(order(p, h.link), err);
	return r;
}

int pcap_next(struct pcap *p, uint8_t *data, uint32_t max, uint32_t *len, struct vx_err *err)
{
	struct record rec = { 0 };
	ssize_t n = read_at(p, p->at, &rec, sizeof(rec), err);

	if (n <= 0)
		return (int)n;
	p->n++;
	*len = order(p, rec.captured);
	if (n < (ssize_t)sizeof(rec))
		return vx_err_set(err, -EINVAL, "packet %u: the file ends within its header", p->n);
	if (*len > CAPTURED_MAX)
		return vx_err_set(err, -EINVAL,
				  "packet %u: says it has %u bytes, no capture has more than %d: "
				  "the file is damaged",
				  p->n, *len, CAPTURED_MAX);
	p->at += (off_t)sizeof(rec);
	if (data && *len <= max) {
		n = read_at(p, p->at, data, *len, err);
		if (n < 0)
			return (int)n;
		if (n < (ssize_t)*len)
			return vx_err_set(err, -EINVAL, "packet %u: the file ends within it", p->n);
	}
	p->at += *len;
	p->cut = order(p, rec.length) > *len ? order(p, rec.length) - *len : 0;
	return 1;
}
