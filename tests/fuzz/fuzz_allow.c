// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzz target: an allowlist. What loads is saved and read again: the same entries, and from then on
 * the same bytes.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/sys/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int memory_file(const void *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	return fd;
}

static char *save(const struct allow *a, const struct store_doc *doc, size_t *len)
{
	int fd = memory_file("", 0);
	char *text = NULL;

	/* refused: notes where the file has a "notes" of its own */
	if (!store_allow_write_fd(fd, "saved", a, doc, NULL) &&
	    store_read_fd(fd, "saved", 1 << 26, &text, len, NULL))
		abort();
	close(fd);
	return text;
}

static void again(const char *text, size_t len, uint32_t count)
{
	int fd = memory_file(text, len);
	struct store_doc *doc;
	struct allow *a;
	size_t len2;
	char *text2;

	if (store_allow_read(fd, "saved", 1000, &a, &doc, NULL, NULL, NULL) ||
	    allow_count(a) != count)
		abort();
	text2 = save(a, doc, &len2);
	if (!text2 || len2 != len || memcmp(text, text2, len))
		abort();
	free(text2);
	allow_free(a);
	store_doc_free(doc);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memory_file(data, size);
	struct vx_err err = { 0 };
	struct store_doc *doc;
	struct allow *a;
	size_t len;
	char *text;

	if (store_allow_read(fd, "fuzz", 1000, &a, &doc, NULL, NULL, &err)) {
		if (!strstr(err.msg, "fuzz: line "))
			abort();
	} else {
		text = save(a, doc, &len);
		if (text)
			again(text, len, allow_count(a));
		free(text);
		allow_free(a);
		store_doc_free(doc);
	}
	close(fd);
	return 0;
}
