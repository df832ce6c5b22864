/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables from JSON, and the files that commands name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "screen/data.h"
#include "screen/file.h"

static void rows_and_columns(void **state)
{
	struct data_table t = { .name = "allow list" };
	struct vx_err err;

	(void)state;
	assert_int_equal(
		data_table_fill(
			&t,
			"[{\"cidr\":\"10.0.0.1\",\"hits\":18446744073709551615,\"note\":null},"
			"{\"cidr\":\"b\",\"extra\":{\"x\":[1,2]},\"ours\":true}]",
			&err),
		0);
	assert_int_equal(t.rows, 2);
	assert_int_equal(t.cols, 5);
	assert_string_equal(data_cell(&t, 0, data_col(&t, "cidr")), "10.0.0.1");
	assert_true(data_u64(&t, 0, data_col(&t, "hits")) == UINT64_MAX);
	assert_true(t.number[data_col(&t, "hits")]);
	assert_false(t.number[data_col(&t, "cidr")]);
	assert_string_equal(data_cell(&t, 0, data_col(&t, "note")), "");
	assert_string_equal(data_cell(&t, 1, data_col(&t, "hits")), "");
	assert_string_equal(data_cell(&t, 1, data_col(&t, "extra")), "{\"x\":[1,2]}");
	assert_string_equal(data_cell(&t, 1, data_col(&t, "ours")), "true");
	assert_int_equal(data_col(&t, "none"), -1);
	assert_string_equal(data_cell(&t, 0, -1), "");
	assert_string_equal(data_cell(&t, 2, 0), "");
	data_table_clear(&t);
}

static void one_object_is_one_row(void **state)
{
	struct data_table t = { .name = "stats" };
	struct vx_err err;

	(void)state;
	assert_int_equal(data_table_fill(&t, "{\"pid\":7,\"mode\":\"native\"}", &err), 0);
	assert_int_equal(t.rows, 1);
	assert_true(data_u64(&t, 0, data_col(&t, "pid")) == 7);
	assert_int_equal(data_table_fill(&t, "[]", &err), 0);
	assert_int_equal(t.rows, 0);
	data_table_clear(&t);
}

static void what_is_no_table_is_refused(void **state)
{
	static const char *const bad[] = { "",	      "7",	    "[1]", "[{]", "[{\"a\":1},",
					   "{\"a\"}", "[{\"a\":1}", "[[]]" };
	struct data_table t = { .name = "x" };
	struct vx_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_true(data_table_fill(&t, bad[i], &err) < 0);
		assert_int_equal(t.rows, 0);
		assert_true(*t.error);
	}
	assert_int_equal(data_table_fill(&t, "[{\"a\":1}]", &err), 0);
	assert_string_equal(t.error, "");
	data_table_clear(&t);
}

static void more_keys_than_columns_are_left_out(void **state)
{
	char json[1024] = "{", key[32];
	struct data_table t = { .name = "x" };
	struct vx_err err;

	(void)state;
	for (int i = 0; i < 40; i++) {
		snprintf(key, sizeof(key), "%s\"k%d\":%d", i ? "," : "", i, i);
		strncat(json, key, sizeof(json) - strlen(json) - 1);
	}
	strncat(json, "}", sizeof(json) - strlen(json) - 1);
	assert_int_equal(data_table_fill(&t, json, &err), 0);
	assert_int_equal(t.cols, DATA_CELLS);
	assert_true(data_u64(&t, 0, DATA_CELLS - 1) == DATA_CELLS - 1);
	data_table_clear(&t);
}

/* --- files --- */

static struct data_table help = { .name = "help" };
static char dir[] = "/tmp/vxscreenXXXXXX";

static int setup(void **state)
{
	struct vx_err err;

	(void)state;
	return !mkdtemp(dir) ||
	       data_table_fill(&help,
			       "[{\"command\":\"allow load\",\"file\":\"reads\"},"
			       "{\"command\":\"allow list\",\"args\":\"[FILTER]\",\"file\":null},"
			       "{\"command\":\"explain\",\"file\":\"reads, but not udp tcp\"},"
			       "{\"command\":\"save\",\"file\":\"fills\"}]",
			       &err);
}

static int teardown(void **state)
{
	char command[64];

	(void)state;
	data_table_clear(&help);
	snprintf(command, sizeof(command), "%s/out", dir);
	unlink(command);
	snprintf(command, sizeof(command), "%s/out~", dir);
	unlink(command);
	return rmdir(dir);
}

static void files_of_commands(void **state)
{
	struct vx_err err;
	struct file f;

	(void)state;
	assert_int_equal(file_open(&f, &help, "allow list /etc/passwd", &err), 0);
	assert_int_equal(f.fd, -1);
	assert_int_equal(file_open(&f, &help, "save", &err), 0);
	assert_int_equal(f.fd, -1);
	assert_int_equal(file_open(&f, &help, "allow load /nowhere/at/all", &err), -ENOENT);
	assert_non_null(strstr(err.msg, "/nowhere/at/all"));
	assert_int_equal(file_open(&f, &help, "  al  lo  '/dev/null' ", &err), 0);
	assert_true(f.fd >= 0 && !f.fills);
	assert_string_equal(f.path, "/dev/null");
	file_close(&f);
	assert_int_equal(f.fd, -1);
}

/* What else may stand where the file does is none; and nor is what stands behind it. */
static void files_or_packets(void **state)
{
	static const char *const none[] = { "explain udp 10.0.0.1:1 > 10.0.0.2:2", "exp tcp" };
	static const char *const some[] = { "explain /dev/null", "explain /dev/null 7",
					    "explain '/dev/null' all",
					    "explain \"/dev\"/nu\\ll 1-2" };
	struct vx_err err;
	struct file f;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(file_open(&f, &help, none[i], &err), 0);
		assert_int_equal(f.fd, -1);
	}
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(file_open(&f, &help, some[i], &err), 0);
		assert_string_equal(f.path, "/dev/null");
		assert_true(f.fd >= 0);
		file_close(&f);
	}
	assert_int_equal(file_open(&f, &help, "explain udpx", &err), -ENOENT);
	assert_null(file_complete(&help, "explain ud")); /* may still become udp */
	assert_null(file_complete(&help, "explain udp 1"));
	free(file_complete(&help, "explain ./"));
}

static void files_complete(void **state)
{
	char line[128], want[256], *got;
	int fd;

	(void)state;
	snprintf(line, sizeof(line), "%s/out", dir);
	fd = open(line, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_null(file_complete(&help, "allow load"));
	assert_null(file_complete(&help, "allow list /t"));
	assert_null(file_complete(&help, "save /tmp/x /t")); /* it takes one */
	snprintf(line, sizeof(line), "allow load %s/o", dir);
	snprintf(want, sizeof(want), "%s/out\t\n", dir);
	got = file_complete(&help, line);
	assert_string_equal(got, want);
	free(got);
	snprintf(line, sizeof(line), "save \"%.*s", (int)strlen(dir) - 1, dir);
	snprintf(want, sizeof(want), "%s/\t\n", dir);
	got = file_complete(&help, line);
	assert_non_null(strstr(got, want));
	free(got);
	got = file_complete(&help, "save /nowhere/at/all/");
	assert_string_equal(got, "");
	free(got);
}

static void a_filled_file_is_replaced(void **state)
{
	char line[128], path[64], got[16] = "";
	struct vx_err err;
	struct file f;
	struct stat st;
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/out", dir);
	snprintf(line, sizeof(line), "save %s", path);
	fd = open(path, O_WRONLY | O_CREAT, 0640);
	assert_true(fd >= 0 && write(fd, "older, longer", 13) == 13 && !fchmod(fd, 0640));
	close(fd);
	assert_int_equal(file_open(&f, &help, line, &err), 0);
	assert_true(f.fd >= 0 && f.fills);
	assert_int_equal(write(f.fd, "new", 3), 3); /* as the engine does */
	assert_int_equal(file_keep(&f, &err), 0);
	file_close(&f);
	fd = open(path, O_RDONLY);
	assert_int_equal(read(fd, got, sizeof(got)), 3);
	assert_string_equal(got, "new");
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	close(fd);
	snprintf(path, sizeof(path), "%s/out~", dir);
	assert_int_equal(stat(path, &st), 0); /* what it was */
	assert_int_equal(st.st_size, 13);
	unlink(path);
}

static void a_dump_is_new_and_private(void **state)
{
	char path[512];
	struct vx_err err;
	struct stat st;
	int fd;

	(void)state;
	setenv("HOME", dir, 1);
	fd = file_new_dump(path, sizeof(path), &err);
	assert_true(fd >= 0);
	assert_memory_equal(path, dir, strlen(dir));
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_and_columns),
		cmocka_unit_test(one_object_is_one_row),
		cmocka_unit_test(what_is_no_table_is_refused),
		cmocka_unit_test(more_keys_than_columns_are_left_out),
		cmocka_unit_test(files_of_commands),
		cmocka_unit_test(files_or_packets),
		cmocka_unit_test(files_complete),
		cmocka_unit_test(a_filled_file_is_replaced),
		cmocka_unit_test(a_dump_is_new_and_private),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
