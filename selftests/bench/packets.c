// SPDX-License-Identifier: GPL-2.0
/*
 * packets - what a packet costs
 *
 *   packets [-n ROUNDS] NAME ADDRESS PORT
 *
 * Sends datagrams to a UDP socket of its own on this machine's ADDRESS, one at
 * a time, and takes them from the queue: the kernel has carried each to the
 * socket when send() returns. Prints NAME, the number of rounds, and minimum,
 * median, 99th percentile and maximum of send() in nanoseconds, separated by
 * tabs. On a clock that counts instructions a difference between two runs is
 * what has been added to the packet's path.
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

int main(int argc, char **argv)
{
	struct sockaddr_storage ss = { 0 };
	struct sockaddr_in *in = (void *)&ss;
	struct sockaddr_in6 *in6 = (void *)&ss;
	int rounds = 2000, opt, server, client, i;
	socklen_t len;
	long long *took, start;
	char byte = 0;

	while ((opt = getopt(argc, argv, "n:")) != -1) {
		if (opt != 'n')
			return 2;
		rounds = atoi(optarg);
	}
	argv += optind;
	if (argc - optind != 3 || rounds < 1)
		errx(2, "usage: packets [-n ROUNDS] NAME ADDRESS PORT");
	if (inet_pton(AF_INET, argv[1], &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(atoi(argv[2]));
		len = sizeof(*in);
	} else if (inet_pton(AF_INET6, argv[1], &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(atoi(argv[2]));
		len = sizeof(*in6);
	} else {
		errx(2, "%s: no address", argv[1]);
	}
	took = calloc(rounds, sizeof(*took));
	server = socket(ss.ss_family, SOCK_DGRAM, 0);
	client = socket(ss.ss_family, SOCK_DGRAM, 0);
	if (!took || server < 0 || client < 0 || bind(server, (void *)&ss, len) ||
	    connect(client, (void *)&ss, len))
		err(1, "%s", argv[1]);
	/* The first ones fill caches of the kernel's. */
	for (i = -100; i < rounds; i++) {
		start = now();
		if (send(client, &byte, 1, 0) != 1)
			err(1, "send");
		if (i >= 0)
			took[i] = now() - start;
		if (recv(server, &byte, 1, MSG_DONTWAIT) != 1)
			err(1, "the datagram has not arrived");
	}
	print_figures(argv[0], took, rounds);
	return 0;
}
