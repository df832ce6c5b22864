/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lock: who holds it, stale files, hostile files. In a mount namespace with an empty /run, so that
 * nothing real is touched; without the right to make one the tests are skipped.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/sys/lock.h"

#define IFINDEX 7

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return ok;
}

static bool be_root(void)
{
	char uid[32], gid[32];

	snprintf(uid, sizeof(uid), "0 %u 1", (unsigned)getuid());
	snprintf(gid, sizeof(gid), "0 %u 1", (unsigned)getgid());
	if (!getuid())
		return !unshare(CLONE_NEWNS);
	return !unshare(CLONE_NEWUSER | CLONE_NEWNS) && put("/proc/self/setgroups", "deny") &&
	       put("/proc/self/uid_map", uid) && put("/proc/self/gid_map", gid);
}

/* An empty /run for each test. */
static int setup(void **state)
{
	static int ready = -1;

	if (ready < 0)
		ready = be_root() && !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	*state = ready && !mount("none", "/run", "tmpfs", 0, "mode=755") ? setup : NULL;
	umask(022);
	return 0;
}

static int teardown(void **state)
{
	return *state ? umount2("/run", MNT_DETACH) : 0;
}

static void lock_path(char buf[static 128])
{
	snprintf(buf, 128, LOCK_DIR "/lock.%" PRIu64 ".%d", lock_netns_inode(), IFINDEX);
}

static int take(struct vx_err *err)
{
	*err = (struct vx_err){ 0 };
	return lock_take("ens5", IFINDEX, NULL, err);
}

#define NEEDS_RUN(state)                                                                           \
	do {                                                                                       \
		if (!*(state))                                                                     \
			skip();                                                                    \
	} while (0)

static void taken_and_released(void **state)
{
	char path[128], text[64] = "", since[32];
	struct vx_err err;
	struct stat st;
	int fd, pid;

	NEEDS_RUN(state);
	umask(077);
	fd = take(&err);
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	lock_path(path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(LOCK_DIR, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_true(pread(fd, text, sizeof(text) - 1, 0) > 0);
	assert_int_equal(sscanf(text, "%d %31s", &pid, since), 2);
	assert_int_equal(pid, getpid());
	assert_int_equal(strlen(since), strlen("2026-01-02T03:04:05Z"));
	lock_release(fd, 0); /* the device may be gone by then */
	assert_int_equal(access(path, F_OK), -1);
	lock_release(-1, IFINDEX);
}

/* The second start is another process; its message must say all that the operator needs. */
static void held(void **state)
{
	char want[200], path[128], text[64] = "";
	struct vx_err err;
	struct stat st;
	int fd, again;

	NEEDS_RUN(state);
	fd = take(&err);
	assert_true(fd >= 0);
	again = take(&err);
	assert_int_equal(again, -EBUSY);
	assert_int_equal(err.code, -EBUSY);
	assert_true(pread(fd, text, sizeof(text) - 1, 0) > 0);
	snprintf(want, sizeof(want),
		 "ens5 is held by vxconsole pid %d since %.20s; watch it with: vxconsole attach "
		 "ens5",
		 (int)getpid(), strchr(text, ' ') + 1);
	assert_string_equal(err.msg, want);
	lock_path(path);
	assert_int_equal(stat(path, &st), 0);  /* the loser has not removed it */
	assert_int_equal(ftruncate(fd, 0), 0); /* locked, not yet signed */
	assert_int_equal(take(&err), -EBUSY);
	assert_string_equal(
		err.msg, "ens5 is held by another vxconsole; watch it with: vxconsole attach ens5");
	lock_release(fd, IFINDEX);
	fd = take(&err);
	assert_true(fd >= 0);
	lock_release(fd, IFINDEX);
}

/* What the file says of the socket is not to be trusted more than the rest of it. */
static void held_with_a_socket(void **state)
{
	static const struct {
		const char *line, *want; /* behind pid and time; want: behind "attach ens5" */
	} rows[] = {
		{ "/tmp/own.sock\n", " --socket /tmp/own.sock" },
		{ "/tmp/own.sock\nmore\n", " --socket /tmp/own.sock" },
		{ "/tmp/a b;reboot\n", " --socket '/tmp/a b;reboot'" },
		{ "/tmp/it's\n", " --socket '/tmp/it'\\''s'" },
		{ "/tmp/own.s", "" }, /* cut */
		{ "own.sock\n", "" },
		{ "--help\n", "" },
		{ "\n/tmp/own.sock\n", "" },
		{ "/tmp/\033[2J\n", "" },
		{ "/tmp/\xff\n", "" },
	};
	char text[400], want[200], path[128], *found;
	struct vx_err err;
	int fd;

	NEEDS_RUN(state);
	fd = lock_take("ens5", IFINDEX, "/run/mine.sock", &err);
	assert_true(fd >= 0);
	assert_int_equal(take(&err), -EBUSY);
	found = strstr(err.msg, "; watch");
	assert_non_null(found);
	assert_string_equal(found,
			    "; watch it with: vxconsole attach ens5 --socket /run/mine.sock");
	lock_path(path);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), "4711 2026-01-02T03:04:05Z\n%s", rows[i].line);
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_true(put(path, text));
		assert_int_equal(take(&err), -EBUSY);
		snprintf(want, sizeof(want),
			 "ens5 is held by vxconsole pid 4711 since 2026-01-02T03:04:05Z; watch it "
			 "with: vxconsole attach ens5%s",
			 rows[i].want);
		assert_string_equal(err.msg, want);
	}
	snprintf(text, sizeof(text), "4711 2026-01-02T03:04:05Z\n/%.*d\n", 107, 0);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_true(put(path, text)); /* longer than any socket's path */
	assert_int_equal(take(&err), -EBUSY);
	assert_null(strstr(err.msg, "--socket"));
	text[strlen(text) - 2] = '\n';
	text[strlen(text) - 1] = 0;
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_true(put(path, text)); /* the longest, whole */
	assert_int_equal(take(&err), -EBUSY);
	assert_string_equal(err.msg + strlen(err.msg) - 4, "0000");
	assert_int_equal(strlen(strstr(err.msg, "--socket ")), 9 + 107);
	lock_release(fd, IFINDEX);
}

static void other_interface(void **state)
{
	struct vx_err err;
	int fd, other;

	NEEDS_RUN(state);
	fd = take(&err);
	other = lock_take("ens7", IFINDEX + 1, NULL, &err);
	assert_true(fd >= 0 && other >= 0);
	lock_release(fd, IFINDEX);
	lock_release(other, IFINDEX + 1);
}

/* kill -9: the file stays, the lock does not. */
static void stale_file(void **state)
{
	struct vx_err err;
	char byte;
	int ready[2], fd;
	pid_t pid;

	NEEDS_RUN(state);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		if (take(&err) < 0 || write(ready[1], "", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(take(&err), -EBUSY);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	fd = take(&err);
	assert_true(fd >= 0);
	lock_release(fd, IFINDEX);
	close(ready[0]);
	close(ready[1]);
}

static void hostile_file(void **state)
{
	char path[128];
	struct vx_err err;
	struct stat st;
	int fd;

	NEEDS_RUN(state);
	fd = take(&err);
	lock_release(fd, IFINDEX);
	lock_path(path);
	assert_int_equal(symlink("/run/victim", path), 0);
	assert_true(take(&err) < 0);
	assert_non_null(strstr(err.msg, "not a regular file"));
	assert_int_equal(stat("/run/victim", &st), -1);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_true(take(&err) < 0);
	assert_non_null(strstr(err.msg, "not a regular file"));
}

static void hostile_directory(void **state)
{
	struct vx_err err;

	NEEDS_RUN(state);
	assert_int_equal(mkdir("/run/elsewhere", 0755), 0);
	assert_int_equal(symlink("/run/elsewhere", LOCK_DIR), 0);
	assert_true(take(&err) < 0);
	assert_non_null(strstr(err.msg, "not a directory"));
	assert_int_equal(unlink(LOCK_DIR), 0);
	assert_int_equal(mkdir(LOCK_DIR, 0755), 0);
	assert_int_equal(chmod(LOCK_DIR, 01777), 0);
	assert_int_equal(take(&err), -EPERM);
	assert_non_null(strstr(err.msg, "must be root's"));
	assert_int_equal(chmod(LOCK_DIR, 0755), 0);
	if (chown(LOCK_DIR, 1, 1)) /* not possible in a user namespace of one user */
		return;
	assert_int_equal(take(&err), -EPERM);
}

/* Many at once: one gets it. */
static void contended(void **state)
{
	int won = 0, status;

	NEEDS_RUN(state);
	for (int i = 0; i < 16; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (!pid) {
			struct vx_err err;
			int fd = take(&err);

			if (fd >= 0)
				sleep(1); /* longer than the others wait */
			_exit(fd >= 0 ? 0 : fd == -EBUSY ? 1 : 2);
		}
	}
	while (wait(&status) > 0) {
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
		won += !WEXITSTATUS(status);
	}
	assert_int_equal(won, 1);
}

static void namespaces(void **state)
{
	uint64_t own = lock_netns_inode();

	(void)state;
	assert_true(own > 0);
	if (unshare(CLONE_NEWNET))
		skip();
	assert_true(lock_netns_inode() != own);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(taken_and_released), T(held),	      T(held_with_a_socket),
		T(other_interface),    T(stale_file), T(hostile_file),
		T(hostile_directory),  T(contended),  T(namespaces),
	};

	return cmocka_run_group_tests_name("lock", tests, NULL, NULL);
}
