// SPDX-License-Identifier: GPL-2.0
/* Network namespaces by name, as "ip netns" makes them, or by path. */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "netns.h"

/**
 * netns_enter() - move this process to another network namespace
 * @name: of a file in /run/netns, or a path if there is a slash in it
 * @e: why it did not work
 *
 * Return: 0 or -1
 */
int netns_enter(const char *name, struct err *e)
{
	char path[PATH_MAX];
	int fd, ret;

	if (snprintf(path, sizeof(path), "%s%s", strchr(name, '/') ? "" : "/run/netns/",
		     name) >= (int)sizeof(path))
		return err_set(e, "network namespace: the path is too long");
	/* What is no namespace may be a pipe, and must not keep us waiting. */
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return err_set(e, "there is no network namespace \"%s\": %s does not exist (ip netns list names those that do)",
			       name, path);
	if (fd < 0)
		return err_set(e, "network namespace \"%s\": %s: %s", name, path, strerror(errno));
	ret = setns(fd, CLONE_NEWNET);
	if (ret && errno == EINVAL)
		err_set(e, "network namespace \"%s\": %s is no network namespace", name, path);
	else if (ret && errno == EPERM)
		err_set(e, "network namespace \"%s\": not permitted: CAP_SYS_ADMIN is needed to enter it",
			name);
	else if (ret)
		err_set(e, "network namespace \"%s\": %s", name, strerror(errno));
	close(fd);
	return ret ? -1 : 0;
}
