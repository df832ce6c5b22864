/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Cheap figures of this process and machine, for stats. Any thread.
 */
#ifndef ENGINE_SYS_PROC_H
#define ENGINE_SYS_PROC_H

#include <stdint.h>

uint64_t proc_cpu_ns(void);  /* user + system, all threads, since the start */
unsigned proc_threads(void); /* of this process; 0 when /proc does not say */
/* Memory of the BPF maps that this process holds, each once; reads all of /proc/self/fdinfo. */
uint64_t proc_map_bytes(void);
uint64_t proc_rss_bytes(void);	   /* resident memory; 0 when /proc does not say */
unsigned proc_cpus_possible(void); /* CPUs that per-CPU maps have a value for; at least 1 */

#endif
