// SPDX-License-Identifier: GPL-2.0
/*
 * cycle - a listener that comes and goes, and an eye on the address
 *
 *   cycle [-i] [-c CPU] [-f] [-p] [-t SECONDS] KIND BIND-ADDRESS PORT ADDRESS N
 *
 * N times: make a listener (KIND: udp4 udp6 tcp4 tcp6; for UDP bind, for TCP
 * listen), wait until ADDRESS has been announced, close it, wait until it has
 * been withdrawn. Each wait that takes longer than ten seconds is a state that
 * is stuck, and the end.
 *
 *   -i	run as SCHED_IDLE: whoever is woken by the close overtakes it
 *   -c	stay on this processor
 *   -f	do not wait, but for a random, very short time; whoever runs this has
 *	to look at the end whether the address has gone
 *   -p	SO_REUSEPORT
 *   -t	stop after so many seconds
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define PATIENCE 10000 /* ms */

static unsigned char wanted[16];
static int wanted_family;
static bool present;
static unsigned long overruns;
static bool reuseport;

static long long now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
}

static int watch(void)
{
	struct sockaddr_nl sa = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
	};
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	int size = 16 << 20;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (fd < 0 || bind(fd, (void *)&sa, sizeof(sa)))
		err(2, "rtnetlink");
	return fd;
}

static void look_at(struct nlmsghdr *h)
{
	struct ifaddrmsg *ifa = NLMSG_DATA(h);
	struct rtattr *a = IFA_RTA(ifa);
	int len = IFA_PAYLOAD(h);

	if ((h->nlmsg_type != RTM_NEWADDR && h->nlmsg_type != RTM_DELADDR) ||
	    ifa->ifa_family != wanted_family)
		return;
	for (; RTA_OK(a, len); a = RTA_NEXT(a, len))
		if (a->rta_type == IFA_ADDRESS &&
		    !memcmp(RTA_DATA(a), wanted, RTA_PAYLOAD(a)))
			present = h->nlmsg_type == RTM_NEWADDR;
}

/* Until the address is there (or not), as "want" says; false: time is up. */
static bool await(int fd, bool want)
{
	long long end = now_us() + PATIENCE * 1000LL;
	static char buf[65536];

	while (present != want) {
		struct pollfd p = { fd, POLLIN, 0 };
		struct nlmsghdr *h = (void *)buf;
		long long left = end - now_us();
		int len;

		if (left <= 0 || poll(&p, 1, left / 1000 + 1) <= 0)
			return false;
		len = recv(fd, buf, sizeof(buf), 0);
		if (len < 0 && errno == ENOBUFS) {
			overruns++;
			continue;
		}
		for (; len > 0 && NLMSG_OK(h, (unsigned int)len);
		     h = NLMSG_NEXT(h, len))
			look_at(h);
	}
	return true;
}

static int open_listener(const char *kind, const char *addr, int port)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
				    .sin6_port = htons(port) };
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_port = htons(port) };
	bool is6 = strchr(kind, '6'), stream = kind[0] == 't';
	int fd = socket(is6 ? AF_INET6 : AF_INET,
			stream ? SOCK_STREAM : SOCK_DGRAM, 0);
	int one = 1;

	if (fd < 0)
		err(2, "socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (reuseport)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	if (is6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &one, sizeof(one));
	if (strcmp(addr, "*") &&
	    inet_pton(is6 ? AF_INET6 : AF_INET, addr,
		      is6 ? (void *)&in6.sin6_addr : (void *)&in.sin_addr) != 1)
		errx(2, "%s?", addr);
	if (bind(fd, is6 ? (void *)&in6 : (void *)&in,
		 is6 ? sizeof(in6) : sizeof(in)))
		err(2, "bind");
	if (stream && listen(fd, 16))
		err(2, "listen");
	return fd;
}

/* Up to some 100 us, without giving the processor away on half of them. */
static void dawdle(void)
{
	long long end = now_us() + random() % 100;

	if (random() % 2)
		sched_yield();
	while (now_us() < end)
		;
}

int main(int argc, char **argv)
{
	bool idle = false, free_running = false;
	int cpu = -1, seconds = 0, opt, fd, sock;
	long n, i, stuck_open = 0, stuck_closed = 0;
	long long start, slowest[2] = { 0, 0 }, t;

	while ((opt = getopt(argc, argv, "ic:fpt:")) != -1) {
		switch (opt) {
		case 'i': idle = true; break;
		case 'c': cpu = atoi(optarg); break;
		case 'f': free_running = true; break;
		case 'p': reuseport = true; break;
		case 't': seconds = atoi(optarg); break;
		default: return 2;
		}
	}
	if (argc - optind != 5)
		errx(2, "usage: cycle [-i] [-c CPU] [-f] [-p] [-t SECONDS] KIND BIND-ADDRESS PORT ADDRESS N");
	argv += optind;
	wanted_family = strchr(argv[3], ':') ? AF_INET6 : AF_INET;
	if (inet_pton(wanted_family, argv[3], wanted) != 1)
		errx(2, "%s?", argv[3]);
	n = atol(argv[4]);

	fd = watch();
	if (cpu >= 0) {
		cpu_set_t set;

		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		if (sched_setaffinity(0, sizeof(set), &set))
			err(2, "affinity");
	}
	if (idle) {
		struct sched_param sp = { 0 };

		if (sched_setscheduler(0, SCHED_IDLE, &sp))
			err(2, "SCHED_IDLE");
	}

	start = now_us();
	for (i = 0; i < n; i++) {
		if (seconds && now_us() - start > seconds * 1000000LL)
			break;
		t = now_us();
		sock = open_listener(argv[0], argv[1], atoi(argv[2]));
		if (free_running) {
			dawdle();
		} else if (!await(fd, true)) {
			stuck_closed++;
			break;
		} else if (now_us() - t > slowest[1]) {
			slowest[1] = now_us() - t;
		}
		t = now_us();
		close(sock);
		if (free_running) {
			dawdle();
		} else if (!await(fd, false)) {
			stuck_open++;
			break;
		} else if (now_us() - t > slowest[0]) {
			slowest[0] = now_us() - t;
		}
	}
	printf("# %s %s: %ld cycles in %.1f s, stuck open %ld, stuck closed %ld",
	       argv[0], argv[1], i, (now_us() - start) / 1e6, stuck_open,
	       stuck_closed);
	if (!free_running)
		printf(", slowest open %lld us, close %lld us", slowest[1],
		       slowest[0]);
	printf("%s\n", overruns ? ", notifications lost" : "");
	return stuck_open || stuck_closed || overruns;
}
