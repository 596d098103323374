// SPDX-License-Identifier: GPL-2.0
/*
 * faults - every allocation of a request, or of the engine's work for it, fails
 * once
 *
 *   faults list			the names of the operations
 *   faults walk OPERATION self|engine [FROM]
 *   faults load MODULE.ko	the same for its loading; it is not loaded before
 *
 * An operation is carried out again and again; the first time the first
 * allocation (slab or page) on its way fails, then the second, and so on until
 * there is none left to fail: then all have had their turn. "self": those of the
 * task that asks; "engine": those of the kernel's workers meanwhile. That is
 * what /proc/PID/fail-nth is for; it needs CONFIG_FAULT_INJECTION,
 * CONFIG_FAILSLAB and CONFIG_FAIL_PAGE_ALLOC, and status 4 means that they are
 * missing.
 *
 * Each time: whoever asked has got an answer; the same request, repeated without
 * a fault, succeeds; the tables come to hold what they should, within the time
 * that faults are given to heal (MS, default 3000); and as long as they do not,
 * the gate says so.
 *
 * Among the allocations of the engine's work is that of rtnetlink's answer, which
 * comes only when something is refused. How many of those were lost is counted, by
 * a probe of the function by which the kernel tells the socket; where an operation
 * is about that, there has to be one, and it has to be told.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <time.h>
#include <linux/anygate.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "genl.h"

#define FAULT_DIR "/sys/kernel/debug/"
#define TRACE_DIR "/sys/kernel/tracing/"
#define N_MAX 20000
#define PROTO 166		/* the module's addresses and routes */
#define METRIC 1024		/* of its routes, if nothing is said */

static struct genl genl, route = { .fd = -1 };
static long heal_ms = 3000, slowest_ms;
static int udp53 = -1;
static bool engine;
static int n_workers;
static int worker_fds[256];

static const unsigned char v4[4] = { 192, 0, 2, 53 };
static const unsigned char v6[16] = { 0x20, 1, 0xd, 0xb8, [15] = 0x53 };
static const unsigned char net4[4] = { 198, 18, 0, 0 };
static const unsigned char in_net4[4] = { 198, 18, 0, 1 };
/* Where fallbacks lead: by a device that allocfail.sh makes. */
static const unsigned char near4[4] = { 203, 0, 113, 129 };
static const unsigned char far4[4] = { 203, 0, 113, 130 };
static const unsigned char near6[16] = { 0x20, 1, 0xd, 0xb8, [5] = 0xf, [15] = 1 };
static const unsigned char far6[16] = { 0x20, 1, 0xd, 0xb8, [5] = 0xf, [15] = 2 };
static const unsigned char nowhere4[4];
#define FAR_DEV "d0"

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* --- faults ---------------------------------------------------------------- */

static void setting(const char *file, const char *value)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), FAULT_DIR "%s", file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0) {
		printf("# no %s\n", path);
		exit(4);
	}
	if (write(fd, value, strlen(value)) < 0)
		err(2, "%s", path);
	close(fd);
}

static void settings(void)
{
	setting("failslab/verbose", "0");
	setting("failslab/ignore-gfp-wait", "N");
	setting("fail_page_alloc/verbose", "0");
	setting("fail_page_alloc/ignore-gfp-wait", "N");
	setting("fail_page_alloc/ignore-gfp-highmem", "N");
	setting("fail_page_alloc/min-order", "0");
}

/* The kernel tells of some that fail, with a trace that vm/kmsg-scan is to know. */
static void say(const char *what)
{
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	char text[64];
	int len;

	/* Not dprintf(): it seeks, which this file does not like. */
	len = snprintf(text, sizeof(text), "faults: allocations %s\n", what);
	if (fd < 0 || write(fd, text, len) != len)
		err(2, "/dev/kmsg");
	close(fd);
}

static void left_alone(void)
{
	say("are left alone");
}

static int open_nth(const char *task)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%.20s/fail-nth", task);
	return open(path, O_RDWR | O_CLOEXEC);
}

/* The workers of unbound queues, such as ours: they come and go. */
static void find_workers(void)
{
	char path[64], comm[32];
	struct dirent *e;
	DIR *proc;
	FILE *f;

	while (n_workers)
		close(worker_fds[--n_workers]);
	proc = opendir("/proc");
	while (proc && (e = readdir(proc)) && n_workers < 256) {
		if (e->d_name[0] < '1' || e->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%.20s/comm", e->d_name);
		f = fopen(path, "re");
		if (!f)
			continue;
		if (!fgets(comm, sizeof(comm), f))
			comm[0] = '\0';
		fclose(f);
		if (strncmp(comm, "kworker/u", 9))
			continue;
		snprintf(path, sizeof(path), "%.20s", e->d_name);
		worker_fds[n_workers] = open_nth(path);
		if (worker_fds[n_workers] >= 0)
			n_workers++;
	}
	if (proc)
		closedir(proc);
}

static void put_nth(int fd, int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", n);

	/* A worker may have ended. */
	if (pwrite(fd, text, len, 0) < 0 && errno != ESRCH)
		err(2, "fail-nth");
}

static int get_nth(int fd)
{
	char text[16] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
		return -1;
	return atoi(text);
}

static void arm(int n)
{
	int i;

	if (!engine) {
		put_nth(worker_fds[0], n);
		return;
	}
	for (i = 0; i < n_workers; i++)
		put_nth(worker_fds[i], n);
}

/* Has one been made to fail? What had counted down to 0 has. */
static bool has_fired(void)
{
	int i;

	for (i = 0; i < n_workers; i++)
		if (get_nth(worker_fds[i]) == 0)
			return true;
	return false;
}

static bool disarm(void)
{
	bool fired = has_fired();
	int i;

	for (i = 0; i < n_workers; i++)
		put_nth(worker_fds[i], 0);
	return fired;
}

/* The engine begins when it is scheduled, which may be after the answer. */
static void wait_fired(void)
{
	long until = now_ms() + 100;

	while (!has_fired() && now_ms() < until)
		usleep(1000);
}

/* --- replies that are lost ---------------------------------------------------- */

static int trace_file(const char *file, int flags)
{
	char path[128];

	snprintf(path, sizeof(path), TRACE_DIR "%s", file);
	return open(path, flags | O_CLOEXEC);
}

static bool trace(const char *file, int flags, const char *value)
{
	int fd = trace_file(file, flags | O_WRONLY);
	bool ok = fd >= 0 && write(fd, value, strlen(value)) > 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

static void count_no_lost(void)
{
	trace("events/faults/lost/enable", 0, "0");
	trace("kprobe_events", O_APPEND, "-:faults/lost\n");
}

/*
 * netlink_ack() calls this for the asker's socket if it has no memory for an
 * answer. For others' sockets it is called by what these tests do not do: nothing
 * is sent here, and nothing refused.
 */
static void count_lost(void)
{
	/* Left by one that was killed. */
	count_no_lost();
	if (!trace("kprobe_events", O_APPEND, "p:faults/lost sk_error_report\n") ||
	    !trace("events/faults/lost/enable", 0, "1"))
		err(2, "no probe on sk_error_report()");
	atexit(count_no_lost);
}

/* "EVENT HITS MISSES" is a line of this file. */
static unsigned long lost(void)
{
	int fd = trace_file("kprobe_profile", O_RDONLY);
	unsigned long hits;
	char text[4096];
	ssize_t len;
	char *at;

	len = read(fd, text, sizeof(text) - 1);
	if (len < 0)
		err(2, "kprobe_profile");
	close(fd);
	text[len] = '\0';
	at = strstr(text, " lost ");
	if (!at || sscanf(at, " lost %lu", &hits) != 1)
		errx(2, "kprobe_profile does not tell");
	return hits;
}

/* --- the tables, and what is shown of them ----------------------------------- */

static bool has_addr(const void *addr, int family)
{
	struct ifaddrs *all, *i;
	bool found = false;

	if (getifaddrs(&all))
		err(2, "getifaddrs");
	for (i = all; i; i = i->ifa_next) {
		if (!i->ifa_addr || i->ifa_addr->sa_family != family)
			continue;
		found |= family == AF_INET ?
			 !memcmp(&((struct sockaddr_in *)i->ifa_addr)->sin_addr,
				 addr, 4) :
			 !memcmp(&((struct sockaddr_in6 *)i->ifa_addr)->sin6_addr,
				 addr, 16);
	}
	freeifaddrs(all);
	return found;
}

/* Is this a route of ours to that prefix, of this type, by this gateway and in this
 * table, if they are given?
 */
static bool is_ours(const struct nlmsghdr *h, const void *addr, size_t len,
		    int type, const void *via, int table)
{
	const struct rtmsg *rtm = NLMSG_DATA(h);
	const struct rtattr *a = RTM_RTA(rtm);
	int left = RTM_PAYLOAD(h);
	bool dst = false, gateway = !via;

	if (h->nlmsg_type != RTM_NEWROUTE || rtm->rtm_protocol != PROTO ||
	    rtm->rtm_type != type || (table && rtm->rtm_table != table))
		return false;
	for (; RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		if (RTA_PAYLOAD(a) != len)
			continue;
		if (a->rta_type == RTA_DST)
			dst = !memcmp(RTA_DATA(a), addr, len);
		if (a->rta_type == RTA_GATEWAY && via)
			gateway = !memcmp(RTA_DATA(a), via, len);
	}
	return dst && gateway;
}

/* How many of them are there? */
static int routes(const void *addr, size_t len, int type, const void *via,
		  int table)
{
	static char buf[65536] __attribute__((aligned(4)));
	struct {
		struct nlmsghdr h;
		struct rtmsg rtm;
	} request = {
		.h.nlmsg_len = sizeof(request),
		.h.nlmsg_type = RTM_GETROUTE,
		.h.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		.rtm.rtm_family = len == 4 ? AF_INET : AF_INET6,
	};
	struct nlmsghdr *h;
	ssize_t got;
	int n = 0;

	if (send(route.fd, &request, sizeof(request), 0) < 0)
		err(2, "rtnetlink");
	for (;;) {
		got = recv(route.fd, buf, sizeof(buf), 0);
		if (got < 0)
			err(2, "rtnetlink");
		for (h = (void *)buf; NLMSG_OK(h, got); h = NLMSG_NEXT(h, got)) {
			if (h->nlmsg_type == NLMSG_DONE)
				return n;
			if (h->nlmsg_type == NLMSG_ERROR)
				errx(2, "rtnetlink: no routes");
			n += is_ours(h, addr, len, type, via, table);
		}
	}
}

static bool announced(const void *addr, size_t len)
{
	return addr == net4 ? routes(addr, len, RTN_BLACKHOLE, NULL, 0) :
			      has_addr(addr, len == 4 ? AF_INET : AF_INET6);
}

struct shown {
	bool there;
	uint32_t state, announced, difference, error;
};

static void message(struct message *m, uint8_t command, const void *addr,
		    size_t len)
{
	message_start(m, genl.family, 0, command);
	if (addr)
		put(m, ANYGATE_A_GATE_PREFIX, addr, len);
}

static struct shown show(const void *addr, size_t len)
{
	struct message m, answer = { .len = 0 };
	struct shown s = {};
	size_t at;

	message(&m, ANYGATE_CMD_GATE_GET, addr, len);
	if (addr == net4)
		put_u32(&m, ANYGATE_A_GATE_PREFIX_LEN, 24);
	if (ask(&genl, &m, &answer))
		return s;
	s.there = true;
	for (at = NLMSG_HDRLEN + GENL_HDRLEN; at + NLA_HDRLEN <= answer.len;) {
		struct nlattr *a = (void *)(answer.buf + at);
		uint32_t value;

		if (a->nla_len < NLA_HDRLEN)
			break;
		memcpy(&value, (char *)a + NLA_HDRLEN, 4);
		switch (a->nla_type & NLA_TYPE_MASK) {
		case ANYGATE_A_GATE_STATE:
			s.state = value;
			break;
		case ANYGATE_A_GATE_ANNOUNCED:
			s.announced = value;
			break;
		case ANYGATE_A_GATE_DIFFERENCE:
			s.difference = value;
			break;
		case ANYGATE_A_GATE_ERROR:
			s.error = value;
			break;
		}
		at += NLA_ALIGN(a->nla_len);
	}
	return s;
}

static const char *op_name;
static int nth;

static void __attribute__((noreturn, format(printf, 1, 2)))
wrong(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("# %s, %s, allocation %d: ", op_name,
	       engine ? "engine" : "self", nth);
	vprintf(format, args);
	printf("\n");
	va_end(args);
	exit(1);
}

/* Until it is (not) announced: the truth, and what is shown. */
static void converge(const void *addr, size_t len, bool want)
{
	long begun = now_ms(), took;

	for (;;) {
		struct shown s = show(addr, len);
		bool open = s.state == ANYGATE_STATE_OPEN;
		bool really = announced(addr, len);

		took = now_ms() - begun;
		if (s.there && open == want && s.announced == want &&
		    really == want)
			break;
		if (s.there && open != !!s.announced &&
		    s.difference == ANYGATE_DIFFERENCE_NONE)
			wrong("announced %u in state %u, and nothing is said",
			      s.announced, s.state);
		if (took > heal_ms)
			wrong("not healed: gate %d, state %u, announced %u (%d), difference %u, error %d",
			      s.there, s.state, s.announced, really,
			      s.difference, (int)s.error);
		usleep(2000);
	}
	if (took > slowest_ms)
		slowest_ms = took;
}

/* Gone, with its address or route. */
static void gone(const void *addr, size_t len)
{
	if (show(addr, len).there)
		wrong("the gate is still there");
	if (announced(addr, len))
		wrong("it is still announced");
}

/* --- operations -------------------------------------------------------------- */

static void listen53(bool on)
{
	struct sockaddr_in6 any = {
		.sin6_family = AF_INET6, .sin6_port = htons(53),
	};

	if (on == (udp53 >= 0)) {
		/* What an earlier turn has left unread. */
		while (on && recv(udp53, NULL, 0, MSG_DONTWAIT | MSG_TRUNC) >= 0)
			;
		return;
	}
	if (!on) {
		close(udp53);
		udp53 = -1;
		return;
	}
	udp53 = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (udp53 < 0 || bind(udp53, (void *)&any, sizeof(any)))
		err(2, "bind");
}

static void put_service(struct message *m, const void *addr, size_t len,
			uint32_t protocol, uint32_t port)
{
	size_t nest = nest_start(m, ANYGATE_A_GATE_SERVICE);

	if (addr)
		put(m, ANYGATE_A_SERVICE_ADDRESS, addr, len);
	put_u32(m, ANYGATE_A_SERVICE_PROTOCOL, protocol);
	put_u32(m, ANYGATE_A_SERVICE_PORT, port);
	nest_end(m, nest);
}

static void put_extras(struct message *m)
{
	put_u32(m, ANYGATE_A_GATE_NEED, 1);
	put_u32(m, ANYGATE_A_GATE_SHIELD, 1000);
	put_u32(m, ANYGATE_A_GATE_STALL, 1000);
	put_u32(m, ANYGATE_A_GATE_FATAL, 1);
	put_u32(m, ANYGATE_A_GATE_DAMP, 0);
	put_service(m, NULL, 0, IPPROTO_UDP, 53);
	put_service(m, NULL, 0, IPPROTO_TCP, 54);
	put_service(m, NULL, 0, IPPROTO_UDP, 55);
}

static int add(const void *addr, size_t len, bool extras, bool lease)
{
	struct message m;

	message(&m, ANYGATE_CMD_GATE_ADD, addr, len);
	put_u32(&m, ANYGATE_A_GATE_UP, 0);
	if (addr == net4) {
		put_u32(&m, ANYGATE_A_GATE_PREFIX_LEN, 24);
		put_service(&m, in_net4, 4, IPPROTO_UDP, 53);
	} else if (extras) {
		put_extras(&m);
	} else {
		put_service(&m, NULL, 0, IPPROTO_UDP, 53);
	}
	if (lease)
		put(&m, ANYGATE_A_GATE_REQUIRE, "check", 6);
	return ask(&genl, &m, NULL);
}

static int del(const void *addr, size_t len)
{
	struct message m;

	message(&m, ANYGATE_CMD_GATE_DEL, addr, len);
	if (addr == net4)
		put_u32(&m, ANYGATE_A_GATE_PREFIX_LEN, 24);
	return ask(&genl, &m, NULL);
}

static int add4(void)		{ return add(v4, 4, false, false); }
static int add_extras(void)	{ return add(v4, 4, true, false); }
static int add_lease(void)	{ return add(v4, 4, false, true); }
static int add6(void)		{ return add(v6, 16, false, false); }
static int add_route(void)	{ return add(net4, 4, false, false); }
static int del4(void)		{ return del(v4, 4); }
static int del6(void)		{ return del(v6, 16); }
static int del_route(void)	{ return del(net4, 4); }

static int change(void)
{
	struct message m;

	message(&m, ANYGATE_CMD_GATE_CHANGE, v4, 4);
	put_extras(&m);
	return ask(&genl, &m, NULL);
}

static int change_back(void)
{
	struct message m;

	message(&m, ANYGATE_CMD_GATE_CHANGE, v4, 4);
	put_u32(&m, ANYGATE_A_GATE_SHIELD, 0);
	put_u32(&m, ANYGATE_A_GATE_STALL, 0);
	put_u32(&m, ANYGATE_A_GATE_FATAL, 0);
	put_service(&m, NULL, 0, IPPROTO_UDP, 53);
	return ask(&genl, &m, NULL);
}

static int change_action(void)
{
	struct message m;

	message(&m, ANYGATE_CMD_GATE_CHANGE, v4, 4);
	put_u32(&m, ANYGATE_A_GATE_ACTION, ANYGATE_ACTION_ROUTE);
	return ask(&genl, &m, NULL);
}

static int fall_back(uint8_t command, const void *addr, size_t len,
		     const void *via)
{
	struct message m;

	message(&m, command, addr, len);
	put(&m, ANYGATE_A_GATE_FALLBACK_VIA, via, len);
	if (via != nowhere4)
		put(&m, ANYGATE_A_GATE_FALLBACK_DEV, FAR_DEV, sizeof(FAR_DEV));
	if (command == ANYGATE_CMD_GATE_ADD)
		put_service(&m, NULL, 0, IPPROTO_UDP, 53);
	return ask(&genl, &m, NULL);
}

/* Nothing but this fallback leads to the prefix; NULL: none does. */
static bool only_via(const void *addr, size_t len, const void *via)
{
	return routes(addr, len, RTN_UNICAST, NULL, 0) == !!via &&
	       (!via || routes(addr, len, RTN_UNICAST, via, 0) == 1);
}

static bool via_near4(void)	{ return only_via(v4, 4, near4); }
static bool via_far4(void)	{ return only_via(v4, 4, far4); }
static bool via_far6(void)	{ return only_via(v6, 16, far6); }
static bool via_none4(void)	{ return only_via(v4, 4, NULL); }

/* Until it is so. As long as it is not, something is said; if not in an instant. */
static void await(bool (*right)(void), const void *addr, size_t len)
{
	long begun = now_ms(), silent = begun, now = begun;
	struct shown s;

	while (!right()) {
		s = show(addr, len);
		now = now_ms();
		if (s.error || s.difference != ANYGATE_DIFFERENCE_NONE)
			silent = now;
		if (now - silent > heal_ms / 2)
			wrong("the routes are wrong, and nothing is said");
		if (now - begun > heal_ms)
			wrong("not healed: the routes are wrong; difference %u, error %d",
			      s.difference, (int)s.error);
		usleep(2000);
	}
	if (now - begun > slowest_ms)
		slowest_ms = now - begun;
}

static int add_fallback4(void)
{
	int ret = fall_back(ANYGATE_CMD_GATE_ADD, v4, 4, near4);

	if (!ret)
		await(via_near4, v4, 4);
	return ret;
}

static int add_fallback6(void)
{
	return fall_back(ANYGATE_CMD_GATE_ADD, v6, 16, near6);
}

static int change_fallback4(void)
{
	return fall_back(ANYGATE_CMD_GATE_CHANGE, v4, 4, far4);
}

static int change_fallback6(void)
{
	return fall_back(ANYGATE_CMD_GATE_CHANGE, v6, 16, far6);
}

static int change_fallback_none(void)
{
	return fall_back(ANYGATE_CMD_GATE_CHANGE, v4, 4, nowhere4);
}

/* What the gate is going to add: the kernel will refuse it a second time. */
static int route_there(void)
{
	struct message m = { .len = NLMSG_LENGTH(sizeof(struct rtmsg)) };
	struct rtmsg *rtm = NLMSG_DATA(&m.h);
	int ret;

	m.h.nlmsg_type = RTM_NEWROUTE;
	m.h.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
	*rtm = (struct rtmsg){
		.rtm_family = AF_INET,
		.rtm_dst_len = 24,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = PROTO,
		.rtm_type = RTN_BLACKHOLE,
	};
	put(&m, RTA_DST, net4, 4);
	put_u32(&m, RTA_PRIORITY, METRIC);
	ret = ask(&route, &m, NULL);
	return ret == -EEXIST ? 0 : ret;
}

/* The device is put into a VRF, or taken out of one. */
static int enslave(const char *vrf)
{
	struct message m = { .len = NLMSG_LENGTH(sizeof(struct ifinfomsg)) };
	struct ifinfomsg *ifi = NLMSG_DATA(&m.h);

	m.h.nlmsg_type = RTM_NEWLINK;
	m.h.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	*ifi = (struct ifinfomsg){ .ifi_index = if_nametoindex(FAR_DEV) };
	put_u32(&m, IFLA_MASTER, vrf ? if_nametoindex(vrf) : 0);
	return ask(&route, &m, NULL);
}

static int join_vrf(void)	{ return enslave("red"); }

static int add_held(void)
{
	struct message m;
	int ret = enslave(NULL);

	if (ret)
		return ret;
	message(&m, ANYGATE_CMD_GATE_ADD, v4, 4);
	put_u32(&m, ANYGATE_A_GATE_UP, 0);
	put(&m, ANYGATE_A_GATE_DEV, FAR_DEV, sizeof(FAR_DEV));
	put_service(&m, NULL, 0, IPPROTO_UDP, 53);
	return ask(&genl, &m, NULL);
}

/* What holds the address follows the device. */
static bool held_in_vrf(void)
{
	return routes(v4, 4, RTN_LOCAL, NULL, 10) == 1 &&
	       routes(v4, 4, RTN_LOCAL, NULL, 0) == 1;
}

static int order(uint32_t what)
{
	struct message m;

	message(&m, ANYGATE_CMD_GATE_ORDER, v4, 4);
	put_u32(&m, ANYGATE_A_GATE_ORDER, what);
	return ask(&genl, &m, NULL);
}

static int drain(void)		{ return order(ANYGATE_ORDER_DRAIN); }
static int follow(void)		{ return order(ANYGATE_ORDER_FOLLOW); }

/* With nothing to put back, follow has nothing to allocate. */
static int add_drained(void)
{
	int ret = add4();

	if (ret)
		return ret;
	converge(v4, 4, true);
	ret = drain();
	if (!ret)
		converge(v4, 4, false);
	return ret;
}

static int lease(void)
{
	struct message m;

	message(&m, ANYGATE_CMD_GATE_LEASE, v4, 4);
	put(&m, ANYGATE_A_GATE_LEASE_NAME, "check", 6);
	put_u32(&m, ANYGATE_A_GATE_VERDICT, ANYGATE_VERDICT_UP);
	put_u32(&m, ANYGATE_A_GATE_FOR, 600000);
	return ask(&genl, &m, NULL);
}

static int flush(void)
{
	struct message m;

	message(&m, ANYGATE_CMD_GATE_FLUSH, NULL, 0);
	return ask(&genl, &m, NULL);
}

static int plain(uint8_t command, uint16_t flags)
{
	struct message m;

	message_start(&m, genl.family, flags, command);
	if (!flags && command != ANYGATE_CMD_STATUS_GET)
		put(&m, ANYGATE_A_GATE_PREFIX, v4, 4);
	return ask(&genl, &m, NULL);
}

static int get(void)		{ return plain(ANYGATE_CMD_GATE_GET, 0); }
static int dump(void)		{ return plain(ANYGATE_CMD_GATE_GET, NLM_F_DUMP); }
static int status(void)		{ return plain(ANYGATE_CMD_STATUS_GET, 0); }
static int stats(void)		{ return plain(ANYGATE_CMD_STATS_GET, NLM_F_DUMP); }

/* A number of 64 bits, of the namespace or of the one gate it has. */
static uint64_t counter(uint8_t command, uint16_t flags, uint16_t type)
{
	struct message m, answer = { .len = 0 };
	uint64_t value = 0;
	size_t at;

	message_start(&m, genl.family, flags, command);
	if (ask(&genl, &m, &answer))
		wrong("no counters: %s", genl.reason);
	for (at = NLMSG_HDRLEN + GENL_HDRLEN; at + NLA_HDRLEN <= answer.len;) {
		struct nlattr *a = (void *)(answer.buf + at);

		if (a->nla_len < NLA_HDRLEN)
			break;
		if ((a->nla_type & NLA_TYPE_MASK) == type)
			memcpy(&value, (char *)a + NLA_HDRLEN, 8);
		at += NLA_ALIGN(a->nla_len);
	}
	return value;
}

static uint64_t passes(void)
{
	return counter(ANYGATE_CMD_STATUS_GET, 0, ANYGATE_A_STATUS_PASSES);
}

static uint64_t errors(void)
{
	return counter(ANYGATE_CMD_STATS_GET, NLM_F_DUMP, ANYGATE_A_STATS_ERRORS);
}

/*
 * The next reconcile: it adds once more what is there, to see whether it is, and is
 * refused. Of the first pass nobody knows whether it had begun before.
 */
static int verify(void)
{
	uint64_t before = passes();
	long until = now_ms() + 60000;

	while (passes() < before + 2 && !has_fired()) {
		if (now_ms() > until)
			wrong("no reconcile");
		usleep(1000);
	}
	return 0;
}

static int appear(void)
{
	listen53(true);
	converge(v4, 4, true);
	return 0;
}

static int vanish(void)
{
	listen53(false);
	converge(v4, 4, false);
	return 0;
}

/* What nobody reads: the head of the queue is looked at, and then the reads are watched. */
static int stalls(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(53) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	memcpy(&to.sin_addr, v4, 4);
	if (fd < 0 || sendto(fd, "?", 1, 0, (void *)&to, sizeof(to)) != 1)
		err(2, "no datagram");
	close(fd);
	converge(v4, 4, false);
	return 0;
}

/* The number of a group of the module's, by its name. */
static unsigned int group_of(const char *name)
{
	struct message m, answer = { .len = 0 };
	struct nlattr *a, *groups = NULL, *group;
	uint32_t number = 0;
	size_t at, in, of;
	bool it;

	message_start(&m, GENL_ID_CTRL, 0, CTRL_CMD_GETFAMILY);
	put(&m, CTRL_ATTR_FAMILY_NAME, ANYGATE_FAMILY_NAME, sizeof(ANYGATE_FAMILY_NAME));
	if (ask(&genl, &m, &answer))
		errx(2, "no family");
	for (at = NLMSG_HDRLEN + GENL_HDRLEN; at + NLA_HDRLEN <= answer.len;
	     at += NLA_ALIGN(a->nla_len)) {
		a = (void *)(answer.buf + at);
		if ((a->nla_type & NLA_TYPE_MASK) == CTRL_ATTR_MCAST_GROUPS)
			groups = a;
	}
	for (in = NLA_HDRLEN; groups && in < groups->nla_len; in += NLA_ALIGN(group->nla_len)) {
		group = (void *)((char *)groups + in);
		it = false;
		for (of = NLA_HDRLEN; of < group->nla_len; of += NLA_ALIGN(a->nla_len)) {
			a = (void *)((char *)group + of);
			if (a->nla_type == CTRL_ATTR_MCAST_GRP_NAME)
				it = !strcmp((char *)a + NLA_HDRLEN, name);
			else if (a->nla_type == CTRL_ATTR_MCAST_GRP_ID)
				memcpy(&number, (char *)a + NLA_HDRLEN, 4);
		}
		if (it)
			return number;
	}
	errx(2, "no group %s", name);
}

/* Somebody hears of what happens, and it has to be told. */
static int add_heard(void)
{
	static int ears = -1;
	unsigned int group = group_of("events");
	char buf[4096];

	if (ears < 0) {
		ears = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
		if (ears < 0 || setsockopt(ears, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
					   sizeof(group)))
			err(2, "no events");
	}
	/* Full, it would not be told any more; that it was not is said here, too. */
	while (recv(ears, buf, sizeof(buf), MSG_DONTWAIT) >= 0 || errno == ENOBUFS)
		;
	return add_extras();
}

/* Where there has never been a gate, all that a namespace needs is made for the first. */
static int new_namespace(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd;

	listen53(false);
	close(genl.fd);
	if (unshare(CLONE_NEWNET))
		err(2, "unshare");
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo))
		err(2, "lo");
	close(fd);
	genl_open(&genl, ANYGATE_FAMILY_NAME);
	listen53(true);
	return 0;
}

/* What "before" sets up, "run" does under a fault, and repeats without one. */
static const struct op {
	const char *name;
	bool listener;
	int (*before)(void);
	int (*run)(void);
	int again;		/* what the repetition may also say */
	const void *addr;	/* then: announced or not ... */
	size_t len;
	bool announced;
	bool gone;		/* ... or gone */
} ops[] = {
	{ "add", true, NULL, add4, -EEXIST, v4, 4, true, false },
	{ "add-closed", false, NULL, add4, -EEXIST, v4, 4, false, false },
	{ "add-extras", true, NULL, add_extras, -EEXIST, v4, 4, true, false },
	{ "add-lease", true, NULL, add_lease, -EEXIST, v4, 4, false, false },
	{ "add-v6", true, NULL, add6, -EEXIST, v6, 16, true, false },
	{ "add-route", true, NULL, add_route, -EEXIST, net4, 4, true, false },
	{ "change", true, add4, change, 0, v4, 4, true, false },
	{ "change-back", true, add_extras, change_back, 0, v4, 4, true, false },
	{ "change-action", true, add4, change_action, -EBUSY, NULL, 0, false,
	  false },
	{ "drain", true, add4, drain, 0, v4, 4, false, false },
	{ "follow", true, add_drained, follow, 0, v4, 4, true, false },
	{ "lease", true, add_lease, lease, 0, v4, 4, true, false },
	{ "del", true, add4, del4, -ENOENT, v4, 4, false, true },
	{ "del-extras", true, add_extras, del4, -ENOENT, v4, 4, false, true },
	{ "del-v6", true, add6, del6, -ENOENT, v6, 16, false, true },
	{ "del-route", true, add_route, del_route, -ENOENT, net4, 4, false,
	  true },
	{ "flush", true, add4, flush, 0, v4, 4, false, true },
	{ "get", true, add4, get, 0, v4, 4, true, false },
	{ "dump", true, add4, dump, 0, v4, 4, true, false },
	{ "status", true, add4, status, 0, v4, 4, true, false },
	{ "stats", true, add4, stats, 0, v4, 4, true, false },
	{ "appear", false, add_extras, appear, 0, v4, 4, true, false },
	{ "vanish", true, add_extras, vanish, 0, v4, 4, false, false },
	{ "change-fallback", false, add_fallback4, change_fallback4, 0, v4, 4,
	  false, false },
	{ "change-fallback-v6", false, add_fallback6, change_fallback6, 0, v6,
	  16, false, false },
	{ "change-fallback-none", false, add_fallback4, change_fallback_none, 0,
	  v4, 4, false, false },
	{ "add-there", true, route_there, add_route, -EEXIST, net4, 4, true,
	  false },
	{ "join-vrf", true, add_held, join_vrf, 0, v4, 4, true, false },
	{ "vanish-heard", true, add_heard, vanish, 0, v4, 4, false, false },
	{ "stalls", true, add_extras, stalls, 0, v4, 4, false, false },
	{ "first-gate", true, new_namespace, add4, -EEXIST, v4, 4, true, false },
	{ "verify", false, add4, verify, 0, v4, 4, false, false },
	{ "verify-route", true, add_route, verify, 0, net4, 4, true, false },
};

/* Those that are about other routes than the announced, and what is right then. */
static const struct {
	int (*run)(void);
	bool (*right)(void);
} ends[] = {
	{ change_fallback4, via_far4 },
	{ change_fallback6, via_far6 },
	{ change_fallback_none, via_none4 },
	{ join_vrf, held_in_vrf },
};

/* Is it about rtnetlink's answers? Where it refuses nothing, there are none. */
static bool lossy(const struct op *op)
{
	return engine && (op->before == route_there || op->run == verify);
}

/*
 * Probes are armed for the first gate and removed with the last: both take long,
 * and an allocation on the way of a removal must not fail, since the kernel
 * (disarm_kprobe_ftrace()) warns then, and leaves the probe where it is. So
 * another namespace keeps them, but where it is the first gate that is to be
 * added.
 */
static void keep_probes(void)
{
	static const unsigned char addr[4] = { 203, 0, 113, 99 };
	struct message m;
	int ready[2];
	pid_t pid;
	char c;

	if (pipe(ready))
		err(2, "pipe");
	pid = fork();
	if (pid < 0)
		err(2, "fork");
	if (pid) {
		close(ready[1]);
		if (read(ready[0], &c, 1) != 1)
			wrong("no keeper of probes");
		close(ready[0]);
		return;
	}
	/* It ends with whoever wants it. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || unshare(CLONE_NEWNET))
		err(2, "keeper");
	genl_open(&genl, ANYGATE_FAMILY_NAME);
	message(&m, ANYGATE_CMD_GATE_ADD, addr, 4);
	/* Nothing for its engine to do: its lo is down. */
	put_u32(&m, ANYGATE_A_GATE_HOLD, 0);
	put_service(&m, NULL, 0, IPPROTO_UDP, 99);
	put_service(&m, NULL, 0, IPPROTO_TCP, 99);
	put_u32(&m, ANYGATE_A_GATE_STALL, 1000);
	put_u32(&m, ANYGATE_A_GATE_FATAL, 1);
	if (ask(&genl, &m, NULL))
		errx(2, "keeper: %s", genl.reason);
	if (write(ready[1], "", 1) != 1)
		err(2, "keeper");
	for (;;)
		pause();
}

static void start_over(const struct op *op)
{
	if (flush())
		wrong("flush: %s", genl.reason);
	listen53(op->listener);
	if (op->before && op->before())
		wrong("not set up: %s", genl.reason);
	if (op->before && op->addr && op->before != route_there &&
	    op->before != new_namespace && op->run != lease && op->run != follow)
		converge(op->addr, op->len, op->listener);
}

static int n_lost, n_said;

/*
 * An answer was lost: nobody knows what has become of the request. That is an
 * error, counted for good and shown until the next attempt; not so if it was about
 * what is announced, and that is as it is wanted.
 */
static void told(const struct op *op, uint64_t errors_before)
{
	long begun = now_ms();

	n_lost++;
	while (errors() == errors_before) {
		if (now_ms() - begun > heal_ms)
			wrong("an answer was lost, and nothing is said");
		usleep(1000);
	}
	n_said += show(op->addr, op->len).error == ENOBUFS;
	while (show(op->addr, op->len).error) {
		if (now_ms() - begun > heal_ms)
			wrong("an answer was lost, and the error stays");
		usleep(2000);
	}
	if (now_ms() - begun > slowest_ms)
		slowest_ms = now_ms() - begun;
}

static bool once(const struct op *op, int *failed)
{
	uint64_t errors_before = 0;
	unsigned long lost_before = 0;
	bool fired;
	size_t i;
	int ret;

	start_over(op);
	if (engine)
		find_workers();
	if (lossy(op)) {
		lost_before = lost();
		errors_before = errors();
	}
	arm(nth);
	ret = op->run();
	if (engine)
		wait_fired();
	fired = disarm();
	if (ret == -ETIMEDOUT)
		wrong("no answer");
	*failed += ret && ret != op->again;
	if (lossy(op) && lost() != lost_before)
		told(op, errors_before);
	ret = op->run();
	if (ret && ret != op->again)
		wrong("repeated without a fault: %s: %s", strerror(-ret),
		      genl.reason);
	if (op->gone)
		gone(op->addr, op->len);
	else if (op->addr)
		converge(op->addr, op->len, op->announced);
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (ends[i].run == op->run)
			await(ends[i].right, op->addr, op->len);
	return fired;
}

/*
 * Each kretprobe has hundreds of instances: of the allocations that arm probes
 * for the first gate, a sample is taken.
 */
static int step(const struct op *op)
{
	return engine && !op->before && nth > 40 ? nth / 4 : 1;
}

static void walk(const struct op *op, int from)
{
	int quiet = 0, fired = 0, failed = 0;

	op_name = op->name;
	if (!engine) {
		worker_fds[0] = open_nth("thread-self");
		n_workers = 1;
	}
	nth = 0;
	if (op->before)
		keep_probes();
	if (lossy(op))
		count_lost();
	/* The first time costs what later ones find there. */
	start_over(op);
	op->run();
	/* Others work, too, now and then: not one, but some without a hit. */
	for (nth = from; quiet < 3 && nth < N_MAX; nth += step(op)) {
		if (once(op, &failed)) {
			fired++;
			quiet = 0;
		} else {
			quiet++;
		}
	}
	if (nth >= N_MAX)
		wrong("there is no end");
	if (!fired && from == 1)
		wrong("no allocation has failed");
	if (lossy(op) && from == 1) {
		/* That of an addition is tried again in an instant. */
		if (!n_lost || (op->run == verify && op->addr == v4 && !n_said))
			wrong("%d answers lost, %d times shown", n_lost, n_said);
		printf("# %d answers lost, %d times shown\n", n_lost, n_said);
	}
	flush();
	printf("# %s, %s: %d allocations failed, %d requests with them, healed in %ld ms at most\n",
	       op->name, engine ? "engine" : "self", fired, failed, slowest_ms);
}

/*
 * How many allocations does the kernel try until it reads the module's parameters?
 * Those before are its own, and for some of them, such as those of
 * event_define_fields(), it warns. A parameter that is refused ends there.
 */
static int allocations_before_init(int module)
{
	int left;

	arm(N_MAX);
	if (!syscall(SYS_finit_module, module, "reconcile_ms=nonsense", 0))
		wrong("nonsense is taken");
	left = get_nth(worker_fds[0]);
	disarm();
	if (left <= 0 || left >= N_MAX)
		wrong("of %d allocations %d are left", N_MAX, left);
	return N_MAX - left;
}

/*
 * The module is loaded without this or that. It is refused then, and nothing of it is
 * left: the next time it is not, and it does what it is for.
 */
static void walk_load(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int quiet = 0, fired = 0, refused = 0, ret, before;

	if (fd < 0)
		err(2, "%s", path);
	op_name = "load";
	worker_fds[0] = open_nth("thread-self");
	n_workers = 1;
	before = allocations_before_init(fd);
	listen53(true);
	for (nth = before + 1; quiet < 3 && nth < N_MAX; nth++) {
		arm(nth);
		ret = syscall(SYS_finit_module, fd, "", 0) ? errno : 0;
		if (disarm()) {
			fired++;
			quiet = 0;
		} else {
			quiet++;
		}
		if (ret == ENOMEM) {
			refused++;
			continue;
		}
		if (ret)
			wrong("refused: %s", strerror(ret));
		genl_open(&genl, ANYGATE_FAMILY_NAME);
		if (add4())
			wrong("loaded, and no gate: %s", genl.reason);
		converge(v4, 4, true);
		close(genl.fd);
		if (syscall(SYS_delete_module, "anygate", O_NONBLOCK))
			wrong("it is not removed: %s", strerror(errno));
		if (announced(v4, 4))
			wrong("removed, and the address is there");
	}
	if (nth >= N_MAX || !refused)
		wrong("there is no end, or no beginning");
	close(fd);
	printf("# load, self: %d allocations before, %d failed, %d times refused\n",
	       before, fired, refused);
}

int main(int argc, char **argv)
{
	size_t i, n = sizeof(ops) / sizeof(ops[0]);

	if (argc == 2 && !strcmp(argv[1], "list")) {
		for (i = 0; i < n; i++)
			puts(ops[i].name);
		return 0;
	}
	if (argc < 3 || (argc < 4 && strcmp(argv[1], "load")))
		errx(2, "usage: faults list | walk OPERATION self|engine [FROM] | load MODULE.ko");
	settings();
	if (getenv("MS"))
		heal_ms = atol(getenv("MS"));
	if (!strcmp(argv[1], "load")) {
		say("fail");
		atexit(left_alone);
		walk_load(argv[2]);
		return 0;
	}
	engine = !strcmp(argv[3], "engine");
	genl_open(&genl, ANYGATE_FAMILY_NAME);
	route.fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (route.fd < 0)
		err(2, "rtnetlink");
	for (i = 0; i < n; i++)
		if (!strcmp(ops[i].name, argv[2]))
			break;
	if (i == n)
		errx(2, "%s?", argv[2]);
	say("fail");
	atexit(left_alone);
	walk(&ops[i], argc > 4 ? atoi(argv[4]) : 1);
	return 0;
}
