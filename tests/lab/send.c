/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vxgen send: takes frames from the generator, hands them to a backend at the asked rate, reports.
 */
#include "send.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "gen.h"
#include "pace.h"
#include "resolve.h"
#include "tx.h"

#define SEC	     1000000000ull
#define SHORTEST_NAP 100000 /* ns: at high rates a few packets a wake-up, not a wake-up each */

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * SEC + (uint64_t)ts.tv_nsec;
}

static void sleep_until(uint64_t ns)
{
	struct timespec ts = { (time_t)(ns / SEC), (long)(ns % SEC) };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

/* AF_XDP unless packets were asked for; falls back, and says so, unless AF_XDP was. */
static int open_tx(struct tx **out, const struct conf *c, const struct tx_cfg *cfg,
		   struct vx_err *err)
{
	if (c->via != CONF_VIA_PACKET) {
		if (!tx_xdp_open(out, cfg, err))
			return 0;
		if (c->via == CONF_VIA_XDP)
			return err->code;
		fprintf(stderr, "vxgen: sending by AF_PACKET: %s\n", err->msg);
	}
	return tx_packet_open(out, cfg, err);
}

/* One datagram, all its frames. false: the capture is at its end. */
static bool send_datagram(struct gen *g, struct tx *tx, uint8_t *buf)
{
	uint32_t len;

	do {
		len = gen_next(g, buf);
		if (!len)
			return false;
		tx->ops->push(tx, gen_key(g), buf, len);
	} while (!gen_datagram_done(g));
	return true;
}

/* Runs until a limit, the capture's end or a signal; returns the datagrams sent. */
static uint64_t loop(const struct conf *c, struct gen *g, struct tx *tx, uint8_t *buf,
		     volatile sig_atomic_t *stop)
{
	uint64_t start = now_ns(), now = start, done = 0, left, n, nap;
	struct pace pace;

	pace_init(&pace, c->rate, start);
	while (!*stop && done < c->count) {
		if (c->ms != CONF_UNSET && now - start >= c->ms * 1000000)
			break;
		left = c->count - done;
		n = pace_due(&pace, now, left < TX_BATCH ? left : TX_BATCH);
		for (; n; n--, done++)
			if (!send_datagram(g, tx, buf))
				return done;
		tx->ops->flush(tx);
		now = now_ns();
		nap = pace_next_ns(&pace);
		if (now < nap &&
		    (c->spin || (nap - now < SHORTEST_NAP && pace_behind(&pace, now)))) {
			/* A nap would be longer than asked, and what is due never be caught up. */
			while (now < nap && !*stop)
				now = now_ns();
		} else if (done < c->count && now < nap) {
			nap = nap > now + SHORTEST_NAP ? nap : now + SHORTEST_NAP;
			if (c->ms != CONF_UNSET && nap > start + c->ms * 1000000)
				nap = start + c->ms * 1000000;
			sleep_until(nap);
			now = now_ns();
		}
	}
	return done;
}

static void report(const struct conf *c, const struct tx_stats *s, const char *via,
		   uint64_t datagrams, double seconds)
{
	double pps = seconds > 0 ? (double)s->sent / seconds : 0;

	if (c->json)
		printf("{\"sent\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"errors\":%" PRIu64
		       ",\"seconds\":%.6f,\"pps\":%.1f,\"via\":\"%s\",\"datagrams\":%" PRIu64 "}\n",
		       s->sent, s->bytes, s->errors, seconds, pps, via, datagrams);
	else
		printf("sent %" PRIu64 " packets, %" PRIu64 " bytes in %.3f s (%.0f packets/s) by "
		       "%s, %" PRIu64 " errors\n",
		       s->sent, s->bytes, seconds, pps, via, s->errors);
	if (s->errors)
		fprintf(stderr, "vxgen: %" PRIu64 " packets not sent, the last one: %s\n",
			s->errors, strerror(s->last_errno));
}

static int prepare(struct conf *c, struct gen **g, struct vx_err *err)
{
	bool outer = !c->plain && (!c->pcap || c->wrap);
	int ret = resolve_interface(c, err);

	if (!ret && outer)
		ret = resolve_source(c, err);
	if (!ret && (outer || c->plain))
		ret = resolve_dmac(c, err);
	if (!ret)
		ret = gen_new(g, c, err);
	return ret;
}

int send_run(struct conf *c, volatile sig_atomic_t *stop, struct vx_err *err)
{
	struct tx_cfg cfg = { .ifname = c->ifname };
	struct tx_stats stats;
	struct gen *g = NULL;
	struct tx *tx = NULL;
	const char *via;
	uint64_t start, took, datagrams;
	uint8_t *buf = NULL;
	int ret = prepare(c, &g, err);

	if (ret)
		return EXIT_CANNOT;
	prctl(PR_SET_TIMERSLACK, 1);
	cfg.ifindex = c->ifindex;
	cfg.longest = gen_longest(g);
	buf = malloc(cfg.longest);
	if (!buf)
		vx_err_set(err, -ENOMEM, "no memory");
	if (!buf || open_tx(&tx, c, &cfg, err)) {
		free(buf);
		gen_free(g);
		return EXIT_CANNOT;
	}
	via = tx->ops->name;
	start = now_ns();
	datagrams = loop(c, g, tx, buf, stop);
	tx->ops->flush(tx);
	took = now_ns() - start; /* closing an AF_XDP socket takes a while of its own */
	tx->ops->close(tx, &stats);
	report(c, &stats, via, datagrams, (double)took / 1e9);
	free(buf);
	gen_free(g);
	return stats.errors ? EXIT_WRONG : EXIT_OK;
}
