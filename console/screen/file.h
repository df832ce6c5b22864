/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files that a command names (`allow load FILE`, `save FILE`): opened and replaced here, with the
 * rights of who looks at the screen; the engine gets a descriptor only. Also where the screen
 * itself writes. [screen]
 */
#ifndef SCREEN_FILE_H
#define SCREEN_FILE_H

#include "screen/data.h"

struct file {
	int fd; /* -1: the command names none */
	bool fills;
	char path[512];
};

/* help: the table of `help`, which says of a command whether it reads or fills a file. -errno
 * with the reason. */
int file_open(struct file *f, const struct data_table *help, const char *line, struct vx_err *err)
	__attribute__((warn_unused_result));
/* What the engine has filled becomes the file, at once or not at all. Nothing for other files. */
int file_keep(struct file *f, struct vx_err *err) __attribute__((warn_unused_result));
void file_close(struct file *f);

/* The names that the last word of text may become, where that is the file of a command: "name\t\n"
 * each, directories end in '/'. Caller frees; NULL: it is none. */
char *file_complete(const struct data_table *help, const char *text);

/* A new file vxconsole-TIME.txt in the home directory, else the current one: 0600, never through a
 * link. Its path goes to path. Returns the descriptor or -errno. */
int file_new_dump(char *path, size_t size, struct vx_err *err) __attribute__((warn_unused_result));

#endif
