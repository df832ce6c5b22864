/* SPDX-License-Identifier: GPL-2.0-only */
/* The one clock of the data path, the same as bpf_ktime_get_ns(). For injector/ and its tests. */
#ifndef INJECTOR_CLOCK_H
#define INJECTOR_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
}

static inline void clock_sleep_ns(uint64_t ns)
{
	struct timespec ts = { .tv_sec = (time_t)(ns / 1000000000ULL),
			       .tv_nsec = (long)(ns % 1000000000ULL) };

	clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
}

#endif
