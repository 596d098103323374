// SPDX-License-Identifier: GPL-2.0
/*
 * latency - from the end of the last listener to what a routing daemon reads
 *
 *   latency [-n ROUNDS] [-p NICE] [-u] NAME gate KIND PORT PREFIX [close|kill|threads]
 *   latency [-n ROUNDS] [-p NICE] [-u] NAME floor PREFIX
 *   latency [-n ROUNDS] [-p NICE] NAME relay PREFIX
 *   latency [-n ROUNDS] NAME end kill|threads
 *
 * gate: a listener of the KIND (udp4 udp6 tcp4 tcp6) on the wildcard address
 * comes, a gate announces PREFIX; the listener is closed (close), or its process
 * is killed, which has one thread (kill) or 16 (threads); and another process,
 * blocked in recv() on a netlink socket as a routing daemon is, reads that the
 * address has gone, or the route where PREFIX has a length. The time is from just
 * before close() or kill() until recv() returns. With -u (up) it is the other way
 * round: from before bind() of a UDP listener, or listen() of one of TCP, until
 * it has read that the prefix is there.
 *
 * floor: the same reader, but the prefix is removed by a plain request, as "ip"
 * makes it; with -u, added. The time is from just before send(). -p has the request
 * made at another priority: the engine works at -20, and with one processor it is
 * the scheduler's choice whether the reader interrupts whoever woke it, half way
 * through, or waits until the rest is done.
 *
 * relay: what a process can do that is told at once, as the engine is: it waits for
 * the end of a pipe, at the priority of -p, and sends a request that it has ready.
 * The time is from before close() of that pipe until the reader has read that the
 * prefix has gone.
 *
 * end: how long a process takes to die, without any of it: from before kill()
 * until a process that waits for the end of a pipe, which the killed one had been
 * the last to hold, has seen it.
 *
 * Prints NAME, the number of rounds, and minimum, median, 99th percentile and
 * maximum in nanoseconds, separated by tabs.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
#include <sys/wait.h>

#include "figures.h"

/* Addresses like a gate's own, to have the same work done to remove them. */
#ifndef IFA_F_NODAD
#define IFA_F_NODAD 0x02
#endif

static volatile long long *read_at;	/* shared: when recv() returned */
static unsigned char address[16];
static int family;
static int prefix_len = -1;	/* of a route; none: an address */
static bool up;			/* measured is the announcement */

static bool is_ours(struct nlmsghdr *h)
{
	bool route = prefix_len >= 0;
	struct rtmsg *rtm = NLMSG_DATA(h);
	struct rtattr *a = route ? RTM_RTA(rtm) : IFA_RTA(NLMSG_DATA(h));
	int len = route ? (int)RTM_PAYLOAD(h) : (int)IFA_PAYLOAD(h);

	if (route && rtm->rtm_dst_len != prefix_len)
		return false;
	for (; RTA_OK(a, len); a = RTA_NEXT(a, len))
		if (a->rta_type == (route ? RTA_DST : IFA_ADDRESS) &&
		    !memcmp(RTA_DATA(a), address, RTA_PAYLOAD(a)))
			return true;
	return false;
}

static int groups(void)
{
	if (prefix_len >= 0)
		return family == AF_INET ? RTMGRP_IPV4_ROUTE : RTMGRP_IPV6_ROUTE;
	return family == AF_INET ? RTMGRP_IPV4_IFADDR : RTMGRP_IPV6_IFADDR;
}

/* The reader: 'n' for a prefix that came, 'd' for one that went. */
static void reader(int out)
{
	struct sockaddr_nl sa = {
		.nl_family = AF_NETLINK,
		.nl_groups = groups(),
	};
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	static char buf[65536];
	bool gone;

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
			gone = h->nlmsg_type == RTM_DELADDR ||
			       h->nlmsg_type == RTM_DELROUTE;
			if (write(out, gone ? "d" : "n", 1) != 1)
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

static int unbound(const char *kind)
{
	bool is6 = strchr(kind, '6');
	int one = 1, fd;

	fd = socket(is6 ? AF_INET6 : AF_INET,
		    kind[0] == 't' ? SOCK_STREAM : SOCK_DGRAM, 0);
	if (fd < 0)
		err(2, "socket");
	if (is6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	return fd;
}

/* When it began to be one is told: a TCP listener with listen(), not with bind(). */
static long long listen_on(int fd, const char *kind, int port)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
				    .sin6_port = htons(port) };
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_port = htons(port) };
	bool is6 = strchr(kind, '6');
	long long start = now();

	if (bind(fd, is6 ? (void *)&in6 : (void *)&in,
		 is6 ? sizeof(in6) : sizeof(in)))
		err(2, "bind");
	if (kind[0] == 't') {
		start = now();
		if (listen(fd, 16))
			err(2, "listen");
	}
	return start;
}

static void *sleeps(void *unused)
{
	for (;;)
		pause();
	return unused;
}

#define THREADS 16

/* A process to be killed; with a listener, if it is of any kind. */
static pid_t victim(const char *kind, int port, bool threads, int out)
{
	pthread_t thread;
	pid_t pid = fork();

	if (pid < 0)
		err(2, "fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (kind)
		listen_on(unbound(kind), kind, port);
	for (int i = 1; threads && i < THREADS; i++)
		if (pthread_create(&thread, NULL, sleeps, NULL))
			errx(2, "no thread");
	if (write(out, "v", 1) != 1)
		err(2, "pipe");
	sleeps(NULL);
	_exit(2);
}

static long long round_of_gate(int in, const char *kind, int port)
{
	int fd = unbound(kind);
	long long start = listen_on(fd, kind, port);
	long long took;

	wait_for(in, 'n');
	rest();
	took = *read_at - start;
	if (!up)
		start = now();
	close(fd);
	wait_for(in, 'd');
	rest();
	return up ? took : *read_at - start;
}

static long long round_of_kill(int in, int ready[2], const char *kind, int port,
			       bool threads)
{
	pid_t pid = victim(kind, port, threads, ready[1]);
	long long start;

	wait_for(ready[0], 'v');
	wait_for(in, 'n');
	rest();
	start = now();
	kill(pid, SIGKILL);
	wait_for(in, 'd');
	waitpid(pid, NULL, 0);
	rest();
	return *read_at - start;
}

/* What it takes to die: the pipe is the last of its files, as the listener is. */
static long long round_of_end(bool threads)
{
	long long start, end;
	int life[2];
	pid_t pid;
	char c;

	if (pipe(life))
		err(2, "pipe");
	pid = victim(NULL, 0, threads, life[1]);
	close(life[1]);
	wait_for(life[0], 'v');
	rest();
	start = now();
	kill(pid, SIGKILL);
	if (read(life[0], &c, 1) != 0)
		err(2, "pipe");
	end = now();
	close(life[0]);
	waitpid(pid, NULL, 0);
	rest();
	return end - start;
}

struct request {
	struct nlmsghdr h;
	union {
		struct ifaddrmsg ifa;
		struct rtmsg rtm;
	};
	char attributes[64];
};

static void add_attribute(struct request *r, int type, const void *data,
			  size_t len)
{
	struct rtattr *a = (void *)((char *)r + r->h.nlmsg_len);

	a->rta_type = type;
	a->rta_len = RTA_LENGTH(len);
	memcpy(RTA_DATA(a), data, len);
	r->h.nlmsg_len += RTA_ALIGN(a->rta_len);
}

/* What the module asks of rtnetlink for the same gate: see actuate.c. */
static void request(struct request *r, bool add)
{
	size_t len = family == AF_INET ? 4 : 16;
	int metric = 1024;

	memset(r, 0, sizeof(*r));
	r->h.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK |
			   (add ? NLM_F_CREATE | NLM_F_EXCL : 0);
	if (prefix_len >= 0) {
		r->h.nlmsg_type = add ? RTM_NEWROUTE : RTM_DELROUTE;
		r->h.nlmsg_len = NLMSG_LENGTH(sizeof(r->rtm));
		r->rtm.rtm_family = family;
		r->rtm.rtm_dst_len = prefix_len;
		r->rtm.rtm_table = RT_TABLE_MAIN;
		r->rtm.rtm_protocol = 166;
		r->rtm.rtm_type = RTN_BLACKHOLE;
		add_attribute(r, RTA_DST, address, len);
		add_attribute(r, RTA_PRIORITY, &metric, sizeof(metric));
		return;
	}
	r->h.nlmsg_type = add ? RTM_NEWADDR : RTM_DELADDR;
	r->h.nlmsg_len = NLMSG_LENGTH(sizeof(r->ifa));
	r->ifa.ifa_family = family;
	r->ifa.ifa_prefixlen = family == AF_INET ? 32 : 128;
	r->ifa.ifa_flags = family == AF_INET ? 0 : IFA_F_NODAD;
	r->ifa.ifa_index = if_nametoindex("lo");
	add_attribute(r, IFA_LOCAL, address, len);
	add_attribute(r, IFA_ADDRESS, address, len);
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

/* Until the reader has read it. */
static long long requested(int in, int fd, bool add)
{
	struct request r;
	long long start;

	request(&r, add);
	start = now();
	if (send(fd, &r, r.h.nlmsg_len, 0) < 0)
		err(2, "rtnetlink");
	wait_for(in, add ? 'n' : 'd');
	acknowledged(fd);
	rest();
	return *read_at - start;
}

static long long round_of_floor(int in, int fd)
{
	long long add = requested(in, fd, true);
	long long del = requested(in, fd, false);

	return up ? add : del;
}

/* The request is ready, and no answer to it is waited for. */
static pid_t relay(int fd, int life[2], int ready)
{
	struct request r;
	pid_t pid = fork();
	char c;

	if (pid < 0)
		err(2, "fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(life[1]);
	request(&r, false);
	if (write(ready, "v", 1) != 1 || read(life[0], &c, 1) != 0 ||
	    send(fd, &r, r.h.nlmsg_len, 0) < 0)
		err(2, "relay");
	/* The end of the process is not to be measured. */
	sleeps(NULL);
	_exit(2);
}

static long long round_of_relay(int in, int ready[2], int fd, int nice)
{
	long long start;
	int life[2];
	pid_t pid;

	if (pipe(life))
		err(2, "pipe");
	requested(in, fd, true);
	pid = relay(fd, life, ready[1]);
	if (nice && setpriority(PRIO_PROCESS, pid, nice))
		err(2, "nice");
	close(life[0]);
	wait_for(ready[0], 'v');
	rest();
	start = now();
	close(life[1]);
	wait_for(in, 'd');
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	acknowledged(fd);
	rest();
	return *read_at - start;
}

#define WARM_UP 20

static void parse_prefix(char *text)
{
	char *slash = strchr(text, '/');

	if (slash) {
		*slash = '\0';
		prefix_len = atoi(slash + 1);
	}
	family = strchr(text, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(family, text, address) != 1)
		errx(2, "%s?", text);
}

static void start_reader(int pipes[2])
{
	switch (fork()) {
	case -1:
		err(2, "fork");
	case 0:
		reader(pipes[1]);
	}
	wait_for(pipes[0], 'r');
}

int main(int argc, char **argv)
{
	int rounds = 200, nice = 0, opt, pipes[2], ready[2], fd;
	const char *name, *what, *end = "close";
	long long *took;

	while ((opt = getopt(argc, argv, "n:p:u")) != -1) {
		if (opt == 'n')
			rounds = atoi(optarg);
		else if (opt == 'p')
			nice = atoi(optarg);
		else if (opt == 'u')
			up = true;
		else
			return 2;
	}
	argc -= optind;
	argv += optind;
	name = argv[0];
	what = argc > 2 ? argv[1] : "";
	if (!strcmp(what, "gate") && (argc == 5 || argc == 6)) {
		parse_prefix(argv[4]);
		end = argc == 6 ? argv[5] : end;
	} else if ((!strcmp(what, "floor") || !strcmp(what, "relay")) &&
		   argc == 3) {
		parse_prefix(argv[2]);
	} else if (!strcmp(what, "end") && argc == 3) {
		end = argv[2];
	} else {
		errx(2, "usage: latency [-n ROUNDS] [-p NICE] [-u] NAME gate KIND PORT PREFIX [close|kill|threads] | floor PREFIX | relay PREFIX | end kill|threads");
	}
	if (rounds < 1)
		errx(2, "how many rounds?");

	read_at = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	took = calloc(rounds, sizeof(*took));
	if (read_at == MAP_FAILED || !took || pipe(pipes) || pipe(ready))
		err(2, "start");
	if (family)
		start_reader(pipes);
	/* After the fork: the reader is what a routing daemon is. */
	if (nice && strcmp(what, "relay") && setpriority(PRIO_PROCESS, 0, nice))
		err(2, "nice");

	fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	for (int i = -WARM_UP; i < rounds; i++) {
		bool threads = !strcmp(end, "threads");
		long long t;

		if (!strcmp(what, "floor"))
			t = round_of_floor(pipes[0], fd);
		else if (!strcmp(what, "relay"))
			t = round_of_relay(pipes[0], ready, fd, nice);
		else if (!strcmp(what, "end"))
			t = round_of_end(threads);
		else if (!strcmp(end, "close"))
			t = round_of_gate(pipes[0], argv[2], atoi(argv[3]));
		else
			t = round_of_kill(pipes[0], ready, argv[2], atoi(argv[3]),
					  threads);
		if (i >= 0)
			took[i] = t;
	}
	print_figures(name, took, rounds);
	return 0;
}
