// SPDX-License-Identifier: GPL-2.0
/* monitor: one line per event, until it is told to stop or nobody reads. */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "event.h"
#include "format.h"
#include "nl.h"

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

struct monitor {
	bool started;
	uint64_t seq;	/* of the last event */
};

/* News that are no event of a gate, in both forms. */
static void print_news(const char *kind, uint64_t events, const char *text)
{
	struct printer p;

	pr_init(&p, stdout, opt.json, opt.pretty);
	pr_object(&p, NULL);
	pr_str(&p, "kind", kind, NULL);
	if (events)
		pr_uint(&p, "events", events, "lost %llu event%s\n",
			(unsigned long long)events, events == 1 ? "" : "s");
	else
		pr_text(&p, "%s\n", text);
	pr_object_end(&p);
	fflush(stdout);
}

static void on_event(struct monitor *m, const struct nlattr *attrs, int len)
{
	static struct gate ev;
	struct printer p;

	gate_decode(&ev, attrs, len);
	if (gate_has(&ev, ANYGATE_A_GATE_SEQ)) {
		if (m->started && ev.seq > m->seq + 1)
			print_news("lost", ev.seq - m->seq - 1, NULL);
		m->started = true;
		m->seq = ev.seq;
	}
	pr_init(&p, stdout, opt.json, opt.pretty);
	event_print(&p, &ev, opt.timestamp, clock_ns(CLOCK_BOOTTIME));
	fflush(stdout);
}

static void on_news(enum ag_news news, const struct nlattr *attrs, int len,
		    void *arg)
{
	struct monitor *m = arg;

	switch (news) {
	case AG_NEWS_EVENT:
		on_event(m, attrs, len);
		break;
	case AG_NEWS_LOADED:
		m->started = false;	/* a new module counts anew */
		print_news("loaded", 0, "anygate loaded");
		break;
	case AG_NEWS_UNLOADED:
		print_news("unloaded", 0, "anygate unloaded");
		break;
	}
}

/* Signals are let in while waiting only, so that none comes unnoticed. */
static void catch_signals(sigset_t *while_waiting)
{
	struct sigaction sa = { .sa_handler = on_signal };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, while_waiting);
	sigdelset(while_waiting, SIGINT);
	sigdelset(while_waiting, SIGTERM);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int loop(struct ag *ag)
{
	/* Nothing is polled for on stdout but that its reader has gone. */
	struct pollfd fds[] = {
		{ .fd = nl_socket_get_fd(ag->sk), .events = POLLIN },
		{ .fd = STDOUT_FILENO },
	};
	struct monitor m = { 0 };
	sigset_t while_waiting;
	int ret;

	catch_signals(&while_waiting);
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "monitoring\n");
	while (!stop) {
		if (ppoll(fds, ARRAY_SIZE(fds), NULL, &while_waiting) < 0) {
			if (errno == EINTR)
				continue;
			return fail(ST_REFUSED, "poll: %s", strerror(errno));
		}
		if (fds[1].revents & (POLLERR | POLLHUP))
			break;
		ret = ag_receive(ag, on_news, &m);
		if (ret == -ENOBUFS)
			print_news("lost", 0, "events lost");
		else if (ret)
			return fail(ST_REFUSED, "netlink: %s", strerror(-ret));
		ret = flush_output();
		if (ret == -EPIPE)
			break;
		if (ret)
			return fail(ST_REFUSED, "cannot write: %s", strerror(-ret));
	}
	return ST_OK;
}

/**
 * cmd_monitor() - print events as they come
 * @argc: number of arguments
 * @argv: nothing
 *
 * Return: exit status
 */
int cmd_monitor(int argc, char **argv)
{
	struct err e;
	struct ag ag;
	int ret;

	if (argc)
		return fail(ST_USAGE, "monitor: \"%s\" is too much; monitor takes nothing",
			    argv[0]);
	if (ag_open(&ag, &e))
		return fail(ST_REFUSED, "%s", e.text);
	ret = ag_subscribe(&ag, &e);
	if (ret)
		ret = fail(ST_REFUSED, "%s", e.text);
	else
		ret = loop(&ag);
	ag_close(&ag);
	return ret;
}
