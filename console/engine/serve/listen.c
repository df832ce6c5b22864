// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control socket as a file. It is bound under another name, gets its owner, listens, and only
 * then takes its name: whoever sees it can connect to it, and nobody could before its rights were
 * right. [engine]
 */
#include "engine/serve/listen.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define GROUP	"vxconsole"
#define BACKLOG 16
#define SUFFIX	".new"

/* May path be taken? */
static int check_path(const char *path, struct vx_err *err)
{
	struct stat st;
	int fd;

	if (strlen(path) + sizeof(SUFFIX) > SOCKPATH_MAX)
		return vx_err_set(err, -ENAMETOOLONG, "%s: longer than %zu bytes", path,
				  SOCKPATH_MAX - sizeof(SUFFIX));
	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0
				       : vx_err_set(err, -errno, "%s: %s", path, strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return vx_err_set(err, -EEXIST, "%s: is there and is not a socket", path);
	fd = sockpath_connect(path, err);
	if (fd >= 0)
		close(fd);
	if (fd == -ECONNREFUSED || fd == -ENOENT)
		return 0;
	return vx_err_set(err, -EADDRINUSE, "%s: another vxconsole listens there", path);
}

/*
 * The kernel gives the file the mode that the socket has when it is bound, less the umask. lchown,
 * because the directory of --socket may be another user's. name is what messages call it.
 */
static int bind_as(int fd, const char *path, const char *name, uid_t owner, struct vx_err *err)
{
	const struct group *group = getgrnam(GROUP);
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	gid_t gid = group ? group->gr_gid : (gid_t)-1;
	mode_t mask;
	int r;

	memcpy(sun.sun_path, path, strlen(path) + 1);
	if (unlink(path) < 0 && errno != ENOENT)
		return vx_err_set(err, -errno, "%s: %s", name, strerror(errno));
	if (fchmod(fd, group ? 0660 : 0600) < 0)
		return vx_err_set(err, -errno, "%s: mode: %s", name, strerror(errno));
	mask = umask(0);
	r = bind(fd, (struct sockaddr *)&sun, sizeof(sun)) < 0 ? -errno : 0;
	umask(mask);
	if (r < 0)
		return vx_err_set(err, r, "%s: %s", name, strerror(-r));
	if (geteuid() == 0 && lchown(path, owner, gid) < 0)
		return vx_err_set(err, -errno, "%s: owner: %s", name, strerror(errno));
	return 0;
}

static int publish(struct listen *l, const char *tmp, struct vx_err *err)
{
	struct stat st;

	if (listen(l->fd, BACKLOG) < 0 || lstat(tmp, &st) < 0 || rename(tmp, l->path) < 0)
		return vx_err_set(err, -errno, "%s: %s", l->path, strerror(errno));
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	return 0;
}

int listen_open(struct listen *l, const char *path, uid_t owner, struct vx_err *err)
{
	char tmp[SOCKPATH_MAX];
	int r;

	*l = (struct listen){ .fd = -1 };
	r = check_path(path, err);
	if (r < 0)
		return r;
	snprintf(l->path, sizeof(l->path), "%s", path);
	snprintf(tmp, sizeof(tmp), "%.*s" SUFFIX, (int)(sizeof(tmp) - sizeof(SUFFIX)), path);
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0)
		return vx_err_set(err, -errno, "socket: %s", strerror(errno));
	r = bind_as(l->fd, tmp, path, owner, err);
	if (!r)
		r = publish(l, tmp, err);
	if (!r)
		return 0;
	unlink(tmp);
	close(l->fd);
	l->fd = -1;
	return r;
}

void listen_close(struct listen *l)
{
	struct stat st;

	if (l->fd < 0)
		return;
	if (!lstat(l->path, &st) && st.st_dev == l->dev && st.st_ino == l->ino)
		unlink(l->path);
	close(l->fd);
	l->fd = -1;
}
