// SPDX-License-Identifier: GPL-2.0
/* top: a view of the gates that is kept up to date until somebody ends it. */

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "event.h"
#include "format.h"
#include "gates.h"
#include "monitor.h"
#include "netns.h"
#include "top.h"

#define REFRESH_MS	1000	/* ages are to go on */
#define SOONEST_MS	100	/* not for each of many events */

static struct termios saved;
static bool raw;

/* Also when the program ends for want of memory. */
static void terminal_restore(void)
{
	if (!raw)
		return;
	raw = false;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &saved);
	/* colours off, the cursor back, the other screen gone */
	printf("\033[m\033[?25h\033[?1049l");
	flush_output();
}

static void terminal_take(void)
{
	struct termios t = saved;

	cfmakeraw(&t);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &t);
	raw = true;
	printf("\033[?1049h\033[?25l\033[2J");
}

static void measure(struct top *t)
{
	struct winsize size;

	t->rows = 24;
	t->columns = 80;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_row || !size.ws_col)
		return;
	t->rows = size.ws_row;
	t->columns = size.ws_col;
}

/**
 * struct live - where the view gets its news from
 * @top: view
 * @gates: all gates, sorted as the view wants them
 * @events: subscription; its sk is NULL where there is none
 */
struct live {
	struct top top;
	struct gates gates;
	struct ag events;
};

static void on_news(enum ag_news news, const struct nlattr *attrs, int len, void *arg)
{
	struct live *live = arg;
	static struct gate ev;
	struct printer p;
	char *text = NULL;
	size_t size;
	FILE *out;

	if (news != AG_NEWS_EVENT)
		return;
	gate_decode(&ev, attrs, len);
	out = open_memstream(&text, &size);
	if (!out)
		return;
	pr_init(&p, out, false, false);
	event_print(&p, &ev, true, clock_ns(CLOCK_BOOTTIME));
	fclose(out);
	text[strcspn(text, "\n")] = '\0';
	snprintf(live->top.event, sizeof(live->top.event), "%s", text);
	free(text);
}

static void take_events(struct live *live)
{
	int i, ret = 1;

	for (i = 0; live->events.sk && i < DRAIN_MAX && ret; i++) {
		ret = ag_receive(&live->events, on_news, live);
		if (ret < 0 && ret != -ENOBUFS)
			ag_close(&live->events);
	}
}

static void on_status(const struct nlattr *attrs, int len, void *arg)
{
	status_decode(arg, attrs, len);
}

/* A new connection each time: the module may come and go. */
static void look(struct live *live)
{
	const struct gate_ref all = { 0 };
	struct module_status st = { 0 };
	struct top *t = &live->top;
	struct reqmap map = { 0 };
	struct extack x;
	struct err e;
	struct ag ag;

	t->trouble[0] = '\0';
	t->warning[0] = '\0';
	live->gates.n = 0;
	if (ag_open(&ag, &e)) {
		snprintf(t->trouble, sizeof(t->trouble), "%s", e.text);
		return;
	}
	if (gates_get(&ag, &all, &live->gates, &x, &map)) {
		extack_explain(&x, ANYGATE_CMD_GATE_GET, "top", &map, &e);
		snprintf(t->trouble, sizeof(t->trouble), "%s", e.text);
		live->gates.n = 0;
	} else if (!ag_do(&ag, ag_request(&ag, ANYGATE_CMD_STATUS_GET, 0), on_status, &st, &x)) {
		status_warning(&st, t->warning, sizeof(t->warning));
	}
	if (live->gates.partial && !*t->trouble)
		snprintf(t->warning, sizeof(t->warning),
			 "the gates change while they are read; some may be missing");
	ag_close(&ag);
	if (!live->events.sk && !ag_open(&live->events, &e) && ag_subscribe(&live->events, &e))
		ag_close(&live->events);
}

static void draw(struct live *live)
{
	char clock[16] = "";
	time_t seconds = time(NULL);
	struct filter order = { .sort = live->top.filter.sort };
	struct tm tm;

	if (localtime_r(&seconds, &tm))
		strftime(clock, sizeof(clock), "%H:%M:%S", &tm);
	filter_gates(&order, &live->gates);
	top_draw(&live->top, &live->gates, clock, clock_ns(CLOCK_BOOTTIME), stdout);
}

static void suspend(void)
{
	terminal_restore();
	raise(SIGSTOP);
	terminal_take();
}

/* Return: whether to go on */
static bool take_keys(struct top *t)
{
	unsigned char keys[64];
	ssize_t n = read(STDIN_FILENO, keys, sizeof(keys)), i;

	if (n <= 0)
		return n < 0 && (errno == EAGAIN || errno == EINTR);
	for (i = 0; i < n; i++) {
		switch (top_key(t, keys[i])) {
		case TOP_QUIT:
			return false;
		case TOP_SUSPEND:
			suspend();
			break;
		case TOP_GO_ON:
			break;
		}
	}
	/* an escape by itself, for those who press it to be rid of something */
	if (t->escape == 1) {
		t->escape = 0;
		t->find[0] = '\0';
	}
	return true;
}

/* Return: whether to go on */
static bool take_signals(struct top *t, int fd)
{
	struct signalfd_siginfo info;
	bool go_on = true;

	while (read(fd, &info, sizeof(info)) == sizeof(info))
		go_on &= info.ssi_signo == SIGWINCH;
	measure(t);
	return go_on;
}

static int signal_fd(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static uint64_t now_ms(void)
{
	return clock_ns(CLOCK_MONOTONIC) / NSEC_PER_MSEC;
}

static void loop(struct live *live)
{
	struct pollfd fds[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = signal_fd(), .events = POLLIN },
		{ .events = POLLIN },
	};
	uint64_t looked = 0, due = 0, now;
	bool go_on = true;

	while (go_on) {
		now = now_ms();
		if (now >= due) {
			look(live);
			looked = now_ms();
			due = looked + REFRESH_MS;
			now = looked;
		}
		draw(live);
		fds[2].fd = live->events.sk ? ag_fd(&live->events) : -1;
		poll(fds, ARRAY_SIZE(fds), due > now ? due - now : 0);
		if (fds[0].revents)
			go_on = take_keys(&live->top);
		if (fds[1].revents)
			go_on &= take_signals(&live->top, fds[1].fd);
		if (fds[2].revents || live->events.deaf)
			take_events(live);
		if (fds[2].revents)
			due = looked + SOONEST_MS;
	}
	close(fds[1].fd);
}

/**
 * cmd_top() - show the gates, kept up to date
 * @argc: number of arguments
 * @argv: [state STATE[,STATE...]] [name NAME] [sort KEY]
 *
 * Return: exit status
 */
int cmd_top(int argc, char **argv)
{
	const char *term = getenv("TERM");
	struct live live = { 0 };
	struct err e;

	if (parse_filter(argc, argv, &live.top.filter, &e))
		return complain(ST_USAGE, "top: %s", e.text);
	if (live.top.filter.gate.said)
		return complain(ST_USAGE, "top: \"%s\" is too much; top takes state, name and sort",
				argv[0]);
	if (opt.json)
		return complain(ST_USAGE, "top: it is for people; programs read -j show or -j monitor");
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &saved))
		return complain(ST_REFUSED, "top: this is no terminal; use show or monitor");
	if (!term || !*term || !strcmp(term, "dumb"))
		return complain(ST_REFUSED, "top: the terminal (TERM=%s) cannot move the cursor; use show or monitor",
				term ? term : "");
	/* Every connection is made in the namespace that we are in from now on. */
	if (opt.netns && netns_enter(opt.netns, &e))
		return complain(ST_REFUSED, "%s", e.text);
	opt.netns = NULL;
	atexit(terminal_restore);
	terminal_take();
	measure(&live.top);
	loop(&live);
	terminal_restore();
	if (live.events.sk)
		ag_close(&live.events);
	gates_free(&live.gates);
	return ST_OK;
}
