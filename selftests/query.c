// SPDX-License-Identifier: GPL-2.0
/*
 * query - a service that says who it is, and a client that asks it
 *
 *   query serve NAME ADDRESS PORT
 *			answer each datagram with itself, NAME, and the TTL or
 *			hop limit it arrived with; say "ready" when bound
 *   query ask ADDRESS PORT [COUNT [MILLISECONDS]]
 *			send COUNT (default 1) numbered datagrams, one every so
 *			many MILLISECONDS (default 10), and print a line for
 *			whatever comes: "NUMBER NAME TTL" for an answer, "icmp
 *			TYPE CODE" for an error on the way. A COUNT of 0 goes on
 *			until SIGTERM. Ends a second after the last one, with
 *			status 0 if each of them was answered.
 *
 * The client's socket is connected: an answer from another address than the
 * one asked does not reach it. The server need not have its address yet.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define TEXT 128

static volatile sig_atomic_t stopped;

static void stop(int sig)
{
	(void)sig;
	stopped = 1;
}

static socklen_t address(const char *text, const char *port,
			 struct sockaddr_storage *ss)
{
	struct sockaddr_in *in = (void *)ss;
	struct sockaddr_in6 *in6 = (void *)ss;

	memset(ss, 0, sizeof(*ss));
	if (inet_pton(AF_INET, text, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(atoi(port));
		return sizeof(*in);
	}
	if (inet_pton(AF_INET6, text, &in6->sin6_addr) != 1)
		errx(2, "%s: no address", text);
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(atoi(port));
	return sizeof(*in6);
}

static void set(int fd, int level, int option)
{
	int on = 1;

	if (setsockopt(fd, level, option, &on, sizeof(on)))
		err(1, "setsockopt");
}

/* The integer that came along as IP_TTL or IPV6_HOPLIMIT; -1 for none. */
static int hops(struct msghdr *msg)
{
	struct cmsghdr *cmsg;
	int value;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (!(cmsg->cmsg_level == IPPROTO_IP &&
		      cmsg->cmsg_type == IP_TTL) &&
		    !(cmsg->cmsg_level == IPPROTO_IPV6 &&
		      cmsg->cmsg_type == IPV6_HOPLIMIT))
			continue;
		memcpy(&value, CMSG_DATA(cmsg), sizeof(value));
		return value;
	}
	return -1;
}

static int serve(const char *name, const char *addr, const char *port)
{
	struct sockaddr_storage ss;
	socklen_t len = address(addr, port, &ss);
	char control[256], text[TEXT], reply[2 * TEXT];
	int fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		err(1, "socket");
	if (ss.ss_family == AF_INET) {
		set(fd, IPPROTO_IP, IP_FREEBIND);
		set(fd, IPPROTO_IP, IP_RECVTTL);
	} else {
		set(fd, IPPROTO_IPV6, IPV6_FREEBIND);
		set(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT);
	}
	if (bind(fd, (void *)&ss, len))
		err(1, "bind");
	puts("ready");
	fflush(stdout);
	for (;;) {
		struct iovec iov = { text, sizeof(text) - 1 };
		struct msghdr msg = {
			.msg_name = &ss,
			.msg_namelen = sizeof(ss),
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control),
		};
		ssize_t n = recvmsg(fd, &msg, 0);

		if (n < 0)
			continue;
		text[n] = '\0';
		snprintf(reply, sizeof(reply), "%s %s %d", text, name,
			 hops(&msg));
		sendto(fd, reply, strlen(reply), 0, msg.msg_name,
		       msg.msg_namelen);
	}
}

static void print_error(int fd)
{
	char control[512], text[TEXT];
	struct iovec iov = { text, sizeof(text) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct sock_extended_err ee;
	struct cmsghdr *cmsg;

	if (recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return;
	for (cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg)) {
		if (!(cmsg->cmsg_level == IPPROTO_IP &&
		      cmsg->cmsg_type == IP_RECVERR) &&
		    !(cmsg->cmsg_level == IPPROTO_IPV6 &&
		      cmsg->cmsg_type == IPV6_RECVERR))
			continue;
		memcpy(&ee, CMSG_DATA(cmsg), sizeof(ee));
		if (ee.ee_origin == SO_EE_ORIGIN_LOCAL)
			printf("local %s\n", strerrorname_np(ee.ee_errno));
		else
			printf("icmp %u %u\n", ee.ee_type, ee.ee_code);
	}
}

/*
 * Print what comes until then, and in any case what is there. Returns the number of
 * answers.
 */
static unsigned long receive(int fd, const struct timespec *until)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	struct timespec now, left;
	unsigned long answers = 0;
	char text[2 * TEXT];
	ssize_t n;
	bool late;

	for (;;) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		left.tv_sec = until->tv_sec - now.tv_sec;
		left.tv_nsec = until->tv_nsec - now.tv_nsec;
		if (left.tv_nsec < 0) {
			left.tv_nsec += 1000000000;
			left.tv_sec--;
		}
		late = left.tv_sec < 0;
		if (late)
			left = (struct timespec){ 0 };
		if (ppoll(&pfd, 1, &left, NULL) <= 0) {
			if (late)
				return answers;
			continue;
		}
		if (pfd.revents & POLLERR)
			print_error(fd);
		n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);
		if (n >= 0) {
			text[n] = '\0';
			puts(text);
			answers++;
		}
		fflush(stdout);
	}
}

static int ask(const char *addr, const char *port, unsigned long count,
	       unsigned int interval)
{
	struct sockaddr_storage ss;
	socklen_t len = address(addr, port, &ss);
	int fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	unsigned long i, answers = 0;
	struct timespec at, now;
	char text[TEXT];

	if (fd < 0)
		err(1, "socket");
	if (ss.ss_family == AF_INET)
		set(fd, IPPROTO_IP, IP_RECVERR);
	else
		set(fd, IPPROTO_IPV6, IPV6_RECVERR);
	if (connect(fd, (void *)&ss, len))
		err(1, "connect");
	signal(SIGTERM, stop);
	clock_gettime(CLOCK_MONOTONIC, &at);
	for (i = 0; !stopped && (!count || i < count); i++) {
		snprintf(text, sizeof(text), "%lu", i);
		/* An error of an earlier one is told here as well. */
		if (send(fd, text, strlen(text), 0) < 0)
			send(fd, text, strlen(text), 0);
		/* Whoever was kept from its processor does not make up for it. */
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec > at.tv_sec)
			at = now;
		at.tv_nsec += interval * 1000000L;
		at.tv_sec += at.tv_nsec / 1000000000;
		at.tv_nsec %= 1000000000;
		answers += receive(fd, &at);
	}
	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec++;
	answers += receive(fd, &at);
	return answers == i ? 0 : 1;
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "serve"))
		return serve(argv[2], argv[3], argv[4]);
	if (argc >= 4 && argc <= 6 && !strcmp(argv[1], "ask"))
		return ask(argv[2], argv[3], argc > 4 ? strtoul(argv[4], NULL, 10) : 1,
			   argc > 5 ? atoi(argv[5]) : 10);
	errx(2, "usage: query serve NAME ADDRESS PORT | ask ADDRESS PORT [COUNT [MILLISECONDS]]");
}
