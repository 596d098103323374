// SPDX-License-Identifier: GPL-2.0
/* monitor exec: a command for every event. */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "event.h"
#include "format.h"
#include "follow.h"
#include "hook.h"
#include "monitor.h"
#include "names.h"

/**
 * struct execution - the events' way to a command
 * @hooks: commands
 * @follow: what they have been told
 * @lost: events were lost, and nobody was told
 * @stop: how often we were told to stop
 */
struct execution {
	struct hooks hooks;
	struct follow follow;
	bool lost;
	unsigned int stop;
};

/**
 * struct text - JSON being written
 * @p: printer, for whoever writes
 * @text: what was written, once it has ended
 * @size: of it
 */
struct text {
	struct printer p;
	char *text;
	size_t size;
};

static void text_begin(struct text *t)
{
	FILE *out = open_memstream(&t->text, &t->size);

	if (!out)
		exit(complain(ST_REFUSED, "out of memory"));
	pr_init(&t->p, out, true, false);
}

static void text_end(struct text *t, struct execution *x, const char *subject,
		     const char *kind)
{
	if (fclose(t->p.out))
		exit(complain(ST_REFUSED, "out of memory"));
	hooks_add(&x->hooks, subject, kind, t->text);
	free(t->text);
}

static void on_event(struct execution *x, const struct nlattr *attrs, int len)
{
	char prefix[PREFIX_TEXT] = "";
	static struct gate ev;
	struct text t;

	gate_decode(&ev, attrs, len);
	x->lost |= follow_event(&x->follow, &ev) > 0;
	text_begin(&t);
	event_print(&t.p, &ev, opt.timestamp, clock_ns(CLOCK_BOOTTIME));
	if (gate_has(&ev, ANYGATE_A_GATE_PREFIX))
		prefix_text(&ev.prefix, prefix);
	text_end(&t, x, prefix, name_of(&event_kind_names, ev.kind));
}

/* The module has come or gone, and with it all gates. */
static void on_module(struct execution *x, bool loaded)
{
	const char *kind = loaded ? "loaded" : "unloaded";
	struct text t;

	follow_module(&x->follow, loaded);
	text_begin(&t);
	pr_object(&t.p, NULL);
	event_time(&t.p, clock_ns(CLOCK_REALTIME), opt.timestamp);
	pr_str(&t.p, "kind", kind, NULL);
	pr_object_end(&t.p);
	text_end(&t, x, "", kind);
}

static void on_news(enum ag_news news, const struct nlattr *attrs, int len, void *arg)
{
	switch (news) {
	case AG_NEWS_EVENT:
		on_event(arg, attrs, len);
		break;
	case AG_NEWS_LOADED:
		on_module(arg, true);
		break;
	case AG_NEWS_UNLOADED:
		on_module(arg, false);
		break;
	}
}

/* What the lost events would have led to. */
static void on_difference(const struct known_gate *was, const struct gate *is, void *arg)
{
	struct execution *x = arg;
	char prefix[PREFIX_TEXT];
	struct text t;

	text_begin(&t);
	event_difference(&t.p, was, is, opt.timestamp);
	text_end(&t, x, prefix_text(is ? &is->prefix : &was->prefix, prefix),
		 is ? "resync" : "deleted");
}

static int signal_fd(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGCHLD, SIG_DFL);	/* ignored, there would be no status */
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void take_signals(struct execution *x, int fd)
{
	struct signalfd_siginfo info;

	while (read(fd, &info, sizeof(info)) == sizeof(info))
		x->stop += info.ssi_signo != SIGCHLD;
	hooks_reap(&x->hooks);
}

/* Reads what has come, but not for ever. Returns 0 or -errno. */
static int drain(struct execution *x, struct ag *ag)
{
	int i, ret = 1;

	for (i = 0; i < DRAIN_MAX && ret > 0; i++) {
		ret = ag_receive(ag, on_news, x);
		if (ret == -ENOBUFS) {
			x->lost = x->follow.behind = true;
			ret = 1;
		}
	}
	if (ret < 0)
		return ret;
	if (!ret && x->follow.behind) {
		if (x->lost)
			warning("monitor: events were lost; asking for all gates");
		x->lost = false;
		follow_compare(&x->follow, on_difference, x);
	}
	return 0;
}

static int loop(struct execution *x, struct ag *ag)
{
	struct pollfd fds[] = {
		{ .fd = ag_fd(ag), .events = POLLIN },
		{ .fd = signal_fd(), .events = POLLIN },
	};
	bool retry;
	int ret = 0;

	do {
		retry = x->follow.behind || ag->deaf || x->hooks.err;
		poll(fds, ARRAY_SIZE(fds), retry ? FOLLOW_RETRY_MS : -1);
		ret = drain(x, ag);
		hooks_start(&x->hooks);
		take_signals(x, fds[1].fd);
		if (!x->stop)
			hooks_start(&x->hooks);
	} while (!ret && !x->stop);
	/* No more events; what is at work may end. The second signal is final. */
	while (x->hooks.n_running && x->stop < 2 && !ret) {
		poll(&fds[1], 1, -1);
		take_signals(x, fds[1].fd);
	}
	close(fds[1].fd);
	return ret ? complain(ST_REFUSED, "monitor: %s", strerror(-ret)) : ST_OK;
}

/**
 * monitor_exec() - run a command for every event
 * @ag: connection that is subscribed
 * @command: its words; ends with NULL
 *
 * Return: exit status
 */
int monitor_exec(struct ag *ag, char **command)
{
	struct execution x = { 0 };
	int ret;

	hooks_init(&x.hooks, command);
	follow_compare(&x.follow, on_difference, &x);
	ret = loop(&x, ag);
	if (x.hooks.waiting)
		warning("monitor: %u event%s nobody was told of", x.hooks.waiting,
			x.hooks.waiting == 1 ? "" : "s");
	hooks_free(&x.hooks);
	follow_free(&x.follow);
	return ret;
}
