// SPDX-License-Identifier: GPL-2.0-only
/* Writing to readers that do not read: it never takes longer than it may. */
#define _GNU_SOURCE /* F_SETPIPE_SZ, ptsname */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/sys/quick.h"

static char data[100000];

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Lines until none is taken any more; how many were. */
static int fill(int fd)
{
	int n = 0;

	while (n < 10000 && quick_put(fd, data, 1000))
		n++;
	return n;
}

static void a_full_pipe(void **state)
{
	int ends[2];
	double start;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_not_equal(fcntl(ends[1], F_SETPIPE_SZ, 16384), -1);
	assert_in_range(fill(ends[1]), 4, 16);
	assert_false(quick_put(ends[1], data, 1));
	start = seconds();
	assert_false(quick_put_within(ends[1], data, sizeof(data), 200));
	assert_true(seconds() - start < 2);
	close(ends[0]);
	start = seconds();
	assert_false(quick_put_within(ends[1], data, sizeof(data), 5000));
	assert_true(seconds() - start < 2);
	close(ends[1]);
}

/* It takes some bytes of a line before it is full; the write must not wait for the rest. */
static void a_terminal_that_nobody_reads(void **state)
{
	int ptm = posix_openpt(O_RDWR | O_NOCTTY), pts;
	double start = seconds();

	(void)state;
	assert_int_equal(grantpt(ptm), 0);
	assert_int_equal(unlockpt(ptm), 0);
	pts = open(ptsname(ptm), O_RDWR | O_NOCTTY);
	assert_true(pts >= 0);
	assert_in_range(fill(pts), 1, 9999);
	assert_false(quick_put_within(pts, data, sizeof(data), 200));
	assert_true(seconds() - start < 4);
	assert_int_equal(fcntl(pts, F_GETFL) & O_NONBLOCK, 0); /* the shell's too */
	close(pts);
	close(ptm);
}

static void a_file_takes_all(void **state)
{
	FILE *f = tmpfile();

	(void)state;
	assert_non_null(f);
	assert_true(quick_put(fileno(f), data, 4000));
	assert_true(quick_put_within(fileno(f), data, sizeof(data), 1000));
	assert_int_equal(lseek(fileno(f), 0, SEEK_CUR), 4000 + sizeof(data));
	fclose(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_pipe),
		cmocka_unit_test(a_terminal_that_nobody_reads),
		cmocka_unit_test(a_file_takes_all),
	};

	signal(SIGPIPE, SIG_IGN);
	memset(data, 'x', sizeof(data));
	return cmocka_run_group_tests_name("quick", tests, NULL, NULL);
}
