/* SPDX-License-Identifier: GPL-2.0 */
#ifndef ANYGATECTL_HOOK_H
#define ANYGATECTL_HOOK_H

#include <sys/types.h>

#include "util.h"

/* Commands at work at once, of all gates. */
#define HOOKS_MAX	16

struct hook;

/**
 * struct hooks - a command to be run for events
 * @command: its words; ends with NULL
 * @tree: of struct hook, by their subjects
 * @ready: those that have events waiting and no command at work; in order
 * @last: the last of them
 * @running: those that have a command at work, or NULL
 * @n_running: how many there are
 * @waiting: number of events that no command has been started for yet
 * @err: why the last command could not be started, an errno; 0 if it was
 */
struct hooks {
	char **command;
	void *tree;
	struct hook *ready;
	struct hook *last;
	struct hook *running[HOOKS_MAX];
	unsigned int n_running;
	unsigned int waiting;
	int err;
};

void hooks_init(struct hooks *h, char **command);
void hooks_add(struct hooks *h, const char *subject, const char *kind,
	       const char *json);
void hooks_start(struct hooks *h);
void hooks_reap(struct hooks *h);
void hooks_free(struct hooks *h);

char **hook_environment(const char *json, unsigned int skipped);
void hook_environment_free(char **env);

#endif
