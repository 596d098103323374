// SPDX-License-Identifier: GPL-2.0
/*
 * latency - from close() of the last listener to RTM_DELADDR at a reader
 *
 *   latency [-n ROUNDS] NAME gate KIND PORT ADDRESS
 *   latency [-n ROUNDS] [-p NICE] NAME floor ADDRESS
 *
 * gate: a listener of the KIND (udp4 udp6 tcp4 tcp6) on the wildcard address
 * comes, a gate announces ADDRESS; the listener is closed, and another process,
 * blocked in recv() on a netlink socket as a routing daemon is, reads that the
 * address has gone. The time is from just before close() until recv() returns.
 *
 * floor: the same reader, but the address is removed from lo by a plain
 * request, as "ip addr del" makes it. The time is from just before send(). -p
 * has the request made at another priority: the engine works at -20, and with
 * one processor it is the scheduler's choice whether the reader interrupts
 * whoever woke it, half way through, or waits until the rest is done.
 *
 * Prints NAME, the number of rounds, and minimum, median, 99th percentile and
 * maximum in nanoseconds, separated by tabs.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

/* Addresses like a gate's own, to have the same work done to remove them. */
#ifndef IFA_F_NODAD
#define IFA_F_NODAD 0x02
#endif

static volatile long long *read_at;	/* shared: when recv() returned */
static unsigned char address[16];
static int family;

static long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static bool is_ours(struct nlmsghdr *h)
{
	struct ifaddrmsg *ifa = NLMSG_DATA(h);
	struct rtattr *a = IFA_RTA(ifa);
	int len = IFA_PAYLOAD(h);

	for (; RTA_OK(a, len); a = RTA_NEXT(a, len))
		if (a->rta_type == IFA_ADDRESS &&
		    !memcmp(RTA_DATA(a), address, RTA_PAYLOAD(a)))
			return true;
	return false;
}

/* The reader: 'n' for an address that came, 'd' for one that went. */
static void reader(int out)
{
	struct sockaddr_nl sa = {
		.nl_family = AF_NETLINK,
		.nl_groups = family == AF_INET ? RTMGRP_IPV4_IFADDR :
						 RTMGRP_IPV6_IFADDR,
	};
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	static char buf[65536];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (fd < 0 || bind(fd, (void *)&sa, sizeof(sa)))
		err(2, "rtnetlink");
	if (write(out, "r", 1) != 1)
		err(2, "pipe");
	for (;;) {
		int len = recv(fd, buf, sizeof(buf), 0);
		long long at = now();
		struct nlmsghdr *h = (void *)buf;

		for (; len > 0 && NLMSG_OK(h, (unsigned int)len);
		     h = NLMSG_NEXT(h, len)) {
			if (!is_ours(h))
				continue;
			*read_at = at;
			if (write(out, h->nlmsg_type == RTM_DELADDR ? "d" : "n",
				  1) != 1)
				err(2, "pipe");
		}
	}
}

static void wait_for(int in, char what)
{
	char c;

	alarm(60);
	do {
		if (read(in, &c, 1) != 1)
			errx(2, "the reader is gone");
	} while (c != what);
	alarm(0);
}

/* Let everything come to rest, and the reader go back to sleep. */
static void rest(void)
{
	usleep(5000);
}

static int listener(const char *kind, int port)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
				    .sin6_port = htons(port) };
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_port = htons(port) };
	bool is6 = strchr(kind, '6'), stream = kind[0] == 't';
	int one = 1, fd;

	fd = socket(is6 ? AF_INET6 : AF_INET, stream ? SOCK_STREAM : SOCK_DGRAM,
		    0);
	if (is6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (fd < 0 || bind(fd, is6 ? (void *)&in6 : (void *)&in,
			   is6 ? sizeof(in6) : sizeof(in)))
		err(2, "bind");
	if (stream && listen(fd, 16))
		err(2, "listen");
	return fd;
}

static long long round_of_gate(int in, const char *kind, int port)
{
	int fd = listener(kind, port);
	long long start;

	wait_for(in, 'n');
	rest();
	start = now();
	close(fd);
	wait_for(in, 'd');
	rest();
	return *read_at - start;
}

struct request {
	struct nlmsghdr h;
	struct ifaddrmsg ifa;
	char attributes[64];
};

static void add_attribute(struct request *r, int type)
{
	struct rtattr *a = (void *)((char *)r + r->h.nlmsg_len);
	size_t len = family == AF_INET ? 4 : 16;

	a->rta_type = type;
	a->rta_len = RTA_LENGTH(len);
	memcpy(RTA_DATA(a), address, len);
	r->h.nlmsg_len += RTA_ALIGN(a->rta_len);
}

static void request(struct request *r, int type, int flags)
{
	memset(r, 0, sizeof(*r));
	r->h.nlmsg_type = type;
	r->h.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	r->h.nlmsg_len = NLMSG_LENGTH(sizeof(r->ifa));
	r->ifa.ifa_family = family;
	r->ifa.ifa_prefixlen = family == AF_INET ? 32 : 128;
	r->ifa.ifa_flags = family == AF_INET ? 0 : IFA_F_NODAD;
	r->ifa.ifa_index = if_nametoindex("lo");
	add_attribute(r, IFA_LOCAL);
	add_attribute(r, IFA_ADDRESS);
}

static void acknowledged(int fd)
{
	static char buf[8192];
	struct nlmsghdr *h = (void *)buf;

	if (recv(fd, buf, sizeof(buf), 0) < 0)
		err(2, "rtnetlink");
	if (h->nlmsg_type != NLMSG_ERROR ||
	    ((struct nlmsgerr *)NLMSG_DATA(h))->error)
		errx(2, "rtnetlink refuses: %d",
		     ((struct nlmsgerr *)NLMSG_DATA(h))->error);
}

static long long round_of_floor(int in, int fd)
{
	struct request r;
	long long start;

	request(&r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
	if (send(fd, &r, r.h.nlmsg_len, 0) < 0)
		err(2, "rtnetlink");
	acknowledged(fd);
	wait_for(in, 'n');
	rest();
	request(&r, RTM_DELADDR, 0);
	start = now();
	if (send(fd, &r, r.h.nlmsg_len, 0) < 0)
		err(2, "rtnetlink");
	wait_for(in, 'd');
	acknowledged(fd);
	rest();
	return *read_at - start;
}

static int compare(const void *a, const void *b)
{
	const long long *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

#define WARM_UP 20

int main(int argc, char **argv)
{
	int rounds = 200, nice = 0, opt, pipes[2], fd;
	const char *name, *text;
	long long *took;
	bool floor;

	while ((opt = getopt(argc, argv, "n:p:")) != -1) {
		if (opt == 'n')
			rounds = atoi(optarg);
		else if (opt == 'p')
			nice = atoi(optarg);
		else
			return 2;
	}
	argc -= optind;
	argv += optind;
	floor = argc == 3 && !strcmp(argv[1], "floor");
	if (!floor && (argc != 5 || strcmp(argv[1], "gate")))
		errx(2, "usage: latency [-n ROUNDS] NAME gate KIND PORT ADDRESS | NAME floor ADDRESS");
	name = argv[0];
	text = floor ? argv[2] : argv[4];
	family = strchr(text, ':') ? AF_INET6 : AF_INET;
	if (rounds < 1 || inet_pton(family, text, address) != 1)
		errx(2, "%s?", text);

	read_at = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	took = calloc(rounds, sizeof(*took));
	if (read_at == MAP_FAILED || !took || pipe(pipes))
		err(2, "start");
	switch (fork()) {
	case -1:
		err(2, "fork");
	case 0:
		reader(pipes[1]);
	}
	wait_for(pipes[0], 'r');
	/* After the fork: the reader is what a routing daemon is. */
	if (nice && setpriority(PRIO_PROCESS, 0, nice))
		err(2, "nice");

	fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	for (int i = -WARM_UP; i < rounds; i++) {
		long long t = floor ? round_of_floor(pipes[0], fd) :
			round_of_gate(pipes[0], argv[2], atoi(argv[3]));

		if (i >= 0)
			took[i] = t;
	}
	qsort(took, rounds, sizeof(*took), compare);
	printf("%s\t%d\t%lld\t%lld\t%lld\t%lld\n", name, rounds, took[0],
	       took[rounds / 2], took[rounds * 99 / 100], took[rounds - 1]);
	return 0;
}
