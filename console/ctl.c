// SPDX-License-Identifier: GPL-2.0-only
/*
 * `vxconsole ctl`: sends commands to an engine and prints what comes back. It opens the files that
 * a command names, with its own rights, and asks the questions that the engine wants answered. Of
 * the engine it knows only the command table.
 */
#define _GNU_SOURCE /* memfd_create */
#include "ctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ask.h"
#include "engine/cmd/cmd.h"
#include "engine/sys/store.h"
#include "log.h"
#include "opt.h"
#include "proto/link.h"
#include "proto/out.h"
#include "proto/wire.h"
#include "replace.h"

#define FILE_MAX (256u << 20) /* of what the engine may fill */

struct ctl {
	const struct opts *o;
	struct link link; /* opened by the first command that needs it */
	unsigned line;	  /* of stdin; 0: the command line */
	bool yes;	  /* -y, for this command */
};

/* --- what the user sees --- */

static void print_line(FILE *to, const char *before, const char *text)
{
	size_t size = strlen(text) * 4 + 1;
	char *safe = malloc(size);

	fprintf(to, "%s%s\n", before, safe ? log_escape(text, safe, size) : "no memory");
	free(safe);
}

static int fail(const struct ctl *ctl, const struct vx_err *err)
{
	struct buf message = { 0 }, json = { 0 };

	fflush(stdout);
	if (ctl->line)
		buf_printf(&message, "line %u: ", ctl->line);
	buf_str(&message, err->msg);
	if (!ctl->o->json) {
		print_line(stderr, "vxconsole: ", message.failed ? err->msg : message.data);
	} else {
		wire_put_error(&json, message.failed ? "no memory" : message.data);
		fputs(json.failed ? "{\"error\":\"no memory\"}\n" : json.data, stderr);
	}
	buf_fini(&message);
	buf_fini(&json);
	return 1;
}

static void print_warning(void *ctx, const char *text)
{
	(void)ctx;
	print_line(stderr, "warning: ", text);
}

static int print_result(const struct ctl *ctl, const char *text)
{
	struct vx_err err;

	fputs(text, stdout);
	if (ctl->o->json)
		putchar('\n');
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	vx_err_set(&err, -errno, "stdout: %s", strerror(errno));
	return fail(ctl, &err);
}

/* --- files of the caller --- */

static int open_file(const struct cmd *cmd, const char *path, struct vx_err *err)
{
	int fd;

	if (cmd->flags & CMD_READS)
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	else
		fd = memfd_create("vxconsole", MFD_CLOEXEC);
	return fd >= 0 ? fd
		       : vx_err_set(err, -errno, "%s: %s: %s", cmd->name, path, strerror(errno));
}

/* What the engine has put into the memory file becomes the file, at once or not at all. */
static int keep_file(const struct cmd *cmd, int fd, const char *path, struct vx_err *err)
{
	char *data;
	size_t len;
	int r;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return vx_err_set(err, -errno, "%s: %s", cmd->name, strerror(errno));
	r = store_read_fd(fd, path, FILE_MAX, &data, &len, err);
	if (r < 0)
		return r;
	r = replace_file(path, data, len, err);
	free(data);
	return r < 0 ? vx_err_prefix(err, "%s", cmd->name) : 0;
}

/* --- one command --- */

static int exchange(struct ctl *ctl, int argc, char **argv, bool yes, int fd,
		    struct wire_reply *reply, struct vx_err *err)
{
	struct buf request = { 0 };
	const char *line;
	size_t len;
	int r;

	wire_put_command(&request, argc, argv, ctl->o->json, yes);
	if (request.failed || request.n > WIRE_LINE_MAX)
		r = vx_err_set(err, -E2BIG, "the command is longer than %d bytes", WIRE_LINE_MAX);
	else
		r = link_send(&ctl->link, &request, fd, err);
	if (!r)
		r = link_receive(&ctl->link, &line, &len, err);
	if (!r)
		r = wire_reply_parse(line, len, reply, err);
	buf_fini(&request);
	return r;
}

/* The engine's answer to the question comes in a second reply. */
static int converse(struct ctl *ctl, int argc, char **argv, int fd, struct wire_reply *reply,
		    struct vx_err *err)
{
	int r = exchange(ctl, argc, argv, ctl->yes, fd, reply, err);

	if (r < 0 || reply->kind != WIRE_ASK)
		return r;
	r = ask_user(reply->text, !ctl->line, "ctl -y", err);
	wire_reply_fini(reply);
	return r < 0 ? r : exchange(ctl, argc, argv, true, fd, reply, err);
}

/* The engine drains, ends, and closes the connection. */
static void wait_for_end(struct ctl *ctl)
{
	struct vx_err err = { 0 };
	const char *line;
	size_t len;

	while (!link_receive(&ctl->link, &line, &len, &err))
		;
	if (err.code != -EPIPE)
		print_warning(NULL, err.msg);
}

static int finish(struct ctl *ctl, const struct cmd *cmd, const char *path, int fd,
		  const struct wire_reply *reply)
{
	struct vx_err err = { 0 };
	int r;

	if (reply->kind != WIRE_OK) {
		vx_err_set(&err, -EINVAL, "%s", reply->text);
		return fail(ctl, &err);
	}
	wire_reply_warnings(reply, print_warning, NULL);
	if (path && cmd->flags & CMD_FILLS && keep_file(cmd, fd, path, &err) < 0)
		return fail(ctl, &err);
	r = print_result(ctl, reply->text);
	if (cmd->flags & CMD_ENDS)
		wait_for_end(ctl);
	return r ? r : reply->exit;
}

static int run_remote(struct ctl *ctl, const struct cmd *cmd, int argc, char **argv)
{
	const char *path = cmd_file(cmd, argc, argv);
	struct wire_reply reply = { 0 };
	struct vx_err err = { 0 };
	int fd = path ? open_file(cmd, path, &err) : -1;
	int r = err.code;

	if (!r && ctl->link.fd < 0)
		r = link_open(&ctl->link, ctl->o->socket, &err);
	if (!r)
		r = converse(ctl, argc, argv, fd, &reply, &err);
	r = r < 0 ? fail(ctl, &err) : finish(ctl, cmd, path, fd, &reply);
	wire_reply_fini(&reply);
	if (fd >= 0)
		close(fd);
	return r;
}

static int run_local(const struct ctl *ctl, int argc, char **argv)
{
	struct con c = { .out = out_new(), .fd = -1 };
	struct buf text = { 0 };
	struct vx_err err = { 0 };
	int r = c.out ? cmd_run(&c, argc, argv, &err) : vx_err_set(&err, -ENOMEM, "no memory");

	if (!r && ctl->o->json)
		out_json(c.out, &text);
	else if (!r)
		out_text(c.out, &text);
	r = r < 0 || text.failed ? fail(ctl, &err) : print_result(ctl, text.data);
	buf_fini(&text);
	cmd_con_fini(&c);
	out_free(c.out);
	return r;
}

/* -y may also stand behind the command. */
static bool take_yes(int *argc, char **argv)
{
	const char *last = argv[*argc - 1];

	if (*argc < 2 || (strcmp(last, "-y") != 0 && strcmp(last, "--yes") != 0))
		return false;
	argv[--*argc] = NULL;
	return true;
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	struct vx_err err = { 0 };
	const struct cmd *cmd;

	/* The wire is UTF-8: another byte would arrive as something else. */
	for (int i = 0; i < argc; i++)
		if (!buf_utf8_valid(argv[i])) {
			vx_err_set(&err, -EINVAL, "%.60s: not valid UTF-8", argv[i]);
			return fail(ctl, &err);
		}
	ctl->yes = take_yes(&argc, argv) || ctl->o->yes;
	cmd = cmd_find(argc, argv, &err);
	if (!cmd)
		return fail(ctl, &err);
	return cmd->flags & CMD_LOCAL ? run_local(ctl, argc, argv)
				      : run_remote(ctl, cmd, argc, argv);
}

/* --- command lines --- */

/* A line of stdin, or a single word of the command line that may hold a whole command. */
static int run_line(struct ctl *ctl, const char *line)
{
	struct vx_err err = { 0 };
	char **argv;
	int argc, r;

	if (cmd_split(line, &argc, &argv, &err) < 0)
		return fail(ctl, &err);
	r = argc ? run(ctl, argc, argv) : 0;
	free(argv);
	return r;
}

static int run_stdin(struct ctl *ctl)
{
	struct vx_err err;
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	int r = 0;

	while (!r && (len = getline(&line, &size, stdin)) >= 0) {
		ctl->line++;
		if (!memchr(line, 0, (size_t)len)) {
			r = run_line(ctl, line);
			continue;
		}
		vx_err_set(&err, -EINVAL, "a NUL byte in the line");
		r = fail(ctl, &err);
	}
	if (!r && ferror(stdin)) {
		vx_err_set(&err, -EIO, "stdin: %s", strerror(errno));
		r = fail(ctl, &err);
	}
	free(line);
	return r;
}

int ctl_main(const struct opts *o)
{
	struct ctl ctl = { .o = o, .link.fd = -1 };
	int r;

	if (o->n_words > 1)
		r = run(&ctl, o->n_words, o->words);
	else if (!strcmp(o->words[0], "-"))
		r = run_stdin(&ctl);
	else
		r = run_line(&ctl, o->words[0]);
	link_close(&ctl.link);
	return r;
}
