// SPDX-License-Identifier: GPL-2.0
/* monitor: one line per event, until it is told to stop or nobody reads. */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "event.h"
#include "follow.h"
#include "format.h"
#include "monitor.h"
#include "netns.h"

/**
 * struct monitor - what is printed, and what has been
 * @follow: what the lines have told of the gates
 * @lost: a line has told that events were lost, and none that all is well again
 * @differences: how many lines have told of what the lost ones would have
 */
struct monitor {
	struct follow follow;
	bool lost;
	unsigned int differences;
};

/* News that are no event of a gate, in both forms. @key is the name of @count. */
static void print_news(const char *kind, const char *key, uint64_t count,
		       const char *text)
{
	struct printer p;

	pr_init(&p, stdout, opt.json, opt.pretty);
	pr_object(&p, NULL);
	event_time(&p, clock_ns(CLOCK_REALTIME), opt.timestamp);
	pr_str(&p, "kind", kind, NULL);
	if (key)
		pr_uint(&p, key, count, NULL);
	pr_text(&p, "%s\n", text);
	pr_object_end(&p);
	flush_output();
}

static void print_lost(struct monitor *m, uint64_t events)
{
	char text[64] = "events lost";

	m->lost = true;
	if (events)
		snprintf(text, sizeof(text), "lost %llu event%s",
			 (unsigned long long)events, events == 1 ? "" : "s");
	print_news("lost", events ? "events" : NULL, events, text);
}

static void on_event(struct monitor *m, const struct nlattr *attrs, int len)
{
	static struct gate ev;
	struct printer p;
	uint64_t lost;

	gate_decode(&ev, attrs, len);
	lost = follow_event(&m->follow, &ev);
	if (lost)
		print_lost(m, lost);
	pr_init(&p, stdout, opt.json, opt.pretty);
	event_print(&p, &ev, opt.timestamp, clock_ns(CLOCK_BOOTTIME));
	flush_output();
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
		follow_module(&m->follow, true);
		print_news("loaded", NULL, 0, "anygate loaded");
		break;
	case AG_NEWS_UNLOADED:
		follow_module(&m->follow, false);
		m->lost = false;
		print_news("unloaded", NULL, 0, "anygate unloaded");
		break;
	}
}

static void on_difference(const struct known_gate *was, const struct gate *is, void *arg)
{
	struct monitor *m = arg;
	struct printer p;

	m->differences++;
	pr_init(&p, stdout, opt.json, opt.pretty);
	event_difference(&p, was, is, opt.timestamp);
}

/* What the lost events would have told; who reads us is to know that it was all. */
static void catch_up(struct monitor *m, const struct ag *ag)
{
	char text[64];

	m->differences = 0;
	if (!follow_compare(&m->follow, on_difference, m) || !m->lost || ag->deaf)
		return;
	m->lost = false;
	snprintf(text, sizeof(text), "in step again: %u gate%s differed", m->differences,
		 m->differences == 1 ? "" : "s");
	print_news("resynced", "differences", m->differences, text);
}

/* A descriptor that can be read once it is time to stop. */
static int stop_fd(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);	/* EPIPE will do */
	return signalfd(-1, &set, SFD_CLOEXEC);
}

/* Prints what has come, but not for ever. Returns 0 or -errno. */
static int drain(struct ag *ag, struct monitor *m)
{
	int i, ret = 1;

	for (i = 0; i < DRAIN_MAX && ret > 0; i++) {
		ret = ag_receive(ag, on_news, m);
		if (ret == -ENOBUFS) {
			if (!m->lost)	/* once will do */
				print_lost(m, 0);
			m->follow.behind = true;
			ret = 1;
		} else if (ret < 0) {
			return ret;
		}
		if (ret > 0 && flush_output())
			return flush_output();
	}
	if (!ret && m->follow.behind)
		catch_up(m, ag);
	return flush_output();
}

static int loop(struct ag *ag)
{
	/* Nothing is polled for on stdout but that its reader has gone. */
	struct pollfd fds[] = {
		{ .fd = ag_fd(ag), .events = POLLIN },
		{ .fd = stop_fd(), .events = POLLIN },
		{ .fd = STDOUT_FILENO },
	};
	struct monitor m = { 0 };
	int ret;

	if (isatty(STDERR_FILENO))
		fprintf(stderr, "monitoring\n");
	follow_compare(&m.follow, on_difference, &m);
	do {
		if (poll(fds, ARRAY_SIZE(fds),
			 m.follow.behind || ag->deaf ? FOLLOW_RETRY_MS : -1) < 0 && errno != EINTR)
			return complain(ST_REFUSED, "poll: %s", strerror(errno));
		ret = drain(ag, &m);
		if (ret == -EPIPE)
			break;
		if (ret)
			return complain(ST_REFUSED, "monitor: %s", strerror(-ret));
	} while (!fds[1].revents && !(fds[2].revents & (POLLERR | POLLHUP)));
	close(fds[1].fd);
	follow_free(&m.follow);
	return ST_OK;
}

/**
 * cmd_monitor() - print events as they come, or run a command for each
 * @argc: number of arguments
 * @argv: [exec COMMAND...]
 *
 * Return: exit status
 */
int cmd_monitor(int argc, char **argv)
{
	static const char *const words[] = { "exec" };
	struct err e;
	struct ag ag;
	int ret;

	if (argc && match_word("keyword", argv[0], words, ARRAY_SIZE(words), &e) < 0)
		return complain(ST_USAGE, "monitor: %s", e.text);
	/* For those who are used to it from "check". */
	if (argc > 1 && !strcmp(argv[1], "--")) {
		argc--;
		argv++;
	}
	if (argc == 1)
		return complain(ST_USAGE, "monitor exec: the command is missing; say for example monitor exec /etc/anygate/event");
	/* The name may be another namespace's when the gates are asked for again. */
	if (opt.netns && netns_enter(opt.netns, &e))
		return complain(ST_REFUSED, "%s", e.text);
	opt.netns = NULL;
	if (ag_open(&ag, &e))
		return complain(ST_REFUSED, "%s", e.text);
	ret = ag_subscribe(&ag, &e);
	if (ret)
		ret = complain(ST_REFUSED, "%s", e.text);
	else
		ret = argc ? monitor_exec(&ag, argv + 1) : loop(&ag);
	ag_close(&ag);
	return ret;
}
