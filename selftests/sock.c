// SPDX-License-Identifier: GPL-2.0
/*
 * sock - scripted socket operations for the selftests
 *
 * Reads one command per line from standard input, carries it out, and prints
 * one line: "ok", "ok VALUE" or "err ERRNO-NAME". The answer comes after the
 * system call has returned, so a test that has read it knows that the socket
 * is in the state it asked for, without sleeping.
 *
 *   open NAME KIND ADDR PORT [OPT[=VALUE]...]
 *			socket, options, bind, and listen unless KIND is UDP
 *   socket NAME KIND	KIND: udp4 udp6 tcp4 tcp6 mptcp4 mptcp6
 *   set NAME OPT[=VALUE]
 *			reuseaddr reuseport freebind transparent v6only=0|1
 *			device=DEV (SO_BINDTODEVICE; empty to unbind)
 *   bind NAME ADDR PORT	"*" is the wildcard; IPv4 on an IPv6 socket is mapped
 *   listen NAME [BACKLOG]
 *   connect NAME ADDR PORT
 *   disconnect NAME	connect() to AF_UNSPEC
 *   shutdown NAME rd|wr|rdwr
 *   accept LISTENER NAME
 *   send NAME ADDR PORT TEXT
 *   write NAME TEXT
 *   read NAME		waits five seconds at most; answers "ok TEXT"
 *   peek NAME		the same, without taking it from the queue
 *   port NAME		answers "ok PORT"
 *   close NAME
 *   flight NAME PAIR	put a reference to NAME into the queue of a Unix
 *			socket pair which nobody reads; "close PAIR" drops it
 *   fork KID		a child that shares every socket of this process
 *   spawn KID		a child that has none of them
 *   @KID COMMAND	let the child do it
 *   pass NAME KID	hand a socket over (SCM_RIGHTS) under the same name
 *   kill KID		SIGKILL, and wait until it has been reaped
 *   signal KID NUMBER	without waiting for what comes of it
 *   wait KID		until it has ended, and reap it
 *   pid KID		answers "ok PID"
 *   grow MIB		use that much memory
 *   exec		replace the process; its sockets are close-on-exec
 *   refuse CGROUP PORT	from now on a BPF program refuses, in this cgroup, to
 *			leave a socket bound to PORT (post_bind4, post_bind6);
 *			it goes away with this process
 *   admit PORT DEV	from now on a BPF sk_lookup program decides in this network
 *			namespace: what is for PORT and does not come in on DEV is
 *			refused; it goes away with this process
 *   addr PREFIX DEV	is this address there? Answers "ok no", or "ok yes PROTO"
 *			with its protocol number (IFA_PROTO), 0 if it has none
 *   await yes|no PREFIX DEV MS
 *			wait until it is (not), or err ETIMEDOUT
 *   mark ADDRESS	add this address to lo and remove it: a mark for those
 *			who watch
 *   quit
 *
 * Whoever only wants a process in a network namespace of its own with lo up
 * says "sock unshare COMMAND [ARGUMENT]..."; starting one program less counts
 * where a machine is emulated.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <linux/bpf.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

#define MAX_SOCKS 256
#define MAX_KIDS 16
#define MAX_LINE 512
#define MAX_WORDS 24

struct sock {
	char name[32];
	int fd;
	int peer;		/* other end of a socket pair, or -1 */
	int family;
	bool stream;
};

struct kid {
	char name[32];
	pid_t pid;
	int fd;
};

static struct sock socks[MAX_SOCKS];
static struct kid kids[MAX_KIDS];
static int parent_fd = -1;	/* in a child: the socket to its parent */
static int passed_fd = -1;	/* came along with the present command */
static bool newborn;		/* just forked: has nothing to answer */
static char answer[MAX_LINE + 32];

static struct sock *find_sock(const char *name)
{
	for (int i = 0; i < MAX_SOCKS; i++)
		if (socks[i].name[0] && !strcmp(socks[i].name, name))
			return &socks[i];
	return NULL;
}

static struct sock *new_sock(const char *name, int fd, int peer)
{
	for (int i = 0; i < MAX_SOCKS; i++) {
		struct sock *s = &socks[i];

		if (s->name[0])
			continue;
		snprintf(s->name, sizeof(s->name), "%s", name);
		s->fd = fd;
		s->peer = peer;
		return s;
	}
	errno = EMFILE;
	return NULL;
}

static void close_sock(struct sock *s)
{
	close(s->fd);
	if (s->peer >= 0)
		close(s->peer);
	s->name[0] = '\0';
}

static struct kid *find_kid(const char *name)
{
	for (int i = 0; i < MAX_KIDS; i++)
		if (kids[i].name[0] && !strcmp(kids[i].name, name))
			return &kids[i];
	return NULL;
}

static int address(const struct sock *s, const char *text, const char *port,
		   struct sockaddr_storage *ss, socklen_t *len)
{
	struct sockaddr_in *in = (void *)ss;
	struct sockaddr_in6 *in6 = (void *)ss;
	char mapped[64];

	memset(ss, 0, sizeof(*ss));
	if (s->family == AF_INET) {
		in->sin_family = AF_INET;
		in->sin_port = htons(atoi(port));
		*len = sizeof(*in);
		if (!strcmp(text, "*"))
			return 0;
		if (inet_pton(AF_INET, text, &in->sin_addr) == 1)
			return 0;
	} else {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(atoi(port));
		*len = sizeof(*in6);
		if (!strcmp(text, "*"))
			return 0;
		if (!strchr(text, ':')) {
			snprintf(mapped, sizeof(mapped), "::ffff:%s", text);
			text = mapped;
		}
		if (inet_pton(AF_INET6, text, &in6->sin6_addr) == 1)
			return 0;
	}
	errno = EDESTADDRREQ;
	return -1;
}

static int do_socket(const char *name, const char *kind)
{
	int family = strchr(kind, '6') ? AF_INET6 : AF_INET;
	bool stream = strncmp(kind, "udp", 3);
	int protocol = !strncmp(kind, "mptcp", 5) ? IPPROTO_MPTCP : 0;
	struct sock *s;
	int fd;

	if (find_sock(name)) {
		errno = EEXIST;
		return -1;
	}
	fd = socket(family, (stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC,
		    protocol);
	if (fd < 0)
		return -1;
	s = new_sock(name, fd, -1);
	if (!s)
		return -1;
	s->family = family;
	s->stream = stream;
	return 0;
}

static int do_set(struct sock *s, const char *option)
{
	const char *value = strchr(option, '=');
	size_t len = value ? (size_t)(value - option) : strlen(option);
	int number = value ? atoi(value + 1) : 1;

#define IS(word) (len == strlen(word) && !strncmp(option, word, len))
	if (IS("reuseaddr"))
		return setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR,
				  &number, sizeof(number));
	if (IS("reuseport"))
		return setsockopt(s->fd, SOL_SOCKET, SO_REUSEPORT,
				  &number, sizeof(number));
	if (IS("v6only"))
		return setsockopt(s->fd, IPPROTO_IPV6, IPV6_V6ONLY,
				  &number, sizeof(number));
	if (IS("freebind"))
		return s->family == AF_INET ?
			setsockopt(s->fd, IPPROTO_IP, IP_FREEBIND,
				   &number, sizeof(number)) :
			setsockopt(s->fd, IPPROTO_IPV6, IPV6_FREEBIND,
				   &number, sizeof(number));
	if (IS("transparent"))
		return s->family == AF_INET ?
			setsockopt(s->fd, IPPROTO_IP, IP_TRANSPARENT,
				   &number, sizeof(number)) :
			setsockopt(s->fd, IPPROTO_IPV6, IPV6_TRANSPARENT,
				   &number, sizeof(number));
	if (IS("device"))
		return setsockopt(s->fd, SOL_SOCKET, SO_BINDTODEVICE,
				  value ? value + 1 : "",
				  value ? strlen(value + 1) : 0);
#undef IS
	errno = ENOPROTOOPT;
	return -1;
}

static int do_bind(struct sock *s, const char *addr, const char *port)
{
	struct sockaddr_storage ss;
	socklen_t len;

	if (address(s, addr, port, &ss, &len))
		return -1;
	return bind(s->fd, (void *)&ss, len);
}

/* A failed open leaves no socket behind, and keeps errno. */
static int do_open(char **word, int words)
{
	struct sock *s;
	int saved;

	if (do_socket(word[1], word[2]))
		return -1;
	s = find_sock(word[1]);
	for (int i = 5; i < words; i++)
		if (do_set(s, word[i]))
			goto fail;
	if (do_bind(s, word[3], word[4]))
		goto fail;
	if (s->stream && listen(s->fd, 16))
		goto fail;
	return 0;
fail:
	saved = errno;
	close_sock(s);
	errno = saved;
	return -1;
}

static int do_connect(struct sock *s, const char *addr, const char *port)
{
	struct sockaddr_storage ss;
	socklen_t len;

	if (address(s, addr, port, &ss, &len))
		return -1;
	return connect(s->fd, (void *)&ss, len);
}

static int do_disconnect(struct sock *s)
{
	struct sockaddr sa = { .sa_family = AF_UNSPEC };

	return connect(s->fd, &sa, sizeof(sa));
}

static int do_shutdown(struct sock *s, const char *how)
{
	return shutdown(s->fd, !strcmp(how, "rd") ? SHUT_RD :
			       !strcmp(how, "wr") ? SHUT_WR : SHUT_RDWR);
}

static int do_accept(struct sock *s, const char *name)
{
	struct sock *child;
	int fd;

	fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return -1;
	child = new_sock(name, fd, -1);
	if (!child)
		return -1;
	child->family = s->family;
	child->stream = s->stream;
	return 0;
}

static int do_send(struct sock *s, char **word)
{
	struct sockaddr_storage ss;
	socklen_t len;

	if (address(s, word[2], word[3], &ss, &len))
		return -1;
	return sendto(s->fd, word[4], strlen(word[4]), 0,
		      (void *)&ss, len) < 0 ? -1 : 0;
}

static int do_read(struct sock *s, int flags)
{
	struct timeval patience = { .tv_sec = 5 };
	char text[256];
	ssize_t len;

	setsockopt(s->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	len = recv(s->fd, text, sizeof(text) - 1, flags);
	if (len < 0)
		return -1;
	text[len] = '\0';
	snprintf(answer, sizeof(answer), "ok %s", text);
	return 0;
}

static int do_port(struct sock *s)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (getsockname(s->fd, (void *)&ss, &len))
		return -1;
	snprintf(answer, sizeof(answer), "ok %u",
		 ntohs(ss.ss_family == AF_INET ?
		       ((struct sockaddr_in *)&ss)->sin_port :
		       ((struct sockaddr_in6 *)&ss)->sin6_port));
	return 0;
}

/* Send a line, and a file descriptor if fd is not negative. */
static int send_line(int to, const char *line, int fd)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { (void *)line, strlen(line) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;

	if (fd >= 0) {
		msg.msg_control = control.buf;
		msg.msg_controllen = sizeof(control.buf);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	}
	return sendmsg(to, &msg, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

static ssize_t receive_line(int from, char *line, size_t size)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { line, size - 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	struct cmsghdr *cmsg;
	ssize_t len;

	len = recvmsg(from, &msg, MSG_CMSG_CLOEXEC);
	if (len <= 0)
		return len;
	line[len] = '\0';
	for (cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg))
		if (cmsg->cmsg_level == SOL_SOCKET &&
		    cmsg->cmsg_type == SCM_RIGHTS)
			memcpy(&passed_fd, CMSG_DATA(cmsg), sizeof(int));
	return len;
}

static int do_flight(struct sock *s, const char *name)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -1;
	if (send_line(pair[0], "x", s->fd))
		return -1;
	return new_sock(name, pair[0], pair[1]) ? 0 : -1;
}

/* The child's commands come from the pair, which also stands for "quit". */
static int do_fork(const char *name, bool share)
{
	struct kid *kid = NULL;
	int pair[2];

	for (int i = 0; i < MAX_KIDS && !kid; i++)
		if (!kids[i].name[0])
			kid = &kids[i];
	if (!kid) {
		errno = EAGAIN;
		return -1;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -1;
	kid->pid = fork();
	if (kid->pid < 0)
		return -1;
	if (!kid->pid) {
		newborn = true;
		/* Also after exec; no test leaves a process behind. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* The parent's end would keep this child alive after it. */
		close(pair[1]);
		for (int i = 0; i < MAX_KIDS; i++)
			if (kids[i].name[0])
				close(kids[i].fd);
		memset(kids, 0, sizeof(kids));
		if (parent_fd >= 0)
			close(parent_fd);
		parent_fd = pair[0];
		for (int i = 0; i < MAX_SOCKS && !share; i++)
			if (socks[i].name[0])
				close_sock(&socks[i]);
		return 0;
	}
	close(pair[0]);
	kid->fd = pair[1];
	snprintf(kid->name, sizeof(kid->name), "%s", name);
	snprintf(answer, sizeof(answer), "ok %d", kid->pid);
	return 0;
}

static int ask_kid(struct kid *kid, const char *line, int fd)
{
	ssize_t len;

	if (send_line(kid->fd, line, fd))
		return -1;
	len = receive_line(kid->fd, answer, sizeof(answer));
	if (len > 0)
		return 0;
	/* "exec" and "quit" end the conversation, which is their answer */
	snprintf(answer, sizeof(answer), "ok gone");
	return 0;
}

static int do_take(const char *name)
{
	struct sock *s;
	socklen_t len = sizeof(int);
	int type;

	if (passed_fd < 0) {
		errno = EBADF;
		return -1;
	}
	s = new_sock(name, passed_fd, -1);
	passed_fd = -1;
	if (!s)
		return -1;
	getsockopt(s->fd, SOL_SOCKET, SO_DOMAIN, &s->family, &len);
	len = sizeof(int);
	getsockopt(s->fd, SOL_SOCKET, SO_TYPE, &type, &len);
	s->stream = type == SOCK_STREAM;
	return 0;
}

static int do_kill(struct kid *kid)
{
	if (kill(kid->pid, SIGKILL) || waitpid(kid->pid, NULL, 0) < 0)
		return -1;
	close(kid->fd);
	kid->name[0] = '\0';
	return 0;
}

static int do_wait(struct kid *kid)
{
	if (waitpid(kid->pid, NULL, 0) < 0)
		return -1;
	close(kid->fd);
	kid->name[0] = '\0';
	return 0;
}

/* Every page of it, and for good. */
static int do_grow(const char *mib)
{
	size_t size = (size_t)atoi(mib) << 20;
	char *memory = malloc(size);

	if (!memory)
		return -1;
	memset(memory, 1, size);
	__asm__ volatile("" : : "r"(memory) : "memory");
	return 0;
}

/*
 *	r0 = 1
 *	r2 = *(u32 *)(r1 + offsetof(struct bpf_sock, src_port))
 *	if r2 != port goto out
 *	r0 = 0
 * out:	exit
 */
static int do_refuse(const char *cgroup, const char *port)
{
	struct bpf_insn program[] = {
		{ BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 1 },
		{ BPF_LDX | BPF_MEM | BPF_W, BPF_REG_2, BPF_REG_1,
		  offsetof(struct bpf_sock, src_port), 0 },
		{ BPF_JMP | BPF_JNE | BPF_K, BPF_REG_2, 0, 1, atoi(port) },
		{ BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0 },
		{ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 },
	};
	static const int types[] = {
		BPF_CGROUP_INET4_POST_BIND, BPF_CGROUP_INET6_POST_BIND,
	};
	int dir = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return -1;
	for (size_t i = 0; i < 2; i++) {
		union bpf_attr load = {
			.prog_type = BPF_PROG_TYPE_CGROUP_SOCK,
			.expected_attach_type = types[i],
			.insns = (__u64)(unsigned long)program,
			.insn_cnt = sizeof(program) / sizeof(program[0]),
			.license = (__u64)(unsigned long)"GPL",
		};
		union bpf_attr link = {
			.link_create.target_fd = dir,
			.link_create.attach_type = types[i],
		};
		int fd = syscall(__NR_bpf, BPF_PROG_LOAD, &load, sizeof(load));

		if (fd < 0)
			return -1;
		link.link_create.prog_fd = fd;
		/* Left open: the program is detached when the process ends. */
		if (syscall(__NR_bpf, BPF_LINK_CREATE, &link, sizeof(link)) < 0)
			return -1;
	}
	return 0;
}

/*
 *	r0 = SK_PASS
 *	r2 = *(u32 *)(r1 + offsetof(struct bpf_sk_lookup, local_port))
 *	if r2 != port goto out
 *	r2 = *(u32 *)(r1 + offsetof(struct bpf_sk_lookup, ingress_ifindex))
 *	if r2 == dev goto out
 *	r0 = SK_DROP
 * out:	exit
 */
static int do_admit(const char *port, const char *dev)
{
	struct bpf_insn program[] = {
		{ BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, SK_PASS },
		{ BPF_LDX | BPF_MEM | BPF_W, BPF_REG_2, BPF_REG_1,
		  offsetof(struct bpf_sk_lookup, local_port), 0 },
		{ BPF_JMP | BPF_JNE | BPF_K, BPF_REG_2, 0, 3, atoi(port) },
		{ BPF_LDX | BPF_MEM | BPF_W, BPF_REG_2, BPF_REG_1,
		  offsetof(struct bpf_sk_lookup, ingress_ifindex), 0 },
		{ BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_2, 0, 1,
		  if_nametoindex(dev) },
		{ BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, SK_DROP },
		{ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 },
	};
	union bpf_attr load = {
		.prog_type = BPF_PROG_TYPE_SK_LOOKUP,
		.expected_attach_type = BPF_SK_LOOKUP,
		.insns = (__u64)(unsigned long)program,
		.insn_cnt = sizeof(program) / sizeof(program[0]),
		.license = (__u64)(unsigned long)"GPL",
	};
	union bpf_attr link = {
		.link_create.attach_type = BPF_SK_LOOKUP,
	};
	int fd, ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	if (ns < 0)
		return -1;
	fd = syscall(__NR_bpf, BPF_PROG_LOAD, &load, sizeof(load));
	if (fd < 0)
		return -1;
	link.link_create.prog_fd = fd;
	link.link_create.target_fd = ns;
	/* Left open: the program is detached when the process ends. */
	if (syscall(__NR_bpf, BPF_LINK_CREATE, &link, sizeof(link)) < 0)
		return -1;
	close(ns);
	return 0;
}

/* --- addresses, by rtnetlink --------------------------------------------- */

static int rtnl = -1;		/* gets notifications, too */

static int rtnl_open(void)
{
	struct sockaddr_nl sa = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
	};
	int size = 4 << 20;

	if (rtnl >= 0)
		return 0;
	rtnl = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (rtnl < 0)
		return -1;
	setsockopt(rtnl, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	return bind(rtnl, (void *)&sa, sizeof(sa));
}

struct wanted {
	unsigned char addr[16];
	int family, len, ifindex;
};

static int parse_wanted(struct wanted *w, const char *prefix, const char *dev)
{
	char text[64], *slash;

	snprintf(text, sizeof(text), "%s", prefix);
	slash = strchr(text, '/');
	w->family = strchr(text, ':') ? AF_INET6 : AF_INET;
	w->len = w->family == AF_INET ? 32 : 128;
	if (slash) {
		*slash = '\0';
		w->len = atoi(slash + 1);
	}
	if (inet_pton(w->family, text, w->addr) != 1) {
		errno = EINVAL;
		return -1;
	}
	/* a device that is not there has no address */
	w->ifindex = if_nametoindex(dev);
	return 0;
}

/* Its protocol number, or -1 if it is another address. */
static int is_wanted(const struct wanted *w, struct nlmsghdr *h)
{
	struct ifaddrmsg *ifa = NLMSG_DATA(h);
	struct rtattr *a = IFA_RTA(ifa);
	int len = IFA_PAYLOAD(h), proto = 0;
	bool same = false;

	if (ifa->ifa_family != w->family || ifa->ifa_prefixlen != w->len ||
	    (int)ifa->ifa_index != w->ifindex)
		return -1;
	for (; RTA_OK(a, len); a = RTA_NEXT(a, len)) {
		if (a->rta_type == (w->family == AF_INET ? IFA_LOCAL :
							   IFA_ADDRESS) &&
		    !memcmp(RTA_DATA(a), w->addr, RTA_PAYLOAD(a)))
			same = true;
		if (a->rta_type == IFA_PROTO)
			proto = *(unsigned char *)RTA_DATA(a);
	}
	return same ? proto : -1;
}

/* 1: it is there, 0: it is not */
static int have_addr(const struct wanted *w, int *proto)
{
	static char buf[65536];
	static unsigned int seq = 1000;
	struct {
		struct nlmsghdr h;
		struct ifaddrmsg ifa;
	} dump = {
		.h.nlmsg_len = sizeof(dump),
		.h.nlmsg_type = RTM_GETADDR,
		.h.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		.h.nlmsg_seq = ++seq,
		.ifa.ifa_family = w->family,
	};
	int found = 0;

	if (send(rtnl, &dump, sizeof(dump), 0) < 0)
		return -1;
	for (;;) {
		int len = recv(rtnl, buf, sizeof(buf), 0);
		struct nlmsghdr *h = (void *)buf;

		if (len < 0 && errno != ENOBUFS)
			return -1;
		for (; len > 0 && NLMSG_OK(h, (unsigned int)len);
		     h = NLMSG_NEXT(h, len)) {
			/* notifications in between carry other numbers */
			if (h->nlmsg_seq != seq)
				continue;
			if (h->nlmsg_type == NLMSG_DONE)
				return found;
			if (h->nlmsg_type == NLMSG_ERROR) {
				errno = EPROTO;
				return -1;
			}
			if (h->nlmsg_type != RTM_NEWADDR ||
			    is_wanted(w, h) < 0)
				continue;
			found = 1;
			*proto = is_wanted(w, h);
		}
	}
}

static int do_addr(const char *prefix, const char *dev)
{
	struct wanted w;
	int found, proto;

	if (rtnl_open() || parse_wanted(&w, prefix, dev))
		return -1;
	found = have_addr(&w, &proto);
	if (found < 0)
		return -1;
	if (found)
		snprintf(answer, sizeof(answer), "ok yes %d", proto);
	else
		snprintf(answer, sizeof(answer), "ok no");
	return 0;
}

static long long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* Each notification is a reason to look again. */
static int do_await(const char *yes, const char *prefix, const char *dev,
		    const char *ms)
{
	long long end = now_ms() + atoi(ms), left;
	int want = !strcmp(yes, "yes"), have, proto;
	struct wanted w;

	for (;;) {
		struct pollfd p = { .events = POLLIN };

		/* the device may have come meanwhile */
		if (rtnl_open() || parse_wanted(&w, prefix, dev))
			return -1;
		have = have_addr(&w, &proto);
		if (have < 0)
			return -1;
		if (have == want)
			return 0;
		left = end - now_ms();
		if (left <= 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		p.fd = rtnl;
		poll(&p, 1, left < 500 ? left : 500);
	}
}

static int do_mark(const char *addr)
{
	struct {
		struct nlmsghdr h;
		struct ifaddrmsg ifa;
		struct rtattr a;
		unsigned char addr[4];
	} r = {
		.h.nlmsg_len = sizeof(r),
		.h.nlmsg_flags = NLM_F_REQUEST,
		.ifa.ifa_family = AF_INET,
		.ifa.ifa_prefixlen = 32,
		.ifa.ifa_index = if_nametoindex("lo"),
		.a.rta_len = RTA_LENGTH(4),
		.a.rta_type = IFA_LOCAL,
	};

	if (rtnl_open())
		return -1;
	inet_pton(AF_INET, addr, r.addr);
	r.h.nlmsg_type = RTM_NEWADDR;
	r.h.nlmsg_flags |= NLM_F_CREATE;
	if (send(rtnl, &r, sizeof(r), 0) < 0)
		return -1;
	r.h.nlmsg_type = RTM_DELADDR;
	return send(rtnl, &r, sizeof(r), 0) < 0 ? -1 : 0;
}

static int run_unshared(char **command)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd;

	if (unshare(CLONE_NEWNET)) {
		perror("unshare");
		return 125;
	}
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo)) {
		perror("lo");
		return 125;
	}
	execvp(command[0], command);
	perror(command[0]);
	return 127;
}

static int carry_out(char *line)
{
	char copy[MAX_LINE];
	char *word[MAX_WORDS];
	struct sock *s = NULL;
	struct kid *kid;
	int words = 0;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *w = strtok(copy, " \n"); w && words < MAX_WORDS - 1;
	     w = strtok(NULL, " \n"))
		word[words++] = w;
	word[words] = NULL;
	errno = EINVAL;
	if (!words)
		return -1;

	if (word[0][0] == '@') {
		kid = find_kid(word[0] + 1);
		if (!kid || words < 2)
			return -1;
		return ask_kid(kid, line + strcspn(line, " ") + 1, -1);
	}

#define IS(verb, needed) (!strcmp(word[0], verb) && words > (needed))
	if (IS("quit", 0))
		exit(0);
	if (IS("exec", 0)) {
		execlp("sleep", "sleep", "60", (char *)NULL);
		return -1;
	}
	if (IS("open", 4))
		return do_open(word, words);
	if (IS("socket", 2))
		return do_socket(word[1], word[2]);
	if (IS("fork", 1))
		return do_fork(word[1], true);
	if (IS("spawn", 1))
		return do_fork(word[1], false);
	if (IS("take", 1))
		return do_take(word[1]);
	if (IS("refuse", 2))
		return do_refuse(word[1], word[2]);
	if (IS("admit", 2))
		return do_admit(word[1], word[2]);
	if (IS("kill", 1)) {
		kid = find_kid(word[1]);
		return kid ? do_kill(kid) : -1;
	}

	if (IS("wait", 1)) {
		kid = find_kid(word[1]);
		return kid ? do_wait(kid) : -1;
	}
	if (IS("signal", 2)) {
		kid = find_kid(word[1]);
		return kid ? kill(kid->pid, atoi(word[2])) : -1;
	}
	if (IS("pid", 1)) {
		kid = find_kid(word[1]);
		if (!kid)
			return -1;
		snprintf(answer, sizeof(answer), "ok %d", kid->pid);
		return 0;
	}
	if (IS("grow", 1))
		return do_grow(word[1]);

	if (IS("addr", 2))
		return do_addr(word[1], word[2]);
	if (IS("await", 4))
		return do_await(word[1], word[2], word[3], word[4]);
	if (IS("mark", 1))
		return do_mark(word[1]);

	/* all the others begin with an existing socket */
	if (words > 1)
		s = find_sock(word[1]);
	if (!s) {
		errno = ENOENT;
		return -1;
	}
	errno = EINVAL;
	if (IS("set", 2))
		return do_set(s, word[2]);
	if (IS("bind", 3))
		return do_bind(s, word[2], word[3]);
	if (IS("listen", 1))
		return listen(s->fd, words > 2 ? atoi(word[2]) : 16);
	if (IS("connect", 3))
		return do_connect(s, word[2], word[3]);
	if (IS("disconnect", 1))
		return do_disconnect(s);
	if (IS("shutdown", 2))
		return do_shutdown(s, word[2]);
	if (IS("accept", 2))
		return do_accept(s, word[2]);
	if (IS("send", 4))
		return do_send(s, word);
	if (IS("write", 2))
		return write(s->fd, word[2], strlen(word[2])) < 0 ? -1 : 0;
	if (IS("read", 1))
		return do_read(s, 0);
	if (IS("peek", 1))
		return do_read(s, MSG_PEEK);
	if (IS("port", 1))
		return do_port(s);
	if (IS("flight", 2))
		return do_flight(s, word[2]);
	if (IS("pass", 2)) {
		char take[64];

		kid = find_kid(word[2]);
		if (!kid)
			return -1;
		snprintf(take, sizeof(take), "take %s", word[1]);
		return ask_kid(kid, take, s->fd);
	}
	if (IS("close", 1)) {
		close_sock(s);
		return 0;
	}
#undef IS
	return -1;
}

int main(int argc, char **argv)
{
	char line[MAX_LINE];

	if (argc > 2 && !strcmp(argv[1], "unshare"))
		return run_unshared(argv + 2);
	signal(SIGPIPE, SIG_IGN);
	for (;;) {
		if (parent_fd >= 0) {
			if (receive_line(parent_fd, line, sizeof(line)) <= 0)
				return 0;
		} else if (!fgets(line, sizeof(line), stdin)) {
			return 0;
		}
		line[strcspn(line, "\n")] = '\0';

		strcpy(answer, "ok");
		if (carry_out(line))
			snprintf(answer, sizeof(answer), "err %s",
				 strerrorname_np(errno));
		if (newborn) {
			newborn = false;
		} else if (parent_fd >= 0) {
			send_line(parent_fd, answer, -1);
		} else {
			puts(answer);
			fflush(stdout);
		}
	}
}
