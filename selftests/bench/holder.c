// SPDX-License-Identifier: GPL-2.0
/*
 * holder - the small server whose end is measured
 *
 *   holder PORT [FILE]
 *
 * Binds UDP [::]:PORT, which receives IPv4 as well; in each of the network
 * namespaces whose paths are in FILE, a line each, if there is one. Then it goes
 * into the background, prints its process id, and does nothing until it is killed.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

static void bind_one(int port)
{
	struct sockaddr_in6 sa = { .sin6_family = AF_INET6,
				   .sin6_port = htons(port) };
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);

	if (fd < 0 || bind(fd, (void *)&sa, sizeof(sa)))
		err(2, "bind");
}

int main(int argc, char **argv)
{
	struct rlimit files = { 8192, 8192 };
	char path[256];
	FILE *f;
	pid_t pid;

	if (argc < 2)
		errx(2, "usage: holder PORT [FILE]");
	setrlimit(RLIMIT_NOFILE, &files);
	if (argc == 2) {
		bind_one(atoi(argv[1]));
	} else {
		f = fopen(argv[2], "r");
		if (!f)
			err(2, "%s", argv[2]);
		while (fscanf(f, "%255s", path) == 1) {
			int ns = open(path, O_RDONLY | O_CLOEXEC);

			if (ns < 0 || setns(ns, CLONE_NEWNET))
				err(2, "%s", path);
			close(ns);
			bind_one(atoi(argv[1]));
		}
		fclose(f);
	}
	pid = fork();
	if (pid < 0)
		err(2, "fork");
	if (pid) {
		printf("%d\n", pid);
		return 0;
	}
	setsid();
	close(0);
	close(1);
	close(2);
	for (;;)
		pause();
}
