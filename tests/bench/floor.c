/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The floor of this machine, which no program on it gets below, as JSON: how long a sleep of 10 us
 * takes, and which share of its time each CPU is away for 100 us or more (taken by the host of a
 * virtual machine, mostly) from a thread that does nothing but read the clock. All CPUs at once.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "clock.h"

#define SLEEP_NS  10000
#define SLACK_NS  1000
#define SLEEPS	  10000
#define SPIN_NS	  2000000000ull
#define GAP_NS	  100000
#define MOST_CPUS CPU_SETSIZE

struct spin {
	pthread_t thread;
	size_t cpu;
	uint64_t away_ns;
};

static void *spin(void *arg)
{
	struct spin *s = arg;
	uint64_t start, last, now;
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(s->cpu, &one);
	pthread_setaffinity_np(pthread_self(), sizeof(one), &one);
	start = last = clock_ns();
	do {
		now = clock_ns();
		if (now - last >= GAP_NS)
			s->away_ns += now - last;
		last = now;
	} while (now - start < SPIN_NS);
	return NULL;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void sleeps(void)
{
	static uint64_t took[SLEEPS];
	const struct timespec ts = { .tv_nsec = SLEEP_NS };

	prctl(PR_SET_TIMERSLACK, SLACK_NS, 0, 0, 0);
	for (unsigned i = 0; i < SLEEPS; i++) {
		uint64_t start = clock_ns();

		clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
		took[i] = clock_ns() - start;
	}
	qsort(took, SLEEPS, sizeof(*took), compare);
	printf("{\"sleep_10us_us\": {\"p50\": %.1f, \"p99\": %.1f}", (double)took[SLEEPS / 2] / 1e3,
	       (double)took[SLEEPS * 99 / 100] / 1e3);
}

int main(void)
{
	static struct spin spins[MOST_CPUS];
	cpu_set_t all;
	int n = 0;

	if (sched_getaffinity(0, sizeof(all), &all))
		return 1;
	sleeps();
	for (size_t cpu = 0; cpu < MOST_CPUS; cpu++) {
		if (!CPU_ISSET(cpu, &all))
			continue;
		spins[n].cpu = cpu;
		if (pthread_create(&spins[n].thread, NULL, spin, &spins[n]))
			return 1;
		n++;
	}
	printf(", \"away_percent\": [");
	for (int i = 0; i < n; i++) {
		pthread_join(spins[i].thread, NULL);
		printf("%s%.2f", i ? ", " : "", 100.0 * (double)spins[i].away_ns / SPIN_NS);
	}
	printf("]}\n");
	return 0;
}
