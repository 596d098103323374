// SPDX-License-Identifier: GPL-2.0
/* To wait, but not for those who have had enough of it. */

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <time.h>

#include "stop.h"
#include "util.h"

/**
 * stop_fd() - from now on, to be told to stop ends only stop_wait()
 *
 * What is ignored, as by nohup, stays ignored.
 *
 * Return: a descriptor for stop_wait(); close() it
 */
int stop_fd(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction old;
	sigset_t set;
	size_t i;

	sigemptyset(&set);
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		if (!sigaction(signals[i], NULL, &old) && old.sa_handler != SIG_IGN)
			sigaddset(&set, signals[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/**
 * stop_wait() - wait
 * @fd: from stop_fd()
 * @ns: for how many nanoseconds
 *
 * Return: whether we were told to stop
 */
bool stop_wait(int fd, uint64_t ns)
{
	struct timespec wait = { .tv_sec = ns / NSEC_PER_SEC, .tv_nsec = ns % NSEC_PER_SEC };
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return ppoll(&p, 1, &wait, NULL) > 0;
}
