// SPDX-License-Identifier: GPL-2.0
/* Run a command in a process group of its own, and be rid of all of it. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

/**
 * run_spawn() - start a program in a process group of its own
 * @command: its words, the first is looked for in PATH; ends with NULL
 * @env: its environment
 * @files: what is done to its descriptors
 * @pid: result, the process and its group
 *
 * Signals are what a program may expect, whatever we block or ignore.
 *
 * Return: 0 or an errno, as posix_spawnp()
 */
int run_spawn(char **command, char **env, const posix_spawn_file_actions_t *files, pid_t *pid)
{
	posix_spawnattr_t attr;
	sigset_t none, normal;
	int ret;

	sigemptyset(&none);
	sigemptyset(&normal);
	sigaddset(&normal, SIGPIPE);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
				 POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &normal);
	ret = posix_spawnp(pid, command[0], files, &attr, command, env);
	posix_spawnattr_destroy(&attr);
	return ret;
}

/**
 * run_start() - start a command
 * @command: its words; ends with NULL
 * @pid: result, the process and its group
 * @e: why it did not start
 *
 * It reads nothing, and what it prints goes to the standard error: the
 * standard output is ours.
 *
 * Return: 0 or -1
 */
int run_start(char **command, pid_t *pid, struct err *e)
{
	posix_spawn_file_actions_t files;
	int ret;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO);
	ret = run_spawn(command, environ, &files, pid);
	posix_spawn_file_actions_destroy(&files);
	return ret ? err_set(e, "cannot run %s: %s", command[0], strerror(ret)) : 0;
}

/**
 * run_kill() - kill a command with all it has started
 * @pid: from run_start(), not collected yet
 */
void run_kill(pid_t pid)
{
	kill(-pid, SIGKILL);
}

/**
 * run_ended() - collect a command that has ended
 * @pid: from run_start()
 * @status: result, as of waitpid()
 *
 * What it has left behind in its group is killed: while it is not collected,
 * nobody else can have its number.
 *
 * Return: whether it has ended; from then on @pid means nothing
 */
bool run_ended(pid_t pid, int *status)
{
	siginfo_t info = { 0 };

	if (waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) || !info.si_pid)
		return false;
	run_kill(pid);
	return waitpid(pid, status, 0) == pid;
}

/**
 * run_text() - how a command ended
 * @status: as of waitpid()
 * @buf: for the result
 * @size: of @buf
 *
 * Return: @buf
 */
const char *run_text(int status, char *buf, size_t size)
{
	const char *name;

	if (!WIFSIGNALED(status)) {
		snprintf(buf, size, "exit status %d", WEXITSTATUS(status));
		return buf;
	}
	name = sigabbrev_np(WTERMSIG(status));
	if (name)
		snprintf(buf, size, "killed by SIG%s", name);
	else
		snprintf(buf, size, "killed by signal %d", WTERMSIG(status));
	return buf;
}
