/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel knows of the interface and its neighbours. One request, one answer; a neighbour
 * that is not known yet is provoked by a datagram to its discard port.
 */
#include "resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_arp.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define TRIES	 60
#define PAUSE_NS 50000000
#define DISCARD	 9

struct request {
	struct nlmsghdr nlh;
	union {
		struct rtmsg rt;
		struct ndmsg nd;
	};
	char attrs[64];
};

int resolve_interface(struct conf *c, struct vx_err *err)
{
	struct ifreq req = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret = -1;

	if (fd < 0)
		return vx_err_set(err, -errno, "socket: %s", strerror(errno));
	c->ifindex = if_nametoindex(c->ifname);
	memcpy(req.ifr_name, c->ifname, sizeof(req.ifr_name));
	if (c->ifindex && !ioctl(fd, SIOCGIFHWADDR, &req)) {
		memcpy(c->mac, req.ifr_hwaddr.sa_data, 6);
		if (!ioctl(fd, SIOCGIFMTU, &req)) {
			c->mtu = (uint32_t)req.ifr_mtu;
			ret = ioctl(fd, SIOCGIFFLAGS, &req);
		}
	}
	if (ret)
		ret = vx_err_set(err, -errno, "%s: %s", c->ifname, strerror(errno));
	else if (!(req.ifr_flags & IFF_UP))
		ret = vx_err_set(err, -ENETDOWN, "%s is down", c->ifname);
	close(fd);
	return ret;
}

static int af_of(const struct conf_addr *a)
{
	return a->len == 4 ? AF_INET : AF_INET6;
}

/* The bytes of an interface address of family af, or NULL (link-local is none). */
static const void *usable(const struct ifaddrs *i, const char *ifname, int af)
{
	const struct sockaddr_in6 *a6;

	if (!i->ifa_addr || i->ifa_addr->sa_family != af || strcmp(i->ifa_name, ifname))
		return NULL;
	if (af == AF_INET)
		return &((const struct sockaddr_in *)(const void *)i->ifa_addr)->sin_addr;
	a6 = (const struct sockaddr_in6 *)(const void *)i->ifa_addr;
	return IN6_IS_ADDR_LINKLOCAL(&a6->sin6_addr) ? NULL : &a6->sin6_addr;
}

int resolve_source(struct conf *c, struct vx_err *err)
{
	uint8_t len = c->outer == CONF_IP4 ? 4 : 16;
	int af = len == 4 ? AF_INET : AF_INET6;
	struct ifaddrs *all, *i;
	const void *a;

	if (c->outer_src.len)
		return 0;
	if (getifaddrs(&all))
		return vx_err_set(err, -errno, "getifaddrs: %s", strerror(errno));
	for (i = all; i && !c->outer_src.len; i = i->ifa_next) {
		a = usable(i, c->ifname, af);
		if (a) {
			memcpy(c->outer_src.b, a, len);
			c->outer_src.len = len;
		}
	}
	freeifaddrs(all);
	if (!c->outer_src.len)
		return vx_err_set(err, -EADDRNOTAVAIL,
				  "%s has no IPv%d address to send from: give --outer-src",
				  c->ifname, len == 4 ? 4 : 6);
	return 0;
}

static void put_attr(struct request *r, unsigned short type, const void *data, size_t len)
{
	struct rtattr *a = (void *)((char *)r + NLMSG_ALIGN(r->nlh.nlmsg_len));

	a->rta_type = type;
	a->rta_len = (unsigned short)RTA_LENGTH(len);
	memcpy(RTA_DATA(a), data, len);
	r->nlh.nlmsg_len = NLMSG_ALIGN(r->nlh.nlmsg_len) + (unsigned int)RTA_ALIGN(a->rta_len);
}

/* Sends the request, receives the answer (one message): its length, or -errno. */
static ssize_t exchange(const struct request *r, void *answer, size_t size)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	ssize_t n = -1;
	int saved;

	if (fd >= 0 && send(fd, r, r->nlh.nlmsg_len, 0) >= 0)
		n = recv(fd, answer, size, 0);
	saved = errno;
	if (fd >= 0)
		close(fd);
	return n < 0 ? -saved : n;
}

/* Gives the value of attribute `want` of the answer: its length, or -errno. body: the size of the
 * fixed part that the attributes follow. */
static int ask(const struct request *r, size_t body, unsigned short want, void *value, size_t size)
{
	union {
		struct nlmsghdr nlh;
		char bytes[4096];
	} answer;
	ssize_t n = exchange(r, &answer, sizeof(answer));
	struct rtattr *a;
	size_t left;

	if (n < (ssize_t)NLMSG_SPACE(body))
		return n < 0 ? (int)n : -EBADMSG;
	if (answer.nlh.nlmsg_type == NLMSG_ERROR)
		return -ENOENT;
	left = (size_t)n - NLMSG_SPACE(body);
	for (a = (void *)(answer.bytes + NLMSG_SPACE(body)); RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type == want && RTA_PAYLOAD(a) <= size) {
			memcpy(value, RTA_DATA(a), RTA_PAYLOAD(a));
			return (int)RTA_PAYLOAD(a);
		}
	return -ENOENT;
}

/* The gateway towards dst by this interface; dst itself when it is on the link. */
static struct conf_addr next_hop(const struct conf *c)
{
	struct request r = { .nlh = { .nlmsg_len = NLMSG_LENGTH(sizeof(r.rt)),
				      .nlmsg_type = RTM_GETROUTE,
				      .nlmsg_flags = NLM_F_REQUEST } };
	struct conf_addr hop = { 0 };
	int n;

	r.rt.rtm_family = (unsigned char)af_of(&c->outer_dst);
	r.rt.rtm_dst_len = (unsigned char)(c->outer_dst.len * 8);
	put_attr(&r, RTA_DST, c->outer_dst.b, c->outer_dst.len);
	put_attr(&r, RTA_OIF, &c->ifindex, 4);
	n = ask(&r, sizeof(r.rt), RTA_GATEWAY, hop.b, sizeof(hop.b));
	hop.len = n > 0 ? (uint8_t)n : 0;
	return n > 0 ? hop : c->outer_dst;
}

static bool neighbour(const struct conf *c, const struct conf_addr *hop, uint8_t *mac)
{
	struct request r = { .nlh = { .nlmsg_len = NLMSG_LENGTH(sizeof(r.nd)),
				      .nlmsg_type = RTM_GETNEIGH,
				      .nlmsg_flags = NLM_F_REQUEST } };

	r.nd.ndm_family = (unsigned char)af_of(hop);
	r.nd.ndm_ifindex = (int)c->ifindex;
	put_attr(&r, NDA_DST, hop->b, hop->len);
	return ask(&r, sizeof(r.nd), NDA_LLADDR, mac, 6) == 6;
}

static void provoke(const struct conf *c, const struct conf_addr *hop)
{
	struct sockaddr_in a4 = { .sin_family = AF_INET, .sin_port = htons(DISCARD) };
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6,
				   .sin6_port = htons(DISCARD),
				   .sin6_scope_id = c->ifindex };
	int fd = socket(af_of(hop), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, c->ifname, (socklen_t)strlen(c->ifname));
	memcpy(&a4.sin_addr, hop->b, 4);
	memcpy(&a6.sin6_addr, hop->b, 16);
	if (hop->len == 4)
		sendto(fd, "", 1, 0, (struct sockaddr *)&a4, sizeof(a4));
	else
		sendto(fd, "", 1, 0, (struct sockaddr *)&a6, sizeof(a6));
	close(fd);
}

int resolve_dmac(struct conf *c, struct vx_err *err)
{
	struct timespec pause = { 0, PAUSE_NS };
	struct conf_addr hop;
	char text[INET6_ADDRSTRLEN];
	int i;

	if (c->dmac.len)
		return 0;
	hop = next_hop(c);
	for (i = 0; i < TRIES; i++) {
		if (neighbour(c, &hop, c->dmac.b)) {
			c->dmac.len = 6;
			return 0;
		}
		if (i % 20 == 0)
			provoke(c, &hop);
		nanosleep(&pause, NULL);
	}
	inet_ntop(af_of(&hop), hop.b, text, sizeof(text));
	return vx_err_set(err, -EHOSTUNREACH,
			  "%s does not answer on %s: give --outer-dst, or --dmac MAC", text,
			  c->ifname);
}
