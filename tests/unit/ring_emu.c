/* SPDX-License-Identifier: GPL-2.0-only */
/* The producer half of kernel/bpf/ringbuf.c, over a memfd whose data pages are mapped twice. */
#include "ring_emu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ring.h"

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	abort();
}

void emu_open(struct emu *e, size_t size, struct vx_wake *wake)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *p;

	memset(e, 0, sizeof(*e));
	e->size = size;
	e->fd = memfd_create("ring", MFD_CLOEXEC);
	e->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	need(e->fd >= 0 && e->wake_fd >= 0, "memfd");
	need(!ftruncate(e->fd, (off_t)(2 * page + size)), "ftruncate");
	e->map_len = 2 * page + 2 * size;
	p = mmap(NULL, e->map_len, PROT_READ | PROT_WRITE, MAP_SHARED, e->fd, 0);
	need(p != MAP_FAILED, "mmap");
	need(mmap(p + 2 * page + size, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, e->fd,
		  (off_t)(2 * page)) != MAP_FAILED,
	     "mmap again");
	e->map = p;
	e->consumer = (void *)p;
	e->producer = (void *)(p + page);
	e->data = p + 2 * page;
	e->sleepers = wake ? (_Atomic uint32_t *)(void *)&wake->sleepers : NULL;
	e->woken = wake ? (_Atomic uint32_t *)(void *)&wake->woken : NULL;
}

void emu_close(struct emu *e)
{
	munmap(e->map, e->map_len);
	close(e->fd);
	close(e->wake_fd);
}

static _Atomic uint32_t *header(unsigned char *payload)
{
	return (_Atomic uint32_t *)(void *)(payload - RING_HDR);
}

void *emu_reserve(struct emu *e, size_t len)
{
	uint64_t pos = atomic_load_explicit(e->producer, memory_order_relaxed);
	uint64_t next = pos + ((len + RING_HDR + 7) & ~7ULL);
	unsigned char *p = e->data + (pos & (e->size - 1)) + RING_HDR;

	if (next - atomic_load_explicit(e->consumer, memory_order_acquire) > e->size)
		return NULL;
	atomic_store_explicit(header(p), (uint32_t)len | RING_BUSY, memory_order_relaxed);
	atomic_store_explicit(e->producer, next, memory_order_release);
	return p;
}

static bool take_wake(struct emu *e)
{
	if (!e->sleepers || !atomic_load_explicit(e->sleepers, memory_order_relaxed) ||
	    atomic_load_explicit(e->woken, memory_order_relaxed))
		return false;
	atomic_store_explicit(e->woken, 1, memory_order_relaxed);
	return true;
}

/* What ring_wake() does: there is no waking without a record, so an empty one. */
static bool wake_by_record(struct emu *e)
{
	unsigned char *p;

	if (!take_wake(e))
		return false;
	p = emu_reserve(e, VX_WAKE_BYTES);
	if (p)
		atomic_exchange_explicit(header(p), VX_WAKE_BYTES | RING_DISCARD,
					 memory_order_seq_cst);
	else
		atomic_store_explicit(e->woken, 0, memory_order_relaxed);
	return p != NULL;
}

void emu_commit(struct emu *e, void *p, bool discard)
{
	uint32_t len = atomic_load_explicit(header(p), memory_order_relaxed) & ~RING_BUSY;
	bool wake = !e->late && take_wake(e);
	uint64_t one = 1;

	/* seq_cst: the producer position is out before sleepers is looked at again */
	atomic_exchange_explicit(header(p), len | (discard ? RING_DISCARD : 0),
				 memory_order_seq_cst);
	if ((wake || wake_by_record(e)) && write(e->wake_fd, &one, sizeof(one)) < 0)
		abort();
}

void emu_copy(void *to, const void *from, size_t len)
{
	_Atomic uint64_t *out = to;
	uint64_t word;
	size_t i;

	for (i = 0; i < len / sizeof(word); i++) {
		memcpy(&word, (const unsigned char *)from + i * sizeof(word), sizeof(word));
		atomic_store_explicit(&out[i], word, memory_order_relaxed);
	}
}
