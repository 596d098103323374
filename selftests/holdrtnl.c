// SPDX-License-Identifier: GPL-2.0
/*
 * holdrtnl - keep the kernel's routing lock from everybody else
 *
 *   holdrtnl MILLISECONDS
 *
 * At least for so long, and until standard input ends, but a minute at most.
 *
 * SIOCGIFCONF copies to user memory with RTNL held; here that is a page which
 * userfaultfd lets nobody have until the time is over. Prints "held" when it
 * is, and "released" afterwards. Status 4 where the kernel has no userfaultfd.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <linux/userfaultfd.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

static void *page;
static long size;

static void *take(void *arg)
{
	struct ifconf ifc = { .ifc_len = size, .ifc_buf = page };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)arg;
	if (fd < 0 || ioctl(fd, SIOCGIFCONF, &ifc))
		err(2, "SIOCGIFCONF");
	close(fd);
	return NULL;
}

int main(int argc, char **argv)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_zeropage zero = {};
	struct pollfd event = { .events = POLLIN };
	struct uffd_msg msg;
	pthread_t thread;
	int uffd;

	if (argc != 2)
		errx(2, "usage: holdrtnl MILLISECONDS");
	size = sysconf(_SC_PAGESIZE);
	uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (uffd < 0 && (errno == ENOSYS || errno == EPERM)) {
		puts("# no userfaultfd");
		return 4;
	}
	page = mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	reg.range.start = zero.range.start = (unsigned long)page;
	reg.range.len = zero.range.len = size;
	if (uffd < 0 || page == MAP_FAILED || ioctl(uffd, UFFDIO_API, &api) ||
	    ioctl(uffd, UFFDIO_REGISTER, &reg))
		err(2, "userfaultfd");
	if (pthread_create(&thread, NULL, take, NULL))
		errx(2, "no thread");
	if (read(uffd, &msg, sizeof(msg)) != sizeof(msg))
		err(2, "no fault");
	puts("held");
	fflush(stdout);
	/* The length of the fault is what is asked for. */
	poll(&event, 0, atoi(argv[1]));
	event.fd = STDIN_FILENO;
	poll(&event, 1, 60000);
	if (ioctl(uffd, UFFDIO_ZEROPAGE, &zero))
		err(2, "UFFDIO_ZEROPAGE");
	pthread_join(thread, NULL);
	puts("released");
	return 0;
}
