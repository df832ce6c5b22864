/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One rtnetlink request and its answer. Checking is strict, so that the kernel honours the filters
 * of a dump, and says so when it does not know an attribute. [engine]
 */
#include "engine/sys/nl.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#define NL_TIMEOUT_S 2
#define NL_TRIES     5 /* a dump that was disturbed is asked for again */

int nl_open(struct nl *nl, struct vx_err *err)
{
	struct timeval tv = { .tv_sec = NL_TIMEOUT_S };
	int one = 1, rc;

	nl->seq = 0;
	nl->sock = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!nl->sock)
		return vx_err_set(err, -errno, "netlink: open: %s", strerror(errno));
	if (mnl_socket_bind(nl->sock, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    setsockopt(mnl_socket_get_fd(nl->sock), SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) ||
	    mnl_socket_setsockopt(nl->sock, NETLINK_GET_STRICT_CHK, &one, sizeof(one)) < 0) {
		rc = vx_err_set(err, -errno, "netlink: %s", strerror(errno));
		nl_close(nl);
		return rc;
	}
	return 0;
}

void nl_close(struct nl *nl)
{
	if (nl->sock)
		mnl_socket_close(nl->sock);
	nl->sock = NULL;
}

struct nlmsghdr *nl_request(void *buf, uint16_t type, uint16_t flags, size_t size)
{
	struct nlmsghdr *req = mnl_nlmsg_put_header(buf);

	mnl_nlmsg_put_extra_header(req, size);
	req->nlmsg_type = type;
	/* Not a dump: the acknowledgement marks the end of the answer. */
	req->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags |
				      ((flags & NLM_F_DUMP) == NLM_F_DUMP ? 0 : NLM_F_ACK));
	return req;
}

/* Takes messages until the end of the answer. Late answers to an earlier, timed out request are
 * skipped. */
static int nl_answer(struct nl *nl, mnl_cb_t cb, void *data)
{
	_Alignas(struct nlmsghdr) char buf[NL_ANSWER];
	unsigned portid = mnl_socket_get_portid(nl->sock);
	int rc;

	do {
		ssize_t n = mnl_socket_recvfrom(nl->sock, buf, sizeof(buf));

		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		rc = mnl_cb_run(buf, (size_t)n, nl->seq, portid, cb, data);
	} while (rc > MNL_CB_STOP || (rc < 0 && errno == EPROTO));
	return rc < 0 ? -errno : 0;
}

int nl_talk(struct nl *nl, struct nlmsghdr *req, mnl_cb_t cb, void *data)
{
	int rc = -EINTR;

	for (int i = 0; i < NL_TRIES && rc == -EINTR; i++) {
		req->nlmsg_seq = ++nl->seq;
		if (mnl_socket_sendto(nl->sock, req, req->nlmsg_len) < 0)
			return -errno;
		rc = nl_answer(nl, cb, data);
	}
	return rc;
}
