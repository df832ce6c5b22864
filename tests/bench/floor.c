/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The floor of this machine, which no program on it gets below, as JSON: how long a sleep of 10 us
 * takes; how long the wake-up of a thread by another CPU, from the writing of the event until it
 * runs, and what CPU time of the sleeper's; and which share of its time each CPU is away for 100 us
 * or more (taken by the host of a virtual machine, mostly) from a thread that does nothing but read
 * the clock, all CPUs at once.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "clock.h"

#define SLEEP_NS  10000
#define SLACK_NS  1000
#define SLEEPS	  10000
#define SPIN_NS	  2000000000ull
#define GAP_NS	  100000
#define MOST_CPUS CPU_SETSIZE
#define WAKE_PPS  85000ull
#define WAKE_SECS 2ull
#define WAKES	  (WAKE_PPS * WAKE_SECS)

struct spin {
	pthread_t thread;
	size_t cpu;
	uint64_t away_ns;
};

struct wake {
	int event, epoll;
	size_t cpu;
	_Atomic uint64_t written_ns; /* the first that the sleeper has not seen; 0: none */
	_Atomic bool stop;
	uint64_t *took;
	size_t n;
	uint64_t cpu_ns;
};

static void pin(size_t cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	pthread_setaffinity_np(pthread_self(), sizeof(one), &one);
}

static void *spin(void *arg)
{
	struct spin *s = arg;
	uint64_t start, last, now;

	pin(s->cpu);
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

static void print_quantiles(const char *name, uint64_t *ns, size_t n)
{
	qsort(ns, n, sizeof(*ns), compare);
	printf("\"%s\": {\"p50\": %.1f, \"p99\": %.1f}", name, (double)ns[n / 2] / 1e3,
	       (double)ns[n * 99 / 100] / 1e3);
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
	print_quantiles("sleep_10us_us", took, SLEEPS);
}

static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* The event is never read: each write is an edge of its own. */
static void *sleeper(void *arg)
{
	struct wake *w = arg;
	struct epoll_event ev;
	uint64_t start;

	pin(w->cpu);
	start = cpu_ns();
	while (!atomic_load(&w->stop)) {
		uint64_t written;

		epoll_wait(w->epoll, &ev, 1, -1);
		written = atomic_exchange(&w->written_ns, 0);
		if (written) /* else it was seen at the wake-up before */
			w->took[w->n++] = clock_ns() - written;
	}
	w->cpu_ns = cpu_ns() - start;
	return NULL;
}

/* A write that finds the one before unseen is one with it. */
static void write_paced(struct wake *w)
{
	const uint64_t one = 1, start = clock_ns();

	for (uint64_t i = 0; i < WAKES; i++) {
		uint64_t none = 0, now;

		while ((now = clock_ns()) < start + i * 1000000000 / WAKE_PPS)
			;
		atomic_compare_exchange_strong(&w->written_ns, &none, now);
		if (write(w->event, &one, sizeof(one)) < 0)
			break;
	}
	atomic_store(&w->stop, true);
	(void)!write(w->event, &one, sizeof(one));
}

/* From the last CPU, where the bench has its generator, to the first. False: it cannot be had. */
static bool wake_ups(struct wake *w, size_t from, size_t to)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET };
	pthread_t thread;

	w->cpu = to;
	w->took = calloc(WAKES, sizeof(*w->took));
	w->event = eventfd(0, 0);
	w->epoll = epoll_create1(0);
	if (from == to || !w->took || epoll_ctl(w->epoll, EPOLL_CTL_ADD, w->event, &ev) ||
	    pthread_create(&thread, NULL, sleeper, w))
		return false;
	pin(from);
	write_paced(w);
	pthread_join(thread, NULL);
	return w->n != 0;
}

static void print_wake_ups(const cpu_set_t *all)
{
	struct wake w = { 0 };
	size_t first = MOST_CPUS, last = 0;

	for (size_t cpu = 0; cpu < MOST_CPUS; cpu++) {
		if (!CPU_ISSET(cpu, all))
			continue;
		if (first == MOST_CPUS)
			first = cpu;
		last = cpu;
	}
	if (wake_ups(&w, last, first)) {
		print_quantiles("wakeup_us", w.took, w.n);
		printf(", \"wakeup_cpu_us\": %.2f", (double)w.cpu_ns / 1e3 / (double)w.n);
	} else {
		printf("\"wakeup_us\": null, \"wakeup_cpu_us\": null");
	}
	free(w.took);
	sched_setaffinity(0, sizeof(*all), all);
}

int main(void)
{
	static struct spin spins[MOST_CPUS];
	cpu_set_t all;
	int n = 0;

	if (sched_getaffinity(0, sizeof(all), &all))
		return 1;
	printf("{");
	sleeps();
	printf(", ");
	print_wake_ups(&all);
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
