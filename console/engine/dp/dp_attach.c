/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Attaching the program by an unpinned bpf_link, native first and then generic, and finding out in
 * the kernel's own words why not. [engine]
 */
#include "engine/dp/dp_int.h"

#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

/* libbpf prints through one global callback; the last complaint is kept for the error message. */
static char last_print[4096];

static int __attribute__((format(printf, 2, 0)))
on_print(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	char line[1024];
	size_t used = strlen(last_print);
	int n;

	if (level == LIBBPF_DEBUG)
		return 0;
	n = vsnprintf(line, sizeof(line), fmt, ap);
	if (n > 0 && used + 1 < sizeof(last_print))
		snprintf(last_print + used, sizeof(last_print) - used, "%s", line);
	if (log_level() >= LOG_DEBUG)
		vx_dbg("libbpf: %s", line);
	return n;
}

void dp_print_init(void)
{
	libbpf_set_print(on_print);
	last_print[0] = 0;
}

const char *dp_print_take(char *buf, size_t size)
{
	size_t n = strlen(last_print);

	while (n && (last_print[n - 1] == '\n' || last_print[n - 1] == ' '))
		last_print[--n] = 0;
	snprintf(buf, size, "%s", last_print);
	last_print[0] = 0;
	return buf;
}

static const char *mode_name(__u32 flag)
{
	return flag == XDP_FLAGS_DRV_MODE ? "native" : "generic";
}

/*
 * A link's failure has only an errno. The same attach by netlink brings the driver's sentence
 * (extack), which libbpf prints as "Kernel error message: ...". Should it succeed, it is undone at
 * once.
 */
static void kernel_words(struct dp *d, __u32 flag, int code, char *buf, size_t size)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts);
	int prog = bpf_program__fd(d->vx->progs.vx_pipeline);
	static const char mark[] = "Kernel error message: ";
	char said[1024];
	const char *p;

	dp_print_take(said, sizeof(said));
	if (bpf_xdp_attach(d->ifindex, prog, flag | XDP_FLAGS_UPDATE_IF_NOEXIST, NULL) == 0) {
		opts.old_prog_fd = prog;
		bpf_xdp_detach(d->ifindex, flag | XDP_FLAGS_REPLACE, &opts);
	}
	dp_print_take(said, sizeof(said));
	p = strstr(said, mark);
	snprintf(buf, size, "%s", p ? p + sizeof(mark) - 1 : strerror(-code));
}

/* The link's fd on success. */
static int try_mode(struct dp *d, __u32 flag, char *why, size_t size)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = flag);
	int fd = bpf_link_create(bpf_program__fd(d->vx->progs.vx_pipeline), d->ifindex, BPF_XDP,
				 &opts);

	if (fd < 0)
		kernel_words(d, flag, fd, why, size);
	return fd;
}

static int refuse(struct dp *d, __u32 flag, int code, const char *why, struct vx_err *err)
{
	__u32 id = 0;

	bpf_xdp_query_id(d->ifindex, 0, &id);
	if (id)
		return vx_err_set(
			err, -EBUSY,
			"attach %s: XDP program id %u is attached there already (%s); see it "
			"with: bpftool prog show id %u",
			d->ingress, id, why, id);
	return vx_err_set(err, code, "attach %s in %s mode: %s", d->ingress, mode_name(flag), why);
}

static uint32_t id_of(int prog_fd)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);

	return bpf_obj_get_info_by_fd(prog_fd, &info, &len) ? 0 : info.id;
}

int dp_attach(struct dp *d, struct dp_attached *how, struct vx_err *err)
{
	char why[200] = "";
	int fd = -1;

	memset(how, 0, sizeof(*how));
	if (d->mode != DP_GENERIC) {
		fd = try_mode(d, XDP_FLAGS_DRV_MODE, why, sizeof(why));
		if (fd < 0 && d->mode == DP_NATIVE)
			return refuse(d, XDP_FLAGS_DRV_MODE, fd, why, err);
		how->native = fd >= 0;
		snprintf(how->reason, sizeof(how->reason), "%s",
			 fd >= 0 ? (d->mode == DP_NATIVE ? "asked for" : "the driver has it")
				 : why);
	} else {
		snprintf(how->reason, sizeof(how->reason), "asked for");
	}
	if (fd < 0)
		fd = try_mode(d, XDP_FLAGS_SKB_MODE, why, sizeof(why));
	if (fd < 0)
		return refuse(d, XDP_FLAGS_SKB_MODE, fd, why, err);
	d->link_fd = fd;
	how->prog_id = id_of(bpf_program__fd(d->vx->progs.vx_pipeline));
	return 0;
}

void dp_detach(struct dp *d)
{
	struct dp_set ignored;

	if (d->link_fd < 0)
		return;
	bpf_link_detach(d->link_fd);
	close(d->link_fd);
	d->link_fd = -1;
	/* A swap waits until programs that were running have ended: after it nothing enters the
	 * rings. */
	if (dp_swap_sets(d, &ignored, NULL))
		vx_dbg("detach: could not wait for running programs");
}
