// SPDX-License-Identifier: GPL-2.0-only
/* Files as whole things: what may be opened, limits, and that a replacement happens whole or not at
 * all. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/sys/store.h"
#include "replace.h"

static char dir[] = "/tmp/vx-store-XXXXXX";

static const char *in_dir(const char *name)
{
	static char path[4][288];
	static unsigned i;

	i = (i + 1) % 4;
	snprintf(path[i], sizeof(path[i]), "%s/%s", dir, name);
	return path[i];
}

static void write_file(const char *name, const char *text, mode_t mode)
{
	int fd = open(in_dir(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void assert_file(const char *name, const char *want)
{
	int fd = store_open(in_dir(name), NULL);
	char *text;
	size_t len;

	assert_true(fd >= 0);
	assert_int_equal(store_read_fd(fd, name, 1 << 20, &text, &len, NULL), 0);
	assert_string_equal(text, want);
	assert_int_equal(len, strlen(want));
	free(text);
	close(fd);
}

/* How many names the directory has: a temporary file that is left over would be one more. */
static int names(void)
{
	DIR *d = opendir(dir);
	int n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int empty(void **state)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	(void)state;
	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.' || e->d_name[1] == 'v')
			remove(in_dir(e->d_name));
	closedir(d);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return rmdir(dir);
}

static void only_regular_files_are_opened(void **state)
{
	struct vx_err err;

	(void)state;
	assert_int_equal(store_open(in_dir("absent"), &err), -ENOENT);
	assert_non_null(strstr(err.msg, "absent: open: No such file"));
	assert_int_equal(store_open(dir, &err), -EISDIR);
	assert_non_null(strstr(err.msg, "expected a regular file"));
	assert_int_equal(store_open("/dev/zero", &err), -ENOTSUP);
	/* nobody writes to it: an open that waits would hang here */
	assert_int_equal(mkfifo(in_dir("fifo"), 0600), 0);
	assert_int_equal(store_open(in_dir("fifo"), &err), -ENOTSUP);
	assert_int_equal(store_open(in_dir("\033[2J"), &err), -ENOENT);
	assert_null(strchr(err.msg, '\033'));
}

static void reads_have_a_limit(void **state)
{
	struct vx_err err;
	char *text;
	size_t len;
	int fd;

	(void)state;
	write_file("f", "12345678", 0600);
	fd = store_open(in_dir("f"), NULL);
	assert_int_equal(lseek(fd, 3, SEEK_SET), 3); /* a client's descriptor may stand anywhere */
	assert_int_equal(store_read_fd(fd, "f", 8, &text, &len, NULL), 0);
	assert_int_equal(len, 8);
	assert_string_equal(text, "12345678");
	free(text);
	assert_int_equal(store_read_fd(fd, "f", 7, &text, &len, &err), -EFBIG);
	assert_non_null(strstr(err.msg, "f: expected a file of at most 7 bytes"));
	close(fd);
	/* says it has 0 bytes, and has more */
	fd = store_open("/proc/self/status", NULL);
	assert_int_equal(store_read_fd(fd, "status", 1 << 20, &text, &len, NULL), 0);
	assert_true(len > 100 && strlen(text) == len);
	free(text);
	assert_int_equal(store_read_fd(fd, "status", 100, &text, &len, NULL), -EFBIG);
	close(fd);
	assert_int_equal(store_read_fd(-1, "x", 100, &text, &len, NULL), -EBADF);
}

static void replaces_and_keeps_the_mode(void **state)
{
	struct stat st;

	(void)state;
	umask(077);
	assert_int_equal(replace_file(in_dir("f"), "new", 3, NULL), 0);
	assert_int_equal(stat(in_dir("f"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	umask(022);
	write_file("f", "old", 0640);
	if (geteuid() == 0)
		assert_int_equal(chown(in_dir("f"), 12345, 23456), 0);
	assert_int_equal(replace_file(in_dir("f"), "newer", 5, NULL), 0);
	assert_file("f", "newer");
	assert_int_equal(stat(in_dir("f"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	if (geteuid() == 0) {
		assert_int_equal(st.st_uid, 12345);
		assert_int_equal(st.st_gid, 23456);
	}
	assert_int_equal(replace_file(in_dir("f"), "", 0, NULL), 0);
	assert_file("f", "");
	assert_file("f~", "newer");
	assert_int_equal(names(), 2);
}

static void the_target_of_a_link_is_replaced(void **state)
{
	struct vx_err err;
	struct stat st;

	(void)state;
	write_file("real", "old", 0600);
	assert_int_equal(symlink("real", in_dir("link")), 0);
	assert_int_equal(symlink("nowhere", in_dir("dangling")), 0);
	assert_int_equal(replace_file(in_dir("link"), "new", 3, NULL), 0);
	assert_file("real", "new");
	assert_int_equal(lstat(in_dir("link"), &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_file("real~", "old");
	assert_int_equal(replace_file(in_dir("dangling"), "new", 3, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "symbolic link"));
	assert_int_equal(names(), 4);
}

static void what_is_no_file_stays(void **state)
{
	struct vx_err err;

	(void)state;
	assert_int_equal(mkfifo(in_dir("fifo"), 0600), 0);
	assert_int_equal(replace_file(in_dir("fifo"), "x", 1, &err), -EINVAL);
	assert_int_equal(replace_file(dir, "x", 1, &err), -EISDIR);
	assert_int_equal(replace_file(in_dir("no/such/dir"), "x", 1, &err), -ENOENT);
	assert_non_null(strstr(err.msg, "open its directory"));
	assert_int_equal(replace_file(in_dir("fifo/x"), "x", 1, &err), -ENOTDIR);
	assert_int_equal(replace_file("", "x", 1, &err), -EISDIR);
	assert_int_equal(names(), 1);
}

/* The disk is full half way: in a child, whose files may have at most 4096 bytes. */
static void a_failed_write_leaves_the_old_file(void **state)
{
	struct rlimit small = { 4096, 4096 };
	static char big[100000];
	struct vx_err err;
	int status, rc;
	pid_t pid;

	(void)state;
	write_file("f", "old", 0600);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &small);
		memset(big, 'x', sizeof(big));
		rc = replace_file(in_dir("f"), big, sizeof(big), &err);
		_exit(rc == -EFBIG && strstr(err.msg, "f: write: ") ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_file("f", "old");
	assert_int_equal(names(), 1);
}

/* Names of a process that died are in the way; nothing is written through a link that stands there.
 */
static void leftovers_are_stepped_over(void **state)
{
	char name[64];

	(void)state;
	write_file("f", "old", 0600);
	write_file("victim", "untouched", 0600);
	snprintf(name, sizeof(name), ".vxconsole.%ld.0.tmp", (long)getpid());
	assert_int_equal(symlink("victim", in_dir(name)), 0);
	assert_int_equal(replace_file(in_dir("f"), "new", 3, NULL), 0);
	assert_file("f", "new");
	assert_file("victim", "untouched");
	assert_int_equal(names(), 4);
}

/* What it was stands beside it, with its rights; a save that changes nothing does not push it out.
 */
static void the_old_content_is_kept(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(replace_file(in_dir("f"), "first", 5, NULL), 0);
	assert_int_equal(names(), 1); /* there was nothing to keep */
	assert_int_equal(chmod(in_dir("f"), 0640), 0);
	assert_int_equal(replace_file(in_dir("f"), "second", 6, NULL), 0);
	assert_file("f~", "first");
	assert_int_equal(stat(in_dir("f~"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(replace_file(in_dir("f"), "second", 6, NULL), 0);
	assert_file("f~", "first");
	assert_int_equal(replace_file(in_dir("f"), "secons", 6, NULL), 0);
	assert_file("f~", "second");
	assert_file("f", "secons");
	assert_int_equal(names(), 2);
}

/* Nothing is written through a link that stands at the backup's place, and two names of one file
 * are told apart again. */
static void the_backup_takes_its_place(void **state)
{
	struct stat st;

	(void)state;
	write_file("f", "old", 0600);
	write_file("victim", "untouched", 0600);
	assert_int_equal(symlink("victim", in_dir("f~")), 0);
	assert_int_equal(replace_file(in_dir("f"), "new", 3, NULL), 0);
	assert_int_equal(lstat(in_dir("f~"), &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_file("f~", "old");
	assert_file("victim", "untouched");
	assert_int_equal(unlink(in_dir("f~")), 0);
	assert_int_equal(link(in_dir("f"), in_dir("f~")), 0);
	assert_int_equal(replace_file(in_dir("f"), "newer", 5, NULL), 0);
	assert_file("f~", "new");
	assert_file("f", "newer");
	assert_int_equal(names(), 3);
}

static void without_a_backup_nothing_changes(void **state)
{
	struct vx_err err;

	(void)state;
	write_file("f", "old", 0600);
	assert_int_equal(mkdir(in_dir("f~"), 0700), 0);
	assert_int_equal(replace_file(in_dir("f"), "new", 3, &err), -EISDIR);
	assert_non_null(strstr(err.msg, "no backup, so nothing was changed"));
	assert_file("f", "old");
	assert_int_equal(names(), 2);
	assert_int_equal(rmdir(in_dir("f~")), 0);
}

/* Whoever reads while it is replaced sees one of the two whole. */
static void readers_see_old_or_new(void **state)
{
	static char a[50001], b[70001];
	int status, fd;
	char *text;
	size_t len;
	pid_t pid;

	(void)state;
	memset(a, 'a', sizeof(a) - 1);
	memset(b, 'b', sizeof(b) - 1);
	assert_int_equal(replace_file(in_dir("f"), a, strlen(a), NULL), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		for (int i = 0; i < 100; i++)
			if (replace_file(in_dir("f"), i % 2 ? a : b, strlen(i % 2 ? a : b), NULL))
				_exit(1);
		_exit(0);
	}
	while (!waitpid(pid, &status, WNOHANG)) {
		fd = store_open(in_dir("f"), NULL);
		assert_true(fd >= 0);
		assert_int_equal(store_read_fd(fd, "f", 1 << 20, &text, &len, NULL), 0);
		assert_true(!strcmp(text, a) || !strcmp(text, b));
		free(text);
		close(fd);
	}
	assert_int_equal(status, 0);
	assert_int_equal(names(), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(only_regular_files_are_opened, empty),
		cmocka_unit_test_teardown(reads_have_a_limit, empty),
		cmocka_unit_test_teardown(replaces_and_keeps_the_mode, empty),
		cmocka_unit_test_teardown(the_target_of_a_link_is_replaced, empty),
		cmocka_unit_test_teardown(what_is_no_file_stays, empty),
		cmocka_unit_test_teardown(a_failed_write_leaves_the_old_file, empty),
		cmocka_unit_test_teardown(leftovers_are_stepped_over, empty),
		cmocka_unit_test_teardown(the_old_content_is_kept, empty),
		cmocka_unit_test_teardown(the_backup_takes_its_place, empty),
		cmocka_unit_test_teardown(without_a_backup_nothing_changes, empty),
		cmocka_unit_test_teardown(readers_see_old_or_new, empty),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
