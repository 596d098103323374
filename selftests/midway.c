// SPDX-License-Identifier: GPL-2.0
/*
 * midway - a bind() that is stopped in the middle
 *
 *   midway PORT N CPU
 *
 * Binds N - 1 UDP sockets to the ports above PORT. net.ipv4.ip_local_port_range is
 * to be PORT to PORT + N - 1: a bind() to port 0 then has one port to find, and
 * searches nearly the whole table for it, in the kernel, where it can be preempted.
 * A thread does that over and over on processor CPU. Reads one command per line,
 * and answers when it has been carried out:
 *
 *   hold		another thread takes that processor, at a priority at which it
 *			keeps it, wherever the first one is: mostly amid the search;
 *			for ten seconds at most
 *   release		and the first one goes on, and stops as soon as it has a socket
 *			bound to PORT
 *   resume		close that, and so on
 */
#define _GNU_SOURCE
#include <err.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>

static atomic_bool stop, hog, hogging;
static sem_t go_hog, bound, go_on;
static int port, cpu;

static int bind_udp(int to)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(to) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || bind(fd, (void *)&sin, sizeof(sin)))
		err(2, "bind to port %d", to);
	return fd;
}

static void to_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err(2, "processor %d", cpu);
}

static void *binder(void *arg)
{
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	int fd;

	(void)arg;
	to_cpu();
	for (;;) {
		fd = bind_udp(0);
		if (getsockname(fd, (void *)&sin, &len) ||
		    ntohs(sin.sin_port) != port)
			errx(2, "the port is another one: %d", ntohs(sin.sin_port));
		if (atomic_load(&stop)) {
			sem_post(&bound);
			while (sem_wait(&go_on))
				;
		}
		close(fd);
	}
	return NULL;
}

static void *holder(void *arg)
{
	struct sched_param param = { .sched_priority = 50 };

	time_t end;

	(void)arg;
	to_cpu();
	if (sched_setscheduler(0, SCHED_FIFO, &param))
		err(2, "SCHED_FIFO");
	for (;;) {
		while (sem_wait(&go_hog))
			;
		atomic_store(&stop, true);
		atomic_store(&hogging, true);
		end = time(NULL) + 10;
		while (atomic_load(&hog) && time(NULL) < end)
			;
		atomic_store(&hogging, false);
	}
	return NULL;
}

static void command(const char *line)
{
	if (!strcmp(line, "hold\n")) {
		atomic_store(&hog, true);
		sem_post(&go_hog);
		while (!atomic_load(&hogging))
			sched_yield();
	} else if (!strcmp(line, "release\n")) {
		atomic_store(&hog, false);
		while (sem_wait(&bound))
			;
	} else if (!strcmp(line, "resume\n")) {
		atomic_store(&stop, false);
		sem_post(&go_on);
	} else {
		errx(2, "what is: %s", line);
	}
	puts("ok");
}

int main(int argc, char **argv)
{
	pthread_t thread;
	char line[80];
	int i, n;

	if (argc != 4)
		errx(2, "usage: midway PORT N CPU");
	port = atoi(argv[1]);
	n = atoi(argv[2]);
	cpu = atoi(argv[3]);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 1; i < n; i++)
		bind_udp(port + i);
	sem_init(&go_hog, 0, 0);
	sem_init(&bound, 0, 0);
	sem_init(&go_on, 0, 0);
	/* Who has the processor does not wait for a page. */
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		err(2, "mlockall");
	if (pthread_create(&thread, NULL, binder, NULL) ||
	    pthread_create(&thread, NULL, holder, NULL))
		errx(2, "no thread");
	puts("ok");
	while (fgets(line, sizeof(line), stdin))
		command(line);
	return 0;
}
