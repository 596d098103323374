// SPDX-License-Identifier: GPL-2.0
/*
 * check: run a command again and again, and keep a lease by what comes of it.
 *
 * Nothing here needs to end well: whoever stops reporting, for whatever
 * reason, closes the gate when the lease runs out.
 */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "cmd.h"
#include "event.h"
#include "format.h"
#include "names.h"
#include "netns.h"

#define RETRY	(1 * NSEC_PER_SEC)	/* after a report that failed */
#define NEVER	UINT64_MAX

/**
 * struct check - a check at work
 * @args: what it was told
 * @ttl_said: the lease's time to live, for messages
 * @tally: what its rounds come to
 * @next: when the next round is due
 * @pid: command that runs, or 0
 * @killed: it has been killed, and its round has been counted
 * @limit: when it is to be killed; then, when that is a failure once more
 * @report_at: when a report that failed is due again, or NEVER
 * @trouble: why the last report failed, or ""
 * @status: what to exit with, where it makes no sense to go on
 *
 * Times are of CLOCK_MONOTONIC, in nanoseconds.
 */
struct check {
	struct check_args args;
	char ttl_said[DELAY_TEXT];
	struct tally tally;
	uint64_t next;
	pid_t pid;
	bool killed;
	uint64_t limit;
	uint64_t report_at;
	struct err trouble;
	enum status status;
};

/* One line per change, in both forms. */
static void print_verdict(const struct check *c, const char *cause)
{
	const char *verdict = name_of(&verdict_names, c->tally.verdict);
	char gate[PREFIX_TEXT];
	struct printer p;

	gate_ref_text(&c->args.gate, gate);
	pr_init(&p, stdout, opt.json, opt.pretty);
	pr_object(&p, NULL);
	event_time(&p, clock_ns(CLOCK_REALTIME), opt.timestamp);
	pr_str(&p, "gate", gate, "%s", gate);
	pr_str(&p, "lease", c->args.lease, " %s", c->args.lease);
	pr_str(&p, "verdict", verdict, " %s", verdict);
	pr_str(&p, "cause", cause, ": %s\n", cause);
	pr_object_end(&p);
	flush_output();
}

/* Each of the troubles is told once, and so is its end. */
static void tell(struct check *c, const struct err *e)
{
	if (*e->text && strcmp(e->text, c->trouble.text))
		warning("check: %s; trying again", e->text);
	else if (!*e->text && *c->trouble.text)
		warning("check: the lease is reported again");
	c->trouble = *e;
}

/*
 * A new connection each time, so that it does not matter whether the module
 * is still the same one. Returns 0, or -EAGAIN or the kernel's -errno.
 */
static int send_report(struct check *c, struct err *e)
{
	struct lease_args l = {
		.gate = c->args.gate,
		.name = c->args.lease,
		.verdict = c->tally.verdict,
		.ttl = check_ttl(&c->args),
		.ttl_said = c->ttl_said,
	};
	struct reqmap map = { 0 };
	char subject[PREFIX_TEXT];
	struct nl_msg *msg;
	struct extack x;
	struct ag ag;
	int ret;

	if (ag_open(&ag, e))
		return -EAGAIN;	/* -1 would be -EPERM */
	msg = ag_request(&ag, ANYGATE_CMD_GATE_LEASE, 0);
	if (msg)
		ag_put_lease(msg, &l, &map);
	ret = ag_do(&ag, msg, NULL, NULL, &x);
	ag_close(&ag);
	if (ret)
		extack_explain(&x, ANYGATE_CMD_GATE_LEASE, gate_ref_text(&l.gate, subject), &map,
			       e);
	return ret;
}

static void report(struct check *c, uint64_t now)
{
	struct err e = { 0 };
	int ret;

	c->report_at = NEVER;
	if (c->tally.verdict == ANYGATE_VERDICT_NONE)
		return;
	ret = send_report(c, &e);
	if (ret == -EPERM) {	/* waiting does not help */
		c->status = complain(ST_REFUSED, "check: %s", e.text);
		return;
	}
	tell(c, &e);
	if (ret)
		c->report_at = now + RETRY;
}

static void result(struct check *c, bool good, const char *cause, uint64_t now)
{
	if (tally_add(&c->tally, &c->args, good))
		print_verdict(c, cause);
	report(c, now);
}

static void start_round(struct check *c, bool first, uint64_t now)
{
	struct err e;

	c->next = now + c->args.every * NSEC_PER_MSEC;
	c->limit = now + c->args.timeout * NSEC_PER_MSEC;
	c->killed = false;
	if (!run_start(c->args.command, &c->pid, &e))
		return;
	c->pid = 0;
	if (first)	/* a mistake, most likely */
		c->status = complain(ST_REFUSED, "check: %s", e.text);
	else
		result(c, false, e.text, now);
}

/* The longest that a round takes, and the wait for it. */
static uint64_t round_ns(const struct check *c)
{
	return (c->args.every + c->args.timeout) * NSEC_PER_MSEC;
}

/* Does all that is due; there is never more than one command. */
static void step(struct check *c, uint64_t now)
{
	char text[64], delay[DELAY_TEXT];
	int status;

	if (c->pid && run_ended(c->pid, &status)) {
		c->pid = 0;
		if (!c->killed)
			result(c, WIFEXITED(status) && !WEXITSTATUS(status),
			       run_text(status, text, sizeof(text)), now);
	}
	if (c->pid && !c->killed && now >= c->limit) {
		run_kill(c->pid);
		c->killed = true;
		c->limit = now + round_ns(c);
		snprintf(text, sizeof(text), "timed out after %s",
			 delay_text(c->args.timeout, delay));
		result(c, false, text, now);
	}
	if (c->pid && c->killed && now >= c->limit) {
		c->limit = now + round_ns(c);
		result(c, false, "killed, but does not end", now);
	}
	if (!c->pid && now >= c->next)
		start_round(c, false, now);
	if (now >= c->report_at)
		report(c, now);
}

static uint64_t next_step(const struct check *c)
{
	const uint64_t at = c->pid ? c->limit : c->next;

	return at < c->report_at ? at : c->report_at;
}

/* What is ignored, as by nohup, stays ignored. */
static void add_unless_ignored(sigset_t *set, int sig)
{
	struct sigaction old;

	if (!sigaction(sig, NULL, &old) && old.sa_handler != SIG_IGN)
		sigaddset(set, sig);
}

static int signal_fd(void)
{
	sigset_t set;

	sigemptyset(&set);
	add_unless_ignored(&set, SIGINT);
	add_unless_ignored(&set, SIGTERM);
	add_unless_ignored(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGCHLD, SIG_DFL);	/* ignored, there would be no status */
	signal(SIGPIPE, SIG_IGN);	/* nobody needs to read what we print */
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool told_to_stop(int fd)
{
	struct signalfd_siginfo info;
	bool stop = false;

	while (read(fd, &info, sizeof(info)) == sizeof(info))
		stop |= info.ssi_signo != SIGCHLD;
	return stop;
}

static int loop(struct check *c)
{
	struct pollfd fd = { .fd = signal_fd(), .events = POLLIN };
	uint64_t now = clock_ns(CLOCK_MONOTONIC), at;
	struct timespec wait;

	start_round(c, true, now);
	while (c->status == ST_OK && !told_to_stop(fd.fd)) {
		now = clock_ns(CLOCK_MONOTONIC);
		step(c, now);
		at = next_step(c);
		now = clock_ns(CLOCK_MONOTONIC);
		at = at > now ? at - now : 0;
		wait.tv_sec = at / NSEC_PER_SEC;
		wait.tv_nsec = at % NSEC_PER_SEC;
		if (c->status == ST_OK)
			ppoll(&fd, 1, &wait, NULL);
	}
	if (c->pid) {
		run_kill(c->pid);
		waitpid(c->pid, NULL, WNOHANG);
	}
	close(fd.fd);
	return c->status;
}

/**
 * cmd_check() - run a command again and again, and keep a lease by it
 * @argc: number of arguments
 * @argv: PREFIX|NAME LEASE [KEY VALUE]... -- COMMAND...
 *
 * Return: exit status
 */
int cmd_check(int argc, char **argv)
{
	struct check c = { .report_at = NEVER };
	struct err e;

	if (parse_check_args(argc, argv, &c.args, &e))
		return complain(ST_USAGE, "%s", e.text);
	delay_text(check_ttl(&c.args), c.ttl_said);
	/* The command is to see the same network as the gate's listeners. */
	if (opt.netns && netns_enter(opt.netns, &e))
		return complain(ST_REFUSED, "%s", e.text);
	opt.netns = NULL;
	return loop(&c);
}
