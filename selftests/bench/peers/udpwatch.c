// SPDX-License-Identifier: GPL-2.0
/*
 * udpwatch - the fastest that a daemon can take an address away
 *
 *   udpwatch [-r PRIORITY] sockdiag|proc|pidfd ADDRESS PORT
 *
 * ADDRESS is on lo while a UDP socket is bound to PORT on it or on the wildcard
 * address. Three ways to learn that it no longer is:
 *
 *   sockdiag	the kernel's notice that a socket was destroyed, sock_diag(7)
 *		with SKNLGRP_INET_UDP_DESTROY. The sockets were counted when
 *		the address was announced, by their cookies: when the last of
 *		them is gone nobody need be asked
 *   proc	the proc connector's notice of the end of a process that holds
 *		one (linux/cn_proc.h)
 *   pidfd	its pidfd can be read from, pidfd_open(2)
 *
 * The latter two have to see that its sockets were not somebody else's, too, for
 * which they ask sock_diag once.
 *
 * With -r everything that makes a daemon slow is out of the way: it runs at that
 * priority (SCHED_FIFO), in locked memory. In any case the request was built
 * before, and no acknowledgement is waited for.
 *
 * No notice tells of a socket that was bound: while the address is away, it asks
 * every 10 ms. (That is not what is measured.) While it is there, it asks once
 * a second in case a notice was lost.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define MAX 64

static struct in_addr address;
static in_port_t port;
static int rtnl, diag;

/* The sockets that were there when last asked, and whose they are. */
static struct { unsigned int inode, cookie[2]; } socks[MAX];
static int nsocks;
static pid_t holder;

static int netlink(int protocol, unsigned int groups)
{
	struct sockaddr_nl sa = { .nl_family = AF_NETLINK, .nl_groups = groups };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);

	if (fd < 0 || bind(fd, (void *)&sa, sizeof(sa)))
		err(2, "netlink %d", protocol);
	return fd;
}

static struct {
	struct nlmsghdr h;
	struct ifaddrmsg ifa;
	struct { struct rtattr a; struct in_addr v; } local, address;
} add, del;

static void prepare(void)
{
	del.h.nlmsg_len = sizeof(del);
	del.h.nlmsg_type = RTM_DELADDR;
	del.h.nlmsg_flags = NLM_F_REQUEST;
	del.ifa.ifa_family = AF_INET;
	del.ifa.ifa_prefixlen = 32;
	del.ifa.ifa_index = if_nametoindex("lo");
	del.local.a.rta_len = del.address.a.rta_len = sizeof(del.local);
	del.local.a.rta_type = IFA_LOCAL;
	del.address.a.rta_type = IFA_ADDRESS;
	del.local.v = del.address.v = address;
	add = del;
	add.h.nlmsg_type = RTM_NEWADDR;
	add.h.nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE;
}

static void withdraw(void)
{
	if (send(rtnl, &del, sizeof(del), 0) < 0)
		err(2, "RTM_DELADDR");
}

static void announce(void)
{
	if (send(rtnl, &add, sizeof(add), 0) < 0)
		err(2, "RTM_NEWADDR");
}

static bool counts(const struct inet_diag_msg *m)
{
	/* A connected one gets its peer's packets only. */
	return m->id.idiag_sport == port && !m->id.idiag_dport &&
	       (!m->id.idiag_src[0] || m->id.idiag_src[0] == address.s_addr);
}

/* Which sockets are there now? */
static void look(void)
{
	struct {
		struct nlmsghdr h;
		struct inet_diag_req_v2 r;
	} q = {
		.h = {
			.nlmsg_len = sizeof(q), .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		},
		.r = {
			.sdiag_family = AF_INET, .sdiag_protocol = IPPROTO_UDP,
			.idiag_states = ~0u, .id.idiag_sport = port,
		},
	};
	static char buf[65536];

	nsocks = 0;
	if (send(diag, &q, sizeof(q), 0) < 0)
		err(2, "sock_diag");
	for (;;) {
		int len = recv(diag, buf, sizeof(buf), 0);
		struct nlmsghdr *h = (void *)buf;

		if (len < 0)
			err(2, "sock_diag");
		for (; NLMSG_OK(h, (unsigned int)len); h = NLMSG_NEXT(h, len)) {
			struct inet_diag_msg *m = NLMSG_DATA(h);

			if (h->nlmsg_type == NLMSG_DONE)
				return;
			if (h->nlmsg_type == NLMSG_ERROR)
				errx(2, "sock_diag refuses");
			if (!counts(m) || nsocks == MAX)
				continue;
			socks[nsocks].inode = m->idiag_inode;
			memcpy(socks[nsocks].cookie, m->id.idiag_cookie,
			       sizeof(socks[nsocks].cookie));
			nsocks++;
		}
	}
}

/* Which process holds the first of them? As fuser and ss find out. */
static pid_t find_holder(void)
{
	char want[64], link[64], path[600];
	struct dirent *p, *f;
	DIR *proc = opendir("/proc"), *fds;
	pid_t found = 0;

	snprintf(want, sizeof(want), "socket:[%u]", socks[0].inode);
	while (!found && (p = readdir(proc))) {
		snprintf(path, sizeof(path), "/proc/%s/fd", p->d_name);
		if (p->d_name[0] < '1' || p->d_name[0] > '9' || !(fds = opendir(path)))
			continue;
		while (!found && (f = readdir(fds))) {
			snprintf(path, sizeof(path), "/proc/%s/fd/%s", p->d_name,
				 f->d_name);
			int n = readlink(path, link, sizeof(link) - 1);

			link[n < 0 ? 0 : n] = 0;
			if (!strcmp(link, want))
				found = atoi(p->d_name);
		}
		closedir(fds);
	}
	closedir(proc);
	return found;
}

/* A notice of a socket's end: it is one of those that we know of, or it isn't. */
static void sockdiag_says(int fd)
{
	static char buf[65536];
	int len = recv(fd, buf, sizeof(buf), 0), i;
	struct nlmsghdr *h = (void *)buf;

	/* Some notices were lost. */
	if (len < 0)
		look();
	for (; len > 0 && NLMSG_OK(h, (unsigned int)len); h = NLMSG_NEXT(h, len)) {
		struct inet_diag_msg *m = NLMSG_DATA(h);

		for (i = 0; i < nsocks; i++)
			if (!memcmp(socks[i].cookie, m->id.idiag_cookie,
				    sizeof(socks[i].cookie)))
				socks[i--] = socks[--nsocks];
	}
}

static int proc_open(void)
{
	int fd = netlink(NETLINK_CONNECTOR, CN_IDX_PROC);
	struct {
		struct nlmsghdr h;
		struct cn_msg m;
		enum proc_cn_mcast_op op;
	} __attribute__((packed)) q = {
		.h = { .nlmsg_len = sizeof(q), .nlmsg_type = NLMSG_DONE },
		.m = { .id = { CN_IDX_PROC, CN_VAL_PROC }, .len = sizeof(q.op) },
		.op = PROC_CN_MCAST_LISTEN,
	};

	if (send(fd, &q, sizeof(q), 0) < 0)
		err(2, "proc connector");
	return fd;
}

/* Has our holder ended, or has a notice been lost, which may be that? */
static bool proc_says(int fd)
{
	static char buf[65536];
	int len = recv(fd, buf, sizeof(buf), 0);
	struct nlmsghdr *h = (void *)buf;
	bool ended = len < 0;

	for (; len > 0 && NLMSG_OK(h, (unsigned int)len); h = NLMSG_NEXT(h, len)) {
		struct cn_msg *m = NLMSG_DATA(h);
		struct proc_event *e = (void *)m->data;

		if (e->what == PROC_EVENT_EXIT &&
		    e->event_data.exit.process_tgid == holder)
			ended = true;
	}
	return ended;
}

/* Notices of sockets that are gone already. */
static void drop(int fd)
{
	static char none[65536];

	recv(fd, none, sizeof(none), MSG_DONTWAIT);
}

/* After a look: whose end is to be waited for, if anybody's? */
static void follow(char way, struct pollfd *notices)
{
	holder = nsocks ? find_holder() : 0;
	if (way != 'i')
		return;
	if (notices->fd >= 0)
		close(notices->fd);
	notices->fd = holder ? syscall(SYS_pidfd_open, holder, 0) : -1;
	if (notices->fd < 0)
		holder = 0;
}

int main(int argc, char **argv)
{
	struct sched_param param = { 0 };
	struct pollfd notices = { .fd = -1, .events = POLLIN };
	bool announced = false;
	char way;
	int opt;

	while ((opt = getopt(argc, argv, "r:")) == 'r')
		param.sched_priority = atoi(optarg);
	if (opt != -1 || argc - optind != 3 || !strchr("sp", argv[optind][0]) ||
	    inet_pton(AF_INET, argv[optind + 1], &address) != 1)
		errx(2, "udpwatch [-r PRIORITY] sockdiag|proc|pidfd ADDRESS PORT");
	/* s, r or i */
	way = argv[optind][0] == 's' ? 's' : argv[optind][1];
	port = htons(atoi(argv[optind + 2]));
	if (param.sched_priority &&
	    (mlockall(MCL_CURRENT | MCL_FUTURE) ||
	     sched_setscheduler(0, SCHED_FIFO, &param)))
		err(2, "real-time priority");
	rtnl = netlink(NETLINK_ROUTE, 0);
	diag = netlink(NETLINK_SOCK_DIAG, 0);
	prepare();
	look();			/* has udp_diag loaded */
	if (way == 's')
		notices.fd = netlink(NETLINK_SOCK_DIAG,
				     1 << (SKNLGRP_INET_UDP_DESTROY - 1));
	else if (way == 'r')
		notices.fd = proc_open();

	for (;;) {
		bool notice = poll(&notices, 1, !announced ? 10 :
				   way != 's' && !holder ? 1 : 1000) > 0;

		/* How many sockets are there? Only sockdiag knows without asking. */
		if (way == 's' && announced && notice) {
			sockdiag_says(notices.fd);
		} else if (way == 'r' && notice) {
			if (!proc_says(notices.fd) && announced && holder)
				continue;
			look();
		} else {
			if (way == 's' && notice)
				drop(notices.fd);
			look();
		}
		if (announced && !nsocks) {
			withdraw();
			announced = false;
		}
		/* Of several processes that have them it follows one, to its end. */
		if (way != 's')
			follow(way, &notices);
		if (!announced && nsocks && (way == 's' || holder)) {
			announce();
			announced = true;
		}
	}
}
