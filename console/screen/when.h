/* SPDX-License-Identifier: GPL-2.0-only */
/* Times and durations as short texts of a fixed width. Pure. [screen] */
#ifndef SCREEN_WHEN_H
#define SCREEN_WHEN_H

#include <stdint.h>

#define WHEN_TEXT 24

/* "03:14:07Z". real_ns: CLOCK_REALTIME. Returns buf, as all do. */
const char *when_clock(int64_t real_ns, char buf[static WHEN_TEXT]);
/* "3d04h", "4h07m", "12m30s", "17s" */
const char *when_span(uint64_t ns, char buf[static WHEN_TEXT]);
/* How long before now a time like 2026-11-23T06:00:00Z was: "now", "17s", "3d04h"; "never" when it
 * is empty. */
const char *when_ago(const char *iso, int64_t now_ns, char buf[static WHEN_TEXT]);
/* "412 ns", "6.1 us", "38 ms", "1.2 s": at most 7 columns */
const char *when_short(uint64_t ns, char buf[static WHEN_TEXT]);

#endif
