/* SPDX-License-Identifier: GPL-2.0-only */
/* What to do with a command line that mends something. Pure. */
#include "proto/fix.h"

#include <string.h>

bool fix_is_shell(const char *line)
{
	static const char *const word[] = { "aws",	 "ethtool",   "ip", "nsenter",
					    "ss",	 "sysctl",    "tc", "tcpdump",
					    "vxconsole", "xdp-loader" };
	size_t n = strcspn(line, " ");

	for (size_t i = 0; i < sizeof(word) / sizeof(word[0]); i++)
		if (strlen(word[i]) == n && !memcmp(word[i], line, n))
			return true;
	return false;
}

size_t fix_whole(const char *line)
{
	static const char *const blank[] = { "=ADDRESS:PORT", " MAC", " ID", "=ADDRESS" };

	for (size_t i = 0; i < sizeof(blank) / sizeof(blank[0]); i++) {
		const char *at = strstr(line, blank[i]);
		char behind = at ? at[strlen(blank[i])] : 'x';

		if (!behind || behind == ' ')
			return (size_t)(at - line) + 1;
	}
	return strlen(line);
}
