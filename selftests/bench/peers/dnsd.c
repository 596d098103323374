// SPDX-License-Identifier: GPL-2.0
/*
 * dnsd - as little of a name server as a health check will take for one
 *
 *   dnsd [MEBIBYTES]
 *
 * One process with one UDP socket, on the wildcard address, so that it can be
 * asked, at 127.0.0.1, and started while the service address is away. Answers
 * every question with NOERROR and no data, from the address that was asked. With
 * memory that it uses it takes as long to die as a server that has zones.
 */
#define _GNU_SOURCE
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>

/* The address to answer from is in the message in which it came. */
static void answer_from(struct msghdr *m)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	struct in_pktinfo *info;

	if (!c || c->cmsg_level != IPPROTO_IP || c->cmsg_type != IP_PKTINFO) {
		m->msg_controllen = 0;
		return;
	}
	info = (void *)CMSG_DATA(c);
	info->ipi_spec_dst = info->ipi_addr;
	info->ipi_ifindex = 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in sa = {
		.sin_family = AF_INET,
		.sin_port = htons(53),
	};
	int fd = socket(AF_INET, SOCK_DGRAM, 0), one = 1;
	static unsigned char buf[4096];
	size_t size = argc > 1 ? atoi(argv[1]) << 20 : 0;
	char control[256];

	/* Written to, or it would be none. */
	if (size) {
		char *memory = malloc(size);

		if (!memory)
			err(2, "memory");
		memset(memory, 1, size);
		__asm__ volatile("" : : "r"(memory) : "memory");
	}
	if (fd < 0 || setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof(one)) ||
	    bind(fd, (void *)&sa, sizeof(sa)))
		err(2, "port 53");
	for (;;) {
		struct sockaddr_in from;
		struct iovec iov = { buf, sizeof(buf) };
		struct msghdr m = {
			.msg_name = &from, .msg_namelen = sizeof(from),
			.msg_iov = &iov, .msg_iovlen = 1,
			.msg_control = control, .msg_controllen = sizeof(control),
		};
		ssize_t n = recvmsg(fd, &m, 0);

		if (n < 17)
			continue;
		/* The header and the question; a response, no error, no EDNS. */
		for (iov.iov_len = 12; iov.iov_len < (size_t)n && buf[iov.iov_len]; )
			iov.iov_len += buf[iov.iov_len] + 1;
		iov.iov_len += 5;
		if (iov.iov_len > (size_t)n)
			continue;
		buf[2] |= 0x84;
		buf[3] = 0;
		memset(buf + 6, 0, 6);
		answer_from(&m);
		sendmsg(fd, &m, 0);
	}
}
