// SPDX-License-Identifier: GPL-2.0
/*
 * stopwatch - kills a server, and takes the time until others have seen it
 *
 *   stopwatch ROUTER ADDRESS
 *
 * Reads rtnetlink's notifications in its own network namespace, where ADDRESS
 * comes and goes on an interface, and in the one named ROUTER, where the route
 * to it does in the table main. Nothing may be announced yet when it is started.
 * It takes commands from standard input, and answers each with a line:
 *
 *   wait up|down address|both QUIET SECONDS
 *	until the address, or address and route, are there (or are not), and
 *	have not changed for QUIET seconds: "up", "down", or "late" when it took
 *	longer than SECONDS
 *   kill PID address|both SECONDS [FIFO]
 *	SIGKILL, and the times from just before kill() to RTM_DELADDR and to
 *	RTM_DELROUTE, in nanoseconds, when their readers had returned from
 *	recv(): "killed 1234567 2345678"; -1 for what has not gone. A negative
 *	PID is a process group, as for kill(2); with 0 nobody is killed, and the
 *	address is removed from lo: the floor. With the name of a pipe that the
 *	killed one was the last to hold open for writing the same is done at the
 *	pipe's end: the floor for whoever has to wait for the process to end.
 *
 * Two threads do nothing but read. They run at a real-time priority, because
 * it's not the reader's waiting for a processor that is to be measured, and for
 * all that is measured alike. CLOCK_MONOTONIC.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/mman.h>
#include <sys/socket.h>

#define SECOND 1000000000LL

/* What a reader follows, and what it has seen; under the lock. */
struct seen {
	const char *name;
	int fd;
	bool present;
	long long changed;	/* when it came or went last */
	long long gone;		/* when it went first since the last kill, or 0 */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t news;
static struct seen address = { .name = "address" }, route = { .name = "route" };
static unsigned char wanted[16];
static int family;

static long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SECOND + ts.tv_nsec;
}

static size_t size(void)
{
	return family == AF_INET ? 4 : 16;
}

/* Whether it is about our address: 1 it has come, -1 it has gone, 0 it is not. */
static int address_message(struct nlmsghdr *h)
{
	struct ifaddrmsg *ifa = NLMSG_DATA(h);
	struct rtattr *a = IFA_RTA(ifa);
	int len = IFA_PAYLOAD(h);

	if (h->nlmsg_type != RTM_NEWADDR && h->nlmsg_type != RTM_DELADDR)
		return 0;
	for (; RTA_OK(a, len); a = RTA_NEXT(a, len))
		if (a->rta_type == IFA_ADDRESS && RTA_PAYLOAD(a) == size() &&
		    !memcmp(RTA_DATA(a), wanted, size()))
			return h->nlmsg_type == RTM_NEWADDR ? 1 : -1;
	return 0;
}

static int route_message(struct nlmsghdr *h)
{
	struct rtmsg *rtm = NLMSG_DATA(h);
	struct rtattr *a = RTM_RTA(rtm);
	int len = RTM_PAYLOAD(h);

	if (h->nlmsg_type != RTM_NEWROUTE && h->nlmsg_type != RTM_DELROUTE)
		return 0;
	if (rtm->rtm_table != RT_TABLE_MAIN || rtm->rtm_dst_len != size() * 8)
		return 0;
	for (; RTA_OK(a, len); a = RTA_NEXT(a, len))
		if (a->rta_type == RTA_DST && RTA_PAYLOAD(a) == size() &&
		    !memcmp(RTA_DATA(a), wanted, size()))
			return h->nlmsg_type == RTM_NEWROUTE ? 1 : -1;
	return 0;
}

static void *reader(void *arg)
{
	struct seen *s = arg;
	char *buf = malloc(1 << 20);

	if (!buf)
		err(2, "memory");
	for (;;) {
		int what, len = recv(s->fd, buf, 1 << 20, 0);
		long long at = now();
		struct nlmsghdr *h = (void *)buf;

		/* ENOBUFS: what has been lost may be what is waited for. */
		if (len < 0)
			err(2, "%s: rtnetlink", s->name);
		for (; NLMSG_OK(h, (unsigned int)len); h = NLMSG_NEXT(h, len)) {
			what = s == &address ? address_message(h) : route_message(h);
			if (!what)
				continue;
			pthread_mutex_lock(&lock);
			/* Whoever adds it again and again changes nothing. */
			if (s->present != (what > 0))
				s->changed = at;
			s->present = what > 0;
			if (what < 0 && !s->gone)
				s->gone = at;
			pthread_cond_signal(&news);
			pthread_mutex_unlock(&lock);
		}
	}
	return NULL;
}

static int listen_to(unsigned int group)
{
	struct sockaddr_nl sa = { .nl_family = AF_NETLINK, .nl_groups = group };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	int space = 8 << 20;

	if (fd < 0 || bind(fd, (void *)&sa, sizeof(sa)))
		err(2, "rtnetlink");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &space, sizeof(space));
	return fd;
}

/* A socket belongs to the namespace in which it was made. */
static int listen_in(const char *netns, unsigned int group)
{
	char path[256];
	int fd, here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), there;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	there = open(path, O_RDONLY | O_CLOEXEC);
	if (here < 0 || there < 0 || setns(there, CLONE_NEWNET))
		err(2, "%s", path);
	fd = listen_to(group);
	if (setns(here, CLONE_NEWNET))
		err(2, "my own namespace");
	close(here);
	close(there);
	return fd;
}

/* With the lock: sleep until there are news, at most until then. */
static void sleep_until(long long then)
{
	struct timespec ts = { then / SECOND, then % SECOND };

	pthread_cond_timedwait(&news, &lock, &ts);
}

static void wait_until(bool up, bool both, double quiet, double seconds)
{
	long long end = now() + (long long)(seconds * SECOND), since;
	const char *answer = NULL;

	pthread_mutex_lock(&lock);
	while (!answer) {
		since = address.changed;
		if (both && route.changed > since)
			since = route.changed;
		since += (long long)(quiet * SECOND);
		if (address.present != up || (both && route.present != up))
			since = end;
		if (now() >= end)
			answer = "late";
		else if (now() >= since)
			answer = up ? "up" : "down";
		else
			sleep_until(since < end ? since : end);
	}
	pthread_mutex_unlock(&lock);
	puts(answer);
}

/* Built before, sent without asking for an acknowledgement. */
static struct {
	struct nlmsghdr h;
	struct ifaddrmsg ifa;
	struct rtattr a;
	unsigned char address[16];
} request;
static int requests;

static void prepare(void)
{
	request.h.nlmsg_len = offsetof(typeof(request), address) + size();
	request.h.nlmsg_type = RTM_DELADDR;
	request.h.nlmsg_flags = NLM_F_REQUEST;
	request.ifa.ifa_family = family;
	request.ifa.ifa_prefixlen = size() * 8;
	request.ifa.ifa_index = if_nametoindex("lo");
	request.a.rta_type = IFA_LOCAL;
	request.a.rta_len = RTA_LENGTH(size());
	memcpy(request.address, wanted, size());
	requests = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (requests < 0)
		err(2, "rtnetlink");
}

static void remove_address(void)
{
	if (send(requests, &request, request.h.nlmsg_len, 0) < 0)
		err(2, "RTM_DELADDR");
}

static void kill_it(pid_t pid, bool both, double seconds, const char *fifo)
{
	struct pollfd p = { .fd = -1 };
	long long begun, end;

	if (*fifo) {
		p.fd = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (p.fd < 0)
			err(2, "%s", fifo);
	}
	pthread_mutex_lock(&lock);
	address.gone = route.gone = 0;
	pthread_mutex_unlock(&lock);
	begun = now();
	if (!pid)
		remove_address();
	else if (kill(pid, SIGKILL))
		err(2, "kill %d", pid);
	if (*fifo) {
		if (poll(&p, 1, (int)(seconds * 1000)) == 1)
			remove_address();
		close(p.fd);
	}
	end = begun + (long long)(seconds * SECOND);
	pthread_mutex_lock(&lock);
	while ((!address.gone || (both && !route.gone)) && now() < end)
		sleep_until(end);
	printf("killed %lld %lld\n", address.gone ? address.gone - begun : -1,
	       route.gone ? route.gone - begun : -1);
	pthread_mutex_unlock(&lock);
}

int main(int argc, char **argv)
{
	struct sched_param param = { .sched_priority = 90 };
	char line[256], what[16], which[16], fifo[128];
	double quiet, seconds;
	pthread_condattr_t attr;
	pthread_t thread;
	int pid;

	if (argc != 3)
		errx(2, "stopwatch ROUTER ADDRESS");
	family = strchr(argv[2], ':') ? AF_INET6 : AF_INET;
	if (inet_pton(family, argv[2], wanted) != 1)
		errx(2, "not an address: %s", argv[2]);
	if (mlockall(MCL_CURRENT | MCL_FUTURE) ||
	    sched_setscheduler(0, SCHED_FIFO, &param))
		err(2, "real-time priority");
	address.fd = listen_to(family == AF_INET ? RTMGRP_IPV4_IFADDR :
						   RTMGRP_IPV6_IFADDR);
	route.fd = listen_in(argv[1], family == AF_INET ? RTMGRP_IPV4_ROUTE :
							  RTMGRP_IPV6_ROUTE);
	prepare();
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&news, &attr);
	if (pthread_create(&thread, NULL, reader, &address) ||
	    pthread_create(&thread, NULL, reader, &route))
		errx(2, "no thread");

	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof(line), stdin)) {
		*fifo = '\0';
		if (sscanf(line, "wait %15s %15s %lf %lf", what, which,
			   &quiet, &seconds) == 4)
			wait_until(!strcmp(what, "up"), !strcmp(which, "both"),
				   quiet, seconds);
		else if (sscanf(line, "kill %d %15s %lf %127s", &pid, which,
				&seconds, fifo) >= 3)
			kill_it(pid, !strcmp(which, "both"), seconds, fifo);
		else
			errx(2, "no such command: %s", line);
	}
	return 0;
}
