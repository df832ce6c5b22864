/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Capture files: the classic format (a header and records) and pcapng (blocks; section headers,
 * interface descriptions, enhanced and simple packets are understood, all others skipped).
 */
#include "capture.h"

#include <byteswap.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_FILE      (1u << 30)
#define LINK_ETHERNET 1u
#define NG_SECTION    0x0a0d0d0au
#define NG_INTERFACE  1u
#define NG_SIMPLE     3u
#define NG_ENHANCED   6u

struct reader {
	struct capture *c;
	bool swapped;
	uint32_t room; /* of c->frame */
	const char *path;
	struct vx_err *err;
};

static uint32_t get32(const struct reader *r, uint32_t off)
{
	uint32_t v;

	memcpy(&v, r->c->file + off, 4);
	return r->swapped ? bswap_32(v) : v;
}

static uint16_t get16(const struct reader *r, uint32_t off)
{
	uint16_t v;

	memcpy(&v, r->c->file + off, 2);
	return r->swapped ? bswap_16(v) : v;
}

static int broken(const struct reader *r, uint32_t off, const char *what)
{
	return vx_err_set(r->err, -EINVAL, "%s: byte %u: %s", r->path, off, what);
}

static int add(struct reader *r, uint32_t off, uint32_t len)
{
	struct capture *c = r->c;
	struct capture_frame *more;

	if (c->n == r->room) {
		r->room = r->room ? r->room * 2 : 256;
		more = realloc(c->frame, r->room * sizeof(*more));
		if (!more)
			return vx_err_set(r->err, -ENOMEM, "%s: no memory", r->path);
		c->frame = more;
	}
	c->frame[c->n++] = (struct capture_frame){ off, len };
	if (len > c->longest)
		c->longest = len;
	return 0;
}

static int read_classic(struct reader *r)
{
	uint32_t off = 24, len, link;
	int ret;

	if (r->c->file_len < off)
		return broken(r, 0, "shorter than a pcap header");
	link = get32(r, 20) & 0xffff;
	if (link != LINK_ETHERNET)
		return vx_err_set(r->err, -EINVAL, "%s: link type %u: only Ethernet (1) is known",
				  r->path, link);
	while (off < r->c->file_len) {
		if (r->c->file_len - off < 16)
			return broken(r, off, "a record header is cut");
		len = get32(r, off + 8);
		if (len > r->c->file_len - off - 16)
			return broken(r, off, "a record is longer than the file");
		ret = add(r, off + 16, len);
		if (ret)
			return ret;
		off += 16 + len;
	}
	return 0;
}

/* A packet block with its data at head bytes after off; block is the block's whole length. */
static int ng_packet(struct reader *r, uint32_t off, uint32_t block, uint32_t type)
{
	uint32_t head = type == NG_ENHANCED ? 28 : 12, len;

	if (block < head + 4)
		return broken(r, off, "a packet block is cut");
	len = get32(r, type == NG_ENHANCED ? off + 20 : off + 8);
	if (type == NG_SIMPLE && len > block - head - 4)
		len = block - head - 4; /* the original length: a snapshot length may have cut it */
	if (len > block - head - 4)
		return broken(r, off, "a packet is longer than its block");
	return add(r, off + head, len);
}

static int ng_block(struct reader *r, uint32_t off, uint32_t block, uint32_t type)
{
	if (type == NG_ENHANCED || type == NG_SIMPLE)
		return ng_packet(r, off, block, type);
	if (type == NG_INTERFACE && (block < 20 || get16(r, off + 8) != LINK_ETHERNET))
		return broken(r, off, "an interface that is not Ethernet");
	return 0;
}

static int read_ng(struct reader *r)
{
	uint32_t off = 0, block, magic;
	int ret;

	while (off < r->c->file_len) {
		if (r->c->file_len - off < 12)
			return broken(r, off, "a block header is cut");
		memcpy(&magic, r->c->file + off + 8, 4);
		if (get32(r, off) == NG_SECTION)
			r->swapped = magic == 0x4d3c2b1a;
		block = get32(r, off + 4);
		if (block < 12 || block % 4 || block > r->c->file_len - off)
			return broken(r, off, "a block has an impossible length");
		ret = ng_block(r, off, block, get32(r, off));
		if (ret)
			return ret;
		off += block;
	}
	return 0;
}

static int slurp(struct capture *c, const char *path, struct vx_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret = 0;
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st)) {
		ret = vx_err_set(err, -errno, "%s: %s", path, strerror(errno));
		goto out;
	}
	if (!S_ISREG(st.st_mode) || st.st_size > MAX_FILE || st.st_size < 4) {
		ret = vx_err_set(err, -EINVAL, "%s: not a capture file of 4 bytes to 1 GiB", path);
		goto out;
	}
	c->file = malloc((size_t)st.st_size);
	if (!c->file) {
		ret = vx_err_set(err, -ENOMEM, "%s: no memory", path);
		goto out;
	}
	while (c->file_len < st.st_size) {
		n = read(fd, c->file + c->file_len, (size_t)st.st_size - c->file_len);
		if (n <= 0) {
			ret = vx_err_set(err, -EIO, "%s: cannot be read to its end", path);
			goto out;
		}
		c->file_len += (uint32_t)n;
	}
out:
	if (fd >= 0)
		close(fd);
	return ret;
}

int capture_load(struct capture *c, const char *path, struct vx_err *err)
{
	struct reader r = { .c = c, .path = path, .err = err };
	uint32_t magic;
	int ret;

	memset(c, 0, sizeof(*c));
	ret = slurp(c, path, err);
	if (ret)
		goto fail;
	memcpy(&magic, c->file, 4);
	r.swapped = magic == 0xd4c3b2a1 || magic == 0x4d3cb2a1;
	if (magic == NG_SECTION)
		ret = read_ng(&r);
	else if (r.swapped || magic == 0xa1b2c3d4 || magic == 0xa1b23c4d)
		ret = read_classic(&r);
	else
		ret = vx_err_set(err, -EINVAL, "%s: neither pcap nor pcapng", path);
	if (!ret && !c->n)
		ret = vx_err_set(err, -EINVAL, "%s: no packets in it", path);
	if (!ret)
		return 0;
fail:
	capture_free(c);
	return ret;
}

void capture_free(struct capture *c)
{
	free(c->file);
	free(c->frame);
	memset(c, 0, sizeof(*c));
}
