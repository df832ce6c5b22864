/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vxgen sink: a packet socket with a TPACKET_V3 ring, every frame of which goes to the verifier;
 * then the report. What the ring could not hold is the kernel's count, given as sink_drops.
 */
#define _GNU_SOURCE
#include "send.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "resolve.h"
#include "stamp.h"
#include "verify.h"

#define SEC	  1000000000ull
#define BLOCK	  (1u << 20)
#define BLOCKS	  64u
#define RETIRE_MS 10 /* a block that is not full is handed over after this */

struct sink {
	struct conf *c;
	int fd;
	uint8_t *ring;
	unsigned int block; /* the next one to read */
	uint64_t drops;
	uint64_t first_ns, last_ns; /* CLOCK_REALTIME of the first and last packet that counted */
	uint64_t idle_since_ns;	    /* CLOCK_MONOTONIC */
	struct verify v;
};

static uint64_t now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * SEC + (uint64_t)ts.tv_nsec;
}

static int failure(struct sink *s, struct vx_err *err, const char *what)
{
	return vx_err_set(err, -errno, "%s: %s: %s", s->c->ifname, what, strerror(errno));
}

/* The ring is there before the socket is bound, so that nothing is seen before all of it counts. */
static int open_ring(struct sink *s, struct vx_err *err)
{
	struct tpacket_req3 req = { .tp_block_size = BLOCK,
				    .tp_block_nr = BLOCKS,
				    .tp_frame_size = 2048,
				    .tp_frame_nr = BLOCK / 2048 * BLOCKS,
				    .tp_retire_blk_tov = RETIRE_MS };
	struct sockaddr_ll addr = { .sll_family = AF_PACKET,
				    .sll_protocol = htons(ETH_P_ALL),
				    .sll_ifindex = (int)s->c->ifindex };
	int version = TPACKET_V3, one = 1;

	s->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (s->fd < 0)
		return failure(s, err, "packet socket");
	if (setsockopt(s->fd, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) ||
	    setsockopt(s->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) ||
	    setsockopt(s->fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)))
		return failure(s, err, "packet ring");
	s->ring = mmap(NULL, (size_t)BLOCK * BLOCKS, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);
	if (s->ring == MAP_FAILED)
		return failure(s, err, "map packet ring");
	if (bind(s->fd, (struct sockaddr *)&addr, sizeof(addr)))
		return failure(s, err, "bind");
	return 0;
}

static void close_ring(struct sink *s)
{
	if (s->ring && s->ring != MAP_FAILED)
		munmap(s->ring, (size_t)BLOCK * BLOCKS);
	if (s->fd >= 0)
		close(s->fd);
}

/* The statistics are reset by each reading. */
static void read_drops(struct sink *s)
{
	struct tpacket_stats_v3 st;
	socklen_t len = sizeof(st);

	if (!getsockopt(s->fd, SOL_PACKET, PACKET_STATISTICS, &st, &len))
		s->drops += st.tp_drops;
}

static void take(struct sink *s, const struct tpacket3_hdr *h)
{
	struct verify_meta meta = {
		.time_ns = (uint64_t)h->tp_sec * SEC + h->tp_nsec,
		.sum_not_ready = h->tp_status & TP_STATUS_CSUMNOTREADY,
		.tagged = h->tp_status & TP_STATUS_VLAN_VALID,
	};

	if (!verify_frame(&s->v, (const uint8_t *)h + h->tp_mac, h->tp_snaplen, &meta))
		return;
	if (!s->first_ns)
		s->first_ns = meta.time_ns;
	s->last_ns = meta.time_ns;
}

static bool enough(const struct sink *s)
{
	return s->v.n.packets >= s->c->count;
}

/* Reads one block if the kernel has handed it over; false when there is none. */
static bool read_block(struct sink *s)
{
	struct tpacket_block_desc *b = (void *)(s->ring + (size_t)s->block * BLOCK);
	const struct tpacket3_hdr *h;
	uint64_t before = s->v.n.packets;
	uint32_t i;

	if (!(__atomic_load_n(&b->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
		return false;
	h = (const void *)((const uint8_t *)b + b->hdr.bh1.offset_to_first_pkt);
	for (i = 0; i < b->hdr.bh1.num_pkts && !enough(s); i++) {
		take(s, h);
		h = (const void *)((const uint8_t *)h + h->tp_next_offset);
	}
	__atomic_store_n(&b->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	s->block = (s->block + 1) % BLOCKS;
	if (s->v.n.packets != before)
		s->idle_since_ns = now_ns(CLOCK_MONOTONIC);
	return true;
}

static bool expired(const struct sink *s, uint64_t start, uint64_t now)
{
	if (s->c->ms != CONF_UNSET && now - start >= s->c->ms * 1000000)
		return true;
	return s->c->idle_ms != CONF_UNSET && s->v.n.packets &&
	       now - s->idle_since_ns > s->c->idle_ms * 1000000;
}

/* Asked when poll() gave no packets. An interface that went down may come back, one that is deleted
 * does not: true for the latter. An error stays in the socket, and poll() returns at once, until it
 * is read; deletion has no error of its own when the interface was down already. */
static bool interface_gone(const struct sink *s)
{
	socklen_t len = sizeof(int);
	int error;

	getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (if_nametoindex(s->c->ifname) == s->c->ifindex)
		return false;
	fprintf(stderr, "vxgen: %s is gone\n", s->c->ifname);
	return true;
}

static void loop(struct sink *s, volatile sig_atomic_t *stop)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN };
	uint64_t start = now_ns(CLOCK_MONOTONIC);
	unsigned int i;

	while (!*stop && !enough(s) && !expired(s, start, now_ns(CLOCK_MONOTONIC))) {
		if (read_block(s))
			continue;
		if ((poll(&p, 1, RETIRE_MS) <= 0 || !(p.revents & POLLIN)) && interface_gone(s))
			break;
	}
	/* What came until now counts too: the last block is handed over a little later. */
	poll(NULL, 0, 2 * RETIRE_MS);
	for (i = 0; i < BLOCKS && !enough(s) && read_block(s); i++)
		;
	read_drops(s);
}

static void print_json(const struct sink *s, const struct flowtab_totals *t, double seconds,
		       double pps)
{
	const struct verify_counts *n = &s->v.n;
	const struct lathist *l = &s->v.latency;

	printf("{\"packets\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"pps\":%.1f,\"lost\":%" PRIu64
	       ",\"duplicated\":%" PRIu64 ",\"reordered\":%" PRIu64 ",\"bad_ip_sum\":%" PRIu64
	       ",\"bad_l4_sum\":%" PRIu64 ",\"bad_mac\":%" PRIu64 ",\"unexpected\":%" PRIu64
	       ",\"flows\":%" PRIu64,
	       n->packets, n->bytes, pps, t->lost, t->duplicated + n->frag_duplicated, t->reordered,
	       n->bad_ip_sum, n->bad_l4_sum, n->bad_mac, n->unexpected, t->flows);
	printf(",\"lat_us\":{\"p50\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f}",
	       (double)lathist_percentile(l, 500) / 1e3, (double)lathist_percentile(l, 990) / 1e3,
	       (double)lathist_percentile(l, 999) / 1e3, (double)l->max_ns / 1e3);
	printf(",\"seconds\":%.6f,\"stamped\":%" PRIu64 ",\"fragments\":%" PRIu64
	       ",\"frag_incomplete\":%" PRIu64 ",\"truncated\":%" PRIu64 ",\"padded\":%" PRIu64
	       ",\"tagged\":%" PRIu64 ",\"sum_not_ready\":%" PRIu64 ",\"untracked\":%" PRIu64
	       ",\"ignored\":%" PRIu64 ",\"sink_drops\":%" PRIu64 "}\n",
	       seconds, l->count, n->fragments, datagram_incomplete(s->v.datagrams), n->truncated,
	       n->padded, n->tagged, n->sum_not_ready, t->untracked, n->ignored, s->drops);
}

static void print_text(const struct sink *s, const struct flowtab_totals *t, double seconds,
		       double pps)
{
	const struct verify_counts *n = &s->v.n;
	const struct lathist *l = &s->v.latency;

	printf("%" PRIu64 " packets, %" PRIu64 " bytes in %.3f s (%.0f packets/s), %" PRIu64
	       " flows\n",
	       n->packets, n->bytes, seconds, pps, t->flows);
	printf("lost %" PRIu64 ", duplicated %" PRIu64 ", reordered %" PRIu64
	       ", unexpected %" PRIu64 ", dropped here %" PRIu64 "\n",
	       t->lost, t->duplicated + n->frag_duplicated, t->reordered, n->unexpected, s->drops);
	printf("bad IP sums %" PRIu64 ", bad transport sums %" PRIu64 ", bad MACs %" PRIu64 "\n",
	       n->bad_ip_sum, n->bad_l4_sum, n->bad_mac);
	if (n->fragments)
		printf("fragments %" PRIu64 ", of datagrams not complete %" PRIu64 "\n",
		       n->fragments, datagram_incomplete(s->v.datagrams));
	if (l->count)
		printf("latency p50 %.1f us, p99 %.1f us, max %.1f us\n",
		       (double)lathist_percentile(l, 500) / 1e3,
		       (double)lathist_percentile(l, 990) / 1e3, (double)l->max_ns / 1e3);
}

static int report(const struct sink *s)
{
	const struct verify_counts *n = &s->v.n;
	double seconds = (double)(s->last_ns - s->first_ns) / 1e9;
	double pps = seconds > 0 ? (double)(n->packets - 1) / seconds : 0;
	struct flowtab_totals t;

	flowtab_sum(s->v.flows, &t);
	if (s->c->json)
		print_json(s, &t, seconds, pps);
	else
		print_text(s, &t, seconds, pps);
	if (s->v.first_problem[0])
		fprintf(stderr, "vxgen: first problem: %s\n", s->v.first_problem);
	if (t.lost || t.duplicated || n->frag_duplicated || n->unexpected || n->bad_ip_sum ||
	    n->bad_l4_sum || n->bad_mac || s->drops || t.untracked ||
	    datagram_incomplete(s->v.datagrams) || (s->c->count != CONF_UNSET && !enough(s)))
		return EXIT_WRONG;
	return EXIT_OK;
}

static struct verify_cfg judge_by(const struct conf *c)
{
	struct verify_cfg cfg = { .any = c->any,
				  .dst_len = c->expect_dst.addr.len,
				  .dst_port = (uint16_t)c->expect_dst.port,
				  .run = stamp_run(now_ns(CLOCK_REALTIME), 0) };

	memcpy(cfg.mac, c->mac, 6);
	memcpy(cfg.src_mac, c->expect_smac.b, 6);
	memcpy(cfg.dst, c->expect_dst.addr.b, sizeof(cfg.dst));
	return cfg;
}

int sink_run(struct conf *c, volatile sig_atomic_t *stop, struct vx_err *err)
{
	struct sink s = { .c = c, .fd = -1 };
	struct verify_cfg cfg;
	int ret = EXIT_CANNOT;

	if (resolve_interface(c, err))
		return EXIT_CANNOT;
	cfg = judge_by(c);
	if (verify_init(&s.v, &cfg)) {
		vx_err_set(err, -ENOMEM, "no memory");
		return EXIT_CANNOT;
	}
	if (!open_ring(&s, err)) {
		fprintf(stderr, "ready\n");
		loop(&s, stop);
		ret = report(&s);
	}
	close_ring(&s);
	verify_fini(&s.v);
	return ret;
}
