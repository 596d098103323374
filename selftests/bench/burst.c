// SPDX-License-Identifier: GPL-2.0
/*
 * burst - how long until the last of many prefixes has gone, or has come
 *
 *   burst [-r] [-u] [-n FILE] NAME NUMBER COMMAND [ARGUMENT]...
 *   burst [-r] [-n FILE] -k NAME NUMBER PID
 *
 * Reads rtnetlink's messages about addresses, or with -r about routes, runs the
 * command, and takes the time from before its start until NUMBER removals have been
 * read, or with -u as many that came. Of routes those of protocol 166 in table main
 * count. With -k a process is killed instead of a command being run. With -n the messages of all the network namespaces count whose paths are
 * in FILE, a line each.
 *
 * Prints NAME, the number, and nanoseconds: from the start to the first one, to the
 * last one, and of processor time that the command took, separated by tabs. With a
 * NUMBER of 0 nothing is waited for but the end of the command.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "figures.h"

static bool routes, up;
static long seen;

static int open_reader(void)
{
	struct sockaddr_nl sa = {
		.nl_family = AF_NETLINK,
		.nl_groups = routes ? RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE :
				      RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
	};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK, NETLINK_ROUTE);
	int size = 64 << 20;

	if (fd < 0 || bind(fd, (void *)&sa, sizeof(sa)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		err(2, "rtnetlink");
	return fd;
}

static void watch(int epoll, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
		err(2, "epoll");
}

static void open_readers(int epoll, const char *file)
{
	char path[256];
	FILE *f;

	if (!file) {
		watch(epoll, open_reader());
		return;
	}
	f = fopen(file, "r");
	if (!f)
		err(2, "%s", file);
	while (fscanf(f, "%255s", path) == 1) {
		int ns = open(path, O_RDONLY | O_CLOEXEC);

		if (ns < 0 || setns(ns, CLONE_NEWNET))
			err(2, "%s", path);
		close(ns);
		watch(epoll, open_reader());
	}
	fclose(f);
}

static bool counts(const struct nlmsghdr *h)
{
	const struct rtmsg *rtm = NLMSG_DATA(h);

	if (!routes)
		return h->nlmsg_type == (up ? RTM_NEWADDR : RTM_DELADDR);
	return h->nlmsg_type == (up ? RTM_NEWROUTE : RTM_DELROUTE) &&
	       rtm->rtm_protocol == 166 && rtm->rtm_table == RT_TABLE_MAIN;
}

static void take(int fd)
{
	static char buf[1 << 18];
	int len;

	while ((len = recv(fd, buf, sizeof(buf), 0)) > 0) {
		struct nlmsghdr *h = (void *)buf;

		for (; NLMSG_OK(h, (unsigned int)len); h = NLMSG_NEXT(h, len))
			seen += counts(h);
	}
	if (len < 0 && errno != EAGAIN)
		err(2, "rtnetlink");
}

int main(int argc, char **argv)
{
	struct rlimit files = { 8192, 8192 };
	long long start, first = 0, last, took;
	struct rusage usage = {};
	bool killed = false;
	const char *namespaces = NULL, *name;
	struct epoll_event ready[64];
	int opt, epoll, status = 0;
	long number;
	pid_t pid;

	while ((opt = getopt(argc, argv, "+rukn:")) != -1) {
		if (opt == 'k')
			killed = true;
		else if (opt == 'r')
			routes = true;
		else if (opt == 'u')
			up = true;
		else if (opt == 'n')
			namespaces = optarg;
		else
			return 2;
	}
	if (argc - optind < 3)
		errx(2, "usage: burst [-r] [-u] [-n FILE] NAME NUMBER COMMAND...");
	name = argv[optind];
	number = atol(argv[optind + 1]);

	setrlimit(RLIMIT_NOFILE, &files);
	epoll = epoll_create1(EPOLL_CLOEXEC);
	open_readers(epoll, namespaces);

	start = now();
	pid = killed ? atoi(argv[optind + 2]) : fork();
	if (pid < 0 || (killed && kill(pid, SIGKILL)))
		err(2, "start");
	if (!pid) {
		execvp(argv[optind + 2], argv + optind + 2);
		err(127, "%s", argv[optind + 2]);
	}
	alarm(3000);
	while (seen < number) {
		int n = epoll_wait(epoll, ready, 64, -1);

		if (n < 0)
			err(2, "epoll");
		for (int i = 0; i < n; i++)
			take(ready[i].data.fd);
		if (!first && seen)
			first = now();
	}
	last = now();
	if (!killed && wait4(pid, &status, 0, &usage) < 0)
		err(2, "wait");
	took = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000LL +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000LL;
	if (status)
		errx(2, "%s: status %d", argv[optind + 2], status);
	printf("%s\t%ld\t%lld\t%lld\t%lld\n", name, number,
	       number ? first - start : 0, number ? last - start : 0, took);
	return 0;
}
