// SPDX-License-Identifier: GPL-2.0
/*
 * asker - clients of a name server, and what they have of it
 *
 *   asker ADDRESS CLIENTS PACE TIMEOUT
 *
 * So many clients, each of which asks a question, has an answer, a refusal (an
 * ICMP error) or none in TIMEOUT milliseconds, and asks the next one PACE
 * milliseconds after it had asked the last, or at once if that has passed.
 * Every question is sent from a socket, and so from a port, of its own, as
 * resolvers do: with equal-cost multipath it may go to another node.
 *
 * Until standard input ends. Prints what was asked, answered, refused, timed
 * out, and the longest time, in milliseconds, that a client was without an answer.
 *
 * dnsperf would not tell a refusal from a loss, nor how long one lasted.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define MAX 256

struct client {
	int fd;			/* or -1: does not wait for an answer */
	long long asked;	/* when */
	long long answered;	/* when the last one was */
};

static struct sockaddr_in server = { .sin_family = AF_INET };
static long long asked, answered, refused, lost, gap;

static long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

static void done(struct client *c)
{
	close(c->fd);
	c->fd = -1;
}

static void without_answer(const struct client *c, long long at)
{
	if (at - c->answered > gap)
		gap = at - c->answered;
}

static void ask(struct client *c)
{
	/* "example", SOA */
	static const char question[] =
		"\0\1\1\0\0\1\0\0\0\0\0\0\7example\0\0\6\0\1";

	c->asked = now();
	asked++;
	c->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (c->fd < 0)
		err(2, "socket");
	if (connect(c->fd, (void *)&server, sizeof(server)) ||
	    send(c->fd, question, sizeof(question) - 1, 0) < 0) {
		refused++;
		done(c);
	}
}

static void hear(struct client *c)
{
	char buf[512];

	if (recv(c->fd, buf, sizeof(buf), 0) >= 0) {
		long long at = now();

		answered++;
		without_answer(c, at);
		c->answered = at;
	} else if (errno == EAGAIN) {
		return;
	} else {
		refused++;
	}
	done(c);
}

int main(int argc, char **argv)
{
	static struct client clients[MAX];
	static struct pollfd fds[MAX + 1];
	int n, i, pace, timeout;

	if (argc != 5 || inet_pton(AF_INET, argv[1], &server.sin_addr) != 1)
		errx(2, "asker ADDRESS CLIENTS PACE TIMEOUT");
	server.sin_port = htons(53);
	n = atoi(argv[2]);
	pace = atoi(argv[3]);
	timeout = atoi(argv[4]);
	if (n < 1 || n > MAX)
		errx(2, "1 to %d clients", MAX);
	/* Not all at once. */
	for (i = 0; i < n; i++)
		clients[i] = (struct client){ -1, now() - pace + pace * i / n, now() };

	for (;;) {
		long long next = now() + 1000, at;

		for (i = 0; i < n; i++) {
			at = clients[i].asked + (clients[i].fd < 0 ? pace : timeout);
			if (at < next)
				next = at;
			fds[i] = (struct pollfd){ clients[i].fd, POLLIN, 0 };
		}
		fds[n] = (struct pollfd){ 0, POLLIN, 0 };
		at = now();
		if (poll(fds, n + 1, next > at ? next - at : 0) < 0)
			err(2, "poll");
		if (fds[n].revents)
			break;
		at = now();
		for (i = 0; i < n; i++) {
			struct client *c = &clients[i];

			if (c->fd >= 0 && fds[i].revents)
				hear(c);
			if (c->fd >= 0 && at - c->asked >= timeout) {
				lost++;
				done(c);
			}
			if (c->fd < 0 && at - c->asked >= pace)
				ask(c);
		}
	}
	for (i = 0; i < n; i++)
		without_answer(&clients[i], now());
	/* What is still under way is neither. */
	for (i = 0; i < n; i++)
		asked -= clients[i].fd >= 0;
	printf("%lld %lld %lld %lld %lld\n", asked, answered, refused, lost, gap);
	return 0;
}
