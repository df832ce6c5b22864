// SPDX-License-Identifier: GPL-2.0-only
/* Capture files, right and hostile. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/sys/pcap.h"

struct head {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, sigfigs, snaplen, link;
};

static int file_of(const void *data, size_t n)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_int_equal(write(fd, data, n), n);
	return fd;
}

static uint32_t turned(uint32_t v, bool turn)
{
	return turn ? __builtin_bswap32(v) : v;
}

#define CUT 9 /* bytes of each packet that are not in the file */

/* A header and two packets, of 14 and 20 bytes: how many bytes. */
static size_t make(uint8_t *to, uint32_t magic, uint32_t link, bool turn)
{
	struct head h = { .magic = turned(magic, turn),
			  .snaplen = turned(1, turn),
			  .link = turned(link, turn) };
	uint32_t rec[4] = { 0 };
	size_t n = sizeof(h);

	memcpy(to, &h, sizeof(h));
	for (uint32_t len = 14; len <= 20; len += 6) {
		rec[2] = turned(len, turn);
		rec[3] = turned(len + CUT, turn);
		memcpy(to + n, rec, sizeof(rec));
		memset(to + n + sizeof(rec), (int)len, len);
		n += sizeof(rec) + len;
	}
	return n;
}

static void what_is_read(void **state)
{
	static const uint32_t magics[] = { 0xa1b2c3d4, 0xa1b23c4d };

	(void)state;
	for (int i = 0; i < 4; i++) {
		uint8_t text[200], data[32] = { 0 };
		size_t n = make(text, magics[i / 2], 1 | (i == 3 ? 0x14000000 : 0), i % 2);
		int fd = file_of(text, n);
		struct vx_err err = { 0 };
		struct pcap p;
		uint32_t len;

		assert_int_equal(pcap_open(&p, fd, &err), 0);
		assert_int_equal(pcap_next(&p, NULL, 0, &len, &err), 1);
		assert_int_equal(len, 14);
		assert_int_equal(pcap_next(&p, data, sizeof(data), &len, &err), 1);
		assert_int_equal(len, 20);
		assert_int_equal(data[19], 20);
		assert_int_equal(data[20], 0);
		assert_int_equal(p.cut, CUT);
		assert_int_equal(p.n, 2);
		assert_int_equal(pcap_next(&p, data, sizeof(data), &len, &err), 0);
		assert_int_equal(p.n, 2);
		close(fd);
	}
}

static void opens_with(const void *text, size_t n, const char *message)
{
	int fd = file_of(text, n);
	struct vx_err err = { 0 };
	struct pcap p;

	assert_int_equal(pcap_open(&p, fd, &err), -EINVAL);
	assert_string_equal(err.msg, message);
	close(fd);
}

static void what_is_no_capture(void **state)
{
	static const uint8_t ng[] = { 10, 13, 13, 10, 0, 0, 0, 0 };
	struct vx_err err = { 0 };
	uint8_t text[200];
	struct pcap p;
	int ends[2];

	(void)state;
	opens_with(ng, sizeof(ng),
		   "is a pcapng file: editcap -F pcap FILE NEW.pcap makes it one "
		   "that can be read");
	opens_with("", 0, "is no capture: expected a pcap file");
	opens_with("{\"version\":\"1.0\"}", 17, "is no capture: expected a pcap file");
	make(text, 0xa1b2c3d4, 1, true);
	opens_with(text, 23, "ends within its header, after 23 bytes");
	make(text, 0xa1b2c3d4, 113, false);
	opens_with(text, 24,
		   "is a \"Linux cooked\" capture, without Ethernet headers: capture on "
		   "one interface, tcpdump -i ens5, not -i any");
	make(text, 0xa1b2c3d4, 276, true);
	opens_with(text, 24,
		   "is a \"Linux cooked\" capture, without Ethernet headers: capture on "
		   "one interface, tcpdump -i ens5, not -i any");
	make(text, 0xa1b2c3d4, 127, false);
	opens_with(text, 24, "has link type 127: expected Ethernet, 1");
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(pcap_open(&p, ends[0], &err), -EINVAL);
	assert_string_equal(err.msg, "is not a regular file");
	close(ends[0]);
	close(ends[1]);
}

/* Cut at any byte: a whole packet, the end, or a message, and never a read beyond. */
static void cut_anywhere(void **state)
{
	uint8_t text[200];
	size_t whole = make(text, 0xa1b2c3d4, 1, false);

	(void)state;
	for (size_t n = 24; n < whole; n++) {
		int fd = file_of(text, n), r, packets = 0;
		struct vx_err err = { 0 };
		uint8_t data[32];
		uint32_t len;
		struct pcap p;

		assert_int_equal(pcap_open(&p, fd, &err), 0);
		while ((r = pcap_next(&p, data, sizeof(data), &len, &err)) > 0)
			packets++;
		assert_int_equal(packets, n >= 24 + 30);
		assert_int_equal(r, n == 24 || n == 24 + 30 ? 0 : -EINVAL);
		close(fd);
	}
}

static void lengths_that_cannot_be(void **state)
{
	static const uint32_t lengths[] = { 262145, 0x80000000, UINT32_MAX };
	uint8_t text[200], data[32] = { 0 };
	size_t n = make(text, 0xa1b2c3d4, 1, false);
	struct vx_err err = { 0 };
	uint32_t len, most = 262144;
	struct pcap p;
	int fd;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		memcpy(text + 24 + 8, &lengths[i], 4);
		fd = file_of(text, n);
		assert_int_equal(pcap_open(&p, fd, &err), 0);
		assert_int_equal(pcap_next(&p, NULL, 0, &len, &err), -EINVAL);
		assert_non_null(strstr(err.msg, "packet 1: says it has "));
		close(fd);
	}
	/* Larger than the buffer: told, not read. */
	memcpy(text + 24 + 8, &most, 4);
	fd = file_of(text, n);
	assert_int_equal(pcap_open(&p, fd, &err), 0);
	assert_int_equal(pcap_next(&p, data, sizeof(data), &len, &err), 1);
	assert_int_equal(len, most);
	assert_int_equal(data[0], 0);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_read),
		cmocka_unit_test(what_is_no_capture),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(lengths_that_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
