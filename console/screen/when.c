// SPDX-License-Identifier: GPL-2.0-only
/* Times and durations as texts. [screen] */
#include "screen/when.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define S 1000000000LL

const char *when_clock(int64_t real_ns, char buf[static WHEN_TEXT])
{
	time_t t = (time_t)(real_ns / S);
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(buf, WHEN_TEXT, "%H:%M:%SZ", &tm))
		snprintf(buf, WHEN_TEXT, "--:--:--Z");
	return buf;
}

const char *when_span(uint64_t ns, char buf[static WHEN_TEXT])
{
	unsigned long long s = ns / S, m = s / 60, h = m / 60;

	if (h >= 24)
		snprintf(buf, WHEN_TEXT, "%llud%02lluh", h / 24, h % 24);
	else if (h)
		snprintf(buf, WHEN_TEXT, "%lluh%02llum", h, m % 60);
	else if (m)
		snprintf(buf, WHEN_TEXT, "%llum%02llus", m, s % 60);
	else
		snprintf(buf, WHEN_TEXT, "%llus", s);
	return buf;
}

const char *when_ago(const char *iso, int64_t now_ns, char buf[static WHEN_TEXT])
{
	struct tm tm = { 0 };
	const char *end = *iso ? strptime(iso, "%Y-%m-%dT%H:%M:%SZ", &tm) : NULL;
	int64_t ns;

	if (!end || *end) {
		snprintf(buf, WHEN_TEXT, "never");
		return buf;
	}
	ns = now_ns - (int64_t)timegm(&tm) * S;
	if (ns < 2 * S)
		snprintf(buf, WHEN_TEXT, "now");
	else
		when_span((uint64_t)ns, buf);
	return buf;
}

const char *when_short(uint64_t ns, char buf[static WHEN_TEXT])
{
	static const char *const unit[] = { "ns", "us", "ms", "s" };
	double d = (double)ns;
	int i = 0;

	for (; d >= 999.5 && i < 3; i++)
		d /= 1000;
	snprintf(buf, WHEN_TEXT, "%.*f %s", i && d < 9.95 ? 1 : 0, d, unit[i]);
	return buf;
}
