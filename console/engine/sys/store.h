/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files: allowlist JSON and config, read as hostile. JSON is read by our own strict reader
 * (json.h): cJSON knows no lines, keeps doubled keys and changes numbers. [engine]
 */
#ifndef ENGINE_SYS_STORE_H
#define ENGINE_SYS_STORE_H

#include "engine/model/allow.h"

struct store_doc; /* the JSON document as read, so that unknown keys and their order survive a save
		   */

typedef void (*store_warn_fn)(void *ctx, const char *text);

/*
 * Reads an allowlist (design: object with organizations and flat_ip_list, or a bare list) from fd,
 * which stays open; name is for messages. Refused whole with line and value: bad address, host bits
 * in a CIDR (names the right one), an address under two organisations, duplicate keys, depth > 16,
 * > 64 MiB, more than max entries, trailing garbage, not a regular file. Warnings: total_ips or
 * flat list that disagrees (says by which addresses). Returns 0, out and doc owned by the caller.
 * Addresses without an organisation that are in the flat list and in total_ips are no disagreement:
 * so we save them.
 */
int store_allow_read(int fd, const char *name, uint32_t max, struct allow **out,
		     struct store_doc **doc, store_warn_fn warn, void *ctx, struct vx_err *err)
	__attribute__((warn_unused_result));
/* The same of a text in memory. */
int store_allow_parse(const char *text, size_t len, const char *name, uint32_t max,
		      struct allow **out, struct store_doc **doc, store_warn_fn warn, void *ctx,
		      struct vx_err *err) __attribute__((warn_unused_result));
void store_doc_free(struct store_doc *doc);
bool store_doc_same(const struct store_doc *a, const struct store_doc *b); /* NULL: none */
size_t store_doc_bytes(const struct store_doc *doc);
/*
 * Writes the list in the form of doc (NULL: a new document; a bare list that has got organisations
 * or notes becomes an object), brought up to date: unknown keys, order and spelling stay; addresses
 * of organisations under "ips", every address in "flat_ip_list" (where the file has one, or an
 * entry has no organisation), "total_ips", and notes in "notes": {"10.0.0.0/8": "text"}, a key that
 * older tools ignore. Saving twice gives the same bytes. Atomic, with a backup (see replace.h).
 */
int store_allow_write(const char *path, const struct allow *a, const struct store_doc *doc,
		      struct vx_err *err) __attribute__((warn_unused_result));
/* Same, into memory; the caller frees *text. */
int store_allow_render(const struct allow *a, const struct store_doc *doc, char **text, size_t *len,
		       struct vx_err *err) __attribute__((warn_unused_result));
/* Same, to an open, empty regular file that the caller owns (a client's descriptor). */
int store_allow_write_fd(int fd, const char *name, const struct allow *a,
			 const struct store_doc *doc, struct vx_err *err)
	__attribute__((warn_unused_result));

/* Opens for reading: O_CLOEXEC, O_NOCTTY, O_NONBLOCK, refuses what is not a regular file. fd or
 * -errno. */
int store_open(const char *path, struct vx_err *err) __attribute__((warn_unused_result));
/* Whole regular file, at most max bytes, NUL added; caller frees. */
int store_read_fd(int fd, const char *name, size_t max, char **out, size_t *len, struct vx_err *err)
	__attribute__((warn_unused_result));

#endif
