// SPDX-License-Identifier: GPL-2.0-only
/* Names of users. [engine] */
#define _GNU_SOURCE /* fgetpwent_r */
#include "engine/sys/user.h"

#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/model/text.h"

#define NOBODY_LOGGED_IN UINT32_MAX /* loginuid of what no login has started */

const char *user_name(uid_t uid, char buf[static USER_NAME])
{
	FILE *f = fopen("/etc/passwd", "re");
	struct passwd entry, *found;
	char line[1024];

	snprintf(buf, USER_NAME, "uid %u", uid);
	while (f && !fgetpwent_r(f, &entry, line, sizeof(line), &found)) {
		if (entry.pw_uid != uid)
			continue;
		text_escape(buf, USER_NAME, entry.pw_name, strnlen(entry.pw_name, 256));
		break;
	}
	if (f)
		fclose(f);
	return buf;
}

/* The login that a process descends from; survives sudo and su. */
static uid_t login_of(pid_t pid)
{
	uint32_t login = NOBODY_LOGGED_IN;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/loginuid", (int)pid);
	f = fopen(path, "re");
	if (f && fscanf(f, "%" SCNu32, &login) != 1)
		login = NOBODY_LOGGED_IN;
	if (f)
		fclose(f);
	return login;
}

/* What sudo told it, where the kernel keeps no logins. */
static uid_t sudoer_of(pid_t pid)
{
	static const char name[] = "SUDO_UID=";
	char path[64], *var = NULL, *end;
	uid_t uid = NOBODY_LOGGED_IN;
	unsigned long number;
	size_t size = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	f = fopen(path, "re");
	while (f && getdelim(&var, &size, 0, f) > 0) {
		if (strncmp(var, name, sizeof(name) - 1) != 0)
			continue;
		number = strtoul(var + sizeof(name) - 1, &end, 10);
		if (!*end && number < NOBODY_LOGGED_IN)
			uid = (uid_t)number;
	}
	if (f)
		fclose(f);
	free(var);
	return uid;
}

const char *user_of_peer(uid_t uid, pid_t pid, char buf[static USER_NAME])
{
	uid_t who = uid ? uid : login_of(pid);

	if (who == NOBODY_LOGGED_IN)
		who = sudoer_of(pid);
	return user_name(who == NOBODY_LOGGED_IN ? uid : who, buf);
}
