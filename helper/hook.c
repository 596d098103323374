// SPDX-License-Identifier: GPL-2.0
/*
 * A command is run for every event, one at a time for each gate. Events that
 * come meanwhile wait in their order, of each kind the last one only: a command
 * that is slower than the events learns what is, not all that was.
 */

#include <errno.h>
#include <search.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "hook.h"

/**
 * struct job - an event that waits
 * @next: the one after it
 * @kind: of the event
 * @json: the event
 * @skipped: how many of its kind have given way to it
 */
struct job {
	struct job *next;
	char *kind;
	char *json;
	unsigned int skipped;
};

/**
 * struct hook - a gate, or the module
 * @subject: its prefix, or ""
 * @next: in the list of those that are ready
 * @jobs: what waits
 * @pid: of the command at work, or 0
 * @ready: in that list
 */
struct hook {
	char *subject;
	struct hook *next;
	struct job *jobs;
	pid_t pid;
	bool ready;
};

static void *need(void *memory)
{
	if (!memory)
		exit(complain(ST_REFUSED, "out of memory"));
	return memory;
}

/**
 * hooks_init() - begin
 * @h: hooks
 * @command: what to run; ends with NULL, and is to outlive @h
 */
void hooks_init(struct hooks *h, char **command)
{
	*h = (struct hooks){ .command = command };
}

static int by_subject(const void *a, const void *b)
{
	const struct hook *ha = a, *hb = b;

	return strcmp(ha->subject, hb->subject);
}

static struct hook *find(struct hooks *h, const char *subject)
{
	struct hook like = { .subject = (char *)subject }, *hook, **slot;

	slot = tfind(&like, &h->tree, by_subject);
	if (slot)
		return *slot;
	hook = need(calloc(1, sizeof(*hook)));
	hook->subject = need(strdup(subject));
	need(tsearch(hook, &h->tree, by_subject));
	return hook;
}

static void forget(struct hooks *h, struct hook *hook)
{
	tdelete(hook, &h->tree, by_subject);
	free(hook->subject);
	free(hook);
}

static void free_job(struct job *job)
{
	free(job->kind);
	free(job->json);
	free(job);
}

static void make_ready(struct hooks *h, struct hook *hook)
{
	if (hook->ready || hook->pid || !hook->jobs)
		return;
	hook->ready = true;
	hook->next = NULL;
	if (h->ready)
		h->last->next = hook;
	else
		h->ready = hook;
	h->last = hook;
}

/**
 * hooks_add() - an event has come
 * @h: hooks
 * @subject: the gate's prefix, or "" if it is about the module
 * @kind: of the event; one that waits and is of the same kind gives way
 * @json: the event
 */
void hooks_add(struct hooks *h, const char *subject, const char *kind,
	       const char *json)
{
	struct hook *hook = find(h, subject);
	struct job **at = &hook->jobs, *job, *old;
	unsigned int skipped = 0;

	while (*at) {
		if (strcmp((*at)->kind, kind)) {
			at = &(*at)->next;
			continue;
		}
		old = *at;
		*at = old->next;
		skipped += old->skipped + 1;
		free_job(old);
		h->waiting--;
	}
	job = need(calloc(1, sizeof(*job)));
	job->kind = need(strdup(kind));
	job->json = need(strdup(json));
	job->skipped = skipped;
	*at = job;
	h->waiting++;
	make_ready(h, hook);
}

/* A file has no end that fills up, and nobody has to write behind the child. */
static int input_of(const char *json)
{
	int fd = memfd_create("event", MFD_CLOEXEC);
	size_t len = strlen(json);

	if (fd < 0)
		return -1;
	if (write(fd, json, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int spawn(char **command, char **env, int input, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	int ret;

	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
	ret = run_spawn(command, env, &files, pid);
	posix_spawn_file_actions_destroy(&files);
	return ret;
}

/* Said once, however often it is tried, and so is its end. */
static void tell(struct hooks *h, int err)
{
	if (err && err != h->err)
		warning("monitor: cannot run %s: %s; trying again", h->command[0],
			strerror(err));
	else if (!err && h->err)
		warning("monitor: %s can be run again", h->command[0]);
	h->err = err;
}

/*
 * What cannot be started just now (too many processes, a file that is being
 * replaced) is not lost: of each kind the last event waits on.
 */
static void run(struct hooks *h, struct hook *hook)
{
	struct job *job = hook->jobs;
	int input = input_of(job->json), ret = errno;
	char **env = hook_environment(job->json, job->skipped);

	if (input >= 0)
		ret = spawn(h->command, env, input, &hook->pid);
	if (input >= 0)
		close(input);
	hook_environment_free(env);
	tell(h, ret);
	if (ret) {
		hook->pid = 0;
		make_ready(h, hook);
		return;
	}
	hook->jobs = job->next;
	h->waiting--;
	free_job(job);
	h->running[h->n_running++] = hook;
}

/**
 * hooks_start() - start commands for what waits, as many as may be
 * @h: hooks
 *
 * If one cannot be started, the others are not tried either, and @h->err says
 * why: call it again in a while.
 */
void hooks_start(struct hooks *h)
{
	struct hook *hook;

	while (h->ready && h->n_running < HOOKS_MAX) {
		hook = h->ready;
		h->ready = hook->next;
		hook->ready = false;
		run(h, hook);
		if (h->err)
			break;
	}
}

static void ended(struct hooks *h, unsigned int slot, int status)
{
	struct hook *hook = h->running[slot];
	char text[64];

	h->running[slot] = h->running[--h->n_running];
	hook->pid = 0;
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		warning("monitor: %s%s%s: %s", hook->subject, *hook->subject ? ": " : "",
			h->command[0], run_text(status, text, sizeof(text)));
	if (hook->jobs)
		make_ready(h, hook);
	else
		forget(h, hook);
}

/**
 * hooks_reap() - collect the commands that have ended
 * @h: hooks
 */
void hooks_reap(struct hooks *h)
{
	unsigned int i;
	int status;

	for (i = 0; i < h->n_running;) {
		if (waitpid(h->running[i]->pid, &status, WNOHANG) > 0)
			ended(h, i, status);	/* another one is there now */
		else
			i++;
	}
}

static void free_hook(void *memory)
{
	struct hook *hook = memory;
	struct job *job;

	while (hook->jobs) {
		job = hook->jobs;
		hook->jobs = job->next;
		free_job(job);
	}
	free(hook->subject);
	free(hook);
}

/**
 * hooks_free() - forget what waits; commands at work are left alone
 * @h: hooks
 */
void hooks_free(struct hooks *h)
{
	tdestroy(h->tree, free_hook);
	*h = (struct hooks){ 0 };
}
