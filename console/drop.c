// SPDX-License-Identifier: GPL-2.0-only
/* Root is dropped before the first byte of the terminal or the socket is looked at. */
#include "drop.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOBODY 65534

/* A decimal number of the environment that is not root's; none: fallback. */
static unsigned env_id(const char *name, unsigned fallback)
{
	const char *text = getenv(name);
	unsigned long v;
	char *end;

	if (!text || *text < '1' || *text > '9')
		return fallback;
	errno = 0;
	v = strtoul(text, &end, 10);
	return *end || errno || v >= (uid_t)-1 ? fallback : (unsigned)v;
}

static int set_ids(uid_t uid, gid_t gid)
{
	if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
		return -errno;
	return 0;
}

static void drop_bounding(void)
{
	for (unsigned long cap = 0; cap <= 63; cap++)
		prctl(PR_CAPBSET_DROP, cap, 0, 0, 0); /* past the last one there is: EINVAL */
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

static int drop_caps(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { 0 } };

	if (syscall(SYS_capset, &head, none) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return 0;
}

static bool is_dropped(uid_t uid, gid_t gid)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct have[2] = { { 0 } };
	uid_t u[3];
	gid_t g[3];

	return !getresuid(&u[0], &u[1], &u[2]) && u[0] == uid && u[1] == uid && u[2] == uid &&
	       !getresgid(&g[0], &g[1], &g[2]) && g[0] == gid && g[1] == gid && g[2] == gid &&
	       !syscall(SYS_capget, &head, have) && !have[0].effective && !have[1].effective &&
	       !have[0].permitted && !have[1].permitted && setuid(0) < 0;
}

int drop_root(struct vx_err *err)
{
	uid_t uid = getuid();
	gid_t gid = getgid();
	const struct passwd *user;
	int r = 0;

	if (geteuid() == 0) {
		uid = env_id("SUDO_UID", NOBODY);
		user = getpwuid(uid); /* before the files of users may be out of reach */
		gid = env_id("SUDO_GID", user ? user->pw_gid : NOBODY);
		if (user)
			setenv("HOME", user->pw_dir, 1);
		else
			unsetenv("HOME");
		drop_bounding();
		r = set_ids(uid, gid);
	}
	r = r ? r : drop_caps();
	if (!r && !is_dropped(uid, gid))
		r = -EPERM;
	return r ? vx_err_set(err, r, "root cannot be dropped (%s): use --headless, and ctl",
			      strerror(-r))
		 : 0;
}
