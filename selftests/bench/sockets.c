// SPDX-License-Identifier: GPL-2.0
/*
 * sockets - what the life of a socket costs
 *
 *   sockets [-n ROUNDS] NAME udp|query|tcp|accept ADDRESS PORT
 *
 * udp: bind() to ADDRESS and PORT, connect(), close(). query: connect() to them
 * with a port that the kernel chooses, close(). tcp: bind(), listen(),
 * close(). accept: one connection to a listener on this machine, from connect()
 * until both ends are closed. Prints NAME, the number of rounds, and minimum, median,
 * 99th percentile and maximum in nanoseconds, separated by tabs. On a clock that
 * counts instructions a difference between two runs is what has been added.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "figures.h"

static struct sockaddr_storage ss;
static socklen_t len;

static int new_socket(int type)
{
	int one = 1, fd = socket(ss.ss_family, type, 0);

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)))
		err(2, "socket");
	return fd;
}

static long long udp(void)
{
	int fd = new_socket(SOCK_DGRAM);
	long long start = now();

	if (bind(fd, (void *)&ss, len) || connect(fd, (void *)&ss, len) ||
	    close(fd))
		err(2, "udp");
	return now() - start;
}

static long long query(void)
{
	int fd = new_socket(SOCK_DGRAM);
	long long start = now();

	if (connect(fd, (void *)&ss, len) || close(fd))
		err(2, "query");
	return now() - start;
}

static long long tcp(void)
{
	int fd = new_socket(SOCK_STREAM);
	long long start = now();

	if (bind(fd, (void *)&ss, len) || listen(fd, 16) || close(fd))
		err(2, "tcp");
	return now() - start;
}

static int listener = -1;

static long long accepted(void)
{
	struct linger abort = { .l_onoff = 1 };
	long long start, took;
	int client, server;

	if (listener < 0) {
		listener = new_socket(SOCK_STREAM);
		if (bind(listener, (void *)&ss, len) || listen(listener, 16))
			err(2, "listen");
	}
	client = new_socket(SOCK_STREAM);
	/* Nothing is left in TIME_WAIT, or there would be more each round. */
	setsockopt(client, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
	start = now();
	if (connect(client, (void *)&ss, len))
		err(2, "connect");
	server = accept(listener, NULL, NULL);
	if (server < 0 || close(client) || close(server))
		err(2, "accept");
	took = now() - start;
	return took;
}

int main(int argc, char **argv)
{
	struct sockaddr_in *in = (void *)&ss;
	struct sockaddr_in6 *in6 = (void *)&ss;
	int rounds = 500, opt, i;
	long long (*what)(void);
	long long *took;

	while ((opt = getopt(argc, argv, "n:")) != -1) {
		if (opt != 'n')
			return 2;
		rounds = atoi(optarg);
	}
	argv += optind;
	if (argc - optind != 4 || rounds < 1)
		errx(2, "usage: sockets [-n ROUNDS] NAME udp|query|tcp|accept ADDRESS PORT");
	what = argv[1][0] == 'u' ? udp : argv[1][0] == 'q' ? query :
	       argv[1][0] == 't' ? tcp : accepted;
	if (inet_pton(AF_INET, argv[2], &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(atoi(argv[3]));
		len = sizeof(*in);
	} else if (inet_pton(AF_INET6, argv[2], &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(atoi(argv[3]));
		len = sizeof(*in6);
	} else {
		errx(2, "%s?", argv[2]);
	}
	took = calloc(rounds, sizeof(*took));
	if (!took)
		err(2, "memory");
	for (i = -20; i < rounds; i++) {
		long long t = what();

		if (i >= 0)
			took[i] = t;
		/* Whatever it has set off comes to rest before the next one. */
		usleep(1000);
	}
	print_figures(argv[0], took, rounds);
	return 0;
}
