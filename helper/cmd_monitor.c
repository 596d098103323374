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
#include "format.h"
#include "monitor.h"

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
			print_news("lost", 0, "events lost");
			ret = 1;
		} else if (ret < 0) {
			return ret;
		}
		if (ret > 0 && flush_output())
			return flush_output();
	}
	return 0;
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
	do {
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR)
			return complain(ST_REFUSED, "poll: %s", strerror(errno));
		ret = drain(ag, &m);
		if (ret == -EPIPE)
			break;
		if (ret)
			return complain(ST_REFUSED, "monitor: %s", strerror(-ret));
	} while (!fds[1].revents && !(fds[2].revents & (POLLERR | POLLHUP)));
	close(fds[1].fd);
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
