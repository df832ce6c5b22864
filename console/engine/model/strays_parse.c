// SPDX-License-Identifier: GPL-2.0-only
/* Files of /proc that tell who holds BPF programs: a process names itself as it likes, and a mount
 * point may have any byte in its path. Pure. */
#include <stdlib.h>
#include <string.h>

#include "engine/model/strays.h"

static uint32_t number(const char *text, const char *key)
{
	const char *p = strstr(text, key);

	return p && (p == text || p[-1] == '\n') ? (uint32_t)strtoul(p + strlen(key), NULL, 10) : 0;
}

void strays_fdinfo_parse(const char *text, struct stray_fdinfo *out)
{
	const char *lock = strstr(text, "\nlock:\t");

	out->prog_id = number(text, "prog_id:\t");
	out->link_id = number(text, "link_id:\t");
	out->lock = lock && strstr(lock, ": FLOCK ");
}

/* "\040" is a blank, and so on. */
static bool unescape(const char *from, size_t n, char *to, size_t size)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		const char *p = from + i;
		bool octal = *p == '\\' && n - i > 3 && p[1] >= '0' && p[1] <= '3' && p[2] >= '0' &&
			     p[2] <= '7' && p[3] >= '0' && p[3] <= '7';

		if (at + 1 >= size)
			return false;
		to[at++] = octal ? (char)((p[1] - '0') * 64 + (p[2] - '0') * 8 + p[3] - '0') : *p;
		i += octal ? 3 : 0;
	}
	to[at] = 0;
	return true;
}

/* The n-th field, from 0; its length. */
static size_t field(const char *line, unsigned n, const char **at)
{
	while (n--) {
		line += strcspn(line, " \n");
		line += *line == ' ';
	}
	*at = line;
	return strcspn(line, " \n");
}

/* "36 35 0:30 / /sys/fs/bpf rw,nosuid shared:9 - bpf none rw,mode=700" */
bool strays_mount_parse(const char *line, struct stray_mount *out)
{
	const char *rest = strstr(line, " - "), *at;
	size_t len;
	char *end;

	if (!rest || strncmp(rest + 3, "bpf ", 4) != 0)
		return false;
	field(line, 2, &at);
	out->major = (unsigned)strtoul(at, &end, 10);
	if (*end != ':')
		return false;
	out->minor = (unsigned)strtoul(end + 1, NULL, 10);
	len = field(line, 4, &at);
	return at < rest && *at == '/' && unescape(at, len, out->path, sizeof(out->path));
}

/* Field 22; the name in field 2 may have blanks and brackets in it. */
uint64_t strays_start_parse(const char *stat)
{
	const char *p = strrchr(stat, ')');

	for (int i = 0; p && i < 20; i++)
		p = strchr(p + 1, ' ');
	return p ? strtoull(p + 1, NULL, 10) : 0;
}
