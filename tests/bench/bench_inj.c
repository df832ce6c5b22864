/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a record costs a worker before it is sent: claim, account, complete, on a full emulated ring
 * and with the null egress. Prints ns a record, of the best of many laps; only figures of one run
 * compare.
 */
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "egress.h"
#include "ring.h"
#include "ring_emu.h"

#define SIZE (4 << 20)
#define LAPS 200

static struct emu emu;
static struct ring ring;
static struct stats st;

static void fill(uint32_t class)
{
	struct vx_record rec = { .len = class, .family = VX_IP4 };
	unsigned n = 0;
	void *p;

	while ((p = emu_reserve(&emu, sizeof(rec) + class))) {
		rec.flags = n++ % VX_SAMPLE ? 0 : VX_REC_SAMPLED;
		emu_copy(p, &rec, sizeof(rec));
		emu_commit(&emu, p, false);
	}
}

/* Empties the ring as take_batch() does; returns ns a record. */
static double drain(struct egress *e, unsigned batch)
{
	struct egress_frame out[INJ_MAX_BATCH];
	uint64_t start = clock_ns(), n = 0;
	struct ring_claim c;
	unsigned i;

	while (ring_claim(&ring, &c, batch, true)) {
		uint64_t now = clock_ns();

		for (i = 0; i < c.n; i++)
			out[i] = (struct egress_frame){ c.rec[i], now };
		egress_null.send(e, out, c.n);
		ring_complete(&c);
		stats_set(&st.last_progress_ns, clock_ns());
		n += c.n;
	}
	return (double)(clock_ns() - start) / (double)n;
}

int main(void)
{
	static const uint32_t classes[] = { 128, 512, 1600, 9216 };
	static const unsigned batches[] = { 64, 8, 1 };
	struct egress e = { .ops = &egress_null, .st = &st };
	unsigned i, k, lap;

	emu_open(&emu, SIZE, NULL);
	if (ring_init(&ring, emu.consumer, emu.producer, emu.data, SIZE, true))
		return 1;
	for (i = 0; i < sizeof(classes) / sizeof(*classes); i++)
		for (k = 0; k < sizeof(batches) / sizeof(*batches); k++) {
			double best = 1e9;

			for (lap = 0; lap < LAPS; lap++) {
				double ns;

				fill(classes[i]);
				ns = drain(&e, batches[k]);
				best = ns < best ? ns : best;
			}
			printf("frame %4u batch %2u: %6.1f ns a record\n", classes[i], batches[k],
			       best);
		}
	ring_fini(&ring);
	emu_close(&emu);
	return 0;
}
