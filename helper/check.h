/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_CHECK_H
#define ANYGATECTL_CHECK_H

#include <spawn.h>
#include <sys/types.h>

#include "args.h"

/* What the lease outlives the longest round by. */
#define CHECK_MARGIN	2000

/**
 * struct check_args - the arguments of check
 * @gate: which gate
 * @lease: the lease to keep
 * @every: milliseconds from the start of a round to that of the next
 * @timeout: milliseconds after which the command is killed
 * @rise: successes in a row that make the verdict up
 * @fall: failures in a row that make it down
 * @command: what to run; ends with NULL
 */
struct check_args {
	struct gate_ref gate;
	const char *lease;
	uint32_t every;
	uint32_t timeout;
	uint32_t rise;
	uint32_t fall;
	char **command;
};

/**
 * struct tally - what the last rounds come to
 * @verdict: ANYGATE_VERDICT_*; none until the first decision
 * @good: successes in a row
 * @bad: failures in a row
 */
struct tally {
	uint32_t verdict;
	uint32_t good;
	uint32_t bad;
};

int parse_check_args(int argc, char **argv, struct check_args *c,
		     struct err *e);
uint32_t check_ttl(const struct check_args *c);
bool tally_add(struct tally *t, const struct check_args *c, bool good);

int run_spawn(char **command, char **env, const posix_spawn_file_actions_t *files, pid_t *pid);
int run_start(char **command, pid_t *pid, struct err *e);
void run_kill(pid_t pid);
bool run_ended(pid_t pid, int *status);
const char *run_text(int status, char *buf, size_t size);

#endif
