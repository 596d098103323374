// SPDX-License-Identifier: GPL-2.0
/*
 * clients - many clients of an anycast service, and what they get to see
 *
 *   clients ADDRESS PORT UDP TCP [retry]
 *
 * Sends UDP datagrams and opens TCP connections, so many of each per second,
 * every one from a port of its own as a new client would. The datagrams are
 * DNS queries (example. SOA). Every line on standard input ends a period and is
 * answered by a line of what happened in it:
 *
 *   LINE: udp SENT answered N lost N tcp TRIED accepted N silent N
 *         wire rst N icmp N
 *
 * "lost": refused, or no answer within a second. With "retry": neither an answer
 * to the first nor one to a second try from another port, which is made at once
 * when the first was refused, and else after three seconds. "silent": neither accepted nor refused in that
 * time. What is on the wire is counted by a packet socket on every device:
 * RSTs that answer a SYN, and "destination unreachable". At the end of its
 * input it waits for what is outstanding, says the same of the last period, and
 * ends.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define N_CLIENTS	16384
#define SECOND_NS	1000000000ULL

/* A client that waits: its socket, and when it began; fd 0 for nobody. */
struct client {
	int fd;
	bool tcp;
	bool again;
	uint64_t since;
};

/* What happened since the last line. */
struct counts {
	unsigned long udp, answered, lost, tcp, accepted, silent, rst, icmp;
};

static struct client clients[N_CLIENTS];
static unsigned int oldest, newest;
static struct counts counts;
static struct sockaddr_storage server;
static socklen_t server_len;
static int wire;
static bool retry;
static uint64_t patience = SECOND_NS;

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static const unsigned char query[] = {
	0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0,
	7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 6, 0, 1,
};

/* TCP: with an RST at the end, so that no port is used up. */
static void begin(bool tcp, bool again, uint64_t now)
{
	const struct linger linger = { 1, 0 };
	struct client *c = &clients[newest % N_CLIENTS];
	int fd;

	if (newest - oldest == N_CLIENTS)
		errx(1, "more than %d clients wait", N_CLIENTS);
	fd = socket(server.ss_family, (tcp ? SOCK_STREAM : SOCK_DGRAM) |
		    SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		err(1, "socket");
	if (tcp)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	*c = (struct client){ .fd = fd, .tcp = tcp, .again = again, .since = now };
	newest++;
	if (connect(fd, (void *)&server, server_len) && errno != EINPROGRESS)
		return;		/* refused at once: the wire has it */
	if (!tcp)
		send(fd, query, sizeof(query), 0);
}

static void end(struct client *c)
{
	close(c->fd);
	c->fd = 0;
}

/* Nobody waits longer than that. */
static void give_up(uint64_t now)
{
	while (oldest != newest) {
		struct client *c = &clients[oldest % N_CLIENTS];
		bool again;

		if (c->fd && now - c->since < patience)
			return;
		oldest++;
		if (!c->fd)
			continue;
		again = retry && !c->again;
		if (c->tcp)
			counts.silent++;
		else if (!again)
			counts.lost++;
		end(c);
		if (again && !c->tcp)
			begin(false, true, now);
	}
}

/* A resolver that is refused tries again at once, and not once more. */
static void refused(struct client *c)
{
	bool again = retry && !c->again;

	end(c);
	if (!again)
		counts.lost++;
	else
		begin(false, true, now_ns());
}

static void look(void)
{
	static struct pollfd fds[N_CLIENTS];
	static struct client *who[N_CLIENTS];
	unsigned int i, n = 0;
	char buf[512];

	for (i = oldest; i != newest; i++) {
		struct client *c = &clients[i % N_CLIENTS];

		if (!c->fd)
			continue;
		fds[n].fd = c->fd;
		fds[n].events = c->tcp ? POLLOUT : POLLIN;
		who[n++] = c;
	}
	if (poll(fds, n, 0) <= 0)
		return;
	for (i = 0; i < n; i++) {
		if (!fds[i].revents)
			continue;
		if (who[i]->tcp) {
			if (!(fds[i].revents & (POLLERR | POLLHUP)))
				counts.accepted++;
			end(who[i]);
		} else if (recv(fds[i].fd, buf, sizeof(buf), 0) > 0) {
			counts.answered++;
			end(who[i]);
		} else {
			refused(who[i]);
		}
	}
}

/* From the network header on. */
static void packet(const unsigned char *p, size_t len)
{
	struct tcphdr tcp;

	if (len >= 40 && p[0] >> 4 == 4) {
		size_t ihl = (p[0] & 15) * 4;

		if (p[9] == IPPROTO_ICMP && len > ihl && p[ihl] == ICMP_DEST_UNREACH)
			counts.icmp++;
		if (p[9] != IPPROTO_TCP || len < ihl + sizeof(tcp))
			return;
		memcpy(&tcp, p + ihl, sizeof(tcp));
	} else if (len >= 60 && p[0] >> 4 == 6) {
		if (p[6] == IPPROTO_ICMPV6 && p[40] == ICMP6_DST_UNREACH)
			counts.icmp++;
		if (p[6] != IPPROTO_TCP)
			return;
		memcpy(&tcp, p + 40, sizeof(tcp));
	} else {
		return;
	}
	/* RFC 9293, 3.10.7.1: an RST without a sequence number answers a SYN. */
	if (tcp.rst && tcp.ack && !tcp.seq)
		counts.rst++;
}

static void watch_wire(void)
{
	unsigned char buf[256];
	struct sockaddr_ll from;
	socklen_t len;
	ssize_t n;

	for (;;) {
		len = sizeof(from);
		n = recvfrom(wire, buf, sizeof(buf), MSG_DONTWAIT, (void *)&from, &len);
		if (n < 0)
			return;
		if (from.sll_pkttype != PACKET_OUTGOING)
			packet(buf, n);
	}
}

static void tell(const char *line)
{
	printf("%s: udp %lu answered %lu lost %lu tcp %lu accepted %lu silent %lu wire rst %lu icmp %lu\n",
	       line, counts.udp, counts.answered, counts.lost, counts.tcp,
	       counts.accepted, counts.silent, counts.rst, counts.icmp);
	fflush(stdout);
	memset(&counts, 0, sizeof(counts));
}

/* Return: false at the end of the input. */
static bool command(void)
{
	struct pollfd pfd = { .fd = 0, .events = POLLIN };
	char line[64];
	ssize_t n;

	if (poll(&pfd, 1, 0) <= 0)
		return true;
	n = read(0, line, sizeof(line) - 1);
	if (n <= 0)
		return false;
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	watch_wire();
	tell(line);
	return true;
}

/* How many are to be begun by now, at so many per second. */
static unsigned long due(uint64_t since_ns, unsigned long rate)
{
	return since_ns / 1000 * rate / 1000000;
}

int main(int argc, char **argv)
{
	const struct timespec tick = { .tv_nsec = 1000000 };
	struct rlimit files = { N_CLIENTS + 64, N_CLIENTS + 64 };
	unsigned long udp = 0, tcp = 0, rate_udp, rate_tcp;
	struct sockaddr_in *in = (void *)&server;
	struct sockaddr_in6 *in6 = (void *)&server;
	uint64_t start, now;
	int size = 8 << 20;

	if (argc < 5)
		errx(2, "usage: clients ADDRESS PORT UDP TCP [retry]");
	if (inet_pton(AF_INET, argv[1], &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(atoi(argv[2]));
		server_len = sizeof(*in);
	} else if (inet_pton(AF_INET6, argv[1], &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(atoi(argv[2]));
		server_len = sizeof(*in6);
	} else {
		errx(2, "%s: no address", argv[1]);
	}
	rate_udp = strtoul(argv[3], NULL, 10);
	rate_tcp = strtoul(argv[4], NULL, 10);
	retry = argc > 5 && !strcmp(argv[5], "retry");
	if (retry)
		patience = 3 * SECOND_NS;
	if (setrlimit(RLIMIT_NOFILE, &files))
		err(1, "setrlimit");
	wire = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_ALL));
	if (wire < 0)
		err(1, "packet socket");
	setsockopt(wire, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));

	start = now_ns();
	while (command()) {
		now = now_ns();
		/* Who was held up does not make up for it all at once. */
		if (due(now - start, rate_udp) > udp + 200 ||
		    due(now - start, rate_tcp) > tcp + 200) {
			start = now;
			udp = 0;
			tcp = 0;
		}
		for (; udp < due(now - start, rate_udp); udp++, counts.udp++)
			begin(false, false, now);
		for (; tcp < due(now - start, rate_tcp); tcp++, counts.tcp++)
			begin(true, false, now);
		look();
		watch_wire();
		give_up(now);
		nanosleep(&tick, NULL);
	}
	while (oldest != newest) {
		look();
		watch_wire();
		give_up(now_ns());
		nanosleep(&tick, NULL);
	}
	tell("end");
	return 0;
}
