// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading a BPF ring buffer through its mapping: a page with the consumer's position, a page with
 * the producer's, and the data, mapped twice in a row so that no record is split.
 */
#include "ring.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>

struct ring {
	int fd;
	uint32_t size;
	unsigned long *consumer;
	const unsigned long *producer;
	const uint8_t *data;
};

static int ring_map(struct ring *r, struct vx_err *err)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *map;

	map = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, 0);
	if (map == MAP_FAILED)
		return vx_err_set(err, -errno, "map ring: %s", strerror(errno));
	r->consumer = map;
	map = mmap(NULL, page + 2 * (size_t)r->size, PROT_READ, MAP_SHARED, r->fd, (off_t)page);
	if (map == MAP_FAILED)
		return vx_err_set(err, -errno, "map ring: %s", strerror(errno));
	r->producer = map;
	r->data = (const uint8_t *)map + page;
	return 0;
}

/* On an error the process is about to end; nothing is undone. */
int ring_open(struct ring **out, int fd, uint32_t size, struct vx_err *err)
{
	struct ring *r = calloc(1, sizeof(*r));

	if (!r)
		return vx_err_set(err, -ENOMEM, "ring");
	r->size = size;
	r->fd = fd;
	*out = r;
	return ring_map(r, err);
}

int ring_new(struct ring **out, uint32_t size, struct vx_err *err)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, NULL, 0, 0, size, NULL);

	return fd < 0 ? vx_err_set(err, fd, "ring: %s", strerror(-fd))
		      : ring_open(out, fd, size, err);
}

int ring_fd(const struct ring *r)
{
	return r->fd;
}

bool ring_pop(struct ring *r, void *head, uint32_t n, const uint8_t **rest)
{
	unsigned long at = *r->consumer;

	/* Acquire: the record is read after the position that covers it; the kernel stores with
	 * release. */
	while (at != __atomic_load_n(r->producer, __ATOMIC_ACQUIRE)) {
		const uint8_t *rec = r->data + (at & (r->size - 1));
		uint32_t len = __atomic_load_n((const uint32_t *)rec, __ATOMIC_ACQUIRE);
		const uint8_t *body = rec + BPF_RINGBUF_HDR_SZ;

		at += (BPF_RINGBUF_HDR_SZ + (len & ~(uint32_t)BPF_RINGBUF_DISCARD_BIT) + 7) & ~7UL;
		__atomic_store_n(r->consumer, at, __ATOMIC_RELEASE);
		if (len & BPF_RINGBUF_DISCARD_BIT)
			continue;
		memcpy(head, body, n);
		if (rest)
			*rest = body + n;
		return true;
	}
	return false;
}

void ring_clear(struct ring *r)
{
	__atomic_store_n(r->consumer, __atomic_load_n(r->producer, __ATOMIC_ACQUIRE),
			 __ATOMIC_RELEASE);
}
