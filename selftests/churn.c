// SPDX-License-Identifier: GPL-2.0
/*
 * churn - everything at once, at random
 *
 *   churn SEED SECONDS PROCESSES
 *
 * So many processes, each of them one of
 *   - a churner: listeners come and go on the gates' ports, of every kind and
 *     in every way, the killing of their owner included
 *   - an operator: adds, changes, drains, asks, deletes gates
 *   - an editor: adds and deletes the gates' addresses by rtnetlink
 *   - a founder: makes a network namespace with gates and listeners, and leaves
 *     it to its end
 * A process that ends, because it wanted to or because the module has gone, is
 * started again. At the end nothing of them is left, and what they did is
 * printed. The seed decides what each does; not, of course, in which order.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <time.h>
#include <linux/anygate.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "genl.h"

#define N_ADDRS	8	/* 192.0.2.53 and up, 2001:db8::53 and up */
#define N_PORTS	3	/* 53 and up */

enum count {
	BINDS, LISTENS, CONNECTS, REBINDS, CLOSES, FORKS, KILLS,
	ADDS, CHANGES, ORDERS, LEASES, DELS, SHOWS, REFUSED,
	EDITS, NAMESPACES, RESTARTS, N_COUNTS
};

static const char * const count_names[] = {
	"binds", "listens", "connects", "rebinds", "closes", "forks", "kills",
	"adds", "changes", "orders", "leases", "deletions", "shows", "refused",
	"address edits", "namespaces", "restarts",
};

static unsigned long *counts;

static void count(enum count what)
{
	__atomic_add_fetch(&counts[what], 1, __ATOMIC_RELAXED);
}

static unsigned int any(unsigned int n)
{
	return random() % n;
}

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* --- sockets ------------------------------------------------------------------ */

static socklen_t address(struct sockaddr_storage *sa, bool v6, bool wildcard)
{
	struct sockaddr_in6 *sin6 = (void *)sa;
	struct sockaddr_in *sin = (void *)sa;
	uint16_t port = htons(53 + any(N_PORTS));
	char text[32];

	memset(sa, 0, sizeof(*sa));
	if (v6) {
		sin6->sin6_family = AF_INET6;
		sin6->sin6_port = port;
		snprintf(text, sizeof(text), "2001:db8::%u", 53 + any(N_ADDRS));
		if (!wildcard)
			inet_pton(AF_INET6, text, &sin6->sin6_addr);
		return sizeof(*sin6);
	}
	sin->sin_family = AF_INET;
	sin->sin_port = port;
	if (!wildcard)
		sin->sin_addr.s_addr = htonl(0xc0000235 + any(N_ADDRS));
	return sizeof(*sin);
}

static int listener(void)
{
	bool v6 = any(2), tcp = any(2);
	struct sockaddr_storage sa, peer;
	int fd, one = 1, zero = 0;
	socklen_t len;

	fd = socket(v6 ? AF_INET6 : AF_INET,
		    (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK |
		    SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (any(4))
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	setsockopt(fd, SOL_IP, IP_FREEBIND, &one, sizeof(one));
	if (v6)
		setsockopt(fd, SOL_IPV6, IPV6_V6ONLY, any(2) ? &one : &zero,
			   sizeof(one));
	len = address(&sa, v6, any(2));
	if (!bind(fd, (void *)&sa, len))
		count(BINDS);
	if (tcp) {
		if (!listen(fd, 8))
			count(LISTENS);
	} else if (!any(3)) {
		len = address(&peer, v6, false);
		if (!connect(fd, (void *)&peer, len))
			count(CONNECTS);
		if (any(2)) {
			peer.ss_family = AF_UNSPEC;
			connect(fd, (void *)&peer, len);
		}
	} else if (!any(3)) {
		/* something for stall to look at */
		len = address(&peer, v6, false);
		sendto(fd, "x", 1, 0, (void *)&peer, len);
	}
	if (!any(6)) {
		setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3);
		if (any(2))
			setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "", 0);
		count(REBINDS);
	}
	return fd;
}

static void churner(void)
{
	int fds[4] = { -1, -1, -1, -1 };

	for (;;) {
		int i = any(4);
		pid_t kid;

		if (fds[i] >= 0) {
			close(fds[i]);
			count(CLOSES);
		}
		fds[i] = listener();
		if (any(100))
			continue;
		if (any(4)) {
			/* The sockets are another's too, for an instant. */
			kid = fork();
			if (!kid) {
				prctl(PR_SET_PDEATHSIG, SIGKILL);
				usleep(any(3000));
				_exit(0);
			}
			count(FORKS);
			if (kid > 0 && any(2))
				kill(kid, SIGKILL);
			waitpid(kid, NULL, 0);
		} else {
			count(KILLS);
			kill(getpid(), SIGKILL);
		}
	}
}

/* --- gates ---------------------------------------------------------------------- */

static void put_prefix(struct message *m)
{
	unsigned char addr[16] = { 0x20, 1, 0xd, 0xb8 };
	uint32_t v4;

	if (any(2)) {
		v4 = htonl(0xc0000235 + any(N_ADDRS));
		put(m, ANYGATE_A_GATE_PREFIX, &v4, 4);
	} else {
		addr[15] = 0x53 + any(N_ADDRS);
		put(m, ANYGATE_A_GATE_PREFIX, addr, 16);
	}
}

static void put_services(struct message *m)
{
	unsigned int port = any(N_PORTS), tcp = any(2), n = 1 + any(3);

	while (n--) {
		size_t nest = nest_start(m, ANYGATE_A_GATE_SERVICE);

		put_u32(m, ANYGATE_A_SERVICE_PROTOCOL,
			tcp++ % 2 ? IPPROTO_TCP : IPPROTO_UDP);
		put_u32(m, ANYGATE_A_SERVICE_PORT, 53 + (port++ / 2) % N_PORTS);
		nest_end(m, nest);
	}
}

static void put_listen_policy(struct message *m)
{
	unsigned int policy = any(3);

	put_u32(m, ANYGATE_A_GATE_LISTEN_POLICY, policy);
	if (policy == ANYGATE_LISTEN_POLICY_DEV)
		put(m, ANYGATE_A_GATE_LISTEN_DEV, "lo", 3);
}

/* By the device that hostile.sh makes; to a gateway of the wrong family, too. */
static void put_fallback(struct message *m)
{
	static const unsigned char via[2][16] = {
		{ 203, 0, 113, 130 },
		{ 0x20, 1, 0xd, 0xb8, [5] = 0xf, [15] = 2 },
	};
	static const unsigned char nowhere[4];
	unsigned int which = any(3);

	if (which == 2) {
		put(m, ANYGATE_A_GATE_FALLBACK_VIA, nowhere, 4);
		return;
	}
	put(m, ANYGATE_A_GATE_FALLBACK_VIA, via[which], which ? 16 : 4);
	put(m, ANYGATE_A_GATE_FALLBACK_DEV, "d0", 3);
}

static void put_settings(struct message *m)
{
	static const struct {
		uint16_t type;
		uint32_t value;
	} settings[] = {
		{ ANYGATE_A_GATE_UP, 0 },
		{ ANYGATE_A_GATE_UP, 5 },
		{ ANYGATE_A_GATE_DOWN, 5 },
		{ ANYGATE_A_GATE_DOWN, 0 },
		{ ANYGATE_A_GATE_HOLD, 0 },
		{ ANYGATE_A_GATE_HOLD, 1 },
		{ ANYGATE_A_GATE_NEED, 1 },
		{ ANYGATE_A_GATE_NEED, 0 },
		{ ANYGATE_A_GATE_SHIELD, 50 },
		{ ANYGATE_A_GATE_SHIELD, 0 },
		{ ANYGATE_A_GATE_STALL, 100 },
		{ ANYGATE_A_GATE_STALL, 0 },
		{ ANYGATE_A_GATE_FATAL, 1 },
		{ ANYGATE_A_GATE_FATAL, 0 },
		{ ANYGATE_A_GATE_DAMP, 1 },
		{ ANYGATE_A_GATE_DAMP, 0 },
		{ ANYGATE_A_GATE_OBSERVE, 1 },
		{ ANYGATE_A_GATE_OBSERVE, 0 },
		{ ANYGATE_A_GATE_ACTION, ANYGATE_ACTION_ROUTE },
		{ ANYGATE_A_GATE_ACTION, ANYGATE_ACTION_ADDRESS },
	};
	unsigned int n = any(5), last = 0, i;

	while (n--) {
		i = any(sizeof(settings) / sizeof(settings[0]));
		if (settings[i].type != last)
			put_u32(m, settings[i].type, settings[i].value);
		last = settings[i].type;
	}
	if (!any(6))
		put_listen_policy(m);
	if (!any(6))
		put_fallback(m);
	if (!any(6))
		put(m, ANYGATE_A_GATE_REQUIRE, any(2) ? "check" : "", any(2) ? 6 : 1);
	if (!any(6))
		put(m, ANYGATE_A_GATE_NAME, "group", 6);
}

static void operate(struct genl *genl)
{
	static const uint32_t orders[] = {
		ANYGATE_ORDER_FOLLOW, ANYGATE_ORDER_DRAIN, ANYGATE_ORDER_PIN,
		ANYGATE_ORDER_OBSERVE, ANYGATE_ORDER_UNOBSERVE,
		ANYGATE_ORDER_UNDAMP,
	};
	struct message m;
	enum count what;
	int ret;

	switch (any(16)) {
	default:
		message_start(&m, genl->family, 0, ANYGATE_CMD_GATE_ADD);
		put_prefix(&m);
		put_settings(&m);
		put_services(&m);
		what = ADDS;
		break;
	case 5: case 6: case 7: case 8:
		message_start(&m, genl->family, 0, ANYGATE_CMD_GATE_CHANGE);
		if (any(8))
			put_prefix(&m);
		put_settings(&m);
		if (any(2))
			put_services(&m);
		what = CHANGES;
		break;
	case 9: case 10:
		message_start(&m, genl->family, 0, ANYGATE_CMD_GATE_ORDER);
		put_prefix(&m);
		ret = any(6);
		put_u32(&m, ANYGATE_A_GATE_ORDER, orders[ret]);
		if (ret >= 1 && ret <= 3)
			put_u32(&m, ANYGATE_A_GATE_FOR, 1 + any(100));
		what = ORDERS;
		break;
	case 11:
		message_start(&m, genl->family, 0, ANYGATE_CMD_GATE_LEASE);
		put_prefix(&m);
		put(&m, ANYGATE_A_GATE_LEASE_NAME, "check", 6);
		put_u32(&m, ANYGATE_A_GATE_VERDICT, 1 + any(2));
		put_u32(&m, ANYGATE_A_GATE_FOR, 1 + any(100));
		what = LEASES;
		break;
	case 12: case 13:
		message_start(&m, genl->family, 0,
			      any(20) ? ANYGATE_CMD_GATE_DEL :
					ANYGATE_CMD_GATE_FLUSH);
		put_prefix(&m);
		what = DELS;
		break;
	case 14:
		message_start(&m, genl->family, NLM_F_DUMP,
			      any(2) ? ANYGATE_CMD_GATE_GET :
				       ANYGATE_CMD_STATS_GET);
		what = SHOWS;
		break;
	case 15:
		message_start(&m, genl->family, 0, ANYGATE_CMD_STATUS_GET);
		what = SHOWS;
		break;
	}
	ret = ask(genl, &m, NULL);
	count(ret ? REFUSED : what);
	if (ret == -ETIMEDOUT)
		errx(3, "no answer");
	/* The module has gone: begin anew. */
	if (ret == -ENOENT && what == SHOWS)
		_exit(0);
	if (ret == -EOPNOTSUPP)
		_exit(0);
}

static void operator(void)
{
	struct genl genl;

	genl_open(&genl, ANYGATE_FAMILY_NAME);
	for (;;)
		operate(&genl);
}

/* --- addresses -------------------------------------------------------------------- */

static void editor(void)
{
	struct genl route = { .fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC,
					   NETLINK_ROUTE) };
	struct ifaddrmsg *ifa;
	struct message m;
	uint32_t addr;

	for (;;) {
		bool v6 = any(2);
		unsigned char addr6[16] = { 0x20, 1, 0xd, 0xb8 };

		memset(&m, 0, NLMSG_HDRLEN + sizeof(*ifa));
		m.h.nlmsg_type = any(2) ? RTM_NEWADDR : RTM_DELADDR;
		m.h.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE;
		m.len = NLMSG_HDRLEN + sizeof(*ifa);
		ifa = NLMSG_DATA(&m.h);
		ifa->ifa_family = v6 ? AF_INET6 : AF_INET;
		ifa->ifa_prefixlen = v6 ? 128 : 32;
		ifa->ifa_index = 1;
		addr = htonl(0xc0000235 + any(N_ADDRS));
		addr6[15] = 0x53 + any(N_ADDRS);
		put(&m, IFA_LOCAL, v6 ? (void *)addr6 : &addr, v6 ? 16 : 4);
		put(&m, IFA_ADDRESS, v6 ? (void *)addr6 : &addr, v6 ? 16 : 4);
		if (!ask(&route, &m, NULL))
			count(EDITS);
		usleep(any(2000));
	}
}

/* --- namespaces --------------------------------------------------------------------- */

static void founder(void)
{
	struct ifreq lo = { .ifr_name = "lo" };
	struct genl genl;
	int fd, i;

	if (unshare(CLONE_NEWNET))
		err(2, "unshare");
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	lo.ifr_flags = IFF_UP;
	ioctl(fd, SIOCSIFFLAGS, &lo);
	genl_open(&genl, ANYGATE_FAMILY_NAME);
	for (i = 0; i < 12; i++) {
		operate(&genl);
		listener();
	}
	count(NAMESPACES);
	/* With all there is in it, and queued. */
	_exit(0);
}

/* -------------------------------------------------------------------------------------- */

static void become(unsigned int i, unsigned int seed)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpriority(PRIO_PROCESS, 0, 0);
	srandom(seed);
	switch (i % 16) {
	case 0: case 1:
		operator();
		break;
	case 2:
		editor();
		break;
	case 3:
		founder();
		break;
	default:
		churner();
	}
}

int main(int argc, char **argv)
{
	unsigned int seed, n, i, generation = 0, odd = 0;
	long long end;
	pid_t pids[1024], pid;
	int status;

	if (argc != 4)
		errx(2, "usage: churn SEED SECONDS PROCESSES");
	seed = strtoul(argv[1], NULL, 0);
	n = strtoul(argv[3], NULL, 0);
	if (!n || n > 1024)
		errx(2, "%s processes?", argv[3]);
	counts = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	/* Or the others would keep us from starting any more. */
	setpriority(PRIO_PROCESS, 0, -20);
	for (i = 0; i < n; i++) {
		pids[i] = fork();
		if (!pids[i])
			become(i, seed + i);
	}
	end = now_ms() + strtoul(argv[2], NULL, 0) * 1000LL;
	while (now_ms() < end) {
		pid = waitpid(-1, &status, WNOHANG);
		if (pid <= 0) {
			usleep(1000);
			continue;
		}
		odd += WIFEXITED(status) && WEXITSTATUS(status) == 3;
		for (i = 0; i < n && pids[i] != pid; i++)
			;
		if (i == n)
			continue;
		count(RESTARTS);
		generation += n;
		pids[i] = fork();
		if (!pids[i])
			become(i, seed + generation + i);
	}
	for (i = 0; i < n; i++)
		kill(pids[i], SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
	printf("# seed %u:", seed);
	for (i = 0; i < N_COUNTS; i++)
		printf("%s %lu %s", i ? "," : "", counts[i], count_names[i]);
	printf("\n");
	if (odd)
		printf("# %u requests without an answer\n", odd);
	return odd ? 1 : 0;
}
