// SPDX-License-Identifier: GPL-2.0
/*
 * A kernel that says what the test wants. NETLINK_USERSOCK carries messages
 * from one process to itself, so that everything but the module is real.
 */

#include <errno.h>
#include <linux/genetlink.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <pthread.h>
#include <semaphore.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake_kernel.h"
#include "nl.h"
#include "testlib.h"

#define MAX_REQUESTS	64
#define MAX_ANSWERS	128

static struct {
	int fd;
	uint32_t port;
	pthread_t thread;
	bool missing;
	bool no_netlink;
	bool terminates;
	struct nlmsghdr *answers[MAX_ANSWERS];	/* NULL ends those to a request */
	unsigned int n_answers, next_answer;
	struct nlmsghdr *requests[MAX_REQUESTS];
	unsigned int n_requests;
	unsigned int flood;
	unsigned int deafens;
	unsigned int rejoins;
	sem_t flooded;
} fake;

int __wrap_ag_open(struct ag *ag, struct err *e);
int __wrap_ag_subscribe(struct ag *ag, struct err *e);
int __wrap_ag_rejoin(struct ag *ag);

int __wrap_ag_open(struct ag *ag, struct err *e)
{
	int one = 1;

	memset(ag, 0, sizeof(*ag));
	if (fake.no_netlink)
		return err_set(e, "generic netlink: Out of memory");
	if (fake.missing) {
		err_set(e, "module anygate is not loaded");
		return -ENOENT;
	}
	ag->sk = nl_socket_alloc();
	nl_socket_set_peer_port(ag->sk, fake.port);
	if (nl_connect(ag->sk, NETLINK_USERSOCK))
		fail_msg("no netlink");
	setsockopt(nl_socket_get_fd(ag->sk), SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	ag->family = FAKE_FAMILY;
	return 0;
}

/* A subscriber tells its port by saying something. */
int __wrap_ag_subscribe(struct ag *ag, struct err *e)
{
	struct nl_msg *msg = ag_request(ag, ANYGATE_CMD_EVENT, 0);
	int size = 1;

	(void)e;
	if (fake.flood) {
		nl_socket_add_membership(ag->sk, 1);
		setsockopt(ag_fd(ag), SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	}
	nl_send_auto(ag->sk, msg);
	nlmsg_free(msg);
	sem_wait(&fake.flooded);
	nl_socket_set_nonblocking(ag->sk);
	return 0;
}

int __wrap_ag_rejoin(struct ag *ag)
{
	(void)ag;
	fake.rejoins++;
	if (!fake.deafens)
		return 0;
	fake.deafens--;
	return -NLE_NOMEM;
}

/* To a group, since only such messages are dropped when there is no room. */
static void flood(void)
{
	const struct sockaddr_nl group = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	struct nlmsghdr *nlh = fake.answers[0];

	for (; fake.flood; fake.flood--)
		sendto(fake.fd, nlh, nlh->nlmsg_len, 0, (const struct sockaddr *)&group,
		       sizeof(group));
	fake.next_answer = 1;
}

static void answer(const struct nlmsghdr *request, const struct sockaddr_nl *to)
{
	const uint8_t cmd = ((const struct genlmsghdr *)NLMSG_DATA(request))->cmd;
	struct nlmsghdr *nlh;

	if (fake.flood)
		flood();
	while (fake.next_answer < fake.n_answers) {
		nlh = fake.answers[fake.next_answer++];
		if (!nlh)
			break;
		/* events answer no request */
		if (cmd != ANYGATE_CMD_EVENT) {
			nlh->nlmsg_seq = request->nlmsg_seq;
			nlh->nlmsg_pid = request->nlmsg_pid;
		}
		sendto(fake.fd, nlh, nlh->nlmsg_len, 0, (const struct sockaddr *)to, sizeof(*to));
	}
	if (cmd == ANYGATE_CMD_EVENT)
		fake.terminates = true;
	/* Nothing more to say to a subscriber: end it as an operator would. */
	if (fake.terminates && fake.next_answer == fake.n_answers)
		kill(getpid(), SIGTERM);
	if (cmd == ANYGATE_CMD_EVENT)
		sem_post(&fake.flooded);
}

static void *serve(void *arg)
{
	struct sockaddr_nl from;
	socklen_t len = sizeof(from);
	static char buf[65536];
	struct nlmsghdr *copy;
	ssize_t n;

	(void)arg;
	for (;;) {
		n = recvfrom(fake.fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len);
		if (n < (ssize_t)sizeof(*copy) || fake.n_requests == MAX_REQUESTS)
			return NULL;
		copy = malloc(n);
		memcpy(copy, buf, n);
		fake.requests[fake.n_requests++] = copy;
		answer(copy, &from);
	}
}

/*
 * The group of a flood is the whole network namespace's: what another test
 * program sends at the same time would be taken for ours, and fill the buffer.
 */
static void be_alone(void)
{
	static bool alone;

	if (!alone && unshare(CLONE_NEWNET) && unshare(CLONE_NEWUSER | CLONE_NEWNET))
		fprintf(stderr, "# no network namespace of its own\n");
	alone = true;
}

void fake_start(void)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK };
	socklen_t len = sizeof(addr);
	const struct timespec at_once = { 0 };
	sigset_t all, old;

	be_alone();
	memset(&fake, 0, sizeof(fake));
	fake.fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK);
	if (fake.fd < 0 || bind(fake.fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    getsockname(fake.fd, (struct sockaddr *)&addr, &len))
		fail_msg("no netlink: %s", strerror(errno));
	fake.port = addr.nl_pid;
	sem_init(&fake.flooded, 0, 0);
	/* SIGTERM is for the monitor, which asks for it in its own time. */
	sigemptyset(&all);
	sigaddset(&all, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	/* The one that ended the monitor of another test is still there. */
	sigtimedwait(&all, NULL, &at_once);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	if (pthread_create(&fake.thread, NULL, serve, NULL))
		fail_msg("no thread");
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

void fake_stop(void)
{
	struct sockaddr_nl self = { .nl_family = AF_NETLINK, .nl_pid = fake.port };
	unsigned int i;

	/* an empty message ends the thread */
	sendto(fake.fd, "", 1, 0, (struct sockaddr *)&self, sizeof(self));
	pthread_join(fake.thread, NULL);
	sem_destroy(&fake.flooded);
	close(fake.fd);
	for (i = 0; i < fake.n_answers; i++)
		free(fake.answers[i]);
	for (i = 0; i < fake.n_requests; i++)
		free(fake.requests[i]);
}

static void queue(struct nl_msg *msg)
{
	struct nlmsghdr *nlh = NULL;

	assert_true(fake.n_answers < MAX_ANSWERS);
	if (msg) {
		nlh = malloc(nlmsg_hdr(msg)->nlmsg_len);
		memcpy(nlh, nlmsg_hdr(msg), nlmsg_hdr(msg)->nlmsg_len);
		nlmsg_free(msg);
	}
	fake.answers[fake.n_answers++] = nlh;
}

/* Sends the first answer so often that a small buffer overflows. */
void fake_flood(unsigned int times)
{
	fake.flood = times;
}

/* The next attempts to join the group again fail. */
void fake_deafens(unsigned int times)
{
	fake.deafens = times;
}

unsigned int fake_rejoins(void)
{
	return fake.rejoins;
}

/* Once the last answer is given the program is told to stop. */
void fake_terminates(void)
{
	fake.terminates = true;
}

void fake_module_missing(void)
{
	fake.missing = true;
}

void fake_no_netlink(void)
{
	fake.no_netlink = true;
}

void fake_end(void)
{
	queue(NULL);
}

void fake_gate(const struct gate *g, uint16_t flags)
{
	struct nl_msg *msg = nlmsg_alloc_size(32768);

	genlmsg_put(msg, 0, 0, FAKE_FAMILY, 0, flags, ANYGATE_CMD_GATE_GET, 1);
	encode_gate(msg, g);
	queue(msg);
}

void fake_stats(const struct stats *st, uint16_t flags)
{
	struct nl_msg *msg = nlmsg_alloc_size(32768);

	genlmsg_put(msg, 0, 0, FAKE_FAMILY, 0, flags, ANYGATE_CMD_STATS_GET, 1);
	encode_stats(msg, st);
	queue(msg);
}

void fake_event(const struct gate *ev)
{
	struct nl_msg *msg = nlmsg_alloc_size(32768);

	genlmsg_put(msg, 0, 0, FAKE_FAMILY, 0, 0, ANYGATE_CMD_EVENT, 1);
	encode_gate(msg, ev);
	queue(msg);
}

void fake_ctrl(uint8_t cmd)
{
	struct nl_msg *msg = nlmsg_alloc();

	genlmsg_put(msg, 0, 0, GENL_ID_CTRL, 0, 0, cmd, 2);
	nla_put_u16(msg, CTRL_ATTR_FAMILY_ID, FAKE_FAMILY);
	nla_put_string(msg, CTRL_ATTR_FAMILY_NAME, ANYGATE_FAMILY_NAME);
	queue(msg);
}

void fake_status(uint32_t probes, uint32_t reconcile)
{
	struct nl_msg *msg = nlmsg_alloc();

	genlmsg_put(msg, 0, 0, FAKE_FAMILY, 0, 0, ANYGATE_CMD_STATUS_GET, 1);
	nla_put_string(msg, ANYGATE_A_STATUS_VERSION, "0.1.0");
	nla_put_u32(msg, ANYGATE_A_STATUS_GATES, 2);
	nla_put_u32(msg, ANYGATE_A_STATUS_MAX_GATES, 1024);
	nla_put_u32(msg, ANYGATE_A_STATUS_PROBES, probes);
	nla_put_u32(msg, ANYGATE_A_STATUS_RECONCILE, reconcile);
	nla_put_u32(msg, ANYGATE_A_STATUS_PROTOCOL, 114);
	queue(msg);
}

/* With error 0, the acknowledgement of a request that was granted. */
void fake_error(int error, const char *msg, uint32_t offs)
{
	struct nlmsgerr err = { .error = -error, .msg.nlmsg_len = 200 };
	struct nl_msg *m = nlmsg_alloc();

	nlmsg_put(m, 0, 0, NLMSG_ERROR, 0, NLM_F_CAPPED | NLM_F_ACK_TLVS);
	nlmsg_append(m, &err, sizeof(err), NLMSG_ALIGNTO);
	if (msg)
		nla_put_string(m, NLMSGERR_ATTR_MSG, msg);
	if (offs)
		nla_put_u32(m, NLMSGERR_ATTR_OFFS, offs);
	queue(m);
}

void fake_done(int error, uint16_t flags)
{
	int code = -error;
	struct nl_msg *m = nlmsg_alloc();

	nlmsg_put(m, 0, 0, NLMSG_DONE, 0, NLM_F_MULTI | flags);
	nlmsg_append(m, &code, sizeof(code), NLMSG_ALIGNTO);
	queue(m);
}

const struct nlmsghdr *fake_request(unsigned int i)
{
	return i < fake.n_requests ? fake.requests[i] : NULL;
}
